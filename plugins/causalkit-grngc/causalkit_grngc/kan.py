"""A Kolmogorov-Arnold network as GRNGC uses it, with its exact input Jacobian.

A layer gives every connection from input i to output o a function of its own, and adds them up:

    y_o = sum_i  w_oi x_i  +  s_oi sum_g c_oig b_g(x_i)

with b_g cubic B-splines over [-1, 1] (`causalkit_grngc.spline`), an identity base w and a scale s for each spline; no
bias, no grid update. Ten parameters a connection; outside the grid a connection is linear.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from causalkit.neural import ForecasterModule, summed_chain
from causalkit_grngc.mlp import Hidden
from causalkit_grngc.spline import FUNCTIONS, INTERVALS, spline_basis, spline_slope

FEW_TARGETS = 4
"""Up to so many targets it is cheaper to push them through the splines than to build the layer's Jacobian first."""


class KANLayer(nn.Module):
    """One layer: (B, inputs) -> (B, outputs)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.base = nn.Parameter(torch.empty(outputs, inputs).uniform_(-bound, bound))
        self.scale = nn.Parameter(torch.empty(outputs, inputs).uniform_(-bound, bound))
        self.spline = nn.Parameter((torch.rand(outputs, inputs, FUNCTIONS) - 0.5) * 0.1 / INTERVALS)

    def coefficients(self) -> Tensor:
        """Return scaled spline coefficients (outputs, inputs, G)."""
        return self.spline * self.scale.unsqueeze(-1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the sums of all connections."""
        return x @ self.base.T + spline_basis(x).flatten(1) @ self.coefficients().flatten(1).T

    def slopes(self, x: Tensor) -> Tensor:
        """Return the layer's whole Jacobian, transposed: (B, inputs, outputs).

        One product for each input writes (inputs, B, outputs); kept in this order, neither later products nor their
        gradients have to copy anything.
        """
        slope, weight = self.factors(x)
        return torch.bmm(slope, weight).transpose(0, 1)

    def factors(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return derivatives of the functions of each input (inputs, B, G + 1), and weights (inputs, G + 1, outputs).

        The identity counts as one more function, of slope 1. All G are taken, though only four are not zero at a time:
        to gather the weights of four takes longer than one product with all of them.
        """
        curved = spline_slope(x.T)
        slope = torch.cat([curved, torch.ones_like(curved[..., :1])], dim=-1)
        return slope, torch.cat([self.coefficients().permute(1, 2, 0), self.base.T.unsqueeze(1)], dim=1)

    def chosen_slopes(self, x: Tensor, targets: Tensor) -> Tensor:
        """Return columns of the transposed Jacobian, (B, inputs, m), for targets (m,) or (B, m)."""
        curved = (spline_slope(x).unsqueeze(1) * self.coefficients()[targets]).sum(-1)
        return (curved + self.base[targets]).mT

    def pull_back(self, columns: Tensor, x: Tensor) -> Tensor:
        """Multiply columns (B, outputs, m) by the layer's transposed Jacobian at x: (B, inputs, m)."""
        if columns.shape[2] > FEW_TARGETS:
            return self.slopes(x) @ columns
        rows = columns.mT
        through = (rows @ self.coefficients().flatten(1)).unflatten(2, (x.shape[1], FUNCTIONS))  # (B, m, inputs, G)
        return (rows @ self.base + (through * spline_slope(x).unsqueeze(1)).sum(-1)).mT


class KAN(ForecasterModule):
    """Joint forecaster; one hidden layer is the default network of GRNGC (arXiv 2507.11178).

    Args:
        series, lag: P and K.
        hidden: width of each hidden layer, one or more.
    """

    def __init__(self, series: int, lag: int, hidden: Hidden = (128,)) -> None:
        super().__init__()
        self.series, self.lag = series, lag
        widths = (lag * series, *hidden, series)
        self.layers = nn.ModuleList(KANLayer(a, b) for a, b in pairwise(widths))

    def features(self, x: Tensor) -> Tensor:
        """Return what the last layer sees: (B, K, P) -> (B, H)."""
        return self._inputs(x)[-1]

    def forward(self, x: Tensor) -> Tensor:
        """Forecast: (B, K, P) -> (B, P)."""
        forecast: Tensor = self.layers[-1](self.features(x))
        return forecast

    def jacobian(self, x: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return forecast (B, P) and input Jacobian (B, m, K, P); see `causalkit.neural.input_jacobian`."""
        inputs = self._inputs(x)
        head = self.layers[-1]
        columns = head.slopes(inputs[-1]) if targets is None else head.chosen_slopes(inputs[-1], targets)
        for layer, below in zip(reversed(self.layers[:-1]), reversed(inputs[:-1]), strict=True):
            columns = layer.pull_back(columns, below)
        return head(inputs[-1]), columns.mT.unflatten(2, (self.lag, self.series))

    def jacobian_size(self, x: Tensor, counts: Tensor | None = None) -> tuple[Tensor | None, Tensor]:
        """Return the forecast (B, P), and the sum of |J|; see `causalkit.neural.ForecasterModule.jacobian_size`."""
        if len(self.layers) != 2 or x.requires_grad:
            return super().jacobian_size(x, counts)
        body, head = self.layers
        inputs = self._inputs(x)
        own = None if counts is None else counts.T.expand(self.lag, -1, -1).flatten(0, 1)
        size = summed_chain(*body.factors(inputs[0]), *head.factors(inputs[1]), own)
        return head(inputs[1]), size

    def _inputs(self, x: Tensor) -> list[Tensor]:
        """Return what each layer sees, [(B, K P), (B, H), ...]."""
        seen = [x.flatten(1)]
        for layer in self.layers[:-1]:
            seen.append(layer(seen[-1]))
        return seen
