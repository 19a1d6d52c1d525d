"""Thousands of discoveries in one process: do memory, files, threads, processes and settings stay as they are?

    python benchmarks/hostile/soak.py --runs 300
    python benchmarks/hostile/soak.py --runs 5000 --seed 1             # takes half an hour
    python benchmarks/hostile/soak.py --runs 500 --task report --explain

All installed methods run in turn on small panels, with what people do in one process: tests of edges, two stages,
checkpoints, reports, pictures, files, the estimator, threads, wrong calls; see `tests.daily_use`. After a warm-up, what
the process holds is looked at every few rounds, and its growth in 1,000 runs is the median of all slopes. Settings that
all code shares (random numbers, threads, handlers of signals and of logs, filters of warnings) must be after each task
what they were before. The exit status is 1 where memory grows by 1 MB in 1,000 runs, or anything else does.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "agg")
sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.daily_use import Desk, of_round, tasks
from tests.growth import Held, changes, growth, held, kinds, own_temporary_folder, shared_settings, too_much

WARM_UP = 9
"""Rounds, so that the slow tasks have run twice."""
LOOK = 4
"""Rounds between two looks, which take a second."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300, help="discoveries after the warm-up")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the tasks")
    parser.add_argument("--task", action="append", choices=sorted(tasks()), help="default: all")
    parser.add_argument("--explain", action="store_true", help="print which kinds of objects grow")
    parser.add_argument("--minutes", type=float, default=1e9, help="end before, after so many minutes")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    with own_temporary_folder():
        return _soaked(arguments)


def _soaked(arguments: argparse.Namespace) -> int:
    soak = Soak(arguments.seed, arguments.task or list(tasks()))
    started = time.monotonic()
    while soak.rounds < WARM_UP:
        soak.round()
    soak.begin()
    before = kinds() if arguments.explain else Counter()
    while soak.runs < arguments.runs and time.monotonic() - started < 60 * arguments.minutes:
        soak.round()
        if soak.rounds % LOOK == 0:
            soak.look()
        if soak.rounds % 20 == 0:
            print(f"{soak.runs} runs, {time.monotonic() - started:.0f} s: {soak.samples[-1]}", flush=True)
    print(f"{soak.runs} discoveries and {soak.tasks} tasks after the warm-up, {time.monotonic() - started:.0f} s")
    if arguments.explain:
        for kind, more in (kinds() - before).most_common(15):
            print(f"  {more:+6d} {kind}")
    return soak.report()


class Soak:
    """Rounds of tasks, and what the process held after each."""

    def __init__(self, seed: int, chosen: list[str]) -> None:
        self.draw = random.Random(seed)
        self.chosen = set(chosen)
        self.rounds = 0
        self.begin()

    def begin(self) -> None:
        """Count from here."""
        self.runs = self.tasks = 0
        self.at: list[int] = []
        self.samples: list[Held] = []
        self.faults: Counter[str] = Counter()

    def round(self) -> None:
        """Run each task once, in random order; the slow ones in some rounds only."""
        todo = [(name, task) for name, task in of_round(self.rounds, among=self.chosen).items()]
        self.draw.shuffle(todo)
        for name, task in todo:
            before = shared_settings()
            with tempfile.TemporaryDirectory() as folder:
                try:
                    self.runs += task(Desk(self.rounds, Path(folder)))
                except Exception as error:
                    self.faults[f"{name}: {type(error).__name__}: {error}"[:300]] += 1
            self.tasks += 1
            for change in changes(before, shared_settings()):
                self.faults[f"{name}: {change}"] += 1
        self.rounds += 1

    def look(self) -> None:
        """Note what the process holds now."""
        self.at.append(self.runs)
        self.samples.append(held())

    def report(self) -> int:
        """Print what grew and what failed; return the exit status."""
        grown = growth(self.at, self.samples)
        for name, value in grown.items():
            first, last = getattr(self.samples[0], name), getattr(self.samples[-1], name)
            print(f"{name:<12}{first:>12.6g} -> {last:<12.6g}{value:+.3f} in 1,000 runs")
        for fault, times in self.faults.items():
            print(f"fault, {times} times: {fault}")
        wrong = too_much(grown)
        for sentence in wrong:
            print(f"fault: {sentence}")
        return int(bool(wrong or self.faults))


if __name__ == "__main__":
    sys.exit(main())
