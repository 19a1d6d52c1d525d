"""What a method chose by itself, without any truth: the candidates, how well each forecast, and the rule."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from causalkit.core.plain import number_of, plain
from causalkit.errors import DataError, PluginError

YEAR = 12
"""Months: a common season, and the next maximum to try for the lag."""
MEASURED = "mean squared forecast error on blocks that were held out, in units of the variance"


@dataclass(frozen=True)
class Choice:
    """A parameter that the data decided by how well they could be forecast.

    Attributes:
        parameter: dotted key under which a user would set it, for example "regularizer.strength" or "lag".
        candidates: values to choose from, all different; numbers.
        held_out_error: of each candidate, lower is better; NaN for one that was not tried.
        standard_error: of each held-out error, from 0; NaN where it is not known.
        chosen: one of the candidates, which was tried.
        rule: how it follows from the errors, for example "lowest held-out error".
        measured: what a held-out error is, with its unit.
        judge: what forecast, where the method itself did not, for example "a linear forecaster".

    Raises:
        PluginError: lists of unequal length, or a chosen value that is not a candidate with an error.
    """

    parameter: str
    candidates: tuple[float, ...]
    held_out_error: tuple[float, ...]
    standard_error: tuple[float, ...]
    chosen: float
    rule: str
    measured: str = MEASURED
    judge: str = ""

    def __post_init__(self) -> None:
        for field in ("candidates", "held_out_error", "standard_error"):
            object.__setattr__(self, field, _numbers(getattr(self, field)))
        object.__setattr__(self, "chosen", number_of(self.chosen))
        listed = ", ".join(f"{value:g}" for value in self.candidates)
        lengths = {len(self.candidates), len(self.held_out_error), len(self.standard_error)}
        if len(lengths) > 1 or not self.candidates:
            raise PluginError(
                f"the choice of {self.parameter} has {len(self.candidates)} candidates, {len(self.held_out_error)} "
                f"errors and {len(self.standard_error)} standard errors",
                "every candidate has one of each, NaN where it was not tried",
            )
        if not all(map(math.isfinite, self.candidates)) or len(set(self.candidates)) < len(self.candidates):
            raise PluginError(
                f"the candidates for {self.parameter} are {listed}", "candidates are finite numbers, all different"
            )
        if self.chosen not in self.candidates:
            raise PluginError(
                f"the chosen {self.parameter} is {self.chosen:g}, which is not a candidate", f"candidates are {listed}"
            )
        if math.isnan(self.error):
            raise PluginError(
                f"{self.parameter}={self.chosen:g} was chosen without a held-out error",
                "choose a candidate that has one",
            )
        if any(error < 0 for error in self.standard_error):
            raise PluginError(f"a standard error of {self.parameter} is below 0", "standard errors are 0 or more")

    @property
    def error(self) -> float:
        """Held-out error of the chosen candidate."""
        return self.held_out_error[self.candidates.index(self.chosen)]

    @property
    def best(self) -> float:
        """The candidate with the lowest held-out error, the first of several; rules may choose another."""
        return min(self.tried, key=lambda pair: pair[1])[0]

    @property
    def tried(self) -> tuple[tuple[float, float], ...]:
        """Candidates that have a held-out error, each with it."""
        pairs = zip(self.candidates, self.held_out_error, strict=True)
        return tuple((candidate, error) for candidate, error in pairs if not math.isnan(error))

    @property
    def name(self) -> str:
        """Last part of the key, in words: "strength" for "regularizer.strength"."""
        return self.parameter.rpartition(".")[2].replace("_", " ")

    @property
    def relative(self) -> bool:
        """Is the error in units of the variance, so that 1 is that of forecasting the mean?"""
        return self.measured == MEASURED

    @property
    def hopeless(self) -> bool:
        """Does no candidate forecast better than the mean?"""
        return self.relative and min(error for _, error in self.tried) >= 1

    @property
    def nothing_explained(self) -> bool:
        """Is this a lag that was taken as the smallest, as none forecasts better than the mean beyond chance?"""
        if self.parameter != "lag" or not self.relative or self.chosen != min(self.candidates):
            return False
        error = self.held_out_error[self.candidates.index(self.best)]
        chance = self.standard_error[self.candidates.index(self.best)]
        return self.hopeless or 1 - error <= chance

    def sentence(self) -> str:
        """Return in one line what was chosen, and how certain the choice is."""
        among = f"{len(self.candidates)} candidates from {min(self.candidates):g} to {max(self.candidates):g}"
        if len(self.candidates) == 1:
            among = "a single candidate"
        if self.nothing_explained:
            return (
                f"no lag up to {max(lag for lag, _ in self.tried):g} forecasts these series better than their mean, so "
                f"lag {self.chosen:g} was taken; {self._larger()}"
            )
        if self.hopeless and self.judge:
            return (
                f"{self.name} {self.chosen:g} was chosen, but {self.judge} with any of {among} forecasts held-out "
                "steps no better than the mean: choose it yourself if you know it"
            )
        if self.hopeless:
            return (
                f"{self.name} {self.chosen:g} was chosen, but none of {among} forecasts held-out steps better than the "
                "mean: do not trust the scores"
            )
        if untried := len(self.candidates) - len(self.tried):
            among += f", {untried} of them not tried"
        by = f"held-out forecast error of {self.judge}" if self.judge else "held-out forecast error"
        parts = [f"{self.name} {self.chosen:g} was chosen by {by} among {among}: {self._achieved()}"]
        return "; ".join([*parts, f"rule: {self.rule}", *filter(None, [self.edge()])])

    def edge(self) -> str:
        """Return a warning that better candidates may be beyond those that were tried, or ""."""
        values = [candidate for candidate, _ in self.tried]
        if len(values) < 2 or self.chosen not in (min(values), max(values)):
            return ""
        if self.chosen == max(values):
            beyond = f": {self._larger()}" if self.parameter == "lag" else ""
            return f"it is the largest that was tried, a larger one may forecast better{beyond}"
        if self.chosen <= 0 or (self.parameter == "lag" and self.chosen == 1):
            return ""  # there is no smaller one
        return "it is the smallest that was tried, a smaller one may forecast better"

    def _larger(self) -> str:
        """Return how to try larger lags, where the recordings are long enough."""
        if len(self.tried) < len(self.candidates):
            return "the recordings are too short to compare larger lags"
        largest = int(max(self.candidates))
        return f"try a larger maximum: --lag auto:{YEAR if largest < YEAR else 2 * largest}"

    def describe(self) -> dict[str, Any]:
        """Return what JSON can hold; `from_dict` reads it back."""
        described: dict[str, Any] = plain(asdict(self))
        return described

    @classmethod
    def from_dict(cls, record: Any) -> Choice:
        """Return the choice that `describe` described; other keys are left alone.

        Raises:
            DataError: a key is missing, or a value is not a number.
            PluginError: as for the class.
        """
        numbers = ("candidates", "held_out_error", "standard_error", "chosen")
        needed = ("parameter", "rule", *numbers)
        if not isinstance(record, Mapping) or not set(needed) <= set(record):
            raise DataError("a choice is incomplete", f"it needs {', '.join(needed)}")
        try:
            texts: dict[str, Any] = {
                key: str(record[key]) for key in ("parameter", "rule", "measured", "judge") if key in record
            }
            return cls(**{key: record[key] for key in numbers}, **texts)
        except (TypeError, ValueError) as error:
            problem = f"the choice of {record['parameter']} contains a value that is not a number"
            raise DataError(problem, "write it again") from error

    def _achieved(self) -> str:
        """Return how well the chosen candidate forecasts, and the best one where that is another."""
        best, other = dict(self.tried)[self.best], self.chosen != self.best
        if self.relative:
            share = f"it explains {1 - self.error:.0%} of the held-out variance"
            return share + (f", {self.best:g} explains most, {1 - best:.0%}" if other else "")
        return f"its error is {self.error:.4g}, " + (
            f"{self.best:g} has the lowest, {best:.4g}" if other else "the lowest"
        )


def _numbers(values: Iterable[Any]) -> tuple[float, ...]:
    return tuple(map(number_of, values))
