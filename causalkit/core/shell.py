"""Names, paths and options in the commands that hints suggest."""

from __future__ import annotations

import json
import shlex

REPEATED = ("drop", "panel_column", "time_column")
"""Options of reading that a command takes several times, with one name each."""
PREPARING = ("detrend", "difference", "levels", "clip", "prepare")
"""Options of a command that are one argument in Python, `preparation`."""


def argument(value: object) -> str:
    """Return a name or a path as users type it: on one line, quoted where the shell needs it."""
    text = str(value)
    return shlex.quote(text if text.isprintable() else " ".join(text.split()))


def option_text(option: str, *values: str | int, python: bool = False) -> str:
    """Return an option as its user writes it, ready to be pasted.

    Args:
        option: its name in Python, such as ``time_column``.
        values: of the option; several are a tuple in Python; in a shell they are words, codes between commas, or the
            option again for each, whatever the option takes; none: the name alone.
        python: ``drop="a b"`` instead of ``--drop 'a b'``.
    """
    if python and option in PREPARING:
        return _preparation({option: list(map(str, values))})
    if python:
        quoted = [json.dumps(value, ensure_ascii=False) for value in values]
        return "=".join([option, *([quoted[0] if len(quoted) == 1 else f"({', '.join(quoted)})"] if quoted else [])])
    flag = f"--{option.replace('_', '-')}"
    if option in REPEATED and values:
        return " ".join(f"{flag} {argument(value)}" for value in values)
    if option == "missing" and values:
        values = (",".join(map(str, values)),)
    return " ".join([flag, *map(argument, values)])


def in_python(options: str) -> str:
    """Return options of a command as arguments of `causalkit.discover`: ``drop="a b"`` for ``--drop 'a b'``."""
    given: dict[str, list[str]] = {}
    for word in shlex.split(options):
        if word.startswith("--"):
            values = given.setdefault(word[2:].replace("-", "_"), [])
        else:
            values.append(word)
    found = [option_text(name, *_codes(name, own), python=True) for name, own in given.items() if name not in PREPARING]
    preparing = {name: own for name, own in given.items() if name in PREPARING}
    return ", ".join([*found, *([_preparation(preparing)] if preparing else [])])


def _preparation(options: dict[str, list[str]]) -> str:
    """Return the argument ``preparation`` for options of a command and their values."""
    if "prepare" in options:
        return 'preparation="auto"'
    numbers: dict[str, float] = {
        name: _number(options[name] or ["1"]) for name in ("difference", "clip") if name in options
    }
    words = {name: values[0] for name, values in options.items() if name not in numbers}
    whole = words["detrend"] if set(options) == {"detrend"} else {**words, **numbers}
    return f"preparation={json.dumps(whole, ensure_ascii=False)}"


def _number(values: list[str]) -> float:
    value = float(values[0])
    return int(value) if value.is_integer() else value


def _codes(name: str, values: list[str]) -> list[str]:
    return [code for value in values for code in value.split(",")] if name == "missing" else values
