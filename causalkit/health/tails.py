"""Heavy tails: innovations with outliers, and series that consist of a few events."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
EVENTS = 2
"""Number of cells that count as few."""
SHARE = 0.8
"""Share of the squared deviations of a series that few cells must make up."""


def heavy_tails(values: Array, residuals: Array) -> tuple[float, float]:
    """Return the excess kurtosis of innovations, and the p-value of a normal distribution against heavier tails.

    Both the values and the innovations must have heavy tails. Those of a nonlinear system with bounded values, such as
    Lorenz-96, have them in the innovations of a linear autoregression only.

    Args:
        values: of a series (T,), without the levels of its realisations.
        residuals: of its autoregression.

    Reference:
        Anscombe and Glynn, Biometrika 70, 227-234, 1983.
    """
    if len(residuals) < 20 or not residuals.std() > 0:
        return 0.0, 1.0
    excess = _excess_kurtosis(residuals)
    if min(excess, _excess_kurtosis(values)) <= 0:  # lighter than normal: p is not small, whatever it is
        return excess, 1.0
    from scipy import stats  # takes as long as a short fit

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        p_values = [stats.kurtosistest(some, alternative="greater").pvalue for some in (values, residuals)]
    return excess, float(max(p_values))


def _excess_kurtosis(values: Array) -> float:
    squares = (values - values.mean()) ** 2
    variance = squares.mean()
    return float((squares**2).mean() / variance**2 - 3) if variance > 0 else 0.0


def few_events(there: Array) -> int:
    """Return the number of cells, at most `EVENTS`, that make up nearly all variation of a series; 0: it has more."""
    if len(there) < 12:
        return 0
    squares = np.sort((there - np.median(there)) ** 2)[::-1]
    total = float(squares.sum())
    for count in range(1, EVENTS + 1):
        if total > 0 and squares[:count].sum() >= SHARE * total:
            return count
    return 0
