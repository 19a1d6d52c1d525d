"""Sign and size of edges: average derivatives of the forecast, and the share of windows that have their sign."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from causalkit.core.effects import Effects
from causalkit.core.panel import Panel
from causalkit.neural.average_derivative import average_derivatives, jacobians
from causalkit.neural.held_out_test import HeldOutMembers
from causalkit.neural.modules.candidates import candidates_of, spread
from causalkit.neural.modules.jacobian import as_scores
from causalkit.neural.training.data import TrainingData, evenly

WINDOWS = 1000
"""Windows at most, evenly spaced, over which signs are counted."""
Array = NDArray[np.float64]


@torch.no_grad()
def effects_of(model: nn.Module, data: TrainingData, panel: Panel, held_out: HeldOutMembers | None = None) -> Effects:
    """Return the effects of a trained forecaster.

    Args:
        model: the forecaster whose scores count.
        data: its windows.
        panel: what the windows are of.
        held_out: forecasters, each held away from another block. Without them there are no standard errors, and
            errors are those of the model on windows that it has learned from.
    """
    everywhere = torch.arange(len(data.x), device=data.x.device)
    signs = _Signs(data, candidates_of(model))
    if held_out is not None:
        found = held_out.derivatives
        for rows, targets, jacobian in jacobians(model, data, evenly(everywhere, WINDOWS)):
            signs.add(rows, targets, jacobian)
    else:
        found = average_derivatives([(model, everywhere)], data, signs.add)
    errors = None if held_out is None else _array(found.standard_errors)
    return Effects.of(panel, _array(found.mean), errors, _array(signs.share(found.mean)))


def _array(values: Tensor) -> Array:
    """Return (effect, position in the window, cause) as an array (cause, effect, lag)."""
    return np.ascontiguousarray(as_scores(values).cpu().double().numpy())


class _Signs:
    """In how many windows derivatives are positive and negative, (effect, position, cause or candidate)."""

    def __init__(self, data: TrainingData, candidates: Tensor | None) -> None:
        self.seen, self.candidates = data.seen > 0, candidates
        _, lag, series = data.x.shape
        shape = (series, lag, series if candidates is None else candidates.shape[1])
        self.positive, self.negative = (torch.zeros(shape, dtype=torch.float64, device=data.x.device) for _ in range(2))

    def add(self, rows: Tensor, targets: Tensor, jacobian: Tensor) -> None:
        """Count the signs of a Jacobian (windows, targets, K, P), or (windows, targets, K, M) of candidates."""
        seen = self.seen[rows][:, targets, None, None]
        self.positive[targets] += ((jacobian > 0) & seen).sum(0)
        self.negative[targets] += ((jacobian < 0) & seen).sum(0)

    def share(self, mean: Tensor) -> Tensor:
        """Return the share of the sign of a mean among derivatives that are not 0; 1 where all are."""
        signs = (spread(one, self.candidates, len(mean)) for one in (self.positive, self.negative))
        positive, negative = signs
        both = positive + negative
        return torch.where(both > 0, torch.where(mean < 0, negative, positive) / both.clamp(min=1), 1.0)
