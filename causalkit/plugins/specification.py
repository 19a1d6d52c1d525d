"""Methods and data sets as users write them: ``name``, or ``name[key=value,...]``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from causalkit.errors import ParameterError, WrongUsageError
from causalkit.plugins.params import Tree, nest, parse_settings

_OPENING = {"[": "]", "(": ")", "{": "}"}
_QUOTES = "\"'"


@dataclass(frozen=True)
class Specification:
    """One method or one data set of a comparison.

    Attributes:
        label: what tables call it: as the user wrote it, without blanks that mean nothing.
        name: before the bracket.
        params: nested; text where it came from the command line.
    """

    label: str
    name: str
    params: Mapping[str, Any] = field(default_factory=dict)


def parse_specification(text: str) -> Specification:
    """Read ``grngc``, ``grngc[forecaster=kan,regularizer.strength=0.1]`` or ``var[hidden=[64,32],note="a,b"]``.

    Commas within brackets and quotes belong to the value. Quotes around a whole value are removed.

    Raises:
        WrongUsageError: no name, a bracket that is not closed, something behind it.
        ParameterError: an entry is not ``key=value``, or a duplicate key.
    """
    stripped = text.strip()
    name, bracket, rest = stripped.partition("[")
    name = name.strip()
    if not name:
        raise WrongUsageError(f"{text!r} has no name", "write NAME or NAME[KEY=VALUE,...]")
    if not bracket:
        return Specification(label=name, name=name)
    if not rest.endswith("]"):
        raise WrongUsageError(f"the bracket in {text!r} is not closed at the end", "write NAME[KEY=VALUE,...]")
    entries = [entry for entry in _split(rest[:-1], text) if entry]
    written: dict[str, str] = {}
    for entry in entries:
        key, equals, value = (part.strip() for part in entry.partition("="))
        if not equals or not key:
            raise ParameterError(f"{entry!r} in {text!r} is no parameter", "write NAME[KEY=VALUE,...]")
        if key in written:
            raise ParameterError(f"duplicate key {key!r} in {text!r}", "give it once")
        written[key] = value
    shown = ",".join(f"{key}={value}" for key, value in written.items())
    params = parse_settings(f"{key}={_unquoted(value)}" for key, value in written.items())
    return Specification(label=f"{name}[{shown}]" if shown else name, name=name, params=params)


def from_table(table: Mapping[str, Any], what: str) -> Specification:
    """Return the specification of a TOML table: ``name``, perhaps ``label``, and parameters.

    Parameters stand in the table ``params``, or beside the name.

    Raises:
        WrongUsageError: there is no name.
    """
    given = dict(table)
    name, label, inner = given.pop("name", ""), given.pop("label", ""), given.pop("params", {})
    if not isinstance(name, str) or not name:
        raise WrongUsageError(f"an entry of {what} has no name", 'write name = "..."')
    if not isinstance(inner, Mapping):
        raise ParameterError(f"params of {name} in {what} is no table", "write [[...]] and [....params]")
    base = parse_specification(name)
    params: Tree = nest({**base.params, **given, **inner})
    if not label:
        shown = ",".join(f"{key}={_shown(value)}" for key, value in _flat(params))
        label = f"{base.name}[{shown}]" if shown else base.name
    return Specification(label=str(label), name=base.name, params=params)


def _split(inside: str, text: str) -> Iterator[str]:
    """Split at commas that are in no bracket and in no quotes."""
    depth: list[str] = []
    quote = ""
    start = 0
    for at, letter in enumerate(inside):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in _QUOTES:
            quote = letter
        elif letter in _OPENING:
            depth.append(_OPENING[letter])
        elif depth and letter == depth[-1]:
            depth.pop()
        elif letter in _OPENING.values():
            raise WrongUsageError(f"{letter!r} in {text!r} closes nothing", "put the value in quotes")
        elif letter == "," and not depth:
            yield inside[start:at].strip()
            start = at + 1
    if quote or depth:
        raise WrongUsageError(f"{quote or depth[-1]!r} is missing in {text!r}", "close the quotes or the bracket")
    yield inside[start:].strip()


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] in _QUOTES and value[-1] == value[0]:
        return value[1:-1]
    return value


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ",".join(map(_shown, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
