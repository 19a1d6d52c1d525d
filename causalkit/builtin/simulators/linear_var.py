"""A sparse, stable, linear vector autoregression: what linear methods should solve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalkit.builtin.simulators.ranges import Count, FromZero, Positive, Several, Share
from causalkit.builtin.simulators.sparse import draw_coefficients, draw_graph
from causalkit.builtin.simulators.system import Simulated, System, factory_of

LARGEST_RADIUS = 0.95


@dataclass(frozen=True)
class LinearVar(System):
    """Simulate ``x_{t,j} = sum over edges (i -> j at lag l) of a_ijl x_{t-l,i} + noise * e_{t,j}``, e standard normal.

    Each edge acts at one lag, drawn uniformly from 1 to ``lag``; self-edges act at lag 1. Where the spectral radius
    of the companion matrix exceeds 0.95, every coefficient is multiplied by ``s**l`` with the s that brings the
    radius to 0.95 exactly, so that the system is stationary; in large or dense systems the coefficients therefore
    end up below ``strength``.

    Args:
        series: P.
        steps: T, samples that are kept.
        lag: L, the largest lag of an edge.
        density: share of the pairs of different series that are edges; 0 gives data without any.
        strength: coefficients lie between half of it and all of it, of either sign (self-edges positive).
        noise: standard deviation of the innovations.
        self_edges: every series drives itself at lag 1.
        burn_in: samples that are dropped first.
        realisations: R, independent recordings of the same system.
        seed: of graph, coefficients and innovations.

    Raises:
        ParameterError: a parameter is out of range.
    """

    name = "var"
    series: Several = 10
    steps: Count = 500
    lag: Count = 3
    density: Share = 0.2
    strength: Positive = 0.5
    noise: Positive = 1.0
    self_edges: bool = True
    burn_in: FromZero = 200
    realisations: Count = 1
    seed: FromZero = 0

    def simulate(self) -> Simulated:
        """Return a panel and its truth."""
        generator = np.random.default_rng(self.seed)
        graph = draw_graph(self.series, self.lag, self.density, self.self_edges, generator)
        coefficients = stabilise(draw_coefficients(graph, self.strength, generator))
        dropped = self.lag + self.burn_in
        values = generator.normal(scale=self.noise, size=(self.realisations, dropped + self.steps, self.series))
        for now in range(self.lag, values.shape[1]):
            for back in range(1, self.lag + 1):
                values[:, now] += values[:, now - back] @ coefficients[:, :, back - 1]
        return self.pack(values[:, dropped:], graph)


linear_var = factory_of(LinearVar)


def stabilise(coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale coefficients (cause, effect, lag) so that the spectral radius is at most 0.95.

    If z is an eigenvalue of the companion matrix of A_1, ..., A_L, then s z is one of s A_1, ..., s^L A_L; scaling
    lag by lag therefore reaches the wanted radius in one step.
    """
    radius = spectral_radius(coefficients)
    if radius <= LARGEST_RADIUS:
        return coefficients
    powers = np.arange(1, coefficients.shape[2] + 1)
    scaled: NDArray[np.float64] = coefficients * (LARGEST_RADIUS / radius) ** powers
    return scaled


def spectral_radius(coefficients: NDArray[np.float64]) -> float:
    """Return the largest absolute eigenvalue of the companion matrix of coefficients (cause, effect, lag)."""
    series, _, lag = coefficients.shape
    companion = np.eye(series * lag, k=-series)
    companion[:series] = coefficients.transpose(1, 2, 0).reshape(series, lag * series)  # rows are effects
    return float(np.abs(np.linalg.eigvals(companion)).max())
