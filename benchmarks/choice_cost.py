"""What the choices of strength and forecaster cost; the table "What a choice costs" of docs/benchmarks.md.

python benchmarks/choice_cost.py                              # print the table
python benchmarks/choice_cost.py --only "10 series" --repeats 1
python benchmarks/choice_cost.py --write docs/benchmarks.md   # put it between the markers of the page

Processor time on one thread at lag 1, the median of three, all in one process after one fit that is not counted. A path
is five members along all strengths, and on from the chosen one on all windows; the default lets two paths compete.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from page_section import replace_section

import causalkit
from causalkit.errors import CausalkitError
from causalkit.io import check_writable

SECTION = "cost of choices"
SYSTEMS: dict[str, tuple[str, dict[str, Any]]] = {
    **{
        f"Lorenz-96, {series} series, {steps} steps": ("lorenz96", {"series": series, "steps": steps, "forcing": 40.0})
        for series, steps in ((10, 500), (20, 500), (100, 1000))
    },
    "gene network, 100 series, 10 recordings of 21 steps": (
        "gene-network",
        {"series": 100, "realisations": 10, "steps": 21},
    ),
}
CONDITIONS: dict[str, dict[str, Any]] = {
    "one fit": {"forecaster": "mlp", "regularizer.strength": 0.1},
    "mlp path": {"forecaster": "mlp"},
    "component-mlp path": {"forecaster": "component-mlp"},
    "default": {},
}


def seconds(panel: causalkit.Panel, params: Mapping[str, Any], repeats: int) -> tuple[float, str]:
    """Return the processor time of a fit, the median, and the forecaster."""
    found = []
    for _ in range(repeats):
        start = time.process_time()
        discovery = causalkit.discover(panel, method="grngc", lag=1, params=params)
        found.append(time.process_time() - start)
    return statistics.median(found), discovery.config["forecaster"]["name"]


def row(name: str, repeats: int) -> str:
    """Return the line of a system."""
    dataset, settings = SYSTEMS[name]
    panel, _ = causalkit.simulate(dataset, **settings)
    causalkit.discover(panel, method="grngc", lag=1, params=CONDITIONS["one fit"])
    measured = {condition: seconds(panel, params, repeats) for condition, params in CONDITIONS.items()}
    one, path, component, default = (time for time, _ in measured.values())
    cells = [name, *(f"{time:.1f}" for time in (one, path, component, default)), measured["default"][1]]
    return f"| {' | '.join([*cells, f'{path / one:.1f}', f'{default / path:.2f}'])} |"


def main() -> None:
    """Print or write a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[""], metavar="TEXT", help="parts of names of systems")
    parser.add_argument("--repeats", type=int, default=3, help="fits of which the median counts; default: 3")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table between the markers of a page")
    given = parser.parse_args()
    if given.write:
        check_writable(given.write)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    lines = [
        "| data | one fit, s | `mlp` path, s | `component-mlp` path, s | default, s | it chooses | "
        "`mlp` path / one fit | default / `mlp` path |",
        "|---|---|---|---|---|---|---|---|",
    ]
    print("\n".join(lines))
    for name in SYSTEMS:
        if any(part in name for part in given.only):
            lines.append(row(name, given.repeats))
            print(lines[-1], flush=True)
    if given.write:
        median = f"the median of {given.repeats}" if given.repeats > 1 else "a single run"
        about = f"Processor time on one thread, {median}, {datetime.now(UTC).date()}, torch {torch.__version__}."
        replace_section(given.write, SECTION, f"{about}\n\n" + "\n".join(lines))


if __name__ == "__main__":
    try:
        main()
    except CausalkitError as error:
        sys.exit(f"{error.message}\n{error.hint}")
