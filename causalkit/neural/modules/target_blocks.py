"""Computations that are separate for every target, in blocks of targets that stay in the processor's cache.

Where targets have networks of their own and there are thousands of them, each step of a pass over all targets streams
gigabytes through memory, several times what its products take. Block by block, only weights and results do.

Nothing of a block is kept for the backward pass. It computes the block anew, except for sums, whose gradient is found
on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

Compute = Callable[[slice, Sequence[Tensor]], Tensor]
"""Of a block of targets and their weights: results with the target as the first axis."""


def by_blocks(compute: Compute, weights: Sequence[Tensor], size: int) -> Tensor:
    """Return the results of all targets, shape (P, ...).

    Args:
        compute: of a block of targets; it may depend on these weights only, as far as gradients are needed.
        weights: their first axis is the target.
        size: targets of a block.
    """
    found: Tensor = _ByBlocks.apply(compute, size, *weights)  # type: ignore[no-untyped-call]
    return found


def sum_by_blocks(compute: Compute, weights: Sequence[Tensor], size: int) -> Tensor:
    """Return the sum of the results of all targets, a scalar; arguments as for `by_blocks`."""
    found: Tensor = _SumByBlocks.apply(compute, size, *weights)[0]  # type: ignore[no-untyped-call]
    return found


def _blocks(weights: Sequence[Tensor], size: int) -> Iterator[tuple[slice, list[Tensor]]]:
    """Yield blocks of targets with their weights, which are views."""
    for first in range(0, len(weights[0]), size):
        part = slice(first, first + size)
        yield part, [weight.detach()[part] for weight in weights]


def _leaves(weights: Sequence[Tensor]) -> list[Tensor]:
    return [nn.Parameter(weight) for weight in weights]


class _ByBlocks(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, compute: Compute, size: int, *weights: Tensor) -> Tensor:
        ctx.compute, ctx.size = compute, size
        ctx.save_for_backward(*weights)
        return torch.cat([compute(part, mine) for part, mine in _blocks(weights, size)])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        weights = ctx.saved_tensors
        found = [torch.empty_like(weight) for weight in weights]
        for part, mine in _blocks(weights, ctx.size):
            leaves = _leaves(mine)
            with torch.enable_grad():
                each = torch.autograd.grad(
                    ctx.compute(part, leaves), leaves, gradients[0][part], materialize_grads=True
                )
            for whole, some in zip(found, each, strict=True):
                whole[part] = some
        return (None, None, *found)


class _SumByBlocks(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, compute: Compute, size: int, *weights: Tensor) -> tuple[Tensor, ...]:
        wanted = any(ctx.needs_input_grad)
        found = [torch.empty_like(weight) for weight in weights] if wanted else []
        total = weights[0].new_zeros(())
        for part, mine in _blocks(weights, size):
            leaves = _leaves(mine) if wanted else mine
            with torch.set_grad_enabled(wanted):
                value = compute(part, leaves).sum()
                each = torch.autograd.grad(value, leaves, materialize_grads=True) if wanted else ()
            total += value.detach()
            for whole, some in zip(found, each, strict=True):
                whole[part] = some
        ctx.save_for_backward(*found)
        return (total,)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        return (None, None, *(each * gradients[0] for each in ctx.saved_tensors))
