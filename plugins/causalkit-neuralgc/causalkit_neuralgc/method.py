"""The methods ``cmlp``, ``clstm`` and ``jrngc``."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from causalkit import Discovery, Panel, Run, Windows
from causalkit.errors import ParameterError, WrongUsageError
from causalkit.model_selection import Lag
from causalkit.neural import (
    PLAIN,
    ForecasterPart,
    HeldOutMembers,
    NeuralMethod,
    PenaltySum,
    Trained,
    Training,
    TrainingContext,
    TrainingData,
    about_explained,
    inputs_complete,
    tensors,
)
from causalkit_neuralgc.group_lasso import GroupLasso
from causalkit_neuralgc.path import path_scores, trace
from causalkit_neuralgc.problem import Problem, Stacked
from causalkit_neuralgc.settings import ProximalTraining
from causalkit_neuralgc.solver import Progress, Solver
from causalkit_neuralgc.strength import ChosenStrength, choose_strength

LOOP = {"adam", "sgd"}
RECURRENT_DEFAULT = 0.02
"""Strength of the group lasso on recurrent networks where it is unset and cannot be chosen."""
UNLIMITED = "proximal descent does not limit its memory, so that --memory has no effect"
NO_PROXIMAL_STEP = "these parts have no proximal step: trained with adam, so small scores are not exactly zero"


def cmlp(
    forecaster: ForecasterPart,
    regularizer: PenaltySum,
    lag: Lag = "auto",
    training: ProximalTraining = ProximalTraining(),  # noqa: B008 - a frozen value
) -> NeuralMethod:
    """Return cMLP: a perceptron for each target, trained by proximal descent until its unused inputs are exactly zero.

    Args:
        lag: K, how many past steps may act; auto: by held-out forecast error
        training: settings of proximal descent
    """
    return ComponentWise(forecaster, regularizer, lag, training)


def clstm(
    forecaster: ForecasterPart,
    regularizer: PenaltySum,
    lag: int = 10,
    training: ProximalTraining = ProximalTraining(),  # noqa: B008 - a frozen value
) -> NeuralMethod:
    """Return cLSTM: a recurrent network for each target.

    Long realisations are cut into contexts of K steps that do not overlap and never cross a border or a gap; the
    network forecasts after every step of a context.

    Args:
        lag: K, steps of the context in which a recurrent network finds lags by itself
        training: settings of proximal descent
    """
    return ComponentWise(forecaster, _with_default(regularizer, RECURRENT_DEFAULT), lag, training)


def jrngc(
    forecaster: ForecasterPart,
    regularizer: PenaltySum,
    lag: Lag = "auto",
    training: Training = Training(epochs=500, learning_rate=0.003),  # noqa: B008 - a frozen value
) -> NeuralMethod:
    """Return JRNGC: a residual perceptron under a Jacobian penalty; variant L1 is ``--regularizer gradient-l1``.

    Args:
        lag: K, how many past steps may act; auto: by held-out forecast error
        training: settings of the training loop
    """
    return NeuralMethod(forecaster, regularizer, lag=lag, training=training)


class ComponentWise(NeuralMethod):
    """A neural method whose targets are independent problems, solved together by proximal descent.

    Other forecasters and other regularizers go to the common training loop: ask for it by
    ``training.optimizer=adam``.
    """

    training: ProximalTraining

    def fit_ensemble(self, panel: Panel, windows: Windows, run: Run) -> Discovery:
        """Return the discovery at a strength that validation errors choose; ensembles are those of the common loop.

        Raises:
            WrongUsageError: an ensemble by proximal descent is asked for.
        """
        if self.training.optimizer in LOOP:
            return super().fit_ensemble(panel, windows, run)
        if self.members > 1:
            raise WrongUsageError(
                "proximal descent trains one network at a time",
                "use --set training.optimizer=adam, or leave out ensemble",
            )
        if not self._proximal():
            found = self._common().fit_ensemble(panel, windows, run)
            return replace(found, notes=(*found.notes, NO_PROXIMAL_STEP))
        model = self.build(panel.series, run)
        self._check_settings(model, run)
        context = PLAIN.with_knowledge(panel, run)
        chosen = self._choose(model, windows, run, context)
        if chosen is None:
            method, about = self.with_default_strength()
            trained = method.train(model, windows, run, context=context)
            few = f"{len(windows)} windows are too few to leave blocks of them out"
            return method.read_off(model, panel, windows, run, replace(trained, notes=(*trained.notes, few, *about)))
        members = [_with_parameters(model, solution) for solution in chosen.solutions]
        data = TrainingData.of(windows, run).folded(chosen.folds, run.numpy_generator())
        method = self.with_strength(chosen.choice.chosen)
        trained = method.train(model, windows, run, context=context)
        trained = replace(trained, choices=(chosen.choice,), data=data, held_out=HeldOutMembers(members, data))
        return method.read_off(model, panel, windows, run, trained)

    def _choose(self, model: nn.Module, windows: Windows, run: Run, context: TrainingContext) -> ChosenStrength | None:
        """Return the choice of a strength for a model with first weights, which is left alone."""
        problem = self._problem(model, *_pairs(model, windows, run), _observed(model, windows, run), context)
        solver, start = self._solver(gentle=True), _parameters(problem, model)
        return choose_strength(problem, start, windows, solver, run, _contexts(model, windows))

    def _at_chosen(self, strength: float) -> Self:
        """Return the method at a strength that was chosen, for which proximal descent solves as after the choice."""
        if self.training.optimizer in LOOP or not self._proximal():
            return super()._at_chosen(strength)
        return self.with_strength(strength)

    def train(
        self,
        model: nn.Module,
        windows: Windows,
        run: Run,
        *,
        fingerprint: str = "",
        context: TrainingContext = PLAIN,
    ) -> Trained:
        """Train a forecaster on windows, from the weights that it has.

        Raises:
            TrainingError: training diverged.
            WrongUsageError: a setting that proximal descent does not use.
        """
        if self.training.optimizer in LOOP or not self._proximal():
            return self._by_common_loop(model, windows, run, fingerprint, context)
        self._check_settings(model, run)
        x, y = _pairs(model, windows, run)
        run.start({"epochs": self.training.epochs, "done": 0})
        everything, complete = tensors(windows, run)[0], inputs_complete(windows, run)
        problem = self._problem(model, x, y, _observed(model, windows, run), context)

        def scores_of(model: nn.Module) -> Tensor:
            return self.regularizer.scores(model, everything, complete)

        progress, path = self._solve(model, problem, scores_of, run, gentle=context.stage != "finetune")
        scores = path_scores(path) if path else scores_of(model).cpu().numpy()
        explained = about_explained(float(progress.error.mean()), TrainingData.of(windows, run))
        unlimited = () if run.memory is None else (UNLIMITED,)
        return Trained(progress.history, (*explained, *unlimited, *_notes(progress, scores)), scores=scores, path=path)

    def _check_settings(self, model: nn.Module, run: Run) -> None:
        if run.checkpoint is not None:
            raise WrongUsageError(
                "proximal descent keeps no checkpoints", "leave out --checkpoint, or use --set training.optimizer=adam"
            )
        for name in ("validation", "batch_size", "snapshots"):
            if getattr(self.training, name):
                raise ParameterError(
                    f"proximal descent does not use training.{name}", "leave it out, or set training.optimizer=adam"
                )
        if not all(weight.requires_grad for weight in model.parameters()):
            raise ParameterError(
                "proximal descent trains all layers",
                "use --set finetune.layers=all, or --set training.optimizer=adam",
            )

    def _proximal(self) -> bool:
        """Do the parts have what proximal descent needs?"""
        terms = self.regularizer.terms
        by_parameters = hasattr(self.forecaster.record.load(), "forecast")  # forecasts with parameters that are given
        return by_parameters and len(terms) == 1 and isinstance(terms[0].regularizer, GroupLasso)

    @property
    def _lasso(self) -> GroupLasso:
        """The penalty of proximal descent."""
        lasso = self.regularizer.terms[0].regularizer
        assert isinstance(lasso, GroupLasso)
        return lasso

    def _by_common_loop(
        self, model: nn.Module, windows: Windows, run: Run, fingerprint: str, context: TrainingContext
    ) -> Trained:
        trained = self._common().train(model, windows, run, fingerprint=fingerprint, context=context)
        note = () if self.training.optimizer in LOOP else (NO_PROXIMAL_STEP,)
        return replace(trained, notes=(*trained.notes, *note))

    def _common(self) -> NeuralMethod:
        """Return the method of the common training loop with the same parts."""
        chosen = self.training.model_dump(exclude={"ridge", "tolerance"})
        if self.training.optimizer not in LOOP:
            chosen |= {"optimizer": "adam", "learning_rate": min(chosen["learning_rate"], 0.01)}
        return NeuralMethod(self.forecaster, self.regularizer, self.lag, Training(**chosen))

    def _problem(
        self, model: nn.Module, x: Tensor, y: Tensor, seen: Tensor | None, context: TrainingContext
    ) -> Problem:
        """Return the objective of all targets; required pairs carry no penalty."""
        lasso = self._lasso
        return Problem(
            model.forecast,
            x,
            y,
            self.training.ridge,
            0.0 if lasso.path else lasso.weight,
            lasso.value,
            lasso.shrink,
            closed=None if context.allowed is None else ~context.allowed.T,
            free=None if context.required is None else context.required.T,
            observed=seen,
        )

    def _solve(
        self, model: nn.Module, problem: Problem, scores_of: Callable[[nn.Module], Tensor], run: Run, *, gentle: bool
    ) -> tuple[Progress, dict[str, np.ndarray] | None]:
        """Solve for the strength of the penalty, or for a path, and put the solution into the model."""
        solver, start, path = self._solver(gentle=gentle), _parameters(problem, model), None

        def read_off(parameters: Stacked) -> Tensor:
            model.load_state_dict(parameters)
            return scores_of(model)

        if self._lasso.path:
            parameters, progress, path = trace(problem, start, solver, run, read_off)
        else:
            parameters, progress = solver.solve(problem, start, run)
        model.load_state_dict(parameters)
        return progress, path

    def _solver(self, *, gentle: bool) -> Solver:
        return Solver(
            iterations=self.training.epochs,
            tolerance=self.training.tolerance,
            line_search=self.training.optimizer == "gista",
            step=self.training.learning_rate,
            penalty_name=self.regularizer.terms[0].record.name,
            gentle=gentle,
        )


def _parameters(problem: Problem, model: nn.Module) -> Stacked:
    """Return the weights of a model, zero where a target must not look."""
    return problem.opened({name: value.detach() for name, value in model.named_parameters()})


def _with_parameters(model: nn.Module, parameters: Stacked) -> nn.Module:
    """Return a copy of a model with other weights, ready to forecast."""
    other = copy.deepcopy(model)
    other.load_state_dict(parameters)
    return other.eval()


def _with_default(penalties: PenaltySum, strength: float) -> PenaltySum:
    """Return the penalties with another default strength of a group lasso."""
    scoring = penalties.scoring
    if not isinstance(scoring.regularizer, GroupLasso):
        return penalties
    lasso = copy.copy(scoring.regularizer)
    lasso.default_strength = strength
    return penalties.with_regularizer(scoring, lasso)


def _pairs(model: nn.Module, windows: Windows, run: Run) -> tuple[Tensor, Tensor]:
    """Return inputs (B, K, P) and what to forecast: (B, P), or (B, K, P) for a network that forecasts after every step.

    A network that runs over a context gets contexts that do not overlap: of each stretch every K-th window.
    """
    x, y = windows.x, windows.y
    chosen = _contexts(model, windows)
    if chosen is not None:
        x, y = x[chosen], y[chosen]
        y = np.concatenate([x[:, 1:], y[:, None]], axis=1)
    kind: dict[str, Any] = {"device": run.torch_device(), "dtype": run.torch_dtype()}
    return torch.tensor(x, **kind), torch.tensor(y, **kind)


def _observed(model: nn.Module, windows: Windows, run: Run) -> Tensor | None:
    """Return which of what `_pairs` has to forecast is to be learned from, as 0 and 1; None: all of it."""
    chosen = _contexts(model, windows)
    if chosen is None:
        seen = windows.observed
    else:
        contexts = windows.subset(chosen)
        unknown = [mask[:, 1:] for mask in (contexts.intervened, contexts.unmeasured) if mask is not None]
        if contexts.inputs_complete is not None:
            unknown.append(~contexts.inputs_complete[:, None])
        seen = ~functools.reduce(np.logical_or, unknown) if unknown else None
    return None if seen is None else torch.as_tensor(seen, device=run.torch_device()).to(run.torch_dtype())


def _contexts(model: nn.Module, windows: Windows) -> np.ndarray | None:
    """Return which windows are contexts (N,), for a network that runs over them; None for others."""
    _, lag, series = windows.x.shape
    if not _forecasts_every_step(model, lag, series):
        return None
    contexts = np.zeros(len(windows), dtype=bool)
    realisation, following = -1, 0
    for number, (own, step) in enumerate(zip(windows.realisation, windows.step, strict=True)):
        if own != realisation or step >= following:
            contexts[number] = True
            realisation, following = own, step + lag
    return contexts


def _forecasts_every_step(model: nn.Module, lag: int, series: int) -> bool:
    """Return whether a network forecasts after every step of a window; weights do not tell where the lag is 1."""
    parameters = dict(model.named_parameters())
    window = next(iter(parameters.values())).new_zeros(1, lag, series)
    with torch.no_grad():
        return bool(model.forecast(parameters, window).ndim == 3)


def _notes(progress: Progress, scores: np.ndarray) -> tuple[str, ...]:
    """Say how descent ended and how sparse the result is."""
    zeros = int((scores.max(axis=2) == 0).sum())
    notes = [f"{zeros} of {scores.shape[0] ** 2} pairs are exactly zero"]
    if progress.stopped == "iterations":
        notes.append(f"{progress.iterations} iterations were not enough for every target; raise training.epochs")
    elif progress.stopped == "time limit":
        notes.append(f"the time limit ended descent after {progress.iterations} iterations")
    return tuple(notes)
