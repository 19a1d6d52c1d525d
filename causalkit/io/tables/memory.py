"""Tables in memory: arrays, DataFrames, and lists or dictionaries of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from causalkit.errors import DataError
from causalkit.io.tables.table import Table

if TYPE_CHECKING:
    import pandas as pd

FORMS = "give an array of shape (time steps, series), a DataFrame, or a list of them"


def object_table(data: Any, names: Sequence[str] | None, source: str) -> Table:
    """Return an object in memory as one table.

    Args:
        data: as for `causalkit.Panel.of`.
        names: of the series of arrays.
        source: in errors; anything but "data" is a file, whose reader calls this.

    Raises:
        DataError: the object is not a table, or realisations have different columns.
    """
    import pandas as pd

    parts = _parts(data)
    many = len(parts) > 1
    frames: list[pd.DataFrame] = []
    index: tuple[str, ...] = ()
    recognise = False
    for number, part in enumerate(parts, start=1):
        where = f"{source}, realisation {number}" if many else source
        if isinstance(part, pd.DataFrame):
            frame, index = _with_index(part)
            recognise = True
        else:
            frame = _from_array(part, names, where)
        frames.append(frame if not frames else _aligned(frame, list(frames[0].columns), where))
    if not frames:
        raise DataError(f"{source} has no realisation", "give at least one table of measurements")
    return Table(
        frames[0] if not many else pd.concat(frames, ignore_index=True),
        source,
        lengths=tuple(map(len, frames)) if many else None,
        recognise=recognise,
        index=index,
        in_memory=source == "data",
    )


def _parts(data: Any) -> list[Any]:
    """Return the realisations."""
    if isinstance(data, np.ndarray) and data.ndim == 3:
        return list(data)
    several = isinstance(data, Sequence) and not isinstance(data, str) and len(data) > 0
    if several and all(hasattr(part, "columns") or np.ndim(part) == 2 for part in data):
        return list(data)
    return [data]


def _with_index(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return a frame whose index became columns, with their names; an index that only counts from 0 is dropped."""
    import pandas as pd

    frame = frame.copy(deep=False)
    frame.columns = pd.Index(
        ["/".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in frame.columns]
    )
    if isinstance(frame.index, pd.RangeIndex) and frame.index.name is None:
        return frame.reset_index(drop=True), ()
    taken = set(frame.columns)
    names = []
    for level, name in enumerate(frame.index.names):
        wanted = str(name) if name is not None else "index" if frame.index.nlevels == 1 else f"level {level}"
        while wanted in taken:
            wanted += "_"
        taken.add(wanted)
        names.append(wanted)
    return frame.reset_index(names=names), tuple(names)


def _aligned(frame: pd.DataFrame, names: list[str], where: str) -> pd.DataFrame:
    """Return the columns in the order of the first realisation."""
    if set(frame.columns) != set(names):
        raise DataError(
            f"{where}: the columns {sorted(set(frame.columns) ^ set(names))} are not in all realisations",
            "all realisations of a panel must have the same series",
        )
    return frame[names]


def _from_array(part: Any, names: Sequence[str] | None, where: str) -> pd.DataFrame:
    import pandas as pd

    if isinstance(part, np.ma.MaskedArray):
        part = np.ma.filled(part.astype(np.float64), np.nan)
    try:
        values = np.array(part, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: not a table of numbers ({error})", FORMS) from error
    if values.ndim != 2:
        raise DataError(
            f"{where}: the array has {values.ndim} dimensions",
            "give an array of shape (time steps, series), or (realisations, time steps, series)",
        )
    if names is not None and len(names) != values.shape[1]:
        raise DataError(
            f"{where}: the table has {values.shape[1]} columns and there are {len(names)} names",
            "give every series one name",
        )
    return pd.DataFrame(values, columns=[str(name) for name in (range(values.shape[1]) if names is None else names)])
