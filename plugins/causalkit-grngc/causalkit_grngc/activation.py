"""Activation functions together with their derivatives, for exact Jacobians."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

ActivationName = Literal["relu", "elu", "tanh", "softplus"]
Activation = Callable[[Tensor], Tensor]


def _step(z: Tensor) -> Tensor:
    return (z > 0).to(z.dtype)


def _elu_slope(z: Tensor) -> Tensor:
    return torch.exp(z.clamp(max=0))


def _tanh_slope(z: Tensor) -> Tensor:
    return 1 - torch.tanh(z).square()


ACTIVATIONS: dict[str, tuple[Activation, Activation]] = {
    "relu": (torch.relu, _step),
    "elu": (functional.elu, _elu_slope),
    "tanh": (torch.tanh, _tanh_slope),
    "softplus": (functional.softplus, torch.sigmoid),
}
"""Name -> (function, derivative); both are differentiable by autograd."""
