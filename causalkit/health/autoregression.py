"""An autoregression of one series by itself: its order, its persistence and its long-run variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalkit.health.pieces import Piece

Array = NDArray[np.float64]
MOST_LAGS = 8


@dataclass(frozen=True, eq=False)
class Autoregression:
    """``x_t = c + g t + a_1 x_{t-1} + ... + a_k x_{t-k} + e_t``, with constants (and slopes) of every piece.

    Attributes:
        order: k, by Schwarz's criterion.
        persistence: ``a_1 + ... + a_k``, corrected for its bias in short series; 1: a unit root.
        deviation: standard deviation of e.
        residuals: of every piece, each of shape (T - k,).
        basis: orthonormal columns that span the lagged values without the constants, one array (T - k, k) a piece.
        long_run: variance of a mean of T steps, times T.
    """

    order: int
    persistence: float
    deviation: float
    residuals: tuple[Array, ...]
    basis: tuple[Array, ...]
    long_run: float


def autoregression(pieces: Sequence[Piece], *, line: bool = False) -> Autoregression:
    """Fit an autoregression to all pieces of a series together.

    The persistence is biased towards 0 by about ``(1 + 3 a) / T`` with a constant, and ``(2 + 4 a) / T`` with a line.

    Args:
        pieces: of one series.
        line: also fit a straight line to every piece.

    Reference:
        Kendall, Biometrika 41, 403-404, 1954.
    """
    steps = sum(map(len, pieces))
    shortest = min(map(len, pieces))
    most = int(np.clip(min(steps // 20, shortest // 4), 1, MOST_LAGS))
    order = _order(pieces, most, line)
    targets, lagged = _rows(pieces, max(order, 1), line)
    y = np.concatenate(targets)
    x = np.concatenate(lagged)[:, :order]
    basis, triangle = np.linalg.qr(x) if order else (x, np.zeros((0, 0)))
    if order and np.abs(np.diag(triangle)).min() > 1e-10 * max(1e-300, np.abs(triangle).max()):
        coefficients = np.linalg.solve(triangle, basis.T @ y)
    else:
        coefficients = np.linalg.lstsq(x, y, rcond=None)[0] if order else np.zeros(0)
    residuals = y - x @ coefficients
    degrees = max(1, len(y) - order - (2 if line else 1) * len(pieces))
    deviation = float(np.sqrt((residuals**2).sum() / degrees))
    plain = float(coefficients.sum())
    mean_length = steps / len(pieces)
    bias = (2 + 4 * plain) / mean_length if line else (1 + 3 * plain) / mean_length
    persistence = plain + max(0.0, bias) if order else 0.0
    ends = np.cumsum([len(part) for part in targets])[:-1]
    return Autoregression(
        order=order,
        persistence=min(1.0, persistence),
        deviation=deviation,
        residuals=tuple(np.split(residuals, ends)),
        basis=tuple(np.split(basis, ends)),
        long_run=deviation**2 / (1 - min(persistence, 0.97)) ** 2,
    )


def squared_errors(pieces: Sequence[Piece], order: int, *, line: bool) -> float:
    """Return the sum of the squared residuals of an autoregression of a given order."""
    targets, lagged = _rows(pieces, order, line)
    y, x = np.concatenate(targets), np.concatenate(lagged)
    left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return float((left**2).sum())


def _order(pieces: Sequence[Piece], most: int, line: bool) -> int:
    """Return the order with the smallest value of Schwarz's criterion, from 0 to the most."""
    targets, lagged = _rows(pieces, most, line)
    y, x = np.concatenate(targets), np.concatenate(lagged)
    basis, _ = np.linalg.qr(x)
    explained = np.concatenate([[0.0], np.cumsum((basis.T @ y) ** 2)])
    left = np.maximum((y**2).sum() - explained, 1e-300)
    return int(np.argmin(len(y) * np.log(left) + np.arange(most + 1) * np.log(len(y))))


def _rows(pieces: Sequence[Piece], lags: int, line: bool) -> tuple[list[Array], list[Array]]:
    """Return targets (n,) and lagged values (n, K) of every piece, without their means (and lines)."""
    targets, lagged = [], []
    for piece in pieces:
        runs = np.lib.stride_tricks.sliding_window_view(piece.values, lags + 1)
        both = runs - runs.mean(axis=0)
        if line:
            step = np.arange(len(both)) - (len(both) - 1) / 2
            both = both - np.outer(step, step @ both / (step @ step))
        targets.append(both[:, -1])
        lagged.append(both[:, -2::-1])
    return targets, lagged
