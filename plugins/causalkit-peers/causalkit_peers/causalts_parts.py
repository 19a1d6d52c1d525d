"""What GRACE and CEDAR of causalts share: the package, and its conditional independence tests."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalkit import Run
from causalkit_peers.package import Package

TestName = Literal["par-corr", "gcmi", "rcot", "split-kci"]
TESTS: dict[TestName, str] = {"par-corr": "parcorr", "gcmi": "gcmi", "rcot": "rcot", "split-kci": "splitkci"}
RANDOM = ("rcot", "split-kci")


def package(method: str) -> Package:
    """Return the package as a method needs it."""
    return Package(method, "causalts", "causalts", ">=0.27")


def independence_test(needed: Package, test: TestName, run: Run) -> Any:
    """Return a function of data (T, columns) that makes the test, with the seed of the run."""
    create = needed.load("causalts.ci_tests:create_ci_test")
    settings = {"seed": run.seed, "device": "cpu"} if test in RANDOM else {}
    return partial(create, TESTS[test], **settings)


def table(values: NDArray[np.float64]) -> pd.DataFrame:
    """Return a recording (T, P) as causalts reads it. Names of users could be those of its own columns."""
    return pd.DataFrame(values, columns=[f"series {number}" for number in range(values.shape[1])])
