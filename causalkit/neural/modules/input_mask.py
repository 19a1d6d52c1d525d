"""A joint forecaster that never shows a target the series that must not act on it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from causalkit.neural.modules.jacobian import input_jacobian
from causalkit.neural.modules.weight_mask import closes

MOST = 128
"""Groups of targets with the same causes, up to which each has its own pass: small networks take about five times as
long to train with 20 groups, 30 times with 81."""


class Gated(nn.Module):
    """Forecast each target from windows in which the series that are forbidden to it are 0, the mean of their values.

    Targets with the same causes share one pass through the network. Forecasts, and with them the input Jacobian, do not
    depend on forbidden series at all, whatever the weights are.

    Args:
        network: forecaster (B, K, P) -> (B, P).
        allowed: shape (cause, effect).
    """

    def __init__(self, network: nn.Module, allowed: Tensor) -> None:
        super().__init__()
        self.network = network
        patterns, group = torch.unique(allowed.T, dim=0, return_inverse=True)
        weight = next(network.parameters())
        self.patterns = patterns.to(weight)  # (G, P): what a target of each group sees
        self.group = group  # (P,): the group of each target

    def forward(self, x: Tensor) -> Tensor:
        """Forecast: (B, K, P) -> (B, P)."""
        count, windows = len(self.patterns), len(x)
        shown = (x.unsqueeze(0) * self.patterns[:, None, None, :]).flatten(0, 1)  # (G * B, K, P)
        made = self.network(shown).unflatten(0, (count, windows))
        targets = torch.arange(len(self.group), device=x.device)
        forecast: Tensor = made[self.group, :, targets].T
        return forecast

    def __getattr__(self, name: str) -> Any:
        if name in ("features", "input_weights"):
            return getattr(super().__getattr__("network"), name)
        if name == "jacobian" and hasattr(super().__getattr__("network"), "jacobian"):
            return self.gated_jacobian
        return super().__getattr__(name)

    def gated_jacobian(self, x: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return forecast (B, P) and input Jacobian (B, m, K, P); see `causalkit.neural.input_jacobian`.

        It is `jacobian` where the network has one of its own.
        """
        if targets is not None and targets.ndim == 2:
            columns = []
            for own in targets.T:
                seen = self.patterns[self.group[own]].unsqueeze(1)  # (B, 1, P)
                columns.append(input_jacobian(self.network, x * seen, own.unsqueeze(1))[1] * seen.unsqueeze(1))
            return self(x), torch.cat(columns, dim=1)
        chosen = torch.arange(len(self.group), device=x.device) if targets is None else targets
        parts, order = [], []
        for number, pattern in enumerate(self.patterns):
            mine = torch.nonzero(self.group[chosen] == number).squeeze(1)
            if len(mine):
                parts.append(input_jacobian(self.network, x * pattern, chosen[mine])[1] * pattern)
                order.append(mine)
        return self(x), torch.cat(parts, dim=1)[:, torch.argsort(torch.cat(order))]


def gate(model: nn.Module, allowed: Tensor | None) -> nn.Module:
    """Return the forecaster that keeps to what is allowed (cause, effect), or the model itself.

    The model itself, where everything is allowed, where first-layer weights can be closed one by one
    (`causalkit.neural.modules.weight_mask`), and where more than `MOST` groups of targets differ in their causes.
    """
    if allowed is None or bool(allowed.all()) or closes(model, len(allowed)) or is_gated(model):
        return model
    return model if len(torch.unique(allowed.T, dim=0)) > MOST else Gated(model, allowed)


def is_gated(model: nn.Module) -> bool:
    """Are forbidden series hidden from their targets?"""
    return any(isinstance(part, Gated) for part in model.modules())
