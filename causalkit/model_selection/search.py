"""A hyperparameter search: candidates, their validation errors by fold, and the rule that chooses one.

The search proposes one candidate after the other (`Search.ask`) and records its errors (`Search.tell`). The caller
evaluates candidates, and keeps weights and warm starts::

    search = Search("regularizer.strength", candidates, STRONGEST_SUFFICIENT)
    while (candidate := search.ask()) is not None:
        search.tell(candidate, errors_of(candidate))
    choice = search.choice()
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from causalkit.core.choice import Choice
from causalkit.model_selection.rules import SUFFICIENT, Rule, beats, standard_error

Array = NDArray[np.float64]
Errors = Mapping[float, Array]
Order = Callable[[Sequence[float], Errors], Iterator[float]]
"""Yields candidates; before each but the first, it may look at the errors of those that were evaluated."""

LITTLE = 0.02
"""Explained share of the variance that may be chance."""


def one_by_one(candidates: Sequence[float], errors: Errors) -> Iterator[float]:
    """Evaluate all candidates in ascending order."""
    yield from candidates


def strongest_first(candidates: Sequence[float], errors: Errors) -> Iterator[float]:
    """Evaluate strengths in descending order, until a weaker one explains clearly less than the best.

    Where even the best explains next to nothing, nothing has come in yet, and all are evaluated.
    """
    best: float | None = None
    for candidate in reversed(candidates):
        yield candidate
        latest = errors[candidate]
        if best is None or latest.mean() < errors[best].mean():
            best = candidate
        explained, most = 1 - latest.mean(), 1 - errors[best].mean()
        if most > LITTLE and explained < SUFFICIENT * most and beats(errors[best], latest):
            return


class Search:
    """Candidates and their validation errors.

    Args:
        parameter: its name as users write it, for example ``"regularizer.strength"``.
        candidates: numbers.
        rule: chooses one of those that were evaluated.
        order: in which candidates are evaluated, and when to stop.
    """

    def __init__(self, parameter: str, candidates: Sequence[float], rule: Rule, order: Order = one_by_one) -> None:
        self.parameter = parameter
        self.candidates = tuple(sorted(candidates))
        self.rule = rule
        self.errors: dict[float, Array] = {}
        self._order = order(self.candidates, self.errors)

    def ask(self) -> float | None:
        """Return the next candidate to evaluate, None when the search is over."""
        return next((candidate for candidate in self._order if candidate not in self.errors), None)

    def tell(self, candidate: float, errors: Array) -> None:
        """Record the validation errors of a candidate, shape (folds,)."""
        self.errors[candidate] = errors

    @property
    def evaluated(self) -> list[float]:
        """Candidates with known errors, ascending."""
        return [candidate for candidate in self.candidates if candidate in self.errors]

    @property
    def chosen(self) -> float:
        """The candidate that the rule chooses."""
        evaluated = self.evaluated
        errors = np.stack([self.errors[candidate] for candidate in evaluated])
        return evaluated[self.rule.choose(np.array(evaluated), errors)]

    def choice(self, chosen: float | None = None, judge: str = "") -> Choice:
        """Return the choice with its whole curve; NaN for candidates that were not evaluated.

        Args:
            chosen: another candidate than that of the rule.
            judge: the forecaster that made the errors, where it is not that of the method.
        """
        curve = np.full((2, len(self.candidates)), np.nan)
        for position, candidate in enumerate(self.candidates):
            if candidate in self.errors:
                errors = self.errors[candidate]
                curve[:, position] = errors.mean(), standard_error(errors)
        return Choice(
            parameter=self.parameter,
            candidates=self.candidates,
            held_out_error=tuple(curve[0]),
            standard_error=tuple(curve[1]),
            chosen=self.chosen if chosen is None else chosen,
            rule=self.rule.text,
            judge=judge,
        )
