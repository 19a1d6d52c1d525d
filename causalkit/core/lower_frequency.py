"""Series of lower frequency: a quarterly column in a monthly table has values at every third step only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FEWEST_SHORT, FEWEST_LONG = 8, 5
"""Distances between two values that are needed to recognise a series with a value at every second to fourth step, and
one with longer distances: cells that are missing at random look regular only where they are few."""
SHORT = 5
"""Distances from this one on may vary a little: weeks of business days by a step, months of days by an eighth."""
MOST_SKIPPED = 0.2
"""Share of the values that may be missing where they were due."""
DENSER = 1.5
"""How many times as many values another series has at least."""


@dataclass(frozen=True)
class LowerFrequency:
    """A series that was measured at regular distances of more than one step.

    Attributes:
        shortest, longest: distance of two values in time steps, where none was skipped; equal but for calendars.
        measured: number of values.
    """

    shortest: int
    longest: int
    measured: int


def recognised(realisations: Sequence[Array], names: Sequence[str]) -> dict[str, LowerFrequency]:
    """Return the series of lower frequency, by name.

    Recognised is a series whose values are at regular distances of two steps or more and whose other cells are all
    missing, where another series has many more values. Distances are counted within stretches without a gap in time,
    which is a row without any value.
    """
    if not any(np.isnan(values).any() for values in realisations):
        return {}
    there = [~np.isnan(values) for values in realisations]
    counts = np.sum([mask.sum(axis=0) for mask in there], axis=0)
    found = {}
    for column in map(int, np.flatnonzero(DENSER * counts <= counts.max())):
        distances = np.concatenate([_distances(mask, column) for mask in there])
        if (spacing := _regular(distances)) is not None:
            found[names[column]] = LowerFrequency(*spacing, int(counts[column]))
    return found


def _distances(there: NDArray[np.bool_], column: int) -> NDArray[np.intp]:
    """Return the steps between successive values of a series that no gap in time separates."""
    rows = np.flatnonzero(there[:, column])
    stretch = np.cumsum(~there.any(axis=1))[rows]
    steps: NDArray[np.intp] = np.diff(rows)[np.diff(stretch) == 0]
    return steps


def _regular(distances: NDArray[np.intp]) -> tuple[int, int] | None:
    """Return the shortest and the longest distance of two values that follow each other, None where it is irregular."""
    if len(distances) < FEWEST_LONG:
        return None
    usual = int(np.sort(distances)[len(distances) // 2])
    if usual < 2 or (usual < SHORT and len(distances) < FEWEST_SHORT):
        return None
    tolerance = 0 if usual < SHORT else max(1, round(usual / 8))
    times = np.maximum(1, np.rint(distances / usual))
    if (np.abs(distances - times * usual) > tolerance).any() or (times > 1).mean() > MOST_SKIPPED:
        return None
    following = distances[times == 1]
    return int(following.min()), int(following.max())


def every(lower_frequency: Mapping[str, int], names: Sequence[str]) -> NDArray[np.intp]:
    """Return for every series (P,) the steps from one value to the next at most: 1 but for lower frequencies."""
    return np.array([lower_frequency.get(name, 1) for name in names], dtype=np.intp)


def source_rows(values: Array, steps: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the row that each cell (T, P) has its value from: its own, or that of the last value of its series.

    A value is carried to the step before the next one is due, and never over a gap in time, a row without any value.

    Args:
        values: of one realisation.
        steps: of every series, as `every` returns them.
    """
    rows = np.arange(len(values))[:, None]
    sources: NDArray[np.intp] = np.broadcast_to(rows, values.shape).copy()
    columns = np.flatnonzero(steps > 1)
    if len(columns):
        missing = np.isnan(values)
        last = np.maximum.accumulate(np.where(missing[:, columns], -1, rows), axis=0)
        gap = np.maximum.accumulate(np.where(missing.all(axis=1), rows[:, 0], -1))[:, None]
        carried = (last > gap) & (rows - last < steps[columns])
        sources[:, columns] = np.where(carried, last, rows)
    return sources


def carried_forward(values: Array, steps: NDArray[np.intp]) -> Array:
    """Return the values (T, P) of a realisation with those of lower frequency carried forward; see `source_rows`."""
    if (steps <= 1).all():
        return values
    return np.take_along_axis(values, source_rows(values, steps), axis=0)


def differences(values: Array, steps: NDArray[np.intp]) -> Array:
    """Return the differences (T - 1, P) of every value of a realisation from the one before of its series.

    For a series of lower frequency that is the value before, not the step before, where both follow each other.
    """
    changes: Array = np.diff(values, axis=0)
    columns = np.flatnonzero(steps > 1)
    if len(columns):
        before = carried_forward(values, steps)[:-1, columns]
        changes[:, columns] = values[1:, columns] - before
        # The last value was carried to the step before the next one is due, so that at this step it is known.
    return changes
