"""The input Jacobian of a forecaster: for training (differentiable) and for the read-out (exact, in chunks).

``J[b, i, k, j]`` is the derivative of the forecast of target i from window b with respect to series j at position k of
the window; position K - 1 is lag 1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

READ_OUT_BYTES = 256 * 2**20


def input_jacobian(model: nn.Module, x: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return forecast and input Jacobian; both can be differentiated again.

    Takes the forecaster's own ``jacobian`` where it has one, `torch.func` otherwise.

    Args:
        x: windows, shape (B, K, P).
        targets: None for all P; shape (m,) for the same m targets in every window; shape (B, m) for targets of each
            window's own.

    Returns:
        y of shape (B, P) and J of shape (B, m, K, P), with m = P for all targets.
    """
    fast = getattr(model, "jacobian", None)
    if fast is not None:
        y, jacobian = fast(x, targets)
        return y, jacobian
    return autograd_jacobian(model, x, targets)


def autograd_jacobian(model: nn.Module, x: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Do the work of `input_jacobian` for any forecaster: one forward pass, one batched backward pass for all rows."""
    y, pull_back = torch.func.vjp(model, x)[:2]
    windows, series = y.shape
    if targets is None:
        targets = torch.arange(series, device=x.device)
    # (m, B) -> (m, B, P): one one-hot row for each target and window. Windows do not interact, so one backward pass
    # serves every window at once.
    chosen = targets[:, None].expand(-1, windows) if targets.ndim == 1 else targets.T
    rows = one_hot(chosen, series).to(y.dtype)
    if len(rows) == 1:
        return y, pull_back(rows[0])[0].unsqueeze(1)
    jacobian = torch.func.vmap(pull_back)(rows)[0]  # (m, B, K, P)
    return y, jacobian.transpose(0, 1)


@torch.no_grad()
def mean_absolute_jacobian(model: nn.Module, x: Tensor, memory: int = READ_OUT_BYTES) -> Tensor:
    """Return the mean over windows of the absolute input Jacobian as scores.

    The scores of GRNGC (arXiv 2507.11178): absolute value first, then the mean. Exact whatever the memory budget:
    windows and targets are taken in chunks and summed in double precision.

    Args:
        x: windows, shape (B, K, P).
        memory: bytes that the Jacobian of one chunk may take.

    Returns:
        Shape (cause, effect, lag), lag 1 first, float64.
    """
    windows, lag, series = x.shape
    cell = lag * series * x.element_size()
    targets_at_once = max(1, min(series, memory // cell))
    windows_at_once = max(1, memory // (cell * targets_at_once))
    total = torch.zeros(series, lag, series, dtype=torch.float64, device=x.device)
    for part in torch.split(x, windows_at_once):
        for targets in torch.split(torch.arange(series, device=x.device), targets_at_once):
            _, jacobian = input_jacobian(model, part, None if len(targets) == series else targets)
            total[targets] += jacobian.abs().sum(0, dtype=torch.float64)
    return as_scores(total / windows)


def as_scores(strength: Tensor) -> Tensor:
    """Turn (effect, position in the window, cause) into (cause, effect, lag): the one place that reorders axes."""
    return strength.flip(1).permute(2, 0, 1).contiguous()
