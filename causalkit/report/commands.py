"""The commands that repeat a comparison, from its records."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from causalkit.compare.record import Cell
from causalkit.core.plain import plain
from causalkit.errors import CausalkitError
from causalkit.plugins.records import AUTO
from causalkit.plugins.specification import from_table, parse_specification
from causalkit.report.results import Results

_FLAGS = {
    "select": ("--select", None),
    "device": ("--device", "cpu"),
    "dtype": ("--dtype", "float32"),
    "threads": ("--threads", 1),
    "time_limit": ("--time-limit", None),
}


def compare_commands(results: Results) -> list[str]:
    """Return one ``causalkit compare`` for each combination of settings that occurs, in the shell's quotes."""
    groups: dict[str, list[Cell]] = {}
    for record in results.records:
        groups.setdefault(repr(sorted(record.cell.settings.items(), key=str)), []).append(record.cell)
    commands = []
    for cells in groups.values():
        words = ["causalkit compare"]
        words += [f"-m {shlex.quote(method)}" for method in dict.fromkeys(map(_method, _first(cells, "method")))]
        words += [f"-d {shlex.quote(data)}" for data in dict.fromkeys(map(_data, _first(cells, "data")))]
        words.append(f"--seeds {_seeds(sorted({cell.seed for cell in cells}))}")
        settings = cells[0].settings
        for name, (flag, default) in _FLAGS.items():
            if settings.get(name) not in (None, default):
                unit = "s" if name == "time_limit" else ""
                words.append(f"{flag} {shlex.quote(f'{settings[name]}{unit}')}")
        if settings.get("standardize") is False:
            words.append("--no-standardize")
        preparation = dict(settings.get("preparation") or {})
        words += ["--prepare auto"] if preparation.pop("auto", False) else []
        words += [f"--{name} {shlex.quote(str(value))}" for name, value in preparation.items()]
        words += [f"--metric {name}" for name in settings.get("metrics", ())]
        words.append("--out runs")
        commands.append(" \\\n    ".join(words))
    return commands


def method_defaults(name: str, params: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the parameters of a method by default, with the same parts; None where it is not installed here.

    Where the data choose the forecaster by default, its name is "auto".
    """
    parts = {part: {"name": found} for part in ("forecaster", "regularizer") if (found := _part(params.get(part)))}
    defaults = _resolved(name, parts)
    usual = _resolved(name, {key: value for key, value in parts.items() if key != "forecaster"})
    if defaults is None or usual is None or _part(usual.get("forecaster")) != AUTO:
        return defaults
    return {**defaults, "forecaster": {**defaults["forecaster"], "name": AUTO}}


def _first(cells: list[Cell], label: str) -> Iterator[Cell]:
    """Return a cell for each label, in the order of reading."""
    return iter({getattr(cell, label): cell for cell in cells}.values())


def _method(cell: Cell) -> str:
    """Return what to write after ``-m``: the label where it is complete, otherwise every parameter."""
    try:
        written = parse_specification(cell.method)
        lag = {"lag": cell.method_params["lag"]} if "lag" in cell.method_params else {}
        for params in (written.params, {**written.params, **lag}):
            if _resolved(written.name, params) == plain(cell.method_params):
                return from_table({"name": written.name, "params": params}, "the record").label
    except CausalkitError:
        pass  # a label of the user's own
    return _spelled(cell.method_name, cell.method_params)


def _data(cell: Cell) -> str:
    """Return what to write after ``-d``."""
    from causalkit.compare.data import FILE, resolve_data

    if cell.data_name == FILE:
        return cell.data
    try:
        if resolve_data(parse_specification(cell.data)) == (cell.data_name, dict(cell.data_params)):
            return cell.data
    except CausalkitError:
        pass
    return _spelled(cell.data_name, cell.data_params)


def _spelled(name: str, params: Mapping[str, Any]) -> str:
    known = {key: value for key, value in params.items() if value is not None}
    try:
        return from_table({"name": name, "params": known}, "the record").label
    except CausalkitError:  # a record that somebody edited
        return name


def _resolved(name: str, params: Mapping[str, Any]) -> Mapping[str, Any] | None:
    from causalkit.api import resolved_params
    from causalkit.plugins.records import Method
    from causalkit.plugins.registry import registry

    try:
        return resolved_params(registry().get(Method, name), params)
    except CausalkitError:
        return None


def _part(given: Any) -> str:
    """Return the name of a part as ``--forecaster`` or ``--regularizer`` takes it."""
    if isinstance(given, list):
        return "+".join(str(one.get("name", "")) for one in given if isinstance(one, Mapping))
    return str(given.get("name", "")) if isinstance(given, Mapping) else str(given or "")


def _seeds(seeds: list[int]) -> str:
    """Return seeds as ``--seeds`` takes them."""
    if seeds == list(range(seeds[0], seeds[-1] + 1)) and len(seeds) > 1:
        return f"{seeds[0]}:{seeds[-1] + 1}"
    return ",".join(map(str, seeds))
