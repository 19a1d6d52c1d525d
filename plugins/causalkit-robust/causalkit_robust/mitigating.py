"""The regularizer ``discrepancy-mitigating``: features that no small change of the window can move far.

    x' = argmax over ||x' - x||_inf <= eps of mean (g(x') - g(x))^2,
    L  = forecast error + strength * mean (g(x') - g(x))^2,

with g the features before the head. The attack needs no next step. Source: the method that the authors of
arXiv 2106.10989 released later, Discrepancy Mitigating, with 10 steps of 1.25 eps / 10.
"""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from causalkit.neural import Batch, RegularizerObject, as_forecaster
from causalkit_robust.attacks import frozen, pgd
from causalkit_robust.stages import TwoStages, ramped

REACH = 1.25
"""Length of all steps together, in units of eps."""


class DiscrepancyMitigating(RegularizerObject):
    """Change of the features under the attack that changes them most.

    Args:
        strength: weight of the mean squared change of a feature.
        eps: largest change of a cell, in units of the training standard deviation.
        steps: of the attack, each of size 1.25 eps / steps.
        stage: when it acts in training on two domains: pretrain, finetune or both. In training on one it always acts.
        ramp: share of the epochs over which the weight grows from 0.
    """

    def __init__(
        self,
        strength: Annotated[float, Field(ge=0)] = 1.0,
        eps: Annotated[float, Field(gt=0)] = 0.2,
        steps: Annotated[int, Field(ge=1)] = 10,
        stage: TwoStages = "finetune",
        ramp: Annotated[float, Field(ge=0, le=1)] = 0.0,
    ) -> None:
        self.strength = strength
        self.eps = eps
        self.steps = steps
        self.stage = stage
        self.ramp = ramp

    def penalty(self, model: nn.Module, batch: Batch) -> Tensor:
        """Return the weight of this epoch times the mean squared change of the features."""
        if self.weight == 0:
            return batch.x.new_zeros(())
        attacked = attack_features(model, batch.x, self.eps, self.steps, batch.generator)
        return ramped(self.weight, self.ramp, batch) * feature_change(model, attacked, batch.x)

    def compatible(self, model: nn.Module) -> str | None:
        """Return None for a forecaster that has features."""
        return None if "features" in as_forecaster(model).capabilities else "needs a forecaster with features"


def feature_change(model: nn.Module, attacked: Tensor, x: Tensor) -> Tensor:
    """Return the mean over windows and features of (g(x') - g(x))^2, for windows (B, K, P)."""
    moved: Tensor = as_forecaster(model).features(attacked) - as_forecaster(model).features(x)
    return moved.square().mean()


def attack_features(model: nn.Module, x: Tensor, eps: float, steps: int, generator: torch.Generator) -> Tensor:
    """Return windows (B, K, P) within eps of x whose features are far from those of x.

    The network is in evaluation mode meanwhile, and no gradient reaches its weights. Starts at random: at x itself the
    gradient of the squared change is 0.
    """
    with frozen(model):
        clean = as_forecaster(model).features(x).detach()

        def change(point: Tensor) -> Tensor:
            moved: Tensor = (as_forecaster(model).features(point) - clean).square().sum(1)
            return moved

        return pgd(change, x, eps, steps, REACH * eps / steps, generator)
