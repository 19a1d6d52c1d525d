"""GRACE, as causalts computes it."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from causalkit import Discovery, Panel, Run
from causalkit.errors import DataError, ways_out
from causalkit_peers import causalts_parts
from causalkit_peers.contained import contained_torch
from causalkit_peers.recording import only_recording

PACKAGE = causalts_parts.package("grace")


class Grace:
    """Find a skeleton by conditional independence tests (CDNOTS), then learn a gate for each of its edges.

    The score is the value of the gate, between 0 and 1; edges outside the skeleton have 0. Edges whose gate reaches the
    threshold are the selected edges of the result. There are no p-values: the package does not return those of the
    skeleton. The weight of the L0 penalty on the gates follows from the numbers of series, steps and edges of the
    skeleton by a formula of the package (arXiv 2606.23880, equation 11).

    causalts takes one table. Panels with several recordings or missing cells are refused.

    Args:
        lag: K.
        test: of the skeleton, as for `causalkit_peers.cedar.Cedar`.
        alpha: level of the tests of the skeleton.
        threshold: of the gates.
        epochs: of training at most; it ends after 20 epochs without a lower loss.

    Raises:
        WrongUsageError: causalts is not installed.
    """

    def __init__(
        self,
        lag: Annotated[int, Field(ge=1)] = 2,
        test: causalts_parts.TestName = "par-corr",
        alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05,
        threshold: Annotated[float, Field(gt=0, le=1)] = 0.5,
        epochs: Annotated[int, Field(ge=1)] = 150,
    ) -> None:
        PACKAGE.check()
        self.lag = lag
        self.test = test
        self.alpha = alpha
        self.threshold = threshold
        self.epochs = epochs

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return the gates.

        Raises:
            DataError: the panel is no single recording without gaps, or it is too short.
        """
        values = only_recording(panel, PACKAGE)
        count = len(values) - self.lag
        if count < 30:  # below, the tests of the skeleton have no degrees of freedom left
            raise DataError(
                f"{panel.source}: GRACE needs 30 windows, and lag {self.lag} leaves {max(count, 0)}",
                ways_out(self.lag, "record more time steps"),
            )
        run_grace = PACKAGE.load("causalts:run_cdnots_gated")
        make_test = causalts_parts.independence_test(PACKAGE, self.test, run)
        with contained_torch(PACKAGE, run) as warned:
            found = run_grace(
                causalts_parts.table(values),
                self.lag,
                alpha=self.alpha,
                ci_test_class=make_test,
                gate_threshold=self.threshold,
                max_epochs=self.epochs,
                device="cpu",
                verbose=False,
                model_seed=run.seed % 2**32,
            )
        # The package's arrays are (cause, effect, lag) with lag 0 first.
        gates = np.asarray(found.gate_values[:, :, 1:], dtype=np.float64)
        if not np.isfinite(gates).all():
            raise DataError(f"{panel.source}: the training of GRACE diverged", "look for extreme values in the data")
        selected = np.asarray(found.cg_tig[:, :, 1:]) == 1
        return Discovery(
            names=panel.names,
            scores=gates,
            selected=selected,
            selection={
                "rule": f"gates of GRACE from {self.threshold:g}",
                "name": "gates",
                "threshold": self.threshold,
                "edges": int(selected.any(axis=2).sum()),
            },
            versions={PACKAGE.name: PACKAGE.version},
            data={"windows": count, "dropped": 0},
            notes=tuple(warned),
        )
