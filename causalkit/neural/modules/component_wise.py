"""What component-wise forecasters share: one small network for each target, all as batched products.

Every weight has the target as its first axis. What depends on windows has them as its last axis, (P, H, B), so that no
product needs a copy of what it multiplies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from causalkit.neural.modules.summed_jacobian import summed_products


def component_jacobian(
    first: Tensor,
    layers: Sequence[Tensor],
    head: Tensor,
    slopes: Sequence[Tensor],
    targets: Tensor | None = None,
    *,
    linear: bool = False,
) -> Tensor:
    """Return the input Jacobian of component-wise perceptrons (B, m, K, P), from the layers of each target alone.

        dy_i/dx = (v_i a'(z_L) W_L ... a'(z_1)) W_1

    Args:
        first: weights of the first layers (P, H, K, P).
        layers: weights of the layers above (P, above, below), from below.
        head: weights of the last hidden units (P, H).
        slopes: derivatives of the activations of each layer (P, H, B), from below.
        targets: which rows; see `causalkit.neural.input_jacobian`.
        linear: the last unit of the first layer has no activation and is added to the forecast: a linear map from
            window to forecast. It has no slope.
    """
    if targets is not None and targets.ndim == 1:
        first, head = first[targets], head[targets]
        layers, slopes = [layer[targets] for layer in layers], [slope[targets] for slope in slopes]
    rows = _rows(layers, head, slopes, linear=linear)
    weight = first.flatten(2)  # (m, H, K P)
    if targets is not None and targets.ndim == 2:  # each window has rows of its own
        windows = torch.arange(len(targets), device=targets.device).unsqueeze(1)
        mine = rows.permute(2, 0, 1)[windows, targets]  # (B, m, H)
        return (mine.unsqueeze(2) @ weight[targets]).reshape(*targets.shape, *first.shape[2:])
    return (weight.mT @ rows).reshape(len(first), *first.shape[2:], -1).permute(3, 0, 1, 2)


def component_jacobian_size(
    first: Tensor,
    layers: Sequence[Tensor],
    head: Tensor,
    slopes: Sequence[Tensor],
    counts: Tensor | None = None,
    *,
    linear: bool = False,
) -> Tensor:
    """Return the sum of all absolute entries of `component_jacobian`, without ever holding the whole of it.

    Args:
        counts: what the entries of each target and cause count, shape (P, C); None: all count 1.
    """
    own = None if counts is None else counts.unsqueeze(1).expand(-1, first.shape[2], -1).flatten(1).unsqueeze(1)
    rows = _rows(layers, head, slopes, linear=linear)
    return summed_products(rows.mT.unsqueeze(2), first.flatten(2), None, own)


def _rows(layers: Sequence[Tensor], head: Tensor, slopes: Sequence[Tensor], *, linear: bool) -> Tensor:
    """Return the derivatives of forecasts with respect to what the first layers make of windows, (P, H, B)."""
    rows = head.unsqueeze(2) * slopes[-1]
    for layer, slope in zip(reversed(layers), reversed(slopes[:-1]), strict=True):
        rows = (layer.mT @ rows) * slope
    return torch.cat([rows, torch.ones_like(rows[:, :1])], 1) if linear else rows


def uniform_parameter(shape: tuple[int, ...], inputs: int) -> nn.Parameter:
    """Return a parameter of any shape, drawn as torch draws those of a layer with so many inputs."""
    bound = 1 / math.sqrt(inputs)
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
