"""Unit roots: does a series return to its level?"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

import numpy as np
from scipy import stats

from causalkit.health.pieces import SHORTEST, Piece

TESTED = 8
"""Pieces to which the tests are applied, the longest first."""


def adf(pieces: Sequence[Piece], order: int, *, line: bool = False) -> float | None:
    """Return the p-value of the augmented Dickey-Fuller test, whose null hypothesis is a unit root in every piece.

    The p-values of the pieces are combined as Fisher did.

    Args:
        pieces: of one series.
        order: of its autoregression.
        line: return to a straight line, not to a level.

    Reference:
        Maddala and Wu, Oxford Bull. Econ. Stat. 61, 631-652, 1999.
    """
    from statsmodels.tsa.stattools import adfuller

    found = []
    for piece in _longest(pieces):
        lags = min(max(order - 1, 0), len(piece) // 4)
        if np.ptp(piece.values) > 0 and len(piece) >= SHORTEST:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                value = adfuller(piece.values, maxlag=lags, autolag=None, regression="ct" if line else "c")[1]
            found.append(float(value))
    return fisher(found)


def kpss(pieces: Sequence[Piece], *, line: bool = False) -> float | None:
    """Return the p-value of the KPSS test, whose null hypothesis is that every piece is stationary.

    The test itself answers with 0.01 to 0.1; the smallest p-value counts, times the number of pieces.
    """
    from statsmodels.tsa.stattools import kpss as test

    found = []
    for piece in _longest(pieces):
        if np.ptp(piece.values) > 0:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                found.append(float(test(piece.values, regression="ct" if line else "c", nlags="auto")[1]))
    return min(1.0, min(found) * len(found)) if found else None


def fisher(p_values: Iterable[float]) -> float | None:
    """Return the p-value of several independent tests together; None: there are none."""
    found = [min(max(value, 1e-300), 1.0) for value in p_values if not np.isnan(value)]
    if not found:
        return None
    return float(stats.chi2.sf(-2 * np.log(found).sum(), 2 * len(found)))


def _longest(pieces: Sequence[Piece]) -> list[Piece]:
    return sorted(pieces, key=len, reverse=True)[:TESTED]
