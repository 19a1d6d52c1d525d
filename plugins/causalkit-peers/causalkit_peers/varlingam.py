"""VARLiNGAM, as lingam computes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from causalkit import Discovery, Panel, Run
from causalkit.errors import DataError, ways_out
from causalkit_peers.contained import contained
from causalkit_peers.package import Package
from causalkit_peers.pooled import pooled_varlingam

Array = NDArray[np.float64]
PACKAGE = Package(method="varlingam", name="lingam", module="lingam", versions=">=1.8.3")


class VARLiNGAM:
    """Fit ``x_t = B_0 x_t + B_1 x_{t-1} + ... + B_K x_{t-K} + e_t`` with acyclic B_0 and non-Gaussian noise e.

    The score of cause, effect and lag l is the absolute entry of B_l. lingam has no p-values.

    The effects within one time step, B_0, are no Granger causes and not among the scores. They shape the scores all
    the same, since B_l is what is left of an autoregression's coefficients once B_0 is accounted for: an effect that is
    faster than the sampling moves from lag 1 into B_0. ``contemporaneous="with-lag-1"`` therefore lets the score at
    lag 1 be the larger of the two. Either way the absolute values of B_0 are kept in the result, as
    ``data["contemporaneous"][cause][effect]``.

    One recording without gaps goes to lingam's ``VARLiNGAM`` as it is, with exactly K lags: lingam's choice of a
    smaller lag by BIC is switched off. That class takes one array. Several recordings and recordings with gaps go
    through `causalkit_peers.pooled`, the same estimate over complete windows, so that no window crosses a border.

    Args:
        lag: K.
        prune: re-estimate by an adaptive lasso that sets weak coefficients to 0, which is lingam's default.
        contemporaneous: "apart" leaves B_0 out of the scores, "with-lag-1" counts it there.

    Raises:
        WrongUsageError: lingam is not installed.
    """

    def __init__(
        self,
        lag: Annotated[int, Field(ge=1)] = 2,
        prune: bool = True,
        contemporaneous: Literal["apart", "with-lag-1"] = "apart",
    ) -> None:
        PACKAGE.check()
        self.lag = lag
        self.prune = prune
        self.contemporaneous = contemporaneous

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return the lagged coefficients as scores.

        Raises:
            DataError: there are no more windows than coefficients.
        """
        windows = panel.windows(self.lag)
        unknowns = self.lag * panel.series
        if len(windows) <= unknowns + panel.series:
            raise DataError(
                f"{panel.source}: VARLiNGAM with lag {self.lag} fits {unknowns} lagged coefficients for every effect, "
                f"and the windows are too few ({len(windows)})",
                ways_out(self.lag, "use a regularised method such as granger-lasso or grngc"),
            )
        whole = len(panel.lengths) == 1 and not panel.missing
        model = PACKAGE.load("lingam:VARLiNGAM")
        with contained(PACKAGE, run) as warned:
            if whole:
                values = panel.realisations[0]
                fitted = model(lags=self.lag, criterion=None, prune=self.prune, random_state=run.seed).fit(values)
                effects: Array = np.asarray(fitted.adjacency_matrices_)
            else:
                effects = pooled_varlingam(PACKAGE, windows, self.prune, run.seed)
        if not np.isfinite(effects).all():
            raise DataError(
                f"{panel.source}: VARLiNGAM found no finite coefficients", ways_out(self.lag, "use another method")
            )
        sizes = np.abs(effects).transpose(2, 1, 0)  # (lag, effect, cause) -> (cause, effect, lag)
        present, scores = sizes[:, :, 0], sizes[:, :, 1:].copy()
        if self.contemporaneous == "with-lag-1":
            scores[:, :, 0] = np.maximum(scores[:, :, 0], present)
        counted: dict[str, Any] = {"windows": len(windows), "dropped": windows.dropped}
        return Discovery(
            names=panel.names,
            scores=scores,
            versions={PACKAGE.name: PACKAGE.version},
            data={**counted, "contemporaneous": present.tolist()},
            notes=(*self._about(present, panel.names), *warned),
        )

    def _about(self, present: Array, names: tuple[str, ...]) -> list[str]:
        """Say which effects within one time step were found, and where they are."""
        found = int((present > 0).sum())
        if not found:
            return []
        cause, effect = np.unravel_index(int(present.argmax()), present.shape)
        many = "1 effect" if found == 1 else f"{found} effects"
        where = (
            "they are not among the scores but in data.contemporaneous of the result"
            if self.contemporaneous == "apart"
            else "scores at lag 1 count them"
        )
        return [
            f"VARLiNGAM also found {many} within one time step, strongest {names[cause]} -> {names[effect]} "
            f"({present.max():.3g}); {where}."
        ]
