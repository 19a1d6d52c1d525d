"""One perceptron for each target over the flattened window, with the exact input Jacobian of each.

y_i = v_i . a(W_i x + b_i) + L_i x + c_i,     dy_i/dx = (v_i * a'(z_i)) W_i + L_i
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from causalkit.neural import (
    ForecasterModule,
    by_blocks,
    candidate_product,
    component_jacobian,
    component_jacobian_size,
    forecast_and_jacobian,
    sum_by_blocks,
    targets_at_once,
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
        if self.candidates is None:
            return self._forecast(self._first(x)).T
        cells = with_none(x)
        if x.requires_grad:
            return self._forecast(candidate_product(self.input, cells, self.candidates)).T

        def forecast(part: slice, weights: Sequence[Tensor]) -> Tensor:
            mine = self._of_targets(part, weights)
            return mine._forecast(candidate_product(mine.input, cells, mine.candidates))

        return by_blocks(forecast, list(self.parameters()), targets_at_once(self.candidates, x)).T

    def forecast_of(self, x: Tensor, targets: Tensor) -> Tensor:
        """Return the forecasts (B, m) of some targets (m,), from their networks alone."""
        return self._of_targets(targets)(x)

    def jacobian(self, x: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return forecast (B, P) and input Jacobian (B, m, K, P); see `causalkit.neural.input_jacobian`."""
        if self.candidates is not None:
            return forecast_and_jacobian(self, x, targets)
        h, slopes, straight = self._hidden(x, slopes=True)
        jacobian = component_jacobian(self.input, list(self.weights), self.head, slopes, targets, linear=self.linear)
        return self._output(h, straight).T, jacobian

    def candidate_jacobian(self, x: Tensor, targets: Tensor | None = None) -> Tensor:
        """Return the Jacobian (B, m, K, M) with respect to each target's candidates."""
        if targets is not None and targets.ndim == 1:
            return self._of_targets(targets).candidate_jacobian(x)
        slopes = self._hidden(x, slopes=True)[1]
        return component_jacobian(self.input, list(self.weights), self.head, slopes, targets, linear=self.linear)

    def jacobian_size(self, x: Tensor, counts: Tensor | None = None) -> tuple[Tensor | None, Tensor]:
        """Return the forecast, and the sum of abs(J) over windows, targets, lags and candidates or series.

        The forecast is None where targets have candidates, as they are then taken in blocks.

        Args:
            x: windows (B, K, P).
            counts: what its entries count, shape (P, M) or (P, P); None: all count 1.
        """
        if self.candidates is None:
            h, slopes, straight = self._hidden(x, slopes=True)
            return self._output(h, straight).T, self._size(slopes, counts)
        cells = with_none(x)

        def size(part: slice, weights: Sequence[Tensor]) -> Tensor:
            mine = self._of_targets(part, weights)
            slopes = mine._above(candidate_product(mine.input, cells, mine.candidates), slopes=True)[1]
            return mine._size(slopes, None if counts is None else counts[part])

        return None, sum_by_blocks(size, list(self.parameters()), targets_at_once(self.candidates, x))

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
            found[number] = mine._forecast(first - mine.input[..., number] @ rows[:, causes].transpose(0, 1)).T
        return found

    def _of_targets(self, targets: Tensor | slice, weights: Sequence[Tensor] | None = None) -> ComponentMLP:
        """Return the network of some targets only.

        Args:
            weights: theirs, in the order of all parameters; None: those that they have, to look at.
        """
        each = iter([weight[targets] for weight in self.parameters()] if weights is None else weights)
        mine = copy.copy(self)
        mine._buffers = {name: None if one is None else one[targets] for name, one in self._buffers.items()}
        mine._parameters = {name: next(each) for name in self._parameters}  # type: ignore[misc]
        mine._modules = {name: nn.ParameterList(next(each) for _ in layers) for name, layers in self._layers()}
        return mine

    def _layers(self) -> list[tuple[str, nn.ParameterList]]:
        return [("weights", self.weights), ("biases", self.biases)]

    def _size(self, slopes: Sequence[Tensor], counts: Tensor | None) -> Tensor:
        layers = list(self.weights)
        return component_jacobian_size(self.input, layers, self.head, slopes, counts, linear=self.linear)

    def _forecast(self, first: Tensor) -> Tensor:
        """Return the forecasts (P, B), of what the first layers make of windows."""
        h, _, straight = self._above(first)
        return self._output(h, straight)

    def _first(self, x: Tensor) -> Tensor:
        """Return what the first layers make of windows, without bias and activation: (P, H, B)."""
        if self.candidates is not None:
            return candidate_product(self.input, with_none(x), self.candidates)
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
        """Return the forecasts (P, B)."""
        if self.candidates is None:
            weighted = (self.head.unsqueeze(1) @ h).squeeze(1)
        else:  # its gradient is no product of many small matrices of awkward strides
            weighted = (self.head.unsqueeze(2) * h).sum(1)
        forecast = weighted + self.offset.unsqueeze(1)
        return forecast if straight is None else forecast + straight
