"""cMLP: one perceptron for each target (Tank et al., arXiv 1802.05842), all in one batched computation.

The first hidden layer of target i is a convolution over the window, which for one window is a matrix product:

    z_i = sum_k W_i[:, k, :] x_k + b_i,     y_i = v_i . a(... a(z_i) ...) + c_i
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from causalkit.neural import ForecasterModule, component_jacobian, uniform_parameter

Hidden = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
Parameters = Mapping[str, Tensor]


class CMLP(ForecasterModule):
    """Component-wise perceptrons with rectified units.

    Every parameter has the target as its first axis, so that any choice of targets is a slice, and any choice of inputs
    a slice of ``input``.

    Args:
        series, lag: P and K.
        hidden: width of each hidden layer, the same for every target.
    """

    def __init__(self, series: int, lag: int, hidden: Hidden = (100,)) -> None:
        super().__init__()
        self.series, self.lag = series, lag
        self.input = uniform_parameter((series, hidden[0], lag, series), lag * series)
        self.bias = uniform_parameter((series, hidden[0]), lag * series)
        self.weights = nn.ParameterList(
            uniform_parameter((series, above, below), below) for below, above in pairwise(hidden)
        )
        self.biases = nn.ParameterList(uniform_parameter((series, above), below) for below, above in pairwise(hidden))
        self.head = uniform_parameter((series, hidden[-1]), hidden[-1])
        self.offset = uniform_parameter((series,), hidden[-1])

    def forward(self, x: Tensor) -> Tensor:
        """Forecast: (B, K, P) -> (B, P)."""
        return self.forecast(dict(self.named_parameters()), x)

    def forecast(self, parameters: Parameters, x: Tensor) -> Tensor:
        """Forecast some targets from some series with given parameters.

        Args:
            parameters: by name, each sliced to the M targets, and ``input`` to the S series that each one sees.
            x: windows (B, K, S) that all targets share, or (M, B, K, S) with inputs of each target's own.

        Returns:
            Shape (B, M).
        """
        return self._output(self._hidden(parameters, x), parameters["head"], parameters["offset"])

    def _output(self, h: Tensor, head: Tensor, offset: Tensor) -> Tensor:
        return ((h @ head.unsqueeze(2)).squeeze(2) + offset.unsqueeze(1)).T

    def features(self, x: Tensor) -> Tensor:
        """Return the last hidden layers of all targets side by side: (B, K, P) -> (B, P * H)."""
        return self._hidden(dict(self.named_parameters()), x).transpose(0, 1).flatten(1)

    def _hidden(self, parameters: Parameters, x: Tensor) -> Tensor:
        """Return the last hidden layer of some targets, (M, B, H); arguments as of `forecast`."""
        return self._layers(parameters, x)[-1]

    def _layers(self, parameters: Parameters, x: Tensor) -> list[Tensor]:
        """Return all hidden layers of some targets, each (M, B, H); arguments as of `forecast`."""
        weight = parameters["input"]  # (M, H, K, S)
        if x.ndim == 3:
            z = (x.flatten(1) @ weight.flatten(2).flatten(0, 1).T).unflatten(1, weight.shape[:2]).transpose(0, 1)
        else:
            z = x.flatten(2) @ weight.flatten(2).mT
        layers = [torch.relu(z + parameters["bias"].unsqueeze(1))]
        for depth in range(len(self.weights)):
            above, bias = parameters[f"weights.{depth}"], parameters[f"biases.{depth}"]
            layers.append(torch.relu(layers[-1] @ above.mT + bias.unsqueeze(1)))
        return layers

    def jacobian(self, x: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return forecast (B, P) and input Jacobian (B, m, K, P); see `causalkit.neural.input_jacobian`."""
        layers = self._layers(dict(self.named_parameters()), x)
        slopes = [(layer > 0).to(layer.dtype).mT for layer in layers]
        jacobian = component_jacobian(self.input, list(self.weights), self.head, slopes, targets)
        return self._output(layers[-1], self.head, self.offset), jacobian

    def input_weights(self) -> Tensor:
        """Return the first layers: (P, H, K, P)."""
        return self.input
