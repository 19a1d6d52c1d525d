"""Sparse penalties on groups of input weights, and their proximal steps (Tank et al., arXiv 1802.05842, section 3).

All act on input weights W of shape (M targets, H units, K positions, S series); position K - 1 is lag 1. W_j are the
weights that leave series j, W_j^l those at lag l. A penalty is a sum over series, so each target and each series is a
problem of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

Value = Callable[[Tensor], Tensor]
Shrink = Callable[[Tensor, Tensor], Tensor]


def series_norms(weight: Tensor) -> Tensor:
    """Return ||W_j||_F over units and lags: (M, S)."""
    return weight.flatten(1, 2).norm(dim=1)


def lag_norms(weight: Tensor) -> Tensor:
    """Return ||W_j^l||_2 over units: (M, K, S)."""
    return weight.norm(dim=1)


def lasso(weight: Tensor) -> Tensor:
    """Group lasso, GL: sum_j ||W_j||_F, for each target: (M,)."""
    return series_norms(weight).sum(1)


def shrink_lasso(weight: Tensor, amount: Tensor) -> Tensor:
    """Return argmin_V ||V - W||^2 / 2 + amount * GL(V), with an amount for each target (M,)."""
    return weight * _factor(series_norms(weight), amount.unsqueeze(1))[:, None, None, :]


def sparse_group(weight: Tensor) -> Tensor:
    """Group sparse group lasso, GSGL: sum_j ||W_j||_F + sum_jl ||W_j^l||_2."""
    return lasso(weight) + lag_norms(weight).sum((1, 2))


def shrink_sparse_group(weight: Tensor, amount: Tensor) -> Tensor:
    """Return the proximal step of GSGL; for nested groups it is that of the inner ones, then of the outer ones."""
    inner = weight * _factor(lag_norms(weight), amount[:, None, None]).unsqueeze(1)
    return shrink_lasso(inner, amount)


def hierarchical(weight: Tensor) -> Tensor:
    """Hierarchical group lasso, H: sum_j sum_l ||(W_j^l, ..., W_j^K)||: far lags drop out first."""
    squares = lag_norms(weight).square().cumsum(1)  # up to position k: lags K - k and more
    return squares.clamp(min=1e-30).sqrt().sum((1, 2))


def shrink_hierarchical(weight: Tensor, amount: Tensor) -> Tensor:
    """Return the proximal step of H: from the innermost group, the farthest lag alone, to the outermost, all lags."""
    for position in range(weight.shape[2]):
        group = weight[:, :, : position + 1]
        shrunk = shrink_lasso(group, amount)
        weight = shrunk if position + 1 == weight.shape[2] else _replace(weight, shrunk, position + 1)
    return weight


def _factor(norm: Tensor, amount: Tensor) -> Tensor:
    return (1 - amount / norm.clamp(min=1e-30)).clamp(min=0)


def _replace(weight: Tensor, front: Tensor, count: int) -> Tensor:
    changed = weight.clone()
    changed[:, :, :count] = front
    return changed
