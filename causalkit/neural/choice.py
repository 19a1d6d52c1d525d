"""Strengths that are chosen by held-out forecast error of the target, never by a truth."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from causalkit.neural.holdout import blocked_folds
from causalkit.neural.method import NeuralMethod, tensors
from causalkit.neural.penalties import Penalty, PenaltySum
from causalkit.neural.training import Domains
from causalkit.panel import Windows
from causalkit.run import Run

FOLDS = 3


def choose_strengths(
    method: NeuralMethod, model: nn.Module, windows: Windows, run: Run, domains: Domains
) -> tuple[NeuralMethod, tuple[str, ...]]:
    """Give every regularizer that has `choices` the strength with the lowest held-out forecast error.

    Each candidate is trained from the same weights on the same blocked folds; 0 is always among the candidates, so a
    regularizer that does harm is switched off.

    Returns:
        The method with these strengths, and a sentence on each choice. The model is left as it was.
    """
    notes: list[str] = []
    for penalty in method.regularizer.for_stage(domains.stage).penalties:
        choices = getattr(penalty.acting, "choices", None)
        if not choices:
            continue
        errors: dict[float, float] = {}
        tried = sorted({0.0, *choices})
        run.start({"epochs": len(tried), "done": 0, "stage": f"strength of {penalty.record.name}"})
        for strength in tried:
            candidate = _with_strength(method, penalty, strength)
            errors[strength] = _held_out_error(candidate, model, windows, run, domains)
            run.epoch(len(errors), {"held-out error": errors[strength]})
        best = min(errors, key=lambda strength: (errors[strength], strength))
        method = _with_strength(method, penalty, best)
        notes.append(_sentence(penalty.record.name, best, errors))
    return method, tuple(notes)


def _with_strength(method: NeuralMethod, penalty: Penalty, strength: float) -> NeuralMethod:
    acting: Any = penalty.acting
    chosen = replace(
        penalty,
        acting=acting.with_strength(strength),
        parameters={**penalty.parameters, "strength": strength},
    )
    mine = [chosen if one.record.name == penalty.record.name else one for one in method.regularizer.penalties]
    changed = copy.copy(method)
    changed.regularizer = PenaltySum(mine)
    return changed


def _held_out_error(method: NeuralMethod, model: nn.Module, windows: Windows, run: Run, domains: Domains) -> float:
    """Return the mean squared forecast error on blocks that were not learned from."""
    quiet = replace(run, observers=[], checkpoint=None, resume=False)
    quiet_method = method.with_training(method.training.model_copy(update={"validation": 0.0, "patience": None}))
    errors = []
    for kept, held in blocked_folds(windows, FOLDS, run.numpy_generator()):
        trial = copy.deepcopy(model)
        quiet_method.learn(trial, kept, quiet, domains=domains)
        trial.eval()
        x, y = tensors(held, run)
        with torch.no_grad():
            errors.append(float((trial(x) - y).square().mean()))
    return float(np.mean(errors))


def _sentence(name: str, best: float, errors: dict[float, float]) -> str:
    tried = ", ".join(f"{strength:g}: {error:.4g}" for strength, error in errors.items())
    if best == 0:
        return f"{name} was switched off: it raises the held-out forecast error of the target ({tried})"
    return f"{name} has strength {best:g}, by held-out forecast error of the target ({tried})"
