"""A test on held-out windows: does the past of one series improve the forecast of another, beyond all the others?

An edge j -> i says that the past of j improves the forecast of i. So take from a forecaster what j alone knows: replace
the cells of j in a window by what the other cells say of them, their conditional mean, fitted on the windows that the
forecaster has learned from. Where the squared error of the forecast of i rises on windows that the forecaster has never
seen, j matters. This is a conditional predictive impact (Watson and Wright, Machine Learning 110, 2021, arXiv
1901.09917), with a standard error under serial dependence (`causalkit.neural.serial_mean`).

With e the error, and D the change of the forecast, the squared error rises by 2 e D + D². A forecaster that has learned
a little noise about j pays for it: the forecast without j is better by D² on the mean. Clark and West (Journal of
Econometrics 138, 2007) add D² for that, which is right where all of D is noise. The test adds half of it:

    rise = 2 e D + 3/2 D²

A forecaster under a penalty takes a series in the place of others that it would have to weigh against each other: in a
chain of persistent series, the cause of the cause. Its error then has what it has missed of those, and e D is positive
for the stand-in. So e is the error without the linear part of all other causes: what a regression of the errors on all
cells of held-out windows says of them is taken off, as before any regression on j (Frisch and Waugh, Econometrica 1,
1933), and the standard error counts how uncertain that is. In chains of six autoregressions (own coefficient .9, 500
steps), half of the edges were false without it, and 2.5 % with it.

A forecaster under a penalty also misses weak effects. What it has missed of their linear part is in its errors, where
the average derivative finds it (`causalkit.neural.average_derivative`). So a pair has two tests, of the rise and
of its derivatives, and the smaller p-value counts twice. The second one has nearly the power of a linear
autoregression where effects are linear, and the first finds what is not.

A trace of the past of j is in many series that j does not act on directly, for example in a system that is watched more
slowly than it acts; with enough windows every trace is significant. So an edge has to matter: the null hypothesis is
that the rise is at most a share of the variance that the forecast explains.

Choices between strengths and between networks compare how many edges pass. There, neither is added: a share of
different variances would favour one candidate, and what a candidate has learned of noise shall count against it. Errors
are whole there, and the conditional mean is shrunken more: so the choices were measured (docs/benchmarks.md). With the
linear part taken off, finer strengths are chosen where there are hardly more windows than cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from causalkit.core.correction import corrected
from causalkit.core.held_out import HeldOutTest
from causalkit.core.pairs import pairs_of
from causalkit.core.tails import t_tail
from causalkit.neural.average_derivative import AverageDerivatives, average_derivatives
from causalkit.neural.error_rises import rises_without
from causalkit.neural.held_out_errors import crowded
from causalkit.neural.modules.candidates import gather
from causalkit.neural.modules.jacobian import as_scores
from causalkit.neural.pair_arrays import pair_array
from causalkit.neural.training.data import TrainingData

LEVEL = 0.05
"""Share of false ones among the edges that are counted, by Benjamini and Hochberg."""
CORRECTION = 0.5
"""Share of the correction of Clark and West that the test adds."""
LINEAR = 0.1
"""Of the share that an edge has to be worth: what the linear effect of a cell has to be worth. Of a cell, an exact
regression on all others leaves much less than the shrunken one on other series."""
FEWEST, FEWEST_AMONG_CELLS, BEYOND_CELLS = 80, 150, 50
"""Windows that a test needs; that it needs where there are more than half as many cells as windows; and that the test
of derivatives needs beyond the number of cells in a window. In recordings of 40 to 60 steps of slow unrelated series,
both find edges in every fourth, and so they do in 100 steps of 60 series; in longer ones they hold."""
COUNTS_RIDGE = 0.5
"""Of the conditional mean, for each window, where edges are counted for a choice."""
COUNTED = 200
"""Effects whose edges are counted, where causes are screened: the more there are, the more exact is their share."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class HeldOutMembers:
    """Forecasters, each of which was held away from some windows: a `causalkit.core.held_out.HeldOut`.

    Attributes:
        members: E forecasters.
        data: windows, and which are held out for each member.
    """

    members: Sequence[nn.Module]
    data: TrainingData

    @cached_property
    def derivatives(self) -> AverageDerivatives:
        """Average derivatives on the windows that members were held away from."""
        assert self.data.held is not None
        held = [torch.nonzero(mask).squeeze(1) for mask in self.data.held]
        return average_derivatives(list(zip(self.members, held, strict=True)), self.data)

    def test(self, least: float) -> HeldOutTest:
        """Test every pair (cause, effect), over all lags and at each."""
        rises = rises_without(self.members, self.data, correction=CORRECTION)
        joint = rises.p_values(least)
        lags = self.data.x.shape[1]
        if lags == 1:
            by_lag = joint[:, :, None]
        else:
            each = (
                rises_without(self.members, self.data, lag=lag, correction=CORRECTION) for lag in range(1, lags + 1)
            )
            by_lag = np.stack([one.p_values(least) for one in each], axis=2)
        windows = rises.sums.count[0]
        linear = self._linear_p_values(LINEAR * least * rises.explained, windows)
        joint = _either(joint, np.minimum(1.0, lags * linear.min(axis=2)))
        by_lag = _either(by_lag, linear)
        fewest = FEWEST_AMONG_CELLS if crowded(self.data.x, windows.max()) else FEWEST
        joint[:, windows < fewest] = 1.0
        by_lag[:, windows < fewest] = 1.0
        candidates = rises.candidates
        return HeldOutTest(
            pair_array(joint, candidates, 1.0),
            pair_array(by_lag, candidates, 1.0),
            pair_array(rises.loss, candidates),
            windows,
            fewest,
        )

    def _linear_p_values(self, least: Array, windows: Array) -> Array:
        """Return the p-value of the average derivative with respect to each cell, (C, effect, lag), two-sided.

        By Student's t, with as many degrees of freedom as there are windows beyond cells; 1 where these are few.

        Args:
            least: variance of each effect that a linear effect of the cell has to make, shape (P,).
            windows: on which each effect is tested, shape (P,).
        """
        found = self.derivatives
        size, error = (as_scores(each).cpu().double().numpy() for each in (found.mean.abs(), found.standard_errors))
        own = as_scores(gather(found.own, found.candidates).transpose(0, 1)).cpu().double().numpy()  # (C, effect, lag)
        beyond = size - np.sqrt(least[:, None] / np.maximum(own, np.finfo(np.float64).tiny))
        freedom = (windows - found.own.numel() - 1)[:, None]
        known = (beyond > 0) & (error > 0) & (freedom >= BEYOND_CELLS)
        t = np.divide(beyond, error, out=np.zeros_like(beyond), where=known)
        p_values: Array = np.where(known, np.minimum(1.0, 2 * t_tail(t, np.maximum(freedom, 1))), 1.0)
        return p_values


def edges_beyond_chance(members: Sequence[nn.Module], data: TrainingData, allowed: Tensor | None = None) -> int:
    """Return how many pairs of different series pass the test; only those that background knowledge allows are tested.

    Args:
        allowed: shape (cause, effect), or None: all are.
    """
    rises = rises_without(members, data, partial=False, ridge=COUNTS_RIDGE, most_targets=COUNTED)
    p_values = pair_array(rises.p_values(least=0.0), rises.candidates, 1.0)
    pairs, series = pairs_of(p_values), len(p_values)
    apart, tested = pairs.apart, series * (series - 1)
    if allowed is not None:
        known = allowed.cpu().numpy()
        apart &= known[pairs.cause, pairs.effect]
        tested = int(np.count_nonzero(known)) - int(np.count_nonzero(known.diagonal()))
    if not apart.any():
        return 0
    # Pairs that are no candidates are tested as well: their p-value is 1.
    return int(np.count_nonzero(corrected(pairs.of(p_values), apart, LEVEL, "bh", tested)[0]))


def _either(one: Array, other: Array) -> Array:
    """Return the p-value of two tests, at least one of which has to reject (Bonferroni)."""
    smaller: Array = np.minimum(one, other)
    return np.minimum(1.0, 2 * smaller)
