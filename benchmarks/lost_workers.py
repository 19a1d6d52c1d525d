"""A grid of cheap cells on a cluster whose workers are killed at random moments, against the same grid on this machine.

    python -m benchmarks.lost_workers dask                  # 1500 cells on a cluster of this machine
    python -m benchmarks.lost_workers ray --cells 1000 --every 20

Every cell has to end exactly once, with the status, metrics and scores that it has here. Ends with an error otherwise.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from benchmarks.compare_overhead import VARIANTS, install
from causalkit.compare import CellRecord, run_grid
from causalkit.compare.engine import Watcher

DELAY = 2.0  # seconds, at most: a worker that has just been killed may then be starting, or work again


class Killer(Watcher):
    """Counts the records of every cell, and kills workers after random numbers of records, at a random moment then.

    Args:
        victims: returns the numbers of the processes that may be killed.
        every: records between two kills on average.
        seed: of the moments and of the choice.
    """

    def __init__(self, victims: Callable[[], Sequence[int]], every: int, seed: int = 0) -> None:
        self.victims, self.every = victims, every
        self.records: Counter[str] = Counter()
        self.kills = 0
        self._random = random.Random(seed)
        self._next = self._draw()

    def on_record(self, record: CellRecord) -> None:
        self.records[record.cell.key] += 1
        if self.records.total() == self._next:
            self._next += self._draw()
            threading.Timer(self._random.uniform(0.0, DELAY), self._kill).start()

    def _draw(self) -> int:
        return 1 + round(self._random.expovariate(1 / self.every))

    def _kill(self) -> None:
        if alive := sorted(self.victims()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._random.choice(alive), signal.SIGKILL)
                self.kills += 1


def outcome(record: CellRecord) -> dict[str, Any]:
    """Return what must not depend on where a cell was computed."""
    written = record.to_json()
    of_the_machine = ("seconds", "peak_bytes", "environment", "started", "versions")
    found = {name: value for name, value in written.items() if name not in of_the_machine}
    found["discovery"] = {name: value for name, value in (written["discovery"] or {}).items() if name != "seconds"}
    return found


def dask_workers() -> list[int]:
    """Return the workers of a Dask cluster that this process has started, also those that are starting."""
    children = psutil.Process().children()
    return [child.pid for child in children if "spawn_main" in _command(child) or "dask" in _command(child)]


def ray_workers() -> list[int]:
    """Return the busy workers of a Ray cluster that this process has started."""
    children = psutil.Process().children(recursive=True)
    return [child.pid for child in children if _command(child).startswith("ray::work")]


def _command(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


WORKERS = {"dask": dask_workers, "ray": ray_workers}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cluster", choices=WORKERS)
    parser.add_argument("--cells", type=int, default=1500)
    parser.add_argument("--every", type=int, default=40, help="records between two kills on average")
    parser.add_argument("--seed", type=int, default=0, help="of the moments and of the killed workers")
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("DASK_DISTRIBUTED__LOGGING__DISTRIBUTED", "critical")
    with tempfile.TemporaryDirectory() as folder:
        install(Path(folder))
        os.environ["PYTHONPATH"] = os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")])
        grid = (
            [f"trivial[variant={number}]" for number in range(VARIANTS)],
            ["lagged-pair[steps=60]"],
            f"0:{given.cells // VARIANTS}",
        )
        began = time.perf_counter()
        killer = Killer(WORKERS[given.cluster], given.every, given.seed)
        found = run_grid(*grid, out=Path(folder, "there"), backend=given.cluster, watcher=killer)
        seconds = time.perf_counter() - began
        here = run_grid(*grid, out=Path(folder, "here"))
    lost = [record for record in found if not record.ok]
    other = [one.cell.key for one, two in zip(found, here, strict=True) if outcome(one) != outcome(two)]
    more = [key for key, number in killer.records.items() if number != 1]
    print(
        f"{given.cluster}, {len(found)} cells, {killer.kills} kills, {seconds:.0f} s: "
        f"{len(lost)} cells lost, {len(more)} recorded more than once, {len(other)} unlike those of this machine"
    )
    if lost:
        print(f"for example: {lost[0].reason}")
    sys.exit(bool(lost or other or more or len(found) != len(here) or len(killer.records) != len(here)))


if __name__ == "__main__":
    main()
