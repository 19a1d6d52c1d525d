"""Prewhitening: a network forecasts what a linear autoregression on a series' own past leaves.

In finely sampled recordings the own past explains nearly all of the variance. A penalty on the input Jacobian that
leaves room for the own past leaves room for everything, and one that is strong enough to keep proxies out takes away
from the own past first. So the own past is subtracted, as before a cross-correlation (Box and Jenkins, Time Series
Analysis, 1970, section 11.2), and the network, which sees all series, learns the innovations in units of their standard
deviation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from causalkit.neural.modules.candidates import (
    candidates_of,
    forecast_and_jacobian,
    forecasts_without,
    narrow_jacobian,
)
from causalkit.neural.modules.forecaster import ForecasterModule, as_forecaster, input_jacobian
from causalkit.neural.training.data import TrainingData

Prewhiten = Annotated[int, Field(ge=0)] | Literal["auto"]
RIDGE = 1e-6
"""Of the autoregression, relative to the sum of squares of each of its inputs."""


class Autoregression(nn.Module):
    """Forecast every series linearly from its own latest steps.

    Attributes:
        coefficients: shape (P, order), lag 1 last, as in a window.
        intercept: shape (P,).
        scale: standard deviation of the innovations, shape (P,).
    """

    coefficients: Tensor
    intercept: Tensor
    scale: Tensor

    def __init__(self, coefficients: Tensor, intercept: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("coefficients", coefficients)
        self.register_buffer("intercept", intercept)
        self.register_buffer("scale", scale)

    @classmethod
    def of(
        cls, data: TrainingData, order: int, rows: Tensor | None = None, allowed: Tensor | None = None
    ) -> Autoregression:
        """Return the least-squares fit of an order from 1 to K to windows: all, or those of some rows.

        Args:
            allowed: background knowledge, shape (cause, effect), or None: everything is. A series whose own past is
                forbidden is forecast by its mean.
        """
        chosen = slice(None) if rows is None else rows
        x, y = data.x[chosen, -order:], data.y[chosen]
        if allowed is not None:
            x = x * allowed.diagonal()
        inputs = torch.cat([x.permute(2, 0, 1), torch.ones_like(y.T)[:, :, None]], dim=2).double()  # (P, N, order + 1)
        target = y.T.double()
        weight = data.seen[chosen].T.double()
        weighted = inputs * weight[:, :, None]
        gram = weighted.transpose(1, 2) @ inputs
        count = weight.sum(1).clamp(min=1)
        squares = gram.diagonal(dim1=1, dim2=2).clamp(min=torch.finfo(y.dtype).tiny)
        gram = gram + RIDGE * torch.diag_embed(squares)
        found = torch.linalg.solve(gram, weighted.transpose(1, 2) @ target[:, :, None])[:, :, 0]
        left = (target - (inputs @ found[:, :, None])[:, :, 0]) * weight
        scale = (left.square().sum(1) / count).sqrt()
        smallest = torch.finfo(y.dtype).eps
        return cls(found[:, :-1].to(y), found[:, -1].to(y), scale.clamp(min=smallest).to(y))

    @property
    def order(self) -> int:
        """How many steps of its own past a series is forecast from."""
        return self.coefficients.shape[1]

    def forward(self, x: Tensor) -> Tensor:
        """Forecast: (B, K, P) -> (B, P)."""
        forecast: Tensor = (x[:, -self.order :] * self.coefficients.T).sum(1) + self.intercept
        return forecast

    def innovations(self, data: TrainingData) -> TrainingData:
        """Return data whose next steps are what the autoregression leaves, in units of ``scale``."""
        return replace(data, y=(data.y - self(data.x)) / self.scale)


class Prewhitened(ForecasterModule):
    """An autoregression and a network that forecasts its innovations, together a forecaster of the series.

    Args:
        network: forecaster (B, K, P) -> (B, P) of innovations in units of their standard deviation.
        own_past: the autoregression.
    """

    def __init__(self, network: nn.Module, own_past: Autoregression) -> None:
        super().__init__()
        self.network, self.own_past = as_forecaster(network), own_past

    @property
    def capabilities(self) -> frozenset[str]:
        """Those of the network."""
        return self.network.capabilities

    @property
    def candidates(self) -> Tensor | None:
        """Those of the network."""
        return candidates_of(self.network)

    def features(self, x: Tensor) -> Tensor:
        """Return the features of the network."""
        return self.network.features(x)

    def input_weights(self) -> Tensor:
        """Return the first layer of the network."""
        return self.network.input_weights()

    def forward(self, x: Tensor) -> Tensor:
        """Forecast: (B, K, P) -> (B, P)."""
        forecast: Tensor = self.own_past(x) + self.own_past.scale * self.network(x)
        return forecast

    def forecast_of(self, x: Tensor, targets: Tensor) -> Tensor:
        """Return the forecasts (B, m) of some targets (m,)."""
        own = self.own_past
        forecast: Tensor = own(x)[:, targets] + own.scale[targets] * self.network.forecast_of(x, targets)
        return forecast

    def jacobian(self, x: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return forecast (B, P) and input Jacobian (B, m, K, P); see `causalkit.neural.input_jacobian`."""
        if self.candidates is not None:
            return forecast_and_jacobian(self, x, targets)
        forecast, jacobian = input_jacobian(self.network, x, targets)
        return self.own_past(x) + self.own_past.scale * forecast, self._with_own_past(jacobian, x, targets)

    def candidate_jacobian(self, x: Tensor, targets: Tensor | None = None) -> Tensor:
        """Return the Jacobian (B, m, K, M) with respect to each target's candidates."""
        return self._with_own_past(narrow_jacobian(self.network, x, targets), x, targets)

    def _with_own_past(self, jacobian: Tensor, x: Tensor, targets: Tensor | None) -> Tensor:
        """Return the Jacobian of the sum of both, from that of the network."""
        own, candidates = self.own_past, self.candidates
        chosen = torch.arange(x.shape[2], device=x.device) if targets is None else targets
        chosen = chosen.expand(len(x), -1) if chosen.ndim == 1 else chosen  # (B, m)
        scaled = jacobian * own.scale[chosen][:, :, None, None]
        place = chosen if candidates is None else torch.zeros_like(chosen)  # a target is its own first candidate
        columns = place[:, :, None, None].expand(-1, -1, own.order, 1)
        before = x.new_zeros(len(x), chosen.shape[1], x.shape[1] - own.order, jacobian.shape[3])
        latest = before.new_zeros(len(x), chosen.shape[1], own.order, jacobian.shape[3])
        latest = latest.scatter(3, columns, own.coefficients[chosen][..., None])
        return scaled + torch.cat([before, latest], dim=2)

    def forecasts_without(self, x: Tensor, beyond: Tensor, targets: Tensor) -> Tensor:
        """Return forecasts (M, B, m), each without another candidate of a target, the first one without itself."""
        own = self.own_past
        found = own.scale[targets] * forecasts_without(self.network, x, beyond, targets)
        found[:1] += own(x - beyond)[:, targets]
        found[1:] += own(x)[:, targets]
        return found


def held_out_errors(members: list[nn.Module], data: TrainingData) -> NDArray[np.float64]:
    """Return the mean squared error of each of E forecasters on the windows that it was held away from, (E, P)."""
    assert data.held is not None
    errors = []
    with torch.no_grad():
        for member, held in zip(members, data.held, strict=True):
            squared = (member(data.x[held]) - data.y[held]).square()
            seen = data.seen[held]
            errors.append((squared * seen).sum(0) / seen.sum(0).clamp(min=1))
    return torch.stack(errors).cpu().double().numpy()


def own_past_errors(data: TrainingData, order: int, allowed: Tensor | None = None) -> NDArray[np.float64]:
    """Return the error of the autoregression on each of E blocks, which it was held away from: (E, P)."""
    return held_out_errors([Autoregression.of(data, order, torch.unique(rows), allowed) for rows in data.rows], data)
