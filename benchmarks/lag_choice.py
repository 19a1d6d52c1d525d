"""How often `--lag auto` chooses the right lag, on systems whose lag is known; the table of docs/lag-choice.md.

python benchmarks/lag_choice.py --seeds 100:120 --write docs/lag-choice.md
python benchmarks/lag_choice.py --only henon "at lag 12" --seeds 0:3
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from page_section import replace_section

import causalkit
from causalkit import Panel, Run
from causalkit.compare.settings import parse_seeds
from causalkit.model_selection import choose_lag
from causalkit.model_selection.lag_candidates import candidates_of

SECTION = "lag choice"
EVEN, ODD = (lambda u: 2 * np.tanh(1.5 * u) ** 2 - 1), (lambda u: u)


@dataclass(frozen=True)
class System:
    """Panels whose lag is known.

    Attributes:
        draw: returns the panel of a seed.
        right: lags that are right.
        lag: "auto", or "auto:24".
    """

    draw: Callable[[int], Panel]
    right: tuple[int, ...]
    lag: str = "auto"


def simulated(name: str, **params: float) -> Callable[[int], Panel]:
    return lambda seed: causalkit.simulate(name, seed=seed, **params)[0]


def far(series: int, steps: int, lag: int, edges: int = 3, bend: Callable = ODD) -> Callable[[int], Panel]:
    """Autoregressive series of lag 1, and a few edges that act at a far lag, with nothing between."""

    def draw(seed: int) -> Panel:
        generator = np.random.default_rng(seed)
        x = generator.standard_normal((steps + 100, series))
        own = generator.uniform(0.2, 0.5, series)
        causes, effects = generator.permutation(series)[:edges], generator.permutation(series)[:edges]
        for t in range(lag, len(x)):
            x[t] += own * x[t - 1]
            np.add.at(x[t], effects, 0.7 * bend(x[t - lag, causes]))
        return Panel.of(x[100:])

    return draw


def fine(forcing: float, noise: float) -> Callable[[int], Panel]:
    """Lorenz-96 every 0.01, P = 20, T = 1000, with observation noise in the units of the series."""

    def draw(seed: int) -> Panel:
        panel, _ = causalkit.simulate(
            "lorenz96", seed=seed, series=20, steps=1000, forcing=forcing, sampling=0.01, noise=0
        )
        x = panel.realisations[0]
        return Panel.of(x + noise * np.random.default_rng(seed + 77).standard_normal(x.shape))

    return draw


def noise(series: int, steps: int, walk: bool = False) -> Callable[[int], Panel]:
    def draw(seed: int) -> Panel:
        x = np.random.default_rng(seed).standard_normal((steps, series))
        return Panel.of(x.cumsum(axis=0) if walk else x)

    return draw


SYSTEMS = {
    **{
        f"tanh-var, P = {series}, lag {lag}": System(simulated("tanh-var", series=series, lag=lag), (lag,))
        for series in (10, 40)
        for lag in (1, 2, 3)
    },
    **{f"var, P = 10, lag {lag}": System(simulated("var", lag=lag), (lag,)) for lag in range(1, 6)},
    "var, P = 40, lag 2": System(simulated("var", series=40, lag=2), (2,)),
    "henon": System(simulated("henon"), (2,)),
    **{
        f"lorenz96, P = {series}, F = {forcing}, T = {steps}": System(
            simulated("lorenz96", series=series, forcing=float(forcing), steps=steps), (1,)
        )
        for series, forcing, steps in ((10, 10, 500), (20, 10, 500), (20, 40, 500), (20, 40, 250))
    },
    "lorenz96 every .01, F = 10, noise 1": System(fine(10.0, 1.0), (3,)),
    "lorenz96 every .01, F = 40, noise 1": System(fine(40.0, 1.0), (1, 2, 3)),
    "gene-network, P = 10": System(simulated("gene-network"), (1,)),
    "gene-network, P = 50": System(simulated("gene-network", series=50, realisations=20), (1,)),
    "bold": System(simulated("bold"), (1,)),
    "white noise, P = 10": System(noise(10, 500), (1,)),
    "white noise, P = 20, T = 1000": System(noise(20, 1000), (1,), "auto:24"),
    "random walks, P = 5, T = 300": System(noise(5, 300, walk=True), (1,)),
    "random walks, P = 20, T = 1000": System(noise(20, 1000, walk=True), (1,), "auto:24"),
    "two edges at lag 12, P = 5, T = 240": System(far(5, 240, 12, edges=2), (12,), "auto:24"),
    "three edges at lag 12, P = 20, T = 500": System(far(20, 500, 12), (12,), "auto:24"),
    "three edges at lag 24, P = 20, T = 1000": System(far(20, 1000, 24), (24,), "auto:24"),
    "three even edges at lag 24, P = 20, T = 1000": System(far(20, 1000, 24, bend=EVEN), (24,), "auto:24"),
    "tanh-var, P = 20, lag 2, T = 1000": System(simulated("tanh-var", series=20, lag=2, steps=1000), (2,), "auto:24"),
    "lorenz96, P = 20, F = 40, T = 1000": System(
        simulated("lorenz96", series=20, forcing=40.0, steps=1000), (1,), "auto:24"
    ),
}


def row(name: str, system: System, seeds: tuple[int, ...]) -> str:
    chosen: Counter[int] = Counter()
    seconds = 0.0
    for seed in seeds:
        panel = system.draw(seed)
        started = time.process_time()
        choice = choose_lag(panel, Run(seed=seed), candidates_of(system.lag, panel.lengths, panel.series))
        seconds += time.process_time() - started
        chosen[0 if choice is None else int(choice.chosen)] += 1
    right = sum(chosen[lag] for lag in system.right)
    listed = ", ".join(f"{lag}: {count}" for lag, count in sorted(chosen.items()))
    wanted = " or ".join(map(str, system.right))
    return f"| {name} | {system.lag} | {wanted} | {right} of {len(seeds)} | {listed} | {seconds / len(seeds):.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[""], help="parts of names")
    parser.add_argument("--seeds", default="100:120")
    parser.add_argument("--write", type=Path, help="a page of documentation with two markers")
    given = parser.parse_args()
    seeds = tuple(parse_seeds(given.seeds))
    lines = [
        "| system | `--lag` | right | right lags chosen | all, lag: panels | processor seconds |",
        "|---|---|---|---|---|---|",
    ]
    for name, system in SYSTEMS.items():
        if any(part in name for part in given.only):
            lines.append(row(name, system, seeds))
            print(lines[-1], flush=True)
    if given.write:
        replace_section(given.write, SECTION, "\n".join(lines))


if __name__ == "__main__":
    main()
