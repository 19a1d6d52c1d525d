"""Time and memory of reading a large text table, beside `pandas.read_csv` alone.

    python benchmarks/reading.py                    # 1 million rows and 50 columns
    python benchmarks/reading.py --rows 200 --columns 20000

Each is the faster of two attempts in one process; the peak of memory is that of the whole process, imports included.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from causalkit.io import ReadOptions, read


def write(path: Path, rows: int, columns: int) -> None:
    """Write random numbers of six decimals, 10,000 rows at a time."""
    random = np.random.default_rng(0)
    for start in range(0, rows, 10_000):
        values = random.standard_normal((min(10_000, rows - start), columns)).round(6)
        frame = pd.DataFrame(values, columns=[f"x{column}" for column in range(columns)])
        frame.to_csv(path, mode="a", header=start == 0, index=False)


def fastest(function: Callable[[], Any], attempts: int = 2) -> float:
    times = []
    for _ in range(attempts):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def peak() -> float:
    """Return the peak memory of this process in GiB."""
    unit = 2**30 if sys.platform == "darwin" else 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--file", type=Path, help="a file to read instead of random numbers")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.file or Path(folder) / "table.csv"
        if arguments.file is None:
            write(path, arguments.rows, arguments.columns)
        plain = fastest(lambda: pd.read_csv(path))
        before = peak()
        whole = fastest(lambda: read(path, ReadOptions(orientation="time-series")))
    print(f"pandas.read_csv  {plain:6.2f} s, peak {before:.2f} GiB")
    print(f"causalkit        {whole:6.2f} s, peak {peak():.2f} GiB, {whole / plain:.2f} times as long")


if __name__ == "__main__":
    main()
