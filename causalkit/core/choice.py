"""What a method chose by itself, without any truth: the candidates, how well each forecast, and the rule."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from causalkit.core.plain import number_of, plain
from causalkit.errors import DataError, PluginError

YEAR = 12
"""Months: a common season, and the next maximum to try for the lag."""
MEASURED = "mean squared forecast error on blocks that were held out, in units of the variance"
MEASURED_ON_ONE = "mean squared forecast error on the first block that was held out, in units of the variance"
BEYOND_OWN_PAST = " that a linear forecast of each series from its own past leaves"
"""Added to one of these, where that was subtracted before."""


@dataclass(frozen=True)
class Choice:
    """A parameter that the data decided by how well they could be forecast.

    Attributes:
        parameter: dotted key under which a user would set it, for example "regularizer.strength" or "lag".
        candidates: values to choose from, all different; numbers. Where they have names: 0, 1, 2 and so on.
        held_out_error: of each candidate, lower is better; NaN for one that was not tried.
        standard_error: of each held-out error, from 0; NaN where it is not known.
        chosen: one of the candidates, which was tried.
        rule: how it follows from the errors, for example "lowest held-out error".
        measured: what a held-out error is, with its unit.
        judge: what forecast, where the method itself did not, for example "a linear forecaster".
        labels: name of each candidate where they are no numbers, for example the forecasters; empty otherwise.
        within: the part that this choice belongs to, where that part itself was not chosen in the end, for example
            "forecaster mlp": an alternative, which had no influence on the result. "" for a choice that was used.

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
    labels: tuple[str, ...] = ()
    within: str = ""

    def __post_init__(self) -> None:
        for field in ("candidates", "held_out_error", "standard_error"):
            object.__setattr__(self, field, _numbers(getattr(self, field)))
        object.__setattr__(self, "chosen", number_of(self.chosen))
        object.__setattr__(self, "labels", tuple(map(str, self.labels)))
        self._check_labels()
        listed = ", ".join(map(self.label, self.candidates))
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
                f"{self.parameter}={self.chosen_label} was chosen without a held-out error",
                "choose a candidate that has one",
            )
        if any(error < 0 for error in self.standard_error):
            raise PluginError(f"a standard error of {self.parameter} is below 0", "standard errors are 0 or more")

    def _check_labels(self) -> None:
        """Check that labels, if any, name every candidate.

        Raises:
            PluginError: they do not.
        """
        if not self.labels:
            return
        size = len(self.candidates)
        if len(self.labels) != size:
            raise PluginError(
                f"the choice of {self.parameter} has {size} candidates and {len(self.labels)} labels",
                "give each candidate a label, or none",
            )
        if self.candidates != tuple(range(size)):
            raise PluginError(
                f"the named candidates for {self.parameter} are {', '.join(f'{one:g}' for one in self.candidates)}",
                f"named candidates are their positions, here 0 to {size - 1}",
            )
        if not all(self.labels) or len(set(self.labels)) < size:
            raise PluginError(
                f"the labels for {self.parameter} are {', '.join(self.labels)}",
                "labels are not empty and all different",
            )

    def label(self, candidate: float) -> str:
        """Return the name of a candidate: its label, or the number itself."""
        return self.labels[int(candidate)] if self.labels else f"{candidate:g}"

    @property
    def chosen_label(self) -> str:
        """Name of the chosen candidate, as a user would set it."""
        return self.label(self.chosen)

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
        """What was chosen, in words: "strength" for "regularizer.strength", "forecaster" for "forecaster.name"."""
        return self.parameter.removesuffix(".name").rpartition(".")[2].replace("_", " ")

    @property
    def relative(self) -> bool:
        """Is the error in units of the variance, so that 1 is that of forecasting the mean?"""
        return self.measured.removesuffix(BEYOND_OWN_PAST) in (MEASURED, MEASURED_ON_ONE)

    @property
    def first_block_only(self) -> bool:
        """Are errors those of the first block only, and not of all?"""
        return self.measured.removesuffix(BEYOND_OWN_PAST) == MEASURED_ON_ONE

    @property
    def hopeless(self) -> bool:
        """Does no candidate forecast better than the mean?

        Named ones without standard errors were compared on one block, which may be unlike the others: it does not tell.
        """
        if self.labels and all(map(math.isnan, self.standard_error)):
            return False
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
        if self.within:
            would = f"{self.within}, which was not used, would have had {self.name} {self.chosen_label}"
            return f"{would}: {self._achieved()}"
        if self.nothing_explained:
            none = f"no lag up to {max(lag for lag, _ in self.tried):g}"
            forecaster = f"{self.judge} finds {none} that" if self.judge else none
            return (
                f"{forecaster} forecasts these series better than their mean beyond chance, so "
                f"lag {self.chosen:g} was taken; {self._larger()}"
            )
        if len(self.candidates) == 1:
            return self._only()
        among = self._among()
        if self.hopeless and self.judge:
            return (
                f"{self.name} {self.chosen_label} was chosen, but {self.judge} with any of {among} forecasts held-out "
                "steps no better than the mean: choose it yourself if you know it"
            )
        if self.hopeless:
            rival = "their own past" if self._beyond else "the mean"
            return (
                f"{self.name} {self.chosen_label} was chosen, but none of {among} forecasts held-out steps better than "
                f"{rival}: do not trust the scores"
            )
        if (untried := len(self.candidates) - len(self.tried)) and not self.labels:
            among += f", {untried} of them not tried"
        by = f"held-out forecast error of {self.judge}" if self.judge else "held-out forecast error"
        parts = [f"{self.name} {self.chosen_label} was chosen by {by} among {among}: {self._achieved()}"]
        return "; ".join([*parts, f"rule: {self.rule}", *filter(None, [self.edge()])])

    def _only(self) -> str:
        """Return how well a single candidate forecasts, among which there was nothing to choose."""
        only = f"{self.name} {self.chosen_label} was the only candidate"
        if self.hopeless:
            return f"{only}, and it forecasts held-out steps no better than the mean: do not trust the scores"
        return f"{only}: {self._achieved()}" + (f" (by {self.judge})" if self.judge else "")

    def edge(self) -> str:
        """Return a warning that better candidates may be beyond those that were tried, or ""."""
        values = [] if self.labels or self.within else [candidate for candidate, _ in self.tried]
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
        labels = record.get("labels", ())
        if not isinstance(labels, list | tuple):
            raise DataError(f"the labels of the choice of {record['parameter']} are no list", "write it again")
        try:
            texts: dict[str, Any] = {
                key: str(record[key]) for key in ("parameter", "rule", "measured", "judge", "within") if key in record
            }
            return cls(**{key: record[key] for key in numbers}, **texts, labels=tuple(labels))
        except (TypeError, ValueError) as error:
            problem = f"the choice of {record['parameter']} contains a value that is not a number"
            raise DataError(problem, "write it again") from error

    def _among(self) -> str:
        """Return from what was chosen, of several candidates."""
        if not self.labels:
            return f"{len(self.candidates)} candidates from {min(self.candidates):g} to {max(self.candidates):g}"
        tried = dict(self.tried)
        *some, last = (
            name + ("" if candidate in tried else " (not tried)")
            for candidate, name in zip(self.candidates, self.labels, strict=True)
        )
        return f"{', '.join(some)} and {last}"

    def _achieved(self) -> str:
        """Return how well the chosen candidate forecasts: with the others where they have names, else with the best."""
        if self.labels:
            return self._each_achieved()
        best, other = dict(self.tried)[self.best], self.chosen != self.best
        if self.relative:
            share = f"it explains {1 - self.error:.0%} of {self._variance}"
            return share + (f", {self.best:g} explains most, {1 - best:.0%}" if other else "")
        return f"its error is {self.error:.4g}, " + (
            f"{self.best:g} has the lowest, {best:.4g}" if other else "the lowest"
        )

    @property
    def _beyond(self) -> bool:
        """Was a forecast from the own past subtracted before?"""
        return self.measured.endswith(BEYOND_OWN_PAST)

    @property
    def _variance(self) -> str:
        """Of which variance a share is explained."""
        beyond = " beyond the own past" if self._beyond else ""
        return "the held-out variance" + beyond + (" of the first block" if self.first_block_only else "")

    def beyond_own_past(self) -> Choice:
        """Return the choice, whose errors are of what a linear forecast of each series from its own past leaves."""
        return replace(self, measured=self.measured + BEYOND_OWN_PAST)

    def _each_achieved(self) -> str:
        """Return how well each named candidate forecasts, the chosen one first."""
        others = [(self.label(candidate), error) for candidate, error in self.tried if candidate != self.chosen]
        if self.relative:
            said = [f"it explains {_share(self.error)} of {self._variance}"]
            return ", ".join([*said, *(f"{name} explains {_share(error)}" for name, error in others)])
        return ", ".join([f"its error is {self.error:.4g}", *(f"that of {name} {error:.4g}" for name, error in others)])


def _share(error: float) -> str:
    """Return the explained share of the variance; beside that of another candidate, a negative one says no more."""
    return f"{1 - error:.0%}" if error < 1 else "nothing"


def _numbers(values: Iterable[Any]) -> tuple[float, ...]:
    return tuple(map(number_of, values))
