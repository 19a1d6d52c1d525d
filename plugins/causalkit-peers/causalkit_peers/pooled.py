"""VARLiNGAM over the complete windows of several recordings, from the public parts of lingam."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causalkit import Windows
from causalkit_peers.package import Package

Array = NDArray[np.float64]


def pooled_varlingam(package: Package, windows: Windows, prune: bool, seed: int) -> Array:
    """Estimate ``B_0, ..., B_K`` from windows, each of which lies within one recording.

    As in Hyvärinen et al. (2010): least squares gives the coefficients M_l of an autoregression; LiNGAM on its
    residuals gives B_0; then ``B_l = (I - B_0) M_l``. Pruning replaces each row by an adaptive lasso on the series that
    come earlier in the causal order and on the past. On one recording without gaps this is what lingam's own class
    returns.

    Returns:
        Shape (K + 1, effect, cause), as lingam has it.
    """
    direct = package.load("lingam:DirectLiNGAM")
    count, lag, series = windows.x.shape
    past = windows.x[:, ::-1].reshape(count, lag * series)  # lag 1 first
    coefficients = np.linalg.lstsq(past, windows.y, rcond=None)[0].T  # (effect, lag * cause)
    present = direct(random_state=seed).fit(windows.y - past @ coefficients.T)
    instant: Array = np.asarray(present.adjacency_matrix_)
    lagged = (np.eye(series) - instant) @ coefficients
    if prune:
        instant, lagged = _pruned(package, windows.y, past, list(present.causal_order_))
    by_lag = lagged.reshape(series, lag, series).transpose(1, 0, 2)
    return np.concatenate([instant[None], by_lag])


def _pruned(package: Package, now: Array, past: Array, order: list[int]) -> tuple[Array, Array]:
    """Return B_0 and (B_1, ..., B_K) as one matrix, each row by lingam's adaptive lasso."""
    adaptive_lasso = package.load("lingam.utils:predict_adaptive_lasso")
    series = now.shape[1]
    instant, lagged = np.zeros((series, series)), np.zeros((series, past.shape[1]))
    for position, effect in enumerate(order):
        earlier = order[:position]
        columns = np.concatenate([now[:, earlier], past, now[:, [effect]]], axis=1)
        predictors = list(range(columns.shape[1] - 1))
        row = adaptive_lasso(columns, predictors, len(predictors))
        instant[effect, earlier] = row[:position]
        lagged[effect] = row[position:]
    return instant, lagged
