"""Lorenz-96: a chaotic ring, the usual benchmark of nonlinear Granger causality."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from causalkit.builtin.simulators.checks import check_count, check_number
from causalkit.builtin.simulators.output import describe, pack
from causalkit.core.panel import Panel
from causalkit.core.truth import Truth

Array = NDArray[np.float64]

# Halving this step moves the next sample, 0.1 time units on, by 1e-4 at F = 10 and 0.02 at F = 40 (at worst, on the
# attractor), below the observation noise of 0.1; the test suite measures it.
LONGEST_STEP = 0.01


def lorenz96(
    series: int = 10,
    steps: int = 500,
    forcing: float = 10.0,
    sampling: float = 0.1,
    noise: float = 0.1,
    burn_in: int = 1000,
    realisations: int = 1,
    seed: int = 0,
) -> tuple[Panel, Truth]:
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
    check_count("series", series, 4)
    check_count("steps", steps, 1)
    check_number("forcing", forcing, 0.0, 100.0)
    check_number("sampling", sampling, 0.0, 10.0, above=True)
    check_number("noise", noise, 0.0)
    check_count("burn_in", burn_in, 0)
    check_count("realisations", realisations, 1)
    check_count("seed", seed, 0)
    generator = np.random.default_rng(seed)
    state = generator.normal(scale=0.01, size=(realisations, series))
    substeps = math.ceil(sampling / LONGEST_STEP - 1e-9)  # 0.1 / 0.01 may be a rounding error above 10
    samples = np.empty((realisations, steps, series))
    for sample in range(-burn_in, steps):
        state = advance(state, forcing, sampling, substeps)
        if sample >= 0:
            samples[:, sample] = state
    samples += generator.normal(scale=noise, size=samples.shape)
    source = describe(
        "lorenz96",
        series=series,
        steps=steps,
        forcing=forcing,
        sampling=sampling,
        noise=noise,
        burn_in=burn_in,
        realisations=realisations,
        seed=seed,
    )
    return pack(samples, ring_graph(series), source)


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
