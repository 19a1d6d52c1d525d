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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from causalkit.core.correction import corrected
from causalkit.core.held_out import HeldOutTest
from causalkit.core.memory import chunk
from causalkit.core.pairs import pairs_of
from causalkit.core.tails import t_tail
from causalkit.neural.average_derivative import AverageDerivatives, average_derivatives
from causalkit.neural.conditional_mean import RIDGE as RIDGE_OF_CELLS
from causalkit.neural.conditional_mean import ConditionalMean
from causalkit.neural.modules.candidates import candidates_of, forecasts_without, gather, union
from causalkit.neural.modules.jacobian import as_scores
from causalkit.neural.modules.peak import FORECAST_BYTES, forecast_bytes, forecasts
from causalkit.neural.pair_arrays import pair_array
from causalkit.neural.serial_mean import SerialMeans
from causalkit.neural.training.data import TrainingData, evenly
from causalkit.neural.window_regression import RIDGE, RegressionFit, WindowRegression

LEVEL = 0.05
"""Share of false ones among the edges that are counted, by Benjamini and Hochberg."""
CORRECTION = 0.5
"""Share of the correction of Clark and West that the test adds."""
MOST_TAKEN = 0.02
"""Share of the windows that the degrees of freedom of the linear part are at most, where there are more than half as
many cells as windows. There, other cells explain any cell, and without a limit too little of a rise is left to see how
uncertain it is: of 1000 unrelated series (200 steps, a network of four epochs) 6672 edges passed, and none do now. With
0.1, 9 of 23 unrelated panels of 30 to 100 series and 100 to 300 steps had one to four false edges, with 0.02 four."""
LINEAR = 0.1
"""Of the share that an edge has to be worth: what the linear effect of a cell has to be worth. Of a cell, an exact
regression on all others leaves much less than the shrunken one on other series."""
WINDOWS = 4000
"""Held-out windows at most, evenly spaced. With many more, every trace of a proxy is significant. With 1000 of 19,000,
so few edges passed (15 to 35 on CausalTime Medical, about 80 with 4000) that choices varied from seed to seed."""
FEWEST, FEWEST_AMONG_CELLS, BEYOND_CELLS = 80, 150, 50
"""Windows that a test needs; that it needs where there are more than half as many cells as windows; and that the test
of derivatives needs beyond the number of cells in a window. In recordings of 40 to 60 steps of slow unrelated series,
both find edges in every fourth, and so they do in 100 steps of 60 series; in longer ones they hold."""
CANDIDATE_BYTES = 4 * 2**20
"""Of the changes of forecasts, one for each candidate, that are found at a time."""
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
        fewest = FEWEST_AMONG_CELLS if _crowded(self.data.x, windows.max()) else FEWEST
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


@dataclass(frozen=True)
class Rises:
    """How much squared errors rise without a cause.

    Attributes:
        sums: of the rises, (C, effect): a row for each cause, or for each candidate of the effect.
        explained: by how much forecasts are better than the mean, shape (P,), at least 0.
        candidates: of each effect, (P, C), P standing for none; None: all series.
    """

    sums: SerialMeans
    explained: Array
    candidates: Tensor | None

    @property
    def loss(self) -> Array:
        """Share of what is explained of the effect that is lost without the cause; 0 where nothing is explained."""
        rise = np.maximum(self.sums.mean, 0)
        share: Array = np.divide(rise, self.explained, out=np.zeros_like(rise), where=self.explained > 0)
        return np.minimum(share, 1.0)

    def p_values(self, least: float) -> Array:
        """Return one-sided p-values by t-tests of the means; 1 where a forecast does not depend on the cause."""
        mean, error = self.sums.mean, self.sums.standard_error
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (mean - least * self.explained) / error
        beyond = (mean > 0) & (error > 0)
        p_values: Array = np.where(beyond, t_tail(t, np.maximum(self.sums.count - 1, 1)), 1.0)
        return p_values


