"""Forecasters whose targets see only their candidate causes, where there are too many series for all to see all.

P series, M candidates of each. Such a forecaster has ``candidates``, a tensor (P, M) of the series that each target
sees, P standing for none; the first one of a target is the target itself. Its ``candidate_jacobian`` is the Jacobian
with one column for each candidate instead of one for each series, shape (B, m, K, M). Its ``jacobian_size``
takes what candidates count, shape (P, M). Its ``forecasts_without`` does what the function here describes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from causalkit.neural.modules.forecaster import as_forecaster, input_jacobian

CAPABILITY = "candidates"
"""Of a record: the factory of the forecaster takes ``candidates``."""
CHUNK_BYTES = 2**20
"""Of what is gathered at a time, so that it stays in the processor's cache."""


def candidates_of(model: nn.Module) -> Tensor | None:
    """Return the candidates (P, M) of each target of a forecaster, None where every target sees all series."""
    found: Tensor | None = getattr(model, "candidates", None)
    return found


def narrow_jacobian(model: nn.Module, x: Tensor, targets: Tensor | None = None) -> Tensor:
    """Return the input Jacobian (B, m, K, C) of a forecaster, with a column for each candidate, or for each series.

    Args:
        model: a forecaster, with candidates or without.
        x, targets: as in `causalkit.neural.input_jacobian`.
    """
    if candidates_of(model) is None:
        return input_jacobian(model, x, targets)[1]
    sparse: Any = as_forecaster(model)
    found: Tensor = sparse.candidate_jacobian(x, targets)
    return found


def forecast_and_jacobian(model: nn.Module, x: Tensor, targets: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return forecast (B, P) and input Jacobian (B, m, K, P) of a forecaster with candidates."""
    candidates = candidates_of(model)
    mine = candidates if candidates is None or targets is None else candidates[targets]
    return model(x), spread(narrow_jacobian(model, x, targets), mine, x.shape[2])


def jacobian_size(model: nn.Module, x: Tensor, counts: Tensor | None = None) -> tuple[Tensor | None, Tensor]:
    """Return the forecast (B, P) or None, and the sum of the sizes of the Jacobian over windows, targets and inputs.

    Args:
        model: a forecaster, with candidates or without.
        x: windows (B, K, P).
        counts: what the entries of each target and candidate, or series, count, shape (P, M) or (P, P); None: all 1.
    """
    return as_forecaster(model).jacobian_size(x, counts)


def forecasts_without(model: nn.Module, x: Tensor, beyond: Tensor, targets: Tensor) -> Tensor:
    """Return forecasts of some targets by a forecaster with candidates, each time without another candidate: (M, B, m).

    Args:
        x: windows (B, K, P).
        beyond: what is taken away from the cells of that candidate, (B, K, P).
        targets: shape (m,).
    """
    sparse: Any = as_forecaster(model)
    found: Tensor = sparse.forecasts_without(x, beyond, targets)
    return found


def spread(values: Tensor, candidates: Tensor | None, series: int) -> Tensor:
    """Return values (..., m, K, C) of candidates (m, C) as values of all series (..., m, K, P), 0 for others."""
    if candidates is None:
        return values
    place = candidates.unsqueeze(-2).expand(values.shape)
    wide = values.new_zeros(*values.shape[:-1], series + 1)
    return wide.scatter(-1, place, values)[..., :series]


def gather(values: Tensor, candidates: Tensor | None) -> Tensor:
    """Return values (..., P) of all series as values (..., m, C) of candidates (m, C): 0 for none."""
    if candidates is None:
        return values.unsqueeze(-2)
    return torch.cat([values, torch.zeros_like(values[..., :1])], -1)[..., candidates]


def union(candidates: Sequence[Tensor], series: int) -> tuple[Tensor, list[Tensor]]:
    """Return the candidates (P, U) that any of several lists (P, M) has, and for each list where its entries are."""
    every = torch.cat(list(candidates), 1)
    ordered, order = every.sort(dim=1, stable=True)
    fresh = torch.ones_like(ordered, dtype=torch.bool)
    fresh[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    place = fresh.cumsum(1) - 1
    found = torch.full((len(every), int(place.max()) + 1), series, device=every.device)
    found.scatter_(1, place, ordered)
    places = torch.empty_like(place).scatter_(1, order, place)
    return found, list(torch.split(places, [one.shape[1] for one in candidates], 1))


def candidate_rows(scores: Tensor, candidates: Tensor | None) -> Tensor:
    """Return scores with one row for each candidate, (M, effect, lag), where a regularizer has given all pairs."""
    if candidates is None or len(scores) == candidates.shape[1]:
        return scores
    padded = torch.cat([scores, torch.zeros_like(scores[:1])])
    return padded.gather(0, candidates.T[:, :, None].expand(-1, -1, scores.shape[2]))


def common_rows(scores: Sequence[Tensor], candidates: Sequence[Tensor | None]) -> tuple[Tensor, Tensor | None]:
    """Return scores of E networks, stacked to (E, C, effect, lag), and the candidates that any of them has, (P, C)."""
    own = [one for one in candidates if one is not None]
    if not own:
        return torch.stack(list(scores)), None
    every, places = union(own, len(own[0]))
    wide = []
    for rows, place in zip(scores, places, strict=True):
        empty = rows.new_zeros(every.shape[1], *rows.shape[1:])
        wide.append(empty.scatter_add(0, place.T[:, :, None].expand(rows.shape), rows))
    return torch.stack(wide), every


def with_none(x: Tensor) -> Tensor:
    """Return windows (B, K, P) as (K, P + 1, B), with a series of zeros at the end that stands for none."""
    return torch.cat([x.permute(1, 2, 0), x.new_zeros(x.shape[1], 1, len(x))], 1)


def candidate_product(weight: Tensor, cells: Tensor, candidates: Tensor) -> Tensor:
    """Return the products (m, H, B) of weights (m, H, K, M) with the cells of each target's candidates.

    Args:
        weight: of m targets.
        cells: of windows, (K, P + 1, B), see `with_none`.
        candidates: of the targets, shape (m, M); P stands for none, whose cells are 0.
    """
    lag, series = cells.shape[:2]
    steps = torch.arange(lag, device=cells.device)[:, None] * series
    index = (candidates[:, None] + steps).flatten(1)  # (m, K M)
    gathered = cells.flatten(0, 1).index_select(0, index.flatten())  # four times as fast as by an index of two axes
    return weight.flatten(2) @ gathered.view(*index.shape, -1)


def targets_at_once(candidates: Tensor, windows: Tensor) -> int:
    """Return how many targets a block has whose candidates' cells in windows (B, K, P) stay in the cache."""
    return max(1, CHUNK_BYTES // (candidates.shape[1] * windows.shape[1] * len(windows) * windows.element_size()))
