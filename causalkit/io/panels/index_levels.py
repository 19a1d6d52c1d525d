"""The index of a DataFrame: which of its levels identify realisations, and which is time."""

from __future__ import annotations

from collections.abc import Sequence

from causalkit.display.words import listed
from causalkit.errors import DataError
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import shown
from causalkit.io.tables.table import Table
from causalkit.io.time.axis import TimeAxis, is_time_name
from causalkit.io.time.ticks import is_dated, read_ticks


def identifying_levels(table: Table, options: ReadOptions) -> tuple[str, ...]:
    """Return the levels of the index that identify realisations: all but the one that is time.

    Time is the level with dates, else those named like a time, else the last one with numbers.

    Raises:
        DataError: several levels have dates, or none could be time.
    """
    levels = [name for name in table.index if name not in options.drop]
    if len(levels) < 2:
        return ()
    times = [name for name in levels if name in options.time_column]
    if not times:
        times = [name for name in levels if is_dated(table.frame[name])]
        if len(times) > 1:
            raise DataError(
                f"{table.source}: the levels {listed([*map(shown, times)])} of the index all contain dates",
                f"name the one that is time with {table.hint('time_column', times[-1])}",
            )
    if not times:
        times = [name for name in levels if is_time_name(name)]
    if not times:
        times = [name for name in levels if read_ticks(table, name, options) is not None][-1:]
    if not times:
        raise DataError(
            f"{table.source}: no level of the index {listed([*map(shown, levels)])} could be time",
            f"name those that identify realisations with {table.hint('panel_column', *levels[:-1])}, and leave the "
            f"others out with {table.hint('drop', levels[-1])}",
        )
    return tuple(name for name in levels if name not in times)


def without_index(table: Table, names: Sequence[str], axis: TimeAxis | None) -> tuple[list[str], list[str]]:
    """Return the names of columns that were no index, and notes on the levels of the index that are left out.

    An index is never a series.

    Raises:
        DataError: there is no time, and its labels repeat, so that they may identify realisations, or are numbers in no
            order, so that the rows may be shuffled.
    """
    left = [name for name in table.index if name in names]
    notes = []
    for name in left:
        if axis is None and table.frame[name].duplicated().any():
            raise DataError(
                f"{table.source}: the labels of the index {shown(name)} repeat, and they are no times",
                f"if they identify realisations, give {table.hint('panel_column', name)}; else leave them out with "
                f"{table.hint('drop', name)}",
            )
        if axis is None and table.frame[name].dtype.kind in "iuf":
            raise DataError(
                f"{table.source}: the numbers of the index {shown(name)} are in no order, so the rows may be shuffled",
                "sort the frame with sort_index(); or, if the rows are in the order of time, leave the index out with "
                f"{table.hint('drop', name)}",
            )
        notes.append(
            f"the index {name!r} was left out"
            + ("" if axis else "; its labels are no times, so the rows count as steps in their order")
        )
    return [name for name in names if name not in left], notes
