"""The smallest causal system: white noise with one edge, for checks of orientation and lag."""

from __future__ import annotations

import numpy as np

from causalkit.builtin.simulators.checks import check_count, check_number
from causalkit.builtin.simulators.output import describe, pack
from causalkit.core.panel import Panel
from causalkit.core.truth import Truth

LAG = 2


def lagged_pair(
    series: int = 3,
    steps: int = 300,
    strength: float = 1.0,
    noise: float = 0.5,
    realisations: int = 1,
    seed: int = 0,
) -> tuple[Panel, Truth]:
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
    check_count("series", series, 2)
    check_count("steps", steps, LAG + 1)
    check_number("strength", strength, 0.0, above=True)
    check_number("noise", noise, 0.0)
    check_count("realisations", realisations, 1)
    check_count("seed", seed, 0)
    values = np.random.default_rng(seed).standard_normal((realisations, steps + LAG, series))
    values[:, LAG:, 1] = strength * values[:, :-LAG, 0] + noise * values[:, LAG:, 1]
    graph = np.zeros((series, series, LAG), dtype=bool)
    graph[0, 1, LAG - 1] = True
    source = describe(
        "lagged-pair",
        series=series,
        steps=steps,
        strength=strength,
        noise=noise,
        realisations=realisations,
        seed=seed,
    )
    return pack(values[:, LAG:], graph, source, names=tuple(str(position) for position in range(series)))
