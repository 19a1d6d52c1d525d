"""Contract of a data set: ``(Panel, Truth | None)``, the same for the same seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from causalkit.core.panel import Panel
from causalkit.core.truth import Truth
from causalkit.plugins.params import nest, resolve, signature_of
from causalkit.plugins.records import Dataset
from causalkit.plugins.registry import Provided
from causalkit.testing.checklist import Checks
from causalkit.testing.direction import contradicted, lag_votes, votes
from causalkit.testing.randomness import untouched_randomness
from causalkit.testing.result import CheckResult, DoesNotApply, require
from causalkit.testing.subject import checked

SHOWING = 400
"""So many time steps show directions and lags; test_params have fewer, to be fast."""
DRAWS = 5


def check_dataset(subject: str | Dataset | Provided[Dataset], seed: int = 0) -> list[CheckResult]:
    """Check a data set.

    Checks run offline. One of kind "download" is only loaded when its record has ``test_params`` and, where it has a
    catalogue, that says that the files are here. One that is not simulated and needs parameters, such as files of the
    user, is only loaded when ``test_params`` has them. ``test_params`` may name an ``item``.

    Args:
        subject: the name of an installed data set, or its record.
        seed: of simulated data.

    Returns:
        One result for each promise.
    """
    return checked(Dataset, subject, lambda provided: _Trial(provided.record, seed).checks())


class _Trial:
    """One data set, loaded once for the checks that only look at it."""

    def __init__(self, record: Dataset, seed: int) -> None:
        self.record = record
        self.seed = seed
        self.panel: Panel
        self.truth: Truth | None
        self.longer: list[tuple[Panel, Truth | None]] | None = None

    def checks(self) -> Checks:
        can_load = not self.reason_not_to_load()
        loaded = yield "returns a panel and its truth", self.load if can_load else self.decline
        if not (can_load and loaded):
            return
        yield "methods can learn from the panel", lambda: self.panel.check(1)
        yield "the truth is about the series of the panel", self.names_match
        yield "the truth has lags if the record says so", self.lags_are_there
        yield "the data agree with the direction of the true edges", self.directions_agree
        yield "the data agree with the lags of the true edges", self.lags_agree
        yield "same seed gives the same data and truth", self.same_seed_same_data
        yield "another seed gives other data", self.other_seed_other_data
        yield "leaves global random numbers alone", self.randomness_is_untouched

    def reason_not_to_load(self) -> str:
        """Return why checks cannot load it, or "" where they can."""
        record = self.record
        if record.kind == "download":
            if not record.test_params:
                return "it is downloaded; give the record test_params to have it loaded by checks"
            item = record.test_params.get("item")
            name = f"{record.name}:{item}" if item else record.name
            listed = record.import_callable(record.catalogue)() if record.catalogue else ()
            if any(one.name == name and not one.here for one in listed):
                return f"the files of {name} are not on this machine"
        if record.kind == "synthetic":
            return ""
        needed = [
            name
            for name, parameter in signature_of(record.load()).items()
            if parameter.default is parameter.empty and name not in ("item", "seed")
        ]
        missing = [name for name in needed if name not in nest(record.test_params)]
        if missing:
            return f"it needs the parameter {missing[0]!r}; give test_params one to have it loaded by checks"
        return ""

    def decline(self) -> None:
        raise DoesNotApply(self.reason_not_to_load())

    def load(self) -> None:
        self.panel, self.truth = self._make(self.seed)

    def names_match(self) -> None:
        if self.truth is None:
            raise DoesNotApply("no truth is known")
        self.truth.align(self.panel.names)
        missing = sorted(set(self.panel.names) - set(self.truth.names))
        require(not missing, f"the truth does not know the series {missing}: name all of them")
        require(self.truth.count, "the truth has no edge")

    def lags_are_there(self) -> None:
        if self.truth is None:
            raise DoesNotApply("no truth is known")
        if not self.record.lagged_truth:
            require(self.truth.lags is None, "the truth has lags: declare lagged_truth=True")
            return
        require(self.truth.lags is not None, "the record declares lagged_truth=True and the truth has no lags")
        assert self.truth.lags is not None  # for the type checker
        require(np.array_equal(self.truth.lags.any(axis=2), self.truth.edges), "edges and lags of the truth contradict")

    def directions_agree(self) -> None:
        if self.truth is None:
            raise DoesNotApply("no truth is known")
        counts = [votes(panel, truth, self.seed) for panel, truth in self._draws() if truth is not None]
        with_it, against = np.sum(counts, axis=0)
        require(
            not contradicted(counts, self.record.kind == "synthetic"),
            f"the truth looks transposed: of {with_it + against} true edges whose direction the data show (the past of "
            f"one series helps to forecast the other), {against} run the other way; a matrix is edges[cause, effect], "
            "and Truth.from_edges takes (cause, effect)",
        )
        if not with_it + against:
            raise DoesNotApply("linear and quadratic regressions do not show the direction of any edge")

    def lags_agree(self) -> None:
        if self.truth is None or self.truth.lags is None:
            raise DoesNotApply("no lags are known")
        counts = [lag_votes(panel, truth, self.seed) for panel, truth in self._draws() if truth is not None]
        with_it, against = np.sum(counts, axis=0)
        require(
            not contradicted(counts, self.record.kind == "synthetic"),
            f"of {with_it + against} true edges whose lag the data show, {against} act at other lags than the truth "
            "says: lag 1 is the most recent step, and lags[cause, effect, lag - 1]",
        )
        if not with_it + against:
            raise DoesNotApply("linear and quadratic regressions do not show the lag of any edge")

    def _draws(self) -> list[tuple[Panel, Truth | None]]:
        """Return the data, and longer ones of other seeds where the factory simulates them."""
        if self.longer is None:
            known = signature_of(self.record.load())
            self.longer = [(self.panel, self.truth)]
            if "seed" in known:
                given = nest(self.record.test_params)
                steps = known["steps"].default if "steps" in known else None
                shown = isinstance(steps, int) and int(given.get("steps", 0)) < SHOWING
                longer = {**given, "steps": SHOWING} if shown else given
                self.longer += [self._make(self.seed + other, longer) for other in range(1, DRAWS)]
        return self.longer

    def same_seed_same_data(self) -> None:
        panel, truth = self._make(self.seed)
        require(panel.sha256 == self.panel.sha256, f"seed {self.seed} gave two different panels")
        require(_same(truth, self.truth), f"seed {self.seed} gave two different truths")

    def other_seed_other_data(self) -> None:
        if "seed" not in signature_of(self.record.load()):
            raise DoesNotApply("its factory has no parameter seed")
        panel, _ = self._make(self.seed + 1)
        require(panel.sha256 != self.panel.sha256, f"seeds {self.seed} and {self.seed + 1} gave the same panel")

    def randomness_is_untouched(self) -> None:
        with untouched_randomness():
            self._make(self.seed)

    def _make(self, seed: int, params: Mapping[str, Any] | None = None) -> tuple[Panel, Truth | None]:
        """Call the factory as `causalkit.simulate` does, without asking the registry for the name."""
        factory = self.record.load()
        known = signature_of(factory)
        given = nest(self.record.test_params if params is None else params)
        supplied = {"item": given.pop("item", None)} if "item" in known else {}
        if "seed" in known:
            given["seed"] = seed
        what = f"data set {self.record.name}"
        arguments = resolve(factory, given, what=what, prefix="dataset.", supplied=supplied)
        made = factory(**supplied, **arguments)
        require(isinstance(made, tuple) and len(made) == 2, f"it returned {type(made).__name__}, not (Panel, Truth)")
        panel, truth = made
        require(isinstance(panel, Panel), f"it returned {type(panel).__name__} where a Panel belongs")
        require(truth is None or isinstance(truth, Truth), f"{type(truth).__name__} is neither a Truth nor None")
        return panel, truth


def _same(one: Truth | None, other: Truth | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.names == other.names and one.edge_list() == other.edge_list()
