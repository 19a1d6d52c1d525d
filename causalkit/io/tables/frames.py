"""DataFrames as tables: names of columns as text, an index as columns, cells of a type that the other steps know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from causalkit.display.words import listed
from causalkit.errors import DataError
from causalkit.io.tables.cells import shown

if TYPE_CHECKING:
    import pandas as pd


def plain_frames(frames: Sequence[pd.DataFrame], places: Sequence[str]) -> tuple[list[pd.DataFrame], tuple[str, ...]]:
    """Return DataFrames with the same columns, and the names of those columns that were their index.

    An index that only counts rows is left out. Any other becomes columns, in every frame or in none.

    Args:
        frames: one for each realisation.
        places: of each of them in errors.

    Raises:
        DataError: a column contains complex numbers, or the frames have different columns.
    """
    kept = not all(_counts_rows(frame.index) for frame in frames)
    plain: list[pd.DataFrame] = []
    index: tuple[str, ...] = ()
    for frame, where in zip(frames, places, strict=True):
        found, names = _with_index(frame) if kept else (_with_text_names(frame).reset_index(drop=True), ())
        found = found.copy(deep=False)
        for position, (name, dtype) in enumerate(zip(found.columns, list(found.dtypes), strict=True)):
            if isinstance(dtype, np.dtype) and dtype.kind in "biufmM":
                continue  # plain already; a look at each of many columns takes long
            found.isetitem(position, _plain(found.iloc[:, position], f"{where}: column {shown(name)}"))
        plain.append(found if not plain else _aligned(found, list(plain[0].columns), where))
        index = index or names
    return plain, index


def crossed_names(frame: pd.DataFrame) -> list[str]:
    """Return a note where columns have two levels that are crossed, as subjects and series are."""
    columns = frame.columns
    if columns.nlevels != 2 or columns.has_duplicates:
        return []
    outer, inner = (columns.get_level_values(level).unique() for level in (0, 1))
    if min(len(outer), len(inner)) < 2 or len(columns) != len(outer) * len(inner):
        return []
    return [
        f"the columns have two levels, and each of the {len(columns)} combinations is one series; if the outer level "
        "identifies realisations, give {key: frame[key] for key in frame.columns.levels[0]}"
    ]


def _counts_rows(index: pd.Index) -> bool:
    """Return whether the index says no more than the order of rows: whole numbers one step apart, without a name."""
    import pandas as pd

    if index.name is not None or index.nlevels > 1 or index.dtype.kind not in "iu":
        return False
    if isinstance(index, pd.RangeIndex):
        return int(index.step) > 0
    return bool((np.diff(index.to_numpy(dtype=np.int64)) == 1).all())


def _with_text_names(frame: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    frame = frame.copy(deep=False)
    frame.columns = pd.Index([_text_name(name) for name in frame.columns], dtype=object)
    return frame


def _text_name(name: Any) -> str:
    """Return the name of a column; levels are joined by a slash, without those that only fill up."""
    if not isinstance(name, tuple):
        return str(name)
    parts = [str(part) for part in name]
    return "/".join([part for part in parts if part and not part.startswith("Unnamed: ")] or parts[:1])


def _with_index(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return a frame whose index became columns, and their names."""
    frame = _with_text_names(frame)
    taken = set(frame.columns)
    names = []
    for level, name in enumerate(frame.index.names):
        wanted = _text_name(name) if name is not None else "index" if frame.index.nlevels == 1 else f"level {level}"
        while wanted in taken:
            wanted += "_"
        taken.add(wanted)
        names.append(wanted)
    return frame.reset_index(names=names), tuple(names)


def _plain(column: pd.Series, where: str) -> pd.Series:
    """Return a column of numbers, dates or text, whatever the library or the type that it comes in.

    Raises:
        DataError: it contains complex numbers.
    """
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.dtype.categories.dtype if column.notna().all() else object)
    if column.dtype == object:
        column = column.infer_objects()
    if isinstance(column.dtype, pd.IntervalDtype):
        return pd.Series(pd.arrays.IntervalArray(column).left, index=column.index)
    if isinstance(column.dtype, pd.ArrowDtype) and column.dtype.kind in "mM":
        return column.astype(object).infer_objects()
    first = column.dropna().head(1)
    if len(first) and column.dtype == object and isinstance(first.iloc[0], list | tuple | set | dict | np.ndarray):
        raise DataError(
            f"{where} contains a {type(first.iloc[0]).__name__} in a cell, not a number",
            "write one number a cell, as frame.explode(...) does, or leave the column out before",
        )
    if column.dtype.kind == "c":
        raise DataError(
            f"{where} contains complex numbers", "give real numbers, such as their absolute value or their real part"
        )
    if column.dtype == object and len(column) and type(column.iloc[0]).__module__.partition(".")[0] == "cftime":
        from causalkit.io.tables.labelled import elapsed_days  # dates of calendars that pandas does not know

        return pd.Series(elapsed_days(column.to_numpy()), index=column.index)
    return column


def _aligned(frame: pd.DataFrame, names: list[str], where: str) -> pd.DataFrame:
    """Return the columns in the order of the first realisation."""
    if set(frame.columns) != set(names):
        differing = sorted(set(frame.columns) ^ set(names))
        raise DataError(
            f"{where}: {listed([*map(shown, differing)], most=6)} {'is' if len(differing) == 1 else 'are'} not in all "
            "realisations",
            "all realisations of a panel must have the same series",
        )
    return frame[names]
