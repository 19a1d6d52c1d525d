"""The lag, chosen without a truth: how many past steps a linear forecaster needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from causalkit.core.choice import Choice
from causalkit.core.discovery import Discovery
from causalkit.core.knowledge import Knowledge
from causalkit.core.panel import Panel
from causalkit.core.run import Run
from causalkit.core.windows import Windows
from causalkit.errors import DataError, ParameterError
from causalkit.model_selection.rules import SUFFICIENT, Rule
from causalkit.model_selection.search import Search
from causalkit.model_selection.splits import fold_masks

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.intp]
LARGEST = 5
"""Largest candidate of "auto"."""


def _up_to(lag: Any) -> str:
    """Return ``auto:12`` as it is, for pydantic.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(lag, str) or not re.fullmatch(r"auto:0*[1-9]\d*", lag):
        raise ValueError("'auto:12' for lags up to 12")
    return lag


AutoUpTo = Annotated[str, BeforeValidator(_up_to), Field(title="auto:MAX")]
Lag = int | Literal["auto"] | AutoUpTo
"""K; "auto": by `choose_lag`, anew in every fit; "auto:12": the same, with lags up to 12."""

CANDIDATES = tuple(range(1, LARGEST + 1))
EVERY = 20
"""Up to here, every lag is a candidate; beyond, one in ten percent is."""
PENALTIES = (1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Of the ridge, for series of variance 1; relative to the number of windows or of coefficients, the larger of both."""
FOLDS = 5
PIECES = 4
"""Stretches of time that a fold is cut into, over which a loss has to be significant."""
LOSS = 0.1
"""Share of its variance that no single series may lose to a larger lag."""
LEVEL = 0.05
STEPS = 4
"""Time steps that a realisation has for each step of the largest candidate."""
COUNTED = 0.9
"""Share of all time steps that lie in realisations of that length."""
COMPLETE = 0.25
"""Share of the windows of the smallest candidate that the largest keeps, where cells are missing."""
ROUNDS = 10
"""Rounds in which cells that must not be learned from are replaced by their forecasts."""
RARE = 0.5
"""Share of the windows below which a series is learned from its own windows alone: too few for such rounds."""
MOST_GROUPS = 20
"""Groups of effects with the same causes, up to which each has its own regression where cells are missing."""
FEW = 1000
"""Windows that are always used; more only as far as their covariance is quickly computed."""
RULE = (
    f"the smallest lag that keeps {SUFFICIENT:.0%} of the best explained held-out variance and with which no series "
    f"loses {LOSS:.0%} of its variance"
)
JUDGE = "a linear forecaster"


@dataclass(frozen=True)
class ChosenLag:
    """What a method whose lag is "auto" goes on with.

    Attributes:
        lag: K.
        choice: how it was chosen, or None: the recording is too short to choose.
    """

    lag: int
    choice: Choice | None

    @property
    def notes(self) -> tuple[str, ...]:
        """Say that nothing could be chosen, or that no lag forecasts anything."""
        if self.choice is None:
            short = "as the recordings are too short to compare any; choose another with --lag"
            return (f"lag {self.lag} was taken, {short}",)
        return (self.choice.sentence(),) if self.choice.nothing_explained else ()

    def recorded_in(self, found: Discovery) -> Discovery:
        """Return a discovery that records how its lag was chosen."""
        chosen = () if self.choice is None else (self.choice,)
        return replace(
            found,
            config={**found.config, "lag": self.lag},
            choices=(*chosen, *found.choices),
            notes=(*self.notes, *found.notes),
        )

    told = recorded_in  # the former name


def candidates_of(lag: str) -> tuple[int, ...]:
    """Return the candidates of "auto" or "auto:12"."""
    largest = int(lag.partition(":")[2] or LARGEST)
    found = [1]
    while found[-1] < largest:
        found.append(min(largest, found[-1] + max(1, found[-1] // 10 if found[-1] >= EVERY else 1)))
    return tuple(found)


def open_lag(candidates: Sequence[float]) -> str:
    """Return "auto" or "auto:12", whichever has these candidates."""
    largest = int(max(candidates))
    return "auto" if largest == LARGEST else f"auto:{largest}"


def known_lag(lag: Lag) -> int:
    """Return a lag that is a number; `causalkit.discover` chooses it before it builds a method.

    Raises:
        ParameterError: it is "auto", or below 1.
    """
    if isinstance(lag, str):
        raise ParameterError("the lag is not chosen yet", "give a number, or build the method with causalkit.discover")
    if lag < 1:
        raise ParameterError(f"lag={lag} is too small", "a lag is a whole number of time steps, at least 1")
    return lag


class AutoLag:
    """A method that leaves its lag open: it is chosen by validation error, anew in every fit.

    Args:
        build: returns the method with a lag.
        lag: "auto", or "auto:12" for lags up to 12.
    """

    def __init__(self, build: Callable[[int], Any], lag: str = "auto") -> None:
        self.build = build
        self.lag = lag

    @property
    def needs_standardized(self) -> bool:
        """Does the method need series of mean 0 and standard deviation 1?"""
        return bool(getattr(self.build(1), "needs_standardized", False))

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return the discovery of a panel at the lag that is chosen for it."""
        chosen = self.chosen(panel, run)
        found: Discovery = self.build(chosen.lag).fit(panel, run)
        return chosen.recorded_in(found)

    def chosen(self, panel: Panel, run: Run) -> ChosenLag:
        """Return the lag of a panel."""
        return chosen_lag(panel, run, candidates_of(self.lag))


def chosen_lag(panel: Panel, run: Run, candidates: Sequence[int] = CANDIDATES) -> ChosenLag:
    """Return the lag of a panel as `choose_lag` chooses it, or the smallest where the panel is too short to choose.

    `causalkit.discover` does this for every method whose lag is "auto", and hands the method a number.
    """
    choice = choose_lag(panel, run, candidates)
    return ChosenLag(min(candidates) if choice is None else int(choice.chosen), choice)


def choose_lag(panel: Panel, run: Run, candidates: Sequence[int] = CANDIDATES) -> Choice | None:
    """Choose the lag of a panel by the held-out forecast error of a linear forecaster.

    For every candidate K, a ridge regression forecasts all series from the last K steps of all. All candidates are
    evaluated on the same windows, those of the largest, in blocks that are left out one at a time
    (`causalkit.model_selection.splits.fold_masks`), with the penalty of the lowest mean error. Chosen is the smallest
    K that keeps `SUFFICIENT` of the best explained variance, the mean over series, among those with which no single
    series loses `LOSS` of its variance against a larger K. For this second condition each series has the penalty that
    is best for it, and a loss has to be significant: a one-sided paired t-test over `PIECES` pieces of each block, with
    Bonferroni's correction for series and larger candidates. Without it, one far-lagged effect in a large panel would
    be averaged away. Where no more than one standard error of the variance is explained, it alone counts.

    The linear forecaster is a compromise: it costs milliseconds, and no training favours a size of the input. A
    relation that shows only in a nonlinear forecast of a far lag escapes it.

    Short recordings have fewer candidates: nine tenths of all steps must lie in realisations of 4 K steps or more.
    Steps at which a series was set from outside or not measured do not count for it. Windows with missing inputs do not
    exist; where cells are missing, causes that background knowledge forbids are no inputs.

    Args:
        panel: whose series need not be standardised.
        run: whose seed decides which realisations make a block, where there are many.
        candidates: lags, each at least 1.

    Returns:
        The choice of "lag", with NaN for candidates that the panel is too short for; None if it is too short for all.

    Raises:
        ParameterError: there is no candidate, or one is below 1.
    """
    lags = sorted(set(candidates))
    if not lags or lags[0] < 1:
        raise ParameterError(f"candidates for the lag are {list(candidates)}", "give whole numbers from 1 on")
    found = _blocks(panel, run, lags)
    if found is None:
        return None
    windows, kept, held = found
    tried = [lag for lag in lags if lag <= windows.x.shape[1]]
    groups = _groups(panel, _knowledge(panel, run))
    evaluated = [_evaluated(windows, kept, held, lag, groups) for lag in tried]
    by_piece = np.stack([pieces for _, pieces in evaluated])
    rule = Rule(RULE, lambda _, by_fold: smallest_sufficient(by_fold, by_piece))
    search = Search("lag", lags, rule)
    for lag, (by_fold, _) in zip(tried, evaluated, strict=True):
        search.tell(lag, by_fold)
    return search.choice(judge=JUDGE)


def smallest_sufficient(folds: Array, pieces: Array) -> int:
    """Return the position of the chosen candidate; errors are in units of the variance, and candidates ascend.

    Args:
        folds: shape (candidates, folds), mean errors over series.
        pieces: shape (candidates, pieces, series); NaN where a series was not to be forecast in a piece.
    """
    complete = pieces[:, :, np.isfinite(pieces).all(axis=(0, 1))]
    sufficient = [position for position in range(len(folds)) if not _loses(complete, position)]
    explained = 1 - folds.mean(axis=1)
    best = max(sufficient, key=lambda position: float(explained[position]))
    if explained[best] <= folds[best].std(ddof=1) / folds.shape[1] ** 0.5:
        return sufficient[0]  # nothing is explained beyond chance
    return next(position for position in sufficient if explained[position] >= SUFFICIENT * explained[best])


def _loses(errors: Array, position: int) -> bool:
    """Tell whether a series is forecast significantly worse than with a larger candidate."""
    from scipy import stats

    loss = errors[position] - errors[position + 1 :]  # (larger candidate, piece, series)
    if not loss.size:
        return False
    mean = loss.mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = mean / (loss.std(axis=1, ddof=1) / loss.shape[1] ** 0.5)
    significant = stats.t.sf(t, loss.shape[1] - 1) <= LEVEL / mean.size
    return bool((significant & (mean >= LOSS)).any())


def _blocks(panel: Panel, run: Run, lags: Sequence[int]) -> tuple[Windows, Mask, Mask] | None:
    """Return the windows of the largest lag that the panel is long enough for, and their blocks; see `fold_masks`."""
    lengths = np.array(panel.lengths)
    knowledge = _knowledge(panel, run)
    most = len(panel.windows(lags[0], by_effect=True, knowledge=knowledge)) if max(lengths) > lags[0] else 0
    for lag in reversed(lags):
        if lag > lags[0] and lengths[lengths >= STEPS * lag].sum() < COUNTED * lengths.sum():
            continue
        try:
            windows = _thinned(panel.windows(lag, by_effect=True, knowledge=knowledge))
            if len(windows) < COMPLETE * min(most, FEW):
                continue
            return windows, *fold_masks(windows, FOLDS, run.numpy_generator())
        except (DataError, ParameterError):  # too few windows for this lag
            continue
    return None


def _thinned(windows: Windows) -> Windows:
    """Return windows, or evenly spaced ones where a choice needs no more of them."""
    columns = windows.x.shape[1] * windows.x.shape[2]
    limit = max(FEW, 4_000_000 // columns)
    if len(windows) <= limit:
        return windows
    return windows.subset(np.linspace(0, len(windows) - 1, limit).astype(np.intp))


def _knowledge(panel: Panel, run: Run) -> Knowledge | None:
    """Return what decides which windows exist: background knowledge, where cells are missing and few regressions do."""
    if run.knowledge is None or not panel.missing or len(_groups(panel, run.knowledge)) > MOST_GROUPS:
        return None
    return run.knowledge


def _groups(panel: Panel, knowledge: Knowledge | None) -> list[tuple[Index, Index]]:
    """Return the causes and the effects of every group of effects with the same causes."""
    if knowledge is None:
        return [(np.arange(panel.series), np.arange(panel.series))]
    causes, group = np.unique(knowledge.allowed(panel.names).T, axis=0, return_inverse=True)
    return [(np.flatnonzero(own), np.flatnonzero(group.ravel() == number)) for number, own in enumerate(causes)]


def _evaluated(
    windows: Windows, kept: Mask, held: Mask, lag: int, groups: Sequence[tuple[Index, Index]]
) -> tuple[Array, Array]:
    """Return mean squared errors in units of the variance: of the folds, (F,), and of pieces of them, (pieces, P).

    The first are means over series under one penalty for all; in the second, each series has its own.
    """
    seen = windows.observed
    mean, deviation = _moments(windows)
    recent = (windows.x[:, -lag:] - mean) / deviation
    y = (windows.y - mean) / deviation
    count = min(PIECES, int(held.sum(axis=1).min()))
    folds, pieces = [], []
    for learn, judge in zip(kept, held, strict=True):
        squared = np.empty((len(PENALTIES), int(judge.sum()), y.shape[1]))
        for causes, effects in groups:
            inputs = recent[:, :, causes].reshape(len(windows), -1)
            known = None if seen is None else seen[np.ix_(learn, effects)]
            forecast = _ridge(inputs[learn], y[np.ix_(learn, effects)], known, inputs[judge])
            squared[:, :, effects] = (forecast - y[np.ix_(judge, effects)]) ** 2
        if seen is not None:
            squared[:, ~seen[judge]] = np.nan
        folds.append(_mean(squared))
        pieces += [_mean(part) for part in np.array_split(squared, count, axis=1)]
    by_fold, by_piece = np.stack(folds, axis=1), np.stack(pieces, axis=1)  # (penalty, fold or piece, series)
    errors = np.nanmean(by_fold, axis=2)
    own = np.nan_to_num(_mean(by_fold), nan=np.inf).argmin(axis=0)
    return errors[errors.mean(axis=1).argmin()], by_piece[own, :, np.arange(y.shape[1])].T


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
    """Return the mean over the second axis of what is there, NaN where nothing is."""
    there = np.isfinite(values)
    count = there.sum(axis=1)
    result: Array = np.where(count > 0, np.where(there, values, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)
    return result


def _ridge(x: Array, y: Array, seen: Mask | None, ahead: Array) -> Array:
    """Return the forecasts (penalties, H, P) of a ridge regression.

    Args:
        x, y: what to learn from, (N, D) and (N, P).
        seen: which of ``y`` are to be learned from, or None: all. The others are replaced by the forecasts of the
            regression, again and again, which leads to the regression without them. Series with few of them have a
            regression of their own.
        ahead: inputs of the forecasts, (H, D).
    """
    if seen is not None and (rare := seen.mean(axis=0) < RARE).any():
        found = np.zeros((len(PENALTIES), len(ahead), y.shape[1]))
        if not rare.all():
            found[:, :, ~rare] = _ridge(x, y[:, ~rare], seen[:, ~rare], ahead)
        patterns, pattern = np.unique(seen[:, rare].T, axis=0, return_inverse=True)
        for number, rows in enumerate(patterns):
            mine = np.flatnonzero(rare)[pattern.ravel() == number]
            if rows.any():
                found[:, :, mine] = _ridge(x[rows], y[np.ix_(rows, mine)], None, ahead)
        return found
    inner, outer, squares = _principal(x, ahead)
    known: Array = inner.T @ (y if seen is None else np.where(seen, y, 0.0))  # (R, P)
    forecasts = []
    for penalty in PENALTIES:
        shrunk = (squares + penalty * max(x.shape))[:, None]
        products: Array = known
        if seen is not None:
            for _ in range(ROUNDS):
                products = known + inner.T @ np.where(seen, 0.0, inner @ (products / shrunk))
        forecasts.append(outer @ (products / shrunk))
    return np.stack(forecasts)


def _principal(x: Array, ahead: Array) -> tuple[Array, Array, Array]:
    """Return inputs (N, R) and (H, R) along the principal axes of the first, and the sums of their squares (R,).

    The decomposition is of the columns or of the rows, whichever are fewer.
    """
    if x.shape[1] <= len(x):
        squares, axes = np.linalg.eigh(x.T @ x)
        return x @ axes, ahead @ axes, np.maximum(squares, 0.0)
    squares, rows = np.linalg.eigh(x @ x.T)
    some = squares > 1e-10 * squares[-1]
    squares, rows = squares[some], rows[:, some]
    size = np.sqrt(squares)
    return rows * size, (ahead @ x.T) @ (rows / size), squares
