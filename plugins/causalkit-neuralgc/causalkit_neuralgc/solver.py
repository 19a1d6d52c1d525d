"""Solve the problems of all targets: batched descent, active sets, and targets that are done left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from causalkit import Run
from causalkit.neural import DivergenceError
from causalkit_neuralgc.active import active_series, choose_series, extend, restrict, violations
from causalkit_neuralgc.problem import Problem, Stacked, later_squares, take
from causalkit_neuralgc.proximal import LONGEST, State, descend

WARM_UP = 30
"""Iterations over all series before the first restriction."""
EARLY, EARLY_LONGEST = 150, 1.0
"""Iterations during which no step may be longer than this: one long step, taken before a network has learned anything,
can throw all hidden units of a target to where they are never active again."""
GENTLE = 0.2
"""Share of the strength during the first stretch."""
STRETCH = 50
"""Iterations between two looks at which targets are done and which series are still in use."""


@dataclass
class Progress:
    """What is known of all P targets while they are solved in parts.

    Attributes:
        error, penalty, ridge: loss parts of each target (P,), at its latest point.
        history: means over targets, one entry an iteration.
        iterations: of the longest-running target.
        stopped: "converged", "iterations" or "time limit".
    """

    error: Tensor
    penalty: Tensor
    ridge: Tensor
    history: dict[str, list[float]] = field(default_factory=dict)
    iterations: int = 0
    stopped: str = ""


@dataclass(frozen=True)
class Solver:
    """Settings of a solution.

    Attributes:
        iterations: at most.
        tolerance: relative fall of a target's objective over twenty iterations below which it is done.
        line_search: GISTA; without it ISTA.
        step: first step size (GISTA) or the only one (ISTA).
        active_sets: leave unused series out.
        gentle: run the first stretch under a fifth of the penalty.
        penalty_name: key of the penalty in the history.
    """

    iterations: int
    tolerance: float
    line_search: bool
    step: float
    active_sets: bool = True
    gentle: bool = True
    penalty_name: str = "penalty"

    def solve(self, problem: Problem, parameters: Stacked, run: Run) -> tuple[Stacked, Progress]:
        """Return the parameters of all targets at their minima, and how that went.

        Raises:
            DivergenceError: an objective is no longer finite.
        """
        count = problem.y.shape[-1]
        series = problem.x.shape[2]
        parameters = {name: value.detach().clone() for name, value in parameters.items()}
        zeros = torch.zeros(count, dtype=problem.x.dtype, device=problem.x.device)
        progress = Progress(error=zeros, penalty=zeros.clone(), ridge=zeros.clone())
        step = torch.full_like(zeros, self.step)
        waiting = torch.arange(count, device=zeros.device)
        stretch = WARM_UP if self.active_sets else STRETCH
        while len(waiting) and not progress.stopped:
            # The objective is not convex: under the full penalty from the start, some targets would lose all their
            # inputs before they have learned anything, and never get them back.
            share = GENTLE if self.gentle and not progress.iterations else 1.0
            if share < 1.0:
                stretch = min(stretch, max(1, self.iterations // 4))
            part = problem.of_targets(waiting, share * problem.strength)
            mine = take(parameters, waiting)
            chosen = choose_series(active_series(mine)) if self.active_sets and progress.iterations else None
            if chosen is None:
                looked_at, inside = part, mine
            else:
                looked_at, inside = restrict(part, mine, chosen)
            state, done = descend(
                looked_at,
                inside,
                step[waiting],
                iterations=min(stretch, self.iterations - progress.iterations),
                tolerance=self.tolerance,
                line_search=self.line_search,
                longest=EARLY_LONGEST if progress.iterations < EARLY else LONGEST,
                watch=self._watcher(looked_at, waiting, progress, run, share),
            )
            stretch = STRETCH
            found = state.parameters if chosen is None else extend(state.parameters, chosen, series)
            step[waiting] = state.step
            for name, value in parameters.items():
                value[waiting] = found[name]
            if self.active_sets and bool(done.any()):
                wanted = self._take_back(part, parameters, waiting, done)
                step[waiting[wanted]] = self.step
                done = done & ~wanted
            waiting = waiting[~done] if share == 1.0 else waiting
            if run.expired:
                progress.stopped = "time limit"
            elif progress.iterations >= self.iterations:
                progress.stopped = "iterations"
        progress.stopped = progress.stopped or "converged"
        return parameters, progress

    def _take_back(self, problem: Problem, parameters: Stacked, waiting: Tensor, done: Tensor) -> Tensor:
        """Give series that violate the optimality condition a small weight; return which targets (M,) have any."""
        mine = take(parameters, waiting)
        violating = violations(problem, mine) & done.unsqueeze(1)
        if bool(violating.any()):
            _, _, gradient = problem.smooth(mine)
            nudge = -1e-4 * gradient["input"] * violating[:, None, None, :]
            parameters["input"][waiting] = mine["input"] + nudge
        return violating.any(1)

    def _watcher(self, problem: Problem, waiting: Tensor, progress: Progress, run: Run, share: float) -> Any:
        """Return what looks at every iteration: records it, tells observers, and ends the stretch on a time limit.

        The penalty is recorded at its full strength, of which the problem has a share.
        """

        def watch(state: State) -> bool:
            if not bool(torch.isfinite(state.objective).all()):
                raise DivergenceError(
                    f"the objective is not finite in iteration {progress.iterations + 1}",
                    self.step,
                    otherwise="training.optimizer=gista, which finds its step size by itself",
                )
            progress.iterations += 1
            progress.error[waiting] = state.error
            progress.penalty[waiting] = problem.penalty(state.parameters) / share
            progress.ridge[waiting] = problem.ridge * later_squares(state.parameters)
            losses = {
                "forecast": progress.error.mean().item(),
                "ridge": progress.ridge.mean().item(),
                self.penalty_name: progress.penalty.mean().item(),
            }
            for name, value in losses.items():
                progress.history.setdefault(name, []).append(value)
            progress.history.setdefault("epoch", []).append(progress.iterations)
            run.epoch(progress.iterations, losses)
            return run.expired

        return watch
