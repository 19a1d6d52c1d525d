"""Same-step links of a neural method, from the forecast errors of its members on the blocks that they left out.

A penalty shrinks what a forecaster knows of the past. The rest is in its errors, and where two series share causes, in
the errors of both. So a linear regression on the windows takes its part out of the errors first. What a forecaster has
missed beyond that is no linear function; `LEAST` allows for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from causalkit.core.instantaneous import Instantaneous
from causalkit.neural.modules.peak import forecasts
from causalkit.neural.training.data import TrainingData

LEAST = 0.2
"""Partial correlation that two series have to exceed.

On Lorenz-96, a Hénon chain and a tanh-VAR without same-step links (ten series or five, 500 steps), what the default
forecaster misses of the past leaves partial correlations up to 0.3 with a standard error of 0.045.
"""
SHARE = 0.5
"""Of the steps: the regression has fewer parameters."""

Array = NDArray[np.float64]


def same_step_links(members: Sequence[nn.Module], data: TrainingData) -> tuple[Instantaneous | None, Array]:
    """Return same-step links, and the share of each series that its past leaves, (P,).

    Args:
        members: E forecasters, each held away from another block.
        data: windows, and which are held out for each member.

    Returns:
        None in the place of links without held-out blocks, and with too few steps for the number of series.
    """
    series = data.y.shape[1]
    if not members or data.held is None:
        return None, np.ones(series)
    errors = _held_out_errors(members, data)
    fewest = int((~np.isnan(errors)).sum(axis=0).min())
    lags = min(data.x.shape[1], int((SHARE * fewest - 1) / series))
    if lags < 1:
        return None, np.ones(series)
    cells = data.x[:, -lags:].flatten(1).cpu().double().numpy()
    design = np.column_stack([cells, np.ones(len(cells))])
    left, share = np.full_like(errors, np.nan), np.ones(series)
    y = data.y.cpu().double().numpy()
    masks, group = np.unique(~np.isnan(errors), axis=1, return_inverse=True)
    for number, seen in enumerate(masks.T):
        place = np.ix_(seen, np.flatnonzero(group.ravel() == number))
        part = errors[place]
        left[place] = part - design[seen] @ np.linalg.lstsq(design[seen], part, rcond=None)[0]
        total = y[place].var(axis=0)
        variance = (left[place] ** 2).sum(axis=0) / max(1, len(part) - design.shape[1])
        share[place[1].ravel()] = np.divide(variance, total, out=np.ones_like(total), where=total > 0)
    return Instantaneous.of(left, design.shape[1], least=LEAST), share


@torch.no_grad()
def _held_out_errors(members: Sequence[nn.Module], data: TrainingData) -> Array:
    """Return the forecast error of every window, by the member that was held away from it; NaN without one, (N, P)."""
    assert data.held is not None
    errors = torch.full_like(data.y, torch.nan)
    for member, held in zip(members, data.held, strict=True):
        errors[held] = data.y[held] - forecasts(member, data.x[held])
    errors[data.seen == 0] = torch.nan
    return errors.cpu().double().numpy()