@torch.no_grad()
def rises_without(
    members: Sequence[nn.Module],
    data: TrainingData,
    *,
    lag: int | None = None,
    correction: float = 0.0,
    partial: bool = True,
    ridge: float = RIDGE_OF_CELLS,
    most_targets: int | None = None,
) -> Rises:
    """Return how much errors on held-out windows rise without each cause.

    Args:
        members: E forecasters, each of which forecasts the windows that it was held away from.
        data: windows, and which are held out for each member.
        lag: of the one cell of a cause that is replaced; None: all of its cells.
        correction: share of the correction of Clark and West that is added.
        partial: take the linear part of all other causes off the errors.
        ridge: of the conditional mean.
        most_targets: of forecasters with candidates: at most so many effects, evenly spaced; nothing rises for others.
    """
    assert data.held is not None
    series = data.y.shape[1]
    explained = SerialMeans(1, series)
    most = max(1, WINDOWS // len(members))
    held = [evenly(torch.nonzero(mask).squeeze(1), most) for mask in data.held]
    made = [forecasts(member, data.x[rows]) for member, rows in zip(members, held, strict=True)]
    for number, (rows, forecast) in enumerate(zip(held, made, strict=True)):
        mean = _mean_step(data, torch.unique(data.rows[number]))
        gained = (data.y[rows] - mean).square() - (data.y[rows] - forecast).square()
        explained.add(torch.zeros(1, dtype=torch.long), gained[None], _counting(data, rows))
    missed = _Missed.of(data, held, made, partial=partial)
    parts = [
        _Part(member, data.x[rows], forecast, ConditionalMean(data.x[torch.unique(learned)], ridge))
        for member, rows, forecast, learned in zip(members, held, made, data.rows, strict=True)
    ]
    candidates, changes = None, _without_series(parts, lag)
    if own := [one for one in (candidates_of(part.member) for part in parts) if one is not None]:
        candidates, places = union(own, series)
        changes = _without_candidates(parts, lag, candidates, places, most_targets or series)
    sums, sizes = SerialMeans(series if candidates is None else candidates.shape[1], series), [len(one) for one in held]
    for change in changes:
        rise = missed.rises(change, correction, lag)
        for part, rows in zip(torch.split(rise, sizes), held, strict=True):
            counts = _counting(data, rows)
            seen = None if counts is None else counts[:, change.effects]
            sums.add_pairs(change.rows[None], change.effects, part[None], seen)
    for rows in held:
        sums.count_everywhere(len(rows), _counting(data, rows))
    return Rises(sums, np.maximum(explained.mean[0], 0), candidates)


@dataclass(frozen=True)
class _Change:
    """How much forecasts of held-out windows change without a cause, for M pairs.

    Attributes:
        causes, effects: of the pairs, (M,); P causes stand for none.
        rows: of the pairs among all causes, or among the candidates of the effect.
        change: shape (N, M).
    """

    causes: Tensor
    effects: Tensor
    rows: Tensor
    change: Tensor


@dataclass(frozen=True)
class _Part:
    """A forecaster and the windows that it was held away from.

    Attributes:
        member: the forecaster.
        x: the windows, (N, K, P).
        forecast: of their next steps, (N, P).
        conditional: what cells say of each other in the windows that it has learned from.
    """

    member: nn.Module
    x: Tensor
    forecast: Tensor
    conditional: ConditionalMean


def _without_series(parts: Sequence[_Part], lag: int | None) -> Iterator[_Change]:
    """Yield how forecasts of all effects change without each series."""
    targets = torch.arange(parts[0].x.shape[2], device=parts[0].x.device)
    at_once = max(1, chunk(FORECAST_BYTES) // max(1, *(forecast_bytes(part.member, part.x) for part in parts)))
    for causes in torch.split(targets, at_once):
        changes = []
        for part in parts:
            without = torch.stack([part.conditional.replaced(part.x, int(cause), lag) for cause in causes])
            changes.append(part.forecast - part.member(without.flatten(0, 1)).unflatten(0, (len(causes), len(part.x))))
        for place, cause in enumerate(causes):
            causes = cause.expand(len(targets))
            yield _Change(causes, targets, causes, torch.cat([change[place] for change in changes]))


def _without_candidates(
    parts: Sequence[_Part], lag: int | None, every: Tensor, places: Sequence[Tensor], most_targets: int
) -> Iterator[_Change]:
    """Yield how forecasts of some effects change without each of their candidates.

    Args:
        every: candidates of each effect that any forecaster has, (P, U).
        places: of the candidates of each forecaster (P, M) among these.
    """
    series = parts[0].x.shape[2]
    beyond = [part.conditional.beyond(part.x, lag) for part in parts]
    bytes_of_target = sum(part.forecast[:, 0].nbytes for part in parts) * every.shape[1]
    at_once = max(1, chunk(CANDIDATE_BYTES) // bytes_of_target)
    for some in torch.split(evenly(torch.arange(series, device=every.device), most_targets), at_once):
        changes = []
        for part, taken, place in zip(parts, beyond, places, strict=True):
            change = part.forecast[:, some] - forecasts_without(part.member, part.x, taken, some)  # (M, B, m)
            wide = change.new_zeros(every.shape[1], *change.shape[1:])
            mine = place[some].T[:, None].expand(change.shape)
            changes.append(wide.scatter_add(0, mine, change))
        causes = every[some].T  # (U, m)
        rows = torch.arange(len(causes), device=every.device).repeat_interleave(len(some))
        change = torch.cat(changes, 1).transpose(1, 2).flatten(0, 1).T
        yield _Change(causes.flatten(), some.repeat(len(causes)), rows, change)


def _counting(data: TrainingData, rows: Tensor) -> Tensor | None:
    """Return where next steps of windows count, (windows, P); None: everywhere."""
    return None if data.observed is None else data.seen[rows] > 0


@dataclass(frozen=True)
class _Missed:
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
    def of(cls, data: TrainingData, held: Sequence[Tensor], forecasts: Sequence[Tensor], *, partial: bool) -> _Missed:
        rows = torch.cat(list(held))
        x, seen = data.x[rows], data.seen[rows]
        errors = (data.y[rows] - torch.cat(list(forecasts))) * seen
        centred = functional.pad(x - x.mean(0), (0, 1))
        if not partial:
            return cls(centred, seen, errors, None)
        cells = x[0].numel()
        most = MOST_TAKEN if _crowded(x, len(x)) else None
        regression = WindowRegression.of(x.flatten(1), RIDGE * cells, most)
        return cls(centred, seen, regression.without_own_window(errors), RegressionFit(regression, errors))

    def rises(self, without: _Change, correction: float, lag: int | None = None) -> Tensor:
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


def _crowded(x: Tensor, windows: float) -> bool:
    """Are there more than half as many cells in a window as windows?"""
    return 2 * x[0].numel() > windows


def _either(one: Array, other: Array) -> Array:
    """Return the p-value of two tests, at least one of which has to reject (Bonferroni)."""
    smaller: Array = np.minimum(one, other)
    return np.minimum(1.0, 2 * smaller)


def _mean_step(data: TrainingData, rows: Tensor) -> Tensor:
    """Return the mean next step (P,) of some windows."""
    seen = data.seen[rows]
    mean: Tensor = (data.y[rows] * seen).sum(0) / seen.sum(0).clamp(min=1)
    return mean
