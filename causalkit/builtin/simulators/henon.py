"""A chain of coupled Hénon maps: deterministic chaos with known lags."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalkit.builtin.simulators.ranges import Count, Deviation, FromZero, Positive, Several
from causalkit.builtin.simulators.system import Simulated, System, factory_of
from causalkit.errors import DataError, ParameterError

# From a coupling of about 0.4 on, neighbours synchronise: they become equal, and no data can tell who drives whom.
STRONGEST_COUPLING = 0.3
# The attractor lies within |x| < 2.1; what leaves this bound is on its way to infinity.
ESCAPED = 10.0
ATTEMPTS = 100


@dataclass(frozen=True)
class Henon(System):
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

    name = "henon"
    series: Several = 5
    steps: Count = 500
    coupling: Positive = 0.2
    noise: Deviation = 0.0
    burn_in: FromZero = 200
    realisations: Count = 1
    seed: FromZero = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.coupling > STRONGEST_COUPLING:
            raise ParameterError(
                f"coupling={self.coupling:g} makes neighbours synchronise, and equal series reveal no cause",
                f"give a number that is greater than 0 and at most {STRONGEST_COUPLING}",
            )

    def simulate(self) -> Simulated:
        """Return a panel and its truth."""
        generator = np.random.default_rng(self.seed)
        length = self.burn_in + self.steps
        values = trajectories(self.series, length, self.coupling, self.realisations, generator)[:, self.burn_in :]
        values = values + generator.normal(scale=self.noise, size=values.shape)
        graph = np.zeros((self.series, self.series, 2), dtype=bool)
        effect = np.arange(self.series)
        graph[effect, effect] = True
        graph[effect[:-1], effect[1:], 0] = True
        return self.pack(values, graph)


henon = factory_of(Henon)


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
