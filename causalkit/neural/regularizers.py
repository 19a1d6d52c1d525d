"""Regularizers of a run: they add up, and exactly one of them supplies the scores."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from causalkit.errors import WrongUsageError
from causalkit.neural.interfaces import Batch, RegularizerObject, Stage
from causalkit.neural.modules.candidates import candidate_rows, candidates_of
from causalkit.plugins.records import Forecaster, Regularizer
from causalkit.plugins.registry import Provided, registry


@dataclass(frozen=True)
class Term:
    """One regularizer of a run: its record, its parameters and the object itself."""

    record: Regularizer
    parameters: Mapping[str, Any]
    regularizer: RegularizerObject


class ScoresOnly(RegularizerObject):
    """A regularizer in a stage in which its penalty does not act: only the scores are read off it."""

    def __init__(self, inner: RegularizerObject) -> None:
        self.inner = inner

    def penalty(self, model: nn.Module, batch: Batch) -> Tensor:
        """Return 0."""
        return batch.x.new_zeros(())

    def scores(self, model: nn.Module, x: Tensor) -> Tensor:
        """Return the scores of the regularizer."""
        return self.inner.scores(model, x)

    def compatible(self, model: nn.Module) -> str | None:
        """Return why the regularizer cannot act on a forecaster, or None."""
        return self.inner.compatible(model)


class PenaltySum:
    """All regularizers of a run.

    Args:
        terms: in the order in which the user named them.

    Raises:
        WrongUsageError: none of them, or more than one, reveals causes.
    """

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = tuple(terms)
        revealing = [term for term in terms if term.regularizer.reveals_causes]
        named = "+".join(term.record.name for term in terms)
        if not revealing:
            known = [p.record.name for p in registry().all(Regularizer) if p.record.reveals_causes]
            raise WrongUsageError(
                f"no scores can be read off {named!r}", f"add one that reveals causes: {', '.join(known)}"
            )
        if len(revealing) > 1:
            names = " and ".join(term.record.name for term in revealing)
            raise WrongUsageError(f"{names} would both supply the scores", "keep one of them")
        self.scoring = revealing[0]

    def for_stage(self, stage: Stage) -> PenaltySum:
        """Return the regularizers that act in a stage.

        In training on one domain, those act whose record says "train". In training on two, those whose own ``stage``,
        or else that of the record, is this one, "both" or "train". The one that supplies the scores stays even where
        its penalty does not act, for the scores.
        """
        acting = [term for term in self.terms if _acts(term, stage)]
        if self.scoring in acting:
            return PenaltySum(acting)
        return PenaltySum([*acting, replace(self.scoring, regularizer=ScoresOnly(self.scoring.regularizer))])

    def comparing(self, stage: Stage) -> list[str]:
        """Return the names of those that compare two domains in a stage."""
        return [one.record.name for one in self.terms if _acts(one, stage) and one.regularizer.compares_domains]

    def check_stages(self, stages: Sequence[Stage]) -> None:
        """Refuse a regularizer whose penalty would act in none of the stages that a run has.

        Raises:
            WrongUsageError: with the reason and what to do.
        """
        for term in self.terms:
            if term is self.scoring or any(_acts(term, stage) for stage in stages):
                continue
            name, when = term.record.name, term.regularizer.stage or term.record.stage
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
    def strength_to_choose(self) -> bool:
        """Is the strength of the penalty that supplies the scores unset, and are there candidates for it?"""
        regularizer = self.scoring.regularizer
        return regularizer.strength is None and bool(regularizer.candidates)

    def with_strength(self, strength: float, term: Term | None = None) -> PenaltySum:
        """Return the penalties with another strength of one of them; default: of the one that supplies the scores."""
        changed = self.scoring if term is None else term
        regularizer = changed.regularizer.with_strength(strength)
        return self.with_regularizer(changed, regularizer, {**changed.parameters, "strength": strength})

    def with_candidates_up_to(self, strongest: float) -> PenaltySum:
        """Return the penalties with no stronger candidate for the strength of the one that supplies the scores."""
        regularizer = copy.copy(self.scoring.regularizer)
        regularizer.candidates = tuple(one for one in regularizer.candidates if one <= strongest)
        return self.with_regularizer(self.scoring, regularizer)

    def with_candidate(self, strength: float) -> PenaltySum:
        """Return the penalties with one candidate for the strength of the one that supplies the scores."""
        regularizer = copy.copy(self.scoring.regularizer)
        regularizer.candidates, regularizer.finer_candidates = (strength,), ()
        regularizer.default_strength = strength
        return self.with_regularizer(self.scoring, regularizer)

    def with_regularizer(
        self, term: Term, regularizer: RegularizerObject, parameters: Mapping[str, Any] | None = None
    ) -> PenaltySum:
        """Return the penalties with another object for one of them."""
        new = replace(term, regularizer=regularizer, parameters=term.parameters if parameters is None else parameters)
        return PenaltySum([new if one.record.name == term.record.name else one for one in self.terms])

    def losses(
        self, model: nn.Module, batch: Batch, *, proximal: bool = False
    ) -> tuple[dict[str, Tensor], Tensor | None]:
        """Return the penalty of each regularizer by name, and the forecast (B, P) where one of them makes it anyway.

        Args:
            proximal: penalties with a proximal step are left to it, and come without a gradient.
        """
        losses, forecast = {}, None
        for term in self.terms:
            if isinstance(term.regularizer, ScoresOnly):
                continue
            by_prox = proximal and term.regularizer.has_prox
            with torch.set_grad_enabled(torch.is_grad_enabled() and not by_prox):
                losses[term.record.name], made = term.regularizer.penalty_and_forecast(model, batch)
            forecast = forecast if by_prox or made is None else made
        return losses, forecast

    def prox(self, model: nn.Module, step: float) -> None:
        """Take the proximal step of every regularizer that has one."""
        for term in self.terms:
            if term.regularizer.has_prox:
                term.regularizer.prox(model, step)

    def scores(self, model: nn.Module, x: Tensor, inputs_complete: Tensor | None = None) -> Tensor:
        """Return the scores (cause, effect, lag) of windows x (B, K, P); of candidates (M, effect, lag).

        Args:
            inputs_complete: shape (B, P), the windows from which the scores of each effect are read; None: all.
        """
        candidates = candidates_of(model)

        def scores(model: nn.Module, x: Tensor) -> Tensor:
            return candidate_rows(self.scoring.regularizer.scores(model, x), candidates)

        if inputs_complete is None:
            return scores(model, x)
        patterns, pattern = torch.unique(inputs_complete.T, dim=0, return_inverse=True)
        found = scores(model, x[patterns[0]]).clone()
        for number, rows in enumerate(patterns[1:], start=1):
            mine = pattern == number
            found[:, mine] = scores(model, x[rows])[:, mine]
        return found

    def config(self, model: nn.Module | None = None, series: int = 0) -> list[dict[str, Any]]:
        """Return names and parameters, and own choices where there is a model, for the result."""
        return [
            {
                "name": term.record.name,
                **term.parameters,
                **({} if model is None else term.regularizer.describe(model, series)),
            }
            for term in self.terms
        ]

    def check_records(self, forecaster: Forecaster) -> None:
        """Refuse a forecaster that lacks a capability, before anything is built."""
        for term in self.terms:
            lacking = term.record.needs - forecaster.capabilities
            if lacking:
                wanted = " and ".join(sorted(lacking)).replace("-", " ")
                raise _refusal(term.record, f"needs a forecaster with {wanted}; {forecaster.name} has none")

    def check_model(self, model: nn.Module) -> None:
        """Ask each regularizer whether it can act on the model that was built."""
        for term in self.terms:
            reason = term.regularizer.compatible(model)
            if reason:
                raise _refusal(term.record, reason)


def _acts(term: Term, stage: Stage) -> bool:
    if stage == "train":
        return term.record.stage == "train"
    return (term.regularizer.stage or term.record.stage) in ("train", "both", stage)


def fitting_forecasters(regularizer: Regularizer) -> list[Provided[Forecaster]]:
    """Return the installed forecasters that have what a regularizer needs."""
    return [p for p in registry().all(Forecaster) if regularizer.needs <= p.record.capabilities]


def _refusal(record: Regularizer, reason: str) -> WrongUsageError:
    fitting = ", ".join(provided.record.name for provided in fitting_forecasters(record)) or "none is installed"
    return WrongUsageError(f"{record.name} {reason}", f"forecasters that fit: {fitting}")
