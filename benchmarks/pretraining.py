"""What pre-training brings and where it stops paying: the tables of docs/methods/pretraining.md.

    python -m benchmarks.pretraining lorenz --steps 50 150 500 --seeds 10
    python -m benchmarks.pretraining genes --seeds 10
    python -m benchmarks.pretraining rewired --seeds 10
    python -m benchmarks.pretraining real              # the table of docs/methods/robust.md

Every condition sees the same target, seeds and settings; its name tells the difference. Forecasts are evaluated on a
recording of the target system that no network was trained on, in units of the training deviation. No setting was chosen
with a true graph at hand, and strengths are the same for all seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from causalkit_robust.attacks import frozen, pgd
from scipy import stats

import causalkit
from causalkit import Discovery, Panel, Truth

EPSILON = 0.2
NETWORK = {
    "forecaster.activation": "elu",
    "forecaster.linear": False,
    "forecaster.hidden": (64, 64),
    "finetune.learning_rate": 0.003,
}
STRENGTH = 0.02
MEASURES = ("auroc", "auprc", "error", "attacked")
SCRATCH, GRNGC, PLAIN, ROBUST, ALIGNED = "a scratch", "b grngc", "c plain", "d robust", "d + alignment"


@dataclass(frozen=True)
class Task:
    """One target with its truth, what to pre-train on, and a recording to evaluate forecasts on, if any."""

    target: Panel
    truth: Truth
    source: Panel | str
    fresh: Panel | None = None


def conditions(source: Panel | str) -> dict[str, dict[str, Any]]:
    """Return the parameters of each condition."""
    weak, strong = {"regularizer.strength": 0.0}, {"regularizer.strength": STRENGTH}
    before = {"pretrain.source": source}
    return {SCRATCH: weak, GRNGC: strong, PLAIN: {**weak, **before}, ROBUST: {**strong, **before}}


def measure(task: Task, found: Discovery) -> list[float]:
    """Return AUROC and AUPRC without self-edges, forecast error, and forecast error under attack."""
    graph = found.evaluate(task.truth, metrics=["auroc", "auprc"])
    errors = [np.nan, np.nan]
    if task.fresh is not None and found.fitted is not None:
        _, scaling = task.target.standardized()
        scaled = Panel.of([(values - scaling.mean) / scaling.deviation for values in task.fresh], names=found.names)
        windows = scaled.windows(found.fitted.lag)
        x, y = (torch.as_tensor(part, dtype=torch.float32) for part in (windows.x, windows.y))
        with frozen(found.fitted.model) as model:

            def loss(inputs: torch.Tensor) -> torch.Tensor:
                return (model(inputs) - y).square().mean(1)

            moved = pgd(loss, x, EPSILON, generator=torch.Generator().manual_seed(0))
            errors = [float(loss(inputs).mean()) for inputs in (x, moved)]
    return [graph["auroc"], graph["auprc"], *errors]


def run(
    task_of: Callable[[int], Task], seeds: int, lag: int, more: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, np.ndarray]:
    """Return for each condition an array (seeds, measures)."""
    rows: dict[str, list[list[float]]] = {}
    for seed in range(seeds):
        task = task_of(seed)
        for name, changed in (conditions(task.source) | dict(more or {})).items():
            settings = {**NETWORK, **changed}
            if "pretrain.source" in settings:
                settings["pretrain.source"] = task.source
            else:
                settings = {key: value for key, value in settings.items() if not key.startswith("finetune")}
            found = causalkit.discover(task.target, method="grngc", lag=lag, params=settings, seed=seed)
            rows.setdefault(name, []).append(measure(task, found))
    return {name: np.array(values) for name, values in rows.items()}


def show(title: str, results: Mapping[str, np.ndarray], best: str, pairs: Sequence[tuple[str, int]]) -> None:
    """Print a table of means and deviations, and paired tests of one condition against others."""
    print(f"\n{title}")
    print("| condition | AUROC | AUPRC | error | error under attack |\n|---|---|---|---|---|")
    for name, values in results.items():
        mean, deviation = values.mean(0), values.std(0, ddof=1)
        cells = [f"{m:.3f} ± {d:.3f}" if np.isfinite(m) else "" for m, d in zip(mean, deviation, strict=True)]
        print(f"| {name} | " + " | ".join(cells) + " |")
    for other, column in pairs:
        ours, theirs = results[best][:, column], results[other][:, column]
        change = (ours - theirs).mean()
        p = paired(ours, theirs)
        ratio = f", ratio {ours.mean() / theirs.mean():.2f}" if MEASURES[column] in ("error", "attacked") else ""
        print(f"{best} against {other}, {MEASURES[column]}: {change:+.4f}{ratio}, p = {p:.3f}, {len(ours)} pairs")


def lorenz(steps: int, seed: int) -> Task:
    """Lorenz-96 of forcing 12, pre-trained on 2,000 steps of forcing 8."""

    def system(length: int, number: int, forcing: float = 12.0) -> tuple[Panel, Truth]:
        panel, truth = causalkit.simulate("lorenz96", series=10, forcing=forcing, steps=length, seed=number)
        assert truth is not None
        return panel, truth

    target, truth = system(steps, seed)
    source, _ = system(2000, seed + 500, forcing=8.0)
    return Task(target, truth, source, system(2000, seed + 1000)[0])


def genes(source: str, network: int, seed: int) -> Task:
    """DREAM4 of 10 genes, pre-trained on another network: of DREAM4, or simulated; nothing fresh exists."""
    target, truth = causalkit.simulate(f"dream4:insilico_size10_{network}")
    assert truth is not None
    before, _ = causalkit.simulate(source, seed=seed)
    return Task(target, truth, Panel.of(list(before), names=target.names, source=source))


def regression(graph: np.ndarray, steps: int, generator: np.random.Generator) -> Panel:
    """Return a tanh autoregression of lag 1 on a graph [cause, effect], with weights drawn anew."""
    weights = graph * generator.uniform(0.5, 0.9, graph.shape) * generator.choice([-1, 1], graph.shape)
    weights *= 0.9 / max(1.0, np.abs(np.linalg.eigvals(weights)).max())
    x = np.zeros((steps + 50, len(graph)))
    for t in range(1, len(x)):
        x[t] = np.tanh(x[t - 1]) @ weights + 0.5 * generator.standard_normal(len(graph))
    return Panel.of(x[50:])


def rewired(same: bool, seed: int, series: int = 10, steps: int = 100) -> Task:
    """Return a target of 100 steps whose source has the same graph and other weights, or another graph altogether."""
    generator = np.random.default_rng(seed)

    def graph() -> np.ndarray:
        drawn = generator.random((series, series)) < 0.15
        np.fill_diagonal(drawn, True)
        return drawn

    mine = graph()
    source = regression(mine if same else graph(), 2000, generator)
    target = regression(mine, steps, generator)
    truth = Truth.from_matrix(mine, names=target.names, orientation="cause-effect")
    return Task(target, truth, source)


ALONE, FIXED, FINE_TUNED, STOPPED, CHOSEN, POOLED = (
    "alone",
    "alone, strength 0.1",
    "pre-trained",
    "pre-trained, stopped early",
    "one of these two",
    "one panel",
)
STOP_EARLY = {"finetune.learning_rate": 0.001, "finetune.validation": 0.25}
"""Small steps, and the weights at the lowest error on a quarter of the windows; tried beside small steps alone."""


def excerpt(panel: Panel, realisations: Sequence[int], steps: slice = slice(None)) -> Panel:
    """Return some realisations of a panel, and of each some steps."""
    return Panel.of([panel.realisations[number][steps] for number in realisations], names=panel.names)


def known(data: str, **params: Any) -> tuple[Panel, Truth]:
    """Return a data set with its truth."""
    panel, truth = causalkit.simulate(data, **params)
    assert truth is not None
    return panel, truth


def renamed(panels: Sequence[Panel], names: Sequence[str]) -> Panel:
    """Return the realisations of several panels under the names of the target."""
    return Panel.of([values for panel in panels for values in panel], names=names)


def simulated_genes() -> Iterator[Task]:
    """DREAM4 size 10, pre-trained on a simulated network of as many genes; three networks, five seeds."""
    for network in (1, 2, 3):
        target, truth = known(f"dream4:insilico_size10_{network}")
        for seed in range(5):
            source, _ = known("gene-network", realisations=30, seed=100 + seed)
            yield Task(target, truth, renamed([source], target.names))


def other_networks() -> Iterator[Task]:
    """DREAM4 size 10, pre-trained on the two other networks of the challenge; three networks, five seeds."""
    for network in (1, 2, 3):
        target, truth = known(f"dream4:insilico_size10_{network}")
        others = [known(f"dream4:insilico_size10_{other}")[0] for other in (1, 2, 3) if other != network]
        for _ in range(5):
            yield Task(target, truth, renamed(others, target.names))


def other_trajectories() -> Iterator[Task]:
    """One trajectory of DREAM4 size 10, pre-trained on the four others of its network; three networks."""
    for network in (1, 2, 3):
        panel, truth = known(f"dream4:insilico_size10_{network}")
        for mine in range(5):
            yield Task(excerpt(panel, [mine]), truth, excerpt(panel, [other for other in range(5) if other != mine]))


def other_subjects() -> Iterator[Task]:
    """The first 50 scans of a subject of NetSim sim2, pre-trained on five other subjects; 15 subjects."""
    panel, truth = known("netsim:sim2")
    for mine in range(15):
        others = [(mine + further) % 50 for further in range(20, 25)]
        yield Task(excerpt(panel, [mine], slice(50)), truth, excerpt(panel, others))


def rest_of_recording() -> Iterator[Task]:
    """The first 50 scans of a subject of NetSim sim2, pre-trained on the last 140 of the same subject; 15 subjects."""
    panel, truth = known("netsim:sim2")
    for mine in range(15):
        yield Task(excerpt(panel, [mine], slice(50)), truth, excerpt(panel, [mine], slice(60, None)))


def other_experiments() -> Iterator[Task]:
    """An experiment of SOS, pre-trained on the three others; IRMA on, pre-trained on off, and reversed; three seeds."""
    sos, truth = known("sos")
    switches = {state: known(f"irma:{state}") for state in ("on", "off")}
    for _ in range(3):
        for mine in range(4):
            yield Task(excerpt(sos, [mine]), truth, excerpt(sos, [other for other in range(4) if other != mine]))
        for state, other in (("on", "off"), ("off", "on")):
            yield Task(*switches[state], renamed([switches[other][0]], switches[state][0].names))


REAL = {
    "DREAM4, a simulated network": (simulated_genes, False),
    "DREAM4, the two other networks": (other_networks, False),
    "DREAM4, other trajectories": (other_trajectories, True),
    "NetSim, other subjects": (other_subjects, True),
    "NetSim, the rest of the recording": (rest_of_recording, True),
    "SOS and IRMA, other experiments": (other_experiments, True),
}
"""Targets and sources of real data; do both have the same graph, so that they could be read as one panel?"""


def real() -> None:
    """Print for each target and source means and deviations, and paired tests against the target alone.

    "one of these two" is "pre-trained, stopped early" where that has the lower error on a held-out quarter of the
    windows than one fit of the target alone, and otherwise "alone". No truth is used.
    """
    print("| target, source | condition | AUROC | AUPRC | against alone | p |\n|---|---|---|---|---|---|")
    fixed = {"forecaster": "mlp", "regularizer.strength": 0.1}
    for title, (tasks, same) in REAL.items():
        rows: dict[str, list[list[float]]] = {}
        used = 0
        for seed, task in enumerate(tasks()):
            assert isinstance(task.source, Panel)
            before = {**fixed, "pretrain.source": task.source}
            runs: dict[str, tuple[Panel, dict[str, Any]]] = {
                ALONE: (task.target, {"forecaster": "mlp"}),
                FIXED: (task.target, fixed),
                FINE_TUNED: (task.target, before),
                STOPPED: (task.target, {**before, **STOP_EARLY}),
                CHOSEN: (task.target, {**fixed, "training.validation": STOP_EARLY["finetune.validation"]}),
            }
            if same:
                runs[POOLED] = renamed([task.target, task.source], task.target.names), {"forecaster": "mlp"}
            found = {
                name: causalkit.discover(panel, method="grngc", lag=1, params=params, seed=seed)
                for name, (panel, params) in runs.items()
            }
            helps = min(found[STOPPED].history["validation"]) < min(found[CHOSEN].history["validation"])
            used += helps
            found[CHOSEN] = found[STOPPED if helps else ALONE]
            for name, one in found.items():
                rows.setdefault(name, []).append(measure(task, one)[:2])
        results = {name: np.array(values) for name, values in rows.items()}
        for name, values in results.items():
            cells = [f"{m:.3f} ± {d:.3f}" for m, d in zip(values.mean(0), values.std(0, ddof=1), strict=True)]
            ours, alone = values[:, 0], results[ALONE][:, 0]
            test = f"{(ours - alone).mean():+.3f} | {paired(ours, alone):.4f}" if name != ALONE else " | "
            label = f"{name} (pre-trained in {used})" if name == CHOSEN else name
            print(f"| {title} ({len(values)}) | {label} | {' | '.join(cells)} | {test} |", flush=True)


def paired(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the p-value of Wilcoxon's signed-rank test."""
    return float(stats.wilcoxon(ours, theirs, zero_method="pratt").pvalue) if (ours != theirs).any() else 1.0


