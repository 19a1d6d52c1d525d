"""What a cell of a comparison costs beyond its own work: 1,000 cells of a method that does next to nothing.

Run: ``python benchmarks/compare_overhead.py [CELLS] [JOBS]``. The overhead is (wall-clock time x jobs - seconds in
which the cells loaded data and fitted) / cells. It contains all else: starting processes, building the method, passing
messages, evaluation by every installed metric, writing the record.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

PLUGIN = """
import numpy as np
from causalkit import Discovery, Method, hookimpl


class Trivial:
    def __init__(self, lag: int = 1, variant: int = 0) -> None:
        self.lag = lag

    def fit(self, panel, run):
        return Discovery(panel.names, run.numpy_generator().random((panel.series, panel.series, self.lag)))


@hookimpl
def causalkit_methods():
    yield Method(name="trivial", factory=Trivial, summary="Random scores")
"""
VARIANTS = 5


def install(folder: Path) -> None:
    """Put the plugin on the import path, as if it were installed."""
    information = folder / "trivial-1.0.dist-info"
    information.mkdir()
    (folder / "trivial_plugin.py").write_text(PLUGIN)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: trivial\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[causalkit]\ntrivial = trivial_plugin\n")
    sys.path.insert(0, str(folder))


def main(cells: int, jobs: int) -> None:
    """Measure and print."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from causalkit.compare import run_grid

    with tempfile.TemporaryDirectory() as folder:
        install(Path(folder))
        methods = [f"trivial[variant={number}]" for number in range(VARIANTS)]
        clock = time.perf_counter()
        records = run_grid(methods, ["lagged-pair"], f"0:{cells // VARIANTS}", out=Path(folder, "records"), jobs=jobs)
        wall = time.perf_counter() - clock
        clock = time.perf_counter()
        again = run_grid(methods, ["lagged-pair"], f"0:{cells // VARIANTS}", out=Path(folder, "records"), jobs=jobs)
        resumed = time.perf_counter() - clock
    assert all(record.ok for record in records), records[0].reason
    assert len(again) == len(records) == cells // VARIANTS * VARIANTS
    own = sum(record.seconds["data"] + record.seconds["fit"] for record in records)
    evaluation = sum(record.seconds["evaluate"] for record in records)
    total = sum(record.seconds["total"] for record in records)
    count = len(records)
    print(f"{count} cells, {jobs} jobs: {wall:.1f} s; own work {1000 * own / count:.1f} ms a cell")
    print(f"overhead {1000 * (wall * jobs - own) / count:.1f} ms a cell", end="")
    print(f", of which {1000 * evaluation / count:.1f} ms are the evaluation by all metrics", end="")
    print(f" and {1000 * (wall * jobs - total) / count:.1f} ms lie outside the process that computes")
    print(f"the same command again, nothing to compute: {resumed:.2f} s")


if __name__ == "__main__":
    main(*(int(word) for word in [*sys.argv[1:], *["1000", "2"][len(sys.argv) - 1 :]]))
