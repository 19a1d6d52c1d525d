"""The regularizer ``adversarial``: the forecast error under the attack that makes it largest.

    x' = argmax over ||x' - x||_inf <= eps of mean (f(x') - y)^2,     L = forecast error + strength * mean (f(x') - y)^2

Source: Madry et al., Towards deep learning models resistant to adversarial attacks, arXiv 1706.06083 (2018), for the
squared error of a forecaster.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from causalkit.neural import Batch, RegularizerObject, squared_error
from causalkit_robust.attacks import frozen, pgd
from causalkit_robust.stages import TwoStages, ramped


class Adversarial(RegularizerObject):
    """Mean squared forecast error under attack, beside the one without.

    Args:
        strength: weight of the error under attack; the clean error has weight 1.
        eps: largest change of a cell, in units of the training standard deviation.
        steps: of the attack, each of size 2.5 eps / steps.
        stage: when it acts in training on two domains: pretrain, finetune or both. In training on one it always acts.
        ramp: share of the epochs over which the weight grows from 0.
    """

    def __init__(
        self,
        strength: Annotated[float, Field(ge=0)] = 1.0,
        eps: Annotated[float, Field(gt=0)] = 0.2,
        steps: Annotated[int, Field(ge=1)] = 10,
        stage: TwoStages = "both",
        ramp: Annotated[float, Field(ge=0, le=1)] = 0.0,
    ) -> None:
        self.strength = strength
        self.eps = eps
        self.steps = steps
        self.stage = stage
        self.ramp = ramp

    def penalty(self, model: nn.Module, batch: Batch) -> Tensor:
        """Return the weight of this epoch times the mean squared error under attack."""
        if self.weight == 0:
            return batch.x.new_zeros(())

        def error(point: Tensor) -> Tensor:
            missed = (model(point) - batch.y).square()
            return (missed if batch.observed is None else missed * batch.observed).mean(1)

        with frozen(model):
            attacked = pgd(error, batch.x, self.eps, self.steps, generator=batch.generator)
        return ramped(self.weight, self.ramp, batch) * squared_error(model(attacked), batch.y, batch.observed)
