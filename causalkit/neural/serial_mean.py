"""The mean of a series of numbers that depend on each other, with its standard error.

The variance of a mean under serial dependence is that of Newey and West (Econometrica 55, 1987).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

SERIAL = 5
"""Autocovariances that are summed up."""
LEAST = 0.1
"""Of the variance without serial dependence, which the variance is at least."""

Array = NDArray[np.float64]


class SerialMeans:
    """Means and serial covariances of many series of numbers, shape (M, P), that come in parts."""

    def __init__(self, rows: int, columns: int) -> None:
        self.count = np.zeros((rows, columns))
        self.sums = np.zeros((rows, columns))
        self.products = np.zeros((SERIAL + 1, rows, columns))

    def add(self, rows: Tensor, values: Tensor, seen: Tensor | None) -> None:
        """Add values (rows, windows, P) in the order of time.

        Args:
            seen: (windows, P), False where a value does not count; None: all count.
        """
        where = rows.cpu().numpy()
        self.count[where] += values.shape[1] if seen is None else seen.sum(0).cpu().numpy()
        self._add(where, values, seen)

    def add_pairs(self, rows: Tensor, columns: Tensor, values: Tensor, seen: Tensor | None) -> None:
        """Add values (M, windows, m) to those of rows (M, m) and columns (m,), without counting them."""
        self._add((rows.cpu().numpy(), columns.cpu().numpy()), values, seen)

    def count_everywhere(self, windows: int, seen: Tensor | None) -> None:
        """Count windows of all rows: of those to which nothing is added, their values are 0."""
        self.count += windows if seen is None else seen.sum(0).cpu().numpy()

    def _add(self, where: Any, values: Tensor, seen: Tensor | None) -> None:
        values = values.double()
        if seen is not None:
            values = values * seen
        windows = values.shape[-2]
        self.sums[where] += values.sum(-2).cpu().numpy()
        for lag in range(min(SERIAL + 1, windows)):
            products = (values[..., lag:, :] * values[..., : windows - lag, :]).sum(-2)
            self.products[lag][where] += products.cpu().numpy()

    @property
    def mean(self) -> Array:
        """Shape (M, P)."""
        return self.sums / np.maximum(self.count, 1)

    @property
    def standard_error(self) -> Array:
        """Of the means, shape (M, P); 0 where all values are equal."""
        count = np.maximum(self.count, 1)
        covariances = self.products / count - self.mean**2
        plain = np.maximum(covariances[0], 0)
        variance = np.maximum(summed(covariances), LEAST * plain)
        error: Array = np.sqrt(variance / count)
        return error


def summed(covariances: Any) -> Any:
    """Return the variance of a mean, times the count, from covariances at lags 0, 1, and so on: Bartlett's weights.

    Args:
        covariances: array or tensor, shape (lags, ...).
    """
    count = len(covariances)
    return covariances[0] + 2 * sum((1 - lag / count) * covariances[lag] for lag in range(1, count))
