"""How much squared errors of forecasts rise on held-out windows without a cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from causalkit.core.tails import t_tail
from causalkit.neural.conditional_mean import RIDGE as RIDGE_OF_CELLS
from causalkit.neural.conditional_mean import ConditionalMean
from causalkit.neural.forecast_changes import HeldOutForecast, changes_without_candidates, changes_without_series
from causalkit.neural.held_out_errors import HeldOutErrors
from causalkit.neural.modules.candidates import candidates_of, union
from causalkit.neural.modules.peak import forecasts
from causalkit.neural.serial_mean import SerialMeans
from causalkit.neural.training.data import TrainingData, evenly

WINDOWS = 4000
"""Held-out windows at most, evenly spaced. With many more, every trace of a proxy is significant. With 1000 of 19,000,
so few edges passed (15 to 35 on CausalTime Medical, about 80 with 4000) that choices varied from seed to seed."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Rises:
    """How much squared errors rise without a cause.

    Attributes:
        sums: of the rises, (C, effect): a row for each cause, or for each candidate of the effect.
        explained: by how much forecasts are better than the mean, shape (P,), at least 0.
        candidates: of each effect, (P, C), P standing for none; None: all series.
    """

    sums: SerialMeans
    explained: Array
    candidates: Tensor | None

    @property
    def loss(self) -> Array:
        """Share of what is explained of the effect that is lost without the cause; 0 where nothing is explained."""
        rise = np.maximum(self.sums.mean, 0)
        share: Array = np.divide(rise, self.explained, out=np.zeros_like(rise), where=self.explained > 0)
        return np.minimum(share, 1.0)

    def p_values(self, least: float) -> Array:
        """Return one-sided p-values by t-tests of the means; 1 where a forecast does not depend on the cause."""
        mean, error = self.sums.mean, self.sums.standard_error
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (mean - least * self.explained) / error
        beyond = (mean > 0) & (error > 0)
        p_values: Array = np.where(beyond, t_tail(t, np.maximum(self.sums.count - 1, 1)), 1.0)
        return p_values


@torch.no_grad()
def rises_without(
    members: Sequence[nn.Module],
    data: TrainingData,
    *,
    lag: int | None = None,
    correction: float = 0.0,
    partial: bool = True,
    ridge: float = RIDGE_OF_CELLS,
    most_targets: int | None = None,
) -> Rises:
    """Return how much errors on held-out windows rise without each cause.

    Args:
        members: E forecasters, each of which forecasts the windows that it was held away from.
        data: windows, and which are held out for each member.
        lag: of the one cell of a cause that is replaced; None: all of its cells.
        correction: share of the correction of Clark and West that is added.
        partial: take the linear part of all other causes off the errors.
        ridge: of the conditional mean.
        most_targets: of forecasters with candidates: at most so many effects, evenly spaced; nothing rises for others.
    """
    assert data.held is not None
    series = data.y.shape[1]
    explained = SerialMeans(1, series)
    most = max(1, WINDOWS // len(members))
    held = [evenly(torch.nonzero(mask).squeeze(1), most) for mask in data.held]
    made = [forecasts(member, data.x[rows]) for member, rows in zip(members, held, strict=True)]
    for number, (rows, forecast) in enumerate(zip(held, made, strict=True)):
        mean = _mean_step(data, torch.unique(data.rows[number]))
        gained = (data.y[rows] - mean).square() - (data.y[rows] - forecast).square()
        explained.add(torch.zeros(1, dtype=torch.long), gained[None], _counting(data, rows))
    missed = HeldOutErrors.of(data, held, made, partial=partial)
    parts = [
        HeldOutForecast(member, data.x[rows], forecast, ConditionalMean(data.x[torch.unique(learned)], ridge))
        for member, rows, forecast, learned in zip(members, held, made, data.rows, strict=True)
    ]
    candidates, changes = None, changes_without_series(parts, lag)
    if own := [one for one in (candidates_of(part.member) for part in parts) if one is not None]:
        candidates, places = union(own, series)
        changes = changes_without_candidates(parts, lag, candidates, places, most_targets or series)
    sums, sizes = SerialMeans(series if candidates is None else candidates.shape[1], series), [len(one) for one in held]
    for change in changes:
        rise = missed.rises(change, correction, lag)
        for part, rows in zip(torch.split(rise, sizes), held, strict=True):
            counts = _counting(data, rows)
            seen = None if counts is None else counts[:, change.effects]
            sums.add_pairs(change.rows[None], change.effects, part[None], seen)
    for rows in held:
        sums.count_everywhere(len(rows), _counting(data, rows))
    return Rises(sums, np.maximum(explained.mean[0], 0), candidates)


def _counting(data: TrainingData, rows: Tensor) -> Tensor | None:
    """Return where next steps of windows count, (windows, P); None: everywhere."""
    return None if data.observed is None else data.seen[rows] > 0


def _mean_step(data: TrainingData, rows: Tensor) -> Tensor:
    """Return the mean next step (P,) of some windows."""
    seen = data.seen[rows]
    mean: Tensor = (data.y[rows] * seen).sum(0) / seen.sum(0).clamp(min=1)
    return mean
