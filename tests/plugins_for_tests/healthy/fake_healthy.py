"""A plugin that works: everything is blamed on the broken ones beside it only."""

import numpy as np

from causalkit import Discovery, Method, Metric, hookimpl


class Constant:
    """All scores are 1."""

    def __init__(self, lag: int = 1) -> None:
        self.lag = lag

    def fit(self, panel, run):
        return Discovery(panel.names, np.ones((panel.series, panel.series, self.lag)))


@hookimpl
def causalkit_methods():
    yield Method(name="constant", factory=Constant, summary="All scores are 1", aliases=("flat",))


@hookimpl
def causalkit_metrics():
    return [Metric(name="zero", factory=lambda evaluation: 0.0, summary="Always 0")]
