"""A path of strengths, each solved from the solution of the one before.

From weak to strong: networks first learn with most of their inputs, and then lose one after another. The objective is
not convex, and the other direction would start from networks that use no input at all, whose hidden units can be dead.
Active sets make every step cheaper than the one before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from causalkit import Run
from causalkit_neuralgc.problem import INPUT, Problem, Stacked
from causalkit_neuralgc.solver import Progress, Solver

STRENGTHS = 12
"""Points of a path."""
WEAKEST = 0.01
"""Share of the largest strength at which a path begins."""


def largest_strength(problem: Problem, parameters: Stacked) -> float:
    """Return the strength from which no target lets any input in, at first order: by bisection on a proximal step.

    Judged where the networks see nothing and each forecasts the mean of its target, which is 0 for standardised series.
    """
    blind = {name: torch.zeros_like(value) if name == INPUT else value for name, value in parameters.items()}
    _, _, gradient = problem.smooth(blind)
    gradient = problem.opened(gradient)
    low, high = 0.0, float(gradient[INPUT].abs().max()) * gradient[INPUT][0].numel() ** 0.5 + 1e-6
    one = torch.ones(len(gradient[INPUT]), dtype=problem.x.dtype, device=problem.x.device)
    for _ in range(40):
        middle = (low + high) / 2
        if bool(problem.shrink(-gradient[INPUT], middle * one).any()):
            low = middle
        else:
            high = middle
    return high


def trace(
    problem: Problem,
    parameters: Stacked,
    solver: Solver,
    run: Run,
    scores: Callable[[Stacked], Tensor],
) -> tuple[Stacked, Progress, dict[str, np.ndarray]]:
    """Solve for every strength of a path.

    Args:
        scores: reads (cause, effect, lag) off parameters.

    Returns:
        The parameters at the strongest penalty, the progress of all solutions in one history, and the path as
        `causalkit.Discovery.path` holds it.
    """
    top = largest_strength(problem, parameters)
    strengths = np.geomspace(WEAKEST * top, top, STRENGTHS)
    found, errors, history = [], [], {}
    progress: Progress | None = None
    for number, strength in enumerate(strengths):
        at_strength = replace(problem, strength=float(strength))
        parameters, progress = replace(solver, gentle=number == 0).solve(at_strength, parameters, run)
        found.append(scores(parameters).cpu().numpy())
        errors.append(progress.error.mean().item())
        for name, values in progress.history.items():
            history.setdefault(name, []).extend(values)
        if progress.stopped == "time limit":
            break
    history["epoch"] = list(range(1, len(history["forecast"]) + 1))
    assert progress is not None
    progress.history = history
    path = {"strengths": strengths[: len(found)], "scores": np.stack(found), "forecast": np.array(errors)}
    return parameters, progress, path


def path_scores(path: dict[str, np.ndarray]) -> np.ndarray:
    """Return the scores of a path: the mean over its strengths of the scores in units of the largest at each.

    An edge that survives strong penalties scores high; where edges survive equally long, larger weights decide.
    """
    largest = path["scores"].max(axis=(1, 2, 3), keepdims=True)
    mean: np.ndarray = (path["scores"] / np.maximum(largest, 1e-30)).mean(axis=0)
    return mean
