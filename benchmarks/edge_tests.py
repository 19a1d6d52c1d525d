"""Do the edges that `discover` selects by default keep their level, and how many true ones do they contain?

python benchmarks/edge_tests.py null --panels 200 --out edge-tests            # panels without any edge
python benchmarks/edge_tests.py power --seeds 0:20 --out edge-tests           # systems whose edges are known
python benchmarks/edge_tests.py power --seeds 0:20 --methods grngc var pcmci cedar srngc --out edge-tests
python benchmarks/edge_tests.py large --seeds 0:5 --out edge-tests            # 100 series
python benchmarks/edge_tests.py null power --out edge-tests --write docs/is-this-edge-real.md \
    --picture docs/images/calibration.svg

Each fit is a line of a CSV file in the folder --out, and is never computed twice.
"""

from __future__ import annotations

import argparse
import csv
import functools
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from page_section import replace_section

import causalkit
from causalkit import Panel
from causalkit.compare.settings import parse_seeds
from causalkit.errors import CausalkitError

LEVEL = 0.05
METHODS = ("grngc", "var", "pcmci", "pcmci-plus", "cedar", "srngc", "grace")
"""Those of causalkit-peers need the packages that it wraps."""
RIGHT_LAGS = {"VAR, lags to 3": 3, "tanh VAR": 2, "Hénon": 2}
"""Of the systems whose edges do not all act at lag 1; methods that cannot choose their lag are given the right one."""
CHOOSE_THEIR_LAG = ("grngc", "var")
Array = NDArray[np.float64]
Drawn = tuple[Panel, NDArray[np.bool_]]
BELOW = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""Numbers of p-values of pairs are counted up to these."""
FIELDS = (
    *("study", "system", "method", "seed", "series", "edges", "selected", "true", "fit_seconds", "test_seconds"),
    *("pairs", "below", "below_without_least"),
)


def null(kind: str, seed: int) -> Drawn:
    """Return a panel of unrelated series: 5 to 40 of them, 100 to 1000 steps in one, three or ten recordings."""
    generator = np.random.default_rng(1000 + seed)
    series = int(generator.choice([5, 8, 12, 20, 40], p=[0.3, 0.3, 0.2, 0.15, 0.05]))
    steps = int(generator.choice([100, 200, 300, 500, 1000]))
    trials = {"trials": 10, "few recordings": 3}.get(kind, 1)
    recordings = []
    own = generator.uniform(0.3, 0.99 if kind == "persistent" else 0.9, series)
    for _ in range(trials):
        noise = _NOISES.get(kind, _normal)(generator, steps // trials + 200, series)
        x = np.zeros_like(noise)
        for t in range(1, len(noise)):
            x[t] = own * x[t - 1] + noise[t]
        if kind == "missing cells":
            x[generator.random(x.shape) < 0.1] = np.nan
        recordings.append(x[200:])
    return Panel.of(recordings), np.zeros((series, series), dtype=bool)


def _arch(generator: np.random.Generator, steps: int, series: int) -> Array:
    """Return noise whose variance depends on the step before."""
    noise = generator.standard_normal((steps, series))
    for t in range(1, steps):
        noise[t] *= np.sqrt(0.4 + 0.5 * np.minimum(noise[t - 1] ** 2, 25))
    return noise


def _common(generator: np.random.Generator, steps: int, series: int) -> Array:
    """Return noise that series have in common."""
    shared: Array = generator.standard_normal((steps, series)) + generator.standard_normal((steps, 1))
    return shared


def _normal(generator: np.random.Generator, steps: int, series: int) -> Array:
    return generator.standard_normal((steps, series))


_NOISES: Mapping[str, Callable[[np.random.Generator, int, int], Array]] = {
    "common noise": _common,
    "past-dependent variance": _arch,
    "heavy tails": lambda generator, steps, series: generator.standard_t(3, (steps, series)),
}
KINDS = ("autoregressive", "persistent", *_NOISES, "trials", "few recordings", "missing cells")
"""Of panels without edges."""


def simulated(name: str, seed: int, **parameters: float) -> Drawn:
    """Return a panel and the true pairs of different series of a simulator."""
    panel, truth = causalkit.simulate(name, seed=seed, **parameters)
    return panel, truth.edges & ~np.eye(panel.series, dtype=bool)


def products(seed: int, series: int = 10, steps: int = 1000) -> Drawn:
    """Return series with two causes each, by their product or their absolute values."""
    generator = np.random.default_rng(9000 + seed)
    true = np.zeros((series, series), dtype=bool)
    causes = [generator.choice([j for j in range(series) if j != i], 2, replace=False) for i in range(series)]
    multiplied = generator.random(series) < 0.5
    x = generator.standard_normal((steps + 50, series))
    for effect, pair in enumerate(causes):
        true[pair, effect] = True
    for t in range(1, len(x)):
        noise = generator.standard_normal(series)
        for effect, (one, other) in enumerate(causes):
            a, b = x[t - 1, one], x[t - 1, other]
            bent = 1.5 * np.tanh(a) * np.tanh(b) if multiplied[effect] else 0.6 * (abs(a) - 0.8) + 0.5 * (abs(b) - 0.8)
            x[t, effect] = 0.3 * x[t - 1, effect] + bent + 0.5 * noise[effect]
    return Panel.of(x[50:]), true


def persistent_chain(seed: int, series: int = 6, steps: int = 500) -> Drawn:
    """Return autoregressions with own coefficients of .9, each of which also follows the one before."""
    generator = np.random.default_rng(7000 + seed)
    signs = generator.choice([-1, 1], series)
    noise = generator.standard_normal((steps + 200, series))
    x = np.zeros_like(noise)
    for t in range(1, len(x)):
        x[t] = 0.9 * x[t - 1] + noise[t]
        x[t, 1:] += 0.3 * signs[1:] * x[t - 1, :-1]
    return Panel.of(x[200:]), np.eye(series, k=1, dtype=bool)


SYSTEMS: Mapping[str, Callable[[int], Drawn]] = {
    "VAR, lags to 3": functools.partial(simulated, "var"),
    "persistent chain": persistent_chain,
    "tanh VAR": functools.partial(simulated, "tanh-var"),
    "products": products,
    "Hénon": functools.partial(simulated, "henon"),
    "gene network": functools.partial(simulated, "gene-network", series=10, realisations=20),
    "Lorenz-96, P=10, F=10": functools.partial(simulated, "lorenz96"),
    "Lorenz-96, P=20, F=40": functools.partial(simulated, "lorenz96", series=20, forcing=40.0),
    "Lorenz-96, step .01, noise 1": functools.partial(
        simulated, "lorenz96", series=20, steps=1000, forcing=40.0, sampling=0.01, noise=1.0
    ),
}
LARGE: Mapping[str, Callable[[int], Drawn]] = {
    "Lorenz-96, P=100, F=10": functools.partial(simulated, "lorenz96", series=100, steps=1000),
}


def cells(args: argparse.Namespace) -> Iterator[tuple[str, str, str, int, Callable[[int], Drawn]]]:
    """Yield every fit: study, system, method, seed and how the panel is drawn."""
    for seed in range(-(-args.panels // len(KINDS))) if "null" in args.studies else ():
        for kind in KINDS:
            for method in args.methods:
                yield "null", kind, method, seed, functools.partial(null, kind)
    for study, systems in (("power", SYSTEMS), ("large", LARGE)):
        for seed in parse_seeds(args.seeds) if study in args.studies else ():
            for system, draw in systems.items():
                for method in args.methods:
                    yield study, system, method, seed, draw


def fit(draw: Callable[[int], Drawn], method: str, seed: int, right_lag: int) -> dict[str, float | str]:
    """Return what a default discovery selects, and how long fit and test take."""
    panel, true = draw(seed)
    began = time.process_time()
    lag = "auto" if method in CHOOSE_THEIR_LAG else right_lag
    found = causalkit.discover(panel, method=method, lag=lag, seed=seed, select="none")
    fitted = time.process_time()
    tested = found if found.selected is not None else found.test(LEVEL)  # some methods select by themselves
    ended = time.process_time()
    assert tested.pair_selected is not None
    p_values = tested.joint_p_values if tested.joint_p_values is not None else tested.p_values
    return {
        "series": panel.series,
        "edges": int(true.sum()),
        "selected": int(tested.pair_selected.sum()),
        "true": int((tested.pair_selected & true).sum()),
        "fit_seconds": round(fitted - began, 2),
        "test_seconds": round(ended - fitted, 3),
        "pairs": panel.series * (panel.series - 1),
        "below": _below(p_values),
        "below_without_least": _below(found.held_out.test(0.0).joint_p_values if found.held_out else p_values),
    }


def _below(p_values: Array | None) -> str:
    """Return how many p-values of pairs of different series are at most each of `BELOW`."""
    if p_values is None:
        return ""
    if p_values.ndim == 3:  # by lag: the smallest, corrected for their number
        p_values = np.minimum(1.0, p_values.min(axis=2) * p_values.shape[2])
    pairs = p_values[~np.eye(len(p_values), dtype=bool)]
    return " ".join(str(int((pairs <= most).sum())) for most in BELOW)


def tables(lines: list[dict[str, str]]) -> str:
    """Return the two tables as Markdown."""
    text = ["| panels without edges | method | panels | with any edge |", "|---|---|---|---|"]
    of = functools.partial(_grouped, lines)
    rows = [(kind, method, mine) for (kind, method), mine in of("null").items()]
    for method in METHODS:
        every = [line for _, other, mine in rows if other == method for line in mine]
        if every:
            rows.append(("all", method, every))
    for kind, method, mine in rows:
        text.append(
            f"| {kind} | `{method}` | {len(mine)} | {np.mean([line['selected'] != '0' for line in mine]):.3f} |"
        )
    text += [
        "",
        "| system | method | panels | false share | power | F1 | test / fit |",
        "|---|---|---|---|---|---|---|",
    ]
    order = [*SYSTEMS, *LARGE]
    found = sorted(
        {**of("power"), **of("large")}.items(), key=lambda one: (order.index(one[0][0]), METHODS.index(one[0][1]))
    )
    for (system, method), mine in found:
        selected, true, edges, fits, tests = (
            np.array([float(line[key]) for line in mine])
            for key in ("selected", "true", "edges", "fit_seconds", "test_seconds")
        )
        false = (selected - true) / np.maximum(selected, 1)
        f1 = 2 * true / np.maximum(selected + edges, 1)
        means = " | ".join(f"{value.mean():.3f}" for value in (false, true / edges, f1))
        text.append(f"| {system} | `{method}` | {len(mine)} | {means} | {tests.sum() / fits.sum():.3f} |")
    return "\n".join([*text, *_comparison(lines)])


def draw_calibration(lines: list[dict[str, str]], path: Path) -> None:
    """Draw which share of p-values is below a level, for each kind of panels without edges."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.6), layout="constrained")
    shown = {
        "grngc, least=0.01 (default)": ("grngc", "below"),
        "grngc, least=0": ("grngc", "below_without_least"),
        "var": ("var", "below"),
    }
    levels = np.array(BELOW)
    axes = figure.subplots(1, len(shown), sharey=True)
    for axis, (title, (method, column)) in zip(axes, shown.items(), strict=True):
        for kind in KINDS:
            mine = [line for line in lines if (line["system"], line["method"]) == (kind, method)]
            counts = np.array([line[column].split() for line in mine], dtype=float).reshape(len(mine), len(BELOW))
            share = counts.sum(0) / max(1, sum(int(line["pairs"]) for line in mine))
            axis.plot(levels, np.where(share > 0, share, np.nan), marker=".", label=kind)
        axis.plot(levels, levels, color="black", linestyle="--", label="uniform")
        axis.set(title=title, xlabel="level", xscale="log", yscale="log")
    axes[0].set_ylabel("share of p-values up to the level")
    axes[-1].legend(fontsize="x-small")
    figure.savefig(path)


