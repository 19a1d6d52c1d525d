"""The penalty of JRNGC, variant F: the squared Frobenius norm of the input Jacobian, by random projection.

For a random unit vector v in the space of the P forecasts, E[P ||v J||^2] = ||J||_F^2 (Hoffman, Roberts and Yaida,
arXiv 1908.02729), so that one backward pass estimates the norm of the whole Jacobian. The read-out is that of variant
L1: the mean absolute Jacobian.
"""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from causalkit.neural import Batch, RegularizerObject, mean_absolute_jacobian

CANDIDATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Strengths to choose from: on standardised series the weakest hardly changes a forecast, the strongest halves it."""
DEFAULT_STRENGTH = 0.01
"""Strength where it is unset and cannot be chosen."""


class Frobenius(RegularizerObject):
    """Squared norm of the input Jacobian.

    The objective is the mean over targets of (squared forecast error + strength * squared norm of the target's row), so
    that a strength means the same at every number of series.

    Args:
        strength: weight of the penalty for each target; auto: chosen by the forecast error on blocks that are left out.
        projections: random directions a step.
    """

    candidates = CANDIDATES
    default_strength = DEFAULT_STRENGTH

    def __init__(
        self,
        strength: Annotated[float, Field(ge=0)] | Literal["auto"] = "auto",
        projections: Annotated[int, Field(ge=1)] = 1,
    ) -> None:
        self.strength = None if strength == "auto" else strength
        self.projections = projections

    def penalty(self, model: nn.Module, batch: Batch) -> Tensor:
        """Return the estimate of strength / P * mean over windows of ||J||_F^2."""
        windows, series = batch.y.shape
        y, pull_back = torch.func.vjp(model, batch.x)[:2]
        total = y.new_zeros(())
        for _ in range(self.projections):
            v = torch.randn(windows, series, generator=batch.generator, device=y.device, dtype=y.dtype)
            v = v / v.norm(dim=1, keepdim=True)
            total = total + pull_back(v)[0].square().sum() / windows
        return self.weight * total / self.projections

    def scores(self, model: nn.Module, x: Tensor) -> Tensor:
        """Return the mean absolute Jacobian (cause, effect, lag)."""
        return mean_absolute_jacobian(model, x)
