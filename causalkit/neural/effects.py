"""Sign and size of edges: average derivatives of the forecast, and the share of windows that have their sign."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from causalkit.core.effects import Effects
from causalkit.core.panel import Panel
from causalkit.neural.average_derivative import average_derivatives, jacobians
from causalkit.neural.held_out_test import HeldOutMembers
from causalkit.neural.modules.jacobian import as_scores
from causalkit.neural.pair_arrays import pair_array
from causalkit.neural.training.data import TrainingData, evenly

WINDOWS = 1000
"""Windows at most, evenly spaced, over which signs are counted."""


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
    signs = _Signs(data)
    if held_out is not None:
        found = held_out.derivatives
        for rows, targets, jacobian in jacobians(model, data, evenly(everywhere, WINDOWS)):
            signs.add(rows, targets, jacobian)
    else:
        found = average_derivatives([(model, everywhere)], data, signs.add)

    def array(values: Tensor, fill: float = 0.0) -> Any:
        return pair_array(as_scores(values).cpu().double(), found.candidates, fill)

    errors = None if held_out is None else array(found.standard_errors)
    return Effects.of(panel, array(found.mean), errors, array(signs.share(found.mean), 1.0))


class _Signs:
    """In how many windows derivatives are positive and negative, (effect, position, cause or candidate)."""

    def __init__(self, data: TrainingData) -> None:
        self.seen = data.seen > 0
        self.positive = self.negative = torch.zeros(0)

    def add(self, rows: Tensor, targets: Tensor, jacobian: Tensor) -> None:
        """Count the signs of a Jacobian (windows, targets, K, P), or (windows, targets, K, U) of candidates."""
        if not len(self.positive):
            shape = (self.seen.shape[1], *jacobian.shape[2:])
            self.positive = torch.zeros(shape, dtype=torch.float64, device=jacobian.device)
            self.negative = torch.zeros_like(self.positive)
        seen = self.seen[rows][:, targets, None, None]
        self.positive[targets] += ((jacobian > 0) & seen).sum(0)
        self.negative[targets] += ((jacobian < 0) & seen).sum(0)

    def share(self, mean: Tensor) -> Tensor:
        """Return the share of the sign of a mean among derivatives that are not 0; 1 where all are."""
        both = self.positive + self.negative
        of_sign = torch.where(mean < 0, self.negative, self.positive)
        return torch.where(both > 0, of_sign / both.clamp(min=1), 1.0)
