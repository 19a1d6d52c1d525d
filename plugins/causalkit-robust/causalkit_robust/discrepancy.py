"""The regularizer ``discrepancy``: source and target shall look alike to the head of the forecaster.

    L = forecast error + strength * D( {g(x)}, {g(x')} ),

with g the features before the head, x windows of the domain that is learned from, and x' windows of the other one,
of which no next step is used. The best reading of the regularizer of arXiv 2106.10989, first version.
"""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from causalkit.errors import WrongUsageError
from causalkit.neural import Batch, RegularizerObject, as_forecaster
from causalkit_robust.collapse import refuse_collapse
from causalkit_robust.distances import DISTANCES, Kind
from causalkit_robust.stages import TwoStages, ramped

NAME = "discrepancy"
SMALLEST_DEVIATION = 0.01
"""Of a feature, in units of the mean deviation of all: a unit that hardly ever fires is not blown up."""


class Discrepancy(RegularizerObject):
    """Distance between the features of source and target.

    Args:
        strength: weight of the distance. 0.1 helps where features differ; 0.3 and more can collapse them.
        kind: mean, coral, mmd or energy; see `causalkit_robust.distances`.
        stage: when it acts: pretrain, finetune or both.
        ramp: share of the epochs over which the weight grows from 0.
        windows: how many windows of each domain a step compares, drawn at random; the cost grows with its square.
    """

    def __init__(
        self,
        strength: Annotated[float, Field(ge=0)] = 0.1,
        kind: Kind = "mmd",
        stage: TwoStages = "pretrain",
        ramp: Annotated[float, Field(ge=0, le=1)] = 0.25,
        windows: Annotated[int, Field(ge=2)] = 256,
    ) -> None:
        self.strength = strength
        self.kind = kind
        self.stage = stage
        self.ramp = ramp
        self.windows = windows
        self.compares_domains = strength > 0  # with strength 0 it draws no windows of the other domain

    def penalty(self, model: nn.Module, batch: Batch) -> Tensor:
        """Return the weight of this epoch times the distance.

        Raises:
            TrainingError: the features have collapsed.
            WrongUsageError: no weight below the head is trained.
        """
        if self.weight == 0:
            return batch.x.new_zeros(())
        assert batch.other is not None
        mine, other = self._some(batch.x, batch.generator), self._some(batch.other, batch.generator)
        features: Tensor = as_forecaster(model).features(torch.cat([mine, other]))
        if torch.is_grad_enabled() and not features.requires_grad:
            raise WrongUsageError(
                f"{NAME} acts on the layers below the head, and these are not trained",
                f"use --set finetune.layers=all, or --set regularizer.{NAME}.stage=pretrain",
            )
        refuse_collapse(features.detach(), NAME)
        scaled = standardised(features)
        a, b = scaled[: len(mine)], scaled[len(mine) :]
        return ramped(self.weight, self.ramp, batch) * DISTANCES[self.kind](a, b)

    def compatible(self, model: nn.Module) -> str | None:
        """Return None for a forecaster that has features."""
        return None if "features" in as_forecaster(model).capabilities else "needs a forecaster with features"

    def _some(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Return as many windows as are compared."""
        if len(x) <= self.windows:
            return x
        return x[torch.randperm(len(x), generator=generator, device=x.device)[: self.windows]]


def standardised(features: Tensor) -> Tensor:
    """Return features (N, D) at mean 0 and deviation 1 over both domains.

    Mean and deviation carry no gradient: with one, the distance would not change when the features shrink, and
    without standardising, shrinking them would be the easiest way to lower it.
    """
    fixed = features.detach()
    deviation = fixed.std(0, unbiased=False)
    return (features - fixed.mean(0)) / deviation.clamp_min(SMALLEST_DEVIATION * float(deviation.mean()))
