"""The scores of a gradient penalty: the mean size of the input Jacobian, exact and in chunks of bounded memory."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from causalkit.core.memory import chunk
from causalkit.neural.modules.candidates import candidates_of, narrow_jacobian
from causalkit.neural.modules.forecaster import autograd_jacobian as autograd_jacobian

READ_OUT_BYTES = 16 * 2**20
"""Of the Jacobian of one chunk; a network holds several times as much on the way. More is no faster."""


@torch.no_grad()
def mean_absolute_jacobian(model: nn.Module, x: Tensor, memory: int = READ_OUT_BYTES) -> Tensor:
    """Return the mean over windows of the absolute input Jacobian as scores.

    The scores of GRNGC (arXiv 2507.11178): absolute value first, then the mean.

    Args:
        x: windows, shape (B, K, P).
        memory: bytes that the Jacobian of one chunk may take; at most `READ_OUT_BYTES` count.

    Returns:
        As `mean_jacobian_size`.
    """
    return mean_jacobian_size(model, x, torch.abs, memory)


@torch.no_grad()
def mean_jacobian_size(
    model: nn.Module, x: Tensor, size: Callable[[Tensor], Tensor], memory: int = READ_OUT_BYTES
) -> Tensor:
    """Return the mean over windows of a size of the entries of the input Jacobian as scores.

    Exact whatever the memory budget: windows and targets are taken in chunks and summed in double precision.

    Args:
        x: windows, shape (B, K, P).
        size: of Jacobians (B, targets, K, P), of the same shape and at least 0. It sees all inputs of a target.
        memory: bytes that the Jacobian of one chunk may take; at most `READ_OUT_BYTES` count, and fewer where memory is
            short.

    Returns:
        Shape (cause, effect, lag), lag 1 first, float64; of a forecaster with candidates (P, M) shape (M, effect, lag),
        with a row for each candidate of the effect.
    """
    windows, lag, series = x.shape
    candidates = candidates_of(model)
    columns = series if candidates is None else candidates.shape[1]
    memory = chunk(min(memory, READ_OUT_BYTES))
    cell = lag * columns * x.element_size()
    targets_at_once = max(1, min(series, memory // cell))
    windows_at_once = max(1, memory // (cell * targets_at_once))
    total = torch.zeros(series, lag, columns, dtype=torch.float64, device=x.device)
    for part in torch.split(x, windows_at_once):
        for targets in torch.split(torch.arange(series, device=x.device), targets_at_once):
            jacobian = narrow_jacobian(model, part, None if len(targets) == series else targets)
            total[targets] += size(jacobian).sum(0, dtype=torch.float64)
    return as_scores(total / windows)


def as_scores(strength: Tensor) -> Tensor:
    """Turn (effect, position in the window, cause or candidate) into (cause or candidate, effect, lag).

    It is the one place that reorders axes.
    """
    return strength.flip(1).permute(2, 0, 1).contiguous()
