"""CEDAR, as causalts computes it."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from causalkit import Discovery, Panel, Run
from causalkit.errors import DataError, ways_out
from causalkit_peers import causalts_parts
from causalkit_peers.contained import contained_torch
from causalkit_peers.recording import only_recording

PACKAGE = causalts_parts.package("cedar")
SELF_EDGES = (
    "CEDAR assumes that every series depends on its own last step: these edges are selected without a test, with score "
    "0 and p-value 1."
)


class Cedar:
    """Select lags of each pair by distance correlation, test each pair twice, then prune given the parents that remain.

    The score of an edge that CEDAR accepts is the size of the statistic of its first test; all other scores are 0. So
    CEDAR gives a graph and hardly a ranking. The p-value of an accepted edge is that of the first test (is the effect
    dependent on the cause, given candidates one step earlier?), without a correction for the number of tests. All
    other p-values are 1. The edges that CEDAR accepts are the selected edges of the result.

    causalts takes one table. Panels with several recordings or missing cells are refused.

    Args:
        lag: K.
        test: "par-corr" linear partial correlation; "gcmi" mutual information of Gaussian copulas; "rcot" random
            Fourier features; "split-kci" kernels on one half, tested on the other.
        alpha: level of the tests: the first has to be significant, the second not, and the pruning has to be.

    Raises:
        WrongUsageError: causalts is not installed.
    """

    def __init__(
        self,
        lag: Annotated[int, Field(ge=1)] = 2,
        test: causalts_parts.TestName = "par-corr",
        alpha: Annotated[float, Field(gt=0, lt=1)] = 0.01,
    ) -> None:
        PACKAGE.check()
        self.lag = lag
        self.test = test
        self.alpha = alpha

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return statistics and p-values of the accepted edges.

        Raises:
            DataError: the panel is no single recording without gaps, or it is too short.
        """
        values = only_recording(panel, PACKAGE)
        needed = 2 * self.lag + 13  # below, causalts skips tests and returns an empty graph
        if len(values) < needed:
            raise DataError(
                f"{panel.source}: CEDAR needs 2 * lag + 13 = {needed} rows, and there are {len(values)}",
                ways_out(self.lag, "record more time steps"),
            )
        run_cedar = PACKAGE.load("causalts:run_cedar")
        make_test = causalts_parts.independence_test(PACKAGE, self.test, run)
        with contained_torch(PACKAGE, run) as warned:
            found = run_cedar(
                causalts_parts.table(values),
                make_test(values.copy()),
                self.lag,
                alpha_cond1=self.alpha,
                alpha_cond2=self.alpha,
            )
        # The package's arrays are (cause, effect, lag) with lag 0 first.
        selected = np.asarray(found.cg_tig[:, :, 1:]) == 1
        tested = selected & ~np.eye(panel.series, dtype=bool)[:, :, None]
        scores = np.where(tested, np.abs(found.val_matrix[:, :, 1:]), 0.0)
        p_values = np.where(tested, found.pvalue_matrix[:, :, 1:], 1.0)  # pruned edges keep theirs in the package
        return Discovery(
            names=panel.names,
            scores=scores,
            p_values=p_values,
            selected=selected,
            selection={
                "rule": f"tests of CEDAR at alpha={self.alpha:g}",
                "name": "cedar",
                "alpha": self.alpha,
                "edges": int(selected.any(axis=2).sum()),
                "notes": [SELF_EDGES],
            },
            versions={PACKAGE.name: PACKAGE.version},
            data={"windows": len(values) - self.lag, "dropped": 0},
            notes=tuple(warned),
        )
