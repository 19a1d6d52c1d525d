"""One perceptron for each target over the flattened window, with the exact input Jacobian of each.

y_i = v_i . a(W_i x + b_i) + L_i x + c_i,     dy_i/dx = (v_i * a'(z_i)) W_i + L_i
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from causalkit.neural import ForecasterModule, component_jacobian, uniform_parameter
from causalkit_grngc.activation import ACTIVATIONS, ActivationName
from causalkit_grngc.mlp import Hidden


class ComponentMLP(ForecasterModule):
    """Component-wise forecaster: targets share no hidden unit, so each has products of its own.

    Every parameter has the target as its first axis, and all targets are computed by the same batched products.

    Args:
        series, lag: P and K.
        hidden: width of each hidden layer of every target's network, one or more.
        activation: between layers.
        linear: a linear map from window to forecast beside the networks, from 0.
    """

    def __init__(
        self,
        series: int,
        lag: int,
        hidden: Hidden = (16,),
        activation: ActivationName = "elu",
        linear: bool = True,
    ) -> None:
        super().__init__()
        self.series, self.lag, self.linear = series, lag, linear
        self.activation, self.slope = ACTIVATIONS[activation]
        inputs, first = lag * series, hidden[0]
        self.input = uniform_parameter((series, first + linear, lag, series), inputs)
        self.bias = uniform_parameter((series, first), inputs)
        self.weights = nn.ParameterList(
            uniform_parameter((series, above, below), below) for below, above in pairwise(hidden)
        )
        self.biases = nn.ParameterList(uniform_parameter((series, above), below) for below, above in pairwise(hidden))
        self.head = uniform_parameter((series, hidden[-1]), hidden[-1])
        self.offset = uniform_parameter((series,), hidden[-1])
        if linear:  # the last unit of the first layer is the linear map: one product, one tensor of input weights
            with torch.no_grad():
                self.input[:, -1] = 0.0

    def forward(self, x: Tensor) -> Tensor:
        """Forecast: (B, K, P) -> (B, P)."""
        h, _, straight = self._hidden(x)
        return self._output(h, straight)

    def jacobian(self, x: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return forecast (B, P) and input Jacobian (B, m, K, P); see `causalkit.neural.input_jacobian`."""
        h, slopes, straight = self._hidden(x, slopes=True)
        jacobian = component_jacobian(self.input, list(self.weights), self.head, slopes, targets, linear=self.linear)
        return self._output(h, straight), jacobian

    def features(self, x: Tensor) -> Tensor:
        """Return the last hidden layers of all targets side by side: (B, K, P) -> (B, P * H)."""
        return self._hidden(x)[0].flatten(0, 1).T

    def input_weights(self) -> Tensor:
        """Return the first layers (P, H, K, P), with one more unit for the linear map where there is one."""
        return self.input

    def _hidden(self, x: Tensor, *, slopes: bool = False) -> tuple[Tensor, list[Tensor], Tensor | None]:
        """Return the last hidden layers (P, H, B), if wanted the slopes of each, and what the linear maps forecast."""
        weight, straight, found = self.input.flatten(2), None, []
        z = (weight.flatten(0, 1) @ x.flatten(1).T).unflatten(0, weight.shape[:2])  # (P, H, B), of a single product
        if self.linear:
            z, rest = z.split([z.shape[1] - 1, 1], 1)  # one tensor in the backward pass
            straight = rest.squeeze(1)
        z = z + self.bias.unsqueeze(2)
        h = self.activation(z)
        if slopes:
            found.append(self.slope(z, h))
        for weight, bias in zip(self.weights, self.biases, strict=True):
            z = weight @ h + bias.unsqueeze(2)
            h = self.activation(z)
            if slopes:
                found.append(self.slope(z, h))
        return h, found, straight

    def _output(self, h: Tensor, straight: Tensor | None) -> Tensor:
        forecast = (self.head.unsqueeze(1) @ h).squeeze(1) + self.offset.unsqueeze(1)  # (P, B)
        return (forecast if straight is None else forecast + straight).T
