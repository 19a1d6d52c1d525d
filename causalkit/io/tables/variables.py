"""Named variables, as archives of NumPy and files of MATLAB contain them: which are measurements, names and times."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.names import natural
from causalkit.core.shell import option_text
from causalkit.display.words import listed
from causalkit.errors import DataError
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import shown
from causalkit.io.tables.memory import array_frame
from causalkit.io.tables.table import Table

DATA = ("data", "X", "x")
_NAMES = re.compile(
    r"names?|labels?|channels?|(ch|chan|channel|node|roi|region|var|variable|series|gene|sensor|electrode)_?"
    r"(names?|labels?|s)|chanlocs|columns|rois|nodes",
    re.IGNORECASE,
)
_TIMES = re.compile(r"t|times?|tvec|t_?axis|time_?(vec|vector|axis|s|ms|stamps?|points?)|timestamps?|seconds", re.I)

Array = NDArray[Any]


def variables_table(variables: Mapping[str, Any], source: str, options: ReadOptions) -> Table:
    """Return the measurements among variables of MATLAB, whose arrays have trials last.

    Known are the structures of EEGLAB (``data``, ``nbchan``, ``pnts``) and FieldTrip (``trial``, ``label``); any other
    variable is one array, or a cell array of arrays, beside which there may be names of series and times.

    Args:
        variables: arrays, text, lists for cell arrays, and mappings for structures.
        source: of the file, for errors.
        options: ``table`` names the variable, as ``EEG.data`` within a structure.

    Raises:
        DataError: there are no measurements, or it is not clear which they are.
    """
    scope, chosen = _scope(variables, options.table, source)
    if chosen is None and {"trial", "label"} <= set(scope):
        return _fieldtrip(scope, source, options)
    if chosen in (None, "data") and {"data", "nbchan", "pnts"} <= set(scope):
        return _eeglab(scope, source, options)
    if chosen is None:
        chosen = _chosen(scope, source)
        if chosen is None:
            return _columns(scope, source)
    parts = [_numbers(scope[name], f"{source}: the variable {shown(name)}") for name in chosen.split("\n")]
    arrays = [array for part in parts for array in part]
    names, times = _beside(scope, arrays, chosen)
    many: list[Array] = []
    for array in arrays:
        many.extend(_trials(array, names, times, f"{source}: the variable {shown(chosen)}", options))
    others = [name for name in scope if name not in chosen.split("\n") and name not in (*names, *times)]
    notes = [f"the variable {listed([*map(shown, chosen.split(chr(10)))], most=6)} was read"]
    if others:
        notes[0] += f", and not {listed([*map(shown, others)], most=6)}"
    return realisations_table(
        many,
        source,
        options,
        names=next(iter(names.values()), None),
        times=next(iter(times.values()), None),
        notes=notes,
    )


def realisations_table(
    arrays: Sequence[Array],
    source: str,
    options: ReadOptions,
    *,
    names: Sequence[str] | None,
    times: Array | None = None,
    notes: Sequence[str] = (),
) -> Table:
    """Return arrays of shape (T, P), one for each realisation, as one table.

    Args:
        arrays: all of the same series.
        source: of the file, for errors.
        options: arrays are turned by ``orientation``.
        names: of the series; where there are as many as rows and not as columns, rows are series.
        times: shape (T,), the same for all realisations; they become a column.
        notes: what was assumed so far.
    """
    import pandas as pd

    frames = []
    notes = list(notes)
    oriented = False
    for number, array in enumerate(arrays, start=1):
        where = source if len(arrays) == 1 else f"{source}, realisation {number}"
        rows, columns = array.shape
        by_time = times is not None and len(times) == columns != rows and options.orientation == "auto"
        reading = replace(options, orientation="series-time") if by_time else options
        frame, turned = array_frame(array, names, where, reading)
        oriented |= turned
        if turned and options.orientation == "auto":
            reason = f"{rows} names" if names is not None and len(names) == rows else f"{columns} times"
            notes.append(f"the array of shape {array.shape} belongs to {reason}: its rows are series")
        if times is not None and len(times) == len(frame):
            oriented = oriented or rows != columns
            frame.insert(0, _free("time", frame.columns), times)
        frames.append(frame)
    widths = {len(frame.columns) for frame in frames}
    if len(widths) > 1:
        raise DataError(
            f"{source}: the realisations have different numbers of series: {listed(sorted(map(str, widths)))}",
            f"all realisations must have the same series; name one with {option_text('table', 'NAME')}",
        )
    index = tuple(frames[0].columns[:1]) if times is not None and len(times) == len(frames[0]) else ()
    return Table(
        pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0],
        source,
        notes=tuple(dict.fromkeys(notes)),
        lengths=tuple(map(len, frames)),
        recognise=bool(index),
        index=index,
        oriented=oriented,
    )


def _free(name: str, taken: Any) -> str:
    while name in taken:
        name += "_"
    return name


def _scope(variables: Mapping[str, Any], wanted: str | None, source: str) -> tuple[Mapping[str, Any], str | None]:
    """Return the variables among which the measurements are, and the name of the one that the user wants."""
    if wanted is not None:
        scope: Any = variables
        path = [wanted] if wanted in variables else wanted.split(".")
        for depth, name in enumerate(path):
            if not isinstance(scope, Mapping) or name not in scope:
                raise DataError(
                    f"{source} has no variable {shown(wanted)}",
                    f"variables: {listed(_described(scope if isinstance(scope, Mapping) else variables), most=12)}",
                )
            if depth == len(path) - 1 and not isinstance(scope[name], Mapping):
                return scope, name
            scope = scope[name]
        return scope, None
    structures = [name for name, value in variables.items() if isinstance(value, Mapping)]
    if len(structures) == 1 and not _candidates(variables):
        return variables[structures[0]], None
    return variables, None


def _described(scope: Mapping[str, Any]) -> list[str]:
    """Return name and shape of every variable."""
    found = []
    for name, value in scope.items():
        if isinstance(value, Mapping):
            found.append(f"{shown(name)} (structure with {listed([*map(shown, value)], most=6)})")
        elif isinstance(value, np.ndarray):
            found.append(f"{shown(name)} {value.shape}")
        else:
            found.append(f"{shown(name)} ({'text' if isinstance(value, str) else type(value).__name__})")
    return found


def _is_table(value: Any) -> bool:
    return (
        isinstance(value, np.ndarray) and value.dtype.kind in "fiub" and value.ndim in (2, 3) and min(value.shape) > 1
    )


def _candidates(scope: Mapping[str, Any]) -> list[str]:
    """Return the names of variables that may be measurements."""
    return [
        name
        for name, value in scope.items()
        if _is_table(value) or (isinstance(value, list) and value and all(map(_is_table, value)))
    ]


def _chosen(scope: Mapping[str, Any], source: str) -> str | None:
    """Return the name of the variable with the measurements, or several on a line each; None: columns.

    Raises:
        DataError: there are several, or none.
    """
    found = _candidates(scope)
    preferred = [name for name in DATA if name in found]
    if preferred:
        return preferred[0]
    if len(found) == 1:
        return found[0]
    if found:
        stems = {re.sub(r"\d+", "", name) for name in found}
        if len(stems) == 1:  # trial1, trial2, ...
            return "\n".join(sorted(found, key=natural))
        raise DataError(
            f"{source} has several variables that may be measurements: "
            + listed(_described({name: scope[name] for name in found}), most=8),
            f"name one with {option_text('table', found[0])}",
        )
    lengths = [len(value) for value in scope.values() if _is_column(value)]
    if len(lengths) > 1 and len(set(lengths)) == 1:
        return None
    raise DataError(
        f"{source} has no variable with measurements; it contains {listed(_described(scope), most=12) or 'nothing'}",
        "save an array of shape (time steps, series) under the name data",
    )


def _is_column(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "fiub" and len(value) > 1


def _columns(scope: Mapping[str, Any], source: str) -> Table:
    """Return vectors of the same length as the columns of a table."""
    import pandas as pd

    columns = {name: value for name, value in scope.items() if _is_column(value)}
    return Table(
        pd.DataFrame(columns), source, notes=(f"the vectors {listed([*map(shown, columns)], most=6)} are the columns",)
    )


def _numbers(value: Any, where: str) -> list[Array]:
    """Return an array, or the arrays in a cell array."""
    parts = value if isinstance(value, list) else [value]
    for part in parts:
        if not isinstance(part, np.ndarray) or part.dtype.kind not in "fiub":
            kind = part.dtype if isinstance(part, np.ndarray) else type(part).__name__
            raise DataError(f"{where} contains {kind}, not numbers", "name another one, or convert it to numbers")
        if part.ndim not in (2, 3) or not part.size:
            raise DataError(
                f"{where} has the shape {part.shape}", "the shape must be (time steps, series) or (series, time steps)"
            )
    return list(parts)


def _beside(
    scope: Mapping[str, Any], arrays: Sequence[Array], chosen: str
) -> tuple[dict[str, list[str]], dict[str, Array]]:
    """Return the names of series and the times that belong to the arrays, each under the name of its variable."""
    shape = arrays[0].shape
    names: dict[str, list[str]] = {}
    times: dict[str, Array] = {}
    for name, value in scope.items():
        if name in chosen.split("\n"):
            continue
        if _NAMES.fullmatch(name) and not names and (found := texts(value)) and len(found) in shape:
            names[name] = found
        elif _TIMES.fullmatch(name) and not times and _is_column(value) and len(value) in shape and len(arrays) == 1:
            times[name] = value
    return names, times


def texts(value: Any) -> list[str] | None:
    """Return text in a cell array, an array of characters, or the field ``labels`` of a structure array; else None."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "U":
        return [str(text).strip() for text in np.atleast_1d(value).ravel()]
    if isinstance(value, Mapping):
        return texts(value["labels"]) if "labels" in value else None
    if isinstance(value, list) and value:
        if all(isinstance(text, str) for text in value):
            return [text.strip() for text in value]
        if all(isinstance(part, Mapping) and isinstance(part.get("labels"), str) for part in value):
            return [part["labels"].strip() for part in value]
    return None


