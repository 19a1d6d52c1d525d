"""The strength of the penalty that supplies the scores: chosen, fixed, or its fallback where nothing can choose."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.choice import Choice
from causalkit.neural.regularization_path import KEEP, Trace
from causalkit.neural.regularizers import PenaltySum

if TYPE_CHECKING:
    from causalkit.neural.method import NeuralMethod

STRENGTH = "regularizer.strength"


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


def choice_of(found: Trace, errors: NDArray[np.float64], strengths: list[float], chosen: int) -> Choice:
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
