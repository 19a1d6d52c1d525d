"""The sum of the absolute entries of a Jacobian, whose gradient is found on the way.

The derivative of |J| with respect to J is its sign, which is there as soon as J is. So the forward pass computes the
sum and its gradients at once, in chunks that stay in the processor's cache: no chunk is kept for a backward pass, and
every step of it is a large matrix product. Under `torch.func.vmap` all networks take the same products.

As nothing depends on these gradients but the step of an optimiser, they cannot be differentiated again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

CHUNK_BYTES = 2**20
"""Of a chunk that stays in the processor's cache."""
FEWEST_WINDOWS = 8
"""Of a chunk where windows are rows of many small products."""


def summed_jacobian(
    head: Tensor, slopes: Tensor, first: Tensor, linear: Tensor | None = None, counts: Tensor | None = None
) -> Tensor:
    """Return the sum over windows b, targets i and inputs a of c_ia abs(sum_h v_ih s_bh w_ha + l_ia).

    That is the Jacobian of a perceptron with one hidden layer. The products v_ih w_ha are taken once for all windows,
    and one matrix product with the slopes gives the rows of a few targets in all windows.

    Args:
        head: v, shape (P, H).
        slopes: s, derivatives of the activations, shape (B, H).
        first: w, shape (H, C).
        linear: l, the Jacobian of a linear map beside it, shape (P, C).
        counts: c, what entries count, shape (P, C) and without a gradient; None: all count 1.
    """
    given = (None if one is None else one.unsqueeze(0) for one in (head, slopes, first, linear, counts))
    found: Tensor = _OneHiddenLayer.apply(*given)[0]  # type: ignore[no-untyped-call]
    return found.sum()


def summed_products(rows: Tensor, first: Tensor, linear: Tensor | None = None, counts: Tensor | None = None) -> Tensor:
    """Return the sum over networks e, windows b, targets i and inputs a of c_eia abs(sum_h r_ebih w_eha + l_eia).

    Args:
        rows: r, derivatives of forecasts with respect to what the first layer makes of windows, shape (E, B, m, H).
        first: w, weights of the first layer, shape (E, H, C).
        linear: l, the Jacobian of a linear map beside it, shape (E, m, C).
        counts: c, what entries count, shape (E, m, C) and without a gradient; None: all count 1.
    """
    found: Tensor = _Products.apply(rows, first, linear, counts)[0]  # type: ignore[no-untyped-call]
    return found.sum()


def summed_chain(below: Tensor, first: Tensor, above: Tensor, second: Tensor, counts: Tensor | None = None) -> Tensor:
    """Return the sum over windows b, inputs a and targets i of c_ai abs(sum_h A_bah C_bhi).

    That is the Jacobian of two layers in which every connection has a function of its own, a sum of G given functions
    of one input with learned weights: A_bah = sum_g s_abg w_agh, C_bhi = sum_g r_hbg v_hgi.

    Args:
        below: s, derivatives of the functions of each input, shape (A, B, G) and without a gradient.
        first: w, shape (A, G, H).
        above: r, derivatives of the functions of each hidden unit, shape (H, B, G).
        second: v, shape (H, G, P).
        counts: c, what entries count, shape (A, P) and without a gradient; None: all count 1.
    """
    given = (None if one is None else one.unsqueeze(0) for one in (first, above, second, below.detach(), counts))
    found: Tensor = _Chain.apply(*given)[0]  # type: ignore[no-untyped-call]
    return found.sum()


class _WithGradients(torch.autograd.Function):
    """A function that returns sums (E,), then their gradients with respect to its first arguments; None for others."""

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor | None, ...], output: tuple[Tensor | None, ...]) -> None:
        gradients = output[1:]
        ctx.mark_non_differentiable(*(one for one in gradients if one is not None))
        ctx.save_for_backward(*gradients)
        ctx.without = len(inputs) - len(gradients)

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        factor = outer[0]
        found = (
            None if one is None else one * factor.view(-1, *(1 for _ in one.shape[1:])) for one in ctx.saved_tensors
        )
        return (*found, *(None for _ in range(ctx.without)))


Given = Tensor | None
Vectorized = tuple[tuple[Given, ...], tuple[int | None, ...]]


def _merged(
    function: type[_WithGradients], size: int, places: tuple[int | None, ...], given: Sequence[Given]
) -> Vectorized:
    """Apply a function to vectorised arguments: their axis becomes one with that of networks."""
    stacked = (
        None
        if one is None
        else (one.expand(size, *one.shape) if place is None else one.movedim(place, 0)).flatten(0, 1)
        for one, place in zip(given, places, strict=True)
    )
    found = function.apply(*stacked)  # type: ignore[no-untyped-call]
    return (
        tuple(None if one is None else one.unflatten(0, (size, -1)) for one in found),
        tuple(None if one is None else 0 for one in found),
    )


