"""How well each lag forecasts: a sparse forecaster of every series from values, their squares and their products."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalkit.core.knowledge import Knowledge
from causalkit.core.panel import Panel
from causalkit.core.windows import Windows
from causalkit.model_selection.forward_selection import Index, forward_selection
from causalkit.model_selection.screening import most_candidates, screen
from causalkit.model_selection.splits import Folds

Array = NDArray[np.float64]
Small = NDArray[np.float32]
Mask = NDArray[np.bool_]
JUDGE = "a sparse forecaster with squares and products"
MOST = 20
"""Inputs that forward selection takes for a series; fewer where windows are few."""
WINDOWS_PER_INPUT = 8
CELLS = 8
"""Cells of the window, the first that were selected, whose products are tried."""
FARTHEST = 3.0
"""Standard deviations to which values are cut before they are squared or multiplied."""
PIECES = 4
"""Stretches of time that a fold is cut into, over which a loss has to be significant."""
WIDEST = 6000
"""Inputs that forward selection looks at, the ones most correlated with a target where there are more."""
NARROW, MANY = 400, 20
"""The same where series were measured at different steps, in so many groups or more."""
TARGETS, CANDIDATES, AT_ONCE = 150, 32, 10
"""Where there are very many series: effects that are forecast, candidate causes of each, and effects at a time."""
MEMORY = 20_000_000
"""Numbers that forward selection remembers at a time: targets times inputs times steps."""


@dataclass(frozen=True)
class LagErrors:
    """Held-out squared errors of C lags, in units of the variance, each series with its best number of inputs.

    Attributes:
        folds: means over series, shape (C, folds).
        pieces: shape (C, pieces, P); NaN where a series was not to be forecast in a piece.
        own_past_free: the same, where a series may use its own past up to the largest lag.
    """

    folds: Array
    pieces: Array
    own_past_free: Array


def effects_by_causes(panel: Panel, knowledge: Knowledge | None) -> list[tuple[Index, Index]]:
    """Return the causes and the effects of every group of effects with the same causes."""
    if knowledge is None:
        return [(np.arange(panel.series), np.arange(panel.series))]
    causes, group = np.unique(knowledge.allowed(panel.names).T, axis=0, return_inverse=True)
    return [(np.flatnonzero(own), np.flatnonzero(group.ravel() == number)) for number, own in enumerate(causes)]


def forecast_targets(series: int) -> Index:
    """Return the effects that are forecast where there are very many series: evenly spaced ones."""
    return np.unique(np.linspace(0, series - 1, min(series, TARGETS)).astype(np.intp))


def judge_of_many(series: int) -> str:
    """Say what forecasts where there are very many series."""
    return f"{JUDGE}, of {len(forecast_targets(series))} of {series} series, each from {CANDIDATES} candidate causes,"


class Judge:
    """Forecasts held-out blocks of windows with every lag.

    Args:
        windows: of the largest lag.
        folds: blocks of them.
        groups: causes and effects, see `effects_by_causes`.
        allowed: where there are very many series: which causes [cause, effect] each effect may have. Only some effects,
            evenly spaced, are forecast then, each from candidate causes (`causalkit.model_selection.screening`).
    """

    def __init__(
        self,
        windows: Windows,
        folds: Folds,
        groups: Sequence[tuple[Index, Index]],
        allowed: Mask | None = None,
    ) -> None:
        mean, deviation = _moments(windows)
        self.allowed = allowed
        self.targets = np.arange(len(mean)) if allowed is None else forecast_targets(len(mean))
        recent = ((windows.x[:, ::-1] - mean) / deviation).astype(np.float32)  # lag 1 first
        cut = np.clip(recent, -FARTHEST, FARTHEST)
        self.inputs = np.stack([recent, cut**2], axis=2)  # (N, K, 2, P)
        self.cut = cut
        self.y = ((windows.y - mean) / deviation).astype(np.float32)[:, self.targets]
        seen = windows.observed
        self.seen = np.ones(self.y.shape, dtype=bool) if seen is None else seen[:, self.targets]
        if allowed is not None:  # one more series, which is 0: in the place of candidates that are lacking
            self.inputs, self.cut = (
                np.concatenate([one, np.zeros_like(one[..., :1])], -1) for one in (self.inputs, cut)
            )
        self.folds = folds
        self.groups = groups

    def errors(self, lags: Sequence[int]) -> LagErrors:
        """Return the errors of lags, which ascend."""
        sizes = 2 * (MOST + 1)
        by_fold: list[Array] = []
        by_piece: list[Array] = []
        count = min(PIECES, int(self.folds.held.sum(axis=1).min()))
        for learn, judged in zip(self.folds.kept, self.folds.held, strict=True):
            squared = np.full((2, len(lags), sizes, int(judged.sum()), self.y.shape[1]), np.nan)
            for causes, effects in self._screened(learn) if self.allowed is not None else self.groups:
                patterns, pattern = np.unique(self.seen[np.ix_(learn, effects)].T, axis=0, return_inverse=True)
                widest = WIDEST if len(patterns) * len(self.groups) < MANY else NARROW
                for number, rows in enumerate(patterns):
                    mine = effects[pattern.ravel() == number]
                    learned = np.flatnonzero(learn)[rows]
                    own = causes[pattern.ravel() == number] if causes.ndim == 2 else causes
                    _Block(self, learned, np.flatnonzero(judged), own, widest).forecast(mine, lags, squared)
            squared[..., ~self.seen[judged]] = np.nan
            by_fold.append(_mean(squared))
            by_piece += [_mean(part) for part in np.array_split(squared, count, axis=3)]
        folds, pieces = np.stack(by_fold, axis=3), np.stack(by_piece, axis=3)  # (2, C, sizes, fold or piece, P)
        own = np.nan_to_num(_mean(folds), nan=np.inf).argmin(axis=2)[:, :, None, None]  # each series its best size
        best_folds = np.take_along_axis(folds, own, axis=2)[:, :, 0]
        best_pieces = np.take_along_axis(pieces, own, axis=2)[:, :, 0]
        return LagErrors(np.nanmean(best_folds[0], axis=2), best_pieces[0], best_pieces[1])

    def _screened(self, learn: Mask) -> Iterator[tuple[Index, Index]]:
        """Yield effects with the candidate causes (effects, M) of each, from windows that are learned from."""
        x = self.inputs[learn, :, 0, :-1]
        seen = None if self.seen.all() else self.seen[learn]
        most = min(CANDIDATES, most_candidates(len(x), x.shape[2]))
        found = screen(x, self.y[learn], seen, self.allowed, targets=self.targets, most=most)
        for effects in np.array_split(np.arange(len(self.targets)), -(-len(self.targets) // AT_ONCE)):
            yield found[effects], effects


class _Block:
    """Inputs to learn from and inputs of held-out windows, of effects that were measured in the same windows.

    All effects have the same causes, or each has its own: shape (effects, M).
    """

    def __init__(self, judge: Judge, learned: Index, held: Index, causes: Index, widest: int) -> None:
        self.judge, self.learned, self.held, self.causes, self.widest = judge, learned, held, causes, widest

    def forecast(self, effects: Index, lags: Sequence[int], squared: Array) -> None:
        """Write the squared errors of effects into ``squared`` (2, C, sizes, H, P)."""
        y, ahead = self.judge.y[np.ix_(self.learned, effects)], self.judge.y[np.ix_(self.held, effects)]
        if not len(self.learned):
            squared[..., effects] = (ahead**2)[None, None, None]
            return
        center = y.mean(axis=0)
        y, ahead = y - center, (ahead - center).T
        own = self.causes.ndim == 2
        chosen = self.judge.inputs[:, : lags[-1], :, self.causes]  # (N, K, 2, M) or (N, K, 2, effects, M)
        if own:
            chosen = chosen.transpose(3, 0, 1, 2, 4)
        shape = chosen.shape[-3:]
        flat = chosen.reshape(*chosen.shape[:-3], -1)
        x, later = _standardized(flat[..., self.learned, :], flat[..., self.held, :], axis=-2)
        lag, kind, cause = (part.ravel() for part in np.indices(shape))
        if x.shape[-1] > self.widest:
            some = np.sort(np.abs(x.T @ y).max(axis=1).argsort()[-self.widest :])
            x, later, lag, kind, cause = x[:, some], later[:, some], lag[some], kind[some], cause[some]
        products = x.swapaxes(-1, -2) @ x
        most = max(1, min(MOST, len(self.learned) // WINDOWS_PER_INPUT))
        batch = max(1, MEMORY // (products.shape[-1] * most))
        for first in range(0, len(effects), batch):
            part = slice(first, first + batch)
            mine = part if own else slice(None)
            own_past = self.causes[mine][..., cause] == self.judge.targets[effects[part], None]
            if own:
                with_target = (x[part].swapaxes(1, 2) @ y.T[part, :, None])[:, :, 0]
            else:
                with_target = np.ascontiguousarray((x.T @ y[:, part]).T)
            for position, largest in enumerate(lags):
                for free in (False, True):
                    within = lag < largest
                    width = len(lag) if free else int(within.sum())
                    steps = min(most, width)
                    taken = forward_selection(
                        products[mine][..., :width, :width],
                        with_target[:, :width],
                        np.ascontiguousarray(later[mine][..., :width].swapaxes(-1, -2)),
                        steps,
                        within | own_past if free else None,
                    )
                    cells = np.stack([lag[taken.order], cause[taken.order]], axis=2)  # (S, B, 2)
                    selected = _taken(x[mine], taken.order), _taken(later[mine], taken.order)
                    more = self._with_products(cells, selected, y[:, part], steps, self.causes[mine])
                    for offset, forecasts in ((0, taken.forecasts), (MOST + 1, more)):
                        error = (forecasts - ahead[part]) ** 2
                        error = np.concatenate([error, np.repeat(error[-1:], MOST + 1 - len(error), axis=0)])
                        squared[int(free), position, offset : offset + MOST + 1, :, effects[part]] = error.transpose(
                            1, 0, 2
                        )

    def _with_products(self, cells: Index, selected: tuple[Small, Small], y: Small, steps: int, causes: Index) -> Small:
        """Return the forecasts (S + 1, B, H) from the selected inputs and from products of their first cells.

        Args:
            cells: lag and cause of the selected inputs, shape (S, B, 2).
            selected: the selected inputs, shapes (N, S, B) and (H, S, B).
            y: what to learn, shape (N, B).
            steps: S.
            causes: shape (M,) or (B, M).
        """
        one, other = np.triu_indices(CELLS, 1)
        first = np.stack([_different(cells[:, target]) for target in range(cells.shape[1])], axis=1)  # (CELLS, B, 2)
        series = causes[first[..., 1]] if causes.ndim == 1 else causes[np.arange(len(causes)), first[..., 1]]
        values = self.judge.cut[:, first[..., 0], series]  # (N, CELLS, B)

        def inputs_of(rows: Index, taken: Small) -> Small:
            mine = values[rows]
            both = np.concatenate([taken, mine[:, one] * mine[:, other]], axis=1)
            return np.ascontiguousarray(both.transpose(2, 1, 0))  # (B, inputs, windows)

        x, later = _standardized(inputs_of(self.learned, selected[0]), inputs_of(self.held, selected[1]), axis=2)
        products = x @ x.transpose(0, 2, 1)
        with_target = (x @ y.T[:, :, None])[:, :, 0]
        return forward_selection(products, with_target, later, steps).forecasts


def _taken(inputs: Small, order: Index) -> Small:
    """Return the inputs that were taken (S, B) of inputs (N, D), or (B, N, D), as (N, S, B)."""
    if inputs.ndim == 2:
        return inputs[:, order]
    return np.take_along_axis(inputs, order.T[:, None], axis=2).transpose(1, 2, 0)


def _different(cells: Index) -> Index:
    """Return the first `CELLS` different ones of the cells (S, 2), again from the first where there are fewer."""
    found = np.array(list(dict.fromkeys(map(tuple, cells))))
    return np.resize(found[:CELLS], (CELLS, 2))


def _standardized(x: Small, later: Small, axis: int = 0) -> tuple[Small, Small]:
    """Return both in units of the first: mean 0 and standard deviation 1 over windows."""
    mean, deviation = x.mean(axis=axis, keepdims=True), x.std(axis=axis, keepdims=True)
    deviation[deviation < 1e-6] = 1.0
    return (x - mean) / deviation, (later - mean) / deviation


def _moments(windows: Windows) -> tuple[Array, Array]:
    """Return mean and standard deviation of the next steps of every series, over those that were measured."""
    if windows.unmeasured is None:
        mean, deviation = windows.y.mean(axis=0), windows.y.std(axis=0)
    else:
        measured = ~windows.unmeasured[:, -1]
        count = np.maximum(measured.sum(axis=0), 1)
        mean = np.where(measured, windows.y, 0.0).sum(axis=0) / count
        deviation = np.sqrt((np.where(measured, windows.y - mean, 0.0) ** 2).sum(axis=0) / count)
    return mean, np.where(deviation > 0, deviation, 1.0)


def _mean(values: Array) -> Array:
    """Return the mean over the last axis but one of what is there, NaN where nothing is."""
    there = np.isfinite(values)
    count = there.sum(axis=-2)
    result: Array = np.where(count > 0, np.where(there, values, 0.0).sum(axis=-2) / np.maximum(count, 1), np.nan)
    return result
