"""Small systems and parts that several tests share."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from causalkit import Forecaster, Regularizer
from causalkit.neural import PenaltySum, input_jacobian, mean_absolute_jacobian
from causalkit.neural.interfaces import as_regularizer
from causalkit.neural.regularizers import Term


def lagged_pair(steps: int = 300, series: int = 3, seed: int = 0) -> np.ndarray:
    """White noise whose only edge is 0 -> 1 at lag 2."""
    x = np.random.default_rng(seed).standard_normal((steps, series))
    x[2:, 1] = 0.9 * x[:-2, 0] + 0.3 * x[2:, 1]
    return x


class Linear(nn.Module):
    """The smallest forecaster; no Jacobian of its own."""

    def __init__(self, series: int, lag: int) -> None:
        super().__init__()
        self.map = nn.Linear(lag * series, series)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.map(x.flatten(1))


class Curved(nn.Module):
    """Two smooth layers; no Jacobian of its own."""

    def __init__(self, series: int, lag: int, hidden: int = 7) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(lag * series, hidden), nn.Tanh(), nn.Linear(hidden, series))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)


class GradientPenalty:
    """A regularizer that reveals causes, for any forecaster."""

    def __init__(self, strength: float = 0.02) -> None:
        self.strength = strength

    def penalty(self, model, batch):
        return self.strength * input_jacobian(model, batch.x)[1].abs().sum((1, 2, 3)).mean()

    def scores(self, model, x):
        return mean_absolute_jacobian(model, x)

    def compatible(self, model):
        return None


class Ridge:
    """A regularizer that reveals nothing."""

    def __init__(self, weight: float = 0.01) -> None:
        self.weight = weight

    def penalty(self, model, batch):
        return self.weight * sum(p.square().sum() for p in model.parameters())

    def compatible(self, model):
        return None


LINEAR = Forecaster(name="linear", factory=Linear, summary="one linear map")
CURVED = Forecaster(name="curved", factory=Curved, summary="two smooth layers")
GRADIENT = Regularizer(name="gradient", factory=GradientPenalty, summary="mean absolute gradient")
RIDGE = Regularizer(name="ridge", factory=Ridge, summary="squared weights", reveals_causes=False)


def penalties(*objects) -> PenaltySum:
    """Bring regularizer objects into a sum under the names of their classes."""
    record = {GradientPenalty: GRADIENT, Ridge: RIDGE}
    return PenaltySum([Term(record.get(type(one), GRADIENT), {}, as_regularizer(one)) for one in objects])
