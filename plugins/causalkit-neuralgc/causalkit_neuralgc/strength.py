"""A strength that validation errors choose, for networks that are trained by proximal descent.

Blocks of the recording are left out one at a time. The networks of a block are solved under a few strengths. Each
starts from the solution of the one before, and is validated on the block that was left out. The search starts where
some inputs are still in use. It goes on to stronger penalties until forecasts get clearly worse, and then from its
start to weaker ones as long as that helps. It is loose: few iterations a strength. The chosen strength is then solved
in full, on all windows, exactly as if a user had given it. The networks of the blocks are kept: each was held away from
a part of the recording, so that edges can be tested there.

Blocks are solved one after another: on one processor core an iteration of five blocks took a quarter to a third less
time than with all of them stacked (P = 10 and 20, 100 hidden units).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from causalkit import Choice, Run, Windows
from causalkit.model_selection import STRONGEST_SUFFICIENT, Errors, Folds, Search, folds_of
from causalkit_neuralgc.path import largest_strength
from causalkit_neuralgc.problem import Problem, Stacked
from causalkit_neuralgc.solver import Solver

FOLDS = 3
"""Blocks. Five cost up to twice as much, and chose the same strength in six trials on Lorenz-96 (P = 10, F = 10)."""
SHARES = np.geomspace(0.01, 1.0, 9)
"""Candidates, in units of the strength from which no series is let in."""
FIRST = 3
"""Index of the candidate at which the path begins; 5.6 % of the largest."""
ITERATIONS, TOLERANCE = 100, 1e-2
"""Of one candidate: at most so many iterations, and the relative fall of a target's objective that ends it."""
ENOUGH = 0.9
"""The path to stronger penalties ends where less than this share of the best explained variance is explained."""
GAIN = 1.01
"""The path to weaker penalties goes on while the explained variance grows by this factor."""


@dataclass(frozen=True)
class ChosenStrength:
    """A strength, and the networks that led to it.

    Attributes:
        choice: how it was chosen.
        solutions: parameters of each block's network at the strength; it has not learned from the block.
        folds: the blocks, masks over all windows.
    """

    choice: Choice
    solutions: list[Stacked]
    folds: Folds


def choose_strength(
    problem: Problem,
    parameters: Stacked,
    windows: Windows,
    solver: Solver,
    run: Run,
    contexts: NDArray[np.bool_] | None = None,
) -> ChosenStrength | None:
    """Return the choice of a strength, or None where the windows do not suffice to leave blocks of them out.

    The search ends early when half of the time limit is over: the other half is for the solution itself.

    Args:
        problem: of all targets on all windows, under any strength.
        parameters: first weights.
        windows: all windows of the panel.
        solver: of the full problem; the path is solved more loosely.
        contexts: which of the windows the problem consists of, in their order; None: all of them.

    Raises:
        DivergenceError: an objective is no longer finite.
    """
    folds = folds_of(windows, FOLDS, run)
    if folds is None:
        return None
    mine = np.ones(len(windows), dtype=bool) if contexts is None else contexts
    kept, left_out = folds.kept[:, mine], folds.held[:, mine]
    if not (kept.any(axis=1) & left_out.any(axis=1)).all():
        return None
    largest = largest_strength(problem, parameters)
    strengths = [float(f"{share * largest:.3g}") for share in SHARES]
    limit = None if run.time_limit is None else run.time_limit / 2
    quiet = replace(run, observers=[], checkpoint=None, resume=False, time_limit=limit)
    loose = replace(
        solver, iterations=min(solver.iterations, ITERATIONS), tolerance=max(solver.tolerance, TOLERANCE), gentle=False
    )
    learned = [rows_of(problem, torch.as_tensor(mask, device=problem.x.device)) for mask in kept]
    held = [rows_of(problem, torch.as_tensor(mask, device=problem.x.device)) for mask in left_out]
    unit = variance(problem)
    search = Search("regularizer.strength", strengths, STRONGEST_SUFFICIENT, outward)
    solutions: dict[float, list[Stacked]] = {}
    run.start({"epochs": len(strengths), "done": 0, "stage": "strength"})
    while (strength := search.ask()) is not None and not (search.errors and quiet.expired):
        near = _neighbour(strength, solutions)
        start = [parameters] * len(learned) if near is None else solutions[near]
        at_strength = [replace(fold, strength=strength) for fold in learned]
        solutions[strength], errors = solve_folds(at_strength, held, start, replace(loose, gentle=near is None), quiet)
        search.tell(strength, errors / unit)
        run.epoch(len(search.errors), {"held-out error": float(search.errors[strength].mean())})
    choice = search.choice()
    return ChosenStrength(choice, solutions[choice.chosen], folds)


def solve_folds(
    learned: Sequence[Problem], held: Sequence[Problem], start: Sequence[Stacked], solver: Solver, run: Run
) -> tuple[list[Stacked], NDArray[np.float64]]:
    """Solve the problem of every fold, and return the solutions and their validation errors (folds,).

    Args:
        learned, held: of each fold, the problem of the windows without its block, and of the block.
        start: parameters to start from.
    """
    found, errors = [], []
    for problem, block, parameters in zip(learned, held, start, strict=True):
        found.append(solver.solve(problem, problem.opened(parameters), run)[0])
        errors.append(error_of(block, found[-1]))
    return found, np.array(errors)


def outward(candidates: Sequence[float], errors: Errors) -> Iterator[float]:
    """Evaluate from `FIRST` on to stronger penalties until forecasts get clearly worse, then back to weaker ones."""

    def explained(index: int) -> float:
        return 1 - float(errors[candidates[index]].mean())

    def best() -> float:
        return max(1 - float(found.mean()) for found in errors.values())

    yield candidates[FIRST]
    for index in range(FIRST + 1, len(candidates)):
        if best() > 0 and explained(index - 1) < ENOUGH * best():
            break
        yield candidates[index]
    for index in range(FIRST - 1, -1, -1):
        before = best()
        if before > max(0.0, explained(index + 1)):
            return
        yield candidates[index]
        if explained(index) < GAIN * before:
            return


def _neighbour(strength: float, solutions: dict[float, list[Stacked]]) -> float | None:
    """Return the solved strength from which a candidate starts: the nearest one."""
    return min(solutions, key=lambda solved: abs(np.log(solved / strength)), default=None)


def rows_of(problem: Problem, rows: Tensor) -> Problem:
    """Return the problem of the windows in a mask (B,) alone."""
    seen = None if problem.observed is None else problem.observed[rows]
    return replace(problem, x=problem.x[rows], y=problem.y[rows], observed=seen)


@torch.no_grad()
def error_of(problem: Problem, parameters: Stacked) -> float:
    """Return the mean squared forecast error over all that is observed."""
    squares = (problem.forecast(parameters, problem.x) - problem.y).square()
    return float(_mean(squares, problem.observed))


def variance(problem: Problem) -> float:
    """Return the mean squared error of forecasting the mean of each target, 1 for standardised series."""
    seen = torch.ones_like(problem.y) if problem.observed is None else problem.observed
    axes = tuple(range(problem.y.ndim - 1))
    means = (problem.y * seen).sum(axes) / seen.sum(axes).clamp(min=1)
    return float(_mean((problem.y - means).square(), problem.observed)) or 1.0


def _mean(squares: Tensor, seen: Tensor | None) -> Tensor:
    return squares.mean() if seen is None else (squares * seen).sum() / seen.sum().clamp(min=1)
