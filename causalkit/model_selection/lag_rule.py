"""The rule that chooses a lag: the smallest that forecasts nearly as well as the best, for all and for each series."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causalkit.core.tails import t_tail
from causalkit.model_selection.rules import standard_error

Array = NDArray[np.float64]
WORSE = 0.1
"""Share by which the held-out error of the average series may exceed the lowest."""
LEAST = 0.8
"""Share of the best explained variance that a lag must explain: the narrower bound where little is explained."""
LOSS = 0.05
"""Share of its variance that no single series may lose to a larger lag of the others."""
LEVEL = 0.01
"""Of the test of such a loss, for all series together."""
LEVEL_OF_ALL = 0.005
"""Of the test whether the average series loses anything, however little, to a larger lag of the others."""
NONE_LEFT = 0.002
"""Share of the variance below which an error is no error: differences between smaller ones decide nothing."""
RULE = (
    f"the smallest lag whose held-out error is at most {WORSE:.0%} above the lowest, which explains at least "
    f"{LEAST:.0%} of the best explained variance, and with which no series loses {LOSS:.0%} of its variance that the "
    "other series' further past explains, nor the average series anything beyond chance"
)


def smallest_sufficient(folds: Array, pieces: Array, own_past_free: Array) -> int:
    """Return the position of the chosen candidate; errors are in units of the variance, and candidates ascend.

    Errors are compared as ratios, and the ratios are averaged over series geometrically. Where persistence explains
    nearly everything, a share of the explained variance would be satisfied by persistence alone.

    Args:
        folds: shape (candidates, folds), mean errors over series.
        pieces: shape (candidates, pieces, series), of one fold after the other, as many of each; NaN where a series was
            not to be forecast in a piece.
        own_past_free: the same, of forecasters that may use the own past of a series up to the largest lag.
    """
    further = own_past_free[:, :, np.isfinite(own_past_free).all(axis=(0, 1))]
    average = further.mean(axis=2, keepdims=True) if further.size else further
    sufficient = [
        position
        for position in range(len(folds))
        if not _loses(further, position, folds.shape[1], LOSS, LEVEL)
        and not _loses(average, position, folds.shape[1], 0.0, LEVEL_OF_ALL)
    ]
    explained = 1 - folds.mean(axis=1)
    best = max(sufficient, key=lambda position: float(explained[position]))
    if explained[best] <= standard_error(folds[best]):
        return sufficient[0]  # nothing is explained beyond chance
    errors = np.log(_means(pieces) + NONE_LEFT)
    ratio = np.exp((errors - errors[best]).mean(axis=1))
    enough = (ratio <= 1 + WORSE) & (explained >= LEAST * explained[best])
    return next(position for position in sufficient if enough[position])


def _means(pieces: Array) -> Array:
    """Return the mean error (candidates, series) of the series that have one."""
    there = np.isfinite(pieces)
    known = there.any(axis=(0, 1))
    result: Array = np.where(there, pieces, 0.0).sum(axis=1)[:, known] / there.sum(axis=1)[:, known]
    return result


def _loses(errors: Array, position: int, folds: int, least: float, level: float) -> bool:
    """Tell whether a series, or the average of several, is forecast significantly worse than with a larger candidate.

    The larger candidate is the best one for the series on the other folds. So there is one comparison for a series,
    a one-sided paired t-test over pieces with Bonferroni's correction for series, and its level does not depend on
    how many candidates there are.

    Args:
        errors: shape (candidates, pieces, series), no NaN.
        position: of the candidate.
        folds: how many the pieces come from.
        least: loss that counts, as a share of the variance.
        level: of the test, for all series together.
    """
    larger = errors[position + 1 :]
    if not larger.size:
        return False
    loss = np.empty(errors.shape[1:])
    for mine in np.array_split(np.arange(len(loss)), folds):
        best = np.delete(larger, mine, axis=1).mean(axis=1).argmin(axis=0)
        loss[mine] = errors[position, mine] - np.take_along_axis(larger[:, mine], best[None, None], axis=0)[0]
    mean = loss.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = mean / (loss.std(axis=0, ddof=1) / len(loss) ** 0.5)
    significant = t_tail(t, len(loss) - 1) <= level / mean.size
    return bool((significant & (mean >= least)).any())
