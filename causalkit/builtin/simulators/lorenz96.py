"""Lorenz-96: a chaotic ring, the usual benchmark of nonlinear Granger causality."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from causalkit.builtin.simulators.ranges import Count, Deviation, FromZero, Number, Whole
from causalkit.builtin.simulators.system import Simulated, System, factory_of

Array = NDArray[np.float64]

# Halving this step moves the next sample, 0.1 time units on, by 1e-4 at F = 10 and 0.02 at F = 40 (at worst, on the
# attractor), below the observation noise of 0.1; the test suite measures it.
LONGEST_STEP = 0.01


@dataclass(frozen=True)
class Lorenz96(System):
    """Simulate ``dx_i/dt = (x_{i+1} - x_{i-2}) x_{i-1} - x_i + F`` on a ring of series.

    Integrated by the classical Runge-Kutta method with steps of at most 0.01. Every realisation starts at its own
    point near 0, drawn from N(0, 0.01^2), which the burn-in carries to the attractor. The truth is
    ``{i - 2, i - 1, i, i + 1} -> i``, self-edges included and without lags: between two samples each effect travels
    on through the ring, so that the lag of an edge is no fact of the system.

    Args:
        series: P, at least 4 so that the neighbours differ.
        steps: T, samples that are kept.
        forcing: F; chaotic from about 8, stronger is harder.
        sampling: time between two samples.
        noise: standard deviation of Gaussian observation noise.
        burn_in: samples that are dropped first.
        realisations: R, independent recordings.
        seed: of starting points and noise.

    Raises:
        ParameterError: a parameter is out of range.

    Reference:
        Lorenz, Predictability: a problem partly solved, ECMWF Seminar on Predictability 1996.
    """

    name = "lorenz96"
    series: Annotated[int, Whole(4)] = 10
    steps: Count = 500
    forcing: Annotated[float, Number(0.0, 100.0)] = 10.0
    sampling: Annotated[float, Number(0.0, 10.0, above=True)] = 0.1
    noise: Deviation = 0.1
    burn_in: FromZero = 1000
    realisations: Count = 1
    seed: FromZero = 0

    def simulate(self) -> Simulated:
        """Return a panel and its truth."""
        generator = np.random.default_rng(self.seed)
        state = generator.normal(scale=0.01, size=(self.realisations, self.series))
        substeps = math.ceil(self.sampling / LONGEST_STEP - 1e-9)  # 0.1 / 0.01 may be a rounding error above 10
        samples = np.empty((self.realisations, self.steps, self.series))
        for sample in range(-self.burn_in, self.steps):
            state = advance(state, self.forcing, self.sampling, substeps)
            if sample >= 0:
                samples[:, sample] = state
        samples += generator.normal(scale=self.noise, size=samples.shape)
        return self.pack(samples, ring_graph(self.series))


lorenz96 = factory_of(Lorenz96)


def ring_graph(series: int) -> NDArray[np.bool_]:
    """Return shape (P, P), ``graph[cause, effect]``: i is driven by i - 2, i - 1, i and i + 1."""
    graph = np.zeros((series, series), dtype=bool)
    effect = np.arange(series)
    for offset in (-2, -1, 0, 1):
        graph[(effect + offset) % series, effect] = True
    return graph


def advance(state: Array, forcing: float, interval: float, substeps: int) -> Array:
    """Return the state, shape (R, P), an interval later, by Runge-Kutta steps of fourth order."""
    step = interval / substeps
    for _ in range(substeps):
        k1 = _velocity(state, forcing)
        k2 = _velocity(state + step / 2 * k1, forcing)
        k3 = _velocity(state + step / 2 * k2, forcing)
        k4 = _velocity(state + step * k3, forcing)
        state = state + step / 6 * (k1 + 2 * (k2 + k3) + k4)
    return state


def _velocity(x: Array, forcing: float) -> Array:
    ring = np.concatenate([x[:, -2:], x, x[:, :1]], axis=1)  # ring[:, i + 2] is x_i; one copy instead of three rolls
    velocity: Array = (ring[:, 3:] - ring[:, :-3]) * ring[:, 1:-2] - x + forcing
    return velocity
