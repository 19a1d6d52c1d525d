"""Which columns of a table identify its rows, and which are measurements."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from causalkit.io.layout.codes import Codes, blocks, codes_of, determined, distinct, joined, unique
from causalkit.io.layout.column_words import names_realisations, names_series
from causalkit.io.options import NONE, ReadOptions
from causalkit.io.tables.cells import is_date, number
from causalkit.io.tables.table import Table
from causalkit.io.time.axis import is_time_name
from causalkit.io.time.parts import find_parts
from causalkit.io.time.ticks import is_dated

COMPLETE = 0.5
"""Share of all combinations of identifiers and times that a table must have."""
ALMOST = 0.95
"""Share of the rows that must be unique; repeated ones are refused later, with their place."""
_SAMPLE = 200
_CALENDAR = re.compile(r"date|time|year|quarter|month|week|day|hour|minute|doy", re.IGNORECASE)
_VISITS = re.compile(r"(visit|wave|occasion|time[ _]?point)([ _](no|nr|name|label|id|code))?", re.IGNORECASE)
_MOST = 8
_WIDEST = 50
"""Number of columns beyond which a table is not searched for times without a name."""


@dataclass(frozen=True)
class Keys:
    """The roles of the columns of a table in which times repeat.

    Attributes:
        times: the columns that are time.
        identifiers: with time, they identify every row.
        attributes: columns that identifiers determine, such as the age of a subject, or that say the same as time.
        values: all other columns that contain numbers.
        texts: all other columns.
        named: is time recognised by a name or by dates, and not only by its values?
    """

    times: tuple[str, ...]
    identifiers: tuple[str, ...]
    attributes: tuple[str, ...]
    values: tuple[str, ...]
    texts: tuple[str, ...]
    named: bool = True


def keys_of(
    table: Table, options: ReadOptions, required: Sequence[str] = (), values: Sequence[str] = ()
) -> Keys | None:
    """Return the roles of the columns, or None where time does not repeat or no column tells the repetitions apart.

    Args:
        table: to look at.
        options: which may name the columns of time and of realisations.
        required: columns that are identifiers.
        values: columns that are measurements.
    """
    frame = table.frame
    names = [name for name in table.names if name not in options.drop and name not in values]
    whole = {name for name, kind in frame.dtypes.items() if kind.kind in "iu"}
    names = [name for name in names if name in required or name not in whole or not _counts_rows(frame[name])]
    names = [name for name in names if name in required or not _numbers_rows(table, name, options)]
    times = times_in(table, names, options)
    fixed = [*required, *(name for name in options.panel_column if name in names)]
    found = _identifiers(table, names, times, fixed) if times else None
    named = found is not None
    timed = any(name != table.unnamed and could_be_time(table, name) for name in table.names[:_WIDEST])
    if not timed and options.time_column != NONE and len(names) <= _WIDEST:
        for name in names:
            if name not in fixed and _has_even_values(frame[name]):
                times = (name,)
                found = _identifiers(table, names, times, fixed)
                if found is not None:
                    break
    if found is None:
        return None
    codes, time = codes_of(frame, found), _time_codes(table, times)
    rest = [name for name in names if name not in found and name not in times]
    attributes = [name for name in rest if _describes(codes_of(frame, [name]), codes, time)]
    others = [*values, *(name for name in rest if name not in attributes)]
    texts = [name for name in others if not is_numeric(frame[name])]
    return Keys(
        times,
        found,
        tuple(attributes),
        tuple(name for name in others if name not in texts),
        tuple(texts),
        named,
    )


def times_in(table: Table, names: Sequence[str], options: ReadOptions) -> tuple[str, ...]:
    """Return the columns that are time by the user's word, by their names or by dates in them."""
    if options.time_column == NONE:
        return ()
    if options.time_column != ("auto",):
        return tuple(name for name in options.time_column if name in names)
    frame = table.frame
    kinds = frame.dtypes
    dates = [name for name in names if kinds[name].kind not in "iufb" and has_dates(frame[name])]
    found = list(dates)
    for name in names:
        if name in dates or name in options.panel_column:
            continue
        if (is_time_name(name) or _VISITS.fullmatch(name)) and is_text(frame[name]):
            if not (dates and names_series(name)):  # Tag is a day, and the name of a sensor beside dates
                found.append(name)  # dates in a form that is not understood, or visits such as V1, V2
        elif (is_time_name(name) or name in (table.unnamed, *table.index[-1:])) and is_numeric(frame[name]):
            # Beside dates, only whole numbers are parts of a date. Measurements seldom repeat, in contrast to times.
            column = frame[name]
            if (is_whole(column) or not dates) and column.nunique() <= 0.75 * len(column):
                found.append(name)
    if len(found) > 1:  # an epoch beside a time is a realisation
        found = [name for name in found if not names_realisations(name)] or found
    elif found and not dates and names_realisations(found[0]):
        # An id that repeats is a subject, and no number of a row, beside the visits that it counts from one.
        found = [name for name in names if name != found[0] and _counts_within(frame, found[0], name)][:1] or found
    parts = find_parts(table, names, options)
    found.extend(parts[0] if parts is not None else ())
    return tuple(name for name in names if name in found)


