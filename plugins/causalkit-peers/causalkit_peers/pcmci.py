"""PCMCI with partial correlations, as tigramite computes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from causalkit import Discovery, Panel, Run
from causalkit.errors import DataError, ways_out
from causalkit_peers.contained import contained
from causalkit_peers.package import Package

PACKAGE = Package(method="pcmci", name="tigramite", module="tigramite")
TESTS = {
    "par-corr": "tigramite.independence_tests.parcorr:ParCorr",
    "robust-par-corr": "tigramite.independence_tests.robust_parcorr:RobustParCorr",
}


class PCMCI:
    """Select likely parents of each series, then test every lagged link given the parents of both its ends.

    The score is the absolute value of the test statistic, a partial correlation between 0 and 1; the p-value is the
    test's own, two-sided, not corrected for the number of tests. Links within one time step are not tested.

    tigramite reads several recordings and missing cells by itself: each test leaves out the time steps at which one of
    the cells that it needs is missing. It also leaves out the first ``2 * lag`` steps of every recording, so that
    all tests see the same steps.

    Links that background knowledge forbids are neither tested nor conditions of other tests.

    Args:
        lag: K; links at lags 1 to K are tested.
        test: "par-corr" linear partial correlation, or "robust-par-corr" the same after every series was transformed
            to a normal distribution by its ranks.
        pc_alpha: level of the selection of parents; "none" lets tigramite choose one for each series by AIC.
        conditions: largest number of conditions in the selection of parents; default: no limit.

    Raises:
        WrongUsageError: tigramite is not installed.
    """

    def __init__(
        self,
        lag: Annotated[int, Field(ge=1)] = 2,
        test: Literal["par-corr", "robust-par-corr"] = "par-corr",
        pc_alpha: Annotated[float | None, Field(gt=0, le=1)] = 0.2,
        conditions: Annotated[int | None, Field(ge=0)] = None,
    ) -> None:
        PACKAGE.check()
        self.lag = lag
        self.test = test
        self.pc_alpha = pc_alpha
        self.conditions = conditions

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return statistics and p-values of all lagged links.

        Raises:
            DataError: no recording is longer than ``2 * lag`` steps, or a test is left with too few steps.
        """
        data_frame = PACKAGE.load("tigramite.data_processing:DataFrame")
        algorithm = PACKAGE.load("tigramite.pcmci:PCMCI")
        test = PACKAGE.load(TESTS[self.test])
        notes = self._left_out(panel)
        with contained(PACKAGE, run) as warned:
            data = data_frame(**_as_tigramite_wants(panel))
            found = algorithm(dataframe=data, cond_ind_test=test(significance="analytic"), verbosity=0).run_pcmci(
                tau_min=1,
                tau_max=self.lag,
                pc_alpha=self.pc_alpha,
                max_conds_dim=self.conditions,
                link_assumptions=self._links(panel, run),
            )
        # tigramite's matrices are (cause, effect, lag) with lag 0 first.
        statistics: NDArray[np.float64] = np.abs(found["val_matrix"][:, :, 1:])
        p_values: NDArray[np.float64] = found["p_matrix"][:, :, 1:]
        if not (np.isfinite(statistics).all() and np.isfinite(p_values).all()):
            raise DataError(
                f"{panel.source}: some tests of PCMCI are left with more conditions than time steps",
                ways_out(self.lag, "choose a smaller pc_alpha", "record more time steps"),
            )
        return Discovery(
            names=panel.names,
            scores=statistics,
            p_values=p_values,
            versions={PACKAGE.name: PACKAGE.version},
            data={} if panel.missing else {"windows": sum(max(0, t - 2 * self.lag) for t in panel.lengths)},
            notes=(*notes, *warned),
        )

    def _links(self, panel: Panel, run: Run) -> dict[int, dict[tuple[int, int], str]] | None:
        """Return the links of each effect that background knowledge leaves, as tigramite wants them; None: all."""
        if run.knowledge is None:
            return None
        allowed = run.knowledge.allowed(panel.names)
        lags = range(1, self.lag + 1)
        return {
            effect: {(int(cause), -lag): "-?>" for cause in np.flatnonzero(allowed[:, effect]) for lag in lags}
            for effect in range(panel.series)
        }

    def _left_out(self, panel: Panel) -> list[str]:
        """Say which data tigramite will not use, and refuse when nothing is left."""
        needed = 2 * self.lag + 1
        short = sum(length < needed for length in panel.lengths)
        if short == len(panel.lengths):
            longest = max(panel.lengths)
            choose = (longest - 1) // 2
            raise DataError(
                f"{panel.source}: PCMCI needs 2 * lag + 1 = {needed} rows, and the longest realisation has {longest}",
                f"choose {panel.hint('lag', choose)} or less"
                if choose
                else "record at least three rows without interruption",
            )
        notes = []
        if short:
            notes.append(f"PCMCI left out {short} of {len(panel.lengths)} realisations with fewer than {needed} rows.")
        if panel.missing:
            notes.append("Each test of PCMCI left out the time steps at which a cell that it needs is missing.")
        if panel.lower_frequency:
            names = ", ".join(panel.lower_frequency)
            notes.append(f"PCMCI does not carry {names} forward: the cells between two values count as missing.")
        return notes


def _as_tigramite_wants(panel: Panel) -> dict[str, Any]:
    """Return the arguments of tigramite's DataFrame: one array a recording, and a number that marks missing cells."""
    # tigramite marks missing cells in the arrays that it is given, hence copies.
    recordings = {number: values.copy() for number, values in enumerate(panel)}
    mode = "single" if len(recordings) == 1 else "multiple"
    if not panel.missing:
        return {"data": recordings, "analysis_mode": mode}
    flag = 1.0 + 2.0 * max(float(np.nanmax(np.abs(values), initial=0.0)) for values in panel)
    for values in recordings.values():
        values[np.isnan(values)] = flag
    return {"data": recordings, "analysis_mode": mode, "missing_flag": flag}
