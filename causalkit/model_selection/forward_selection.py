"""Forward selection for many targets at once: inputs are taken one after the other, each time the most useful one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Index = NDArray[np.intp]
COLLINEAR = 1e-3
"""An input of which the chosen ones leave less than this share of its variance is not taken."""


@dataclass(frozen=True)
class Selected:
    """What forward selection did for B targets.

    Attributes:
        forecasts: of held-out windows with 0, 1, ... inputs, shape (S + 1, B, H).
        order: which inputs were taken, shape (S, B).
    """

    forecasts: Array
    order: Index


def forward_selection(
    products: Array, with_target: Array, ahead: Array, steps: int, allowed: NDArray[np.bool_] | None = None
) -> Selected:
    """Take S of D inputs for each target by least squares: always the one that lowers the error in the sample most.

    Everything is computed from products of inputs, so that the number of windows does not matter, and for all targets
    in one step (orthogonal least squares; Chen, Billings and Luo, International Journal of Control 50, 1989).

    Args:
        products: of the inputs, summed over windows: shape (D, D), or (B, D, D) where each target has its own inputs.
        with_target: of inputs and targets, shape (B, D).
        ahead: inputs of held-out windows, shape (D, H) or (B, D, H).
        steps: S.
        allowed: which inputs a target may take, shape (B, D); None: all.
    """
    own = products.ndim == 3
    targets, inputs = with_target.shape
    every = np.arange(targets)
    covariance = with_target.copy()
    diagonal = np.einsum("bdd->bd", products) if own else np.broadcast_to(np.diag(products), (targets, inputs))
    left = diagonal.copy()  # of each input, beside those that were taken
    least = np.where(diagonal > 0, COLLINEAR * diagonal, np.inf)
    directions = np.zeros((targets, steps, inputs), products.dtype)
    scores = np.zeros((targets, steps, ahead.shape[-1]), products.dtype)
    forecasts = np.zeros((steps + 1, targets, ahead.shape[-1]), products.dtype)
    order = np.zeros((steps, targets), np.intp)
    for step in range(steps):
        usable = left > least
        if allowed is not None:
            usable &= allowed
        taken = np.where(usable, covariance**2 / np.where(usable, left, 1), -1).argmax(axis=1)
        usable_one = usable[every, taken]
        size = np.where(usable_one, np.where(usable_one, left[every, taken], 1) ** -0.5, 0)[:, None]
        before = directions[every, :step, taken][:, None]
        row, score = (products[every, taken], ahead[every, taken]) if own else (products[taken], ahead[taken])
        row = (row - (before @ directions[:, :step])[:, 0]) * size
        score = (score - (before @ scores[:, :step])[:, 0]) * size
        gain = covariance[every, taken][:, None] * size
        directions[:, step], scores[:, step], order[step] = row, score, taken
        covariance -= row * gain
        left -= row**2
        forecasts[step + 1] = forecasts[step] + score * gain
    return Selected(forecasts, order)
