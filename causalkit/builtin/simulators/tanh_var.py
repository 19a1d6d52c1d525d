"""A sparse autoregression through saturating functions, odd and even: nonlinear, yet bounded for every seed."""

from __future__ import annotations

import numpy as np

from causalkit.builtin.simulators.checks import check_count, check_number
from causalkit.builtin.simulators.output import describe, pack
from causalkit.builtin.simulators.sparse import draw_coefficients, draw_graph
from causalkit.core.panel import Panel
from causalkit.core.truth import Truth


def tanh_var(
    series: int = 10,
    steps: int = 500,
    lag: int = 2,
    density: float = 0.2,
    strength: float = 1.0,
    steepness: float = 1.5,
    even: float = 0.5,
    noise: float = 0.5,
    self_edges: bool = True,
    burn_in: int = 100,
    realisations: int = 1,
    seed: int = 0,
) -> tuple[Panel, Truth]:
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
    check_count("series", series, 2)
    check_count("steps", steps, 1)
    check_count("lag", lag, 1)
    check_number("density", density, 0.0, 1.0)
    check_number("strength", strength, 0.0, above=True)
    check_number("steepness", steepness, 0.0, above=True)
    check_number("even", even, 0.0, 1.0)
    check_number("noise", noise, 0.0, above=True)
    check_count("burn_in", burn_in, 0)
    check_count("realisations", realisations, 1)
    check_count("seed", seed, 0)
    generator = np.random.default_rng(seed)
    graph = draw_graph(series, lag, density, self_edges, generator)
    coefficients = draw_coefficients(graph, strength, generator)
    is_even = (generator.random((series, series)) < even) & ~np.eye(series, dtype=bool)
    through_even = coefficients * is_even[:, :, None]
    through_odd = coefficients - through_even
    values = generator.normal(scale=noise, size=(realisations, lag + burn_in + steps, series))
    for now in range(lag, values.shape[1]):
        for back in range(1, lag + 1):
            odd = np.tanh(steepness * values[:, now - back])
            values[:, now] += odd @ through_odd[:, :, back - 1] + (2 * odd**2 - 1) @ through_even[:, :, back - 1]
    source = describe(
        "tanh-var",
        series=series,
        steps=steps,
        lag=lag,
        density=density,
        strength=strength,
        steepness=steepness,
        even=even,
        noise=noise,
        self_edges=self_edges,
        burn_in=burn_in,
        realisations=realisations,
        seed=seed,
    )
    return pack(values[:, lag + burn_in :], graph, source)
