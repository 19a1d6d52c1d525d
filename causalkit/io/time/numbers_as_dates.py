"""Dates that a program wrote as numbers: days of MATLAB and Excel, seconds since 1970."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from causalkit.io.time.dates import DAY
from causalkit.io.time.names import kind_of
from causalkit.io.time.order import Rows
from causalkit.io.time.steps import even_share
from causalkit.io.time.ticks import Ticks

_SECOND = 1_000_000
_FIRST, _LAST = 0.3e9, 3.2e9
"""Seconds since 1970 that are taken for dates: 1979 to 2071."""
_SINCE_1970 = ((_SECOND, "seconds"), (1_000, "milliseconds"), (1, "microseconds"), (1e-3, "nanoseconds"))
_DAYS = ((719_529, 690_000, 780_000, "MATLAB"), (25_569, 18_000, 60_000, "a spreadsheet"))
_JULIAN = (2_440_587.5, 2_400_000, 2_500_000, "Julian days")


def as_dates(ticks: Ticks, name: str, groups: Sequence[Rows]) -> Ticks:
    """Return numbers as dates where that makes their steps equal or their name and size leave no doubt."""
    if ticks.dates or ticks.missing.any() or not len(ticks.values) or kind_of(name) not in ("time", ""):
        return ticks
    low, high = float(ticks.values.min()), float(ticks.values.max())
    for size, unit in _SINCE_1970:
        seconds = size / _SECOND
        if kind_of(name) == "time" and low * seconds > _FIRST and high * seconds < _LAST:
            moments = np.rint(ticks.values * size).astype(np.int64)
            return _dated(ticks, moments, f"{unit} since 1970")
    uneven = even_share([np.abs(np.diff(ticks.values[rows])) for rows in groups]) < 1
    for zero, first, last, program in (*_DAYS, _JULIAN):
        if uneven and first < low and high < last:
            moments = np.rint((ticks.values - zero) * DAY / _SECOND).astype(np.int64) * _SECOND
            found = _dated(ticks, moments, program if program == "Julian days" else f"day numbers of {program}")
            daily = not (moments % DAY).any() and bool(((moments // DAY + 3) % 7 < 5).all())
            if found.months() is not None or daily:
                return found
    return ticks


def _dated(ticks: Ticks, moments: np.ndarray[tuple[int, ...], np.dtype[np.int64]], what: str) -> Ticks:
    unit = "day" if not (moments % DAY).any() else ""
    return replace(ticks, values=moments, dates=True, unit=unit, notes=(*ticks.notes, f"the times were read as {what}"))
