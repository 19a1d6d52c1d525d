"""Which column is time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.errors import DataError
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import argument, is_missing, number, shown
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
        name: of the column.
        ticks: its times.
    """

    name: str
    ticks: Ticks


@dataclass(frozen=True, eq=False)
class TimeFound:
    """What looking for time yielded.

    Attributes:
        axis: the column, or None.
        columns: names that are no variables.
        notes: what was recognised.
    """

    axis: TimeAxis | None
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def is_time_name(name: str) -> bool:
    """Return whether this is what people call a column of times."""
    return _TIME_NAME.fullmatch(name.strip()) is not None


def counts_evenly(realisations: Sequence[NDArray[Any]]) -> bool:
    """Return whether values grow by one equal step, apart from restarts, too often for an accident."""
    if sum(len(values) for values in realisations) < 5 or not all(np.isfinite(values).all() for values in realisations):
        return False
    steps = np.concatenate([_steps(values) for values in realisations])
    forward = steps[steps > 0]
    return len(forward) > len(steps) / 2 and bool(np.allclose(forward, forward[0], rtol=0.01, atol=0))


def find_time(
    frame: Any,
    names: Sequence[str],
    groups: Sequence[NDArray[np.intp]],
    options: ReadOptions,
    locate: Callable[[int], str],
    source: str,
    unnamed: str = "",
) -> TimeFound:
    """Return the time column that the options name, or the one that can be recognised.

    A column is recognised by its name, or by dates in it, where its times increase apart from restarts. Columns that
    repeat the same equally spaced time are no variables either.

    Args:
        frame: a DataFrame.
        names: the columns to look at.
        groups: rows of each realisation known so far.
        options: which column the user named, if any.
        locate: turns the position of a row into "line 7".
        source: how errors call the file.
        unnamed: a first column without a name, where programs write the index of rows.

    Raises:
        DataError: the named column holds no times, or a time is missing.
    """
    if options.time_column == "none":
        return TimeFound(None)
    if options.time_column != "auto":
        if options.time_column not in names:
            raise DataError(
                f"{source}: column {shown(options.time_column)} cannot be time and something else",
                "name it once, by --time-column, --panel-column or --drop",
            )
        asked = _ticks_asked_for(frame[options.time_column], options.time_column, locate, source)
        _refuse_missing(asked, options.time_column, locate, source)
        return TimeFound(TimeAxis(options.time_column, asked), (options.time_column,))
    notes: list[str] = []
    found: list[tuple[TimeAxis, int]] = []
    for name in names:
        called = is_time_name(name) or name == unnamed
        if not called and not is_dated(frame[name]):
            continue
        ticks = ticks_of(frame[name], name)
        if ticks is None:
            continue
        count = _restarts(ticks, groups)
        if count is None and not ticks.dates:
            kind = "has no name" if name == unnamed else "is called like a time"
            notes.append(f"the column {name!r} {kind} but does not increase; it was kept as a variable")
        else:
            found.append((TimeAxis(name, ticks), -1 if count is None else count))
    if not found:
        return TimeFound(None, notes=tuple(notes))
    # Hour and month restart where a date runs on, so the column with fewest restarts is time.
    axis, often = min(found, key=lambda pair: pair[1] if pair[1] >= 0 else len(frame))
    _refuse_missing(axis.ticks, axis.name, locate, source)
    notes.append(f"the column {axis.name!r} was taken as time and is not a variable")
    columns = [axis.name]
    for other, restarts in found:
        if other is axis:
            continue
        alike = restarts == often and counts_evenly([other.ticks.values[rows] for rows in groups])
        if other.ticks.dates or alike:
            columns.append(other.name)
            notes.append(f"the column {other.name!r} also counts time and is not a variable")
        else:
            notes.append(f"the column {other.name!r} is called like a time and was kept as a variable")
    return TimeFound(axis, tuple(columns), tuple(notes))


def _ticks_asked_for(column: Any, name: str, locate: Callable[[int], str], source: str) -> Ticks:
    ticks = ticks_of(column, name)
    if ticks is not None:
        return ticks
    cells = [str(cell) for cell in column.to_numpy(dtype=object)]
    numeric = any(number(cell) is not None for cell in cells)
    for row, cell in enumerate(cells):
        fits = number(cell) is not None if numeric else ticks_of(column.iloc[row : row + 1], name) is not None
        if not fits and not is_missing(cell):
            raise DataError(
                f"{source}: {locate(row)}, column {shown(name)}: {shown(cell)} is neither a number nor a date",
                "correct the cell, or name another --time-column",
            )
    raise DataError(
        f"{source}: column {shown(name)} mixes ways to write a time", "write all times alike, for example 2024-01-31"
    )


def _refuse_missing(ticks: Ticks, name: str, locate: Callable[[int], str], source: str) -> None:
    if ticks.missing.any():
        row = int(np.flatnonzero(ticks.missing)[0])
        raise DataError(
            f"{source}: {locate(row)} has no time in the column {shown(name)}",
            f"fill the cell, or leave the column out with --drop {argument(name)}",
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
    with np.errstate(over="ignore"):  # a variable that is called like a time may be as large as it likes
        return np.diff(values)
