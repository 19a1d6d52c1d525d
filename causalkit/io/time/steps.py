"""Steps between times: equal up to rounding, multiples of one step, or neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 0.01
"""Relative deviation of a step from a multiple of the usual step that counts as rounding."""
_BLOCK = 64
"""Steps over which rounded times must lie on a straight line; a clock may drift over more."""
_PAUSES = 0.1
"""Largest share of steps that may be pauses of any length."""


@dataclass(frozen=True, eq=False)
class Multiples:
    """Steps as multiples of the usual step.

    Attributes:
        usual: the usual step.
        of: for every realisation, shape (T - 1,), whole numbers.
        culprit: realisation and position of the first step that is no multiple, or None.
        rounded: are the steps unequal only because the times are rounded?
        pauses: number of gaps that are no multiple of the step.
    """

    usual: float
    of: list[NDArray[np.int64]]
    culprit: tuple[int, int] | None = None
    rounded: bool = False
    pauses: int = 0


def even_share(steps: Sequence[NDArray[Any]], *, rounding: bool = True) -> float:
    """Return the share of steps that are equal to the usual one, 1 where there are none; ``rounding`` as below."""
    pooled = np.concatenate([*steps]) if len(steps) else np.zeros(0)
    if not len(pooled):
        return 1.0
    usual = usual_step(steps)
    if not np.isfinite(usual) or usual <= 0:
        return 0.0
    ratio = pooled / usual
    equal = float((np.abs(ratio - 1) <= TOLERANCE).mean())
    if rounding and equal < 1 and (found := multiples(steps)).rounded:
        return float(np.mean(np.concatenate(found.of) == 1))
    return equal


def usual_step(steps: Sequence[NDArray[Any]]) -> float:
    """Return the (lower) median of all steps."""
    pooled = np.concatenate([*steps])
    return float(np.partition(pooled, (len(pooled) - 1) // 2)[(len(pooled) - 1) // 2])


def multiples(steps: Sequence[NDArray[Any]], *, rounding: bool = True) -> Multiples:
    """Return every step as a multiple of the usual step.

    A realisation whose own usual step is a larger multiple was sampled at another rate, so its lags would mean
    something else; it counts as irregular. A longer pause of any length is a gap, where such pauses are rare.

    Args:
        steps: of every realisation, all positive.
        rounding: may the times be rounded to their last digit? Dates of days are not.
    """
    if not any(map(len, steps)):
        return Multiples(1.0, [np.zeros(0, dtype=np.int64) for _ in steps])
    usual = usual_step(steps)
    found = _exact(steps, usual)
    if found.culprit is not None and rounding and (fitted := _rounded(steps, usual)) is not None:
        return fitted
    return found


def _exact(steps: Sequence[NDArray[Any]], usual: float) -> Multiples:
    whole: list[NDArray[np.int64]] = []
    total, pauses, culprit = sum(map(len, steps)), 0, None
    for run, step in enumerate(steps):
        ratio = step / usual
        own = np.maximum(np.rint(ratio), 1)
        wrong = np.flatnonzero(np.abs(ratio - own) > TOLERANCE * own)
        short = wrong[ratio[wrong] < 2]
        if culprit is None and len(wrong):
            culprit = (run, int(short[0] if len(short) else wrong[0]))
        if len(short):
            return Multiples(usual, [], culprit)
        pauses += len(wrong)
        if len(own) > 1 and usual_step([own]) > 1:
            return Multiples(usual, [], (run, int(np.argmax(own > 1))))
        whole.append(own.astype(np.int64))
    if pauses and (pauses > _PAUSES * total or total < 20):
        return Multiples(usual, [], culprit)
    return Multiples(usual, whole, pauses=pauses)


def _rounded(steps: Sequence[NDArray[Any]], usual: float) -> Multiples | None:
    """Return steps of times that are equal before they were rounded to the last digit, or None where they were not."""
    digit = last_digit(np.concatenate([*steps]))
    if digit <= 0 or digit > 0.75 * usual * 2 or sum(map(len, steps)) < 4:
        return None
    whole: list[NDArray[np.int64]] = []
    step = usual
    for _ in range(3):  # the mean of single steps is finer than any of them
        whole = [np.maximum(np.rint(own / step), 1).astype(np.int64) for own in steps]
        single = np.concatenate([own[of == 1] for own, of in zip(steps, whole, strict=True)])
        if not single.any():
            return None
        step = float(single.mean())
    for own, of in zip(steps, whole, strict=True):
        if (len(of) > 1 and usual_step([of]) > 1) or not _on_a_line(own, of, step, digit):
            return None
    return Multiples(step, whole, rounded=True)


def _on_a_line(steps: NDArray[Any], of: NDArray[np.int64], step: float, digit: float) -> bool:
    """Return whether the times lie on straight lines, up to half of the last digit, in overlapping blocks."""
    times = np.concatenate([[0.0], np.cumsum(steps, dtype=np.float64)])
    places = np.concatenate([[0], np.cumsum(of)])
    allowed = digit * 1.02 + 2 * TOLERANCE * step  # from the lowest to the highest deviation
    if (np.abs(steps - of * step) > allowed + TOLERANCE * of * step).any():
        return False
    starts = range(0, max(len(times) - 2, 1), _BLOCK // 2)
    if len(times) > 200_000:
        starts = range(0, len(times) - 2, max(_BLOCK // 2, len(times) // 1000))
    for start in starts:
        block = slice(start, start + _BLOCK)
        x, y = places[block] - places[start], times[block] - times[start]
        if len(x) < 3:
            continue
        own = _slope(x, y)
        rest = y - own * x
        if abs(own - step) > 0.05 * step + digit / max(int(x[-1]), 1) or np.ptp(rest) > allowed:
            return False
    return True


def _slope(x: NDArray[np.int64], y: NDArray[np.float64]) -> float:
    """Return the slope of the line with the smallest largest deviation, near that of least squares."""
    centred = x - x.mean()
    start = float(centred @ y / (centred @ centred))
    width = np.ptp(y - start * x) / max(int(x[-1]), 1)
    slopes = start + np.linspace(-width, width, 41)
    spreads = np.ptp(y[None, :] - slopes[:, None] * x[None, :], axis=1)
    return float(slopes[int(np.argmin(spreads))])


def last_digit(steps: NDArray[Any]) -> float:
    """Return the unit of the last digit in which steps are written: 0.001 for 0.25 and 0.251; 0 where there is none."""
    if steps.dtype.kind in "iu":
        return float(np.gcd.reduce(steps)) if len(steps) else 0.0
    size = float(np.abs(steps).max(initial=0.0))
    for decimals in range(10):
        scaled = steps * 10.0**decimals
        if size * 10.0**decimals > 1e12:
            return 0.0
        if (np.abs(scaled - np.rint(scaled)) < 1e-4).all():
            return float(np.gcd.reduce(np.rint(scaled).astype(np.int64))) / 10.0**decimals
    return 0.0
