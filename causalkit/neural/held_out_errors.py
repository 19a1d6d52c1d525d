"""Errors of forecasts of held-out windows without their linear part, and how they rise without a cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

from causalkit.neural.forecast_changes import Change
from causalkit.neural.training.data import TrainingData
from causalkit.neural.window_regression import RIDGE, RegressionFit, WindowRegression

MOST_TAKEN = 0.02
"""Share of the windows that the degrees of freedom of the linear part are at most, where there are more than half as
many cells as windows. There, other cells explain any cell, and without a limit too little of a rise is left to see how
uncertain it is: of 1000 unrelated series (200 steps, a network of four epochs) 6672 edges passed, and none do now. With
0.1, 9 of 23 unrelated panels of 30 to 100 series and 100 to 300 steps had one to four false edges, with 0.02 four."""


@dataclass(frozen=True)
class HeldOutErrors:
    """Errors of forecasters on the windows that each was held away from, and their linear part.

    Attributes:
        x: these windows without their mean, and a series of zeros that stands for none, (N, K, P + 1).
        seen: where a next step counts, (N, P).
        left: the errors (N, P) that a regression on all cells leaves, each window left out of its own fit; or whole.
        fit: that regression of the errors; None for whole errors.
    """

    x: Tensor
    seen: Tensor
    left: Tensor
    fit: RegressionFit | None

    @classmethod
    def of(cls, data: TrainingData, held: Sequence[Tensor], forecasts: Sequence[Tensor], *, partial: bool) -> Self:
        """Return the errors of forecasts of some windows each; not ``partial``: whole, with their linear part."""
        rows = torch.cat(list(held))
        x, seen = data.x[rows], data.seen[rows]
        errors = (data.y[rows] - torch.cat(list(forecasts))) * seen
        centred = functional.pad(x - x.mean(0), (0, 1))
        if not partial:
            return cls(centred, seen, errors, None)
        cells = x[0].numel()
        most = MOST_TAKEN if crowded(x, len(x)) else None
        regression = WindowRegression.of(x.flatten(1), RIDGE * cells, most)
        return cls(centred, seen, regression.without_own_window(errors), RegressionFit(regression, errors))

    def rises(self, without: Change, correction: float, lag: int | None = None) -> Tensor:
        """Return the rise of each window and pair, (N, M), where forecasts change by D without the cause.

        Errors are those without the linear part of other causes. How far that part is uncertain shows in a second term,
        whose mean is next to 0: what each window moves the coefficients by, times what that moves the mean by. It is
        left out of effects that do not pass without it, to save time.

        Args:
            without: the change D of the forecasts of M pairs.
            lag: of the one cell of the cause that is replaced; its other cells then count as other causes. None: all.
        """
        causes, effects = without.causes, without.effects
        change = without.change * self.seen[:, effects]
        if self.fit is None:
            return 2 * self.left[:, effects] * change + (1 + correction) * change.square()
        steps, series = self.x.shape[1], self.x.shape[2] - 1
        places = range(steps) if lag is None else (steps - lag,)
        cells = torch.stack([place * series + causes.clamp(max=series - 1) for place in places])  # (cells, M)
        mine = torch.stack([self.x[:, place, causes] for place in places])  # (cells, N, M)
        own = (mine * self.fit.coefficients_at(cells, effects)[:, None]).sum(0)
        rises = 2 * (self.left[:, effects] + own) * change + (1 + correction) * change.square()
        chosen = torch.nonzero(rises.mean(0) > rises.std(0) / len(rises) ** 0.5).squeeze(1)
        moved = self.fit.regression.fitted_without(change[:, chosen], cells[:, chosen])
        rises[:, chosen] -= 2 * self.left[:, effects[chosen]] * moved
        return rises


def crowded(x: Tensor, windows: float) -> bool:
    """Are there more than half as many cells in a window as windows?"""
    return 2 * x[0].numel() > windows
