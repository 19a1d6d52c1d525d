"""The forecaster of JRNGC (Zhou et al., ICML 2024, arXiv 2405.08779): a residual perceptron over the flattened window.

h_0 = W_0 x + b_0,     h_l = h_{l-1} + dropout(relu(W_l h_{l-1} + b_l)),     y = V h_L + c
"""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from causalkit.neural import ForecasterModule


class ResidualMLP(ForecasterModule):
    """Joint forecaster.

    Args:
        series, lag: P and K.
        hidden: width of the residual stream.
        layers: number of residual layers.
        dropout: share of units that a training step leaves out.
    """

    def __init__(
        self,
        series: int,
        lag: int,
        hidden: Annotated[int, Field(ge=1)] = 100,
        layers: Annotated[int, Field(ge=1)] = 3,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
    ) -> None:
        super().__init__()
        self.series, self.lag = series, lag
        self.entry = nn.Linear(lag * series, hidden)
        self.layers = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(layers))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, series)

    def features(self, x: Tensor) -> Tensor:
        """Return what the head sees: (B, K, P) -> (B, H)."""
        h: Tensor = self.entry(x.flatten(1))
        for layer in self.layers:
            h = h + self.dropout(torch.relu(layer(h)))
        return h

    def forward(self, x: Tensor) -> Tensor:
        """Forecast: (B, K, P) -> (B, P)."""
        forecast: Tensor = self.head(self.features(x))
        return forecast

    def jacobian(self, x: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return forecast (B, P) and input Jacobian (B, m, K, P); see `causalkit.neural.input_jacobian`."""
        h = self.entry(x.flatten(1))
        slopes = []
        for layer in self.layers:
            z = layer(h)
            kept = self.dropout(torch.ones_like(z))  # the same mask for the value and its slope
            h = h + kept * torch.relu(z)
            slopes.append(kept * (z > 0))
        weight = self.head.weight
        rows = weight.expand(len(x), -1, -1) if targets is None else weight[targets]
        if rows.ndim == 2:
            rows = rows.expand(len(x), -1, -1)
        for layer, slope in zip(reversed(self.layers), reversed(slopes), strict=True):
            rows = rows + (rows * slope.unsqueeze(1)) @ layer.weight
        return self.head(h), (rows @ self.entry.weight).unflatten(2, (self.lag, self.series))

    def input_weights(self) -> Tensor:
        """Return the first layer, shared by all targets: (1, H, K, P)."""
        return self.entry.weight.unflatten(1, (self.lag, self.series)).unsqueeze(0)
