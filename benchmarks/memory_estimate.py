"""The memory that a run is foreseen to take, against what it takes: each case in a process of its own.

    OMP_NUM_THREADS=1 python benchmarks/memory_estimate.py

Measured is the largest resident memory (``ru_maxrss``) up to the selected edges, less what the process had after a
small run of the same method, when all libraries are imported. A run has a few epochs only: more take no more memory.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import warnings
from typing import Any

import numpy as np

STRONG = {"regularizer.strength": 0.1}
EXACT = {**STRONG, "regularizer.estimator": "exact"}
CASES: list[tuple[int, int, int, str, dict[str, Any]]] = [
    (10, 500, 1, "mlp", {}),
    (10, 5000, 5, "mlp", {}),
    (30, 1000, 3, "mlp", {}),
    (100, 1000, 5, "mlp", {}),
    (300, 500, 1, "mlp", STRONG),
    (30, 2000, 2, "mlp", EXACT),
    (100, 500, 1, "mlp", {**EXACT, "forecaster.hidden": [512]}),
    (10, 500, 1, "component-mlp", {}),
    (100, 500, 1, "component-mlp", {}),
    (30, 5000, 2, "component-mlp", {}),
    (1000, 1100, 1, "component-mlp", {}),
    (10, 500, 1, "kan", {}),
    (50, 1000, 3, "kan", {}),
    (30, 2000, 2, "kan", EXACT),
    (10, 500, 3, "lstm", {}),
    (50, 1000, 3, "lstm", {}),
    (10, 500, 3, "tcn", {}),
    (50, 1000, 3, "tcn", {}),
]
EPOCHS = 4


def series_of(count: int, steps: int) -> np.ndarray:
    """Return a stable linear system (steps, series) with about three causes of each series."""
    draw = np.random.default_rng(0)
    weights = np.where(draw.random((count, count)) < min(1.0, 3 / count), 0.3, 0.0)
    np.fill_diagonal(weights, 0.3)
    weights *= 0.8 / np.linalg.norm(weights, 2)
    x = np.zeros((steps, count))
    for step in range(1, steps):
        x[step] = weights @ x[step - 1] + draw.standard_normal(count)
    return x


def measure(series: int, steps: int, lag: int, forecaster: str, params: dict[str, Any]) -> tuple[int, int]:
    """Return measured and foreseen bytes."""
    import causalkit
    from causalkit import api
    from causalkit.core import memory
    from causalkit.core.panel import Panel
    from causalkit.core.run import Run
    from causalkit.neural.footprint import stages

    def fit(x: np.ndarray) -> None:
        settings = {"training.epochs": EPOCHS, **params}
        causalkit.discover(x, method="grngc", lag=lag, forecaster=forecaster, params=settings)

    warnings.simplefilter("ignore")
    fit(series_of(4, 90))
    memory.release()
    x = series_of(series, steps)
    before = memory.resident()
    fit(x)
    measured = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    method, _ = api.build_method("grngc", api.parameter_tree(params, lag=lag, forecaster=forecaster))
    panel, run = Panel.of(x), Run(seed=0)
    work = method.work(forecaster=method.forecaster, panel=panel, windows=method.windows(panel, run), run=run)
    return measured, max(stages(work).values())


def main() -> None:
    """Print a table."""
    print("| P | T | K | forecaster | settings | measured, MiB | foreseen, MiB | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for case in CASES:
        command = [sys.executable, __file__, json.dumps(case)]
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        measured, foreseen = json.loads(found.splitlines()[-1])
        series, steps, lag, forecaster, params = case
        settings = ", ".join(f"{key.split('.')[-1]}={value}" for key, value in params.items()) or "-"
        sizes = f"{measured / 2**20:.0f} | {foreseen / 2**20:.0f} | {foreseen / measured:.2f}"
        print(f"| {series} | {steps} | {lag} | `{forecaster}` | {settings} | {sizes} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(*json.loads(sys.argv[1]))))
    else:
        main()
