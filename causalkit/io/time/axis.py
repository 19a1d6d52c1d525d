"""The column that is time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.shell import argument
from causalkit.errors import DataError
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import MISSING, shown
from causalkit.io.tables.table import Table
from causalkit.io.time.ticks import Ticks, is_dated, ticks_of

_WORDS = (
    "time|t|date|datetime|timestamp|index|epoch|hours?|hrs?|minutes?|mins|seconds?|secs?|milliseconds?|ms|days?|"
    "weeks?|months?|quarters?|years?|unnamed: 0|"
    "(date|time)[ _-]?(time|stamp|step|point)|time[ _-](s|ms|h|min|sec|hours?|days?)"
)
_TIME_NAME = re.compile(rf"({_WORDS})([ _]*[(\[].*[)\]])?", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class TimeAxis:
    """The column that is time.

    Attributes:
        table: that the column belongs to.
        name: of the column.
        ticks: its times.

    Raises:
        DataError: a time is missing.
    """

    table: Table
    name: str
    ticks: Ticks

    def __post_init__(self) -> None:
        if self.ticks.missing.any():
            raise DataError(
                f"{self.table.cell(int(np.argmax(self.ticks.missing)), self.name)}: the time is missing",
                f"fill the cell, or leave the column out with --drop {argument(self.name)}",
            )


def is_time_name(name: str) -> bool:
    """Return whether this is a common name of a time column."""
    return _TIME_NAME.fullmatch(name.strip()) is not None


def counts_evenly(realisations: Sequence[NDArray[Any]]) -> bool:
    """Return whether values grow by one equal step, apart from restarts, too often for an accident."""
    if sum(len(values) for values in realisations) < 5 or not all(np.isfinite(values).all() for values in realisations):
        return False
    steps = np.concatenate([_steps(values) for values in realisations])
    forward = steps[steps > 0]
    return len(forward) > len(steps) / 2 and bool(np.allclose(forward, forward[0], rtol=0.01, atol=0))


def find_time(
    table: Table, names: Sequence[str], groups: Sequence[NDArray[np.intp]], options: ReadOptions
) -> tuple[TimeAxis | None, list[str], list[str]]:
    """Return the time column that the user names, or the one that can be recognised.

    A column is recognised by its name, or by dates in it, where its times increase apart from restarts. Columns that
    repeat the same equally spaced time are not variables either.

    Args:
        table: of the columns.
        names: the columns to look at.
        groups: rows of each realisation known so far.
        options: which column it is, and how it is written.

    Returns:
        The time column or None, the names of all columns that are times and not variables, and notes.

    Raises:
        DataError: the named column is not a column of times, or a time is missing.
    """
    wanted = options.time_column[0]
    if wanted == "none" or (wanted == "auto" and not table.recognise):
        return None, [], []
    if wanted != "auto":
        if wanted not in names:
            raise DataError(
                f"{table.source}: column {shown(wanted)} is named as time and as something else",
                "name it only once, with --time-column, --panel-column or --drop",
            )
        return TimeAxis(table, wanted, _named_ticks(table, wanted)), [wanted], []
    notes: list[str] = []
    found: list[tuple[str, Ticks, int]] = []
    for name in names:
        if not (is_time_name(name) or name in (table.unnamed, *table.index) or is_dated(table.frame[name])):
            continue
        ticks = ticks_of(table.frame[name], name)
        if ticks is None:
            continue
        restarts = _restarts(ticks, groups)
        if restarts is None and not ticks.dates:
            kind = "has no name" if name == table.unnamed else "is named like a time"
            notes.append(f"the column {name!r} {kind} but does not increase; it was kept as a variable")
        else:
            # Hour and month restart where a date runs on, so the column with fewest restarts is time.
            found.append((name, ticks, len(table.frame) if restarts is None else restarts))
    if not found:
        return None, [], notes
    time, ticks, fewest = min(found, key=lambda column: column[2])
    notes.append(f"the column {time!r} was taken as time and is not a variable")
    columns = [time]
    for name, other, restarts in found:
        if name == time:
            continue
        if other.dates or (restarts == fewest and counts_evenly([other.values[rows] for rows in groups])):
            columns.append(name)
            notes.append(f"the column {name!r} also counts time and is not a variable")
        else:
            notes.append(f"the column {name!r} is named like a time and was kept as a variable")
    return TimeAxis(table, time, ticks), columns, notes


def _named_ticks(table: Table, name: str) -> Ticks:
    import pandas as pd

    column = table.frame[name]
    ticks = ticks_of(column, name)
    if ticks is not None:
        return ticks
    text = column.astype(str).str.strip()
    times = pd.to_numeric(text, errors="coerce")
    if times.isna().all():
        times = pd.to_datetime(text, errors="coerce", format="mixed", utc=True)
    wrong = (times.isna() & column.notna() & ~text.isin(MISSING)).to_numpy()
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{table.cell(row, name)}: {shown(text.iloc[row])} is neither a number nor a date",
            "correct the cell, or name another --time-column",
        )
    raise DataError(
        f"{table.source}: column {shown(name)} mixes several formats of time",
        "write all times in one format, for example 2024-01-31",
    )


def _restarts(ticks: Ticks, groups: Sequence[NDArray[np.intp]]) -> int | None:
    """Return how often time goes back to its beginning, or None when it goes back otherwise, as no time does."""
    total = 0
    for rows in groups:
        values = ticks.values[rows][~ticks.missing[rows]]
        steps = _steps(values)
        back = np.flatnonzero(steps < 0)
        if not len(back) or len(back) == len(steps) > 1:  # running backwards throughout is time too, in the wrong order
            continue
        if not (steps > 0).any() or len(values) < 3 * (len(back) + 1):
            return None
        if (values[back + 1] > values[0] + np.median(steps[steps > 0])).any():
            return None
        total += len(back)
    return total


def _steps(values: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(over="ignore"):  # a variable that is named like a time may have any size
        return np.diff(values)
