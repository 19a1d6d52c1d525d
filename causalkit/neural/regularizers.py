"""Regularizers of a run: they add up, and exactly one of them supplies the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from causalkit.errors import WrongUsageError
from causalkit.neural.interfaces import Batch, RegularizerObject, Stage, describe
from causalkit.plugins.records import Forecaster, Regularizer
from causalkit.plugins.registry import Provided, registry


@dataclass(frozen=True)
class Penalty:
    """One regularizer of a run: its record, its parameters and the object itself."""

    record: Regularizer
    parameters: Mapping[str, Any]
    acting: RegularizerObject


class ScoresOnly:
    """A regularizer in a stage in which its penalty does not act: only the scores are read off it."""

    def __init__(self, acting: Any) -> None:
        self.scores = acting.scores
        self.compatible = acting.compatible

    def penalty(self, model: nn.Module, batch: Batch) -> Tensor:
        """Return 0."""
        return batch.x.new_zeros(())


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

    def for_stage(self, stage: Stage) -> PenaltySum:
        """Return the regularizers that act in a stage.

        In training on one domain, those act whose record says "train". In training on two, those whose own ``stage``,
        or else that of the record, is this one, "both" or "train". The one that supplies the scores stays even where
        its penalty does not act, for the scores.
        """
        acting = [penalty for penalty in self.penalties if _acts(penalty, stage)]
        if self.scoring in acting:
            return PenaltySum(acting)
        return PenaltySum([*acting, replace(self.scoring, acting=ScoresOnly(self.scoring.acting))])

    def comparing(self, stage: Stage) -> list[str]:
        """Return the names of those that compare two domains in a stage."""
        acting = [penalty for penalty in self.penalties if _acts(penalty, stage)]
        return [penalty.record.name for penalty in acting if getattr(penalty.acting, "compares_domains", False)]

    def check_stages(self, stages: Sequence[Stage]) -> None:
        """Refuse a regularizer whose penalty would act in none of the stages that a run has.

        Raises:
            WrongUsageError: with the reason and what to do.
        """
        for penalty in self.penalties:
            if penalty is self.scoring or any(_acts(penalty, stage) for stage in stages):
                continue
            name, when = penalty.record.name, getattr(penalty.acting, "stage", penalty.record.stage)
            if tuple(stages) == ("train",):
                raise WrongUsageError(
                    f"{name} acts in training on two domains, and there is only one",
                    "name a source with --pretrain SOURCE, or leave it out",
                )
            if when == "pretrain":
                raise WrongUsageError(
                    f"{name} acts while a forecaster is pre-trained, and this one is already",
                    "name the source itself with --pretrain, or leave it out",
                )
            raise WrongUsageError(
                f"{name} acts while a forecaster is fine-tuned on a target, and there is none",
                "leave it out here, and name it in causalkit discover TARGET --pretrain",
            )

    @property
    def open_strength(self) -> bool:
        """Is the strength of the penalty that supplies the scores to be chosen?"""
        return bool(getattr(self.scoring.acting, "grid", None))

    def losses(self, model: nn.Module, batch: Batch, *, proximal: bool = False) -> dict[str, Tensor]:
        """Return the penalty of each regularizer by name.

        Args:
            proximal: penalties with a proximal step are left to it, and come without a gradient.
        """
        losses = {}
        for penalty in self.penalties:
            if isinstance(penalty.acting, ScoresOnly):
                continue
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

    def settings(self) -> list[dict[str, Any]]:
        """Return names and parameters."""
        return [{"name": penalty.record.name, **penalty.parameters} for penalty in self.penalties]

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


def _acts(penalty: Penalty, stage: Stage) -> bool:
    if stage == "train":
        return penalty.record.stage == "train"
    chosen = getattr(penalty.acting, "stage", penalty.record.stage)
    return chosen in ("train", "both", stage)


def fitting_forecasters(regularizer: Regularizer) -> list[Provided[Forecaster]]:
    """Return the installed forecasters that have what a regularizer needs."""
    return [p for p in registry().all(Forecaster) if regularizer.needs <= p.record.capabilities]


def _refusal(record: Regularizer, reason: str) -> WrongUsageError:
    fitting = ", ".join(provided.record.name for provided in fitting_forecasters(record)) or "none is installed"
    return WrongUsageError(f"{record.name} {reason}", f"forecasters that fit: {fitting}")
