"""PCMCI+, as tigramite computes it."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from causalkit import Discovery, Panel, Run
from causalkit.errors import DataError, ways_out
from causalkit_peers.contained import contained
from causalkit_peers.independence_tests import TESTS, TestName
from causalkit_peers.tigramite_panel import allowed_links, data_frame_arguments, left_out, windows_of

Array = NDArray[np.float64]


class PCMCIPlus:
    """Test lagged links and links within one time step, each given lagged parents and links within the step.

    The score is the size of the test statistic at lags 1 to K; the p-value is the test's own, not corrected for the
    number of tests. A lagged link that the selection of parents left out keeps the statistic and the p-value of that
    selection, as in tigramite.

    Links within one time step are no Granger causes and not among the scores. The result keeps the sizes of those that
    were found as ``data["contemporaneous"][cause][effect]``, in both directions where the data do not orient them.

    Recordings, missing cells and background knowledge are treated as in `causalkit_peers.pcmci.PCMCI`.

    Args:
        lag: K; links at lags 0 to K are tested.
        test: as for `causalkit_peers.pcmci.PCMCI`.
        pc_alpha: level of all tests; "none" lets tigramite choose one by its model criterion.
        conditions: largest number of conditions in the selection of parents; default: no limit.
        draws: as for `causalkit_peers.pcmci.PCMCI`.

    Raises:
        WrongUsageError: tigramite, or a package that the test needs, is not installed.
    """

    def __init__(
        self,
        lag: Annotated[int, Field(ge=1)] = 2,
        test: TestName = "par-corr",
        pc_alpha: Annotated[float | None, Field(gt=0, le=1)] = 0.01,
        conditions: Annotated[int | None, Field(ge=0)] = None,
        draws: Annotated[int, Field(ge=19)] = 500,
    ) -> None:
        self.lag = lag
        self.test = TESTS[test]
        self.pc_alpha = pc_alpha
        self.conditions = conditions
        self.draws = draws
        self.package = self.test.package("pcmci-plus", test)
        self.package.check()

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return statistics and p-values of all lagged links, and the links within one time step.

        Raises:
            DataError: no recording is longer than ``2 * lag`` steps, or a test is left with too few steps.
        """
        data_frame = self.package.load("tigramite.data_processing:DataFrame")
        algorithm = self.package.load("tigramite.pcmci:PCMCI")
        notes = left_out(panel, self.lag, "PCMCI+")
        test = self.test.build(self.package, self.draws, panel, run)
        with contained(self.package, run) as warned:
            data = data_frame(**data_frame_arguments(panel))
            found = algorithm(dataframe=data, cond_ind_test=test, verbosity=0).run_pcmciplus(
                tau_min=0,
                tau_max=self.lag,
                pc_alpha=self.pc_alpha,
                max_conds_dim=self.conditions,
                link_assumptions=allowed_links(panel, run, self.lag, within_step=True),
            )
        # tigramite's matrices are (cause, effect, lag) with lag 0 first.
        statistics: Array = found["val_matrix"]
        p_values: Array = found["p_matrix"]
        if not (np.isfinite(statistics).all() and np.isfinite(p_values).all()):
            raise DataError(
                f"{panel.source}: some tests of PCMCI+ are left with more conditions than time steps",
                ways_out(self.lag, "choose a smaller pc_alpha", "record more time steps"),
            )
        sizes = self.test.sizes(statistics)
        present = np.where(_forward(found["graph"][:, :, 0]), sizes[:, :, 0], 0.0)
        facts: dict[str, Any] = windows_of(panel, self.lag)
        return Discovery(
            names=panel.names,
            scores=sizes[:, :, 1:],
            p_values=self.test.p_values(p_values[:, :, 1:], self.draws),
            versions={self.package.name: self.package.version},
            data={**facts, "contemporaneous": present.tolist()},
            notes=(*notes, *_about(present, panel.names), *warned),
        )


def _forward(marks: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Return where a link (cause, effect) within one time step exists and may run from cause to effect."""
    return (marks != "") & (marks != "<--")


def _about(present: Array, names: tuple[str, ...]) -> list[str]:
    """Say which links within one time step were found, and where they are."""
    pairs = int(((present > 0) | (present > 0).T).sum()) // 2
    if not pairs:
        return []
    cause, effect = np.unravel_index(int(present.argmax()), present.shape)
    mark = "--" if present[effect, cause] > 0 else "->"
    many = "1 link" if pairs == 1 else f"{pairs} links"
    return [
        f"PCMCI+ also found {many} within one time step, strongest {names[cause]} {mark} {names[effect]} "
        f"({present.max():.3g}); they are not among the scores but in data.contemporaneous of the result."
    ]
