"""How often intervals of effects hold the true coefficients of linear systems, and how often signs are right.

    python benchmarks/effect_coverage.py --seeds 0:20 --write docs/usage.md

One row for each number of steps: the share of coefficients, of edges and of all others, that lie within 1.96 standard
errors of their effect in units; the same for the jackknife standard errors of the mean Jacobian, which a penalty has
shrunk; and the share of edges with the right sign. Then the signs of gene networks: activation or repression, of ten
genes in 20 recordings of 21 steps.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from page_section import replace_section

import causalkit
from causalkit.builtin.simulators.linear_var import LinearVar, stabilise
from causalkit.builtin.simulators.regulation import draw_regulation
from causalkit.builtin.simulators.sparse import draw_coefficients, draw_graph
from causalkit.neural.ensemble import jackknife_errors
from causalkit.neural.modules.forecaster import input_jacobian
from causalkit.neural.modules.jacobian import as_scores

Array = NDArray[np.float64]
QUANTILE = 1.96
LAG = 3
COLUMNS = ("steps", "edges", "others", "jackknife, edges", "jackknife, others", "right signs", "effect / coefficient")


def coefficients(system: LinearVar) -> Array:
    """Return the coefficients (cause, effect, lag) of a system, which its panel does not have."""
    generator = np.random.default_rng(system.seed)
    graph = draw_graph(system.series, system.lag, system.density, system.self_edges, generator)
    return stabilise(draw_coefficients(graph, system.strength, generator))


def mean_jacobian(found: causalkit.Discovery) -> tuple[Array, Array]:
    """Return the mean Jacobian of the mean forecast and its jackknife standard errors, in units."""
    fitted, effects = found.fitted, found.effects
    assert fitted is not None
    assert effects is not None
    x = torch.tensor(fitted.panel.windows(fitted.lag).x, dtype=fitted.run.torch_dtype())
    units = effects.units[None, :, None] / effects.units[:, None, None]
    with torch.no_grad():
        means = [as_scores(input_jacobian(one, x)[1].mean(0)).numpy() for one in (fitted.model, *fitted.held_away)]
    return means[0] * units, jackknife_errors(np.stack(means[1:])) * units


def row(steps: int, seeds: range) -> list[Any]:
    """Return the figures of one number of steps."""
    inside: dict[str, list[float]] = {name: [] for name in COLUMNS[1:]}
    for seed in seeds:
        system = LinearVar(series=10, steps=steps, lag=LAG, seed=seed)
        panel, _ = system.simulate()
        truth = coefficients(system)
        found = causalkit.discover(panel, method="grngc", lag=LAG, seed=seed)
        effects, edges = found.effects, truth != 0
        assert effects is not None
        assert effects.standard_errors_in_units is not None
        held = np.abs(effects.in_units - truth) <= QUANTILE * effects.standard_errors_in_units
        plain, errors = mean_jacobian(found)
        jackknife = np.abs(plain - truth) <= QUANTILE * errors
        right = np.sign(effects.in_units) == np.sign(truth)
        ratio = effects.in_units[edges] / truth[edges]
        figures = (held[edges], held[~edges], jackknife[edges], jackknife[~edges], right[edges], ratio)
        for name, values in zip(inside, figures, strict=True):
            inside[name].append(float(values.mean()))
    return [str(steps), *(f"{np.mean(values):.3f}" for values in inside.values())]


def gene_signs(method: str, seeds: range) -> list[list[str]]:
    """Return how often the signs of true edges are right: of all, and of those beyond two standard errors."""
    right: dict[str, list[float]] = {"all": [], "beyond two standard errors": []}
    shares = []
    for seed in seeds:
        panel, truth = causalkit.simulate("gene-network", seed=seed, series=10, realisations=20, in_degree=1.8)
        network = draw_regulation(10, 1.8, np.random.default_rng(seed))
        sign = np.zeros((10, 10))
        sign[network.cause, network.effect] = np.where(network.activates, 1, -1)
        effects = causalkit.discover(panel, method=method, seed=seed).effects
        assert effects is not None
        assert effects.standard_errors is not None
        place = np.abs(effects.mean).argmax(axis=2)[:, :, None]
        mean, error = (np.take_along_axis(one, place, 2)[:, :, 0] for one in (effects.mean, effects.standard_errors))
        edges = truth.edges & ~np.eye(10, dtype=bool)
        clear = edges & (np.abs(mean) > 2 * error)
        shares.append(clear.sum() / edges.sum())
        for name, chosen in zip(right, (edges, clear), strict=True):
            right[name] += (np.sign(mean) == sign)[chosen].tolist()
    names = zip(right, (1.0, np.mean(shares)), strict=True)
    return [[f"`{method}`", name, f"{share:.2f}", f"{np.mean(right[name]):.3f}"] for name, share in names]


def table(columns: tuple[str, ...], rows: list[list[Any]]) -> list[str]:
    """Return the lines of a Markdown table."""
    return [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns), *(f"| {' | '.join(one)} |" for one in rows)]


def main() -> None:
    """Print the table, and put it into a page between its two marks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0:20")
    parser.add_argument("--steps", default="300,500,1000")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    first, last = map(int, options.seeds.split(":"))
    seeds = range(first, last)
    lines = table(COLUMNS, [row(int(steps), seeds) for steps in options.steps.split(",")])
    signs = [line for method in ("grngc", "var") for line in gene_signs(method, seeds)]
    lines += ["", *table(("gene networks", "true edges", "share of them", "right signs"), signs)]
    print("\n".join(lines))
    if options.write is not None:
        replace_section(options.write, "effect coverage", "\n".join(lines))


if __name__ == "__main__":
    main()
