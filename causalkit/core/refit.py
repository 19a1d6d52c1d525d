"""How the fit of a method is repeated on other data, for selection rules that need refits."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, Self, TypeVar

from causalkit.core.knowledge import Knowledge
from causalkit.core.panel import Panel
from causalkit.core.run import Run


class Result(Protocol):
    """What a method returns: a discovery."""

    def within(self, knowledge: Knowledge | None) -> Self:
        """Return it without what background knowledge forbids."""
        ...


D = TypeVar("D", bound=Result)
D_co = TypeVar("D_co", bound=Result, covariant=True)


class FitsPanels(Protocol[D_co]):
    """A method object, see `causalkit.Method`."""

    def fit(self, panel: Panel, run: Run) -> D_co:
        """Return the discovery of a panel."""
        ...


@dataclass(frozen=True, eq=False)
class Refit(Generic[D]):
    """A method with its settings, as `causalkit.Discovery.refit`. It lives as long as its process and is never saved.

    A lag or strength that was chosen is chosen again in every refit; a chosen forecaster and prewhitening stay. In
    refits by `at_choices`, lag and strength stay as well.

    Attributes:
        method: object with ``fit(panel, run) -> Discovery``.
        panel: what the discovery was found in, in its own units.
        run: of that fit, without observers and checkpoint.
        standardize: give every series of a panel mean 0 and standard deviation 1 first.
        seconds: that the fit took, without imports; None: unknown.
        settled: the method with everything that it chose; None: it chose nothing.
    """

    method: FitsPanels[D]
    panel: Panel
    run: Run
    standardize: bool = True
    seconds: float | None = None
    settled: FitsPanels[D] | None = None

    @classmethod
    def of(
        cls,
        method: FitsPanels[D],
        panel: Panel,
        run: Run,
        standardize: bool,
        seconds: float | None = None,
        settled: FitsPanels[D] | None = None,
    ) -> Refit[D]:
        """Return how a fit is repeated: without observers, and without touching its checkpoint."""
        quiet = replace(run, observers=[], checkpoint=None, resume=False)
        return cls(method, panel, quiet, standardize, seconds, settled)

    @property
    def at_choices(self) -> Self:
        """Refits that choose nothing: lag, forecaster, prewhitening and strength are those of the fit.

        Their scores are comparable with each other only: a network that is trained at one strength is not the one that
        a whole path of strengths led to.
        """
        return self if self.settled is None else replace(self, method=self.settled, settled=None, seconds=None)

    def __call__(self, panel: Panel, seed: int | None = None) -> D:
        """Return the discovery of the same method with the same settings for another panel of the same series.

        Args:
            panel: in units of the data.
            seed: of the fit; default: that of the first one. A time limit counts anew.

        Raises:
            CausalkitError: the panel cannot be used, or as the method's ``fit``.
        """
        panel.check(1)
        learned = panel.standardized()[0] if self.standardize else panel
        run = replace(self.run, seed=self.run.seed if seed is None else seed, started=time.monotonic())
        return self.method.fit(learned, run).within(run.knowledge)


def as_it_chose(method: Any, found: Any) -> Any:
    """Return a method for refits of its discovery: lag and strength are chosen again, forecaster and prewhitening stay.

    Scores of different forecasters differ in scale, and a rule that fits again compares scores. The choice of the
    forecaster is also the dearest one. Methods that choose none are returned as they are.
    """
    settled = getattr(method, "with_network_of", None)
    return method if settled is None else settled(found)


def with_its_choices(method: Any, found: Any) -> Any:
    """Return a method for refits that choose nothing of what a discovery of it chose; None where it chose nothing."""
    settled = getattr(method, "with_choices_of", None)
    return settled(found) if settled is not None and found.choices else None
