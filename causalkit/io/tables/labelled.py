"""Arrays of xarray as DataFrames: the names of dimensions say what is time, series and realisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.shell import option_text
from causalkit.display.words import listed
from causalkit.errors import DataError
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import shown

if TYPE_CHECKING:
    import pandas as pd

# fmt: off
_TIMES = [
    "time", "times", "t", "datetime", "date", "timestamp", "valid_time", "time_counter", "sample", "samples",
    "step", "steps", "frame", "frames", "tr", "trs", "week", "month", "quarter", "year", "day", "hour", "minute",
    "second", "seconds", "ms", "obs", "observation"
]
"""Names of dimensions that are time, the surest first."""
_SERIES = [
    "series", "channel", "channels", "variable", "variables", "var", "vars", "sensor", "sensors", "electrode",
    "electrodes", "feature", "features", "roi", "rois", "region", "regions", "node", "nodes", "neuron", "neurons",
    "unit", "units", "cell", "cells", "gene", "genes", "station", "stations", "site", "sites", "location",
    "locations", "component", "components", "parcel", "parcels", "space", "column", "columns", "name", "ticker",
    "asset"
]
_REALISATIONS = [
    "realisation", "realization", "replicate", "replicates", "trial", "trials", "epoch", "epochs", "subject",
    "subjects", "participant", "participants", "patient", "patients", "session", "sessions", "run", "runs",
    "member", "ensemble", "number", "chain", "draw", "animal", "mouse", "batch", "recording", "instance", "event",
    "events", "block", "blocks", "repetition", "individual", "sample", "samples", "case"
]
# fmt: on


@dataclass(frozen=True)
class _Roles:
    """The dimensions that are time, series and realisations."""

    time: str
    series: tuple[str, ...]
    realisations: tuple[str, ...]


def labelled_frame(data: Any, where: str, options: ReadOptions, *, python: bool = True) -> pd.DataFrame:
    """Return a DataArray or a Dataset as a DataFrame, whose index is realisation and time.

    A variable of a Dataset is a series, or several where it has a dimension of series as well. Variables without
    time are left out.

    Args:
        data: an object of xarray.
        where: in errors.
        options: ``time_column`` and ``panel_column`` may name dimensions; ``drop`` and ``table`` name variables.
        python: do hints name arguments, or options of the shell?

    Raises:
        DataError: the dimensions do not say which is time.
    """
    import pandas as pd

    variables = _variables(data, where, options, python)
    roles = _roles(variables, where, options, python)
    keys = (*roles.realisations, roles.time)
    columns: dict[str, NDArray[Any]] = {}
    axes: dict[str, Any] = {}
    for name, variable in variables.items():
        for dimension in (*keys, *roles.series):
            if dimension not in variable.dims and dimension in roles.realisations:
                raise DataError(
                    f"{where}: the variable {shown(name)} has no dimension {dimension!r}, which others have",
                    f"leave it out with {option_text('drop', name, python=python)}",
                )
        own = tuple(dimension for dimension in roles.series if dimension in variable.dims)
        ordered = variable.transpose(*keys, *own)
        values = ordered.to_numpy()
        flat = values.reshape(int(np.prod(values.shape[: len(keys)])), -1)
        labels = _labels(ordered, own)
        for column, label in enumerate(labels):
            one = "/".join(part for part in (name if len(variables) > 1 or not own else "", label) if part)
            columns[one] = flat[:, column]
        for dimension in keys:
            axes.setdefault(dimension, _coordinate(ordered, dimension))
    dropped = [name for name in options.drop if name in getattr(data, "data_vars", ())]
    frame = pd.DataFrame({**columns, **dict.fromkeys(dropped, np.nan)})  # whatever their dimensions are
    if len(keys) > 1:
        frame.index = pd.MultiIndex.from_product([axes[key] for key in keys], names=keys)
    elif roles.time in options.time_column or roles.time in next(iter(variables.values())).coords:
        frame.index = pd.Index(axes[roles.time], name=roles.time)
    return frame


def _variables(data: Any, where: str, options: ReadOptions, python: bool) -> dict[str, Any]:
    """Return the variables by name, without dimensions of length 1 that nobody asks for."""
    if hasattr(data, "data_vars"):
        bounds = {variable.attrs.get("bounds") for variable in data.variables.values()}
        found = {str(name): variable for name, variable in data.data_vars.items() if name not in bounds}
        if options.table is not None:
            if options.table not in found:
                raise DataError(
                    f"{where} has no variable {shown(options.table)}",
                    f"variables: {listed([*map(shown, found)], most=12)}",
                )
            found = {options.table: found[options.table]}
        found = {name: variable for name, variable in found.items() if name not in options.drop}
        most = max((variable.ndim for variable in found.values() if _has_time(variable)), default=0)
        timed = {name: variable for name, variable in found.items() if not most or _has_time(variable)}
        found = timed or found
    else:
        found = {str(data.name) if data.name is not None else "0": data}
    if not found or not all(variable.ndim for variable in found.values()):
        raise DataError(f"{where} has no variable with a dimension of time", "check what the data set contains")
    asked = {*options.time_column, *options.panel_column}
    squeezed = {}
    for name, variable in found.items():
        single = [
            dimension
            for dimension, size in variable.sizes.items()
            if size == 1 and dimension not in asked and str(dimension).lower() not in (*_TIMES, *_SERIES)
        ]
        squeezed[name] = variable.squeeze(single) if len(single) < variable.ndim else variable
    return squeezed


def _has_time(variable: Any) -> bool:
    return any(_is_time(variable, dimension) for dimension in variable.dims)


def _is_time(variable: Any, dimension: Any) -> bool:
    return str(dimension).lower() in _TIMES or _is_dated(variable, dimension)


def _is_dated(variable: Any, dimension: Any) -> bool:
    if dimension not in variable.coords:
        return False
    values = variable.coords[dimension].to_numpy()
    return values.dtype.kind in "mM" or (values.dtype == object and _is_foreign_date(values))


def _is_foreign_date(values: NDArray[Any]) -> bool:
    return len(values) > 0 and type(values.flat[0]).__module__.partition(".")[0] == "cftime"


def _roles(variables: dict[str, Any], where: str, options: ReadOptions, python: bool) -> _Roles:
    """Return what each dimension is: as the user says, else by its name or its dates.

    Raises:
        DataError: the dimensions do not say which is time.
    """
    dimensions = list(dict.fromkeys(str(dim) for variable in variables.values() for dim in variable.dims))
    first = {dim: next(v for v in variables.values() if dim in v.dims) for dim in dimensions}
    named = [name for name in options.time_column if name in dimensions]
    dated = [dim for dim in dimensions if _is_dated(first[dim], dim)]
    known = sorted((dim for dim in dimensions if dim.lower() in _TIMES), key=lambda dim: _TIMES.index(dim.lower()))
    time = next(iter(named or (dated if len(dated) == 1 else []) or known), None)
    rest = [dim for dim in dimensions if dim != time]
    realisations = [dim for dim in rest if dim in options.panel_column or dim.lower() in _REALISATIONS]
    series = [dim for dim in rest if dim not in realisations]
    unsure = [dim for dim in series if dim.lower() not in _SERIES and not _has_text(first[dim], dim)]
    if time is not None and len(series) == 1 and not (unsure and realisations):
        unsure = []  # the only other dimension
    if time is None or unsure or len(dated) > 1:
        sizes = ", ".join(f"{dim} {first[dim].sizes[dim]}" for dim in dimensions)
        hint = (
            f"name the dimensions with {option_text('time_column', 'NAME', python=python)} and, for realisations, "
            f"{option_text('panel_column', 'NAME', python=python)}"
        )
        if time is not None and len(unsure) > 1:
            stacked = "(" + ", ".join(f'"{dim}"' for dim in unsure) + ")"
            hint += f"; dimensions that are series become one in Python: data.stack(series={stacked})"
        raise DataError(
            f"{where}: it is not clear which of the dimensions are time, series and realisations ({sizes})", hint
        )
    return _Roles(time, tuple(series), tuple(realisations))


def _has_text(variable: Any, dimension: str) -> bool:
    return dimension in variable.coords and variable.coords[dimension].dtype.kind in "UOST"


def _labels(variable: Any, own: Sequence[str]) -> list[str]:
    """Return a name for every series of a variable: its coordinates, joined by a slash."""
    labels = [""]
    for dimension in own:
        values = [
            "/".join(map(str, value)) if isinstance(value, tuple) else str(value)
            for value in _coordinate(variable, dimension)
        ]
        labels = [f"{before}/{value}" if before else value for before in labels for value in values]
    return labels


def _coordinate(variable: Any, dimension: str) -> Any:
    """Return the values along a dimension: its coordinate, else 0, 1, ..."""
    if dimension not in variable.coords:
        return np.arange(variable.sizes[dimension])
    values = variable.coords[dimension].to_numpy()
    return elapsed_days(values) if values.dtype == object and _is_foreign_date(values) else values


def elapsed_days(dates: NDArray[Any]) -> NDArray[np.float64]:
    """Return days since the first of these dates of cftime, whose calendars pandas does not know."""
    return np.array([(date - dates[0]).total_seconds() / 86400 for date in dates])
