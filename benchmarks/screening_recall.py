"""How many true causes are among the candidates of large panels; the table of docs/large-panels.md.

python benchmarks/screening_recall.py                              # print the table
python benchmarks/screening_recall.py --series 100 300             # smaller panels only
python benchmarks/screening_recall.py --write docs/large-panels.md # put it between the markers of the page

Recall is the share of the edges between different series whose cause is a candidate of their effect. Processor time is
that of one pass over all windows, on as many threads as OMP_NUM_THREADS says.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from page_section import replace_section

import causalkit
from causalkit.io import check_writable
from causalkit.model_selection.screening import screen

SECTION = "recall of screening"
PARENTS = 5
SYSTEMS: dict[str, tuple[str, dict[str, Any], int]] = {
    "VAR, 5 parents": ("var", {"lag": 1}, 1),
    "VAR, lags up to 2": ("var", {"lag": 2}, 2),
    "tanh-VAR, odd and even, lags up to 2": ("tanh-var", {"lag": 2}, 2),
    "tanh-VAR, even effects only": ("tanh-var", {"lag": 1, "even": 1.0}, 1),
    "Lorenz-96, F = 10": ("lorenz96", {"forcing": 10.0}, 1),
    "Lorenz-96, F = 40": ("lorenz96", {"forcing": 40.0}, 1),
    "gene network, recordings of 21 steps": ("gene-network", {"steps": 21}, 1),
}


def recall(name: str, series: int, steps: int, seed: int) -> tuple[float, int, float]:
    """Return the recall of screening on one system, the number of candidates, and the processor time."""
    system, parameters, lag = SYSTEMS[name]
    given = {**parameters, "series": series}
    if system == "gene-network":
        given["realisations"] = max(1, steps // (given["steps"] - 1))
    else:
        given["steps"] = steps
    if system.endswith("var"):
        given["density"] = PARENTS / series
    panel, truth = causalkit.simulate(system, seed=seed, **given)
    windows = panel.standardized()[0].windows(lag)
    began = time.process_time()
    candidates = screen(windows.x, windows.y)
    spent = time.process_time() - began
    found = np.zeros((series + 1, series), dtype=bool)
    found[candidates, np.arange(series)[:, None]] = True
    edges = truth.edges & ~np.eye(series, dtype=bool)
    return float(found[:series][edges].mean()), candidates.shape[1], spent


def table(sizes: list[int], lengths: list[int], seeds: list[int]) -> str:
    """Return the table as Markdown."""
    columns = [(series, steps) for steps in lengths for series in sizes]
    heads = [f"P = {series}, T = {steps}" for series, steps in columns]
    lines = ["| system | " + " | ".join(heads) + " |", "|---|" + "---|" * len(columns)]
    sizes_seen: dict[int, int] = {}
    longest = 0.0
    for name in SYSTEMS:
        cells = []
        for series, steps in columns:
            found = [recall(name, series, steps, seed) for seed in seeds]
            cells.append(f"{np.mean([one for one, _, _ in found]):.3f}")
            sizes_seen[steps] = max(sizes_seen.get(steps, 0), max(size for _, size, _ in found))
            longest = max(longest, max(spent for _, _, spent in found))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    candidates = ", ".join(f"{size} with T = {steps}" for steps, size in sizes_seen.items())
    return "\n".join(
        [
            f"Measured {datetime.now(UTC):%Y-%m-%d} by `python benchmarks/screening_recall.py`, means of "
            f"{len(seeds)} seeds. Candidates: up to {candidates}. The longest pass took {longest:.1f} s.",
            "",
            *lines,
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, nargs="+", default=[100, 300, 1000])
    parser.add_argument("--steps", type=int, nargs="+", default=[300, 1000])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--write", type=Path, metavar="PAGE", help="page of documentation that holds the table")
    given = parser.parse_args()
    if given.write is not None:
        check_writable(given.write)
    text = table(given.series, given.steps, list(range(given.seeds)))
    print(text)
    if given.write is not None:
        replace_section(given.write, SECTION, text)


if __name__ == "__main__":
    main()
