"""Strengths that are chosen by held-out forecast error of the target, never by a truth."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from causalkit.core.panel import Windows
from causalkit.core.run import Run
from causalkit.model_selection.splits import blocked_folds
from causalkit.neural.interfaces import RegularizerObject, squared_error
from causalkit.neural.method import NeuralMethod, observed, tensors
from causalkit.neural.modules.input_mask import gate
from causalkit.neural.regularizers import Penalty, PenaltySum
from causalkit.neural.training.loop import Domains

FOLDS = 3
Array = NDArray[np.float64]
Errors = dict[float, Array]
"""Strength -> held-out forecast error of each fold."""


def choose_strengths(
    method: NeuralMethod, model: nn.Module, windows: Windows, run: Run, domains: Domains
) -> tuple[NeuralMethod, tuple[str, ...]]:
    """Give every regularizer that has `choices` the strength with the lowest held-out forecast error.

    Each candidate is trained from the same weights on the same blocked folds; 0 is always among the candidates, so a
    regularizer that does harm is switched off. Any penalty can lower the error of a network that learns from little
    data, whatever the source has to do with it: a regularizer with a ``control`` has to beat that as well. Beating
    means by more than one standard error of the difference over folds.

    Returns:
        The method with these strengths, and a sentence on each choice. The model is left as it was.
    """
    notes: list[str] = []
    for penalty in method.regularizer.for_stage(domains.stage).penalties:
        acting: Any = penalty.acting
        choices = getattr(acting, "choices", None)
        if not choices:
            continue
        positive = sorted({*choices} - {0.0})
        candidates = {0.0: acting.with_strength(0.0)} | {s: acting.with_strength(s) for s in positive}
        controls = {s: acting.control(s) for s in positive} if hasattr(acting, "control") else {}
        run.start({"epochs": len(candidates) + len(controls), "done": 0, "stage": f"strength of {penalty.record.name}"})
        errors: Errors = {}
        controlled: Errors = {}
        for trials, found in ((candidates, errors), (controls, controlled)):
            for strength, candidate in trials.items():
                changed = _with(method, penalty, candidate, strength)
                found[strength] = _held_out_errors(changed, model, windows, run, domains)
                run.epoch(len(errors) + len(controlled), {"held-out error": float(found[strength].mean())})
        best = _lowest(errors)
        rivals = [errors[0.0]] + ([controlled[_lowest(controlled)]] if controlled else [])
        if not all(_beats(errors[best], rival) for rival in rivals):
            best = 0.0
        method = _with(method, penalty, candidates[best], best)
        notes.append(_sentence(penalty.record.name, best, errors, controlled))
    return method, tuple(notes)


def _with(method: NeuralMethod, penalty: Penalty, acting: RegularizerObject, strength: float) -> NeuralMethod:
    """Return the method with another object in the place of a regularizer."""
    chosen = replace(penalty, acting=acting, parameters={**penalty.parameters, "strength": strength})
    mine = [chosen if one.record.name == penalty.record.name else one for one in method.regularizer.penalties]
    changed = copy.copy(method)
    changed.regularizer = PenaltySum(mine)
    return changed


def _held_out_errors(method: NeuralMethod, model: nn.Module, windows: Windows, run: Run, domains: Domains) -> Array:
    """Return for each fold the mean squared forecast error on a block that was not learned from."""
    quiet = replace(run, observers=[], checkpoint=None, resume=False)
    quiet_method = method.with_training(
        method.training.model_copy(update={"validation": 0.0, "patience": None, "snapshots": None})
    )
    errors = []
    for kept, held in blocked_folds(windows, FOLDS, run.numpy_generator()):
        trial = copy.deepcopy(model)
        quiet_method.learn(trial, kept, quiet, domains=domains)
        trial.eval()
        x, y = tensors(held, run)
        with torch.no_grad():
            errors.append(float(squared_error(gate(trial, domains.allowed)(x), y, observed(held, run))))
    return np.array(errors)


def _lowest(errors: Errors) -> float:
    """Return the strength with the lowest mean error, the smallest of several."""
    return min(errors, key=lambda strength: (errors[strength].mean(), strength))


def _beats(one: Array, other: Array) -> bool:
    """Are errors lower than others by more than one standard error of the difference?"""
    gain = other - one
    return bool(gain.mean() > gain.std(ddof=1) / len(gain) ** 0.5)


def _sentence(name: str, best: float, errors: Errors, controlled: Errors) -> str:
    tried = ", ".join(f"{strength:g}: {found.mean():.4g}" for strength, found in errors.items())
    if controlled:
        lowest = _lowest(controlled)
        tried += f"; without the source {lowest:g}: {controlled[lowest].mean():.4g}"
    if best > 0:
        return f"{name} has strength {best:g}, by held-out forecast error of the target ({tried})"
    if _beats(errors[_lowest(errors)], errors[0.0]):
        return f"{name} was switched off: a penalty without the source forecasts the target as well ({tried})"
    return f"{name} was switched off: it does not lower the held-out forecast error of the target ({tried})"
