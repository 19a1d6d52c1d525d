"""Accuracy and time of methods on Lorenz-96, as a Markdown table.

```sh
OMP_NUM_THREADS=1 python plugins/causalkit-peers/benchmarks/lorenz96.py var pcmci varlingam granger-lasso
```

Every method sees the same data and the same lag, with default settings otherwise. Nothing is chosen by the
truth. Cells are the mean over seeds of AUROC / AUPRC, and half the range between the seeds of the AUROC.
"""

from __future__ import annotations

import argparse
import statistics
import time

import causalkit

SYSTEMS = ["10:10:500", "20:10:500", "10:40:500", "20:40:500"]


def measure(method: str, lag: int, system: tuple[int, float, int], seed: int) -> tuple[list[float], float]:
    """Return AUROC and AUPRC with self-edges, the same without, and the seconds of the fit."""
    series, forcing, steps = system
    panel, truth = causalkit.simulate("lorenz96", series=series, steps=steps, forcing=forcing, seed=seed)
    began = time.process_time()
    found = causalkit.discover(panel, method=method.partition("[")[0], lag=lag, params=params_of(method), seed=seed)
    seconds = time.process_time() - began
    values: list[float] = []
    for diagonal in ("include", "exclude"):
        measured = found.evaluate(truth, diagonal=diagonal, metrics=["auroc", "auprc"])
        values += [measured["auroc"], measured["auprc"]]
    return values, seconds


def params_of(method: str) -> dict[str, str]:
    """Return the parameters in ``name[key=value,key=value]``."""
    inside = method.partition("[")[2].rstrip("]")
    return dict(part.split("=", 1) for part in inside.split(",") if part)


def cell(rows: list[list[float]], first: int) -> str:
    """Return one cell of the table."""
    auroc, auprc = ([row[first + offset] for row in rows] for offset in (0, 1))
    spread = (max(auroc) - min(auroc)) / 2
    return f"{statistics.mean(auroc):.3f} / {statistics.mean(auprc):.3f} ± {spread:.3f}"


def main() -> None:
    """Print a line for each method and system."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("methods", nargs="+", help="for example pcmci or pcmci[test=robust-par-corr]")
    parser.add_argument("--lag", type=int, default=5)
    parser.add_argument("--systems", nargs="+", default=SYSTEMS, help="series:forcing:steps")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    print("| method | P | F | T | with self-edges | without | seconds |\n|---|---|---|---|---|---|---|")
    for method in options.methods:
        measure(method, 1, (6, 10.0, 60), 0)  # imports are not part of the time
        for system in options.systems:
            series, forcing, steps = (float(number) for number in system.split(":"))
            chosen = int(series), forcing, int(steps)
            runs = [measure(method, options.lag, chosen, seed) for seed in range(options.seeds)]
            rows, seconds = [run[0] for run in runs], statistics.median(run[1] for run in runs)
            cells = [method, series, forcing, steps, cell(rows, 0), cell(rows, 2), f"{seconds:.2f}"]
            print(f"| {' | '.join(one if isinstance(one, str) else f'{one:g}' for one in cells)} |", flush=True)


if __name__ == "__main__":
    main()
