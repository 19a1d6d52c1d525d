"""Rules that choose a hyperparameter from validation errors. None of them looks at a true graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SUFFICIENT = 0.95
"""Share of the best explained variance that is enough."""


@dataclass(frozen=True)
class Rule:
    """A rule in words, and as a function.

    Attributes:
        text: what it chooses, for results and reports.
        choose: from candidates (C,), ascending, and their validation errors (C, folds), the position of the best.
    """

    text: str
    choose: Callable[[Array, Array], int]


def strongest_sufficient(errors: Array) -> int:
    """Return the last candidate that keeps most of the best explained variance.

    A penalty shrinks the forecasts as well as the noise, so the lowest error belongs to a strength at which many
    inputs are still in use that carry nothing. The rule gives a little of the forecast away for a sparser graph, as the
    rule of one standard error does; unlike that rule it does not depend on how alike the folds are.

    Args:
        errors: validation errors in units of the variance, shape (C, folds), weakest strength first.
    """
    explained = 1 - errors.mean(1)
    if explained.max() <= 0:
        return len(explained) - 1
    return int(np.flatnonzero(explained >= SUFFICIENT * explained.max())[-1])


def lowest_beyond_chance(errors: Array) -> int:
    """Return the candidate with the lowest mean error, or the first where that does not `beat` the first.

    Args:
        errors: shape (C, folds); the first candidate is the one that changes nothing.
    """
    best = int(errors.mean(1).argmin())
    return best if beats(errors[best], errors[0]) else 0


def beats(errors: Array, others: Array) -> bool:
    """Are errors (folds,) lower than others by more than one standard error of the difference, where it is known?"""
    gain = others - errors
    return bool(gain.mean() > np.nan_to_num(standard_error(gain)))


def standard_error(errors: Array) -> float:
    """Return the standard error of a mean over folds (folds,); NaN for a single one."""
    known = len(errors) > 1 and bool(np.isfinite(errors).all())
    return float(errors.std(ddof=1) / len(errors) ** 0.5) if known else np.nan


STRONGEST_SUFFICIENT = Rule(
    f"strongest that keeps {SUFFICIENT:.0%} of the best explained held-out variance",
    lambda candidates, errors: strongest_sufficient(errors),
)
LOWEST_BEYOND_CHANCE = Rule(
    "lowest validation error, if it is lower than without the penalty by more than one standard error",
    lambda candidates, errors: lowest_beyond_chance(errors),
)
