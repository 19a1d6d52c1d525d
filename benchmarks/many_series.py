"""What a whole default run on very many series costs, and what it finds: the figures of docs/large-panels.md.

python benchmarks/many_series.py --series 1000 --steps 1000 --parents 5
python benchmarks/many_series.py --series 20000 --steps 200 --regulators 1500
python benchmarks/many_series.py --series 20000 --steps 200

The system is a linear autoregression: every series follows its own past (coefficient 0.3) and a few parents at lag 1,
whose coefficients have a size of 0.25 to 0.4. It is simulated here, as `causalkit.simulate` holds the truth as a matrix
of all pairs. Times are processor time on as many threads as OMP_NUM_THREADS says, memory is the peak of the process.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import causalkit
from causalkit.core.memory import reported

SETTLING = 50
"""Steps that are left out at the beginning."""


@dataclass(frozen=True)
class System:
    """A panel and the parents of each series, shape (P, parents)."""

    panel: causalkit.Panel
    parents: NDArray[np.intp]
    regulators: tuple[str, ...] | None


def simulated(series: int, steps: int, parents: int, regulators: int | None, seed: int) -> System:
    """Return a system whose parents are drawn from the regulators, default: from all series."""
    random = np.random.default_rng(seed)
    causes = np.arange(regulators or series)
    chosen = np.stack([random.choice(causes, parents, replace=False) for _ in range(series)])
    weights = random.choice([-1, 1], chosen.shape) * random.uniform(0.25, 0.4, chosen.shape)
    weights *= np.minimum(1.0, 0.9 / np.abs(weights).sum(axis=1, keepdims=True))
    x = random.standard_normal((steps + SETTLING, series))
    for t in range(1, len(x)):
        x[t] += 0.3 * x[t - 1] * (1 - np.abs(weights).sum(axis=1)) + (weights * x[t - 1][chosen]).sum(axis=1)
    names = [f"g{number}" for number in range(series)]
    panel = causalkit.Panel.of(x[SETTLING:], names=names)
    return System(panel, chosen, None if regulators is None else tuple(names[:regulators]))


def found_in(result: causalkit.Discovery, parents: NDArray[np.intp]) -> dict[str, Any]:
    """Return how many true edges are candidates, selected and among the highest scores, and how many false ones."""
    pairs, series = result.pairs, np.arange(len(parents))
    apart = pairs.apart
    true = (parents[pairs.effect] == pairs.cause[:, None]).any(axis=1) & apart
    edges = int((parents != series[:, None]).sum())
    chosen = pairs.of(result.pair_selected) & apart
    highest = np.argsort(-np.where(apart, pairs.of(result.pair_scores), -1.0), kind="stable")[:edges]
    return {
        "true edges": edges,
        "among candidates": round(float(true.sum() / edges), 3),
        "true among as many highest scores": round(float(true[highest].mean()), 3),
        "selected, true": int((chosen & true).sum()),
        "selected, false": int((chosen & ~true).sum()),
    }


def main() -> None:
    """Simulate, discover, write the result, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--parents", type=int, default=3)
    parser.add_argument("--regulators", type=int, help="only so many series are causes, and the run is told which")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, help="fewer, to try the command")
    given = parser.parse_args()
    system = simulated(given.series, given.steps, given.parents, given.regulators, given.seed)
    options: dict[str, Any] = {} if given.epochs is None else {"params": {"training.epochs": given.epochs}}
    if system.regulators is not None:
        options["knowledge"] = {"regulators": list(system.regulators)}
    start, clock = time.process_time(), time.monotonic()
    result = causalkit.discover(system.panel, **options)
    facts: dict[str, Any] = {
        "processor time, s": round(time.process_time() - start),
        "time, s": round(time.monotonic() - clock),
        "peak, GiB": round((reported("VmHWM") or 0) / 2**30, 2),
        "candidate pairs": len(result.pairs),
        **{choice.parameter: choice.chosen_label for choice in result.choices},
        "epochs": len(result.history["epoch"]),
        **found_in(result, system.parents),
    }
    with tempfile.TemporaryDirectory() as folder:
        clock = time.monotonic()
        result.save(Path(folder) / "result.npz")
        facts["writing .npz, s"] = round(time.monotonic() - clock, 1)
    for name, value in facts.items():
        print(f"{name:36s} {value}")


if __name__ == "__main__":
    main()
