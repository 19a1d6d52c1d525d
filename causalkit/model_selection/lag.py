"""The lag, chosen without a truth: how many past steps a forecaster needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from causalkit.core.choice import Choice
from causalkit.core.discovery import Discovery
from causalkit.core.knowledge import Knowledge
from causalkit.core.panel import Panel
from causalkit.core.refit import as_it_chose, with_its_choices
from causalkit.core.run import Run
from causalkit.core.windows import Windows
from causalkit.errors import DataError, ParameterError
from causalkit.model_selection.lag_candidates import candidates_of, long_enough
from causalkit.model_selection.lag_judge import JUDGE, Judge, effects_by_causes, judge_of_many
from causalkit.model_selection.lag_rule import RULE, smallest_sufficient
from causalkit.model_selection.rules import Rule
from causalkit.model_selection.screening import is_large
from causalkit.model_selection.search import Search
from causalkit.model_selection.splits import Folds, fold_masks

FOLDS = 5
COMPLETE = 0.25
"""Share of the windows of the smallest candidate that the largest keeps, where cells are missing."""
MOST_GROUPS = 20
"""Groups of effects with the same causes, up to which each has its own inputs where cells are missing."""
FEW = 1000
"""Windows that are always used; more only as far as their products are quickly computed."""


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

    def with_network_of(self, found: Discovery) -> AutoLag:
        """Return the method with the forecaster that a discovery of it chose, and an open lag."""
        return AutoLag(lambda lag: as_it_chose(self.build(lag), found), self.lag)

    def with_choices_of(self, found: Discovery) -> Any:
        """Return the method with the lag that a discovery of it chose, and all else that it chose."""
        method = self.build(int(found.config["lag"]))
        return with_its_choices(method, found) or method

    def chosen(self, panel: Panel, run: Run) -> ChosenLag:
        """Return the lag of a panel."""
        return chosen_lag(panel, run, candidates_of(self.lag, panel.lengths, panel.series))


def chosen_lag(panel: Panel, run: Run, candidates: Sequence[int] | None = None) -> ChosenLag:
    """Return the lag of a panel as `choose_lag` chooses it, or the smallest where the panel is too short to choose.

    `causalkit.discover` does this for every method whose lag is "auto", and hands the method a number.
    """
    lags = candidates_of("auto", panel.lengths, panel.series) if candidates is None else candidates
    choice = choose_lag(panel, run, lags)
    return ChosenLag(min(lags) if choice is None else int(choice.chosen), choice)


def choose_lag(panel: Panel, run: Run, candidates: Sequence[int] | None = None) -> Choice | None:
    """Choose the lag of a panel by the held-out forecast error of sparse nonlinear forecasters.

    For every candidate K, each series is forecast from the last K steps of all by the inputs that forward selection
    takes one after the other: values, their squares, and products (`causalkit.model_selection.lag_judge`). All
    candidates are evaluated on the same windows, those of the largest, in blocks that are left out one at a time
    (`causalkit.model_selection.splits.fold_masks`). The rule is `causalkit.model_selection.lag_rule`: a lag must be
    nearly as good as the best for the average series, in units of the error that remains and not of the variance, so
    that series that persist are no exception; and no single series may lose what only the further past of the others
    explains, so that one far-lagged effect in a large panel is not averaged away; nor the average series anything
    beyond chance, so that many weak effects at a larger lag are not missed one by one.

    Short recordings have fewer candidates: nine tenths of all steps must lie in realisations of 4 K steps or more.
    Steps at which a series was set from outside or not measured do not count for it. Windows with missing inputs do not
    exist; where cells are missing, causes that background knowledge forbids are no inputs.

    Args:
        panel: whose series need not be standardised.
        run: whose seed decides which realisations make a block, where there are many.
        candidates: lags, each at least 1; None: those of "auto", whose maximum follows the size of the panel.

    Returns:
        The choice of "lag", with NaN for candidates that the panel is too short for; None if it is too short for all.

    Raises:
        ParameterError: there is no candidate, or one is below 1.
    """
    lags = sorted(set(candidates_of("auto", panel.lengths, panel.series) if candidates is None else candidates))
    if not lags or lags[0] < 1:
        raise ParameterError(f"candidates for the lag are {lags}", "give whole numbers from 1 on")
    found = _blocks(panel, run, lags)
    if found is None:
        return None
    windows, folds = found
    tried = [lag for lag in lags if lag <= windows.x.shape[1]]
    if is_large(panel.series):
        allowed = (
            np.ones((panel.series,) * 2, dtype=bool) if run.knowledge is None else run.knowledge.allowed(panel.names)
        )
        judge, about = Judge(windows, folds, (), allowed), judge_of_many(panel.series)
    else:
        judge, about = Judge(windows, folds, effects_by_causes(panel, _knowledge(panel, run))), JUDGE
    errors = judge.errors(tried)
    rule = Rule(RULE, lambda _, by_fold: smallest_sufficient(by_fold, errors.pieces, errors.own_past_free))
    search = Search("lag", lags, rule)
    for lag, by_fold in zip(tried, errors.folds, strict=True):
        search.tell(lag, by_fold)
    return search.choice(judge=about)


def _blocks(panel: Panel, run: Run, lags: Sequence[int]) -> tuple[Windows, Folds] | None:
    """Return the windows of the largest lag that the panel is long enough for, and their blocks."""
    knowledge = _knowledge(panel, run)
    most = len(panel.windows(lags[0], by_effect=True, knowledge=knowledge)) if max(panel.lengths) > lags[0] else 0
    for lag in reversed(lags):
        if lag > lags[0] and not long_enough(lag, panel.lengths):
            continue
        try:
            windows = _thinned(panel.windows(lag, by_effect=True, knowledge=knowledge))
            if len(windows) < COMPLETE * min(most, FEW):
                continue
            return windows, Folds(*fold_masks(windows, FOLDS, run.numpy_generator()))
        except (DataError, ParameterError):  # too few windows for this lag
            continue
    return None


def _thinned(windows: Windows) -> Windows:
    """Return windows, or evenly spaced ones where a choice needs no more of them."""
    columns = windows.x.shape[1] * windows.x.shape[2]
    limit = max(FEW, 400_000 // columns)
    if len(windows) <= limit:
        return windows
    return windows.subset(np.linspace(0, len(windows) - 1, limit).astype(np.intp))


def _knowledge(panel: Panel, run: Run) -> Knowledge | None:
    """Return the knowledge that decides which windows exist, where cells are missing; None: it makes many groups."""
    if run.knowledge is None or not panel.missing or len(effects_by_causes(panel, run.knowledge)) > MOST_GROUPS:
        return None
    return run.knowledge
