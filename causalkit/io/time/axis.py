"""The column that is time, or the columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.display.words import listed
from causalkit.errors import DataError
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import MISSING, shown
from causalkit.io.tables.table import Table
from causalkit.io.time.dates import by_format
from causalkit.io.time.names import identifies_rows, is_certain, kind_of, part_of
from causalkit.io.time.names import is_time_name as is_time_name
from causalkit.io.time.numbers_as_dates import as_dates
from causalkit.io.time.order import Order, Rows, is_time, order_of
from causalkit.io.time.parts import find_parts, named_parts
from causalkit.io.time.steps import even_share
from causalkit.io.time.ticks import Ticks, is_dated, not_in_format, read_ticks

SEVERAL = 10
"""Fewest rows in which equal steps are no accident, whatever the name of a column."""
_SOME = 5
"""The same for a column that is named like a time."""
_EVEN = 0.9
"""Share of equal steps with which a column counts rows or time, whatever its name."""
_PERIODS = {"hour": 24, "month": 12, "quarter": 4, "weekday": 7, "minute": 60, "second": 60}


@dataclass(frozen=True, eq=False)
class TimeAxis:
    """The columns that are time.

    Attributes:
        table: that they belong to.
        names: of the columns; several are parts of a date.
        ticks: their times; what is later is larger.

    Raises:
        DataError: a time is missing.
    """

    table: Table
    names: tuple[str, ...]
    ticks: Ticks

    def __post_init__(self) -> None:
        if self.ticks.missing.any():
            name = self.names[0]
            raise DataError(
                f"{self.table.cell(int(np.argmax(self.ticks.missing)), name)}: the time is missing",
                f"fill the cell, or leave the column out with {self.table.hint('drop', name)}",
            )

    @property
    def label(self) -> str:
        """The columns as a sentence has them: ``column 'time'``."""
        return ("column " if len(self.names) == 1 else "columns ") + listed([shown(name) for name in self.names])

    @property
    def without(self) -> str:
        """The option that leaves the columns out."""
        return " ".join(self.table.hint("drop", name) for name in self.names)


@dataclass(frozen=True, eq=False)
class FoundTime:
    """What was found out about time.

    Attributes:
        axis: of time, or None.
        columns: names of all columns that are times, or count, and are no variables.
        notes: what was recognised.
    """

    axis: TimeAxis | None = None
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(eq=False)
class _Candidate:
    """A column, or several, that can be time. The smallest rank and the fewest restarts win."""

    names: tuple[str, ...]
    ticks: Ticks
    order: Order
    rank: float
    even: float = field(default=0.0)

    @property
    def kind(self) -> str:
        return kind_of(self.names[0])


def counts_evenly(realisations: Sequence[NDArray[Any]]) -> bool:
    """Return whether values grow by one equal step, apart from restarts, too often for an accident."""
    if sum(len(values) for values in realisations) < _SOME:
        return False
    if not all(np.isfinite(values).all() for values in realisations):
        return False
    with np.errstate(over="ignore"):
        steps = np.concatenate([np.diff(values) for values in realisations])
    forward = steps[steps > 0]
    return len(forward) > len(steps) / 2 and bool(np.allclose(forward, forward[0], rtol=0.01, atol=0))


def find_time(table: Table, names: Sequence[str], groups: Sequence[Rows], options: ReadOptions) -> FoundTime:
    """Return the time column that the user names, or the one that can be recognised.

    A column is recognised by its name, by dates in it, or because it counts evenly. Columns that repeat the same
    times are no variables either.

    Args:
        table: of the columns.
        names: the columns to look at.
        groups: rows of each realisation known so far.
        options: which column it is, and how it is written.

    Raises:
        DataError: the named column is not a column of times, a time is missing, or it is not certain which column is
            time, or in which direction it runs.
    """
    if options.time_column == ("none",):
        _check_used(table, None, options)
        return FoundTime()
    if options.time_column != ("auto",):
        return _named(table, names, groups, options)
    if not table.recognise:
        _refuse_counting(table, names, groups, options)
        _check_used(table, None, options)
        return FoundTime()
    notes: list[str] = []
    found = _candidates(table, names, groups, options, notes)
    if not found:
        _check_used(table, None, options)
        return FoundTime(notes=tuple(notes))
    # A date that is the same in every row is when the table was written, or its whole period.
    best = min(found, key=lambda one: (_is_constant(one.ticks), one.rank, one.order.restarts))
    _check_certain(table, best, options)
    axis = TimeAxis(table, best.names, _directed(as_dates(best.ticks, best.names[0], groups), best.kind, options))
    notes.append(_taken(table, best))
    columns = list(best.names)
    for other in found:
        if other is best or set(other.names) & set(columns):
            continue
        name = other.names[0]
        alone = not kind_of(name) and set(names) <= {*columns, name}  # the only column that could be a series
        if _says_the_same(other, best, groups) and not alone:
            columns.append(name)
            what = "contains dates too" if other.ticks.dates else "also counts time"
            notes.append(f"the column {name!r} {what} and is not a variable")
        elif kind_of(name) not in ("age", "past", ""):
            notes.append(f"the column {name!r} is named like a time and was kept as a variable")
    calendar = _days_of_years(table, [name for name in names if name not in columns])
    if calendar:
        columns.extend(calendar)
        notes.append(f"the columns {calendar[0]!r} and {calendar[1]!r} are the days of a calendar and not variables")
    for name in names:
        if name not in columns and _repeats(table, name, axis):
            columns.append(name)
            notes.append(f"the column {name!r} repeats a part of the time and is not a variable")
    notes = [note for note in notes if not any(repr(name) in note and "kept" in note for name in columns)]
    _check_used(table, axis, options)
    return FoundTime(axis, tuple(columns), (*notes, *axis.ticks.notes))


def _candidates(
    table: Table, names: Sequence[str], groups: Sequence[Rows], options: ReadOptions, notes: list[str]
) -> list[_Candidate]:
    found: list[_Candidate] = []
    refused: DataError | None = None
    parts = find_parts(table, names, options)
    if parts is not None:
        columns, moments = parts
        order = order_of(moments.values, moments.missing, groups)
        alone = read_ticks(table, columns[0], options)
        repeated = alone is None or order_of(alone.values, alone.missing, groups).kind != "onward"
        if repeated and order.kind in ("onward", "falling", "shuffled"):
            found.append(_Candidate(columns, moments, order, 0))
    wandering = _wandering(table, groups)
    for name in names:
        kind, index = kind_of(name), name in table.index
        if name in wandering and not (index or kind or name == table.unnamed):
            continue
        column = table.frame[name]
        dated = is_dated(column)
        numeric = column.dtype.kind in "iuf" or str(column.dtype) in ("Int64", "Float64", "Int32")
        asked = options.date_format is not None and not numeric
        known = dated or asked or index or bool(kind) or name == table.unnamed
        if not known and not _may_count(table, name, groups):
            continue
        ticks = read_ticks(table, name, options)
        labels = _numbered(table, name) if ticks is None else None
        ticks = ticks or labels
        if ticks is None:
            continue
        order = order_of(ticks.values, ticks.missing, groups)
        if labels is not None and order.kind not in ("onward", "falling"):
            continue  # labels in any order are no times
        one = _Candidate((name,), ticks, order, _rank(table, name, kind, ticks, order), _evenness(ticks, order, groups))
        if (ticks.dates and not ticks.clock) or is_time(order, certain=False):
            if _counts(table, name, kind, one, groups):
                found.append(one)
            elif kind == "cycle":
                notes.append(f"the column {name!r} is named like a time and was kept as a variable")
            continue
        if is_certain(name) or (index and order.kind == "shuffled" and not _plain_index(table, name)):
            what = "some are equal" if order.kind == "none" else "their steps are unequal once they are sorted"
            refused = refused or DataError(
                f"{table.source}: the times in column {shown(name)} are in no order, and {what}",
                f"sort the rows by time, separate recordings with {table.hint('panel_column', 'NAME')}, or, if the "
                "column "
                f"is not time, keep it as a series with {table.hint('time_column', 'none')}",
            )
        if kind in ("time", "cycle") or identifies_rows(name) or name == table.unnamed:
            what = "has no name" if name == table.unnamed else "is named like a time"
            notes.append(f"the column {name!r} {what} but does not increase; it was kept as a variable")
    if refused is not None and not any(one.rank <= 1 for one in found):
        raise refused
    return found


def _is_constant(ticks: Ticks) -> bool:
    return len(ticks.values) > 1 and bool((ticks.values == ticks.values[0]).all())


def _rank(table: Table, name: str, kind: str, ticks: Ticks, order: Order) -> float:
    if ticks.dates and not ticks.clock:
        return 0
    if name in table.index and not _plain_index(table, name):
        return 1
    if kind in ("time", "past") or ticks.clock:
        return 1
    if kind == "cycle":
        return 3 if order.restarts else 1
    return 2 if kind in ("counter", "age") or name == table.unnamed or name in table.index else 2.5


def _counts(table: Table, name: str, kind: str, one: _Candidate, groups: Sequence[Rows]) -> bool:
    """Return whether a column that increases is time, or a variable that happens to increase."""
    if one.ticks.dates:
        return True
    if kind == "time" or (kind in ("cycle",) and one.order.kind != "repeating"):
        return True
    if name in table.index or name == table.unnamed:
        return True
    several = max(len(rows) for rows in groups) >= (SEVERAL if not kind else _SOME)
    strictly = one.order.kind in ("onward", "falling")
    if kind in ("past", "age"):
        return several and strictly
    if kind == "counter":
        return strictly and (one.even >= _EVEN or (several and identifies_rows(name)))
    return several and strictly and one.even >= _EVEN


def _wandering(table: Table, groups: Sequence[Rows]) -> set[str]:
    """Return the columns of numbers whose first steps go up and down: all at once, since a table may have many."""
    rows = max(groups, key=len)[:64]
    plain = [isinstance(dtype, np.dtype) and dtype.kind in "iuf" for dtype in table.frame.dtypes]
    numbers = table.frame.loc[:, plain]
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.diff(numbers.iloc[rows].to_numpy(dtype=np.float64), axis=0)
    up, down = steps > 0, steps < 0
    wander = ~(up.all(axis=0) | down.all(axis=0)) & (up.sum(axis=0) <= 0.5 * len(steps))
    return set(numbers.columns[wander])


def _may_count(table: Table, name: str, groups: Sequence[Rows]) -> bool:
    """Return whether the first cells of a column go one way, so that it is worth a closer look."""
    import pandas as pd

    column = table.frame[name]
    rows = max(groups, key=len)[:64]
    if len(rows) < SEVERAL or pd.api.types.is_bool_dtype(column.dtype):
        return False
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return _numbered(replace(table, frame=table.frame.iloc[rows]), name) is not None
    plain = isinstance(column.dtype, np.dtype)  # the fast way, for tables of many columns
    some = column.to_numpy()[rows] if plain else column.iloc[rows].to_numpy(dtype=np.float64, na_value=np.nan)
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.diff(some.astype(np.float64))
    return bool((steps > 0).all() or (steps < 0).all() or ((steps > 0).mean() > 0.5 and _sawtooth(steps)))


def _sawtooth(steps: NDArray[Any]) -> bool:
    forward = steps[steps > 0]
    return bool(np.allclose(forward, forward[0], rtol=1e-6)) and not (steps == 0).any()


def _numbered(table: Table, name: str) -> Ticks | None:
    """Return the numbers in text such as ``t0, t1`` or ``Sample 1, Sample 2``, where the words do not change."""
    import pandas as pd

    column = table.frame[name]
    if pd.api.types.is_numeric_dtype(column.dtype) or column.dtype.kind in "mM" or not len(column):
        return None
    if column.isna().any() or not re.search(r"\d", str(column.iloc[0])):
        return None
    parts = column.astype(str).str.strip().str.extract(r"^(\D*)(\d{1,15})(\D*)$")
    if parts.isna().any(axis=None) or parts[0].nunique() > 1 or parts[2].nunique() > 1:
        return None
    values = parts[1].astype(np.float64).to_numpy()
    return Ticks(values, False, np.zeros(len(values), dtype=bool))


def _evenness(ticks: Ticks, order: Order, groups: Sequence[Rows]) -> float:
    """Return the share of equal steps, in months where the times are those of months."""
    if order.even >= _EVEN or order.kind not in ("onward", "falling") or ticks.missing.any():
        return order.even
    months = ticks.months()
    if months is None:
        return order.even
    return max(order.even, even_share([np.abs(np.diff(months[rows])) for rows in groups]))


def _plain_index(table: Table, name: str) -> bool:
    """Return whether the column is an index without a name, which pandas itself numbered."""
    return name in table.index and re.fullmatch(r"(index|level \d+)_*", name) is not None and _is_whole(table, name)


def _is_whole(table: Table, name: str) -> bool:
    return table.frame[name].dtype.kind in "iu"


def _says_the_same(other: _Candidate, best: _Candidate, groups: Sequence[Rows]) -> bool:
    if other.ticks.dates and not other.ticks.clock:
        return True
    if max(map(len, groups)) < _SOME or other.even < _EVEN or other.order.kind not in ("onward", "falling"):
        return False
    if best.ticks.dates and other.kind == "counter":
        return True  # a number of a sample that begins again after 255
    # A number of the row runs on where time begins anew.
    return other.order.restarts == best.order.restarts or not other.order.restarts


def _repeats(table: Table, name: str, axis: TimeAxis) -> bool:
    """Return whether a column is a part of the dates, such as their year."""
    import pandas as pd

    part, ticks = part_of(name), axis.ticks
    if part == "time" and ticks.dates and not ticks.clock and table.frame[name].nunique(dropna=False) == 1:
        return True  # the hour at which every day is measured
    if not part or part in ("date", "time") or not ticks.dates or ticks.clock:
        return False
    column = table.frame[name]
    if not pd.api.types.is_numeric_dtype(column.dtype) or column.isna().any():
        return False
    wall = ticks.values if ticks.local is None else ticks.local
    moments = pd.DatetimeIndex((-wall if ticks.backward else wall).astype("datetime64[us]"))
    own = moments.isocalendar().week if part == "week" else getattr(moments, {"doy": "dayofyear"}.get(part, part))
    return bool(np.array_equal(column.to_numpy(dtype=np.float64), np.asarray(own, dtype=np.float64)))


def _days_of_years(table: Table, names: Sequence[str]) -> list[str]:
    """Return the columns of months and of days that go on by one day from row to row, of unknown years."""
    import pandas as pd

    month, day = ([name for name in names if part_of(name) == part] for part in ("month", "day"))
    if len(month) != 1 or len(day) != 1 or len(table.frame) < SEVERAL:
        return []
    cells = table.frame[[month[0], day[0]]]
    if not all(pd.api.types.is_numeric_dtype(dtype) for dtype in cells.dtypes) or cells.isna().any(axis=None):
        return []
    numbers = cells.to_numpy(dtype=np.float64)
    turns = np.concatenate([[0], np.cumsum(np.diff(numbers[:, 0]) < 0)])
    for first in range(2001, 2005):  # a leap year is one of four
        parts = {"year": first + turns, "month": numbers[:, 0], "day": numbers[:, 1]}
        moments = pd.to_datetime(pd.DataFrame(parts), errors="coerce")
        if moments.notna().all() and (moments.diff()[1:] == pd.Timedelta(days=1)).all():
            return [month[0], day[0]]
    return []


def _taken(table: Table, best: _Candidate) -> str:
    names = listed([repr(name) for name in best.names])
    if len(best.names) > 1:
        return f"the columns {names} together were taken as time and are not variables"
    if best.kind or best.ticks.dates or best.names[0] in table.index or best.names[0] == table.unnamed:
        return f"the {_what(table, best.names[0])} {names} was taken as time and is not a variable"
    return (
        f"the column {names} counts evenly, so it was taken as time and is not a variable (to keep it as a series, "
        "give "
        f"{table.hint('time_column', 'none')}; to leave it out, {table.hint('drop', best.names[0])})"
    )


def _what(table: Table, name: str) -> str:
    return "index" if name in table.index else "column"


def _check_certain(table: Table, best: _Candidate, options: ReadOptions) -> None:
    """Refuse a column that is time only perhaps, or may run in either direction."""
    name = best.names[0]
    column = f"{table.source}: the column {shown(name)}"
    directions = " or ".join(table.hint("time_direction", way) for way in ("forward", "backward"))
    keep = f"{table.hint('time_column', 'none')} if it is a series"
    if options.time_direction != "auto":
        return
    if best.kind == "age":
        raise DataError(
            f"{column} {'increases' if best.order.kind == 'onward' else 'decreases'} like a time, but an age may be "
            "that of "
            "a subject, which grows with time, or that of a layer, which is older where it is larger",
            f"give {directions}, or {keep}",
        )
    if best.order.kind == "onward" and not best.order.restarts:
        return
    if len(best.names) == 1 and not best.ticks.dates and np.ptp(best.ticks.values) + 1 == _PERIODS.get(part_of(name)):
        raise DataError(
            f"{column} counts to {best.ticks.values.max():g} again and again, as part of a date, and no column says "
            "which "
            "date it is",
            f"give {table.hint('drop', name)} to take the rows as steps in their order, or "
            f"{table.hint('time_column', name)} if every round is a realisation",
        )
    labels = name in table.index and table.frame[name].dtype.kind not in "iufmM" and not best.ticks.dates
    if (_plain_index(table, name) or labels) and best.order.kind in ("falling", "shuffled"):
        raise DataError(
            f"{table.source}: the index {shown(name)} "
            f"{'decreases' if best.order.kind == 'falling' else 'is not sorted'}, so "
            "either the rows or the index are in the order of time",
            f"give {table.hint('drop', name)} if the rows are, or {table.hint('time_column', name)} if the index is",
        )
    if not best.kind and not best.ticks.dates and name not in table.index and name != table.unnamed:
        how = (
            "counts down" if best.order.kind == "falling" else f"counts evenly and restarts {best.order.restarts} times"
        )
        raise DataError(
            f"{column} {how}, so it may be time",
            f"give {table.hint('time_column', name)} if it is, or {table.hint('time_column', 'none')} if it is a "
            "series",
        )


def _directed(ticks: Ticks, kind: str, options: ReadOptions) -> Ticks:
    backward = kind == "past" if options.time_direction == "auto" else options.time_direction == "backward"
    return ticks.turned() if backward else ticks


def _named(table: Table, names: Sequence[str], groups: Sequence[Rows], options: ReadOptions) -> FoundTime:
    """Return the time that the user names."""
    wanted = options.time_column
    for name in wanted:
        if name not in names:
            raise DataError(
                f"{table.source}: column {shown(name)} is named as time and as something else",
                f"name it only once, with {table.hint('time_column')}, {table.hint('panel_column')} or "
                f"{table.hint('drop')}",
            )
    if len(wanted) == 1:
        ticks = _named_ticks(table, wanted[0], options)
    else:
        joined = _joined(table, wanted, options) or named_parts(table, wanted, options)
        if joined is None:
            raise DataError(
                f"{table.source}: the columns {listed([shown(name) for name in wanted])} together are no date",
                "name columns such as year and month, or date and time of day, in this order",
            )
        ticks = joined
    if len(wanted) == 1:
        ticks = as_dates(ticks, wanted[0], groups)
    kind = kind_of(wanted[0])
    axis = TimeAxis(table, wanted, _directed(ticks, kind, options))
    order = order_of(axis.ticks.values, axis.ticks.missing, groups)
    if kind == "age":
        _check_certain(table, _Candidate(wanted, ticks, order, 0), options)
    _check_used(table, axis, options)
    columns, notes = list(wanted), list(axis.ticks.notes)
    for name in names:
        if name not in columns and (name in table.index or name == table.unnamed or _may_count(table, name, groups)):
            other = read_ticks(table, name, options) or _numbered(table, name)
            if other is None:
                continue
            own = order_of(other.values, other.missing, groups)
            if own.kind in ("onward", "falling") and not own.restarts and own.even >= _EVEN and not other.dates:
                if max(len(rows) for rows in groups) < SEVERAL:
                    continue
                columns.append(name)
                notes.append(f"the column {name!r} counts evenly and is not a variable")
    return FoundTime(axis, tuple(columns), tuple(notes))


def _joined(table: Table, wanted: Sequence[str], options: ReadOptions) -> Ticks | None:
    """Return the dates of several columns in the format that the user gives for all of them."""
    if options.date_format is None:
        return None
    cells = table.frame[wanted[0]].astype(str).str.strip()
    for name in wanted[1:]:
        cells = cells + " " + table.frame[name].astype(str).str.strip()
    reading = by_format(cells, options.date_format)
    if reading.wrong is not None:
        return None
    return Ticks(reading.moments, True, np.zeros(len(cells), dtype=bool), reading.unit)


def _named_ticks(table: Table, name: str, options: ReadOptions) -> Ticks:
    import pandas as pd

    column = table.frame[name]
    ticks = read_ticks(table, name, options) or _numbered(table, name)
    if ticks is not None:
        return ticks
    text = column.astype(str).str.strip()
    if options.date_format is not None:
        raise not_in_format(table, name, int(np.argmax(~text.isin(MISSING).to_numpy())), options.date_format)
    times = pd.to_numeric(text, errors="coerce")
    wrong = (times.isna() & column.notna() & ~text.isin(MISSING)).to_numpy()
    row = int(np.argmax(wrong))
    raise DataError(
        f"{table.cell(row, name)}: {shown(text.iloc[row])} is neither a number nor a date",
        f"correct the cell, give the format of the dates, such as {table.hint('date_format', '%Y-%m-%d')}, or name "
        "another "
        f"{table.hint('time_column')}",
    )


def _check_used(table: Table, axis: TimeAxis | None, options: ReadOptions) -> None:
    """Refuse options about time that have nothing to act on."""
    if options.date_format is not None:
        used = axis is not None and any(_has_format(table, name, options.date_format) for name in axis.names)
        if not used and not (axis is not None and len(axis.names) > 1 and _joined(table, axis.names, options)):
            name = _likely(table, axis)
            if name is None:
                raise DataError(f"{table.source} has no column of dates", f"leave {table.hint('date_format')} out")
            reading = by_format(table.frame[name], options.date_format)
            raise not_in_format(table, name, reading.wrong or 0, options.date_format)
    if axis is None and options.time_direction != "auto":
        raise DataError(
            f"{table.source} has no time column whose direction could be set",
            f"name it with {table.hint('time_column', 'NAME')}, or leave {table.hint('time_direction')} out",
        )
    if options.calendar == "business-days" and not (axis is not None and axis.ticks.dates and not axis.ticks.clock):
        raise DataError(
            f"{table.source} has no column of dates for a calendar of business days",
            f"name it with {table.hint('time_column', 'NAME')}, or leave {table.hint('calendar')} out",
        )


def _has_format(table: Table, name: str, layout: str) -> bool:
    return by_format(table.frame[name], layout).wrong is None


def _likely(table: Table, axis: TimeAxis | None) -> str | None:
    """Return the column that a format of dates is most likely about."""
    import pandas as pd

    if axis is not None:
        return axis.names[0]
    texts = [n for n in table.names if not pd.api.types.is_numeric_dtype(table.frame[n].dtype)]
    return next((n for n in texts if kind_of(n)), texts[0] if texts else None)


def _refuse_counting(table: Table, names: Sequence[str], groups: Sequence[Rows], options: ReadOptions) -> None:
    """Refuse an array in which a column counts evenly: it is time, and no series."""
    wandering = _wandering(table, groups)
    for name in names:
        if name in wandering or table.frame[name].dtype.kind not in "iufb":
            continue
        values = table.frame[name].to_numpy(dtype=np.float64)
        order = order_of(values, ~np.isfinite(values), groups) if _may_count(table, name, groups) else Order("none")
        if order.kind in ("onward", "falling") and order.even == 1.0:
            raise DataError(
                f"{table.source}: the column {shown(name)} counts evenly, like a time",
                f"give {table.hint('time_column', name)} if it is time, or {table.hint('time_column', 'none')} if it "
                "is a "
                "series",
            )
