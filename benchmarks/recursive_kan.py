"""The forward pass of a KAN as public scripts write it: Cox-de Boor recursion, differentiated by autograd.

It takes the parameters of causalkit's own KAN and computes the same function; only the way differs.
"""

from __future__ import annotations

import torch
from causalkit_grngc.kan import KAN
from torch import Tensor

DEGREE = 3


def recursive_forward(model: KAN, x: Tensor) -> Tensor:
    """Forecast: (B, K, P) -> (B, P)."""
    seen = x.flatten(1)
    for layer in model.layers:
        splines = _recursive_basis(seen).flatten(1)
        seen = torch.nn.functional.linear(seen, layer.base) + torch.nn.functional.linear(
            splines, layer.coefficients().flatten(1)
        )
    return seen


def _recursive_basis(x: Tensor) -> Tensor:
    """Return the cubic basis on twelve knots from -2.2 to 2.2: (B, I) -> (B, I, 8)."""
    knots = torch.linspace(-2.2, 2.2, 12, dtype=x.dtype)
    x = x.unsqueeze(-1)
    basis = ((x >= knots[:-1]) & (x < knots[1:])).to(x.dtype)
    for degree in range(1, DEGREE + 1):
        rising = (x - knots[: -(degree + 1)]) / (knots[degree:-1] - knots[: -(degree + 1)])
        falling = (knots[degree + 1 :] - x) / (knots[degree + 1 :] - knots[1:-degree])
        basis = rising * basis[..., :-1] + falling * basis[..., 1:]
    return basis
