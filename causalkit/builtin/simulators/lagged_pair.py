"""The smallest causal system: white noise with one edge, for checks of orientation and lag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from causalkit.builtin.simulators.ranges import Count, Deviation, FromZero, Positive, Several, Whole
from causalkit.builtin.simulators.system import Simulated, System, factory_of

LAG = 2


@dataclass(frozen=True)
class LaggedPair(System):
    """Simulate white noise in which only ``x_1(t) = strength * x_0(t - 2) + noise * e(t)`` depends on anything.

    All other series are standard normal and independent. The truth has one edge, 0 -> 1 at lag 2. A method that
    reads a matrix the wrong way round finds 1 -> 0, one that counts lags from the wrong end finds another lag.

    Args:
        series: P, at least 2.
        steps: T.
        strength: coefficient of the edge, above 0.
        noise: standard deviation of what series 1 adds itself.
        realisations: R, independent recordings.
        seed: of all draws.

    Raises:
        ParameterError: a parameter is out of range.
    """

    name = "lagged-pair"
    series: Several = 3
    steps: Annotated[int, Whole(LAG + 1)] = 300
    strength: Positive = 1.0
    noise: Deviation = 0.5
    realisations: Count = 1
    seed: FromZero = 0

    def simulate(self) -> Simulated:
        """Return a panel and its truth."""
        values = np.random.default_rng(self.seed).standard_normal((self.realisations, self.steps + LAG, self.series))
        values[:, LAG:, 1] = self.strength * values[:, :-LAG, 0] + self.noise * values[:, LAG:, 1]
        graph = np.zeros((self.series, self.series, LAG), dtype=bool)
        graph[0, 1, LAG - 1] = True
        return self.pack(values[:, LAG:], graph, names=tuple(str(position) for position in range(self.series)))


lagged_pair = factory_of(LaggedPair)
