"""What training hands to regularizers, and the base class of regularizers.

B windows, K lags, P series. A window is oldest first: ``x[:, -1]`` is lag 1.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn

Stage = Literal["train", "pretrain", "finetune"]


@dataclass(frozen=True)
class Batch:
    """What one training step sees.

    Attributes:
        x: windows, shape (B, K, P).
        y: the steps that follow, shape (B, P).
        generator: the source of all random draws of the step, on the device of ``x``.
        other: windows of the other domain, shape (B', K, P): of the target while a forecaster is pre-trained on the
            source, of the source while it is fine-tuned on the target; None in training on one domain, and where no
            regularizer compares domains.
        stage: "train", or "pretrain" and "finetune" in training on two domains.
        progress: share of the epochs that is done, from 0 to 1, for penalties that grow.
        reference: while fine-tuning, scores (cause, effect, lag) of the pre-trained forecaster on the source.
        observed: 0 where ``y`` says nothing about what acts on it, under intervention or without a measurement, and
            elsewhere its weight in the loss, shape (B, P); None: 1 everywhere.
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
    """Return the mean squared error over windows and series, weighted by ``observed`` (B, P) where it is given."""
    squares = (forecast - y).square()
    if observed is None:
        return squares.mean()
    # Where nothing in a batch is observed, the error is 0, not 0 / 0.
    return (squares * observed).sum() / observed.sum().clamp(min=1)


class RegularizerObject:
    """The base class of regularizers: a penalty on a forecaster, and the scores that are read off it.

    A subclass needs `penalty`, and `scores` if it reveals causes. It keeps no hidden state: a penalty is a function of
    model and batch alone.

    Attributes:
        strength: lambda, the weight of the penalty; None: unset. An unset strength is chosen from ``candidates`` by
            validation error where that is possible, and is ``default_strength`` otherwise. The penalty has to be
            proportional to it.
        candidates: strengths to choose from in training on one domain; empty: none are chosen.
        finer_candidates: still weaker strengths, which are tried as long as they pay.
        finetune_candidates: strengths to choose from while a forecaster is fine-tuned; 0 is always tried too.
        default_strength: lambda where it is unset and cannot be chosen.
        stage: "pretrain", "finetune" or "both": when it acts in training on two domains, where a user may choose; None:
            as its record.
        keeps_to_knowledge: the penalty makes forbidden pairs (``batch.allowed``) expensive.
        compares_domains: it needs windows of the other domain; otherwise ``batch.other`` may be None.
    """

    strength: float | None = None
    candidates: tuple[float, ...] = ()
    finer_candidates: tuple[float, ...] = ()
    finetune_candidates: tuple[float, ...] = ()
    default_strength: float = 0.1
    stage: Literal["pretrain", "finetune", "both"] | None = None
    keeps_to_knowledge: bool = False
    compares_domains: bool = False

    def penalty(self, model: nn.Module, batch: Batch) -> Tensor:
        """Return the scalar that is added to the forecast loss."""
        raise NotImplementedError

    def penalty_and_forecast(self, model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Return the penalty, and the forecast of all windows (B, P) where the penalty makes it anyway, else None."""
        return self.penalty(model, batch), None

    def scores(self, model: nn.Module, x: Tensor) -> Tensor:
        """Return the scores (cause, effect, lag) of windows x (B, K, P), non-negative.

        Of a forecaster whose targets see candidate causes only (`causalkit.neural.candidates_of`, shape (P, M)), it may
        return (M, effect, lag) instead, with a row for each candidate of the effect.
        """
        raise NotImplementedError

    def prox(self, model: nn.Module, step: float) -> None:
        """Take the proximal step of the penalty for a step size, in place.

        With plain gradient descent (``training.optimizer=sgd``) an override replaces the gradient of the penalty, which
        makes exact zeros.
        """
        raise NotImplementedError

    def compatible(self, model: nn.Module) -> str | None:
        """Return None, or the reason in words why it cannot act on this forecaster."""
        return None

    def describe(self, model: nn.Module, series: int) -> dict[str, Any]:
        """Return settings that it chose for P series, for the configuration of the result."""
        return {}

    def control(self, strength: float) -> RegularizerObject | None:
        """Return a regularizer that acts as strongly and uses nothing of the source; None: there is none.

        Where the control does as well while a forecaster is fine-tuned, the source is not what helped, and the
        regularizer is switched off.
        """
        return None

    def with_strength(self, strength: float) -> Self:
        """Return the regularizer with another strength."""
        changed = copy.copy(self)
        changed.strength = strength
        return changed

    @property
    def weight(self) -> float:
        """Lambda as the penalty uses it: the strength, or its default where it is unset."""
        return self.default_strength if self.strength is None else self.strength

    @property
    def reveals_causes(self) -> bool:
        """Can scores be read off it?"""
        return type(self).scores is not RegularizerObject.scores

    @property
    def has_prox(self) -> bool:
        """Has it a proximal step?"""
        return type(self).prox is not RegularizerObject.prox


class AdaptedRegularizer(RegularizerObject):
    """Any other object with ``penalty(model, batch)``, and with the optional methods and attributes that it has."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        for name in ("stage", "keeps_to_knowledge", "compares_domains"):
            if hasattr(inner, name):
                setattr(self, name, getattr(inner, name))
        self.candidates = tuple(getattr(inner, "grid", None) or ())
        self.finer_candidates = tuple(getattr(inner, "finer_candidates", None) or ())
        self.finetune_candidates = tuple(getattr(inner, "choices", None) or ())
        fallback = getattr(inner, "fallback", None)
        self.default_strength = RegularizerObject.default_strength if fallback is None else fallback

    def penalty(self, model: nn.Module, batch: Batch) -> Tensor:
        """Return the penalty of the object."""
        found: Tensor = self.inner.penalty(model, batch)
        return found

    def scores(self, model: nn.Module, x: Tensor) -> Tensor:
        """Return its scores."""
        found: Tensor = self.inner.scores(model, x)
        return found

    def prox(self, model: nn.Module, step: float) -> None:
        """Take its proximal step."""
        self.inner.prox(model, step)

    def compatible(self, model: nn.Module) -> str | None:
        """Return why it cannot act on a forecaster, or None."""
        reason: str | None = self.inner.compatible(model) if hasattr(self.inner, "compatible") else None
        return reason

    def describe(self, model: nn.Module, series: int) -> dict[str, Any]:
        """Return settings that it chose."""
        return dict(self.inner.describe(model, series)) if hasattr(self.inner, "describe") else {}

    def control(self, strength: float) -> RegularizerObject | None:
        """Return its control."""
        found = self.inner.control(strength) if hasattr(self.inner, "control") else None
        return None if found is None else as_regularizer(found)

    def with_strength(self, strength: float) -> Self:
        """Return it with another strength."""
        changed = type(self)(self.inner.with_strength(strength))
        changed.strength = strength
        return changed

    @property
    def reveals_causes(self) -> bool:
        """Has it scores?"""
        return bool(getattr(self.inner, "reveals_causes", hasattr(self.inner, "scores")))

    @property
    def has_prox(self) -> bool:
        """Has it a proximal step?"""
        return bool(getattr(self.inner, "has_prox", hasattr(self.inner, "prox")))


FORMER_NAMES = ("grid", "fallback", "choices")


def as_regularizer(given: Any) -> RegularizerObject:
    """Return an object as a regularizer.

    An object of another class is adapted, and so is one that has former names of attributes: ``grid``, ``fallback`` and
    ``choices``.
    """
    former = any(hasattr(given, name) for name in FORMER_NAMES)
    return given if isinstance(given, RegularizerObject) and not former else AdaptedRegularizer(given)
