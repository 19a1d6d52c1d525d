"""What the choice of a strength costs, in units of one fit of a given strength.

python benchmarks/choice_cost.py            # Lorenz-96, 500 steps, one lag, one thread

Processor time, the median of three; all in one process, after one fit that is not counted. "members" is an ensemble of
five of a given strength, to be compared with five fits one after another; "choice" is the default: five members along
the path of strengths, and on from there on all windows.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import torch

import causalkit

CONDITIONS: dict[str, dict[str, Any]] = {
    "one fit": {"regularizer.strength": 0.1},
    "members": {"regularizer.strength": 0.1, "ensemble": 5},
    "choice": {},
}


def seconds(panel: causalkit.Panel, params: dict[str, Any]) -> float:
    """Return the processor time of a fit, the median of three."""
    found = []
    for _ in range(3):
        start = time.process_time()
        causalkit.discover(panel, method="grngc", lag=1, params=params)
        found.append(time.process_time() - start)
    return statistics.median(found)


def main() -> None:
    """Print a table."""
    torch.set_num_threads(1)
    print("| series | hidden | one fit, s | five members / five fits | choice / one fit |")
    print("|---|---|---|---|---|")
    for series, hidden in ((10, 16), (10, 128), (20, 128), (100, 128)):
        panel, _ = causalkit.simulate("lorenz96", series=series, steps=500, forcing=40.0)
        network = {"forecaster.hidden": hidden}
        causalkit.discover(panel, method="grngc", lag=1, params={**network, **CONDITIONS["one fit"]})
        one, members, choice = (seconds(panel, {**network, **params}) for params in CONDITIONS.values())
        print(f"| {series} | {hidden} | {one:.2f} | {members / (5 * one):.2f} | {choice / one:.1f} |")


if __name__ == "__main__":
    main()
