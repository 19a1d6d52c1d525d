"""Unit roots: does a series return to its level?

The tests are written out: importing those of statsmodels would take longer than examining the series of a usual panel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from causalkit.health.pieces import SHORTEST, Piece

Array = NDArray[np.float64]
TESTED = 8
"""Pieces to which the tests are applied, the longest first."""


@dataclass(frozen=True)
class _DickeyFuller:
    """The distribution of the Dickey-Fuller statistic: the normal quantile of its p-value as a polynomial.

    Attributes:
        lowest, highest: below and above, the p-value is 0 and 1.
        middle: where one polynomial takes the place of the other.
        left, right: their coefficients, constant first.

    Reference:
        MacKinnon, Journal of Business and Economic Statistics 12, 167-176, 1994; tables 3 and 4, one variable.
    """

    lowest: float
    middle: float
    highest: float
    left: tuple[float, ...]
    right: tuple[float, ...]

    def p_value(self, statistic: float) -> float:
        if statistic > self.highest:
            return 1.0
        if statistic < self.lowest:
            return 0.0
        coefficients = self.left if statistic <= self.middle else self.right
        return float(special.ndtr(sum(one * statistic**power for power, one in enumerate(coefficients))))


_ABOUT_A_LEVEL = _DickeyFuller(-18.83, -1.61, 2.74, (2.1659, 1.4412, 0.038269), (1.7339, 0.93202, -0.12745, -0.010368))
_ABOUT_A_LINE = _DickeyFuller(-16.18, -2.89, 0.7, (3.2512, 1.6047, 0.049588), (2.5261, 0.61654, -0.37956, -0.060285))
_KPSS_LEVELS = (0.10, 0.05, 0.025, 0.01)
_KPSS_ABOUT_A_LEVEL, _KPSS_ABOUT_A_LINE = (0.347, 0.463, 0.574, 0.739), (0.119, 0.146, 0.176, 0.216)
"""Critical values of Kwiatkowski, Phillips, Schmidt and Shin, Journal of Econometrics 54, 159-178, 1992; table 1."""


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
    distribution = _ABOUT_A_LINE if line else _ABOUT_A_LEVEL
    found = []
    for piece in _longest(pieces):
        lags = min(max(order - 1, 0), len(piece) // 4)
        if np.ptp(piece.values) > 0 and len(piece) >= SHORTEST:
            found.append(distribution.p_value(_dickey_fuller(piece.values, lags, line=line)))
    return fisher(found)


def kpss(pieces: Sequence[Piece], *, line: bool = False) -> float | None:
    """Return the p-value of the KPSS test, whose null hypothesis is that every piece is stationary.

    The test itself answers with 0.01 to 0.1; the smallest p-value counts, times the number of pieces.
    """
    critical = _KPSS_ABOUT_A_LINE if line else _KPSS_ABOUT_A_LEVEL
    found = [
        float(np.interp(_kpss(piece.values, line=line), critical, _KPSS_LEVELS))
        for piece in _longest(pieces)
        if np.ptp(piece.values) > 0
    ]
    return min(1.0, min(found) * len(found)) if found else None


def fisher(p_values: Iterable[float]) -> float | None:
    """Return the p-value of several independent tests together; None: there are none."""
    found = [min(max(value, 1e-300), 1.0) for value in p_values if not np.isnan(value)]
    if not found:
        return None
    return float(special.chdtrc(2 * len(found), -2 * np.log(found).sum()))


def _longest(pieces: Sequence[Piece]) -> list[Piece]:
    return sorted(pieces, key=len, reverse=True)[:TESTED]


def _dickey_fuller(values: Array, lags: int, *, line: bool) -> float:
    """Return the t-statistic of the level in a regression of steps on it, on earlier steps and on a constant or line.

    NaN where it cannot be computed.
    """
    steps = np.diff(values)
    rows = len(steps) - lags
    columns = [values[lags:-1], *(steps[lags - back : len(steps) - back] for back in range(1, lags + 1)), np.ones(rows)]
    if line:
        columns.append(np.arange(1.0, rows + 1))
    design = np.stack(columns, axis=1)
    with np.errstate(all="ignore"):
        inverse = np.linalg.pinv(design)
        coefficients = inverse @ steps[lags:]
        left = steps[lags:] - design @ coefficients
        variance = left @ left / (rows - np.linalg.matrix_rank(design))
        return float(coefficients[0] / np.sqrt(variance * (inverse[0] @ inverse[0])))


def _kpss(values: Array, *, line: bool) -> float:
    """Return the statistic of Kwiatkowski, Phillips, Schmidt and Shin.

    Lags of the long-run variance are those of Hobijn, Franses and Ooms, Statistica Neerlandica 58, 483-502, 2004.
    """
    count = len(values)
    step = np.arange(count) - (count - 1) / 2
    left = values - values.mean()
    if line:
        left = left - step * (step @ left) / (step @ step)

    def product(lag: int) -> float:
        return float(left[lag:] @ left[: count - lag]) / count

    first = [2 * product(lag) for lag in range(1, int(count ** (2 / 9)) + 1)]
    level = product(0) + sum(first)
    slope = sum(lag * one for lag, one in enumerate(first, start=1))
    ratio = slope / level if level else 0.0
    lags = min(int(1.1447 * (ratio * ratio * count) ** (1 / 3)), count - 1)
    variance = product(0) + sum(2 * (1 - lag / (lags + 1)) * product(lag) for lag in range(1, lags + 1))
    sums = np.cumsum(left)
    return float(sums @ sums) / count**2 / variance if variance > 0 else 0.0
