"""What neural methods share: the shapes of forecasters, regularizers and batches.

B windows, K lags, P series. A window is oldest first: ``x[:, -1]`` is lag 1. Objects keep no hidden state: a penalty is
a function of model and batch alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

Stage = Literal["train", "pretrain", "finetune"]


@dataclass(frozen=True)
class Batch:
    """What one training step sees.

    Attributes:
        x: windows, shape (B, K, P).
        y: the steps that follow, shape (B, P).
        generator: the source of every random draw of the step, on the device of ``x``.
        other: windows of the other domain, shape (B', K, P): of the target while a forecaster is pre-trained on the
            source, of the source while it is fine-tuned on the target; None in training on one domain, and where no
            regularizer compares domains.
        stage: "train", or "pretrain" and "finetune" in training on two domains.
        progress: share of the epochs that is done, from 0 to 1, for penalties that grow.
        reference: while fine-tuning, scores (cause, effect, lag) of the pre-trained forecaster on the source.
        observed: which of ``y`` say something about what acts on them, shape (B, P); None: all.
        allowed, required: background knowledge, shape (cause, effect); None: there is none.
    """

    x: Tensor
    y: Tensor
    generator: torch.Generator
    other: Tensor | None = None
    stage: Stage = "train"
    progress: float = 1.0
    reference: Tensor | None = None
    observed: Tensor | None = None
    allowed: Tensor | None = None
    required: Tensor | None = None


def squared_error(forecast: Tensor, y: Tensor, observed: Tensor | None = None) -> Tensor:
    """Return the mean squared error over windows and series, over those that are observed where some are not."""
    squares = (forecast - y).square()
    if observed is None:
        return squares.mean()
    # Where nothing in a batch is observed, the error is 0, not 0 / 0.
    return (squares * observed).sum() / observed.sum().clamp(min=1)


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
        ``stage``: "pretrain", "finetune" or "both": when it acts in training on two domains, where a user may choose;
            otherwise its record says it. In training on one domain it acts where the record says "train".
        ``keeps_to_knowledge``: True where the penalty makes forbidden pairs (``batch.allowed``) expensive.
        ``compares_domains``: True where it needs windows of the other domain; otherwise ``batch.other`` may be None.
        ``grid``: candidates where the strength is left open, otherwise empty; only for a regularizer that reveals
            causes. Then ``with_strength(strength)`` returns a copy that has it, its penalty is proportional to the
            strength, and ``fallback`` is the strength where nothing can choose.
        ``choices``: strengths to choose from while fine-tuning, by held-out forecast error, None where the user gave
            one; 0 is always tried too. Then ``with_strength(strength)`` returns a copy that has it.
        ``control(strength)``: with ``choices``, a regularizer that acts as strongly and uses nothing of the source.
            Where it does as well, the source is not what helped, and the regularizer is switched off.
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
