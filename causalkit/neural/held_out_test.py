"""A test on held-out windows: does the past of one series improve the forecast of another, beyond all the others?

An edge j -> i says that the past of j improves the forecast of i. So take from a forecaster what j alone knows: replace
the cells of j in a window by what the other cells say of them, their conditional mean. Where the squared error of the
forecast of i rises on windows that the forecaster has never seen, j matters. This is a conditional predictive impact
(Watson and Wright, Machine Learning 110, 2021, arXiv 1901.09917) with the variance of a mean under serial dependence
(Newey and West, Econometrica 55, 1987).

The conditional mean is a ridge regression, fitted on the windows that the forecaster has learned from.

Without an edge, p-values below .05 are rarer than .05: what a forecaster has wrongly learned of a cause raises its
error, which then falls when the cause is replaced.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from causalkit.neural.training.data import TrainingData

LEVEL = 0.05
"""Share of false ones among the edges that pass, by Benjamini and Hochberg."""
RIDGE = 0.5
"""Of the conditional mean, for series of variance 1, relative to the number of windows."""
WINDOWS = 4000
"""Held-out windows at most, evenly spaced. With many more, every trace of a proxy is significant. With 1000 of 19,000,
so few edges passed (15 to 35 on CausalTime Medical, about 80 with 4000) that choices varied from seed to seed."""
SERIAL = 5
"""Lags of the serial dependence."""
CELLS_AT_ONCE = 4_000_000

Array = NDArray[np.float64]


@torch.no_grad()
def held_out_p_values(members: Sequence[nn.Module], data: TrainingData) -> Array:
    """Return the p-value of every pair (cause, effect), one-sided; 1 where a forecast does not depend on the cause.

    Args:
        members: E forecasters, each tested on the windows that it was held away from.
        data: windows, and which are held out for each member.
    """
    assert data.held is not None
    series = data.y.shape[1]
    moments = _Moments(series)
    for number, member in enumerate(members):
        held = torch.nonzero(data.held[number]).squeeze(1)
        most = max(1, WINDOWS // len(members))
        if len(held) > most:
            held = held[torch.linspace(0, len(held) - 1, most, device=held.device).long()]
        mean = _ConditionalMean(data.x[torch.unique(data.rows[number])])
        x, y = data.x[held], data.y[held]
        seen = None if data.observed is None else (data.observed[held] > 0)
        error = (member(x) - y).square()
        at_once = max(1, CELLS_AT_ONCE // x.numel())
        for causes in torch.split(torch.arange(series, device=x.device), at_once):
            without = torch.stack([mean.replaced(x, int(cause)) for cause in causes])
            forecast = member(without.flatten(0, 1)).unflatten(0, (len(causes), len(x)))
            moments.add(causes, (forecast - y).square() - error, seen)
    return moments.p_values()


def edges_beyond_chance(members: Sequence[nn.Module], data: TrainingData, allowed: Tensor | None = None) -> int:
    """Return how many pairs of different series pass the test; only those that background knowledge allows are tested.

    Args:
        allowed: shape (cause, effect), or None: all are.
    """
    from scipy import stats

    p_values = held_out_p_values(members, data)
    tested = ~np.eye(len(p_values), dtype=bool)
    if allowed is not None:
        tested &= allowed.cpu().numpy()
    if not tested.any():
        return 0
    return int((stats.false_discovery_control(p_values[tested]) <= LEVEL).sum())


class _ConditionalMean:
    """Expected cells of one series given all other cells of a window, by ridge regression on windows (N, K, P)."""

    def __init__(self, windows: Tensor) -> None:
        inputs = windows.flatten(1).double()
        gram = inputs.T @ inputs + RIDGE * len(inputs) * torch.eye(inputs.shape[1], device=inputs.device)
        self.precision = torch.linalg.inv(gram)
        self.series = windows.shape[2]

    def replaced(self, x: Tensor, cause: int) -> Tensor:
        """Return windows in which the cells of a cause are what the others say of them."""
        flat = x.flatten(1)
        cells = torch.arange(cause, flat.shape[1], self.series, device=x.device)
        inner = torch.linalg.inv(self.precision[cells][:, cells])
        beyond = flat.double() @ self.precision[:, cells] @ inner  # what the cells have beyond their conditional mean
        changed = flat.clone()
        changed[:, cells] -= beyond.to(flat.dtype)
        return changed.view_as(x)


class _Moments:
    """Mean and serial covariances of how much errors rise, for every pair."""

    def __init__(self, series: int) -> None:
        self.count = np.zeros((series, series))
        self.sums = np.zeros((series, series))
        self.products = np.zeros((SERIAL + 1, series, series))

    def add(self, causes: Tensor, rise: Tensor, seen: Tensor | None) -> None:
        """Add the rise of errors (causes, windows, P) over windows in the order of time."""
        where = causes.cpu().numpy()
        rise = rise.double()
        if seen is not None:
            rise = rise * seen
        self.count[where] += rise.shape[1] if seen is None else seen.sum(0).cpu().numpy()
        self.sums[where] += rise.sum(1).cpu().numpy()
        for lag in range(min(SERIAL + 1, rise.shape[1])):
            products = (rise[:, lag:] * rise[:, : rise.shape[1] - lag]).sum(1)
            self.products[lag][where] += products.cpu().numpy()

    def p_values(self) -> Array:
        """Return one-sided p-values of t-tests of the means."""
        from scipy import stats

        count = np.maximum(self.count, 1)
        mean = self.sums / count
        covariances = self.products / count - mean**2
        weights = 1 - np.arange(SERIAL + 1) / (SERIAL + 1)
        variance = covariances[0] + 2 * (weights[1:, None, None] * covariances[1:]).sum(0)
        variance = np.maximum(variance, 0.1 * covariances[0])
        with np.errstate(divide="ignore", invalid="ignore"):
            t = mean / np.sqrt(variance / count)
        p: Array = np.where((mean > 0) & (variance > 0), stats.t.sf(t, np.maximum(count - 1, 1)), 1.0)
        return p
