"""Regularizers of a run: they add up, and exactly one of them supplies the scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from causalkit.contributions import Forecaster, Regularizer
from causalkit.errors import WrongUsageError
from causalkit.neural.protocols import Batch, RegularizerObject, describe
from causalkit.registry import Provided, registry


@dataclass(frozen=True)
class Penalty:
    """One regularizer of a run: its record, its parameters and the object itself."""

    record: Regularizer
    parameters: Mapping[str, Any]
    acting: RegularizerObject


class PenaltySum:
    """All regularizers of a run.

    Args:
        penalties: in the order in which the user named them.

    Raises:
        WrongUsageError: none of them, or more than one, reveals causes.
    """

    def __init__(self, penalties: list[Penalty]) -> None:
        self.penalties = penalties
        revealing = [penalty for penalty in penalties if hasattr(penalty.acting, "scores")]
        named = "+".join(penalty.record.name for penalty in penalties)
        if not revealing:
            known = [p.record.name for p in registry().all(Regularizer) if p.record.reveals_causes]
            raise WrongUsageError(
                f"no scores can be read off {named!r}", f"add one that reveals causes: {', '.join(known)}"
            )
        if len(revealing) > 1:
            names = " and ".join(penalty.record.name for penalty in revealing)
            raise WrongUsageError(f"{names} would both supply the scores", "keep one of them")
        self.scoring = revealing[0]

    def losses(self, model: nn.Module, batch: Batch, *, proximal: bool = False) -> dict[str, Tensor]:
        """Return the penalty of each regularizer by name.

        Args:
            proximal: penalties with a proximal step are left to it, and come without a gradient.
        """
        losses = {}
        for penalty in self.penalties:
            by_prox = proximal and hasattr(penalty.acting, "prox")
            with torch.set_grad_enabled(torch.is_grad_enabled() and not by_prox):
                losses[penalty.record.name] = penalty.acting.penalty(model, batch)
        return losses

    def prox(self, model: nn.Module, step: float) -> None:
        """Take the proximal step of every regularizer that has one."""
        for penalty in self.penalties:
            proximal = getattr(penalty.acting, "prox", None)
            if proximal is not None:
                proximal(model, step)

    def scores(self, model: nn.Module, x: Tensor) -> Tensor:
        """Return the scores (cause, effect, lag) of windows x (B, K, P)."""
        result: Tensor = self.scoring.acting.scores(model, x)  # type: ignore[attr-defined]
        return result

    def config(self, model: nn.Module, series: int) -> list[dict[str, Any]]:
        """Return names, parameters and own choices, for the result."""
        return [
            {"name": penalty.record.name, **penalty.parameters, **describe(penalty.acting, model, series)}
            for penalty in self.penalties
        ]

    def check_records(self, forecaster: Forecaster) -> None:
        """Refuse a forecaster that lacks a capability, before anything is built."""
        for penalty in self.penalties:
            lacking = penalty.record.needs - forecaster.capabilities
            if lacking:
                wanted = " and ".join(sorted(lacking)).replace("-", " ")
                raise _refusal(penalty.record, f"needs a forecaster with {wanted}; {forecaster.name} has none")

    def check_model(self, model: nn.Module) -> None:
        """Ask each regularizer whether it can act on the model that was built."""
        for penalty in self.penalties:
            reason = penalty.acting.compatible(model)
            if reason:
                raise _refusal(penalty.record, reason)


def fitting_forecasters(regularizer: Regularizer) -> list[Provided[Forecaster]]:
    """Return the installed forecasters that have what a regularizer needs."""
    return [p for p in registry().all(Forecaster) if regularizer.needs <= p.record.capabilities]


def _refusal(record: Regularizer, reason: str) -> WrongUsageError:
    fitting = ", ".join(provided.record.name for provided in fitting_forecasters(record)) or "none is installed"
    return WrongUsageError(f"{record.name} {reason}", f"forecasters that fit: {fitting}")
