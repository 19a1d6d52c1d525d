"""Ridge regressions on the cells of windows: of cells on each other, and of forecast errors on all cells."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

RIDGE = 0.1
"""Of the regression of a cell on all others, for each cell of a window and cells of variance 1.

On linear systems with 3 cells for 4 windows to 1 for 33, intervals of two standard errors hold 94 to 97 % of the
coefficients with anything from 0 to 3 times of it, and are the shorter the larger it is. In finely sampled series, more
of it is a bias.
"""


@dataclass(frozen=True)
class WindowRegression:
    """Ridge regressions on the cells of windows, in the smaller one of two forms that are equal.

    Attributes:
        cells: shape (N, C), of mean 0.
        penalty: of squared coefficients.
        inverse: of the penalized products of cells (C, C), or of windows (N, N) where these are fewer.
    """

    cells: Tensor
    penalty: float
    inverse: Tensor

    @classmethod
    def of(cls, cells: Tensor, penalty: float, most: float | None = None) -> WindowRegression:
        """Return the regressions on cells (N, C).

        Args:
            penalty: at least.
            most: share of the windows that the effective degrees of freedom of a fit are at most; the penalty is as
                large as that needs. None: no limit.
        """
        exact = cells.double()
        exact = exact - exact.mean(0)
        products = exact.T @ exact if len(exact) >= exact.shape[1] else exact @ exact.T
        if most is not None and most * len(exact) < len(products):
            penalty = _penalty_for(products, most * len(exact), penalty)
        return cls(exact, penalty, torch.linalg.inv(products + penalty * torch.eye(len(products)).to(products)))

    @property
    def by_cells(self) -> bool:
        """Is the inverse that of cells?"""
        return len(self.inverse) == self.cells.shape[1]

    def beyond_others(self) -> Tensor:
        """Return what a regression of each cell on all others leaves of it, (N, C)."""
        if self.by_cells:
            return self.cells @ self.inverse / self.inverse.diagonal()
        solved = self.inverse @ self.cells
        return self.penalty * solved / (1 - (self.cells * solved).sum(0))

    def coefficients(self, values: Tensor) -> Tensor:
        """Return those of a regression of values (N, M) on all cells, (C, M)."""
        exact = values.double()
        if self.by_cells:
            return self.inverse @ (self.cells.T @ exact)
        return self.cells.T @ (self.inverse @ exact)

    def fitted_without(self, values: Tensor, own: Tensor) -> Tensor:
        """Return the fit (N, M) to values (N, M) as if their products with cells of their own were 0.

        Args:
            own: which cells, shape (cells, M).
        """
        exact, columns = values.double(), torch.arange(values.shape[1], device=values.device)
        if self.by_cells:
            products = self.cells.T @ exact
            products[own, columns] = 0.0
            return (self.cells @ (self.inverse @ products)).to(values.dtype)
        solved = exact - self.penalty * (self.inverse @ exact)  # X (X'X + p)^-1 X' = 1 - p (XX' + p)^-1
        for each in own:
            mine = self.cells[:, each]
            solved -= self.inverse @ (mine * (mine * exact).sum(0))  # X (X'X + p)^-1 = (XX' + p)^-1 X
        return solved.to(values.dtype)

    def without_own_window(self, values: Tensor) -> Tensor:
        """Return what a regression on all cells leaves of values (N, M), each window left out of its own fit."""
        exact = values.double()
        if self.by_cells:
            rows = self.cells @ self.inverse
            left, weight = exact - rows @ (self.cells.T @ exact), 1 - (rows * self.cells).sum(1)
        else:
            left, weight = self.penalty * self.inverse @ exact, self.penalty * self.inverse.diagonal()
        return (left / weight[:, None]).to(values.dtype)


def _penalty_for(products: Tensor, most: float, least: float) -> float:
    """Return the smallest penalty, at least a given one, with at most so many effective degrees of freedom.

    These are the sum of v / (v + penalty) over the eigenvalues v of the products.
    """
    values = torch.linalg.eigvalsh(products).clamp(min=0)

    def degrees(penalty: float) -> float:
        return float((values / (values + penalty)).sum())

    low, high = least, max(least, float(values.sum()) / most)  # degrees are below sum(v) / penalty
    if degrees(low) <= most:
        return low
    while high > 1.01 * low:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if degrees(middle) > most else (low, middle)
    return high


class RegressionFit:
    """The coefficients of regressions of several series of values on all cells.

    Where there are more cells than windows, only what they are computed from is kept.

    Args:
        regression: on C cells.
        values: shape (N, M).
    """

    def __init__(self, regression: WindowRegression, values: Tensor) -> None:
        self.regression, self.kind = regression, values.dtype
        by_cells = regression.by_cells
        self._kept = regression.coefficients(values) if by_cells else regression.inverse @ values.double()

    def coefficients_at(self, cells: Tensor, columns: Tensor) -> Tensor:
        """Return the coefficient of each cell (k, m) in the regression of each column (m,), shape (k, m)."""
        if self.regression.by_cells:
            return self._kept[cells, columns].to(self.kind)
        solved = self._kept[:, columns]
        return torch.stack([(self.regression.cells[:, each] * solved).sum(0) for each in cells]).to(self.kind)
