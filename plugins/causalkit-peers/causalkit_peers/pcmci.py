"""PCMCI, as tigramite computes it."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from causalkit import Discovery, Panel, Run
from causalkit.errors import DataError, ways_out
from causalkit_peers.contained import contained
from causalkit_peers.independence_tests import TESTS, TestName
from causalkit_peers.tigramite_panel import allowed_links, data_frame_arguments, left_out, windows_of

Array = NDArray[np.float64]


class PCMCI:
    """Select likely parents of each series, then test every lagged link given the parents of both its ends.

    The score is the size of the test statistic; the p-value is the test's own, not corrected for the number of tests.
    Links within one time step are not tested.

    tigramite reads several recordings and missing cells by itself: each test leaves out the time steps at which one of
    the cells that it needs is missing. It also leaves out the first ``2 * lag`` steps of every recording, so that
    all tests see the same steps.

    Links that background knowledge forbids are neither tested nor conditions of other tests.

    Args:
        lag: K; links at lags 1 to K are tested.
        test: "par-corr" linear partial correlation; "robust-par-corr" the same after every series was transformed
            to a normal distribution by its ranks; "cmi-knn" conditional mutual information by nearest neighbours, for
            dependence of any form; "gpdc" distance correlation of what Gaussian processes leave, for nonlinear
            dependence with additive noise. The last two take minutes to hours.
        pc_alpha: level of the selection of parents; "none" lets tigramite choose one for each series by AIC.
        conditions: largest number of conditions in the selection of parents; default: no limit.
        draws: random draws behind a p-value of cmi-knn (shuffles) and gpdc (draws of the null distribution).

    Raises:
        WrongUsageError: tigramite, or a package that the test needs, is not installed.
    """

    def __init__(
        self,
        lag: Annotated[int, Field(ge=1)] = 2,
        test: TestName = "par-corr",
        pc_alpha: Annotated[float | None, Field(gt=0, le=1)] = 0.2,
        conditions: Annotated[int | None, Field(ge=0)] = None,
        draws: Annotated[int, Field(ge=19)] = 500,
    ) -> None:
        self.lag = lag
        self.test = TESTS[test]
        self.pc_alpha = pc_alpha
        self.conditions = conditions
        self.draws = draws
        self.package = self.test.package("pcmci", test)
        self.package.check()

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return statistics and p-values of all lagged links.

        Raises:
            DataError: no recording is longer than ``2 * lag`` steps, or a test is left with too few steps.
        """
        data_frame = self.package.load("tigramite.data_processing:DataFrame")
        algorithm = self.package.load("tigramite.pcmci:PCMCI")
        notes = left_out(panel, self.lag, "PCMCI")
        test = self.test.build(self.package, self.draws, panel, run)
        with contained(self.package, run) as warned:
            data = data_frame(**data_frame_arguments(panel))
            found = algorithm(dataframe=data, cond_ind_test=test, verbosity=0).run_pcmci(
                tau_min=1,
                tau_max=self.lag,
                pc_alpha=self.pc_alpha,
                max_conds_dim=self.conditions,
                link_assumptions=allowed_links(panel, run, self.lag, within_step=False),
            )
        # tigramite's matrices are (cause, effect, lag) with lag 0 first.
        statistics: Array = found["val_matrix"][:, :, 1:]
        p_values: Array = found["p_matrix"][:, :, 1:]
        if not (np.isfinite(statistics).all() and np.isfinite(p_values).all()):
            raise DataError(
                f"{panel.source}: some tests of PCMCI are left with more conditions than time steps",
                ways_out(self.lag, "choose a smaller pc_alpha", "record more time steps"),
            )
        return Discovery(
            names=panel.names,
            scores=self.test.sizes(statistics),
            p_values=self.test.p_values(p_values, self.draws),
            versions={self.package.name: self.package.version},
            data=windows_of(panel, self.lag),
            notes=(*notes, *warned),
        )
