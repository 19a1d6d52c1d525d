"""Parts of a date in several columns: year and quarter, year, month and day, date and time of day."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causalkit.io.options import ReadOptions
from causalkit.io.tables.table import Table
from causalkit.io.time.dates import DAY, NOTHING, clock_of, month_number, texts_of
from causalkit.io.time.names import part_of
from causalkit.io.time.ticks import Ticks, read_ticks

_RANGES = {
    "year": (0, 2300),
    "quarter": (1, 4),
    "month": (1, 12),
    "week": (1, 53),
    "day": (1, 31),
    "weekday": (0, 7),
    "doy": (1, 366),
    "hour": (0, 24),
    "minute": (0, 59),
    "second": (0, 60),
}
_CHAINS = (
    ("year", "month", "day", "hour", "minute", "second"),
    ("year", "doy", "hour", "minute", "second"),
    ("year", "month", "day", "time"),
    ("year", "quarter"),
    ("year", "week"),
    ("date", "time"),
    ("date", "hour", "minute", "second"),
)
_LENGTHS = {"day": DAY, "hour": 3_600_000_000, "minute": 60_000_000, "second": 1_000_000}


def find_parts(table: Table, columns: Sequence[str], options: ReadOptions) -> tuple[tuple[str, ...], Ticks] | None:
    """Return the columns that together are a date, recognised by their names and values, or None.

    Of every chain of parts, as many columns are taken as there are; a date needs at least two.
    """
    by_part: dict[str, str] = {}
    for name in columns:
        part = part_of(name)
        if part and part not in by_part and _holds(table, name, part, options):
            by_part[part] = name
    if not by_part and list(columns[:2]) == ["0", "1"] and _count_months(table):
        by_part = {"year": "0", "month": "1"}
    best: tuple[tuple[str, ...], Ticks] | None = None
    for chain in _CHAINS:
        parts: list[str] = []
        for part in chain:
            if part not in by_part:
                break
            parts.append(part)
        # A whole date says more than a year and a month.
        known = 0 if best is None else len(best[0])
        if len(parts) < 2 or len(parts) < known or (len(parts) == known and parts[0] != "date"):
            continue
        names = tuple(by_part[part] for part in parts)
        ticks = together(table, dict(zip(parts, names, strict=True)), options)
        if ticks is not None:
            best = (names, ticks)
    return best


def _count_months(table: Table) -> bool:
    """Return whether the first two columns, which have no name, are years and months without a gap for two years."""
    year, month = (table.frame[name] for name in ("0", "1"))
    if year.dtype.kind not in "iu" or month.dtype.kind not in "iu" or len(year) < 24:
        return False
    proper = year.between(1000, 2300).all() and month.between(1, 12).all()
    return bool(proper and (np.diff(year.to_numpy() * 12 + month.to_numpy()) == 1).all())


def named_parts(table: Table, columns: Sequence[str], options: ReadOptions) -> Ticks | None:
    """Return the dates in columns that the user names, or None where they are no parts of a date.

    A column whose name says nothing is the next part in line.
    """
    for chain in _CHAINS:
        found: dict[str, str] = {}
        left = list(columns)
        for part in chain[: len(columns)]:
            name = next((n for n in left if part_of(n) == part), None)
            name = name or next((n for n in left if not part_of(n) or part in ("date", "time")), None)
            if name is None or not _holds(table, name, part, options):
                break
            found[part] = name
            left.remove(name)
        if not left and (ticks := together(table, found, options)) is not None:
            return ticks
    return None


def together(table: Table, columns: dict[str, str], options: ReadOptions) -> Ticks | None:
    """Return the moments of parts in several columns; a missing part makes a missing moment."""
    rows = len(table.frame)
    last = list(columns)[-1]
    notes: tuple[str, ...] = ()
    if "date" in columns:
        date = read_ticks(table, columns["date"], options)
        if date is None or not date.dates:
            return None
        moments, missing, notes = date.values.copy(), date.missing, date.notes
        if (moments[~missing] % DAY).any():
            return None
    else:
        year, missing = _numbers(table, columns["year"])
        year = np.where(missing, 1970, year)
        if (year < 100).any():  # two digits, as POSIX reads them
            year = np.where(year < 100, year + np.where(year >= 69, 1900, 2000), year)
        month = np.ones(rows)
        for part, length in (("month", 1), ("quarter", 3)):
            if part in columns:
                number, gone = _numbers(table, columns[part])
                missing = missing | gone
                month = np.where(gone, 1, (number - 1) * length + 1)
        months = ((year - 1970) * 12 + month - 1).astype(np.int64).astype("datetime64[M]")
        days = months.astype("datetime64[D]").astype(np.int64)
        if "week" in columns:
            week, gone = _numbers(table, columns["week"])
            missing = missing | gone
            fourth = days + 3
            days = fourth - (fourth + 3) % 7 + np.where(gone, 0, (week - 1) * 7).astype(np.int64)
        for part in ("day", "doy"):
            if part in columns:
                number, gone = _numbers(table, columns[part])
                missing = missing | gone
                days = days + np.where(gone, 0, number - 1).astype(np.int64)
                moved = days.astype("datetime64[D]").astype("datetime64[M]") != months
                if part == "day" and (moved & ~missing).any():
                    return None
        moments = days * DAY
    for part in ("hour", "minute", "second"):
        if part in columns:
            number, gone = _numbers(table, columns[part])
            missing = missing | gone
            moments = moments + np.where(gone, 0, np.rint(number * _LENGTHS[part])).astype(np.int64)
    if "time" in columns:
        clock = _clock(table, columns["time"])
        if clock is None:
            return None
        missing = missing | (clock == NOTHING)
        moments = moments + np.where(clock == NOTHING, 0, clock)
    if missing.all():
        return None
    unit = last if last in ("year", "quarter", "month", "week") else "day" if last in ("day", "doy") else ""
    return Ticks(np.where(missing, NOTHING, moments), True, missing, unit, notes=notes)


def _holds(table: Table, name: str, part: str, options: ReadOptions) -> bool:
    """Return whether the cells of a column can be this part of a date."""
    if part == "date":
        ticks = read_ticks(table, name, options)
        return ticks is not None and ticks.dates and not ticks.clock and not (ticks.values[~ticks.missing] % DAY).any()
    if part == "time":
        return _clock(table, name) is not None
    numbers, missing = _numbers(table, name)
    there = numbers[~missing]
    low, high = _RANGES[part]
    whole = part == "second" or bool((there == np.floor(there)).all())
    return len(there) > 0 and whole and bool(((there >= low) & (there <= high)).all())


def _numbers(table: Table, name: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the numbers in a column; names of months, ``Q1`` and ``M01`` are numbers too."""
    import pandas as pd

    column = table.frame[name]
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return values, np.isnan(values)
    texts, missing = texts_of(column)
    words = {text: month_number(text) for text in texts[~missing].unique()[:400]}
    texts = texts.map(lambda text: words.get(text) or text).astype(str).str.removeprefix("Q").str.removeprefix("M")
    values = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.isnan(values) & ~missing
    return (np.full(len(values), np.nan), np.ones(len(values), dtype=bool)) if wrong.any() else (values, missing)


def _clock(table: Table, name: str) -> NDArray[np.int64] | None:
    """Return times of day in microseconds: ``18:00``, ``18.00.00``, or 1800 and 180000 as numbers."""
    import pandas as pd

    column = table.frame[name]
    if column.dtype.kind == "m":
        return np.asarray(column.to_numpy().astype("timedelta64[us]").astype(np.int64))
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return clock_of(column)
    numbers, missing = _numbers(table, name)
    there = numbers[~missing]
    if not len(there) or (there != np.floor(there)).any() or there.min() < 0 or there.max() > 240_000:
        return None
    if there.max() > 24:
        seconds = there.max() > 2400
        if (there % 100 > 59).any() or (seconds and (there // 100 % 100 > 59).any()):
            return None
        if seconds:
            numbers = numbers // 10_000 + numbers // 100 % 100 / 60 + numbers % 100 / 3600
        else:
            numbers = numbers // 100 + numbers % 100 / 60
    return np.where(missing, NOTHING, np.rint(np.where(missing, 0, numbers) * 3_600_000_000).astype(np.int64))
