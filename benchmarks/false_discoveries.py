"""How often rules that control errors select an edge where there is none, and what they find where there are some.

python benchmarks/false_discoveries.py null var 8             # method, series: 100 panels of independent series
python benchmarks/false_discoveries.py edges var lorenz96     # method, data set: 20 systems with known edges
python benchmarks/false_discoveries.py null grngc 5 --rule surrogate:0.05,count=29 --own mixed
python benchmarks/false_discoveries.py null grngc 5 --rule surrogate:0.05,count=29 --defaults    # strength chosen
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

import causalkit

STEPS = 200
# Levels have to hold however short the training is, and null panels need many fits; what is found depends on training.
# One small network of a given strength and lag, or, with --defaults, what a user gets who gives neither.
ONE = {"regularizer.strength": 0.1, "lag": 2, "forecaster.activation": "relu", "forecaster.linear": False}
QUICK = {"grngc": {**ONE, "training.epochs": 25, "training.learning_rate": 0.05, "forecaster.hidden": 8}}
TRAINED = {"grngc": {**ONE, "training.epochs": 150, "forecaster.hidden": 32}}
SYSTEMS = {
    "var": {"series": 8, "steps": 200, "density": 0.15, "lag": 2},
    "lorenz96": {"series": 8, "steps": 250},
}


@dataclass(frozen=True)
class Settings:
    """Parameters of methods, and whether every fit of a rule chooses again what the first one chose."""

    params: dict[str, dict[str, object]]
    anew: bool = False


def coefficients(own: str, series: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Return the first-order coefficient of every series: 0.3, 0.95, or between 0 and 0.98."""
    if own == "mixed":
        return generator.uniform(0.0, 0.98, series)
    return np.full(series, {"weak": 0.3, "strong": 0.95}[own])


def independent(own: str, series: int, seed: int) -> causalkit.Panel:
    """Simulate autoregressions of first order that have nothing to do with each other."""
    generator = np.random.default_rng(seed)
    first = coefficients(own, series, generator)
    noise = generator.standard_normal((300 + STEPS, series))
    values = np.column_stack([lfilter([1.0], [1.0, -first[at]], noise[:, at]) for at in range(series)])
    return causalkit.Panel.of(values[300:])


def rules(method: str, count: int) -> list[str]:
    surrogates = [f"surrogate:0.05,count={count}{more}" for more in ("", ",kind=shift", ",statistic=maximum")]
    return [*surrogates, "stability:subsamples=20", *(["fdr:0.05"] if method == "var" else [])]


def null(method: str, series: int, panels: int, tried: list[str], kinds: list[str], settings: Settings) -> None:
    """Print in how many panels any edge was selected, and the mean number of edges."""
    for own in kinds:
        found = fits(method, lambda seed, own=own: independent(own, series, seed), panels, tried, settings)
        for rule, selected in found.items():
            count = [int(pairs.sum()) for pairs in selected]
            some = int(np.count_nonzero(count))
            print(
                f"| {method}, P={series} | {own} | `{rule}` | {some} of {panels} | {np.mean(count):.2f} |", flush=True
            )


def edges(method: str, dataset: str, panels: int, tried: list[str], settings: Settings) -> None:
    """Print the share of false edges among the selected ones, and the share of true edges that were selected."""
    truths = []

    def system(seed: int) -> causalkit.Panel:
        panel, truth = causalkit.simulate(dataset, seed=seed, **SYSTEMS[dataset])
        truths.append(truth.edges & ~np.eye(panel.series, dtype=bool))
        return panel

    for rule, selected in fits(method, system, panels, tried, settings).items():
        both = list(zip(selected, truths, strict=True))
        false = np.mean([(pairs & ~true).sum() / max(1, pairs.sum()) for pairs, true in both])
        power = np.mean([(pairs & true).sum() / true.sum() for pairs, true in both])
        print(f"| {method}, {dataset} | `{rule}` | {false:.3f} | {power:.2f} |", flush=True)


def fits(
    method: str,
    system: Callable[[int], causalkit.Panel],
    panels: int,
    tried: list[str],
    settings: Settings,
) -> dict[str, list[NDArray[np.bool_]]]:
    """Return the selected pairs of different series for every rule and panel."""
    found: dict[str, list[NDArray[np.bool_]]] = {rule: [] for rule in tried}
    for seed in range(panels):
        params = settings.params.get(method, {})
        discovery = causalkit.discover(system(seed), method=method, params=params, seed=seed, select="none")
        if settings.anew and discovery.refit is not None:
            discovery = replace(discovery, refit=replace(discovery.refit, settled=None))
        for rule in tried:
            found[rule].append(discovery.select(rule).pair_selected & ~np.eye(len(discovery.names), dtype=bool))
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=["null", "edges"])
    parser.add_argument("method")
    parser.add_argument("what", help="number of series of a null panel, or a data set with edges")
    parser.add_argument("--panels", type=int, help="default: 100 null panels, or 20 systems")
    parser.add_argument("--count", type=int, default=39, help="surrogates")
    parser.add_argument("--rule", action="append", help="default: all of this page")
    parser.add_argument("--own", action="append", choices=["weak", "strong", "mixed"], help="default: all of these")
    parser.add_argument("--defaults", action="store_true", help="parameters are the defaults: the data choose")
    parser.add_argument("--anew", action="store_true", help="every fit of a rule chooses lag and strength again")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    tried = given.rule or rules(given.method, given.count)
    if given.study == "null":
        kinds = given.own or ["weak", "strong", "mixed"]
        settings = Settings({} if given.defaults else QUICK, given.anew)
        null(given.method, int(given.what), given.panels or 100, tried, kinds, settings)
    else:
        settings = Settings({} if given.defaults else TRAINED, given.anew)
        edges(given.method, given.what, given.panels or 20, tried, settings)
