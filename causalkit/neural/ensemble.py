"""Ensembles over blocked folds, and a strength of the penalty that is chosen on them without any truth.

Every member leaves another block of the recording out, forecasts it, and keeps the weights with which it did so best.
The scores are those of the mean forecast of all members; their standard errors are the jackknife's over the blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from causalkit.core.choice import Choice
from causalkit.core.panel import Windows
from causalkit.core.run import Run
from causalkit.errors import ParameterError, WrongUsageError
from causalkit.model_selection.splits import Folds
from causalkit.neural.method import NeuralMethod, observed
from causalkit.neural.modules.averaged import Averaged
from causalkit.neural.modules.input_mask import gate
from causalkit.neural.regularization_path import AVERAGING, learn_from_all, trace
from causalkit.neural.regularizers import PenaltySum
from causalkit.neural.strength import choice_of, choose, with_strength
from causalkit.neural.training.loop import ONE_DOMAIN, Domains
from causalkit.neural.training.members import Members, Split
from causalkit.neural.training.side_by_side import train_members

MEMBERS = 5
"""Blocks, hence members, where the user says no number."""


@dataclass(frozen=True)
class LearnedEnsemble:
    """What an ensemble leaves.

    Attributes:
        members: networks whose mean forecast counts.
        history: of their training, means over members.
        notes: how it went, in sentences.
        choice: of a strength, where it was open.
        apart: the members before they learned from all windows, where they did.
    """

    members: list[nn.Module]
    history: dict[str, list[float]]
    notes: tuple[str, ...]
    choice: Choice | None = None
    apart: list[nn.Module] | None = None

    @property
    def model(self) -> nn.Module:
        """The forecaster whose forecast is the mean of the members'."""
        return Averaged(self.members)


def check_settings(method: NeuralMethod, run: Run) -> None:
    """Refuse what an ensemble has no use for.

    Raises:
        WrongUsageError, ParameterError: with what to do instead.
    """
    if type(method).learn is not NeuralMethod.learn and method.training.optimizer not in ("adam", "sgd"):
        raise WrongUsageError(
            "proximal descent trains one network at a time", "use --set training.optimizer=adam, or leave out ensemble"
        )
    choosing = method.regularizer.open_strength
    if run.checkpoint is not None and not choosing:
        raise WrongUsageError("an ensemble of a given strength keeps no checkpoints", "leave out --checkpoint")
    if choosing:
        what, way_out = "the choice of a strength", "leave it out, or give a number with --set regularizer.strength=0.1"
    else:
        what, way_out = "an ensemble", "leave it out"
    for name, reason in _UNUSED.items():
        if getattr(method.training, name):
            raise ParameterError(f"{what} has no use for training.{name}: {reason}", way_out)
    if method.training.optimizer != "adam":
        raise ParameterError(f"{what} trains with adam", way_out)
    if choosing and method.training.schedule != "constant":
        raise ParameterError(f"{what} has a schedule of its own: steps grow as the penalty weakens", way_out)


_UNUSED = {
    "validation": "every member is judged on the block that it leaves out",
    "patience": "every member keeps the weights with which it forecast its block best",
    "snapshots": "scores are those of all members together, at the end",
}


def learn_ensemble(
    method: NeuralMethod, x: Tensor, y: Tensor, windows: Windows, run: Run, folds: Folds, domains: Domains = ONE_DOMAIN
) -> LearnedEnsemble:
    """Train members of a given strength on all windows but one block each.

    Raises:
        TrainingError: training diverged.
    """
    found = train_members(
        _first(method, x, folds, run, domains),
        method.regularizer.for_stage("train"),
        x,
        y,
        _split(folds, run, x),
        method.training,
        run,
        domains=domains,
        observed=observed(windows, run),
    )
    return LearnedEnsemble(list(found.models), dict(found.history), (_averaged(folds),))


def learn_path(
    method: NeuralMethod,
    x: Tensor,
    y: Tensor,
    windows: Windows,
    run: Run,
    folds: Folds,
    domains: Domains = ONE_DOMAIN,
    fingerprint: str = "",
) -> LearnedEnsemble:
    """Train members along the candidate strengths, and return them at the one that their forecasts choose.

    Raises:
        TrainingError: training diverged.
        DataError: the checkpoint is of another run.
    """
    acting: Any = method.regularizer.scoring.acting
    strengths = sorted(acting.grid, reverse=True)
    members = Members(
        _first(method, x, folds, run, domains),
        with_strength(method.regularizer, 1.0).for_stage("train"),
        x,
        y,
        _split(folds, run, x),
        method.training,
        run,
        averaging=AVERAGING,
        domains=domains,
        observed=observed(windows, run),
    )
    found = trace(members, strengths, method.training, run, fingerprint=fingerprint)
    errors = np.stack([point.errors.cpu().double().numpy() for point in found.points])
    chosen = choose(errors)
    apart = members.with_weights(found.points[chosen].weights)
    together = learn_from_all(members, found.points[chosen], strengths, method.training, run)
    notes = [
        f"scores are those of the mean forecast of {len(folds.kept)} members, each of which left another block out "
        "until the strength was chosen"
    ]
    if found.stopped == "time limit":
        notes.append(f"the time limit ended the path after {len(errors)} of {len(strengths)} strengths")
    return LearnedEnsemble(
        members.with_weights(together),
        found.history,
        tuple(notes),
        choice_of(found, errors, strengths, chosen),
        apart,
    )


def scores_of(penalties: PenaltySum, learned: LearnedEnsemble, x: Tensor) -> NDArray[np.float64]:
    """Return the scores (cause, effect, lag) of windows x (B, K, P).

    Those of the mean forecast, from its Jacobian; for a regularizer that reads scores off the weights of a network, of
    which a mean forecast has none, the mean of the members' scores.
    """
    if "input-weights" in penalties.scoring.record.needs:
        mean: NDArray[np.float64] = each_scores(penalties, learned.members, x).mean(0)
        return mean
    return penalties.scores(learned.model, x).cpu().double().numpy()


def each_scores(penalties: PenaltySum, members: Sequence[nn.Module], x: Tensor) -> NDArray[np.float64]:
    """Return the scores of every member, shape (E, cause, effect, lag)."""
    return np.stack([penalties.scores(member, x).cpu().double().numpy() for member in members])


def jackknife_errors(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return standard errors of scores (E, ...) of members that leave one of E blocks out each (Efron 1982)."""
    count = len(scores)
    errors: NDArray[np.float64] = np.sqrt((count - 1) / count * ((scores - scores.mean(0)) ** 2).sum(0))
    return errors


def _first(method: NeuralMethod, x: Tensor, folds: Folds, run: Run, domains: Domains) -> list[nn.Module]:
    """Return members with their first weights."""
    return [gate(method.build(x.shape[2], run), domains.allowed) for _ in folds.kept]


def _split(folds: Folds, run: Run, x: Tensor) -> Split:
    rows = torch.as_tensor(folds.rows(run.numpy_generator()), device=x.device)
    return Split(rows, torch.as_tensor(folds.held, device=x.device))


def _averaged(folds: Folds) -> str:
    return f"scores are those of the mean forecast of {len(folds.kept)} members, each without another block"
