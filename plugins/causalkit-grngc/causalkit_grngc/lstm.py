"""A long short-term memory read at the last step of the window.

The cell is written out: the fused kernels of torch cannot be differentiated twice, which a gradient penalty needs.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from causalkit.neural import ForecasterModule
from causalkit_grngc.mlp import Hidden


class LSTMCell(nn.Module):
    """One layer; gates in the order input, forget, candidate, output."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(hidden)
        self.hidden = hidden
        self.weight_input = nn.Parameter(torch.empty(4 * hidden, inputs).uniform_(-bound, bound))
        self.weight_hidden = nn.Parameter(torch.empty(4 * hidden, hidden).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(4 * hidden).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        """Run over a window: (B, K, inputs) -> hidden states (B, K, H)."""
        # All steps in one flat product (B, K, 4H): the gradient of a batched one would copy the matrix for each window.
        driven = (x.flatten(0, 1) @ self.weight_input.T + self.bias).unflatten(0, x.shape[:2])
        h = x.new_zeros(len(x), self.hidden)
        c = torch.zeros_like(h)
        states = []
        for gates in driven.unbind(1):
            i, f, g, o = (gates + h @ self.weight_hidden.T).chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            states.append(h)
        return torch.stack(states, dim=1)


class LSTM(ForecasterModule):
    """Joint forecaster.

    Args:
        series, lag: P and K.
        hidden: width of each layer, one or more.
    """

    def __init__(self, series: int, lag: int, hidden: Hidden = (128,)) -> None:
        super().__init__()
        widths = (series, *hidden)
        self.layers = nn.ModuleList(LSTMCell(a, b) for a, b in pairwise(widths))
        self.head = nn.Linear(widths[-1], series)

    def features(self, x: Tensor) -> Tensor:
        """Return the last hidden state: (B, K, P) -> (B, H)."""
        for layer in self.layers:
            x = layer(x)
        return x[:, -1]

    def forward(self, x: Tensor) -> Tensor:
        """Forecast: (B, K, P) -> (B, P)."""
        forecast: Tensor = self.head(self.features(x))
        return forecast
