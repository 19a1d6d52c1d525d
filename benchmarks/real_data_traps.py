"""How often does data as people have them give a false edge, and is it said?

    python benchmarks/real_data_traps.py var                    # 100 panels a trap, minutes
    python benchmarks/real_data_traps.py grngc --panels 20      # trains networks, and again on surrogates: an hour
    python benchmarks/real_data_traps.py alarms                 # findings in panels without any trap, 200 each

No panel holds an edge between two series. Selection is at level 0.05: `fdr:0.05` for var, and surrogates with random
phases for grngc. "Unsaid" is the share of panels with a false edge and without a warning; "said" the share of panels
with a warning; "prepared" the share of panels with a false edge under `--prepare auto`.
"""

from __future__ import annotations

import argparse
import collections
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

import causalkit
from causalkit import Panel

Array = NDArray[np.float64]
Random = np.random.Generator
RULES = {"var": "fdr:0.05", "grngc": "surrogate:0.05,count=39"}
TRAINED = {"grngc": {"training.epochs": 60, "regularizer.strength": 0.1}}


def noise(random: Random, steps: int, series: int, own: float | Array = 0.3, draws: Array | None = None) -> Array:
    """Return independent autoregressions of first order (T, P)."""
    first = np.broadcast_to(own, series)
    draws = random.standard_normal((steps + 200, series)) if draws is None else draws
    return np.column_stack([lfilter([1.0], [1.0, -a], e) for a, e in zip(first, draws.T, strict=True)])[-steps:]


def size(random: Random) -> tuple[int, int]:
    """Return a number of steps from 80 to 500, and of series from 3 to 10."""
    return int(np.exp(random.uniform(np.log(80), np.log(500)))), int(random.integers(3, 11))


def season(random: Random) -> Panel:
    """Some series share a season of 7, 12, 24 or 52 steps, not always a sine, at least 3.5 cycles of it."""
    period = int(random.choice([7, 12, 24, 52]))
    steps, series = size(random)
    steps = max(steps, int(3.5 * period))
    time = np.arange(steps)
    values = noise(random, steps, series)
    shape = random.standard_normal(period)
    for column in range(series):
        if column < 2 or random.random() < 0.5:
            strength, phase = random.uniform(0.5, 5), random.integers(period)
            wave = np.sin(2 * np.pi * (time + phase) / period)
            values[:, column] += strength * (wave if random.random() < 0.7 else shape[(time + phase) % period])
    return Panel.of(values)


def subjects(random: Random) -> Panel:
    """2 to 20 subjects, each at another level."""
    count, series = int(random.integers(2, 21)), int(random.integers(3, 11))
    steps, spread = int(random.integers(40, 120)), random.uniform(1, 5)
    return Panel.of(
        [noise(random, steps, series) + spread * random.standard_normal(series) for _ in range(count)],
    )


def walks(random: Random) -> Panel:
    """Random walks."""
    steps, series = size(random)
    return Panel.of(random.standard_normal((steps, series)).cumsum(0))


def near_unit_roots(random: Random) -> Panel:
    """Autoregressions with coefficients from 0.95 to 0.99."""
    steps, series = size(random)
    return Panel.of(noise(random, steps, series, random.uniform(0.95, 0.99, series)))


def shifts(random: Random, together: bool) -> Panel:
    """One or two changes of level of 2 to 8 standard deviations, at the same steps or anywhere."""
    steps, series = size(random)
    values = noise(random, steps, series)
    count = int(random.integers(1, 3))
    places = random.uniform(0.15, 0.85, count)
    for column in range(series):
        for place in places if together else random.uniform(0.15, 0.85, count):
            values[int(place * steps) :, column] += random.choice([-1, 1]) * random.uniform(2, 8)
    return Panel.of(values)


def codes(random: Random) -> Panel:
    """Missing cells written as -999 or in another code, in blocks of rows that all series share."""
    steps, series = size(random)
    values = noise(random, steps, series) * random.uniform(0.1, 5) + random.uniform(-20, 20)
    code = float(random.choice([-999, -99.99, -9999, 1e20, 99999]))
    for _ in range(int(random.integers(1, 4))):
        first = int(random.integers(5, steps - 10))
        for column in range(series):
            if random.random() < 0.7:
                values[first : first + int(random.integers(1, 4)), column] = code
    return Panel.of(values)


def heavy(random: Random) -> Panel:
    """Innovations from Student's t distribution with 2 or 3 degrees of freedom."""
    steps, series = size(random)
    draws = random.standard_t(float(random.choice([2, 3])), (steps + 200, series))
    return Panel.of(noise(random, steps, series, draws=draws))


def spikes(random: Random) -> Panel:
    """Spikes from a Cauchy distribution on top of the series, some of them in several series at about the same time."""
    steps, series = size(random)
    values = noise(random, steps, series)
    for _ in range(int(random.integers(2, 8))):
        place = int(random.integers(3, steps - 3))
        for column in range(series):
            if random.random() < 0.5:
                values[place + int(random.integers(0, 2)), column] += 5 * random.standard_cauchy()
    return Panel.of(values)


