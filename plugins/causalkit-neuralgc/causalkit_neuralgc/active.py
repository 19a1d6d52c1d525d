"""Active sets: series whose groups are zero for a target are left out of its computation.

A first stretch of iterations runs over all series. From then on every target sees only the series whose groups are not
zero, gathered into a batch of its own inputs. When it has converged, one gradient over all series checks the optimality
condition of those left out: a zero group stays zero if the proximal step from it gives zero. Those that violate it are
taken in again, until no target has any.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from causalkit_neuralgc.groups import series_norms
from causalkit_neuralgc.problem import INPUT, Problem, Stacked

WORTHWHILE = 0.7
"""Share of series above which a restriction saves too little to pay for gathering the inputs."""


def active_series(parameters: Stacked) -> Tensor:
    """Return which series each target uses: (M, P)."""
    return series_norms(parameters[INPUT]) > 0


def choose_series(active: Tensor) -> Tensor | None:
    """Return the series to gather for each target, (M, S) with S the largest number that any of them uses.

    Targets that use fewer are filled up with series that they do not use, which are free to come back. None when the
    restriction would not pay.
    """
    size = max(1, int(active.sum(1).max()))
    if size > WORTHWHILE * active.shape[1]:
        return None
    return active.to(torch.int8).argsort(dim=1, descending=True, stable=True)[:, :size]


def restrict(problem: Problem, parameters: Stacked, series: Tensor) -> tuple[Problem, Stacked]:
    """Return the problem and its parameters with only the chosen series (M, S) as inputs."""
    gathered = problem.x[:, :, series].permute(2, 0, 1, 3).contiguous()  # (B, K, P) -> (M, B, K, S)
    restricted = replace(
        problem,
        x=gathered,
        closed=None if problem.closed is None else problem.closed.gather(1, series),
        free=None if problem.free is None else problem.free.gather(1, series),
    )
    return restricted, parameters | {INPUT: parameters[INPUT].gather(3, _index(series, parameters[INPUT])).contiguous()}


def extend(restricted: Stacked, series: Tensor, count: int) -> Stacked:
    """Return parameters over all ``count`` series: zero wherever a target did not look."""
    weight = restricted[INPUT]
    full = weight.new_zeros((*weight.shape[:3], count))
    return restricted | {INPUT: full.scatter(3, _index(series, full), weight)}


def violations(problem: Problem, parameters: Stacked) -> Tensor:
    """Return the series that are zero and should not be, (M, P): a proximal step from zero leaves zero."""
    _, _, gradient = problem.smooth(parameters)
    one = torch.ones(len(parameters[INPUT]), dtype=parameters[INPUT].dtype, device=parameters[INPUT].device)
    moved = problem.shrunk(-gradient[INPUT], one * problem.strength)
    return (series_norms(moved) > 0) & ~active_series(parameters)


def _index(series: Tensor, weight: Tensor) -> Tensor:
    return series[:, None, None, :].expand(-1, weight.shape[1], weight.shape[2], -1)
