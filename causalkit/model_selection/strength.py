"""The strength of a penalty: in which order strengths are tried, when finer ones pay, and which one is chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from causalkit.core.choice import Choice
from causalkit.model_selection.rules import SUFFICIENT, Rule, beats, strongest_sufficient
from causalkit.model_selection.search import Errors, Search, strongest_first

Array = NDArray[np.float64]

STRENGTH = "regularizer.strength"
MOST = 0.95
"""Share of the largest number of edges that is enough."""
WORSE = 0.2
"""Share by which the error may exceed the lowest: the narrower bound where little is left to explain."""
FALLS, FALLS_YET = 0.97, 0.99
"""A finer strength pays while errors fall below this share of the lowest before; below the second one, where no edge
passes the test yet."""
AHEAD = 2
"""Strengths above the sufficient one of a first search, at which a second one starts."""
RULE = (
    f"strongest that keeps {SUFFICIENT:.0%} of the best explained held-out variance, with an error at most {WORSE:.0%} "
    "above the lowest, or a weaker one where the error is lower and clearly more edges pass a held-out test"
)


class StrengthSearch(Search):
    """A search among strengths, from strong to weak.

    A penalty shrinks a forecast as well as its noise, so the lowest error belongs to a strength at which many inputs
    are still in use that carry nothing. So the strongest penalty counts that keeps most of the explained variance
    (`causalkit.model_selection.rules.strongest_sufficient`), and whose error is not far above the lowest. Where the own
    past of a series explains nearly all of its variance, as in fine sampling, that penalty may leave little but the
    own past. There a test on held-out windows tells: among weaker penalties down to the first one whose error is as low
    as the lowest, the strongest is preferred that lets nearly as many edges pass as any, where these are clearly more.
    "Clearly" is two standard deviations of a Poisson count, "as low" within one standard error.

    Args:
        candidates: strengths that are tried in any case, until one explains clearly less than the best.
        finer: weaker strengths, which are tried as long as they pay.
        count: returns how many edges pass a held-out test at a strength that was evaluated.
    """

    def __init__(self, candidates: Sequence[float], finer: Sequence[float], count: Callable[[float], int]) -> None:
        self.finer = frozenset(finer)
        self.counts: dict[float, int] = {}
        self._count = count
        super().__init__(STRENGTH, (*finer, *candidates), Rule(RULE, self._choose), self._from_strong_to_weak)

    def edges(self, candidate: float) -> int:
        """Return how many edges pass the held-out test at a strength."""
        if candidate not in self.counts:
            self.counts[candidate] = self._count(candidate)
        return self.counts[candidate]

    @property
    def ahead(self) -> float:
        """Where another search on like data may start: some strengths above the strongest that is sufficient here.

        It is one of the candidates that are tried in any case.
        """
        evaluated = self.evaluated
        sufficient = _sufficient(np.stack([self.errors[one] for one in evaluated]))
        start = evaluated[min(sufficient + AHEAD, len(evaluated) - 1)]
        return max(start, min(one for one in self.candidates if one not in self.finer))

    def choice(self, chosen: float | None = None, judge: str = "") -> Choice:
        """Return the choice as `Search.choice`; its rule names the numbers of edges where they were counted for it."""
        found = super().choice(chosen, judge)
        evaluated = self.evaluated
        sufficient, edges = self._second_look(evaluated, np.stack([self.errors[one] for one in evaluated]))
        if not len(edges):
            return found
        strengths = evaluated[sufficient - len(edges) + 1 : sufficient + 1]
        other = int(edges.argmax()) if found.chosen == strengths[-1] else strengths.index(found.chosen)
        counts = f"{edges[-1]} pass at {strengths[-1]:g}, {edges[other]} at {strengths[other]:g}"
        return replace(found, rule=f"{found.rule} ({counts})")

    def _from_strong_to_weak(self, candidates: Sequence[float], errors: Errors) -> Iterator[float]:
        tried: list[float] = []
        for candidate in strongest_first(candidates, errors):
            if candidate in self.finer and not self._finer_pays(tried, errors):
                return
            yield candidate
            tried.append(candidate)

    def _finer_pays(self, tried: Sequence[float], errors: Errors) -> bool:
        """Do errors still fall, and does the number of edges still grow?"""
        *before, latest = tried
        if not before:
            return True
        best = min(before, key=lambda one: float(errors[one].mean()))
        if beats(errors[best], errors[latest]):
            return False
        if errors[latest].mean() < FALLS * errors[best].mean():
            return True
        if max(self.edges(one) for one in tried[-3:]) == 0:
            return bool(errors[latest].mean() < FALLS_YET * errors[best].mean())
        if len(tried) < 3:
            return True
        return max(self.edges(one) for one in tried[-2:]) * MOST > self.edges(tried[-3])

    def _choose(self, candidates: Array, errors: Array) -> int:
        """Return the position of the chosen strength; candidates ascend."""
        sufficient, edges = self._second_look(candidates.tolist(), errors)
        if not len(edges) or edges.max() < edges[-1] + 2 * np.sqrt(edges[-1] + 1):
            return sufficient
        return sufficient - len(edges) + 1 + int(np.flatnonzero(edges >= MOST * edges.max())[-1])

    def _second_look(self, candidates: Sequence[float], errors: Array) -> tuple[int, NDArray[np.int64]]:
        """Return the position of the strongest sufficient strength, and how many edges pass from a weaker one up to it.

        The weakest is the first whose error is as low as the lowest. Where the sufficient strength is as good, nothing
        is counted: the array is empty.
        """
        sufficient = _sufficient(errors)
        best = int(errors.mean(1).argmin())
        if not beats(errors[best], errors[sufficient]):
            return sufficient, np.array([], dtype=np.int64)
        weakest = max(place for place in range(sufficient) if not beats(errors[best], errors[place]))
        return sufficient, np.array([self.edges(one) for one in candidates[weakest : sufficient + 1]])


def _sufficient(errors: Array) -> int:
    """Return the position of the strongest strength that explains enough, with an error not far above the lowest."""
    means = errors.mean(1)
    return min(strongest_sufficient(errors), int(np.flatnonzero(means <= (1 + WORSE) * means.min())[-1]))
