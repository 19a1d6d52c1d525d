"""A multi-layer perceptron over the flattened window, with its exact input Jacobian.

y = W_L a(... a(W_1 x + b_1) ...) + b_L,     dy_i/dx = W_L[i] D_{L-1} W_{L-1} ... D_1 W_1,   D_l = diag a'(z_l)
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from causalkit_grngc.activation import ACTIVATIONS, ActivationName

Hidden = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]


class MLP(nn.Module):
    """Joint forecaster; one hidden layer is the network of the GRNGC paper (arXiv 2507.11178).

    Args:
        series, lag: P and K.
        hidden: width of each hidden layer, one or more.
        activation: between layers; the paper's is relu.
    """

    def __init__(self, series: int, lag: int, hidden: Hidden = (128,), activation: ActivationName = "relu") -> None:
        super().__init__()
        self.series, self.lag = series, lag
        self.activation, self.slope = ACTIVATIONS[activation]
        widths = (lag * series, *hidden)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.head = nn.Linear(widths[-1], series)

    def features(self, x: Tensor) -> Tensor:
        """Return what the head sees: (B, K, P) -> (B, H)."""
        return self._hidden(x)[0]

    def forward(self, x: Tensor) -> Tensor:
        """Forecast: (B, K, P) -> (B, P)."""
        forecast: Tensor = self.head(self.features(x))
        return forecast

    def jacobian(self, x: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return forecast (B, P) and input Jacobian (B, m, K, P); see `causalkit.neural.input_jacobian`."""
        h, sums = self._hidden(x)
        weight = self.head.weight
        rows = weight if targets is None else weight[targets]  # (m, H) or (B, m, H)
        for layer, z in zip(reversed(self.layers), reversed(sums), strict=True):
            rows = (rows * self.slope(z).unsqueeze(1)) @ layer.weight  # (B, m, H) -> (B, m, width below)
        return self.head(h), rows.unflatten(2, (self.lag, self.series))

    def input_weights(self) -> Tensor:
        """Return the first layer, shared by all targets: (1, H, K, P)."""
        return self.layers[0].weight.unflatten(1, (self.lag, self.series)).unsqueeze(0)

    def _hidden(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the last hidden layer (B, H) and the sums before each activation."""
        h, sums = x.flatten(1), []
        for layer in self.layers:
            sums.append(layer(h))
            h = self.activation(sums[-1])
        return h, sums
