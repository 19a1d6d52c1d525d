"""A multi-layer perceptron over the flattened window, with its exact input Jacobian.

y = W_L a(... a(W_1 x + b_1) ...) + b_L,     dy_i/dx = W_L[i] D_{L-1} W_{L-1} ... D_1 W_1,   D_l = diag a'(z_l)
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from causalkit.neural import ForecasterModule, summed_jacobian, summed_products
from causalkit_grngc.activation import ACTIVATIONS, ActivationName

Hidden = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]


class MLP(ForecasterModule):
    """Joint forecaster; one hidden layer is the network of the GRNGC paper (arXiv 2507.11178).

    Args:
        series, lag: P and K.
        hidden: width of each hidden layer, one or more.
        activation: between layers; the paper's is relu.
        linear: a linear map from window to forecast beside the network, from 0; the network then has
            to learn only what is not linear. The paper's has none.
    """

    def __init__(
        self,
        series: int,
        lag: int,
        hidden: Hidden = (128,),
        activation: ActivationName = "elu",
        linear: bool = True,
    ) -> None:
        super().__init__()
        self.series, self.lag = series, lag
        self.activation, self.slope = ACTIVATIONS[activation]
        widths = (lag * series, *hidden)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.head = nn.Linear(widths[-1], series)
        self.linear = linear
        if linear:  # the last P units of the first layer are the linear map: one product, one tensor of input weights
            first = nn.Linear(widths[0], widths[1] + series)
            with torch.no_grad():
                first.weight[: widths[1]], first.bias[: widths[1]] = self.layers[0].weight, self.layers[0].bias
                first.weight[widths[1] :], first.bias[widths[1] :] = 0.0, 0.0
            self.layers[0] = first

    def features(self, x: Tensor) -> Tensor:
        """Return what the head sees: (B, K, P) -> (B, H)."""
        return self._hidden(x)[0]

    def forward(self, x: Tensor) -> Tensor:
        """Forecast: (B, K, P) -> (B, P)."""
        h, _, straight = self._hidden(x)
        return self._output(h, straight)

    def jacobian(self, x: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return forecast (B, P) and input Jacobian (B, m, K, P); see `causalkit.neural.input_jacobian`."""
        h, slopes, straight = self._hidden(x, slopes=True)
        below, linear = self._first_layer()
        weight = self.head.weight
        if targets is None and len(self.layers) == 1 and self.lag * self.series <= len(x):
            # All products of an output weight and an input weight once, (H, P K P), then one matrix product for all
            # windows: two to three times faster than a small one for each window.
            products = (weight.t().unsqueeze(2) * below.unsqueeze(1)).flatten(1)
            rows = (slopes[0] @ products).unflatten(1, (self.series, self.lag * self.series))
        else:
            rows = self._rows(weight if targets is None else weight[targets], slopes) @ below
        if linear is not None:
            rows = rows + (linear if targets is None else linear[targets])
        return self._output(h, straight), rows.unflatten(2, (self.lag, self.series))

    def jacobian_size(self, x: Tensor, counts: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the forecast (B, P), and the sum of |J|; see `causalkit.neural.ForecasterModule.jacobian_size`."""
        h, slopes, straight = self._hidden(x, slopes=True)
        below, linear = self._first_layer()
        own = None if counts is None else counts.unsqueeze(1).expand(-1, self.lag, -1).flatten(1)
        if len(self.layers) == 1:
            size = summed_jacobian(self.head.weight, slopes[0], below, linear, own)
        else:
            rows = self._rows(self.head.weight, slopes)
            alone = (None if one is None else one.unsqueeze(0) for one in (rows, below, linear, own))
            size = summed_products(*alone)
        return self._output(h, straight), size

    def input_weights(self) -> Tensor:
        """Return the first layer, shared by all targets: (1, H, K, P), with P more rows where there is a linear map."""
        return self.layers[0].weight.unflatten(1, (self.lag, self.series)).unsqueeze(0)

    def _first_layer(self) -> tuple[Tensor, Tensor | None]:
        """Return the weights (H, K P) of the hidden units, and those of the linear map (P, K P) where there is one."""
        weight = self.layers[0].weight
        if not self.linear:
            return weight, None
        hidden, linear = weight.split([len(weight) - self.series, self.series])
        return hidden, linear

    def _rows(self, weight: Tensor, slopes: list[Tensor]) -> Tensor:
        """Return derivatives with respect to what the first layer makes of windows (B, m, H), from those of the head.

        Args:
            weight: of the head, (m, H) or (B, m, H).
            slopes: of each layer.
        """
        rows = weight * slopes[-1].unsqueeze(1)
        for layer, slope in zip(reversed(self.layers[1:]), reversed(slopes[:-1]), strict=True):
            rows = (rows @ layer.weight) * slope.unsqueeze(1)  # (B, m, H) -> (B, m, width below)
        return rows

    def _hidden(self, x: Tensor, *, slopes: bool = False) -> tuple[Tensor, list[Tensor], Tensor | None]:
        """Return the last hidden layer (B, H), if wanted the slope of each layer, and what the linear map forecasts."""
        h, found, straight = x.flatten(1), [], None
        for level, layer in enumerate(self.layers):
            z = layer(h)
            if self.linear and level == 0:
                z, straight = z.split([z.shape[1] - self.series, self.series], 1)  # one tensor in the backward pass
            h = self.activation(z)
            if slopes:
                found.append(self.slope(z, h))
        return h, found, straight

    def _output(self, h: Tensor, straight: Tensor | None) -> Tensor:
        forecast: Tensor = self.head(h)
        return forecast if straight is None else forecast + straight
