"""Transposed tables: one row a series and one column a time step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.display.words import listed
from causalkit.errors import DataError
from causalkit.io.layout.codes import repeated
from causalkit.io.layout.headings import Headings, times_of
from causalkit.io.layout.hints import together, transpose_hint
from causalkit.io.layout.keys import has_dates, is_text, is_whole
from causalkit.io.layout.series_names import names_in, naming
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import number, shown
from causalkit.io.tables.table import Table
from causalkit.io.time.names import is_time_name, kind_of
from causalkit.io.time.ticks import ticks_of

AXIS = "time"
_MOST_LABELS, _MOST_REMARKS = 12, 3


def transposed_as_asked(table: Table, options: ReadOptions) -> Table:
    """Return the table with one row a time step.

    The headings become the axis of time where they are times; the columns without such a heading name the series.

    Raises:
        DataError: two rows have the same name, or realisations have different series.
    """
    names = [name for name in table.names if name not in options.drop]
    labels, headings = _split(table, names)
    if headings is None:
        labels = [name for name in names if is_text(table.frame[name])]
        if not labels and (table.unnamed in names or table.index):
            labels = [table.unnamed or table.index[0]]
    steps = [name for name in names if name not in labels]
    if headings is None and labels:
        _refuse_numbers_as_headings(table, steps)
    if not steps:
        raise DataError(f"{table.source} has no column of measurements", "check the delimiter and the options")
    return _made(table, labels, steps, headings, "as asked, the table was transposed")


def transposed_recognised(table: Table, options: ReadOptions) -> Table | None:
    """Return a table whose headings are times with one row a time step, or None where it is not transposed.

    Raises:
        DataError: it may be transposed, and the user has to say so.
    """
    names = [name for name in table.names if name not in options.drop]
    labels, headings = _split(table, names)
    if headings is not None and _is_calendar(headings) and len(labels) == 1 and _is_part(table, labels[0]):
        raise DataError(
            f"{table.source}: the headings are dates and {shown(labels[0])} is a part of a date, so the columns may be "
            "one series",
            f"write one row a time step; if every column is a series, add {table.hint('orientation', 'time-series')}",
        )
    if headings is None or not labels or any(_is_time(table, name) for name in labels):
        if options.date_format is None or ticks_of(table.frame[names[0]], names[0], options) is None:
            _refuse_names_of_rows(table, names)
        return None
    texts = [name for name in labels if is_text(table.frame[name])]
    more_steps = len(headings.times) > len(table.frame)
    if not texts and not (headings.certain and more_steps):
        return None
    if not texts or not (more_steps or (headings.certain and _is_calendar(headings))) or _count(table.frame[texts[0]]):
        raise DataError(
            f"{table.source}: the headings of the columns count like times, so the rows may be series",
            f"if they are, add {transpose_hint(table)}; if every row is a time step, add "
            f"{table.hint('orientation', 'time-series')}",
        )
    steps = [name for name in names if name not in labels]
    made = _made(table, labels, steps, headings, "the headings are times, so the table was transposed")
    how = f"the same as {transpose_hint(table)}; if every row is a time step, add "
    how += table.hint("orientation", "time-series")
    return replace(made, notes=(*made.notes[:-1], f"{made.notes[-1]} ({how})"))


def _refuse_names_of_rows(table: Table, names: Sequence[str]) -> None:
    """Refuse a first column of names, each in one row, beside columns of numbers without times in their headings."""
    if len(names) < 3 or len(table.frame) < 2 or names[0] in table.index:
        return
    column = table.frame[names[0]]
    if not is_text(column) or not column.is_unique or is_time_name(names[0]):
        return
    if any(is_text(table.frame[name]) for name in names[1:]):
        return
    _refuse_numbers_as_headings(table, names[1:])
    hint = f"if every row is a series, add {transpose_hint(table)}"
    if len(names) - 1 < len(table.frame):
        hint += f"; if the rows are time steps in their order, add {table.hint('drop', names[0])}"
    raise DataError(
        f"{table.source}: the first column, {shown(names[0])}, has a name for every row, such as "
        f"{shown(str(column.iloc[0]))}",
        hint,
    )


def _refuse_numbers_as_headings(table: Table, names: Sequence[str]) -> None:
    """Refuse headings that are measurements: the first row of a table without headings."""
    if all(number(name) is not None for name in names) and not all(name.strip().isdecimal() for name in names):
        raise DataError(
            f"{table.source}: the headings of the columns are numbers such as {shown(names[0])}, so the first row may "
            "contain measurements",
            "if it does, add " + together(table, table.hint("header_rows", "0"), transpose_hint(table)),
        )


def _split(table: Table, names: Sequence[str]) -> tuple[list[str], Headings | None]:
    """Return the columns that label rows, and the times in the headings of the columns after them."""
    for first in range(min(len(names), _MOST_LABELS)):
        if first and names[0] == "0":
            break  # the file has no headings, and its columns are called after their positions
        headings = times_of(names[first:])
        if any(is_text(table.frame[name]) for name in names[first : first + 3]):
            continue
        if headings is not None:
            return list(names[:first]), headings
        for last in range(len(names) - 1, max(len(names) - 1 - _MOST_REMARKS, first), -1) if first else ():
            headings = times_of(names[first:last])  # columns of remarks after those of the times
            if headings is not None and headings.certain and _is_calendar(headings):
                return [*names[:first], *names[last:]], headings
    return [], None


def _is_time(table: Table, name: str) -> bool:
    column = table.frame[name]
    return has_dates(column) or (kind_of(name) not in ("", "counter") and not is_text(column))


def _is_part(table: Table, name: str) -> bool:
    """Return whether a column is the month, week or day of a year, or the hour of a day."""
    column = table.frame[name]
    if not (is_time_name(name) and is_whole(column)):
        return False
    return int(column.min()) in (0, 1) and 4 <= column.nunique() == len(column) <= 366


def _is_calendar(headings: Headings) -> bool:
    """Return whether headings are dates or years, which no series is called after."""
    return isinstance(headings.times[0], str) or headings.times[0] >= 1000


def _count(column: Any) -> bool:
    """Return whether names only count rows, such as s1, s2, s3; rows may then be steps."""
    headings = times_of([str(cell) for cell in column])
    return headings is not None


def _made(table: Table, labels: Sequence[str], steps: Sequence[str], headings: Headings | None, note: str) -> Table:
    import pandas as pd

    frame = table.frame
    if headings is not None and headings.descending:
        steps, headings = steps[::-1], replace(headings, times=headings.times[::-1], descending=False)
    naming_columns = naming(frame, labels) if labels else ()
    names = names_in(frame, naming_columns) if naming_columns else None
    lengths = table.lengths or (len(frame),)
    starts = np.cumsum((0, *lengths))[:-1]
    if names is not None:
        _check_names(table, names[: lengths[0]], naming_columns)
    series = [str(row) for row in range(lengths[0])] if names is None else list(names[: lengths[0]])
    order = np.empty((len(lengths), len(series)), dtype=np.int64)
    for part, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        own = series if names is None else list(names[start : start + length])
        if length != len(series) or sorted(own) != sorted(series):
            raise DataError(
                f"{table.source}: realisation {part + 1} has other series than realisation 1",
                "all realisations of a panel must have the same series",
            )
        position = {name: row for row, name in enumerate(own)}
        order[part] = start + np.array([position[name] for name in series])
    cells = frame[list(steps)].to_numpy()
    wide = pd.DataFrame(np.concatenate([cells[rows].T for rows in order]), columns=series)
    axis = AXIS
    while axis in series:
        axis += "_"
    if headings is not None:
        wide.insert(0, axis, np.tile(np.asarray(headings.times), len(lengths)))
    columns = {name: column for column, name in enumerate(series)}

    def place(row: int, name: str) -> str:
        part, step = divmod(row, len(steps))
        if name not in columns:
            return f"the heading {shown(steps[step])}"
        return table.place_of(int(order[part, columns[name]]), steps[step])

    if naming_columns:
        note += (
            f": {listed([*map(shown, naming_columns)])} {'names' if len(naming_columns) == 1 else 'name'} the series"
        )
    else:
        note += ": every row is a series"
    if headings is not None:
        note += f" and the headings {shown(steps[0])} to {shown(steps[-1])} are the time"
    left_out = [name for name in labels if name not in naming_columns]
    if left_out:
        note += f"; left out: {listed([*map(shown, left_out)])}"
    return replace(
        table,
        frame=wide,
        locate=lambda row: f"column {shown(steps[row % len(steps)])}",
        place=place,
        notes=(*table.notes, note),
        unnamed="",
        lengths=None if table.lengths is None else (len(steps),) * len(lengths),
        recognise=headings is not None,
        index=() if headings is None or axis == AXIS else (axis,),
    )


def _check_names(table: Table, names: NDArray[Any], columns: Sequence[str]) -> None:
    import pandas as pd

    empty = [row for row, name in enumerate(names) if not name]
    if empty:
        raise DataError(f"{table.cell(empty[0], columns[0])}: the name of the series is missing", "fill the cell")
    again = repeated(pd.factorize(names)[0])
    if again is not None:
        first, second = map(table.locate, again)
        raise DataError(
            f"{table.source}: {first} and {second} are both named {shown(names[again[0]])}",
            "series names must be unique; rename one of them",
        )
