r"""The penalty of GRNGC: the mean absolute input gradient of each target, and the scores read off it.

With A_ijl the mean over windows of |d y_i / d x_jl|, the objective is

    mean over targets i of ( squared forecast error of i  +  strength * sum over j, l of A_ijl ),

so that a strength means the same for every target whatever the number P of series. The paper (arXiv 2507.11178) writes
mean squared error + lambda * sum_ijl A_ijl; the two agree for

    strength = lambda * P.

Two estimators of the sum:

* *exact*: every target's gradient in every window.
* *sampled*: in every step each window draws its own random targets. Their absolute gradients, averaged over draws and
  windows, are an unbiased estimate of the mean over targets, for one backward pass with one-hot rows: the cost does not
  grow with P.

The read-out is always exact.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from causalkit.neural import Batch, input_jacobian, mean_absolute_jacobian

EXACT_UP_TO = 16
"""With so few series the exact penalty costs about as much as the sampled one, and has no variance."""
CHUNK_BYTES = 4 * 2**20
GRID = (0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6)
"""Strengths to choose from; on standardised series, no penalty above 1 leaves a gradient that pays."""


class GradientL1:
    """L1 penalty on the input Jacobian.

    Args:
        strength: weight of the penalty for each target; the paper's lambda times P; auto: chosen by the
            forecast error on blocks that are left out of training.
        estimator: exact, sampled, or auto: exact up to 16 series where the forecaster has a
            Jacobian of its own, sampled otherwise.
        draws: targets that each window draws a step, when sampled.
        memory: MiB that one chunk of the read-out may take.
    """

    def __init__(
        self,
        strength: Annotated[float, Field(ge=0)] | Literal["auto"] = 0.1,
        estimator: Literal["auto", "exact", "sampled"] = "auto",
        draws: Annotated[int, Field(ge=1)] = 1,
        memory: Annotated[int, Field(ge=1)] = 256,
    ) -> None:
        self.grid = GRID if strength == "auto" else ()
        self.strength = 1.0 if strength == "auto" else strength
        self.estimator = estimator
        self.draws = draws
        self.memory = memory

    def with_strength(self, strength: float) -> GradientL1:
        """Return the penalty with another strength."""
        return GradientL1(strength, self.estimator, self.draws, self.memory)

    def penalty(self, model: nn.Module, batch: Batch) -> Tensor:
        """Return strength / P * sum_ijl A_ijl, or its sampled estimate."""
        if self.estimator_for(model, batch.y.shape[1]) == "sampled":
            return self.strength * self._sampled(model, batch)
        return self.strength * _exact(model, batch.x)

    def scores(self, model: nn.Module, x: Tensor) -> Tensor:
        """Return A as (cause, effect, lag)."""
        return mean_absolute_jacobian(model, x, self.memory * 2**20)

    def compatible(self, model: nn.Module) -> str | None:
        """Return None: every differentiable forecaster has a gradient."""
        return None

    def estimator_for(self, model: nn.Module, series: int) -> str:
        """Return the estimator that is used for a forecaster of P series."""
        if self.estimator != "auto":
            return self.estimator
        return "exact" if series <= EXACT_UP_TO and hasattr(model, "jacobian") else "sampled"

    def describe(self, model: nn.Module, series: int) -> dict[str, Any]:
        """Return which estimator is used, for the result."""
        return {"estimator": self.estimator_for(model, series)}

    def _sampled(self, model: nn.Module, batch: Batch) -> Tensor:
        """Return an unbiased estimate of the mean over targets of sum_jl A_ijl."""
        windows, series = batch.y.shape
        targets = torch.randint(series, (windows, self.draws), generator=batch.generator, device=batch.x.device)
        _, jacobian = input_jacobian(model, batch.x, targets)  # (B, draws, K, P)
        return jacobian.abs().sum() / (windows * self.draws)


def _exact(model: nn.Module, x: Tensor) -> Tensor:
    """Return the mean over targets of sum_jl A_ijl.

    In chunks that stay in the processor's cache, which is twice as fast as all windows at once.
    """
    windows, lag, series = x.shape
    at_once = max(1, CHUNK_BYTES // (series * lag * series * x.element_size()))
    total = x.new_zeros(())
    for part in x.split(at_once):
        total = total + input_jacobian(model, part)[1].abs().sum()
    return total / (windows * series)
