"""How often same-step links are false, and how often true ones are found, under many kinds of noise.

    python benchmarks/same_step_links.py --panels 200 --write docs/usage.md

Every panel is a sparse VAR of lag 1 (10 series, 300 steps), to which `var` is fitted at lag 2. In one half of the study
no series share anything within a step. In the other half, five pairs share a shock, with a partial correlation of 0.4.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from page_section import replace_section

from causalkit import Panel, Run
from causalkit.builtin.methods.linear_var import LinearVar

Array = NDArray[np.float64]
Generator = np.random.Generator
SERIES, STEPS, BURN_IN = 10, 300, 50
SHARED = 0.4
COLUMNS = ("noise", "panels with a false link, without any link", "mean false share with links", "links found")
KINDS = {
    "Gaussian": 0.0,
    "t with 3 degrees of freedom": 0.0,
    "exponential": 0.0,
    "ARCH(1), each series by itself": 0.0,
    "ARCH(1), common variance": 0.0,
    "multivariate t, 5 degrees of freedom": 0.0,
    "multivariate t, 3 degrees of freedom": 0.0,
    "common stochastic volatility": 0.0,
    "Gaussian, 2 % of the cells missing": 0.02,
    "Gaussian, 5 % of the cells missing": 0.05,
}
"""Kinds of noise, each with the share of cells that are missing."""


def noise(kind: str, generator: Generator, steps: int, series: int) -> Array:
    """Return independent or uncorrelated noise, (steps, series)."""
    values = generator.normal(size=(steps, series))
    if kind.startswith("t with"):
        return generator.standard_t(3, size=values.shape)
    if kind == "exponential":
        return generator.exponential(size=values.shape) - 1
    if kind.startswith("multivariate"):
        degrees = int(kind.split()[2])
        return values / np.sqrt(generator.chisquare(degrees, size=(steps, 1)) / degrees)
    if kind.endswith("volatility"):
        level = np.zeros(steps)
        for now in range(1, steps):
            level[now] = 0.95 * level[now - 1] + 0.3 * generator.normal()
        return values * np.exp(level / 2)[:, None]
    if kind.startswith("ARCH"):
        for now in range(1, steps):
            before = values[now - 1] ** 2
            values[now] *= np.sqrt(0.3 + 0.7 * (before.mean() if "common" in kind else before))
    return values


def panel(kind: str, missing: float, shared: bool, generator: Generator) -> Panel:
    """Return a panel of a sparse VAR."""
    values = noise(kind, generator, STEPS + BURN_IN, SERIES)
    if shared:
        shocks = noise(kind, generator, STEPS + BURN_IN, SERIES // 2)
        values += np.sqrt(SHARED / (1 - SHARED)) * np.repeat(shocks, 2, axis=1)
    coefficients = generator.normal(size=(SERIES, SERIES)) * (generator.random((SERIES, SERIES)) < 0.2)
    coefficients *= 0.6 / max(0.1, np.abs(np.linalg.eigvals(coefficients)).max())
    for now in range(1, len(values)):
        values[now] += coefficients @ values[now - 1]
    values = values[BURN_IN:]
    values[generator.random(values.shape) < missing] = np.nan
    return Panel.of(values)


def row(kind: str, missing: float, panels: int) -> list[str]:
    """Return the figures of one kind of noise."""
    false, false_share, found = [], [], []
    for shared in (False, True):
        for seed in range(panels):
            data = panel(kind, missing, shared, np.random.default_rng(seed))
            links = LinearVar(lag=2).fit(data, Run(seed=seed)).instantaneous
            assert links is not None
            first, second = links.pairs(0.05)
            true = (second == first + 1) & (first % 2 == 0) if shared else np.zeros(len(first), dtype=bool)
            if shared:
                false_share.append(1 - true.mean() if len(true) else 0.0)
                found.append(true.sum() / (SERIES // 2))
            else:
                false.append(len(first) > 0)
    return [kind, *(f"{np.mean(values):.3f}" for values in (false, false_share, found))]


def main() -> None:
    """Print the table, and put it into a page between its two marks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=200)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    rows = [row(kind, missing, options.panels) for kind, missing in KINDS.items()]
    lines = [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS), *(f"| {' | '.join(one)} |" for one in rows)]
    print("\n".join(lines))
    if options.write is not None:
        replace_section(options.write, "same-step links", "\n".join(lines))


if __name__ == "__main__":
    main()
