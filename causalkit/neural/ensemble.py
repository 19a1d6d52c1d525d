"""Ensembles over blocked folds, and a strength of the penalty that is chosen on them without any truth.

Every member leaves another block of the recording out, is validated on it, and keeps the weights with which it forecast
the block best. The scores are those of the mean forecast of all members; their standard errors are the jackknife's over
the blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from causalkit.core.choice import Choice
from causalkit.core.run import Run
from causalkit.errors import ParameterError, WrongUsageError
from causalkit.neural.held_out_test import HeldOutMembers
from causalkit.neural.modules.averaged import AveragedForecaster
from causalkit.neural.modules.candidates import candidates_of, common_rows
from causalkit.neural.modules.weight_mask import has_own_input_weights
from causalkit.neural.pair_arrays import pair_array
from causalkit.neural.regularization_path import (
    AVERAGING,
    MOST_WINDOWS,
    MOST_WINDOWS_BY_TARGET,
    MOST_WINDOWS_OF_CANDIDATES,
    PACE,
    PACE_OF_CANDIDATES,
    RegularizationPath,
    train_on_all,
)
from causalkit.neural.regularizers import PenaltySum
from causalkit.neural.training.context import TrainingContext
from causalkit.neural.training.data import TrainingData
from causalkit.neural.training.divergence import check_converged
from causalkit.neural.training.loop import TIME_LIMIT, train
from causalkit.neural.training.networks import Networks
from causalkit.neural.training.schedule import Schedule
from causalkit.neural.training.settings import Training

MEMBERS, MEMBERS_OF_MANY_SERIES = 5, 3
"""Blocks, hence members, where the user gives no number. In panels of so many series that causes are screened, errors
are means over hundreds of targets, so that fewer blocks tell as much, and each costs a training."""
VALIDATE_EVERY = 4
"""Epochs between two validations of members of a given strength."""


@dataclass(frozen=True)
class TrainedEnsemble:
    """What training leaves of an ensemble.

    Attributes:
        members: networks whose mean forecast counts.
        history: of their training, means over members.
        notes: how it went, in sentences.
        choice: of a strength, where it was unset.
        validated: the members before they learned from all windows, where they did; their scores give the standard
            errors.
        units: what the scores of each effect are divided by, shape (P,); None: 1.
        held_out: the networks as they were validated, each with the windows that it was held away from, for tests.
            They may forecast innovations.
    """

    members: list[nn.Module]
    history: dict[str, list[float]]
    notes: tuple[str, ...]
    choice: Choice | None = None
    validated: list[nn.Module] | None = None
    units: NDArray[np.float64] | None = None
    held_out: HeldOutMembers | None = None

    @property
    def model(self) -> nn.Module:
        """The forecaster whose forecast is the mean of the members'."""
        return AveragedForecaster(self.members)

    def held_away(self, data: TrainingData) -> HeldOutMembers | None:
        """Return the networks as they were validated, as forecasters of the series in their units.

        Args:
            data: windows of the series, and which were held out for each member.
        """
        return self.held_out if self.units is None else HeldOutMembers(self.validated or self.members, data)


def check_settings(settings: Training, run: Run, *, choosing: bool) -> None:
    """Refuse settings that an ensemble does not use.

    Args:
        choosing: is a strength chosen as well?

    Raises:
        WrongUsageError, ParameterError: with what to do instead.
    """
    if run.checkpoint is not None and not choosing:
        raise WrongUsageError("an ensemble of a given strength keeps no checkpoints", "leave out --checkpoint")
    if choosing:
        what, way_out = "the choice of a strength", "leave it out, or give a number with --set regularizer.strength=0.1"
    else:
        what, way_out = "an ensemble", "leave it out"
    for name, reason in _UNUSED.items():
        if getattr(settings, name):
            raise ParameterError(f"{what} does not use training.{name}: {reason}", way_out)
    if settings.optimizer != "adam":
        raise ParameterError(f"{what} trains with adam", way_out)
    if choosing and settings.schedule != "constant":
        raise ParameterError(f"{what} has its own schedule: steps grow as the penalty weakens", way_out)


_UNUSED = {
    "validation": "every member is validated on the block that it leaves out",
    "patience": "every member keeps the weights at its lowest validation error",
    "snapshots": "scores are those of all members together, at the end",
}


def train_ensemble(
    models: Sequence[nn.Module],
    penalties: PenaltySum,
    data: TrainingData,
    settings: Training,
    run: Run,
    *,
    context: TrainingContext,
) -> TrainedEnsemble:
    """Train members of a given strength on all windows but one block each.

    Raises:
        TrainingError: training diverged.
    """
    networks = Networks(models, penalties.for_stage("train"), data, settings, run, context=context)
    state = train(networks, Schedule(settings, validate_every=VALIDATE_EVERY), run)
    assert state.best is not None
    check_converged(float(state.best.errors.mean()), state.history["forecast"][0], data, settings)
    note = f"scores are those of the mean forecast of {len(models)} members, each without another block"
    members = networks.with_weights(state.best.weights)
    return TrainedEnsemble(members, state.history, (note,), held_out=HeldOutMembers(members, data))


