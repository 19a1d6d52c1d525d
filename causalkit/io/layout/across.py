"""Time that runs across each row and goes on in the next one: a row a year and a column a month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.display.words import listed
from causalkit.errors import DataError
from causalkit.io.layout.keys import could_identify, has_dates, is_numeric, is_text, is_whole
from causalkit.io.layout.periods import SUMMARY, Cycle, cycle_in
from causalkit.io.layout.series_names import names_in, naming
from causalkit.io.layout.widening import widened
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import shown
from causalkit.io.tables.table import Table
from causalkit.io.time.axis import is_time_name
from causalkit.io.time.ticks import ticks_of

VALUE = "value"
_TIME = "date"
_YEARS = (1000, 2200)


def across_as_asked(table: Table, options: ReadOptions) -> Table:
    """Return the table with one row a time step, where time runs across each row.

    Raises:
        DataError: the headings are not the parts of a year, a week or a day; or a row has no year or date.
    """
    names = _names(table, options)
    cycle = cycle_in(names)
    if cycle is None and table.numbered and len(names) in (5, 13):
        # Without headings: a year, and its quarters or months.
        part, step = ("quarter", 3) if len(names) == 5 else ("month", 1)
        cycle = Cycle(part, "year", tuple(names[1:]), tuple(range(0, 12, step)))
    if cycle is None:
        raise DataError(
            f"{table.source}: the headings are not the months or quarters of a year, the days of a week or the hours "
            "of a day",
            f"rename them, such as Jan to Dec, or leave out {table.hint('orientation', 'across')}",
        )
    period = _period(table, names, cycle)
    if period is None:
        raise DataError(
            f"{table.source} has no column of the {cycle.period}s beside the columns of the {cycle.part}s",
            f"name it with {table.hint('time_column', 'NAME')}",
        )
    return _made(table, names, cycle, period, "as asked, time runs across the rows")


def across_recognised(table: Table, options: ReadOptions) -> Table | None:
    """Return a table with a row a year and a column a month, or the like, as series; None where it is none.

    Raises:
        DataError: it may be one, and the user has to say so.
    """
    names = _names(table, options)
    cycle = cycle_in(names)
    way_back = f"if every column is a series, add {table.hint('orientation', 'time-series')}"
    if cycle is None:
        if table.numbered and len(names) == 13 and _is_year(table.frame[names[0]]):
            raise DataError(
                f"{table.source}: the first column counts years and 12 columns follow, so they may be months",
                f"if they are, add {table.hint('orientation', 'across')}; {way_back}",
            )
        return None
    period = _period(table, names, cycle)
    if period is None:
        return None
    if not cycle.certain:
        if not _is_period_name(period, cycle):
            return None
        raise DataError(
            f"{table.source}: the headings {cycle.columns[0]} to {cycle.columns[-1]} may be {cycle.part}s",
            f"if they are, add {table.hint('orientation', 'across')}; {way_back}",
        )
    made = _made(table, names, cycle, period, "time runs across the rows")
    how = f"the same as {table.hint('orientation', 'across')}; {way_back}"
    return replace(made, notes=(*made.notes[:-1], f"{made.notes[-1]} ({how})"))


def _names(table: Table, options: ReadOptions) -> list[str]:
    return [name for name in table.names if name not in options.drop]


def _period(table: Table, names: Sequence[str], cycle: Cycle) -> str | None:
    """Return the column of years, or of the days or weeks that the rows are."""
    rest = [name for name in names if name not in cycle.columns and not SUMMARY.fullmatch(name.strip())]
    rest += [name for name in names if name.strip().lower() == cycle.period]
    frame = table.frame
    if cycle.period == "year":
        found = [name for name in rest if _is_year(frame[name])]
    else:
        found = [name for name in rest if has_dates(frame[name])]
        found = found or [name for name in rest if is_time_name(name) and is_whole(frame[name])]
    return min(found, key=lambda name: not _is_period_name(name, cycle), default=None)


def _is_period_name(name: str, cycle: Cycle) -> bool:
    words = {
        "year": ("year", "yr", "jahr", "ann", "año", "anno"),
        "week": ("week", "date", "woche"),
        "day": ("date", "day"),
    }
    return any(word in name.lower() for word in words[cycle.period])


def _is_year(column: Any) -> bool:
    if not is_whole(column):
        return False
    values = column.to_numpy(dtype=np.float64)
    return bool(
        len(values) and (values >= _YEARS[0]).all() and (values <= _YEARS[1]).all() and (np.diff(values) != 0).any()
    )


def _made(table: Table, names: Sequence[str], cycle: Cycle, period: str, note: str) -> Table:
    """Return a table with one row a time step.

    Raises:
        DataError: a column is neither the period, nor one of its parts, nor a name of series, nor a summary.
    """
    import pandas as pd

    frame = table.frame
    rest = [name for name in names if name not in (*cycle.columns, period)]
    summaries = [name for name in rest if SUMMARY.fullmatch(name.strip()) and is_numeric(frame[name])]
    labels = [name for name in rest if name not in summaries]
    unclear = [name for name in labels if not (is_text(frame[name]) or could_identify(frame, [name]))]
    if unclear:
        raise DataError(
            f"{table.source}: beside the columns of the {cycle.part}s there "
            f"{'is' if len(unclear) == 1 else 'are'} {listed([*map(shown, unclear)])}",
            f"leave {'it' if len(unclear) == 1 else 'them'} out with {table.hint('drop', *unclear)}",
        )
    keys = naming(frame, labels) if labels else ()
    parts = len(cycle.columns)
    times = _times(table, period, cycle)
    cells = frame[list(cycle.columns)].to_numpy()
    named = names_in(frame, keys) if keys else np.full(len(frame), VALUE, dtype=object)

    def place(row: int, name: str) -> str:
        source, part = divmod(row, parts)
        return table.place_of(source, cycle.columns[part] if name == VALUE else period)

    single = replace(
        table,
        frame=pd.DataFrame({_TIME: times.ravel(), VALUE: cells.ravel()}),
        locate=lambda row: f"{table.locate(row // parts)}, column {shown(cycle.columns[row % parts])}",
        place=place,
        lengths=None if table.lengths is None else tuple(parts * length for length in table.lengths),
    )
    made = widened(single, np.repeat(named, parts), VALUE, times=(_TIME,))
    note += f": every row is a {cycle.period} and {shown(cycle.columns[0])} to {shown(cycle.columns[-1])} are its "
    note += f"{parts} parts"
    if keys:
        note += f"; {listed([*map(shown, keys)])} names the series"
    left_out = [*summaries, *(name for name in labels if name not in keys)]
    if left_out:
        note += f"; left out: {listed([*map(shown, left_out)])}"
    return replace(made, notes=(*table.notes, note))


def _times(table: Table, period: str, cycle: Cycle) -> NDArray[Any]:
    """Return the time of every cell, shape (rows, parts): dates, or minutes where days and weeks are numbers."""
    column = table.frame[period]
    offsets = np.asarray(cycle.offsets)
    if cycle.period == "year":
        months = (column.to_numpy(dtype=np.int64) - 1970) * 12
        return np.asarray((months[:, None] + offsets).astype("datetime64[M]").astype("datetime64[us]"))
    ticks = ticks_of(column, period)
    if ticks is None or ticks.missing.any():
        row = 0 if ticks is None else int(np.argmax(ticks.missing))
        raise DataError(f"{table.cell(row, period)}: the time is missing or not understood", "correct the cell")
    if ticks.dates:
        return np.asarray((ticks.values[:, None] + offsets * 60_000_000).astype("datetime64[us]"))
    length = 1440 if cycle.period == "day" else 10080
    return np.asarray(ticks.values[:, None] * length + (offsets - offsets[0]), dtype=np.float64)
