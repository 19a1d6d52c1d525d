"""A sparse autoregression through saturating functions, odd and even: nonlinear, yet bounded for every seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalkit.builtin.simulators.ranges import Count, FromZero, Positive, Several, Share
from causalkit.builtin.simulators.sparse import draw_coefficients, draw_graph
from causalkit.builtin.simulators.system import Simulated, System, factory_of


@dataclass(frozen=True)
class TanhVar(System):
    """Simulate ``x_{t,j} = sum over edges (i -> j at lag l) of a_ijl h_ij(x_{t-l,i}) + noise * e_{t,j}``.

    An odd edge has ``h(u) = tanh(c u)``, an even one ``h(u) = 2 tanh(c u)**2 - 1``, with c the steepness and e standard
    normal. Even effects have next to no correlation with their cause, so linear methods see little of them;
    both functions stay within [-1, 1], so no trajectory can diverge. Each edge acts at one lag, drawn uniformly from 1
    to ``lag``; self-edges act at lag 1 and are odd.

    Args:
        series: P.
        steps: T, samples that are kept.
        lag: L, the largest lag of an edge.
        density: share of the pairs of different series that are edges; 0 gives data without any.
        strength: coefficients lie between half of it and all of it, of either sign (self-edges positive).
        steepness: c.
        even: probability that an edge between different series is even.
        noise: standard deviation of the innovations.
        self_edges: every series drives itself at lag 1.
        burn_in: samples that are dropped first.
        realisations: R, independent recordings of the same system.
        seed: of graph, coefficients and innovations.

    Raises:
        ParameterError: a parameter is out of range.
    """

    name = "tanh-var"
    series: Several = 10
    steps: Count = 500
    lag: Count = 2
    density: Share = 0.2
    strength: Positive = 1.0
    steepness: Positive = 1.5
    even: Share = 0.5
    noise: Positive = 0.5
    self_edges: bool = True
    burn_in: FromZero = 100
    realisations: Count = 1
    seed: FromZero = 0

    def simulate(self) -> Simulated:
        """Return a panel and its truth."""
        generator = np.random.default_rng(self.seed)
        graph = draw_graph(self.series, self.lag, self.density, self.self_edges, generator)
        coefficients = draw_coefficients(graph, self.strength, generator)
        is_even = (generator.random((self.series, self.series)) < self.even) & ~np.eye(self.series, dtype=bool)
        through_even = coefficients * is_even[:, :, None]
        through_odd = coefficients - through_even
        dropped = self.lag + self.burn_in
        values = generator.normal(scale=self.noise, size=(self.realisations, dropped + self.steps, self.series))
        for now in range(self.lag, values.shape[1]):
            for back in range(1, self.lag + 1):
                odd = np.tanh(self.steepness * values[:, now - back])
                values[:, now] += odd @ through_odd[:, :, back - 1] + (2 * odd**2 - 1) @ through_even[:, :, back - 1]
        return self.pack(values[:, dropped:], graph)


tanh_var = factory_of(TanhVar)
