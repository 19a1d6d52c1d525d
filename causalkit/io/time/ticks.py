"""Cells of a time column as numbers, whose differences are steps."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.errors import DataError
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import shown
from causalkit.io.tables.table import Table
from causalkit.io.time.dates import DAY, NOTHING, Reading, by_format, readings_of, texts_of, year_first
from causalkit.io.time.names import kind_of, seconds_of

Whole = NDArray[np.int64]
_MONTHS_OF = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}
_DEFAULT = ReadOptions()
_UNITS = ((DAY, "day"), (3_600_000_000, "hour"), (60_000_000, "minute"), (1_000_000, "second"))


@dataclass(frozen=True, eq=False)
class Ticks:
    """Times as numbers; what is later is larger.

    Attributes:
        values: shape (rows,); dates in microseconds since 1970.
        dates: are they dates, times of day or durations?
        missing: shape (rows,), True where a time is missing or not finite.
        unit: "day", "week", "month", "quarter", "half-year" or "year", where dates are written as such; else "".
        local: dates by the clock on the wall, where that differs; None: it does not.
        backward: are the values the negative of what is written, as for an age?
        seconds: length of 1, for numbers whose unit is known.
        notes: what was assumed.
        clock: are these times of day or durations, which have no date?
    """

    values: NDArray[Any]
    dates: bool
    missing: NDArray[np.bool_]
    unit: str = ""
    local: Whole | None = None
    backward: bool = False
    seconds: float | None = None
    notes: tuple[str, ...] = ()
    clock: bool = False

    def turned(self) -> Ticks:
        """Return the times counted the other way round."""
        local = None if self.local is None else -self.local
        return replace(self, values=-self.values, local=local, backward=not self.backward)

    def shown(self, row: int) -> str:
        """Return the time of a row as text."""
        value = -self.values[row] if self.backward else self.values[row]
        if not self.dates:
            return f"{value:.10g}"
        local = value if self.local is None else -self.local[row] if self.backward else self.local[row]
        moment = np.int64(local).astype("datetime64[us]")
        if self.clock:
            return (
                str(np.int64(local).astype("timedelta64[us]")) if abs(int(local)) >= DAY else _trimmed(str(moment)[11:])
            )
        month = int(np.int64(moment.astype("datetime64[M]").astype(np.int64))) % 12
        year = str(moment)[:4]
        if self.unit == "quarter":
            return f"{year}-Q{month // 3 + 1}"
        if self.unit == "half-year":
            return f"{year}-H{month // 6 + 1}"
        return year if self.unit == "year" else str(moment)[:7] if self.unit == "month" else _trimmed(str(moment))

    def shown_step(self, step: float) -> str:
        """Return the length of a step as text, such as ``1 day`` or ``0.004``."""
        if not self.dates:
            return f"{step:.6g}"
        for size, unit in _UNITS:
            if step >= size * (1 - 1e-9):
                return counted(step / size, unit)
        return counted(step / 1e6, "second")

    def months(self) -> Whole | None:
        """Return months since year 0 where all dates are the same day of a month, or near its beginning or its end.

        The first and the last business day of a month are at most three days from its ends.
        """
        if not self.dates or self.clock:
            return _months_of_years(np.abs(self.values)) if not self.dates and self.unit == "year" else None
        wall = self.values if self.local is None else self.local
        if self.backward:
            return None
        days = wall // DAY
        if len(np.unique(wall - days * DAY)) > 1:
            return None
        moments = days.astype("datetime64[D]")
        months = moments.astype("datetime64[M]")
        of_month = (moments - months.astype("datetime64[D]")).astype(int) + 1
        length = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(int)
        if not len(days):
            return None
        same = (of_month == np.minimum(of_month.max(), length)).all()
        if not (same or (of_month <= 4).all() or (length - of_month <= 3).all()):
            return None
        return np.asarray(months.astype(np.int64) + 1970 * 12)


def counted(number: float, unit: str) -> str:
    """Return ``1 day`` or ``2.5 hours``."""
    text = f"{number:.6g}"
    return f"{text} {unit}" if text == "1" else f"{text} {unit}s"


def read_ticks(table: Table, name: str, options: ReadOptions) -> Ticks | None:
    """Return the times in a column, or None when there are none.

    Raises:
        DataError: the dates can be read in two ways, or do not have the format that the options name.
    """
    import pandas as pd

    column = table.frame[name]
    if column.dtype.kind == "M":
        return _from_moments(column)
    if column.dtype.kind == "m":
        moments = column.to_numpy().astype("timedelta64[us]").astype(np.int64)
        return Ticks(moments, True, column.isna().to_numpy(), clock=True)
    if isinstance(column.dtype, pd.PeriodDtype):
        return _from_periods(column)
    if isinstance(column.dtype, pd.CategoricalDtype):
        table = replace(table, frame=table.frame.assign(**{name: column.astype(object)}))
        column = table.frame[name]
    if pd.api.types.is_bool_dtype(column.dtype):
        return None
    if options.date_format is not None and (found := _by_format(table, name, options.date_format)) is not None:
        return found
    if pd.api.types.is_numeric_dtype(column.dtype):
        return _from_numbers(column.to_numpy(dtype=np.float64, na_value=np.nan), name)
    return _from_text(table, name)


def ticks_of(column: Any, name: str, options: ReadOptions = _DEFAULT) -> Ticks | None:
    """Return the times in a column by itself, or None when there are none or they are in doubt."""
    try:
        return read_ticks(Table(column.to_frame(name), "data"), name, options)
    except DataError:
        return None


def is_dated(column: Any) -> bool:
    """Return whether a column contains dates, or text that looks like dates."""
    import pandas as pd

    if column.dtype.kind in "mM" or isinstance(column.dtype, pd.PeriodDtype):
        return True
    return not pd.api.types.is_numeric_dtype(column.dtype) and bool(readings_of(column.head(200)))


def _trimmed(text: str) -> str:
    """Return a date without a time of midnight, and without zeros at its end."""
    text = re.sub(r"(\.\d*?)0+$", r"\1", text).removesuffix(".")
    return re.sub(r"(?<=\d)T00:00:00$", "", text)


def _from_moments(column: Any) -> Ticks:
    missing = column.isna().to_numpy()
    zone = getattr(column.dtype, "tz", None)
    wall = column.dt.tz_localize(None) if zone is not None else column
    moments = column.dt.tz_convert("UTC").dt.tz_localize(None) if zone is not None else column
    values, local = (part.to_numpy().astype("datetime64[us]").astype(np.int64) for part in (moments, wall))
    return Ticks(values, True, missing, _unit(local[~missing]), local if zone is not None else None)


def _from_periods(column: Any) -> Ticks:
    """Return the beginning of every period."""
    missing = column.isna().to_numpy()
    values = column.dt.start_time.to_numpy().astype("datetime64[us]").astype(np.int64)
    code = str(column.dtype).removeprefix("period[").split("-")[0].rstrip("]").upper()
    names = {"M": "month", "ME": "month", "Q": "quarter", "QE": "quarter", "Y": "year", "YE": "year", "A": "year"}
    unit = {**names, "W": "week", "D": "day", "B": "day"}.get(code, "")
    return Ticks(values, True, missing, unit)


def _unit(moments: Whole) -> str:
    return "day" if len(moments) and not (moments % DAY).any() else ""


def _by_format(table: Table, name: str, layout: str) -> Ticks | None:
    """Return dates in the format that the user gives, or None where the first cell does not have it."""
    reading = by_format(table.frame[name], layout)
    if (reading.moments == NOTHING).all():
        return None
    if reading.wrong is not None:
        raise not_in_format(table, name, reading.wrong, layout)
    return _ticks(reading)


def not_in_format(table: Table, name: str, row: int, layout: str) -> DataError:
    """Return the error about the first cell that is not in the format that the user gives."""
    return DataError(
        f"{table.cell(row, name)}: {shown(str(table.frame[name].iloc[row]))} is not a date in the format {layout!r}",
        f"correct the cell, or give another {table.hint('date_format')}, such as %d.%m.%Y or %Y-%m-%d %H:%M",
    )


def _ticks(reading: Reading, *notes: str) -> Ticks:
    local = None if reading.local is reading.moments or (reading.local == reading.moments).all() else reading.local
    return Ticks(
        reading.moments, True, reading.moments == NOTHING, reading.unit, local, notes=notes, clock=reading.clock
    )


def _from_text(table: Table, name: str) -> Ticks | None:
    """Return dates written as text.

    Raises:
        DataError: two readings are possible and differ, or a cell is not written like the others.
    """
    readings = readings_of(table.frame[name])
    if not readings:
        return _from_durations(table.frame[name])
    years = year_first(table.frame[name]) if readings[0].short and readings[0].order else None
    if years is not None and _regular(years) and not any(map(_regular, readings)):
        usual = table.hint("date_format", "%d/%m/%y")
        return _ticks(
            years,
            f"the dates in the column {name!r} were read with the year first, which leaves no gaps (for another order, "
            f"give {usual})",
        )
    if readings[0].wrong is not None:
        column, row = table.frame[name], readings[0].wrong
        filled = zip(column, readings[0].moments, strict=True)
        like = next((str(cell) for cell, moment in filled if moment != NOTHING), str(column.iloc[-1]))
        raise DataError(
            f"{table.cell(row, name)}: {shown(str(column.iloc[row]))} is not a date like {shown(like)} in the same "
            "column",
            f"correct the cell, leave out its row, or give the format of all cells, such as "
            f"{table.hint('date_format', '%Y-%m-%d')}",
        )
    if len(readings) == 1:
        reading = readings[0]
        return _ticks(reading, *_explained(table, name, reading, certain=True))
    first, other = readings
    roughness, ordered = zip(*((_roughness(r), _backward(r)) for r in readings), strict=True)
    same = np.array_equal(np.argsort(first.moments, kind="stable"), np.argsort(other.moments, kind="stable"))
    if roughness[0] == roughness[1] == 0 and same:
        return _ticks(first, *_explained(table, name, first, certain=False))
    for one in (0, 1):
        if roughness[one] <= 0.5 * roughness[1 - one] and ordered[one] <= ordered[1 - one]:
            return _ticks(readings[one], *_explained(table, name, readings[one], certain=False))
    text = str(table.frame[name].dropna().iloc[0])
    sign = next(sign for sign in "-/." if sign in text)
    forms = [table.hint("date_format", layout.replace("/", sign)) for layout in ("%d/%m/%Y", "%m/%d/%Y")]
    raise DataError(
        f"{table.source}: the dates in column {shown(name)}, such as {shown(text)}, have the day first or the month "
        "first, "
        "and both are possible",
        f"say which with {forms[0]} or {forms[1]}",
    )


def _from_durations(column: Any) -> Ticks | None:
    """Return durations as pandas writes them: ``0 days 00:01:00``."""
    import pandas as pd

    texts, missing = texts_of(column)
    first = str(texts.iloc[int(np.argmin(missing))]) if not missing.all() else ""
    if re.fullmatch(r"-?\d+ days?(,? [\d:.]+)?", first) is None:
        return None
    values = pd.to_timedelta(texts.where(~missing), errors="coerce")
    if (values.isna().to_numpy() & ~missing).any():
        return None
    return Ticks(values.to_numpy().astype("timedelta64[us]").astype(np.int64), True, missing, clock=True)


def _explained(table: Table, name: str, reading: Reading, *, certain: bool) -> tuple[str, ...]:
    if not reading.order:
        return ()
    usual = "day first" if reading.order == "day-month" else "month first"
    if certain:
        return (f"the dates in the column {name!r} have the {usual}",)
    layout = "%m/%d/%Y" if reading.order == "day-month" else "%d/%m/%Y"
    return (
        f"the dates in the column {name!r} were read with the {usual}, which leaves the fewest gaps (for the other "
        "order, "
        f"give {table.hint('date_format', layout)})",
    )


def _roughness(reading: Reading) -> float:
    """Return the share of steps between different dates, in order, that differ from the usual one."""
    values = np.unique(reading.moments[reading.moments != NOTHING])
    if len(values) < 3:
        return 0.0
    shares = []
    months = Ticks(values, True, np.zeros(len(values), dtype=bool)).months()
    for steps in (np.diff(values), np.diff(values // DAY) if months is None else np.diff(months)):
        kinds, counts = np.unique(steps, return_counts=True)
        shares.append(1 - counts.max() / len(steps) if len(kinds) else 0.0)
    return float(min(shares))


def _regular(reading: Reading) -> bool:
    """Do all cells fit, in order and in equal steps?"""
    return reading.wrong is None and not _roughness(reading) and not _backward(reading)


def _backward(reading: Reading) -> float:
    steps = np.diff(reading.moments[reading.moments != NOTHING])
    return float(min((steps < 0).mean(), (steps > 0).mean())) if len(steps) else 0.0


def _from_numbers(values: NDArray[np.float64], name: str) -> Ticks:
    missing = ~np.isfinite(values)
    there = values[~missing]
    found = _from_digits(values, missing, name) or _from_year_and_part(values, missing, name)
    if found is not None:
        return found
    years = len(there) > 0 and bool(((there >= 1000) & (there < 2300)).all())
    unit = "year" if years and kind_of(name) in ("time", "cycle") else ""
    return Ticks(values, False, missing, unit, seconds=seconds_of(name))


def _from_digits(values: NDArray[np.float64], missing: NDArray[np.bool_], name: str) -> Ticks | None:
    """Return dates written as 20240131, 202401 or 20240131235959."""
    there = values[~missing]
    if not len(there) or (there != np.floor(there)).any() or (there <= 0).any():
        return None
    digits = {len(str(int(value))) for value in (there.min(), there.max())}
    dated = kind_of(name) == "time"
    if (
        len(digits) != 1
        or (digits == {6} and not dated)
        or not digits & {6, 8, 12, 14}
        or (len(there) < 5 and not dated)
    ):
        return None
    number = digits.pop()
    whole = np.where(missing, 0, values).astype(np.int64)
    clock = np.zeros_like(whole)
    if number >= 12:
        clock, whole = whole % 10 ** (number - 8), whole // 10 ** (number - 8)
        clock = clock if number == 14 else clock * 100
    year, month, day = (
        (whole // 100, whole % 100, np.ones_like(whole))
        if number == 6
        else (
            whole // 10000,
            whole // 100 % 100,
            whole % 100,
        )
    )
    fits = (year >= 1600) & (year < 2300) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    fits &= (clock < 240000) & (clock % 10000 < 6000) & (clock % 100 < 60)
    if not fits[~missing].all():
        return None
    months = np.where(missing, 0, (year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]").astype(np.int64) + day - 1
    if (((days.astype("datetime64[D]").astype("datetime64[M]")) != months) & ~missing).any():
        return None
    within = (clock // 10000 * 3600 + clock // 100 % 100 * 60 + clock % 100) * 1_000_000
    moments = np.where(missing, NOTHING, days * DAY + within)
    if not dated and _roughness(Reading(moments, moments, "day")) > 0.1:
        return None
    return Ticks(moments, True, missing, {6: "month", 8: "day"}.get(number, ""))


def _from_year_and_part(values: NDArray[np.float64], missing: NDArray[np.bool_], name: str) -> Ticks | None:
    """Return months written as 1871.01 to 1871.12, or quarters as 1871.1 to 1871.4, where none or few are left out."""
    there = values[~missing]
    if len(there) < 5 or not ((there >= 1000) & (there < 2300)).all():
        return None
    for scale, parts, unit in ((100, 12, "month"), (10, 4, "quarter")):
        year = np.floor(there + 1e-6)
        part = (there - year) * scale
        if (np.abs(part - np.rint(part)) > 1e-4).any():
            continue
        part = np.rint(part)
        if part.min() < 1 or part.max() > parts or len(np.unique(part)) < min(parts, len(there)):
            continue
        steps = np.diff(np.unique(year * parts + part))
        if not len(steps) or (steps == 1).mean() < 0.9:
            continue
        months = ((year - 1970) * 12 + (part - 1) * (12 // parts)).astype(np.int64)
        moments = np.full(len(values), NOTHING)
        moments[~missing] = months.astype("datetime64[M]").astype("datetime64[us]").astype(np.int64)
        return Ticks(moments, True, missing, unit)
    return None


def _months_of_years(years: NDArray[np.float64]) -> Whole | None:
    """Return the months of decimal years, such as 1958.2027 for the middle of March, or None where they are none."""
    if not len(years) or not ((years >= 1000) & (years < 2300)).all() or (years == np.floor(years)).all():
        return None
    phase = years * 12 % 1
    centre = np.angle(np.exp(2j * np.pi * phase).mean()) / (2 * np.pi)
    months = np.rint(years * 12 - centre)
    if (np.abs(years * 12 - centre - months) > 0.2).any():
        return None
    return np.asarray(months.astype(np.int64))
