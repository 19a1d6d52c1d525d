"""Input masks: a joint forecaster that never shows a target the series that must not act on it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from causalkit.neural.modules.forecaster import ForecasterModule, as_forecaster, input_jacobian
from causalkit.neural.modules.weight_mask import has_own_input_weights

MAX_GROUPS = 128
"""Groups of targets with the same causes, up to which each has its own pass: small networks take about five times as
long to train with 20 groups, 30 times with 81."""


class MaskedInputs(ForecasterModule):
    """Forecast each target from windows in which the series that are forbidden to it are 0, the mean of their values.

    Targets with the same causes share one pass through the network. Forecasts, and with them the input Jacobian, do not
    depend on forbidden series at all, whatever the weights are.

    Args:
        network: forecaster (B, K, P) -> (B, P).
        allowed: shape (cause, effect).
    """

    def __init__(self, network: nn.Module, allowed: Tensor) -> None:
        super().__init__()
        self.network = as_forecaster(network)
        patterns, group = torch.unique(allowed.T, dim=0, return_inverse=True)
        weight = next(network.parameters())
        self.patterns = patterns.to(weight)  # (G, P): what a target of each group sees
        self.group = group  # (P,): the group of each target

    @property
    def capabilities(self) -> frozenset[str]:
        """Those of the network."""
        return self.network.capabilities

    def forward(self, x: Tensor) -> Tensor:
        """Forecast: (B, K, P) -> (B, P)."""
        count, windows = len(self.patterns), len(x)
        shown = (x.unsqueeze(0) * self.patterns[:, None, None, :]).flatten(0, 1)  # (G * B, K, P)
        made = self.network(shown).unflatten(0, (count, windows))
        targets = torch.arange(len(self.group), device=x.device)
        forecast: Tensor = made[self.group, :, targets].T
        return forecast

    def features(self, x: Tensor) -> Tensor:
        """Return the features of the network, which sees all series."""
        return self.network.features(x)

    def input_weights(self) -> Tensor:
        """Return the first layer of the network."""
        return self.network.input_weights()

    def jacobian(self, x: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return forecast (B, P) and input Jacobian (B, m, K, P); see `causalkit.neural.input_jacobian`."""
        if "jacobian" not in self.capabilities:
            return super().jacobian(x, targets)
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


def mask_inputs(model: nn.Module, allowed: Tensor | None) -> nn.Module:
    """Return the forecaster that keeps to what is allowed (cause, effect), or the model itself.

    The model itself, where everything is allowed, where first-layer weights can be masked one by one
    (`causalkit.neural.modules.weight_mask`), and where more than `MAX_GROUPS` groups of targets differ in their causes.
    """
    if allowed is None or bool(allowed.all()) or has_own_input_weights(model, len(allowed)) or has_masked_inputs(model):
        return model
    return model if len(torch.unique(allowed.T, dim=0)) > MAX_GROUPS else MaskedInputs(model, allowed)


def hides_forbidden(model: nn.Module, allowed: Tensor) -> bool:
    """Tell whether no forbidden series reaches a target in training, by weight masks or by `mask_inputs`."""
    if bool(allowed.all()) or has_own_input_weights(model, len(allowed)):
        return True
    return has_masked_inputs(mask_inputs(model, allowed))


def has_masked_inputs(model: nn.Module) -> bool:
    """Are forbidden series hidden from their targets?"""
    return any(isinstance(part, MaskedInputs) for part in model.modules())
