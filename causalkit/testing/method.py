"""Contract of a method: ``fit(panel, run)`` returns a discovery that can be trusted and repeated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from causalkit.api import build_method, fit
from causalkit.core.discovery import Discovery
from causalkit.core.panel import Panel
from causalkit.core.run import Run
from causalkit.errors import DataError, ParameterError
from causalkit.plugins.params import nest, signature_of
from causalkit.plugins.records import AUTO, Forecaster, Method
from causalkit.plugins.registry import Provided, registry
from causalkit.testing import realisations, systems
from causalkit.testing.checklist import Checks
from causalkit.testing.randomness import UNLIKELY_SEED, untouched_randomness
from causalkit.testing.result import CheckResult, DoesNotApply, require
from causalkit.testing.seeding import Seeds
from causalkit.testing.subject import checked

EDGE_LAG = systems.LAG
SIGNIFICANT, TINY = 0.05, 0.01
SAME_SCORES = 1e-3
"""Relative to the largest score: what solvers leave open when the order of the series changes."""
SPREAD = 0.25
"""Relative to the largest score: how far scores with other random draws may lie apart, beyond what seeds do."""


def check_method(subject: str | Method | Provided[Method], seed: int = 0) -> list[CheckResult]:
    """Check a method on a system of three series whose only edge is 0 -> 1 at lag 2.

    Args:
        subject: the name of an installed method, or its record.
        seed: of the system and of the runs.

    Returns:
        One result for each promise.
    """
    return checked(Method, subject, lambda provided: _Trial(provided, seed).checks())


class _Trial:
    """One method on one system; the first fit is shared by the checks that only look at it."""

    def __init__(self, provided: Provided[Method], seed: int) -> None:
        self.provided = provided
        self.seed = seed
        self.panel = systems.pair(seed=seed)
        self.before = self.panel.sha256
        self.found: Discovery
        self.reseeded: list[Discovery] = []
        self.draws = True

    def checks(self) -> Checks:
        if self.provided.record.forecasters:
            yield "candidates for its forecaster exist and fit its regularizer", self.candidates_fit
        if not (yield "can be built with its test_params", self.build):
            return
        if not (yield "returns a discovery", self.first_fit):
            return
        fitting = yield "scores are finite, non-negative and (cause, effect, lag)", self.scores_fit_the_panel
        yield "keeps the names of the series", self.names_are_kept
        if (yield "ranks 0 -> 1 at lag 2 first", self.edge_comes_first):
            yield "tells cause from effect", self.direction_shows
            yield "p-values are small where the edge is", self.p_values_point_to_the_edge
            if self.found.effects is not None:
                yield "effects have the place and the sign of the edge", self.effects_point_to_the_edge
            if self.found.selected is not None:
                yield "what it selects contains the edge", self.selected_contains_the_edge
            if fitting:
                yield "acts on lag", self.lag_acts
        yield "leaves the panel as it was", self.panel_is_unchanged
        yield "what it chose by itself is what its configuration says", self.choices_are_used
        yield "same seed gives identical bytes", self.same_seed_same_bytes
        yield "a second fit of one object starts afresh", self.no_hidden_state
        yield "leaves global random numbers alone", self.randomness_is_untouched
        yield "random numbers follow the seed of the run", self.seed_acts
        yield "the order of the series does not matter", self.order_does_not_matter
        if (yield "learns from every realisation", self.realisations_are_used):
            yield "windows never cross the border of a realisation", self.borders_are_respected
        yield "missing cells are handled, or refused with a DataError", self.missing_cells

    def candidates_fit(self) -> None:
        record = self.provided.record
        lacking = sorted(set(record.forecasters) - {one.record.name for one in registry().all(Forecaster)})
        require(
            not lacking,
            f"{', '.join(lacking)} of forecasters is not installed: name forecasters of this plugin, or of those that "
            "its distribution requires",
        )
        from causalkit.neural.parts import fitting, forecaster_parts, penalty_sum

        parts = forecaster_parts(record, AUTO)
        fit = fitting(parts, penalty_sum(record.regularizer, nest(record.defaults).get("regularizer", {})))
        unfit = [part.record.name for part in parts if part not in fit]
        require(
            not unfit,
            f"{', '.join(unfit)} of forecasters cannot work with the regularizer {record.regularizer}: leave it out",
        )

    def build(self) -> None:
        tree = nest(self.provided.record.test_params)
        if "lag" in signature_of(self.provided.record.load()):
            tree.setdefault("lag", EDGE_LAG)
        self.tree = tree
        self.acting, self.config = build_method(self.provided, tree)

    def first_fit(self) -> None:
        self.found = self._fit(self.acting, self.panel)

    def scores_fit_the_panel(self) -> None:
        scores, series = self.found.scores, self.panel.series
        require(scores.shape[:2] == (series, series), f"scores have the shape {scores.shape} for {series} series")
        require(np.isfinite(scores).all() and (scores >= 0).all(), "a score is negative or not finite")
        lag = self.config.get("lag")
        if self.provided.record.lagged and isinstance(lag, int):
            require(self.found.lags == lag, f"scores have {self.found.lags} lags where lag={lag} was asked for")

    def names_are_kept(self) -> None:
        require(self.found.names == systems.NAMES, f"{systems.NAMES} became {self.found.names}")

    def edge_comes_first(self) -> None:
        _require_edge(self.found, EDGE_LAG, lagged=self.provided.record.lagged)

    def direction_shows(self) -> None:
        pairs = self.found.pair_scores
        require(
            pairs[0, 1] > pairs[1, 0] and np.abs(pairs - pairs.T).max() > SAME_SCORES * pairs.max(),
            f"0 -> 1 has the score {pairs[0, 1]:.3g} and 1 -> 0 has {pairs[1, 0]:.3g}, although only 0 acts on 1: "
            "do not average scores with their transpose, and do not use a measure without direction",
        )
        others = pairs.copy()
        others[0, 1] = -np.inf
        require(others.max() < pairs[0, 1], "other pairs have the same score as 0 -> 1, the only edge")

    def p_values_point_to_the_edge(self) -> None:
        p_values = self.found.pair_p_values
        if p_values is None:
            raise DoesNotApply("it has no p-values")
        p_values = np.asarray(p_values)
        edge, back = p_values[0, 1], p_values[1, 0]
        apart = ~np.eye(len(p_values), dtype=bool)
        apart[0, 1] = False
        others = p_values[apart]
        hint = "a p-value is small where there is an edge; permutation tests need enough permutations in test_params"
        by_lag = None if self.found.p_values is None else np.asarray(self.found.p_values)[0, 1]
        if (edge if by_lag is None else by_lag[min(EDGE_LAG, len(by_lag)) - 1]) > 1 - TINY:
            hint = "it may hand over 1 - p"
        elif back < TINY or back < edge:
            hint = "p-values are [cause, effect, lag - 1], as scores are"
        few = (others <= edge).sum() < len(others) / 2  # those of a few permutations are coarse
        require(
            edge <= SIGNIFICANT and edge <= back and few,
            f"the p-value of 0 -> 1, the only edge, is {edge:.3g}, and the smallest of the other pairs is "
            f"{others.min():.3g}: {hint}",
        )
        small = int((others < TINY).sum())
        require(
            small < len(others) / 2,
            f"{small} of {len(others)} pairs without an edge have a p-value below {TINY}: where there is no edge, "
            "p-values should be spread evenly between 0 and 1",
        )
        self._p_values_point_to_the_lag()

    def _p_values_point_to_the_lag(self) -> None:
        p_values = self.found.p_values
        if p_values is None or not self.provided.record.lagged or self.found.lags < EDGE_LAG:
            return
        best = int(np.asarray(p_values)[0, 1].argmin()) + 1
        require(best == EDGE_LAG, f"the p-value of 0 -> 1 is smallest at lag {best}, not {EDGE_LAG}")

    def effects_point_to_the_edge(self) -> None:
        effects = self.found.effects
        assert effects is not None
        mean = np.asarray(effects.mean)
        there, back = mean[0, 1], mean[1, 0]
        strongest = float(there[np.abs(there).argmax()])
        require(
            abs(strongest) > np.abs(back).max(),
            f"the effect of 0 on 1, the only edge, is {strongest:.3g}, and that of 1 on 0 is up to "
            f"{np.abs(back).max():.3g}: effects are [cause, effect, lag - 1], as scores are",
        )
        require(strongest > 0, f"the effect of 0 on 1 is {strongest:.3g}, and 0 raises 1: its sign is wrong")

    def selected_contains_the_edge(self) -> None:
        chosen = np.asarray(self.found.pair_selected)
        if not chosen[~np.eye(len(chosen), dtype=bool)].any():
            raise DoesNotApply("it selects no edge between two series; some rules need many edges to select one")
        require(
            bool(chosen[0, 1]),
            "it selects other pairs, and not 0 -> 1, the only edge"
            + (": selected is [cause, effect, lag - 1], as scores are" if chosen[1, 0] else ""),
        )

    def lag_acts(self) -> None:
        """Ask for one lag more, on a system whose edge acts there."""
        longer = EDGE_LAG + 1
        if "lag" not in signature_of(self.provided.record.load()):
            raise DoesNotApply("it has no parameter lag")
        found = self._fit_with_lag(longer, systems.pair(lag=longer, seed=self.seed))
        if self.provided.record.lagged:
            require(found.lags == longer, f"with lag={longer} scores have {found.lags} lags: it ignores lag")
        if not found.pair_scores[0, 1]:  # exact zeros under short training say nothing; an edge out of reach does
            shorter = self._fit_with_lag(1, self.panel).pair_scores
            require(
                shorter[0, 1] < 0.5 * self.found.pair_scores[0, 1] or shorter[0, 1] < shorter.max(),
                f"with lag=1 it still finds 0 -> 1, which acts at lag {EDGE_LAG}: it ignores lag",
            )
            return
        pairs = found.pair_scores
        score, best = pairs[0, 1], int(found.scores[0, 1].argmax()) + 1
        require(
            score == pairs.max() and (best == longer or not self.provided.record.lagged),
            f"with lag={longer}, on a system whose only edge is 0 -> 1 at lag {longer}, that pair has the score "
            f"{score:.3g}, at lag {best}, and the largest score is {pairs.max():.3g}: it looks less far back than lag "
            "says",
        )

    def _fit_with_lag(self, lag: int, panel: Panel) -> Discovery:
        try:
            acting, config = build_method(self.provided, {**self.tree, "lag": lag})
        except ParameterError as refusal:
            raise DoesNotApply(f"it refuses lag={lag} ({refusal.message})") from refusal
        return fit(acting, self.provided, config, panel, self._run(self.seed), standardize=False)

    def panel_is_unchanged(self) -> None:
        require(self.panel.sha256 == self.before, "fit wrote into the panel: copy what you change")

    def choices_are_used(self) -> None:
        for choice in self.found.choices:
            if choice.within:
                continue
            used = _configured(self.found.config, choice.parameter.split("."))
            require(used, f"it chose {choice.parameter}, which the configuration does not have")
            require(
                (choice.chosen_label if choice.labels else choice.chosen) in used,
                f"it chose {choice.parameter}={choice.chosen_label}, but the configuration says "
                f"{', '.join(map(str, used))}: put what was chosen into Discovery.config",
            )

    def same_seed_same_bytes(self) -> None:
        fresh, _ = build_method(self.provided, self.tree)
        again = self._fit(fresh, self.panel)
        require(
            again.scores.tobytes() == self.found.scores.tobytes(),
            f"two runs with seed {self.seed} differ by up to {_difference(again, self.found):.3g}: every random draw "
            "has to come from run.numpy_generator(), run.torch_generator() or run.isolated()",
        )

    def no_hidden_state(self) -> None:
        again = self._fit(self.acting, self.panel)
        require(
            again.scores.tobytes() == self.found.scores.tobytes(),
            f"the second fit of one object differs by up to {_difference(again, self.found):.3g}: fit must not "
            "change the object",
        )

    def randomness_is_untouched(self) -> None:
        with untouched_randomness():
            self._fit(self.acting, self.panel)

    def seed_acts(self) -> None:
        """Fit with two seeds. Where both give the same, a seed that is the same in both runs must not decide either."""
        notes = [Seeds(), Seeds()]
        self.reseeded = []
        for position, seeds in enumerate(notes):
            with seeds.noting():
                self.reseeded.append(self._fit(self.acting, self.panel, UNLIKELY_SEED + self.seed + position))
        first, second = self.reseeded
        constant = frozenset(notes[0].seen & notes[1].seen)
        self.draws = first.scores.tobytes() != second.scores.tobytes()
        if self.draws or not constant:
            return
        with Seeds(moved=constant).noting():
            other = self._fit(self.acting, self.panel, UNLIKELY_SEED + self.seed)
        listed = ", ".join(map(str, sorted(constant)[:3]))
        self.draws = other.scores.tobytes() != first.scores.tobytes()
        require(
            not self.draws,
            f"it draws random numbers with a seed of its own ({listed}), so that --seed changes nothing: use "
            "run.numpy_generator() or run.torch_generator(), build networks in run.isolated(), and give other "
            "libraries run.seed",
        )

    def order_does_not_matter(self) -> None:
        """Reverse the columns. Random draws then fall elsewhere: a method that has them is compared over seeds.

        The names stay where they are: a method sees series in the order of their names.
        """
        panel = Panel.of([values[:, ::-1] for values in self.panel.realisations], names=systems.NAMES, source="check")
        seeds = [UNLIKELY_SEED + self.seed + position for position in range(2)]
        there = np.stack([found.pair_scores for found in [self.found, *self.reseeded]])
        here = np.stack([self._fit(self.acting, panel, seed).pair_scores[::-1, ::-1] for seed in seeds])
        gaps = np.maximum(there.min(0) - here.max(0), here.min(0) - there.max(0))
        largest = max(there.max(), here.max())
        cause, effect = divmod(int(gaps.argmax()), len(gaps))
        moved = " to ".join(f"{scores[:, cause, effect].mean():.3g}" for scores in (there, here))
        require(
            gaps.max() <= (SPREAD if self.draws else SAME_SCORES) * largest,
            f"with the columns in reverse order, the score of {cause} -> {effect} goes from {moved}: it prefers some "
            "columns by their position; treat all series alike",
        )

    def borders_are_respected(self) -> None:
        lag = self.config.get("lag")
        realisations.borders_are_respected(self._as_it_is, lag if isinstance(lag, int) else self.found.lags, self.seed)

    def realisations_are_used(self) -> None:
        realisations.all_are_used(self._as_it_is, self.seed)

    def _as_it_is(self, panel: Panel) -> Discovery:
        """Fit by the method alone: causalkit orders realisations by their content, which would hide mistakes."""
        found: Discovery = self.acting.fit(panel, self._run(self.seed))
        return found

    def missing_cells(self) -> None:
        try:
            found = self._fit(self.acting, systems.gaps(seed=self.seed))
        except DataError as refusal:
            if self.provided.record.missing:
                raise
            raise DoesNotApply(f"it refuses them: {refusal.message}") from refusal
        _require_edge(found, EDGE_LAG, lagged=self.provided.record.lagged)

    def _fit(self, acting: Any, panel: Panel, seed: int | None = None) -> Discovery:
        run = self._run(self.seed if seed is None else seed)
        return fit(acting, self.provided, self.config, panel, run, standardize=False)

    def _run(self, seed: int) -> Run:
        return Run(seed=seed, device="cpu")


def _require_edge(found: Discovery, lag: int, *, lagged: bool) -> None:
    """Fail unless 0 -> 1 is the strongest pair and, for a method with lags, strongest at the right one."""
    pairs = found.pair_scores
    cause, effect = divmod(int(pairs.argmax()), len(pairs))
    hint = "; this is the transposed edge: scores are [cause, effect, lag - 1]" if (cause, effect) == (1, 0) else ""
    require(
        (cause, effect) == (0, 1) and pairs[0, 1] > 0,
        f"{cause} -> {effect} has the largest score, {pairs.max():.3g}, and 0 -> 1 has {pairs[0, 1]:.3g}{hint}",
    )
    if not lagged:
        return
    require(found.lags >= lag, f"the edge acts at lag {lag} and scores have {found.lags}: set lag in test_params")
    best = int(found.scores[0, 1].argmax()) + 1
    require(best == lag, f"0 -> 1 is strongest at lag {best}, not {lag}; lag 1, the most recent step, comes first")


def _configured(tree: Any, keys: list[str]) -> list[Any]:
    """Return what a configuration holds under a dotted key; a list, as of regularizers, may hold it several times."""
    if isinstance(tree, list | tuple) and keys:
        return [value for part in tree for value in _configured(part, keys)]
    if not keys:
        return [tree]
    return _configured(tree[keys[0]], keys[1:]) if isinstance(tree, Mapping) and keys[0] in tree else []


def _difference(one: Discovery, other: Discovery) -> float:
    if one.scores.shape != other.scores.shape:
        return float("inf")
    return float(np.abs(one.scores - other.scores).max())
