"""The conditional independence tests of tigramite that PCMCI and PCMCI+ choose from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from causalkit import Panel, Run
from causalkit_peers.package import Package

Array = NDArray[np.float64]
TestName = Literal["par-corr", "robust-par-corr", "cmi-knn", "gpdc"]
BLOCK = 0.05
"""Length of a block of a shuffle test, as a share of the time steps."""


@dataclass(frozen=True)
class IndependenceTest:
    """One of tigramite's tests.

    Attributes:
        path: of its class.
        significance: how tigramite computes its p-values.
        needs: packages that it imports and tigramite does not require: name, module, versions.
        drawn: its p-values come from random draws; their number and the seed are settings of the run.
    """

    path: str
    significance: Literal["analytic", "shuffle_test"] = "analytic"
    needs: tuple[tuple[str, str, str], ...] = ()
    drawn: bool = False

    def package(self, method: str, name: str) -> Package:
        """Return what a method needs to run this test.

        Args:
            method: name of the method.
            name: of the test.
        """
        known = f"{method} with test={name}" if self.needs else method
        needs = tuple(Package(known, other, module, versions) for other, module, versions in self.needs)
        return Package(method, "tigramite", "tigramite", ">=5.2.7", needs)

    def build(self, package: Package, draws: int, panel: Panel, run: Run) -> Any:
        """Return tigramite's object, with the seed and the threads of the run.

        Where there are no conditions, a shuffle test moves blocks of time steps. Their length is what tigramite takes
        where it cannot fit one, since its fit calls `numpy.corrcoef` in a way that numpy 2.4 does not accept.
        """
        settings: dict[str, Any] = {"seed": run.seed, "sig_samples": draws} if self.drawn else {}
        if self.significance == "shuffle_test":
            settings |= {"workers": run.threads, "sig_blocklength": max(1, int(BLOCK * sum(panel.lengths)))}
        return package.load(self.path)(significance=self.significance, **settings)

    def sizes(self, statistics: Array) -> Array:
        """Return how strong a dependence is: the size of a correlation, or an estimate of information, at least 0."""
        return np.maximum(statistics, 0.0) if self.drawn else np.abs(statistics)

    def p_values(self, found: Array, draws: int) -> Array:
        """Return p-values; those from n draws are at least 1 / (n + 1), where tigramite may say 0."""
        return np.maximum(found, 1.0 / (draws + 1)) if self.drawn else found


TESTS: dict[TestName, IndependenceTest] = {
    "par-corr": IndependenceTest("tigramite.independence_tests.parcorr:ParCorr"),
    "robust-par-corr": IndependenceTest("tigramite.independence_tests.robust_parcorr:RobustParCorr"),
    "cmi-knn": IndependenceTest(
        "tigramite.independence_tests.cmiknn:CMIknn",
        significance="shuffle_test",
        needs=(("numba", "numba", ">=0.58"),),
        drawn=True,
    ),
    "gpdc": IndependenceTest(
        "tigramite.independence_tests.gpdc:GPDC",
        needs=(("scikit-learn", "sklearn", ">=1.2"), ("dcor", "dcor", ">=0.6")),
        drawn=True,
    ),
}