def _trials(
    array: Array, names: dict[str, list[str]], times: dict[str, Array], where: str, options: ReadOptions
) -> list[Array]:
    """Return the trials of an array, the last dimension of three.

    Raises:
        DataError: it is not clear which dimension is time.
    """
    if array.ndim == 2:
        return [array]
    sizes = [*map(len, names.values()), *map(len, times.values())]
    known = [array.shape.index(size) for size in sizes if array.shape.count(size) == 1]
    if len(known) == 2:
        (trial,) = {0, 1, 2} - set(known)
    elif options.orientation != "auto" or (known and known[0] < 2):
        trial = 2
    else:
        raise DataError(
            f"{where} has the shape {array.shape}, and it is not clear which dimension is time",
            f"for (series, time, trials) give {option_text('orientation', 'series-time')}, for (time, series, trials) "
            f"{option_text('orientation', 'time-series')}; or save names of the series and times beside it",
        )
    return list(np.moveaxis(array, trial, 0))


def _eeglab(scope: Mapping[str, Any], source: str, options: ReadOptions) -> Table:
    """Return a recording of EEGLAB: channels x points (x trials), with times in milliseconds."""
    data = scope["data"]
    if not isinstance(data, np.ndarray):
        raise DataError(
            f"{source}: the measurements are in another file, {shown(str(data))}",
            "save the data set as one file in EEGLAB (File, Memory and other options)",
        )
    channels = int(scope["nbchan"])
    shaped = data.reshape(channels, int(scope["pnts"]), -1) if data.ndim != 3 else data
    times = scope.get("times")
    return realisations_table(
        [trial.T for trial in np.moveaxis(shaped, 2, 0)],
        source,
        replace(options, orientation="time-series"),
        names=_labels(scope.get("chanlocs"), channels),
        times=times if _is_column(times) else None,
        notes=["a recording of EEGLAB: channels x points x trials"],
    )


def _fieldtrip(scope: Mapping[str, Any], source: str, options: ReadOptions) -> Table:
    """Return the trials of FieldTrip, each of shape (channels, times)."""
    trials = _numbers(scope["trial"], f"{source}: the trials")
    names = texts(scope["label"])
    if any(trial.ndim == 3 for trial in trials):  # of a time-locked average: trials x channels x times
        trials = [part for trial in trials for part in trial]
    own = scope.get("time")
    time = own[0] if isinstance(own, list) else own
    return realisations_table(
        [trial.T for trial in trials],
        source,
        replace(options, orientation="time-series"),
        names=_labels(scope["label"], len(trials[0])) if names else None,
        times=time if _is_column(time) and len({trial.shape for trial in trials}) == 1 else None,
        notes=["trials of FieldTrip: channels x times"],
    )


def _labels(value: Any, count: int) -> list[str] | None:
    found = texts(value)
    return found if found and len(found) == count else None
