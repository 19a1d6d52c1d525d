"""Which weights of a forecaster are its head: those that its features do not depend on."""

from __future__ import annotations

import torch
from torch import nn

from causalkit.errors import WrongUsageError
from causalkit.neural.modules.forecaster import as_forecaster


def body_weights(model: nn.Module, lag: int, series: int) -> list[nn.Parameter]:
    """Return the weights below the head of a forecaster with the capability "features".

    Raises:
        WrongUsageError: the forecaster has no features, or nothing above them.
    """
    forecaster, name = as_forecaster(model), type(model).__name__
    if "features" not in forecaster.capabilities:
        raise WrongUsageError(
            f"{name} does not define its head: it has no features()",
            "use --set finetune.layers=all, or a forecaster with features (see: causalkit forecasters)",
        )
    weights = list(model.parameters())
    probe = torch.zeros(2, lag, series, device=weights[0].device, dtype=weights[0].dtype)
    gradients = torch.autograd.grad(forecaster.features(probe).sum(), weights, allow_unused=True)
    body = [weight for weight, gradient in zip(weights, gradients, strict=True) if gradient is not None]
    if len(body) == len(weights):
        raise WrongUsageError(f"{name} has no weights above its features", "use --set finetune.layers=all")
    return body