class _OneHiddenLayer(_WithGradients):
    """See `summed_jacobian`; all tensors have one more axis in front, of networks."""

    @staticmethod
    def forward(head: Tensor, slopes: Tensor, first: Tensor, linear: Given, counts: Given) -> tuple[Given, ...]:
        (networks, windows, hidden), (series, inputs) = slopes.shape, (head.shape[1], first.shape[2])
        total = head.new_zeros(networks)
        of_head, of_slopes, of_first = torch.empty_like(head), torch.zeros_like(slopes), torch.zeros_like(first)
        of_linear = None if linear is None else torch.empty_like(linear)
        upright, heads = slopes.mT, head.mT  # (E, H, B), (E, H, P)
        for part in _chunks(series, networks * windows * inputs * head.element_size()):
            products = (heads[:, :, part].unsqueeze(3) * first.unsqueeze(2)).flatten(2)  # (E, H, m C)
            if linear is None:
                jacobian = slopes @ products
            else:
                jacobian = torch.baddbmm(linear[:, part].flatten(1).unsqueeze(1), slopes, products)
            signs = jacobian.sgn()
            if counts is not None:
                signs *= counts[:, part].flatten(1).unsqueeze(1)
            total += jacobian.mul_(signs).sum((1, 2))
            of_slopes.baddbmm_(signs, products.mT)
            moved = (upright @ signs).view(networks * hidden, -1, inputs)  # (E H, m, C)
            of_head[:, part] = (moved @ first.reshape(-1, inputs, 1)).view(networks, hidden, -1).mT
            of_first += (heads[:, :, part].reshape(networks * hidden, 1, -1) @ moved).view_as(first)
            if of_linear is not None:
                of_linear[:, part] = signs.sum(1).view(networks, -1, inputs)
        return total, of_head, of_slopes, of_first, of_linear

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *given: Given) -> Vectorized:
        return _merged(_OneHiddenLayer, info.batch_size, in_dims, given)


class _Products(_WithGradients):
    """See `summed_products`."""

    @staticmethod
    def forward(rows: Tensor, first: Tensor, linear: Given, counts: Given) -> tuple[Given, ...]:
        (networks, windows, targets), inputs = rows.shape[:3], first.shape[2]
        total = rows.new_zeros(networks)
        of_rows, of_first = torch.empty_like(rows), torch.zeros_like(first)
        of_linear = None if linear is None else torch.zeros_like(linear)
        each = targets * inputs * rows.element_size()
        for some in _chunks(networks, windows * each):
            weight = first[some]
            for part in _chunks(windows, len(weight) * each):
                mine = rows[some, part].flatten(1, 2)
                signs = mine @ weight
                jacobian = signs.view(len(signs), -1, targets, inputs)
                if linear is not None:
                    jacobian += linear[some].unsqueeze(1)
                size = jacobian.abs()
                signs.sgn_()
                if counts is not None:
                    own = counts[some].unsqueeze(1)
                    size *= own
                    jacobian *= own
                total[some] += size.sum((1, 2, 3))
                of_rows[some, part] = (signs @ weight.mT).view_as(rows[some, part])
                of_first[some].baddbmm_(mine.mT, signs)
                if of_linear is not None:
                    of_linear[some] += jacobian.sum(1)
        return total, of_rows, of_first, of_linear

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *given: Given) -> Vectorized:
        return _merged(_Products, info.batch_size, in_dims, given)


class _Chain(_WithGradients):
    """See `summed_chain`; all tensors have one more axis in front, of networks, which are taken one after another."""

    @staticmethod
    def forward(first: Tensor, above: Tensor, second: Tensor, below: Tensor, counts: Given) -> tuple[Given, ...]:
        networks, inputs, windows = below.shape[:3]
        hidden, targets = first.shape[3], second.shape[3]
        total = first.new_zeros(networks)
        of_first, of_above, of_second = torch.zeros_like(first), torch.empty_like(above), torch.zeros_like(second)
        each = 2 * (inputs * hidden + hidden * targets + inputs * targets) * first.element_size()
        for number in range(networks):
            for part in _chunks(windows, each, FEWEST_WINDOWS):
                lower, upper = below[number, :, part], above[number, :, part]
                inner = (lower @ first[number]).transpose(0, 1)  # (b, A, H)
                outer = (upper @ second[number]).transpose(0, 1)  # (b, H, P)
                jacobian = inner @ outer
                signs = jacobian.sgn()
                if counts is not None:
                    signs *= counts[number]
                total[number] += jacobian.mul_(signs).sum()
                of_first[number].baddbmm_(lower.mT, (signs @ outer.mT).transpose(0, 1))
                of_outer = (inner.mT @ signs).transpose(0, 1)  # (H, b, P)
                of_second[number].baddbmm_(upper.mT, of_outer)
                of_above[number, :, part] = of_outer @ second[number].mT
        return total, of_first, of_above, of_second

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *given: Given) -> Vectorized:
        return _merged(_Chain, info.batch_size, in_dims, given)


def _chunks(count: int, bytes_each: int, fewest: int = 1) -> Iterator[slice]:
    size = max(fewest, CHUNK_BYTES // bytes_each)
    return (slice(first, min(first + size, count)) for first in range(0, count, size))
