"""What neural methods share: the shapes of forecasters, regularizers and batches.

B windows, K lags, P series. A window is oldest first: ``x[:, -1]`` is lag 1. Objects keep no hidden state: a penalty is
a function of model and batch alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Batch:
    """What one training step sees.

    Attributes:
        x: windows, shape (B, K, P).
        y: the steps that follow, shape (B, P).
        generator: the source of every random draw of the step, on the device of ``x``.
        other: windows of the other domain, in training on two domains.
    """

    x: Tensor
    y: Tensor
    generator: torch.Generator
    other: Tensor | None = None


class ForecasterModule(Protocol):
    """A network ``(B, K, P) -> (B, P)``. Any `torch.nn.Module` with that signature is one.

    Windows must not influence each other (no batch normalisation), since the input Jacobian is taken window by window.

    Optional:
        ``jacobian(x, targets=None) -> (y, J)``: exact and differentiable, see `causalkit.neural.input_jacobian`.
        ``features(x) -> (B, D)``: what the head sees; capability "features".
        ``input_weights() -> (target, hidden, K, P)``: capability "input-weights"; 1 target where all share the layer,
            1 in the place of K where the weights serve every step.
    """

    def __call__(self, x: Tensor) -> Tensor:
        """Forecast the step after each window."""
        ...


@runtime_checkable
class RegularizerObject(Protocol):
    """A penalty that makes the forecaster reveal causes.

    Optional:
        ``scores(model, x) -> (cause, effect, lag)``, non-negative; absent where it reveals no causes.
        ``prox(model, step) -> None``: the proximal step of the penalty for a step size. With plain gradient descent
            (``training.optimizer=sgd``) it replaces the gradient of the penalty, which makes exact zeros.
        ``describe(model, series) -> dict``: choices made by itself for P series, kept in the result's configuration.
    """

    def penalty(self, model: nn.Module, batch: Batch) -> Tensor:
        """Return the scalar that is added to the forecast loss."""
        ...

    def compatible(self, model: nn.Module) -> str | None:
        """Return None, or the reason in words why it cannot act on this forecaster."""
        ...


def describe(regularizer: Any, model: nn.Module, series: int) -> dict[str, Any]:
    """Return what a regularizer chose by itself for P series, {} when it says nothing."""
    method = getattr(regularizer, "describe", None)
    return dict(method(model, series)) if method is not None else {}
