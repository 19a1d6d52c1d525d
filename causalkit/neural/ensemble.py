"""Ensembles over blocked folds, and a strength of the penalty that is chosen on them without any truth.

Every member leaves another block of the recording out, forecasts it, and keeps the weights with which it did so best.
The scores are those of the mean forecast of all members; their standard errors are the jackknife's over the blocks.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from causalkit.errors import ParameterError, WrongUsageError
from causalkit.neural.averaged import Averaged
from causalkit.neural.gated import gate
from causalkit.neural.holdout import fold_masks
from causalkit.neural.members import Split, TrainedMembers, train_members
from causalkit.neural.penalties import PenaltySum
from causalkit.neural.training import ONE_DOMAIN, Domains
from causalkit.panel import Windows
from causalkit.run import Run

if TYPE_CHECKING:
    from causalkit.neural.method import NeuralMethod

MEMBERS = 5
KEEP = 0.95
"""Share of the explained held-out variance that a stronger penalty may not fall below."""


@dataclass(frozen=True)
class StrengthChoice:
    """How a strength was chosen.

    Attributes:
        strengths: candidates, ascending, shape (S,).
        errors: held-out mean squared forecast error of each member, shape (S, E); 1 is about that of the mean.
        chosen: index of the chosen one.
    """

    strengths: NDArray[np.float64]
    errors: NDArray[np.float64]
    chosen: int

    @property
    def strength(self) -> float:
        """The chosen strength."""
        return float(self.strengths[self.chosen])

    def describe(self) -> dict[str, Any]:
        """Return the whole curve, for the result."""
        members = self.errors.shape[1]
        return {
            "rule": f"strongest that keeps {KEEP:.0%} of the best explained held-out variance",
            "strengths": self.strengths.tolist(),
            "held_out_error": self.errors.mean(1).tolist(),
            "standard_error": (self.errors.std(1, ddof=1) / members**0.5).tolist(),
            "chosen": self.strength,
        }

    def sentence(self) -> str:
        """Say what was chosen and why."""
        explained = 1 - self.errors[self.chosen].mean()
        if explained <= 0:
            return "no strength forecasts held-out steps better than the mean: do not trust the scores"
        return (
            f"strength {self.strength:g} was chosen by held-out forecast error: it explains {explained:.0%} of the "
            f"held-out variance, the best of {len(self.strengths)} strengths {1 - self.errors.mean(1).min():.0%}"
        )


@dataclass(frozen=True)
class LearnedEnsemble:
    """What an ensemble leaves: the mean forecaster, its members, and the choice of a strength where there was one."""

    model: nn.Module
    members: list[nn.Module]
    trained: TrainedMembers
    choice: StrengthChoice | None

    def notes(self) -> tuple[str, ...]:
        """Say what was averaged and what was chosen."""
        said = f"scores are those of the mean forecast of {len(self.members)} members, each without another block"
        return (said,) if self.choice is None else (said, self.choice.sentence())


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
    if run.checkpoint is not None:
        raise WrongUsageError("an ensemble keeps no checkpoints", "leave out --checkpoint")
    for name in ("validation", "batch_size", "patience"):
        if getattr(method.training, name):
            raise ParameterError(
                f"an ensemble has no use for training.{name}: every member is judged on the block that it leaves out",
                "leave it out",
            )
    if method.training.optimizer != "adam":
        raise ParameterError("the members of an ensemble are trained with adam", "leave out training.optimizer")


def learn_ensemble(
    method: NeuralMethod, x: Tensor, y: Tensor, windows: Windows, run: Run, count: int, domains: Domains = ONE_DOMAIN
) -> LearnedEnsemble:
    """Train members on all windows but one block each; with a strength left open, for every candidate strength.

    Args:
        count: E, how many blocks.

    Raises:
        ParameterError: too few windows for so many blocks.
        TrainingError: training diverged.
    """
    kept, held = fold_masks(windows, count, run.numpy_generator())
    penalties, grid = unit_strength(method.regularizer)
    strengths = np.array(sorted(grid)) if grid else np.array([1.0])
    rows = torch.as_tensor(_rows(np.tile(kept, (len(strengths), 1)), run.numpy_generator()), device=x.device)
    judged = torch.as_tensor(np.tile(held, (len(strengths), 1)), device=x.device)
    trained = train_members(
        [gate(method.build(x.shape[2], run), domains.allowed) for _ in range(count * len(strengths))],
        penalties.for_stage("train"),
        x,
        y,
        Split(rows, judged),
        method.training,
        run,
        scale=torch.as_tensor(np.repeat(strengths, count), device=x.device, dtype=x.dtype),
        domains=domains,
        observed=None if windows.observed is None else torch.as_tensor(windows.observed, device=x.device).to(x.dtype),
    )
    choice, first = None, 0
    if grid:
        choice = choose(strengths, trained.errors.reshape(len(strengths), count).cpu().double().numpy())
        first = choice.chosen * count
    members = list(trained.models[first : first + count])
    return LearnedEnsemble(Averaged(members), members, trained, choice)


def choose(strengths: NDArray[np.float64], errors: NDArray[np.float64]) -> StrengthChoice:
    """Return the strongest strength that keeps most of the best explained held-out variance.

    A penalty shrinks the forecasts as well as the noise, so the lowest error belongs to a strength at which many
    inputs are still in use that carry nothing. The rule gives a little of the forecast away for a sparser graph, as the
    rule of one standard error does; unlike that rule it does not depend on how alike the blocks are.

    Args:
        strengths: ascending, shape (S,).
        errors: shape (S, E), in units of the variance.
    """
    explained = 1 - errors.mean(1)
    if explained.max() <= 0:
        return StrengthChoice(strengths, errors, len(strengths) - 1)
    enough = np.flatnonzero(explained >= KEEP * explained.max())
    return StrengthChoice(strengths, errors, int(enough[-1]))


def unit_strength(penalties: PenaltySum) -> tuple[PenaltySum, tuple[float, ...]]:
    """Return the penalties with strength 1 for the one whose strength is left open, and its candidates."""
    acting: Any = penalties.scoring.acting
    grid: tuple[float, ...] = tuple(getattr(acting, "grid", ()) or ())
    return (with_strength(penalties, 1.0), grid) if grid else (penalties, ())


def with_strength(penalties: PenaltySum, strength: float) -> PenaltySum:
    """Return the penalties with another strength for the one that supplies the scores."""
    acting: Any = penalties.scoring.acting
    parameters = {**penalties.scoring.parameters, "strength": strength}
    changed = replace(penalties.scoring, acting=acting.with_strength(strength), parameters=parameters)
    return PenaltySum([changed if one is penalties.scoring else one for one in penalties.penalties])


def jackknife_errors(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return standard errors of scores (E, ...) of members that leave one of E blocks out each (Efron 1982)."""
    count = len(scores)
    errors: NDArray[np.float64] = np.sqrt((count - 1) / count * ((scores - scores.mean(0)) ** 2).sum(0))
    return errors


def _rows(kept: NDArray[np.bool_], generator: np.random.Generator) -> NDArray[np.intp]:
    """Return as many rows for each member as the largest has; smaller ones see some of theirs twice."""
    size = int(kept.sum(1).max())
    rows = []
    for mask in kept:
        mine = np.flatnonzero(mask)
        rows.append(np.concatenate([mine, generator.choice(mine, size - len(mine))]) if len(mine) < size else mine)
    return np.stack(rows)


def fixed(method: NeuralMethod, choice: StrengthChoice) -> NeuralMethod:
    """Return the method with the strength that was chosen."""
    changed = copy.copy(method)
    changed.regularizer = with_strength(method.regularizer, choice.strength)
    return changed
