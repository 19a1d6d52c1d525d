"""Contract of a selection rule: ``rule(discovery, ...)`` returns cells, from the discovery alone."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from causalkit import api
from causalkit.core.discovery import Discovery
from causalkit.core.held_out import HeldOutTest
from causalkit.core.panel import Panel
from causalkit.plugins.params import signature_of
from causalkit.plugins.records import SelectionRule
from causalkit.plugins.registry import Provided
from causalkit.selection.apply import apply, completed
from causalkit.selection.outcome import Outcome
from causalkit.selection.rule import Rule, read_rule, spelled
from causalkit.testing.checklist import Checks
from causalkit.testing.randomness import untouched_randomness
from causalkit.testing.result import CheckResult, DoesNotApply, require
from causalkit.testing.subject import checked

SERIES, STEPS, LAG = 4, 200, 2


def check_selection_rule(subject: str | SelectionRule | Provided[SelectionRule], seed: int = 0) -> list[CheckResult]:
    """Check a rule on the scores of a linear autoregression, with strong edges of every series to itself.

    Args:
        subject: the name of an installed rule, or its record.
        seed: of the data.

    Returns:
        One result for each promise.
    """
    return checked(SelectionRule, subject, lambda provided: _Trial(provided, seed).checks())


class _Trial:
    """One rule and one discovery, which has p-values and can be refitted."""

    rule: Rule
    repeats = True

    def __init__(self, provided: Provided[SelectionRule], seed: int) -> None:
        self.provided = provided
        panel, _ = api.simulate("var@causalkit", seed=seed, series=SERIES, steps=STEPS, lag=LAG)
        self.panel = panel
        self.discovery = _discover(panel)

    def checks(self) -> Checks:
        if not (yield "can be written as NAME:KEY=VALUE with its test_params", self.read):
            return
        if not (yield "returns boolean cells (cause, effect, lag), or an Outcome", self.returns_cells):
            return
        yield "leaves self-edges out unless they are asked for", self.self_edges
        yield "repeats itself", self.repeats_itself
        yield "leaves global random numbers alone", self.randomness
        yield "leaves the discovery as it was", self.discovery_is_unchanged
        yield "needs no more than its record says", self.needs
        if (yield "selects by the data, not by their names or source", self.names_do_not_matter):
            yield "the order of the series does not matter", self.order_does_not_matter
        yield "notifies observers of every fit", self.observers

    def read(self) -> None:
        record = self.provided.record
        given = ",".join(f"{spelled(key)}={value}" for key, value in record.test_params.items())
        self.rule = read_rule(self.provided, f"{record.name}:{given}" if given else record.name)

    def select(self, discovery: Discovery) -> Outcome:
        return apply(discovery, self.rule)

    def returns_cells(self) -> None:
        outcome = self.select(self.discovery)
        completed(self.discovery, self.rule, outcome)  # raises for p-values of a wrong shape
        right = not isinstance(outcome.notes, str) and all(isinstance(note, str) for note in outcome.notes)
        require(right, f"notes are a tuple of sentences, not {outcome.notes!r}")

    def self_edges(self) -> None:
        asked = {"self_edges", "self-edges"} & set(self.provided.record.test_params)
        if asked:
            raise DoesNotApply("its test_params ask for self-edges")
        pairs = self.select(self.discovery).selected.any(axis=2)
        require(
            not np.diag(pairs).any(),
            "it selects self-edges: select among causalkit.selection.candidate_pairs(discovery, self_edges)",
        )

    def repeats_itself(self) -> None:
        first, second = (_bytes(self.select(self.discovery)) for _ in range(2))
        self.repeats = first == second
        require(self.repeats, "two runs differ: draw from numpy.random.default_rng(discovery.seed)")

    def randomness(self) -> None:
        with untouched_randomness():
            self.select(self.discovery)

    def discovery_is_unchanged(self) -> None:
        discovery = _discover(self.panel)
        before = _bytes(discovery)
        self.select(discovery)
        require(_bytes(discovery) == before, "it writes into the arrays of the discovery: copy what you change")

    def needs(self) -> None:
        needs = self.provided.record.needs
        bare = self.discovery
        if needs != "p-values":
            bare = replace(bare, p_values=None, joint_p_values=None)
        if needs != "held-out":
            bare = replace(bare, held_out=None)
        if needs != "refits":
            bare = replace(bare, refit=None)
        try:
            self.select(bare)
        except Exception as error:
            require(False, f"it declares needs={needs!r}, but fails where there is nothing else: {error}")

    def names_do_not_matter(self) -> None:
        if not self.repeats:
            raise DoesNotApply("two runs on the same data differ already")
        anonymous = _discover(Panel.of(list(self.panel.realisations), names=tuple("wxyz"), source="check"))
        expected, found = (self.select(one).selected for one in (self.discovery, anonymous))
        require(np.array_equal(expected, found), "other names and another source of the same data change the edges")

    def order_does_not_matter(self) -> None:
        if self.provided.record.needs == "refits":
            raise DoesNotApply("its random numbers fall on other series then")
        if not self.repeats:
            raise DoesNotApply("two runs on the same data differ already")
        names = self.panel.names[::-1]
        turned = _discover(Panel.of([one[:, ::-1] for one in self.panel.realisations], names=names, source="check"))
        expected, found = self.select(self.discovery).selected, self.select(turned).selected[::-1, ::-1]
        differing = np.argwhere((expected != found).any(axis=2))
        if len(differing):
            cause, effect = differing[0]
            require(
                False,
                f"with the series in reverse order it decides otherwise about {cause} -> {effect}: select by the "
                "scores, never by the position of a series",
            )

    def observers(self) -> None:
        if self.provided.record.needs != "refits":
            raise DoesNotApply("it does not fit the method again")
        parameters = signature_of(self.provided.record.load())
        require("observers" in parameters, "it takes no `observers`, which causalkit.selection.refitted notifies")
        heard = _Heard()
        apply(self.discovery, self.rule, [heard])
        require(heard.announced, "on_start was not called: fit by causalkit.selection.refitted")
        require(heard.epochs == heard.announced, f"it announced {heard.announced} fits, and made {heard.epochs}")


@dataclass(frozen=True)
class _HeldOut:
    """Tests a linear autoregression by its own p-values, in the place of held-out forecasts."""

    found: Discovery

    def test(self, least: float) -> HeldOutTest:
        """Return the p-values of the method."""
        joint, by_lag = self.found.joint_p_values, self.found.p_values
        assert joint is not None
        assert by_lag is not None
        return HeldOutTest(joint, by_lag, np.where(joint < 0.01, least + 0.1, 0.0), np.full(len(joint), STEPS))


class _Heard:
    """An observer that counts fits."""

    announced = epochs = 0

    def on_start(self, info: Any) -> None:
        self.announced += info["epochs"]

    def on_epoch(self, epoch: int, losses: Any) -> None:
        self.epochs += 1


def _discover(panel: Panel) -> Discovery:
    """Return a discovery that has all that rules can need."""
    found = api.discover(panel, method="var@causalkit", lag=LAG)
    return replace(found, held_out=_HeldOut(found))


def _bytes(subject: Outcome | Discovery) -> list[bytes]:
    arrays = (getattr(subject, one.name) for one in fields(subject))
    return [array.tobytes() for array in arrays if isinstance(array, np.ndarray)]
