"""Batched proximal gradient descent: ISTA with a fixed step, GISTA with a step of each target's own.

GISTA (Gong, Zhang, Lu, Huang and Ye, ICML 2013): the step size is that of Barzilai and Borwein, and a candidate is
accepted when the objective falls sufficiently below the largest of the last few. A line search in lock-step would make
all targets wait for the slowest one. Here every iteration evaluates one candidate of every target, with its gradient:
those that are accepted move, the others try again with half the step in the next iteration. One forward and one
backward pass each, whatever the targets decide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from causalkit_neuralgc.problem import Problem, Stacked, choose, dot

MEMORY = 5
"""Objectives that a candidate is compared with."""
SUFFICIENT = 1e-4
"""Share of the squared step that the objective must fall by."""
SHORTEST, LONGEST = 1e-6, 20.0
"""Bounds of the step size."""
PATIENCE = 20
"""Iterations over which progress is measured. GISTA is not monotone, so it is the lowest objective that counts."""


@dataclass
class State:
    """Where the targets of a problem stand.

    Attributes:
        parameters: accepted point.
        step: step size of each target (M,).
        error, objective: at the accepted point (M,).
        recent: objectives of the last iterations, newest last.
        lowest: lowest objectives so far, after each of the last iterations.
        iterations: done so far.
    """

    parameters: Stacked
    step: Tensor
    error: Tensor
    objective: Tensor
    recent: list[Tensor]
    lowest: list[Tensor]
    iterations: int = 0


def start(problem: Problem, parameters: Stacked, step: Tensor) -> tuple[State, Stacked]:
    """Evaluate the starting point; return the state and the gradient."""
    error, loss, gradient = problem.smooth(parameters)
    objective = loss + problem.penalty(parameters)
    return State(parameters, step, error, objective, [objective], [objective]), gradient


def descend(
    problem: Problem,
    parameters: Stacked,
    step: Tensor,
    *,
    iterations: int,
    tolerance: float,
    line_search: bool,
    longest: float = LONGEST,
    watch: Callable[[State], bool],
) -> tuple[State, Tensor]:
    """Iterate until every target has converged, the iterations are used up, or ``watch`` returns True.

    Returns:
        The state, and which targets have converged (M,): their objective fell by less than ``tolerance``, relative,
        over the last 20 iterations. Converged targets no longer move.
    """
    state, gradient = start(problem, parameters, step)
    converged = torch.zeros_like(step, dtype=torch.bool)
    for _ in range(iterations):
        candidate = problem.proximal(state.parameters, gradient, state.step)
        error, loss, slope = problem.smooth(candidate)
        objective = loss + problem.penalty(candidate)
        if line_search:
            moved = {name: candidate[name] - old for name, old in state.parameters.items()}
            length = dot(moved, moved)
            worst = torch.stack(state.recent).amax(0)
            accepted = objective <= worst - SUFFICIENT / (2 * state.step) * length
            curvature = dot(moved, {name: slope[name] - old for name, old in gradient.items()})
            fitted = torch.where(curvature > 0, length / curvature.clamp(min=1e-30), 2 * state.step)
            state.step = torch.where(accepted, fitted, state.step / 2).clamp(SHORTEST, longest)
        else:
            accepted = torch.ones_like(converged)
        accepted = accepted & ~converged
        state.parameters = choose(accepted, candidate, state.parameters)
        gradient = choose(accepted, slope, gradient)
        state.error = torch.where(accepted, error, state.error)
        state.objective = torch.where(accepted, objective, state.objective)
        state.recent = [*state.recent[1 - MEMORY :], state.objective]
        state.lowest = [*state.lowest[-PATIENCE:], torch.minimum(state.lowest[-1], state.objective)]
        state.iterations += 1
        if len(state.lowest) > PATIENCE:
            fallen = (state.lowest[0] - state.lowest[-1]) / state.lowest[-1].abs().clamp(min=1e-12)
            # Close to its lowest: plain ISTA with too large a step swings around a minimum and is not done.
            near = state.objective <= state.lowest[-1] + 10 * tolerance * state.lowest[-1].abs()
            converged = converged | ((fallen < tolerance) & near)
        if watch(state) or bool(converged.all()):
            break
    return state, converged
