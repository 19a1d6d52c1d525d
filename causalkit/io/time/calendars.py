"""Steps on a calendar: months, business days, and hours of local time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalkit.errors import DataError
from causalkit.io.options import Calendar
from causalkit.io.tables.table import Table
from causalkit.io.time.dates import DAY
from causalkit.io.time.order import Rows
from causalkit.io.time.ticks import Ticks

Whole = NDArray[np.int64]
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEKENDS = ((5, 6), (4, 5), (3, 4), (6,), (4,))
"""Days of the week, Monday is 0, that are left out together."""
_WEEKS = 3
"""Fewest weekends that must be left out before they are recognised."""
_HOUR = 3_600_000_000


@dataclass(frozen=True)
class BusinessDays:
    """A calendar without weekends.

    Attributes:
        positions: number of business days since 1970 of every row, shape (rows,).
        weekend: names of the days that are left out.
        rows_on: first row on a weekend, or None.
    """

    positions: Whole
    weekend: tuple[str, ...]
    rows_on: int | None = None


def business_days(ticks: Ticks, groups: Sequence[Rows], calendar: Calendar, table: Table) -> BusinessDays | None:
    """Return the dates on a calendar without weekends, where the user asks for it or no date is on a weekend.

    Raises:
        DataError: business days are asked for, and the dates are not dates of days or are on weekends.
    """
    if calendar == "every-day" or not ticks.dates or ticks.clock or ticks.unit in ("week", "month", "quarter", "year"):
        return None
    wall = ticks.values if ticks.local is None else ticks.local
    wall = -wall if ticks.backward else wall
    daily = len(np.unique(wall % DAY)) <= 1
    days = wall // DAY
    of_week = (days + 3) % 7
    if calendar == "business-days":
        weekend = next((w for w in _WEEKENDS if not np.isin(of_week, w).any()), None)
        if not daily or weekend is None:
            row = int(np.argmax(of_week >= 5))
            raise DataError(
                f"{table.source}: {table.locate(row)} is on a {_DAYS[int(of_week[row])]}, {ticks.shown(row)}"
                if daily
                else f"{table.source}: the dates have a time of day, so they are no business days",
                f"leave {table.hint('calendar', 'business-days')} out",
            )
    else:
        found = next((w for w in _WEEKENDS if not np.isin(of_week, w).any()), None)
        if not daily or found is None or not _left_out(days, groups, found):
            return None
        weekend = found
    positions = _count(days, weekend)
    return BusinessDays(-positions if ticks.backward else positions, tuple(_DAYS[day] for day in weekend))


def _count(days: Whole, weekend: Sequence[int]) -> Whole:
    """Return the number of days since a Monday long ago that are not on a weekend."""
    since = days + 3 + 7 * 300_000
    before = np.array([sum(day not in weekend for day in range(of)) for of in range(7)])
    return np.asarray(since // 7 * (7 - len(weekend)) + before[since % 7])


def _left_out(days: Whole, groups: Sequence[Rows], weekend: Sequence[int]) -> bool:
    """Return whether the days follow each other from one to the next, apart from weekends, often enough."""
    together, weekends = 0, 0
    total = 0
    for rows in groups:
        own = np.abs(np.diff(_count(days[rows], weekend)))
        apart = np.abs(np.diff(days[rows]))
        together += int((own == 1).sum())
        weekends += int(((own == 1) & (apart == len(weekend) + 1)).sum())
        total += len(own)
    return total > 0 and together >= 0.5 * total and weekends >= _WEEKS


def local_hours(ticks: Ticks, rows: Rows) -> Whole | None:
    """Return times without the hour that is repeated in autumn and left out in spring, or None where none is repeated.

    Only a repeated hour shows that times are local ones. It is looked for in the rows as they are, on a Sunday between
    midnight and four o'clock.

    Returns:
        Shape (T,), microseconds that grow evenly over both changes.
    """
    if not ticks.dates or ticks.clock or ticks.local is not None or ticks.backward or len(rows) < 5:
        return None
    own = ticks.values[rows]
    steps = np.diff(own)
    kinds, counts = np.unique(steps, return_counts=True)
    usual = int(kinds[np.argmax(counts)])
    if not 0 < usual <= _HOUR or _HOUR % usual:
        return None
    sunday = ((own[1:] // DAY + 3) % 7 == 6) & (own[1:] % DAY < 4 * _HOUR)
    month = own[1:].astype("datetime64[us]").astype("datetime64[M]").astype(np.int64) % 12
    repeated = (steps == usual - _HOUR) & sunday & np.isin(month, (8, 9, 10, 2, 3))
    if not repeated.any() or ((steps <= 0) & ~repeated).any():
        return None
    left_out = (steps == usual + _HOUR) & sunday & np.isin(month, (2, 3, 8, 9))
    shift = np.concatenate([[0], np.cumsum(repeated * _HOUR - left_out * _HOUR)])
    return np.asarray(own + shift)
