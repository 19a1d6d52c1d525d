"""Ensembles over blocked folds, and a strength of the penalty that is chosen on them without any truth.

Every member leaves another block of the recording out, forecasts it, and keeps the weights with which it did so best.
The scores are those of the mean forecast of all members; their standard errors are the jackknife's over the blocks.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from causalkit.choices import Choice
from causalkit.errors import ParameterError, WrongUsageError
from causalkit.neural.averaged import Averaged
from causalkit.neural.gated import gate
from causalkit.neural.holdout import fold_masks
from causalkit.neural.members import Members, Split, train_members
from causalkit.neural.penalties import PenaltySum
from causalkit.neural.strength_path import AVERAGING, KEEP, Trace, learn_from_all, trace
from causalkit.neural.training import ONE_DOMAIN, Domains
from causalkit.panel import Windows
from causalkit.run import Run

if TYPE_CHECKING:
    from causalkit.neural.method import NeuralMethod

MEMBERS = 5
"""Blocks, hence members, where the user says no number."""
FEWEST = 2
STRENGTH = "regularizer.strength"


@dataclass(frozen=True)
class Folds:
    """Blocks that are left out one at a time: what members learn from and what they are judged by, (E, windows)."""

    kept: NDArray[np.bool_]
    held: NDArray[np.bool_]

    def split(self, generator: np.random.Generator, device: torch.device) -> Split:
        """Return the rows of each member, and what it is judged by."""
        rows = torch.as_tensor(_rows(self.kept, generator), device=device)
        return Split(rows, torch.as_tensor(self.held, device=device))


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
    from causalkit.neural.method import NeuralMethod as Common

    if type(method).learn is not Common.learn and method.training.optimizer not in ("adam", "sgd"):
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


def folds_of(windows: Windows, wanted: int, run: Run) -> Folds | None:
    """Return as many blocks as wanted, fewer where windows do not suffice, None where not even two are left."""
    for count in range(wanted, FEWEST - 1, -1):
        try:
            return Folds(*fold_masks(windows, count, run.numpy_generator()))
        except ParameterError:
            continue
    return None


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
        folds.split(run.numpy_generator(), x.device),
        method.training,
        run,
        domains=domains,
        observed=_observed(windows, x),
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
        folds.split(run.numpy_generator(), x.device),
        method.training,
        run,
        averaging=AVERAGING,
        domains=domains,
        observed=_observed(windows, x),
    )
    found = trace(members, strengths, method.training, run, fingerprint=fingerprint)
    errors = np.stack([point.errors.cpu().double().numpy() for point in found.points])
    chosen = choose(errors)
    apart = members.with_weights(found.points[chosen].weights)
    together = learn_from_all(members, found.points[chosen], strengths, method.training, run)
    notes = [_averaged(folds)]
    if found.stopped == "time limit":
        notes.append(f"the time limit ended the path after {len(errors)} of {len(strengths)} strengths")
    return LearnedEnsemble(
        members.with_weights(together),
        found.history,
        tuple(notes),
        _choice(found, errors, strengths, chosen),
        apart,
    )


def choose(errors: NDArray[np.float64]) -> int:
    """Return which strength to take: the strongest that keeps most of the best explained held-out variance.

    A penalty shrinks the forecasts as well as the noise, so the lowest error belongs to a strength at which many
    inputs are still in use that carry nothing. The rule gives a little of the forecast away for a sparser graph, as the
    rule of one standard error does; unlike that rule it does not depend on how alike the blocks are.

    Args:
        errors: held-out errors, strongest strength first, in units of the variance, shape (S, E).
    """
    explained = 1 - errors.mean(1)
    if explained.max() <= 0:
        return 0
    return int(np.flatnonzero(explained >= KEEP * explained.max())[0])


def _choice(found: Trace, errors: NDArray[np.float64], strengths: list[float], chosen: int) -> Choice:
    """Return the choice with its whole curve, weakest strength first; NaN where the path did not come."""
    curve = np.full((2, len(strengths)), np.nan)
    curve[0, : len(errors)] = errors.mean(1)
    curve[1, : len(errors)] = errors.std(1, ddof=1) / errors.shape[1] ** 0.5
    return Choice(
        STRENGTH,
        tuple(reversed(strengths)),
        tuple(curve[0, ::-1]),
        tuple(curve[1, ::-1]),
        found.points[chosen].strength,
        f"strongest that keeps {KEEP:.0%} of the best explained held-out variance",
    )


def with_strength(penalties: PenaltySum, strength: float) -> PenaltySum:
    """Return the penalties with another strength for the one that supplies the scores."""
    acting: Any = penalties.scoring.acting
    parameters = {**penalties.scoring.parameters, "strength": strength}
    changed = replace(penalties.scoring, acting=acting.with_strength(strength), parameters=parameters)
    return PenaltySum([changed if one is penalties.scoring else one for one in penalties.penalties])


def settled(method: NeuralMethod) -> tuple[NeuralMethod, tuple[str, ...]]:
    """Return the method with the regularizer's own fallback where its strength is open, and a sentence on it.

    For training in which nothing can choose: on two domains, or on too few windows to leave any out.
    """
    if not method.regularizer.open_strength:
        return method, ()
    acting: Any = method.regularizer.scoring.acting
    return fixed(method, acting.fallback), (f"the strength of the penalty was not chosen: it is {acting.fallback:g}",)


def fixed(method: NeuralMethod, strength: float) -> NeuralMethod:
    """Return the method with a strength instead of an open one."""
    changed = copy.copy(method)
    changed.regularizer = with_strength(method.regularizer, strength)
    return changed


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


def _observed(windows: Windows, x: Tensor) -> Tensor | None:
    return None if windows.observed is None else torch.as_tensor(windows.observed, device=x.device).to(x.dtype)


def _averaged(folds: Folds) -> str:
    return f"scores are those of the mean forecast of {len(folds.kept)} members, each without another block"


def _rows(kept: NDArray[np.bool_], generator: np.random.Generator) -> NDArray[np.intp]:
    """Return as many rows for each member as the largest has; smaller ones see some of theirs twice."""
    size = int(kept.sum(1).max())
    rows = []
    for mask in kept:
        mine = np.flatnonzero(mask)
        rows.append(np.concatenate([mine, generator.choice(mine, size - len(mine))]) if len(mine) < size else mine)
    return np.stack(rows)
