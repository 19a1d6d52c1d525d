"""A comparison in a TOML file: the options of the command, and methods and data sets as tables."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Strict

from causalkit.compare.settings import parse_seeds
from causalkit.core.memory import parse_bytes
from causalkit.errors import ParameterError
from causalkit.model_selection.lag_candidates import AutoUpTo
from causalkit.plugins.params import read_toml, resolve
from causalkit.plugins.specification import from_table, parse_specification

_INTEGER = Annotated[int, Strict()]  # true is not 1
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("methods", "data", "seeds", "gates", "metrics", "timeout", "time_limit", "memory"), Any),
    **dict.fromkeys(("threads", "jobs", "shuffle", "difference"), _INTEGER),
    **dict.fromkeys(
        ("select", "detrend", "levels", "prepare", "device", "dtype", "backend", "scheduler", "out", "baseline"), str
    ),
    "diagonal": str,
    "lag": _INTEGER | Literal["auto"] | AutoUpTo,
    "standardize": Annotated[bool, Strict()],
    **dict.fromkeys(("tolerance", "clip"), Annotated[float, Strict()]),
}
_KEYS = {key: Parameter(key, Parameter.KEYWORD_ONLY, annotation=kind, default=None) for key, kind in _TYPES.items()}


def read_comparison(path: str | Path, seconds: Callable[[Any], float]) -> dict[str, Any]:
    """Return the content of a file under the names of the command's options.

    ``methods`` and ``data`` are lists of text, or arrays of tables with ``name``, perhaps ``label``, and parameters.

    Args:
        path: of the file.
        seconds: converts durations such as "10m" to seconds.

    Raises:
        DataError: the file is missing or is not TOML.
        ParameterError: an unknown key, or a value of the wrong type.
    """
    given, what = read_toml(path, "docs/compare.md"), f"the comparison in {path}"
    checked = resolve(lambda: None, given, what=what, shared=_KEYS)
    readers = {"seeds": parse_seeds, "timeout": seconds, "time_limit": seconds, "memory": parse_bytes}
    found: dict[str, Any] = {key: readers[key](checked[key]) if key in readers else checked[key] for key in given}
    for key in found.keys() & {"methods", "data", "gates", "metrics"}:
        tables = key in ("methods", "data")
        if not isinstance(found[key], list) or not all(
            isinstance(e, str | dict if tables else str) for e in found[key]
        ):
            expected = f"a list of names, or [[{key}]] tables" if tables else "a list of texts"
            raise ParameterError(f"{key}={found[key]} does not fit {what}", f"it should be {expected}")
        if tables:
            found[key] = [parse_specification(e) if isinstance(e, str) else from_table(e, key) for e in found[key]]
    return found