@dataclass(frozen=True)
class TracedPath:
    """Members that were trained along the regularization path, each with a block held out.

    Attributes:
        path: strengths, their validation errors, and where the members stood under each.
        history: of their training, means over members.
        stopped: why the path ended.
    """

    path: RegularizationPath
    history: dict[str, list[float]]
    stopped: str

    @property
    def cut_short(self) -> bool:
        """Did the time limit end the path before its end?"""
        return self.stopped == TIME_LIMIT


def trace_path(
    models: Sequence[nn.Module],
    penalties: PenaltySum,
    data: TrainingData,
    settings: Training,
    run: Run,
    *,
    context: TrainingContext,
    fingerprint: str = "",
    stage: str = "strength",
) -> TracedPath:
    """Train members along the regularization path.

    Args:
        stage: what observers call it.

    Raises:
        TrainingError: training diverged.
        DataError: the checkpoint belongs to another run.
    """
    regularizer = penalties.scoring.regularizer
    unit = penalties.with_strength(1.0).for_stage("train")
    networks = Networks(models, unit, data, settings, run, context=context, averaging=AVERAGING)
    most_windows = MOST_WINDOWS_BY_TARGET if has_own_input_weights(models[0], data.y.shape[1]) else MOST_WINDOWS
    path = RegularizationPath(
        networks,
        regularizer.candidates,
        settings,
        finer=regularizer.finer_candidates,
        most_windows=most_windows if data.candidates is None else MOST_WINDOWS_OF_CANDIDATES,
        pace=PACE if data.candidates is None else PACE_OF_CANDIDATES,
        stage=stage,
    )
    state = train(networks, path, run, fingerprint=fingerprint)
    return TracedPath(path, state.history, state.stopped)


def train_at_choice(traced: TracedPath, run: Run) -> TrainedEnsemble:
    """Return the members at the strength that the validation errors choose, after learning from all windows.

    Raises:
        TrainingError: training diverged.
    """
    path, networks = traced.path, traced.path.networks
    validated = networks.with_weights(path.chosen().weights)
    final, error = train_on_all(path, replace(run, checkpoint=None, resume=False))
    check_converged(error, traced.history["forecast"][0], networks.data, path.settings)
    notes = [
        f"scores are those of the mean forecast of {len(validated)} members, each of which left another block out "
        "until the strength was chosen"
    ]
    if traced.cut_short:
        count = len(path.search.candidates)
        notes.append(f"the time limit ended the path after {len(path.points)} of {count} strengths")
    return TrainedEnsemble(
        networks.with_weights(final),
        traced.history,
        tuple(notes),
        path.search.choice(),
        validated,
        held_out=HeldOutMembers(validated, path.data),
    )


def scores_of(penalties: PenaltySum, trained: TrainedEnsemble, data: TrainingData) -> Any:
    """Return the scores (cause, effect, lag) of all windows, as `causalkit.Discovery.scores`.

    Those of the mean forecast, from its Jacobian; for a regularizer that reads scores off the weights of a network, of
    which a mean forecast has none, the mean of the members' scores.
    """
    of_weights = "input-weights" in penalties.scoring.record.needs
    networks = trained.members if of_weights else [trained.model]
    scores, candidates = _scores(penalties, networks, trained, data)
    return pair_array(scores.mean(0), candidates)


def errors_of_scores(penalties: PenaltySum, trained: TrainedEnsemble, data: TrainingData) -> Any:
    """Return the jackknife standard errors of `scores_of`, from members before they learned from all windows."""
    scores, candidates = _scores(penalties, trained.validated or trained.members, trained, data)
    return pair_array(jackknife_errors(scores), candidates)


def _scores(
    penalties: PenaltySum, networks: Sequence[nn.Module], trained: TrainedEnsemble, data: TrainingData
) -> tuple[NDArray[np.float64], Tensor | None]:
    """Return the scores of every network, (E, cause or candidate, effect, lag), and the candidates of any."""
    found = [penalties.scores(network, data.x, data.inputs_complete) for network in networks]
    stacked, candidates = common_rows(found, [candidates_of(network) for network in networks])
    scores = stacked.cpu().double().numpy()
    return scores if trained.units is None else scores / trained.units[:, None], candidates


def jackknife_errors(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return standard errors of scores (E, ...) of members that leave one of E blocks out each (Efron 1982)."""
    count = len(scores)
    errors: NDArray[np.float64] = np.sqrt((count - 1) / count * ((scores - scores.mean(0)) ** 2).sum(0))
    return errors
