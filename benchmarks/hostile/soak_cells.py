"""One comparison with thousands of cells: do memory, files, processes and the time of a cell stay as they are?

    python benchmarks/hostile/soak_cells.py --cells 500
    python benchmarks/hostile/soak_cells.py --cells 10000 --seed 1      # takes about an hour
    python benchmarks/hostile/soak_cells.py --cells 1000 --jobs 2

A cheap method runs on tiny simulated panels. The command and its workers are looked at from outside. At the end the
folder must hold one whole record for each cell and nothing else. Processor time of the last tenth of the cells is
compared with that of the first one, since other programs on the machine change the other time. The exit status is 1
where something grows: memory of a worker by 1 MB in 1,000 cells, that of the command by 6 kB a cell (numbers for the
tables; a record itself takes 40 kB), open files, threads or processes at all, processor time by a quarter.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from scipy.stats import theilslopes

from causalkit.compare import load_records

MEGABYTE = 1e6
METHOD, DATA = "var[lag=1]", "var[series=3,steps=60]"
WORKER_GROWTH, COMMAND_GROWTH, SLOWER = 1.0, 6.0, 1.25
"""Megabytes in 1,000 cells, for a worker and for the command; processor time of late cells over that of early ones."""


@dataclass(frozen=True)
class Look:
    """A comparison from outside, after so many cells."""

    cells: int
    command: float
    workers: float
    files: int
    threads: int
    processes: int
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="the first of the cells")
    parser.add_argument("--every", type=float, default=5.0, metavar="SECONDS", help="between two looks")
    arguments = parser.parse_args()
    if arguments.cells < 20:
        parser.error("--cells: give 20 or more; times of a tenth of them are compared")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.monotonic()
        looks, code = _watched(folder, arguments.seed, arguments.cells, arguments.jobs, arguments.every)
        print(f"{arguments.cells} cells, {arguments.jobs} at a time, {time.monotonic() - started:.0f} s")
        faults = [f"the command ended with exit status {code}"] if code else []
        faults += _folder(folder, arguments.cells) + _growth(looks)
    for fault in faults:
        print(f"fault: {fault}")
    return int(bool(faults))


def _watched(folder: Path, first: int, cells: int, jobs: int, every: float) -> tuple[list[Look], int]:
    """Run a comparison to its end; return what was seen of it, and its exit status."""
    command = ["compare", "-m", METHOD, "-d", DATA, "--seeds", f"{first}:{first + cells}", "-j", str(jobs)]
    process = psutil.Popen(
        [sys.executable, "-m", "causalkit", *command, "--out", str(folder / "grid")], stdout=subprocess.DEVNULL
    )
    looks: list[Look] = []
    while process.poll() is None:
        time.sleep(every)
        try:
            looks.append(_look(process, folder / "grid"))
        except (psutil.Error, OSError):  # it has just ended
            continue
        if len(looks) % 60 == 0:
            print(looks[-1], flush=True)
    return looks, process.returncode


def _look(process: psutil.Process, folder: Path) -> Look:
    workers = process.children(recursive=True)
    times = [one.cpu_times() for one in (process, *workers)]
    return Look(
        cells=sum(1 for _ in folder.glob("[0-9a-f]*.json")),
        command=process.memory_info().rss / MEGABYTE,
        workers=max((one.memory_info().rss for one in workers), default=0) / MEGABYTE,
        files=sum(one.num_fds() for one in (process, *workers)),
        threads=sum(one.num_threads() for one in (process, *workers)),
        processes=1 + len(workers),
        seconds=sum(one.user + one.system for one in times),
    )


def _growth(looks: Sequence[Look]) -> list[str]:
    """Print what grew after the first tenth of the cells; return what must not."""
    most = looks[-1].cells
    warm = [look for look in looks if 0.1 * most <= look.cells < most]
    if len(warm) < 10:
        return [f"{len(warm)} looks are too few: take more cells, or a smaller --every"]

    def slope(value: Callable[[Look], float], among: Sequence[Look]) -> float:
        return float(theilslopes([value(one) for one in among], [one.cells for one in among]).slope)

    worker, command = (1000 * slope(value, warm) for value in (lambda one: one.workers, lambda one: one.command))
    tenth = max(5, len(warm) // 9)
    early, late = (1000 * slope(lambda one: one.seconds, part) for part in (warm[:tenth], warm[-tenth:]))
    print(
        f"largest worker {warm[0].workers:.1f} -> {warm[-1].workers:.1f} MB ({worker:+.2f} MB in 1,000 cells), command "
        f"{warm[0].command:.1f} -> {warm[-1].command:.1f} MB ({command:+.2f} MB in 1,000 cells)"
    )
    print(f"processor time of a cell {early:.1f} ms early, {late:.1f} ms late: ratio {late / early:.2f}")
    faults = [f"a worker grows by {worker:.2f} MB in 1,000 cells"] if worker > WORKER_GROWTH else []
    faults += [f"the command grows by {command:.2f} MB in 1,000 cells"] if command > COMMAND_GROWTH else []
    faults += [f"late cells take {late / early:.2f} times the processor time"] if late > SLOWER * early else []
    for name in ("files", "threads", "processes"):
        values = np.array([getattr(one, name) for one in warm])
        print(f"{name}: {values.min()} to {values.max()}, {values[0]} first, {values[-1]} last")
        if np.median(values[-tenth:]) > np.median(values[:tenth]):
            faults.append(f"{name} grow from {np.median(values[:tenth]):g} to {np.median(values[-tenth:]):g}")
    return faults


def _folder(folder: Path, cells: int) -> list[str]:
    """Return what is wrong with the folder of a finished comparison."""
    records = load_records(folder / "grid")  # raises where one is torn
    lost = [record for record in records if not record.ok]
    files = {path.name for path in (folder / "grid").iterdir()}
    expected = {f"{record.cell.key}.json" for record in records} | {".lock"}
    times = sorted(path.stat().st_mtime for path in (folder / "grid").glob("[0-9a-f]*.json"))
    tenth = len(times) // 10
    early, late = (1000 * (part[-1] - part[0]) / (len(part) - 1) for part in (times[tenth : 2 * tenth], times[-tenth:]))
    print(f"time between two records {early:.1f} ms in the second tenth, {late:.1f} ms in the last tenth")
    faults = [f"{len(records)} records of {cells} cells"] if len(records) != cells else []
    faults += [f"{len(lost)} cells without a result, the first: {lost[0].reason}"] if lost else []
    faults += [f"other files are left: {sorted(files ^ expected)[:5]}"] if files != expected else []
    return faults


if __name__ == "__main__":
    sys.exit(main())