def clean(random: Random) -> Panel:
    """Autoregressions with coefficients from 0 to 0.7."""
    steps, series = size(random)
    return Panel.of(noise(random, steps, series, random.uniform(0, 0.7, series)))


TRAPS: dict[str, Callable[[Random], Panel]] = {
    "common season": season,
    "levels of subjects": subjects,
    "random walks": walks,
    "near unit roots": near_unit_roots,
    "level shifts, together": lambda random: shifts(random, True),
    "level shifts, anywhere": lambda random: shifts(random, False),
    "codes of missing cells": codes,
    "heavy tails": heavy,
    "spikes": spikes,
    "clean": clean,
}


def false_edges(panel: Panel, method: str, seed: int, **options: object) -> tuple[bool, causalkit.Discovery]:
    """Return whether any edge between two series was selected, and the result."""
    found = causalkit.discover(
        panel, method=method, lag=1, params=TRAINED.get(method, {}), seed=seed, select=RULES[method], **options
    )
    return bool((found.pair_selected & ~np.eye(panel.series, dtype=bool)).any()), found


def traps(method: str, panels: int, first: int, kinds: list[str]) -> None:
    """Print a row a trap."""
    print("| trap | false edge | unsaid | prepared | said | levels kept, no note: false edge |")
    print("|---|---|---|---|---|---|")
    for kind in kinds:
        counts: collections.Counter[str] = collections.Counter()
        noted: collections.Counter[str] = collections.Counter()
        for seed in range(first, first + panels):
            panel = TRAPS[kind](np.random.default_rng([seed, sorted(TRAPS).index(kind)]))
            try:
                wrong, found = false_edges(panel, method, seed)
            except causalkit.CausalkitError:  # refused: no edge, and said
                counts["said"] += 1
                noted["refused"] += 1
                counts["prepared"] += false_edges(panel, method, seed, preparation="auto")[0]
                continue
            warned = [one["kind"] for one in found.data["health"]["findings"] if one["severity"] == "warning"]
            said = bool(warned) or "preparation" in found.data
            prepared, _ = false_edges(panel, method, seed, preparation="auto")
            kept = wrong
            if "preparation" in found.data:
                kept, _ = false_edges(panel, method, seed, preparation={"levels": "keep"})
            counts += collections.Counter(
                wrong=wrong, unsaid=wrong and not said, prepared=prepared, said=said, kept=kept
            )
            noted.update(warned)
        row = " | ".join(f"{100 * counts[key] / panels:.0f}" for key in ("wrong", "unsaid", "prepared", "said", "kept"))
        print(f"| {kind} | {row} |", flush=True)
        print(f"{kind}: {dict(noted)}", file=sys.stderr, flush=True)


def systems() -> dict[str, Callable[[int], Panel]]:
    """Return panels without any trap: independent series, systems with edges, simulators."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.wild import chain

    def simulated(name: str) -> Callable[[int], Panel]:
        return lambda seed: causalkit.simulate(name, seed=seed)[0]

    def subjects_alike(seed: int) -> Panel:
        random = np.random.default_rng(seed)
        return Panel.of([noise(random, 40, 5, 0.5) for _ in range(10)])

    return {
        "independent, 0 to 0.7": lambda seed: clean(np.random.default_rng(seed)),
        "independent, 0.7, 80 steps": lambda seed: Panel.of(noise(np.random.default_rng(seed), 80, 5, 0.7)),
        "independent, 0.7, 500 steps": lambda seed: Panel.of(noise(np.random.default_rng(seed), 500, 10, 0.7)),
        "white, 100 series, 1000 steps": lambda seed: Panel.of(
            np.random.default_rng(seed).standard_normal((1000, 100))
        ),
        "10 subjects of 40 steps": subjects_alike,
        "chain of tests/wild.py": lambda seed: Panel.of(chain(300, seed)),
        **{name: simulated(name) for name in ("var", "tanh-var", "lorenz96", "henon", "bold", "gene-network")},
    }


def alarms(panels: int, kinds: list[str]) -> None:
    """Print how often each kind of warning turns up in panels that hold no trap."""
    print("| panels | any warning | by kind |")
    print("|---|---|---|")
    for name, make in systems().items():
        if kinds and name not in kinds:
            continue
        some, by_kind = 0, collections.Counter[str]()
        for seed in range(panels):
            warned = {one.kind for one in make(seed).health().findings if one.severity == "warning"}
            some += bool(warned)
            by_kind.update(warned)
        shares = ", ".join(f"{kind} {100 * count / panels:.1f} %" for kind, count in by_kind.most_common())
        print(f"| {name} | {100 * some / panels:.1f} % | {shares or '-'} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=[*RULES, "alarms"])
    parser.add_argument("--panels", type=int, help="default: 100, or 200 for alarms")
    parser.add_argument("--first", type=int, default=0, help="seed of the first panel")
    parser.add_argument("--kind", action="append", help="default: all")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.what == "alarms":
        alarms(given.panels or 200, given.kind or [])
    else:
        traps(given.what, given.panels or 100, given.first, given.kind or list(TRAPS))
