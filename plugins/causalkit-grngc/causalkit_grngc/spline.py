"""Cubic B-splines on a uniform grid with any derivative, each as one differentiable operation.

The basis functions of a uniform grid are shifted copies of one bump, b_g(x) = b((x - c_g) / h), with

    b(v) = ((2 - |v|)_+^3 - 4 (1 - |v|)_+^3) / 6.

This form has no cancellation anywhere on the real line, unlike the truncated powers of textbooks, and needs no
recursion, unlike Cox-de Boor. Its n-th derivative is the same sum with powers 3 - n.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

INTERVALS = 5
"""Grid intervals over [-1, 1], as in the public KAN of GRNGC."""
WIDTH = 2 / INTERVALS
FUNCTIONS = INTERVALS + 3
"""Basis functions: the cubic ones that are not zero somewhere on [-1, 1]. The outermost knots lie at +-2.2."""


def spline_basis(x: Tensor) -> Tensor:
    """Return b_g(x): (...) -> (..., G). Zero outside [-2.2, 2.2]."""
    basis: Tensor = _Bump.apply(x, 0)
    return basis


def spline_slope(x: Tensor) -> Tensor:
    """Return b_g'(x): (...) -> (..., G)."""
    slope: Tensor = _Bump.apply(x, 1)
    return slope


class _Bump(torch.autograd.Function):
    """The n-th derivative of all basis functions; its own derivative is the (n + 1)-th, one operation again."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, order: int) -> Tensor:
        # Written with few temporaries, since this runs over windows x units x G cells and is bound by memory, and in
        # operations that `torch.func.vmap` has in place as well.
        centres = torch.linspace(-1 - WIDTH, 1 + WIDTH, FUNCTIONS, dtype=x.dtype, device=x.device) / WIDTH
        v = (x / WIDTH).unsqueeze(-1) - centres
        near = 1 - v.abs()
        far = (near + 1).relu_()
        near.relu_()
        if order == 0:
            cubed = (near * near).mul_(near).mul_(-4)
            return cubed.add_((far * far).mul_(far)).div_(6)
        if order == 1:
            return near.mul_(near).mul_(4).sub_(far.mul_(far)).mul_(v.sign_()).mul_(0.5 / WIDTH)
        if order == 2:
            return far.sub_(near, alpha=4).div_(WIDTH**2)
        return v.sign_().mul_(near.sign_().mul_(4).sub_(far.sign_())).div_(WIDTH**3)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, int], output: Tensor) -> None:
        x, ctx.order = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return (gradient * _Bump.apply(x, ctx.order + 1)).sum(-1), None
