"""A comparison in a TOML file: what options can say, and methods and data sets as tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from causalkit.compare.settings import parse_bytes, parse_seeds
from causalkit.errors import ParameterError, did_you_mean
from causalkit.plugins.params import read_toml
from causalkit.plugins.specification import Specification, from_table, parse_specification


def read_comparison(path: str | Path, seconds: Callable[[Any], float]) -> dict[str, Any]:
    """Return what a file says, under the names of the command's options.

    ``methods`` and ``data`` are lists of text, or arrays of tables with ``name``, perhaps ``label``, and parameters.

    Args:
        seconds: turns durations such as "10m" into seconds.

    Raises:
        DataError: the file is missing or is no TOML.
        ParameterError: an unknown key, or a value of the wrong type.
    """
    read = read_toml(path, "docs/compare.md")
    readers: dict[str, Callable[[Any], Any]] = {
        "methods": lambda value: _entries(value, "methods"),
        "data": lambda value: _entries(value, "data"),
        "seeds": parse_seeds,
        "lag": lambda value: value if value == "auto" else _typed(int, "a whole number, or auto")(value),
        "timeout": seconds,
        "time_limit": seconds,
        "memory": parse_bytes,
        "gates": _texts,
        "metrics": _texts,
    }
    readers |= dict.fromkeys(("threads", "jobs", "shuffle", "difference"), _typed(int, "a whole number"))
    readers |= dict.fromkeys(
        ("select", "detrend", "device", "dtype", "backend", "scheduler", "out", "baseline", "diagonal"),
        _typed(str, "text"),
    )
    readers["standardize"] = _typed(bool, "true or false")
    readers["tolerance"] = lambda value: float(_typed(float, "a number")(value))
    found = {}
    for key, value in read.items():
        if key not in readers:
            raise ParameterError(f"{path}: there is no key {key!r}", did_you_mean(key, readers, listed=len(readers)))
        try:
            found[key] = readers[key](value)
        except (TypeError, ValueError) as error:
            raise ParameterError(f"{path}: {key} = {value!r} does not fit", f"it should be {error}") from error
    return found


def _entries(value: Any, what: str) -> list[Specification]:
    if not isinstance(value, list):
        raise TypeError("a list of names, or [[" + what + "]] tables")
    entries = []
    for entry in value:
        if isinstance(entry, Mapping):
            entries.append(from_table(entry, what))
        elif isinstance(entry, str):
            entries.append(parse_specification(entry))
        else:
            raise TypeError("a list of names, or [[" + what + "]] tables")
    return entries


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise TypeError("a list of texts")
    return value


def _typed(kind: type, words: str) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        fits = isinstance(value, kind) or (kind is float and isinstance(value, int))
        if not fits or (isinstance(value, bool) and kind is not bool):
            raise TypeError(words)
        return value

    return read
