"""SRNGC, as shapneurgc computes it."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from causalkit import Discovery, Panel, Run
from causalkit.errors import DataError, ways_out
from causalkit_peers.contained import contained_torch
from causalkit_peers.package import Package
from causalkit_peers.recording import only_recording

PACKAGE = Package("srngc", "shapneurgc", "shapneurgc", ">=0.1")


class SRNGC:
    """Forecast all series by one network under a penalty on interaction-aware sizes of its input gradient.

    The score of cause j, effect i and lag is the Info-Shap value E[J_ij^2] + 1/2 sum_{k != j} E|J_ij J_ik| of the input
    Jacobian J (Yang et al. 2026, equation 28). There are no p-values. The method's own selection compares these values
    with those of knockoff series, which are resampled in blocks, in a second fit with twice as many inputs; edges that
    it selects at the level q are the selected edges of the result. The package says that q is no certified false
    discovery rate, since the knockoffs of a time series are not exchangeable with it.

    shapneurgc cuts windows from one array by itself. Panels with several recordings or missing cells are refused.

    Args:
        lag: K.
        strength: weight of the penalty, the paper's lambda; the package does not choose it.
        hidden: width of the two hidden layers.
        epochs: of training at most; it ends after 50 epochs without a lower validation error.
        q: level of the knockoff filter; "none" leaves the filter out, which saves the larger part of the time.

    Raises:
        WrongUsageError: shapneurgc is not installed.
    """

    def __init__(
        self,
        lag: Annotated[int, Field(ge=1)] = 2,
        strength: Annotated[float, Field(ge=0)] = 0.001,
        hidden: Annotated[int, Field(ge=1)] = 64,
        epochs: Annotated[int, Field(ge=1)] = 2000,
        q: Annotated[float | None, Field(gt=0, lt=1)] = 0.1,
    ) -> None:
        PACKAGE.check()
        self.lag = lag
        self.strength = strength
        self.hidden = hidden
        self.epochs = epochs
        self.q = q

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return the Info-Shap values, and the edges that the knockoff filter selects.

        Raises:
            DataError: the panel is no single recording without gaps, or it is too short.
        """
        values = only_recording(panel, PACKAGE)
        count = len(values) - self.lag
        if count < 3:
            raise DataError(
                f"{panel.source}: SRNGC needs three windows, and lag {self.lag} leaves {max(count, 0)}",
                ways_out(self.lag, "record more time steps"),
            )
        model = PACKAGE.load("shapneurgc:SRNGC")
        selected = None
        with contained_torch(PACKAGE, run) as warned:
            fitted = model(
                lag=self.lag,
                penalty="shap",
                hidden_dim=self.hidden,
                lam_ind=self.strength,
                max_epochs=self.epochs,
                seed=run.seed % 2**32,
                verbose=0,
            ).fit(values.copy())
            # The package's arrays are (lag, effect, cause), lag 1 first.
            scores = np.asarray(fitted.importance_by_lag_, dtype=np.float64).transpose(2, 1, 0)
            if self.q is not None:
                fitted.discover(q=self.q)
                selected = np.asarray(fitted.knockoff_.graph_by_lag, dtype=bool).transpose(2, 1, 0)
        if not np.isfinite(scores).all():
            raise DataError(f"{panel.source}: the training of SRNGC diverged", "look for extreme values in the data")
        return Discovery(
            names=panel.names,
            scores=scores,
            selected=selected,
            selection=None
            if selected is None
            else {
                "rule": f"knockoffs of SRNGC at q={self.q:g}",
                "name": "knockoffs",
                "q": self.q,
                "edges": int(selected.any(axis=2).sum()),
                "notes": ["shapneurgc does not certify q as a false discovery rate"],
            },
            versions={PACKAGE.name: PACKAGE.version},
            data={"windows": count, "dropped": 0},
            notes=tuple(warned),
        )
