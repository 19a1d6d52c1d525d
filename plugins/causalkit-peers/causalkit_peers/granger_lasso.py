"""The Granger lasso, as causal-learn computes it."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from causalkit import Discovery, Panel, Run
from causalkit.errors import DataError, ways_out
from causalkit_peers.contained import contained
from causalkit_peers.package import Package
from causalkit_peers.recording import only_recording

PACKAGE = Package(method="granger-lasso", name="causal-learn", module="causallearn", versions=">=0.1.3.8")


class GrangerLasso:
    """Regress each series on the last K steps of all series under an L1 penalty, chosen by cross-validation.

    The score of cause, effect and lag is the absolute coefficient; many are exactly 0. There are no p-values. The
    penalty of each effect is the one with the lowest forecast error over blocked folds, which never looks at a truth.

    causal-learn takes one array and cuts windows from it by itself, so that windows would run across the borders of
    recordings and over gaps. Panels with several recordings or missing cells are therefore refused.

    Args:
        lag: K.
        folds: number of folds of the cross-validation.

    Raises:
        WrongUsageError: causal-learn is not installed.
    """

    def __init__(self, lag: Annotated[int, Field(ge=1)] = 2, folds: Annotated[int, Field(ge=2)] = 5) -> None:
        PACKAGE.check()
        self.lag = lag
        self.folds = folds

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return the absolute coefficients.

        Raises:
            DataError: the panel is no single recording without gaps, or it has fewer windows than folds.
        """
        values = only_recording(panel, PACKAGE)
        count = len(values) - self.lag
        if count < self.folds:
            raise DataError(
                f"{panel.source}: {self.folds} folds need as many windows, and lag {self.lag} leaves {max(count, 0)}",
                ways_out(self.lag, "choose fewer folds"),
            )
        model = PACKAGE.load("causallearn.search.Granger.Granger:Granger")
        with contained(PACKAGE, run) as warned:
            # Row: effect. Columns: all causes at lag 1, then all at lag 2, ...
            coefficients = np.asarray(model(maxlag=self.lag, cv=self.folds).granger_lasso(values.copy()))
        by_lag = coefficients.reshape(panel.series, self.lag, panel.series)  # (effect, lag, cause)
        return Discovery(
            names=panel.names,
            scores=np.abs(by_lag).transpose(2, 0, 1),
            versions={PACKAGE.name: PACKAGE.version},
            data={"windows": count, "dropped": 0},
            notes=tuple(warned),
        )
