"""Series that are functions of others: duplicates, linear combinations at the same step, perfect forecasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalkit.core.panel import Panel

Array = NDArray[np.float64]
DUPLICATE = 1e-9
"""Share of unexplained variance below which two series are the same up to scale and shift."""
COLLINEAR = 1e-6
"""Share of unexplained variance below which a series is nearly a function of others."""
PERFECT = 1e-8
"""Share of unexplained variance below which a forecast is perfect."""
MOST_SERIES = 1500


@dataclass(frozen=True)
class Group:
    """Series of which one is a function of the others, by their numbers; the last is the one to leave out."""

    members: tuple[int, ...]
    equal: bool


def duplicates(values: Array) -> list[Group]:
    """Return pairs of series that are equal, or equal up to scale and shift.

    Args:
        values: all realisations (T, P), standardised; NaN is missing.
    """
    series = values.shape[1]
    if series > MOST_SERIES:
        return []
    there = ~np.isnan(values)
    filled = np.where(there, values, 0.0)
    product = filled.T @ filled
    squares = (filled**2).T @ there
    with np.errstate(invalid="ignore", divide="ignore"):
        near = np.abs(product) / np.sqrt(squares * squares.T)
    found, gone = [], set()
    for first, second in np.argwhere(np.triu(near > 0.9, 1)):
        if first in gone or second in gone:
            continue
        both = there[:, first] & there[:, second]
        x, y = values[both, first], values[both, second]
        if both.sum() < 4 or np.ptp(x) == 0 or np.ptp(y) == 0:
            continue
        x, y = x - x.mean(), y - y.mean()
        left = y - x * (x @ y) / (x @ x)
        if left @ left <= DUPLICATE * (y @ y):
            gone.add(int(second))
            found.append(Group((int(first), int(second)), True))
    return found


def collinear(values: Array, without: set[int]) -> list[Group]:
    """Return groups of series that nearly satisfy a linear equation at every step.

    Args:
        values: all realisations (T, P), standardised; NaN is missing.
        without: series to leave out.
    """
    kept = np.array([at for at in range(values.shape[1]) if at not in without], dtype=int)
    if len(kept) < 2 or len(kept) > MOST_SERIES:
        return []
    complete: Array = values[:, kept]
    complete = complete[~np.isnan(complete).any(axis=1)]
    if len(complete) < 2 * len(kept) + 10:
        return []
    complete = complete - complete.mean(axis=0)
    scale = complete.std(axis=0)
    if not (scale > 0).all():
        return []
    found: list[Group] = []
    correlation = (complete / scale).T @ (complete / scale) / len(complete)
    active: list[int] = list(range(len(kept)))
    while len(active) >= 2:
        roots, vectors = np.linalg.eigh(correlation[np.ix_(active, active)])
        unexplained = 1 / ((vectors**2) / np.maximum(roots, 1e-14)).sum(axis=1)
        last = len(active) - 1 - int(np.argmin(unexplained[::-1]))
        if unexplained[last] > COLLINEAR:
            break
        weights = np.abs(vectors[:, 0])
        chosen = int(np.argmax(np.where(weights > 0.3 * weights.max(), np.arange(len(active)), -1)))
        members = [int(at) for at in np.flatnonzero(weights > 0.02 * weights.max()) if at != chosen]
        found.append(Group(tuple(int(kept[active[at]]) for at in (*members, chosen)), False))
        del active[chosen]
    return found


def perfect_forecasts(panel: Panel, most: int = 10) -> dict[int, tuple[int, ...]]:
    """Return the effects that the step before explains exactly, with the causes that do it.

    Every effect is regressed on the causes with the largest correlations at lag 1, itself included.

    Args:
        panel: the measurements.
        most: number of causes that enter.
    """
    pairs = [(values[:-1], values[1:]) for values in panel.realisations if len(values) > 1]
    if not pairs:
        return {}
    x, y = (np.concatenate(part) for part in zip(*pairs, strict=True))
    complete = ~(np.isnan(x).any(axis=1) | np.isnan(y).any(axis=1))
    x, y = x[complete][:5000], y[complete][:5000]
    if len(x) < 8 or panel.series > MOST_SERIES:
        return {}
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    size_x, size_y = np.linalg.norm(x, axis=0), np.linalg.norm(y, axis=0)
    x, y = x / np.where(size_x > 0, size_x, 1.0), y / np.where(size_y > 0, size_y, 1.0)
    correlation = np.abs(x.T @ y)
    count = min(most, panel.series, len(x) // 3)
    found: dict[int, tuple[int, ...]] = {}
    for effect in range(panel.series):
        if size_y[effect] == 0:
            continue
        chosen = np.argsort(-correlation[:, effect])[:count]
        weights, *_ = np.linalg.lstsq(x[:, chosen], y[:, effect], rcond=None)
        left = y[:, effect] - x[:, chosen] @ weights
        if left @ left < PERFECT:
            found[effect] = tuple(int(at) for at, w in zip(chosen, weights, strict=True) if abs(w) > 1e-3)
    return found
