"""The base class of forecasters: networks ``window (B, K, P) -> next step (B, P)``, and their input Jacobian.

B windows, K lags, P series. A window is oldest first: ``x[:, -1]`` is lag 1.
"""

from __future__ import annotations

import copy
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

CHUNK_BYTES = 4 * 2**20
"""Of Jacobians that are summed at a time, so that they stay in the processor's cache."""
CAPABILITIES = {"jacobian": "jacobian", "features": "features", "input-weights": "input_weights"}
"""Capability -> the method that provides it."""


class ForecasterModule(nn.Module):
    """A network ``(B, K, P) -> (B, P)``.

    Windows must not influence each other (no batch normalisation), since the input Jacobian is taken window by window.
    A subclass needs `forward`. Each of the other methods that it overrides is a capability, which its record names.
    """

    @property
    def capabilities(self) -> frozenset[str]:
        """Which of the optional methods the forecaster has: "jacobian", "features", "input-weights"."""
        own, base = type(self), ForecasterModule
        return frozenset(
            name for name, method in CAPABILITIES.items() if getattr(own, method) is not getattr(base, method)
        )

    def jacobian(self, x: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return forecast (B, P) and input Jacobian (B, m, K, P), exact and differentiable; see `input_jacobian`.

        Override it where the layers give the Jacobian faster than automatic differentiation.
        """
        return autograd_jacobian(self, x, targets)

    def jacobian_size(self, x: Tensor, counts: Tensor | None = None) -> tuple[Tensor | None, Tensor]:
        """Return the forecast (B, P), and the sum of abs(J) over windows, targets, lags and series as a scalar.

        Override it where that is faster than the whole Jacobian. The forecast may be None: then it is made apart.

        Args:
            counts: what the entries of each target and series count, shape (P, P); None: all count 1.
        """
        series = x.shape[2]
        at_once = max(1, CHUNK_BYTES // (series * x[0].numel() * x.element_size()))
        total = x.new_zeros(())
        for part in torch.split(x, at_once):
            sizes = self.jacobian(part)[1].abs()  # (B, P, K, P)
            total = total + (sizes if counts is None else sizes * counts.unsqueeze(1)).sum()
        return None, total

    def forecast_of(self, x: Tensor, targets: Tensor) -> Tensor:
        """Return the forecasts (B, m) of some targets (m,). Override it where others need not be computed."""
        forecast: Tensor = self(x)[:, targets]
        return forecast

    def features(self, x: Tensor) -> Tensor:
        """Return what the head sees: (B, K, P) -> (B, D). Without an override the forecaster has no features."""
        raise NotImplementedError(f"{type(self).__name__} has no features")

    def input_weights(self) -> Tensor:
        """Return the first layer, shape (target, hidden, K, P), as parameters or views of them.

        1 target where all share the layer; 1 in the place of K where the weights serve every step.
        """
        raise NotImplementedError(f"{type(self).__name__} has no input weights")


def as_forecaster(module: nn.Module) -> ForecasterModule:
    """Return a module as a forecaster.

    Any other `torch.nn.Module` with the signature of a forecaster is adapted: what is returned shares its weights and
    its own methods, and has the defaults of `ForecasterModule` for the others.
    """
    if isinstance(module, ForecasterModule):
        return module
    adapted = copy.copy(module)
    for name in CAPABILITIES.values():
        if adapted.__dict__.get(name, name) is None:  # says that it has none
            del adapted.__dict__[name]
    object.__setattr__(adapted, "__class__", _adapted(type(module)))
    return cast(ForecasterModule, adapted)


def _adapted(kind: type[nn.Module]) -> type[nn.Module]:
    """Return a class that is a forecaster beside what it was; its own methods come first, where they are not None."""
    absent = [name for name in CAPABILITIES.values() if getattr(kind, name, name) is None]
    defaults = {name: getattr(ForecasterModule, name) for name in absent}
    return type(kind.__name__, (kind, ForecasterModule), {"__module__": kind.__module__, **defaults})


def input_jacobian(model: nn.Module, x: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return forecast and input Jacobian of a forecaster; both can be differentiated again.

    ``J[b, i, k, j]`` is the derivative of the forecast of target i from window b with respect to series j at position k
    of the window; position K - 1 is lag 1.

    Args:
        model: a forecaster; its own ``jacobian`` is used where it has one, automatic differentiation otherwise.
        x: windows, shape (B, K, P).
        targets: None for all P; shape (m,) for the same m targets in every window; shape (B, m) for targets of each
            window's own.

    Returns:
        y of shape (B, P) and J of shape (B, m, K, P), with m = P for all targets.
    """
    return as_forecaster(model).jacobian(x, targets)


def autograd_jacobian(model: nn.Module, x: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Do the work of `input_jacobian` for any forecaster: one forward pass, one batched backward pass for all rows."""
    y, pull_back = torch.func.vjp(model, x)[:2]
    windows, series = y.shape
    if targets is None:
        targets = torch.arange(series, device=x.device)
    # (m, B) -> (m, B, P): one one-hot row for each target and window. Windows do not interact, so one backward pass
    # serves every window at once.
    chosen = targets[:, None].expand(-1, windows) if targets.ndim == 1 else targets.T
    rows = one_hot(chosen, series).to(y.dtype)
    if len(rows) == 1:
        return y, pull_back(rows[0])[0].unsqueeze(1)
    jacobian = torch.func.vmap(pull_back)(rows)[0]  # (m, B, K, P)
    return y, jacobian.transpose(0, 1)
