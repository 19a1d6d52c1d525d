"""A chain of coupled Hénon maps: deterministic chaos with known lags."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causalkit.builtin.simulators.checks import check_count, check_number
from causalkit.builtin.simulators.output import describe, pack
from causalkit.core.panel import Panel
from causalkit.core.truth import Truth
from causalkit.errors import DataError, ParameterError

# From a coupling of about 0.4 on, neighbours synchronise: they become equal, and no data can tell who drives whom.
STRONGEST_COUPLING = 0.3
# The attractor lies within |x| < 2.1; what leaves this bound is on its way to infinity.
ESCAPED = 10.0
ATTEMPTS = 100


def henon(
    series: int = 5,
    steps: int = 500,
    coupling: float = 0.2,
    noise: float = 0.0,
    burn_in: int = 200,
    realisations: int = 1,
    seed: int = 0,
) -> tuple[Panel, Truth]:
    """Simulate ``x_i(t+1) = 1.4 - (c x_{i-1}(t) + (1 - c) x_i(t))^2 + 0.3 x_i(t-1)``; the first series runs freely.

    The truth is ``i-1 -> i`` at lag 1 and ``i -> i`` at lags 1 and 2. A realisation that leaves the attractor for
    infinity is drawn again from the same generator, so that every seed gives finite data.

    Args:
        series: P, the length of the chain.
        steps: T, samples that are kept.
        coupling: c, above 0 and at most 0.3; stronger coupling synchronises the series.
        noise: standard deviation of Gaussian observation noise.
        burn_in: samples that are dropped first.
        realisations: R, independent recordings.
        seed: of starting points and noise.

    Raises:
        ParameterError: a parameter is out of range.

    Reference:
        Kugiumtzis, Direct-coupling information measure from nonuniform embedding, Phys. Rev. E 87, 062918, 2013,
        whose maps are coupled to both neighbours, ours to the left one only.
    """
    check_count("series", series, 2)
    check_count("steps", steps, 1)
    check_number("coupling", coupling, 0.0, above=True)
    if coupling > STRONGEST_COUPLING:
        raise ParameterError(
            f"coupling={coupling:g} makes neighbours synchronise, and equal series reveal no cause",
            f"give a number that is greater than 0 and at most {STRONGEST_COUPLING}",
        )
    check_number("noise", noise, 0.0)
    check_count("burn_in", burn_in, 0)
    check_count("realisations", realisations, 1)
    check_count("seed", seed, 0)
    generator = np.random.default_rng(seed)
    values = trajectories(series, burn_in + steps, coupling, realisations, generator)[:, burn_in:]
    values = values + generator.normal(scale=noise, size=values.shape)
    graph = np.zeros((series, series, 2), dtype=bool)
    effect = np.arange(series)
    graph[effect, effect] = True
    graph[effect[:-1], effect[1:], 0] = True
    source = describe(
        "henon",
        series=series,
        steps=steps,
        coupling=coupling,
        noise=noise,
        burn_in=burn_in,
        realisations=realisations,
        seed=seed,
    )
    return pack(values, graph, source)


def trajectories(
    series: int, steps: int, coupling: float, realisations: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Return bounded trajectories, shape (R, T, P), drawing again those that diverge.

    Raises:
        DataError: some realisation diverged in every attempt.
    """
    values = np.empty((realisations, steps, series))
    wanted = np.arange(realisations)
    for _ in range(ATTEMPTS):
        drawn = _iterate(series, steps, coupling, len(wanted), generator)
        bounded = (np.abs(drawn) < ESCAPED).all(axis=(1, 2))
        values[wanted[bounded]] = drawn[bounded]
        wanted = wanted[~bounded]
        if not len(wanted):
            return values
    raise DataError(
        f"henon: {len(wanted)} realisations diverged {ATTEMPTS} times",
        "choose fewer steps, fewer series or less coupling",
    )


def _iterate(
    series: int, steps: int, coupling: float, realisations: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    values = np.empty((realisations, steps + 2, series))
    values[:, :2] = generator.random((realisations, 2, series))
    for now in range(2, steps + 2):
        before = values[:, now - 1]
        driven = before.copy()
        driven[:, 1:] = coupling * before[:, :-1] + (1 - coupling) * before[:, 1:]
        # Clipping what has escaped already keeps it recognisable and free of overflow.
        values[:, now] = np.clip(1.4 - driven**2 + 0.3 * values[:, now - 2], -ESCAPED, ESCAPED)
    return values[:, 2:]