def main() -> None:
    """Read the command line and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["lorenz", "genes", "rewired", "real"])
    parser.add_argument("--steps", type=int, nargs="+", default=[50, 150, 500])
    parser.add_argument("--seeds", type=int, default=10)
    given = parser.parse_args()
    torch.set_num_threads(1)
    every = [(other, column) for column in range(4) for other in (SCRATCH, GRNGC, PLAIN)]
    if given.what == "real":
        real()
        return
    if given.what == "lorenz":
        for steps in given.steps:
            results = run(lambda seed, steps=steps: lorenz(steps, seed), given.seeds, lag=3)
            show(f"Lorenz-96, forcing 8 -> 12, {steps} steps of the target", results, ROBUST, every)
        return
    aligned = {
        ALIGNED: {
            "regularizer": "gradient-l1+graph-alignment",
            "regularizer.gradient-l1.strength": STRENGTH,
            "pretrain.source": "",
        }
    }
    on_graph = [(other, column) for column in range(2) for other in (SCRATCH, GRNGC, PLAIN)]
    if given.what == "genes":
        for source in ("dream4:insilico_size10_1", "gene-network"):
            results = run(lambda seed, source=source: genes(source, 2, seed), given.seeds, 1, aligned)
            show(f"DREAM4 size 10 network 2, pre-trained on {source}", results, ROBUST, on_graph)
        return
    for same in (True, False):
        results = run(lambda seed, same=same: rewired(same, seed), given.seeds, 1, aligned)
        title = "the same graph, other weights" if same else "another graph"
        show(f"tanh autoregression, 100 steps, source has {title}", results, ALIGNED, [(PLAIN, 0), (ROBUST, 0)])


if __name__ == "__main__":
    main()
