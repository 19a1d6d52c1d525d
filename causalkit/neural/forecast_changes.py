"""How forecasts of held-out windows change without a cause: what it alone knows is taken out of the windows.

The cells of a cause are replaced by what the other cells say of them (`causalkit.neural.conditional_mean`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from causalkit.core.memory import chunk
from causalkit.neural.conditional_mean import ConditionalMean
from causalkit.neural.modules.candidates import forecasts_without
from causalkit.neural.modules.peak import FORECAST_BYTES, forecast_bytes
from causalkit.neural.training.data import evenly

CANDIDATE_BYTES = 4 * 2**20
"""Of the changes of forecasts, one for each candidate, that are found at a time."""


@dataclass(frozen=True)
class Change:
    """How much forecasts of held-out windows change without a cause, for M pairs.

    Attributes:
        causes, effects: of the pairs, (M,); P causes stand for none.
        rows: of the pairs among all causes, or among the candidates of the effect.
        change: shape (N, M).
    """

    causes: Tensor
    effects: Tensor
    rows: Tensor
    change: Tensor


@dataclass(frozen=True)
class HeldOutForecast:
    """A forecaster and the windows that it was held away from.

    Attributes:
        member: the forecaster.
        x: the windows, (N, K, P).
        forecast: of their next steps, (N, P).
        conditional: what cells say of each other in the windows that it has learned from.
    """

    member: nn.Module
    x: Tensor
    forecast: Tensor
    conditional: ConditionalMean


def changes_without_series(parts: Sequence[HeldOutForecast], lag: int | None) -> Iterator[Change]:
    """Yield how forecasts of all effects change without each series."""
    targets = torch.arange(parts[0].x.shape[2], device=parts[0].x.device)
    at_once = max(1, chunk(FORECAST_BYTES) // max(1, *(forecast_bytes(part.member, part.x) for part in parts)))
    for causes in torch.split(targets, at_once):
        changes = []
        for part in parts:
            without = torch.stack([part.conditional.replaced(part.x, int(cause), lag) for cause in causes])
            changes.append(part.forecast - part.member(without.flatten(0, 1)).unflatten(0, (len(causes), len(part.x))))
        for place, cause in enumerate(causes):
            causes = cause.expand(len(targets))
            yield Change(causes, targets, causes, torch.cat([change[place] for change in changes]))


def changes_without_candidates(
    parts: Sequence[HeldOutForecast], lag: int | None, every: Tensor, places: Sequence[Tensor], most_targets: int
) -> Iterator[Change]:
    """Yield how forecasts of some effects change without each of their candidates.

    Args:
        every: candidates of each effect that any forecaster has, (P, U).
        places: of the candidates of each forecaster (P, M) among these.
    """
    series = parts[0].x.shape[2]
    beyond = [part.conditional.beyond(part.x, lag) for part in parts]
    bytes_of_target = sum(part.forecast[:, 0].nbytes for part in parts) * every.shape[1]
    at_once = max(1, chunk(CANDIDATE_BYTES) // bytes_of_target)
    for some in torch.split(evenly(torch.arange(series, device=every.device), most_targets), at_once):
        changes = []
        for part, taken, place in zip(parts, beyond, places, strict=True):
            change = part.forecast[:, some] - forecasts_without(part.member, part.x, taken, some)  # (M, B, m)
            wide = change.new_zeros(every.shape[1], *change.shape[1:])
            mine = place[some].T[:, None].expand(change.shape)
            changes.append(wide.scatter_add(0, mine, change))
        causes = every[some].T  # (U, m)
        rows = torch.arange(len(causes), device=every.device).repeat_interleave(len(some))
        change = torch.cat(changes, 1).transpose(1, 2).flatten(0, 1).T
        yield Change(causes.flatten(), some.repeat(len(causes)), rows, change)
