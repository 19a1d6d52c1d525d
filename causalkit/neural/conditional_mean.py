"""What the other cells of a window say of the cells of one series: their conditional mean, by ridge regression."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor

RIDGE = 0.1
"""Relative to the number of windows, for series of variance 1."""


class ConditionalMean:
    """Expected cells of a window given all cells of other series, by ridge regression on windows (N, K, P).

    The precision matrix is inverted once. Its blocks give the regression of any cells on all others.

    Args:
        windows: that it is fitted to.
        ridge: for each of them and cells of variance 1.
    """

    def __init__(self, windows: Tensor, ridge: float = RIDGE) -> None:
        inputs = windows.flatten(1).double()
        self.centre = inputs.mean(0)
        self.inputs = inputs - self.centre
        self.penalty = ridge * len(inputs)
        self.series = windows.shape[2]

    @cached_property
    def precision(self) -> Tensor:
        """Inverse of the penalized products of cells, (K P, K P)."""
        gram = self.inputs.T @ self.inputs
        inverse: Tensor = torch.linalg.inv(gram + self.penalty * torch.eye(len(gram), device=gram.device))
        return inverse

    def beyond(self, x: Tensor, lag: int | None = None) -> Tensor:
        """Return what the cells of each series have beyond what those of all others say of them, (B, K, P).

        Where there are more cells than windows, products of windows are inverted instead, which is the same.

        Args:
            x: windows (B, K, P).
            lag: of the one cell of each series, given all other cells; 0 at others. None: all cells of a series.
        """
        rows, blocks = self._precision_rows(x.flatten(1).double() - self.centre)
        rows = rows.view_as(x)
        if lag is None:
            return torch.einsum("bkp,pkl->blp", rows, torch.linalg.inv(blocks)).to(x.dtype)
        found = torch.zeros_like(x)
        found[:, -lag] = (rows[:, -lag] / blocks[:, -lag, -lag]).to(x.dtype)
        return found

    def _precision_rows(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        """Return cells (B, K P) times the precision matrix, and its block of each series (P, K, K)."""
        windows, size = self.inputs.shape
        shape = size // self.series, self.series
        if windows >= size:
            blocks = self.precision.view(*shape, *shape).diagonal(dim1=1, dim2=3).permute(2, 0, 1)
            return cells @ self.precision, blocks
        products = self.inputs @ self.inputs.T
        solved = torch.linalg.solve(products + self.penalty * torch.eye(windows).to(products), self.inputs)
        rows = (cells - (cells @ self.inputs.T) @ solved) / self.penalty
        mine, others = self.inputs.view(-1, *shape), solved.view(-1, *shape)
        identity = torch.eye(shape[0]).to(products)
        return rows, (identity - torch.einsum("nkp,nlp->pkl", mine, others)) / self.penalty

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