def _comparison(lines: list[dict[str, str]]) -> list[str]:
    """Return the paired tests of F1 against `grngc` over systems and seeds, corrected by Holm."""
    from scipy import stats
    from statsmodels.stats.multitest import multipletests

    f1 = {
        (line["method"], line["system"], line["seed"]): 2
        * float(line["true"])
        / max(float(line["selected"]) + float(line["edges"]), 1)
        for line in lines
        if line["study"] == "power"
    }
    rows, p_values = [], []
    for rival in METHODS:
        others = {(system, seed): value for (name, system, seed), value in f1.items() if name == rival}
        shared = [(f1["grngc", *key], value) for key, value in others.items() if ("grngc", *key) in f1]
        if rival == "grngc" or len(shared) < 2:
            continue
        mine, others = np.array(shared).T
        rows.append((rival, len(shared), mine.mean(), others.mean()))
        p_values.append(float(stats.wilcoxon(mine, others).pvalue))
    if not rows:
        return []
    corrected = multipletests(p_values, method="holm")[1]
    text = ["", "| rival | pairs | F1 of `grngc` | F1 of the rival | p (Wilcoxon, Holm) |", "|---|---|---|---|---|"]
    for (rival, count, mine, others), p in zip(rows, corrected, strict=True):
        text.append(f"| `{rival}` | {count} | {mine:.3f} | {others:.3f} | {p:.2g} |")
    return text


