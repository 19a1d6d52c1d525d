"""Tables in memory: arrays, DataFrames, and lists or dictionaries of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.shell import option_text
from causalkit.display.words import count, listed
from causalkit.errors import DataError
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import is_value, number, shown
from causalkit.io.tables.foreign import FORMS, column_of, dimensions, native
from causalkit.io.tables.frames import crossed_names, plain_frames
from causalkit.io.tables.table import Table

if TYPE_CHECKING:
    import pandas as pd

_DEFAULT = ReadOptions()
_SEVERAL = 20
"""Realisations of an array in which time is looked for along the first axis."""


@dataclass
class _Found:
    """Realisations as DataFrames or as arrays of shape (T, P), and their keys where they had some."""

    parts: list[Any]
    keys: tuple[str, ...] = ()


def object_table(data: Any, names: Sequence[str] | None, source: str, options: ReadOptions = _DEFAULT) -> Table:
    """Return an object in memory as one table.

    Args:
        data: as for `causalkit.Panel.of`.
        names: of the series of arrays.
        source: in errors; anything but "data" is a file, whose reader calls this.
        options: arrays are turned by ``orientation``; ``time_column`` and ``panel_column`` name dimensions of xarray.

    Raises:
        DataError: the object is not a table, realisations have different columns, or a name is no text.
    """
    try:
        return _table(data, names, source, options)
    except UnicodeEncodeError as error:  # pandas, for what JSON writes as "\\ud83d" alone
        half = error.object[error.start : error.end]
        raise DataError(f"{source} contains {half!r}, which is half of a character", "correct that text") from error


def _table(data: Any, names: Sequence[str] | None, source: str, options: ReadOptions) -> Table:
    import pandas as pd

    found = _realisations(data, source, options)
    many = len(found.parts) > 1
    if names is not None and all(isinstance(part, pd.DataFrame) for part in found.parts):
        own = [str(name) for name in found.parts[0].columns]
        if own != [str(name) for name in names]:
            raise DataError(
                f"{source} has names of its own, {listed([*map(shown, own)], most=6)}",
                "leave out names, or rename the columns",
            )
    places = [f"{source}, realisation {number}" if many else source for number in range(1, len(found.parts) + 1)]
    notes = [f"the keys {listed([*map(shown, found.keys)], most=6)} identify the realisations"] if found.keys else []
    recognise = oriented = False
    frames = []
    for part, where in zip(found.parts, places, strict=True):
        if isinstance(part, pd.DataFrame):
            frames.append(part)
            recognise = True
        else:
            frame, turned = array_frame(part, names, where, options)
            frames.append(frame)
            recognise |= part.dtype.kind not in "fiub"
            oriented |= turned
            if turned and options.orientation == "auto":
                notes.append(f"the array has as many rows as there are names, {len(frame.columns)}: rows are series")
    notes.extend(note for frame in frames[:1] for note in crossed_names(frame))
    frames, index = plain_frames(frames, places)
    return Table(
        frames[0] if not many else pd.concat(frames, ignore_index=True),
        source,
        notes=tuple(dict.fromkeys(notes)),
        lengths=tuple(map(len, frames)) if many else None,
        recognise=recognise,
        index=index,
        in_memory=source == "data",
        oriented=oriented,
    )


def _realisations(data: Any, where: str, options: ReadOptions) -> _Found:
    """Return the realisations of any form of data.

    Raises:
        DataError: it has none, or they are of different kinds.
    """
    import pandas as pd

    data = native(data, where, options)
    if isinstance(data, pd.DataFrame):
        return _Found([data])
    if isinstance(data, pd.Series):
        return _Found([data.to_frame()])
    if isinstance(data, Mapping):
        return _of_mapping(data, where, options)
    if isinstance(data, list | tuple):
        return _of_list(data, where, options)
    _refuse_time_first(data, where, options)
    return _Found(_of_array(data, where))


def _of_mapping(data: Mapping[Any, Any], where: str, options: ReadOptions) -> _Found:
    """Return columns by name as one realisation, and tables by key as one each."""
    import pandas as pd

    if not data:
        raise DataError(f"{where} is an empty dictionary", FORMS)
    if "__header__" in data or type(data).__name__ == "NpzFile":
        raise DataError(
            f"{where} contains the variables of a file: {listed([str(key) for key in data], most=8)}",
            "give the one with the measurements, such as data[NAME], or the path of the file",
        )
    deep = {key: _depth(value) for key, value in data.items()}
    if set(deep.values()) == {1}:
        columns = {key: column_of(native(value, where, options), str(key), where) for key, value in data.items()}
        lengths = {len(column) for column in columns.values()}
        aligned = all(isinstance(value, pd.Series | Mapping) for value in data.values())
        if len(lengths) > 1 and not aligned:
            raise DataError(
                f"{where}: the columns have different lengths: "
                + listed([f"{shown(str(key))} {len(column)}" for key, column in columns.items()], most=6),
                "give every series the same number of time steps, or a list of tables, one for each realisation",
            )
        return _Found([pd.DataFrame(columns)])
    if min(deep.values()) >= 2:
        parts = []
        for key, value in data.items():
            own = _realisations(value, f"{where}, {shown(str(key))}", options).parts
            if len(own) > 1:
                raise DataError(
                    f"{where}: {shown(str(key))} contains several tables itself",
                    "give one dictionary of tables",
                )
            parts.extend(own)
        return _Found(parts, tuple(map(str, data)) if len(data) > 1 else ())
    wrong = next(key for key, depth in deep.items() if depth != max(deep.values()) or depth == 0)
    raise DataError(
        f"{where}: {shown(str(wrong))} is {_kind(data[wrong])}, so the dictionary contains neither columns nor tables",
        "give a dictionary of columns, one for each series, or of tables, one for each realisation",
    )


def _of_list(data: Sequence[Any], where: str, options: ReadOptions) -> _Found:
    """Return records, columns, tables, or the rows of nested lists."""
    import pandas as pd

    if not len(data):
        raise DataError(f"{where} is empty", FORMS)
    if all(isinstance(part, Mapping) and part and all(_depth(v) == 0 for v in part.values()) for part in data):
        return _Found([pd.DataFrame.from_records(list(data))])
    if all(isinstance(part, pd.Series) or type(part).__module__.startswith("polars.series") for part in data):
        columns = [native(part, where, options) for part in data]
        named = [
            column.rename(str(number) if column.name is None else column.name) for number, column in enumerate(columns)
        ]
        return _Found([pd.concat(named, axis=1)])
    if _are_items(data):
        return _of_mapping({key if np.isscalar(key) else tuple(key): part for key, part in data}, where, options)
    depth = [_depth(part) for part in data]
    if min(depth) >= 2:
        own = (_realisations(part, f"{where}, realisation {n}", options).parts for n, part in enumerate(data, start=1))
        return _Found([part for parts in own for part in parts])
    if len({min(d, 2) for d in depth}) > 1 or not min(depth):
        number = next((n for n, d in enumerate(depth, 1) if d != max(depth)), 1)
        part = data[number - 1]
        if max(depth) or isinstance(part, str) or not np.isscalar(part):
            raise DataError(f"{where}: item {number} of the list is {_kind(part)}, not a table", FORMS)
    lengths = [len(part) for part in data if dimensions(part) == 1]
    if len(set(lengths)) > 1:
        raise DataError(
            f"{where}: the rows have different lengths, {min(lengths)} to {max(lengths)}",
            "give every row the same number of cells; a missing value is None or nan",
        )
    if _names_columns(data):
        return _Found([pd.DataFrame(list(data[1:]), columns=list(data[0])).infer_objects()])
    rows = [native(part, where, options) if hasattr(part, "__array__") else part for part in data]
    if any(isinstance(row, np.ma.MaskedArray) for row in rows):
        return _Found(_of_array(np.ma.stack(rows), where))
    try:
        array = np.asarray(rows)
        if array.dtype.kind not in "fiubc":
            array = np.array(rows, dtype=object)
    except (TypeError, ValueError) as error:
        raise DataError(f"{where} is not a table of numbers: its rows are not alike", FORMS) from error
    return _Found(_of_array(array, where))


def _are_items(parts: Sequence[Any]) -> bool:
    """Return whether all are pairs of a key and a table, as those of a grouped DataFrame, and no key repeats."""
    if not all(isinstance(part, tuple) and len(part) == 2 and _depth(part[1]) == 2 for part in parts):
        return False
    keys = [key if np.isscalar(key) else tuple(key) if isinstance(key, tuple) else None for key, _ in parts]
    return None not in keys and len(set(keys)) == len(keys)


def _names_columns(rows: Sequence[Any]) -> bool:
    """Return whether the first of several rows contains the names of the columns: text above numbers."""
    if len(rows) < 2 or not all(isinstance(row, list | tuple) for row in rows[:2]):
        return False
    first, second = rows[:2]
    names = all(isinstance(cell, str) and not is_value(cell) for cell in first)
    return bool(first) and names and any(number(str(cell)) is not None for cell in second)


def _of_array(array: NDArray[Any], where: str) -> list[Any]:
    """Return the realisations of an array: (T, P), (R, T, P), named fields of shape (T,), or an array of tables."""
    import pandas as pd

    if array.dtype.names is not None:
        if array.ndim == 2:
            return [one for part in array for one in _of_array(part, where)]
        if array.ndim != 1 or any(array.dtype[name].shape for name in array.dtype.names):
            raise DataError(f"{where}: the fields of a structured array are not columns", FORMS)
        fields = {name: column_of(array[name], name, where) for name in array.dtype.names}
        return [pd.DataFrame(fields)]
    if array.dtype == object and array.ndim == 1 and len(array) and all(_depth(part) == 2 for part in array):
        return [one for part in array for one in _realisations(part, where, _DEFAULT).parts]
    if array.dtype.kind == "c":
        raise DataError(
            f"{where} contains complex numbers", "give real numbers, such as their absolute value or their real part"
        )
    if array.dtype.kind in "mM":
        raise DataError(f"{where} contains times, not numbers", "give a DataFrame with the times as its index")
    if not array.size:
        raise DataError(f"{where} is empty: the array has the shape {array.shape}", FORMS)
    if array.ndim not in (2, 3):
        raise DataError(
            f"{where}: the array has {count(array.ndim, 'dimension')}",
            "give an array of shape (time steps, series), or (realisations, time steps, series)",
        )
    return list(array) if array.ndim == 3 else [array]


def _refuse_time_first(array: NDArray[Any], where: str, options: ReadOptions) -> None:
    """Refuse an array in which consecutive realisations resemble each other as steps do, and consecutive steps do not.

    Realisations and steps are centred first, so that neither levels of realisations nor a response that all of them
    share count.

    Raises:
        DataError: the first axis is probably time.
    """
    if array.ndim != 3 or array.dtype.kind not in "fiu" or options.orientation != "auto":
        return
    realisations, steps, _ = array.shape
    values = np.ma.filled(np.ma.asarray(array, dtype=np.float64), np.nan)
    if realisations < _SEVERAL or steps < 3 or not np.isfinite(values).all():
        return
    values = values - values.mean(axis=1, keepdims=True)
    values = values - values.mean(axis=0, keepdims=True)
    power = np.maximum((values**2).sum(axis=(0, 1)), 1e-300)
    across = (values[1:] * values[:-1]).sum(axis=(0, 1)) / power
    along = (values[:, 1:] * values[:, :-1]).sum(axis=(0, 1)) / power
    deviation = 1 / np.sqrt(realisations * steps)
    if across.max() > max(0.1, 6 * deviation) and along.max() < 3 * deviation - 1 / steps:
        raise DataError(
            f"{where}: the array is read as (realisations, time steps, series), {realisations} realisations of "
            f"{steps} steps, but values depend on the realisation before and not on the step before",
            "if the first axis is time, give numpy.swapaxes(data, 0, 1) where series are the last axis, or "
            "numpy.moveaxis(data, 2, 0) where realisations are; if the first axis counts realisations, add "
            + option_text("orientation", "time-series", python=True),
        )


def array_frame(
    array: NDArray[Any], names: Sequence[str] | None, where: str, options: ReadOptions
) -> tuple[pd.DataFrame, bool]:
    """Return an array as a DataFrame, one row a time step, and whether that is sure.

    It is where the user says what rows are, or where there are as many names as rows and not as columns.

    Raises:
        DataError: there are names for neither rows nor columns.
    """
    import pandas as pd

    if isinstance(array, np.ma.MaskedArray):
        array = np.ma.filled(array.astype(np.float64), np.nan)
    numeric = array.dtype.kind in "fiub"
    values = np.asarray(array, dtype=np.float64 if numeric else object)
    rows, columns = values.shape
    turned = numeric and options.orientation == "series-time"
    if names is not None and options.orientation == "auto":
        turned = len(names) == rows != columns
    values = values.T if turned else values
    if names is not None and len(names) != values.shape[1]:
        raise DataError(
            f"{where}: the table has {count(columns, 'column')}, and names has {count(len(names), 'name')}",
            "give every series one name",
        )
    width = values.shape[1]
    return pd.DataFrame(values, columns=[str(name) for name in (range(width) if names is None else names)]), turned


def _depth(part: Any) -> int:
    """Return the number of dimensions; a mapping of columns has two, one of single values is a column by its keys."""
    if isinstance(part, Mapping):
        return 1 if part and all(dimensions(value) == 0 for value in part.values()) else 2
    return dimensions(part)


def _kind(part: Any) -> str:
    deep = dimensions(part)
    if deep == 0:
        return "None" if part is None else "text" if isinstance(part, str) else f"a single {type(part).__name__}"
    return "a column" if deep == 1 else "a table" if deep == 2 else f"an array of {deep} dimensions"
