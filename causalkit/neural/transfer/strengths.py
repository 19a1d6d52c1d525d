"""Strengths of regularizers that act while fine-tuning: chosen by validation error on the target, never by a truth."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from causalkit.core.choice import Choice
from causalkit.core.run import Run
from causalkit.core.windows import Windows
from causalkit.model_selection.rules import LOWEST_BEYOND_CHANCE, beats
from causalkit.model_selection.search import Search
from causalkit.model_selection.splits import blocked_folds
from causalkit.neural.interfaces import RegularizerObject, squared_error
from causalkit.neural.method import NeuralMethod
from causalkit.neural.modules.input_mask import mask_inputs
from causalkit.neural.regularizers import Term
from causalkit.neural.training.context import TrainingContext
from causalkit.neural.training.data import observed, tensors

FOLDS = 3
Array = NDArray[np.float64]


def choose_strengths(
    method: NeuralMethod, model: nn.Module, windows: Windows, run: Run, context: TrainingContext
) -> tuple[NeuralMethod, tuple[Choice, ...], tuple[str, ...]]:
    """Give every regularizer with `finetune_candidates` the strength with the lowest validation error.

    Each candidate is trained from the same weights on the same blocked folds; 0 is always among the candidates, so a
    regularizer that does harm is switched off. Any penalty can lower the error of a network that learns from little
    data, whatever the source has to do with it: a regularizer with a ``control`` has to beat that as well. Beating
    means by more than one standard error of the difference over folds.

    Returns:
        The method with these strengths, the choices, and a sentence on each. The model is left as it was.
    """
    choices: list[Choice] = []
    notes: list[str] = []
    for term in method.regularizer.for_stage(context.stage).terms:
        if term.regularizer.strength is not None or not term.regularizer.finetune_candidates:
            continue

        def errors_of(regularizer: RegularizerObject, method: NeuralMethod = method, term: Term = term) -> Array:
            changed = method.with_regularizer(method.regularizer.with_regularizer(term, regularizer))
            return _validation_errors(changed, model, windows, run, context)

        search, control = _searches(term)
        run.start({"epochs": len(search.candidates) + len(control.candidates), "done": 0, "stage": search.parameter})
        _evaluate(search, term.regularizer.with_strength, errors_of, run, 0)
        _evaluate(control, term.regularizer.control, errors_of, run, len(search.errors))
        chosen = search.chosen
        if control.errors and not beats(search.errors[chosen], control.errors[_lowest(control)]):
            chosen = 0.0
        method = method.with_regularizer(method.regularizer.with_strength(chosen, term))
        choices.append(search.choice(chosen))
        notes.append(_sentence(term.record.name, chosen, search, control))
    return method, tuple(choices), tuple(notes)


def _searches(term: Term) -> tuple[Search, Search]:
    """Return the search for a strength, and that for the control's, which is empty where there is none."""
    positive = sorted({*term.regularizer.finetune_candidates} - {0.0})
    parameter = f"regularizer.{term.record.name}.strength"
    controlled = [strength for strength in positive if term.regularizer.control(strength) is not None]
    return (
        Search(parameter, (0.0, *positive), LOWEST_BEYOND_CHANCE),
        Search(f"{parameter} without the source", controlled, LOWEST_BEYOND_CHANCE),
    )


def _evaluate(
    search: Search,
    build: Callable[[float], RegularizerObject | None],
    errors_of: Callable[[RegularizerObject], Array],
    run: Run,
    done: int,
) -> None:
    while (strength := search.ask()) is not None:
        regularizer = build(strength)
        assert regularizer is not None
        search.tell(strength, errors_of(regularizer))
        run.epoch(done + len(search.errors), {"held-out error": float(search.errors[strength].mean())})


def _validation_errors(
    method: NeuralMethod, model: nn.Module, windows: Windows, run: Run, context: TrainingContext
) -> Array:
    """Return for each fold the mean squared forecast error on a block that was not learned from."""
    quiet = replace(run, observers=[], checkpoint=None, resume=False)
    method = method.with_training(
        method.training.model_copy(update={"validation": 0.0, "patience": None, "snapshots": None})
    )
    errors = []
    for kept, held in blocked_folds(windows, FOLDS, run.numpy_generator()):
        trial = copy.deepcopy(model)
        method.train(trial, kept, quiet, context=context)
        trial.eval()
        x, y = tensors(held, run)
        with torch.no_grad():
            errors.append(float(squared_error(mask_inputs(trial, context.allowed)(x), y, observed(held, run))))
    return np.array(errors)


def _lowest(search: Search) -> float:
    """Return the candidate with the lowest mean error, the smallest of several."""
    return min(search.errors, key=lambda strength: (search.errors[strength].mean(), strength))


def _sentence(name: str, chosen: float, search: Search, control: Search) -> str:
    tried = ", ".join(f"{strength:g}: {found.mean():.4g}" for strength, found in search.errors.items())
    if control.errors:
        lowest = _lowest(control)
        tried += f"; without the source {lowest:g}: {control.errors[lowest].mean():.4g}"
    if chosen > 0:
        return f"{name} has strength {chosen:g}, by held-out forecast error of the target ({tried})"
    if search.chosen > 0:
        return f"{name} was switched off: a penalty without the source forecasts the target as well ({tried})"
    return f"{name} was switched off: it does not lower the held-out forecast error of the target ({tried})"