def _grouped(lines: list[dict[str, str]], study: str) -> dict[tuple[str, str], list[dict[str, str]]]:
    groups: dict[tuple[str, str], list[dict[str, str]]] = {}
    for line in lines:
        if line["study"] == study:
            groups.setdefault((line["system"], line["method"]), []).append(line)
    return groups


def main() -> None:
    """Compute what is missing, and print or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="+", choices=["null", "power", "large"])
    parser.add_argument("--panels", type=int, default=200, help="panels without edges, over all kinds")
    parser.add_argument("--seeds", default="0:20", help="of the systems with edges")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=["grngc", "var"])
    parser.add_argument("--out", type=Path, default=Path("edge-tests"))
    parser.add_argument("--write", type=Path, help="page whose section is replaced")
    parser.add_argument("--picture", type=Path, help="of the p-values of panels without edges, against uniform ones")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "fits.csv"
    if not path.exists():
        path.write_text(",".join(FIELDS) + "\n", encoding="utf-8")
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    done = {(line["study"], line["system"], line["method"], int(line["seed"])) for line in lines}
    for *key, draw in cells(args):
        study, system, method, seed = key
        if tuple(key) in done:
            continue
        try:
            found = fit(draw, method, seed, RIGHT_LAGS.get(system, 1))
        except CausalkitError as error:
            print(study, system, method, seed, error.message, flush=True)
            continue
        line = {"study": study, "system": system, "method": method, "seed": seed, **found}
        with path.open("a", encoding="utf-8", newline="") as file:
            csv.DictWriter(file, FIELDS).writerow(line)
        lines.append({name: str(value) for name, value in line.items()})
        print(*line.values(), flush=True)
    wanted = {(study, system, method, seed) for study, system, method, seed, _ in cells(args)}
    mine = [line for line in lines if (line["study"], line["system"], line["method"], int(line["seed"])) in wanted]
    text = tables(mine)
    print(text)
    if args.write:
        replace_section(args.write, "edge tests", text)
    if args.picture:
        draw_calibration([line for line in mine if line["study"] == "null"], args.picture)


if __name__ == "__main__":
    main()