def _counts_within(frame: Any, key: str, name: str) -> bool:
    """Return whether a column counts by one in every block of rows of a key, and begins again with the next."""
    if frame[name].dtype.kind not in "iu":
        return False
    steps = np.diff(frame[name].to_numpy())
    changes = frame[key].to_numpy()[1:] != frame[key].to_numpy()[:-1]
    return bool(changes.any() and (steps[~changes] == 1).all() and (steps[changes] <= 0).all())


def could_be_time(table: Table, name: str) -> bool:
    """Return whether a column has dates, the name of a time, or no name."""
    return is_time_name(name) or name in (table.unnamed, *table.index[-1:]) or has_dates(table.frame[name])


def is_calendar(name: str) -> bool:
    """Return whether a name is that of a part of a date, such as a month or a day of the week."""
    return _CALENDAR.search(name) is not None


def has_dates(column: Any) -> bool:
    """Return whether the first values of a column are dates."""
    if column.dtype.kind in "mM":
        return True
    return column.dtype.kind in "OTU" and is_dated(column.dropna().head(_SAMPLE))


def is_numeric(column: Any) -> bool:
    """Return whether a column contains numbers, perhaps with a few cells that do not."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_numeric_dtype(column.dtype):
        return not is_bool_dtype(column.dtype)
    if column.dtype.kind in "mM":
        return False
    cells = [str(cell) for cell in column.dropna().head(_SAMPLE)]
    return sum(number(cell) is not None or _decimal_comma(cell) for cell in cells) > len(cells) / 2


def is_whole(column: Any) -> bool:
    """Return whether a column contains whole numbers and no missing cell."""
    if column.dtype.kind in "iu":
        return True
    if column.dtype.kind != "f":
        return False
    head = column.head(_SAMPLE).to_numpy(dtype=np.float64)
    if not (head == np.round(head)).all():
        return False
    values = column.to_numpy(dtype=np.float64)
    return bool(np.isfinite(values).all() and (values == np.round(values)).all())


def is_text(column: Any) -> bool:
    """Return whether a column contains text that is neither a number nor a date."""
    if column.dtype.kind in "iufcbmM" or is_numeric(column) or has_dates(column):
        return False
    return column.dtype != object or all(isinstance(cell, str) for cell in column.dropna())


def could_identify(frame: Any, names: Sequence[str]) -> list[str]:
    """Return those columns that contain text or whole numbers, which repeat."""
    measured = _measured(frame, names)
    return [name for name in names if name not in measured and _could_identify(frame[name])]


def _could_identify(column: Any) -> bool:
    if not (is_text(column) or is_whole(column) or column.dtype.kind == "b") or column.isna().any():
        return False
    return 2 <= int(column.nunique()) <= len(column) / 2


def _measured(frame: Any, names: Sequence[str]) -> set[str]:
    """Return the columns whose first numbers are not whole: a quick look, since a table may have many columns."""
    floats = frame.head(_SAMPLE)[list(names)].select_dtypes("floating")
    values = floats.to_numpy(dtype=np.float64)
    return set(floats.columns[~(values == np.round(values)).all(axis=0)])


def counts_up(column: Any) -> bool:
    """Return whether the different values of a column are 0, 1, 2, ... or 1, 2, 3, ..."""
    if not is_whole(column):
        return False
    values = np.unique(column.to_numpy(dtype=np.float64))
    return bool(values[0] in (0, 1) and (np.diff(values) == 1).all())


def _identifiers(
    table: Table, names: Sequence[str], times: Sequence[str], fixed: Sequence[str]
) -> tuple[str, ...] | None:
    """Return the fewest columns that identify every row together with time; None: time does so, or nothing does."""
    frame = table.frame
    time = _time_codes(table, times)
    if unique(time):
        return None
    fixed = tuple(dict.fromkeys(fixed))
    candidates = [
        name
        for name in could_identify(frame, [name for name in names if name not in (*times, *fixed)])
        if not is_calendar(name)
    ]
    # A stable sort: columns with a usual name first, then columns as they come.
    candidates.sort(key=lambda name: not (names_series(name) or names_realisations(name)))
    for size in range(0 if fixed else 1, 4):
        for some in itertools.combinations(candidates[:_MOST], size):
            chosen = (*fixed, *some)
            codes = codes_of(frame, chosen)
            if distinct(joined(time, codes)) >= ALMOST * len(codes) and _covers(codes, time):
                return tuple(name for name in names if name in chosen)
    return None


def _time_codes(table: Table, times: Sequence[str]) -> Codes:
    """Return codes of the times within each of the realisations that the table itself separates."""
    lengths = table.lengths or (len(table.frame),)
    return joined(np.repeat(np.arange(len(lengths)), lengths), codes_of(table.frame, times))


def _describes(own: Codes, identifiers: Codes, time: Codes) -> bool:
    return determined(own, identifiers) or (determined(own, time) and determined(time, own))


def _covers(codes: Codes, time: Codes) -> bool:
    """Return whether most groups have most times, or every group is one block of rows."""
    groups = distinct(codes)
    in_blocks = blocks(codes) == groups and len(codes) >= 3 * groups
    return in_blocks or len(codes) >= COMPLETE * groups * distinct(time)


def _counts_rows(column: Any) -> bool:
    """Return whether a column is the number of the row, from 0 or 1."""
    if not len(column):
        return False
    first = int(column.iloc[0])
    return first in (0, 1) and np.array_equal(column.to_numpy(), np.arange(first, first + len(column)))


def _numbers_rows(table: Table, name: str, options: ReadOptions) -> bool:
    """Return whether a column is an index with a number for every row, such as sorting a long frame leaves behind."""
    if table.index != (name,) or name in (*options.time_column, *options.panel_column):
        return False
    return table.frame[name].dtype.kind in "iu" and bool(table.frame[name].is_unique)


def _has_even_values(column: Any) -> bool:
    """Return whether the different values of a column are equally spaced and repeat, as times of several series do."""
    if column.dtype.kind not in "iuf" or column.isna().any():
        return False
    head = np.unique(column.head(_SAMPLE))
    if len(head) > 3 and not np.allclose(np.diff(head), np.diff(head)[0], rtol=0.01) and len(head) > _SAMPLE / 2:
        return False
    values = np.unique(column.to_numpy(dtype=np.float64))
    steps = np.diff(values)
    return 5 <= len(values) <= len(column) / 2 and bool(np.allclose(steps, steps[0], rtol=0.01, atol=0))


def _decimal_comma(cell: str) -> bool:
    return number(cell.replace(",", ".", 1)) is not None and not is_date(cell)
