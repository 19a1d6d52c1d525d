"""What the other cells of a window say of the cells of one series: their conditional mean, by ridge regression."""

from __future__ import annotations

import torch
from torch import Tensor

RIDGE = 0.5
"""Relative to the number of windows, for series of variance 1."""


class ConditionalMean:
    """Expected cells of a window given all cells of other series, by ridge regression on windows (N, K, P).

    The precision matrix is inverted once. Its blocks give the regression of any cells on all others.
    """

    def __init__(self, windows: Tensor) -> None:
        inputs = windows.flatten(1).double()
        self.centre = inputs.mean(0)
        inputs = inputs - self.centre
        gram = inputs.T @ inputs + RIDGE * len(inputs) * torch.eye(inputs.shape[1], device=inputs.device)
        self.precision = torch.linalg.inv(gram)
        self.series = windows.shape[2]

    def replaced(self, x: Tensor, cause: int, lag: int | None = None) -> Tensor:
        """Return windows in which the cells of a cause are what the others say of them.

        Args:
            x: windows (B, K, P).
            lag: replace only the cell at this lag, given all other cells, those of the same series included; None: all.
        """
        flat = x.flatten(1)
        cells = torch.arange(cause, flat.shape[1], self.series, device=x.device)
        if lag is not None:
            cells = cells[-lag].unsqueeze(0)
        inner = torch.linalg.inv(self.precision[cells][:, cells])
        beyond = (flat.double() - self.centre) @ self.precision[:, cells] @ inner  # beyond their conditional mean
        changed = flat.clone()
        changed[:, cells] -= beyond.to(flat.dtype)
        return changed.view_as(x)
