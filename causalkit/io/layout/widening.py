"""From one row a value to one row a time step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.errors import DataError
from causalkit.io.layout.codes import Codes, codes_of, distinct, joined, repeated
from causalkit.io.tables.cells import shown
from causalkit.io.tables.table import Table
from causalkit.io.time.axis import is_time_name
from causalkit.io.time.ticks import ticks_of

_COARSE_FIRST = ("year", "quarter", "month", "week", "day", "hour", "min", "sec")


def widened(
    table: Table,
    series: NDArray[Any],
    value: str,
    *,
    times: Sequence[str],
    identifiers: Sequence[str] = (),
    shared: Sequence[str] = (),
) -> Table:
    """Return a table with a column for every series; the order is that of their first appearance.

    Combinations that do not occur are missing. Without times, the rows of a series are consecutive steps.

    Args:
        table: with one row a value.
        series: the name of the series of every row, shape (rows,).
        value: the column of values.
        times: the columns that are time.
        identifiers: the columns that identify realisations; they are kept.
        shared: columns with one value at each time; they are kept.

    Raises:
        DataError: a series has two values at one time.
    """
    import pandas as pd

    frame = table.frame
    lengths = table.lengths or (len(frame),)
    part = np.repeat(np.arange(len(lengths)), lengths)
    group = joined(part, codes_of(frame, identifiers))
    key, names = pd.factorize(series)
    time = codes_of(frame, times) if times else _steps(joined(group, key))
    if (again := repeated(joined(joined(group, time), key))) is not None:
        first, second = map(table.locate, again)
        raise DataError(
            f"{table.source}: {first} and {second} both contain a value of the series {shown(names[key[again[0]]])} "
            "at the same time" + _times_shown(table, times, again[0]),
            "delete one of them, or name the column that tells recordings apart with "
            + table.hint("panel_column", "NAME"),
        )
    order = _time_order(frame, times, time, joined(group, key))
    # Realisations in order of first appearance, within each of them the steps in order of time.
    step, first_rows = np.unique(group * (order.max(initial=0) + 1) + order, return_index=True)
    row = np.searchsorted(step, group * (order.max(initial=0) + 1) + order)
    origin = np.full((len(step), len(names)), -1, dtype=np.int64)
    origin[row, key] = np.arange(len(frame))
    cells = frame[value].to_numpy()
    wide = np.full(origin.shape, np.nan, dtype=np.float64 if cells.dtype.kind in "iuf" else object)
    wide[origin >= 0] = cells[origin[origin >= 0]]
    kept = [name for name in table.names if name in (*times, *identifiers, *shared)]
    columns = [_free(str(name), kept) for name in names]
    position = {name: column for column, name in enumerate(columns)}

    def place(row: int, name: str) -> str:
        source = origin[row, position[name]] if name in position else first_rows[row]
        return table.place_of(int(source), value if name in position else name)

    index = frame[kept].iloc[first_rows].reset_index(drop=True)
    return replace(
        table,
        frame=pd.concat([index, pd.DataFrame(wide, columns=columns)], axis=1),
        locate=lambda row: table.locate(int(first_rows[row])),
        place=place,
        lengths=None if table.lengths is None else tuple(np.bincount(part[first_rows]).tolist()),
        index=tuple(times) if len(times) == 1 and not is_time_name(times[0]) else (),
        unnamed=table.unnamed if table.unnamed in kept else "",
        identifiers=tuple(identifiers),
        recognise=True,
    )


def _steps(groups: Codes) -> Codes:
    """Return how many rows of the same group precede each row."""
    import pandas as pd

    return np.asarray(pd.Series(groups).groupby(groups).cumcount(), dtype=np.int64)


def _time_order(frame: Any, times: Sequence[str], time: Codes, groups: Codes) -> Codes:
    """Return the rank of the time of every row.

    Times are in order of first appearance where every series has them in that order; else they are sorted.
    """
    by_group = np.argsort(groups, kind="stable")
    steps, same = np.diff(time[by_group]), np.diff(groups[by_group]) == 0
    if not times or not (steps[same] < 0).any():
        return time
    first = np.unique(time, return_index=True)[1]
    ranks = []
    for name in sorted(times, key=_coarseness):
        column = frame[name].iloc[first].reset_index(drop=True)
        ticks = ticks_of(column, name)
        ranks.append(codes_of(frame.iloc[first], [name]) if ticks is None else ticks.values)
    rank = np.empty(distinct(time), dtype=np.int64)
    rank[np.lexsort(ranks[::-1])] = np.arange(len(rank))
    return rank[time]


def _coarseness(name: str) -> int:
    """Return 0 for a year, more for a month, and so on; a date comes before its parts."""
    found = [position for position, word in enumerate(_COARSE_FIRST) if word in name.lower()]
    return min(found, default=-1)


def _times_shown(table: Table, times: Sequence[str], row: int) -> str:
    return f" ({', '.join(f'{name} {table.frame[name].iloc[row]}' for name in times)})" if times else ""


def _free(name: str, taken: Sequence[str]) -> str:
    """Return a name of a series that no column of time or realisations has."""
    while name in taken:
        name += "_"
    return name
