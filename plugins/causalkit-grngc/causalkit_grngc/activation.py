"""Activation functions together with their derivatives, for exact Jacobians."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

ActivationName = Literal["relu", "elu", "tanh", "softplus"]
Activation = Callable[[Tensor], Tensor]
Slope = Callable[[Tensor, Tensor], Tensor]
"""``slope(z, h)`` with h = activation(z): where h gives the derivative, it costs half of what z alone would."""


def _step(z: Tensor, h: Tensor) -> Tensor:
    return (z > 0).to(z.dtype)


def _elu_slope(z: Tensor, h: Tensor) -> Tensor:
    return 1 - torch.relu(-h)  # h is exp(z) - 1 below 0


def _tanh_slope(z: Tensor, h: Tensor) -> Tensor:
    return 1 - h.square()


def _softplus_slope(z: Tensor, h: Tensor) -> Tensor:
    return torch.sigmoid(z)


ACTIVATIONS: dict[str, tuple[Activation, Slope]] = {
    "relu": (torch.relu, _step),
    "elu": (functional.elu, _elu_slope),
    "tanh": (torch.tanh, _tanh_slope),
    "softplus": (functional.softplus, _softplus_slope),
}
"""Name -> (function, derivative); both are differentiable by autograd."""
