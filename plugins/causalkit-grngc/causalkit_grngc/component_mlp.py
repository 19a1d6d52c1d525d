"""One perceptron for each target over the flattened window, with the exact input Jacobian of each.

y_i = v_i . a(W_i x + b_i) + L_i x + c_i,     dy_i/dx = (v_i * a'(z_i)) W_i + L_i
"""

from __future__ import annotations

import copy
from itertools import pairwise

import torch
from torch import Tensor, nn

from causalkit.neural import (
    ForecasterModule,
    candidate_product,
    component_jacobian,
    component_jacobian_size,
    forecast_and_jacobian,
    uniform_parameter,
    with_none,
)
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
        candidates: the only series that each target sees, shape (P, M), P standing for none; None: it sees all.
    """

    candidates: Tensor | None

    def __init__(
        self,
        series: int,
        lag: int,
        hidden: Hidden = (16,),
        activation: ActivationName = "elu",
        linear: bool = True,
        candidates: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.series, self.lag, self.linear = series, lag, linear
        self.activation, self.slope = ACTIVATIONS[activation]
        self.register_buffer("candidates", candidates, persistent=False)
        width, first = series if candidates is None else candidates.shape[1], hidden[0]
        inputs = lag * width
        self.input = uniform_parameter((series, first + linear, lag, width), inputs)
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
        if candidates is not None:  # weights of none stay 0: so is their gradient
            with torch.no_grad():
                self.input.mul_((candidates < series)[:, None, None])

    def forward(self, x: Tensor) -> Tensor:
        """Forecast: (B, K, P) -> (B, P)."""
        h, _, straight = self._hidden(x)
        return self._output(h, straight)

    def forecast_of(self, x: Tensor, targets: Tensor) -> Tensor:
        """Return the forecasts (B, m) of some targets (m,), from their networks alone."""
        return self._of_targets(targets)(x)

    def jacobian(self, x: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return forecast (B, P) and input Jacobian (B, m, K, P); see `causalkit.neural.input_jacobian`."""
        if self.candidates is not None:
            return forecast_and_jacobian(self, x, targets)
        h, slopes, straight = self._hidden(x, slopes=True)
        jacobian = component_jacobian(self.input, list(self.weights), self.head, slopes, targets, linear=self.linear)
        return self._output(h, straight), jacobian

    def candidate_jacobian(self, x: Tensor, targets: Tensor | None = None) -> Tensor:
        """Return the Jacobian (B, m, K, M) with respect to each target's candidates."""
        if targets is not None and targets.ndim == 1:
            return self._of_targets(targets).candidate_jacobian(x)
        slopes = self._hidden(x, slopes=True)[1]
        return component_jacobian(self.input, list(self.weights), self.head, slopes, targets, linear=self.linear)

    def jacobian_size(self, x: Tensor, counts: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the forecast, and the sum of |J| over windows, targets, lags and candidates or series.

        Args:
            x: windows (B, K, P).
            counts: what its entries count, shape (P, M) or (P, P); None: all count 1.
        """
        h, slopes, straight = self._hidden(x, slopes=True)
        layers = list(self.weights)
        size = component_jacobian_size(self.input, layers, self.head, slopes, counts, linear=self.linear)
        return self._output(h, straight), size

    def features(self, x: Tensor) -> Tensor:
        """Return the last hidden layers of all targets side by side: (B, K, P) -> (B, P * H)."""
        return self._hidden(x)[0].flatten(0, 1).T

    def input_weights(self) -> Tensor:
        """Return the first layers (P, H, K, P or M), with one more unit for the linear map where there is one."""
        return self.input

    def forecasts_without(self, x: Tensor, beyond: Tensor, targets: Tensor) -> Tensor:
        """Return forecasts (M, B, m) of targets, each time with what is beyond taken away from another candidate."""
        assert self.candidates is not None
        mine, candidates = self._of_targets(targets), self.candidates[targets]
        first, rows = mine._first(x), with_none(beyond)
        found = x.new_empty(candidates.shape[1], len(x), len(targets))
        for number, causes in enumerate(candidates.T):
            changed = first - mine.input[..., number] @ rows[:, causes].transpose(0, 1)
            h, _, straight = mine._above(changed)
            found[number] = mine._output(h, straight)
        return found

    def _of_targets(self, targets: Tensor) -> ComponentMLP:
        """Return the network with the weights of some targets only, to look at."""
        mine = copy.copy(self)
        mine._buffers = {name: None if one is None else one[targets] for name, one in self._buffers.items()}
        mine._parameters = {name: weight[targets] for name, weight in self._parameters.items()}  # type: ignore[index]
        mine._modules = {
            name: nn.ParameterList(weight[targets] for weight in layers)
            for name, layers in (("weights", self.weights), ("biases", self.biases))
        }
        return mine

    def _first(self, x: Tensor) -> Tensor:
        """Return what the first layers make of windows, without bias and activation: (P, H, B)."""
        if self.candidates is not None:
            return candidate_product(self.input, x, self.candidates)
        weight = self.input.flatten(2)
        return (weight.flatten(0, 1) @ x.flatten(1).T).unflatten(0, weight.shape[:2])  # of a single product

    def _hidden(self, x: Tensor, *, slopes: bool = False) -> tuple[Tensor, list[Tensor], Tensor | None]:
        """Return the last hidden layers (P, H, B), if wanted the slopes of each, and what the linear maps forecast."""
        return self._above(self._first(x), slopes=slopes)

    def _above(self, z: Tensor, *, slopes: bool = False) -> tuple[Tensor, list[Tensor], Tensor | None]:
        """Return what `_hidden` does, of what the first layers make of windows."""
        straight, found = None, []
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
        if self.candidates is None:
            weighted = (self.head.unsqueeze(1) @ h).squeeze(1)
        else:  # its gradient is no product of many small matrices of awkward strides
            weighted = (self.head.unsqueeze(2) * h).sum(1)
        forecast = weighted + self.offset.unsqueeze(1)  # (P, B)
        return (forecast if straight is None else forecast + straight).T
