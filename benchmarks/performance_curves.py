"""Curves of processor time over P, K, T and H, beside other packages; a section of docs/performance.md.

    python -m benchmarks.performance_curves                              # about ten minutes; print the section
    python -m benchmarks.performance_curves --quick                      # small sizes, two minutes
    python -m benchmarks.performance_curves --write docs/performance.md  # write the section and its two pictures

Everything runs on one thread, one process after another. Each whole run has a process of its own; the first fit in it,
of 3 series, does not count, nor do imports. A run that takes longer than --limit is ended, and the curve ends there.
Methods whose packages are not installed are left out and named. The loop of the public scripts is 200 times the time of
one step, with the KAN of the scripts, on all windows.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import causalkit
from benchmarks.history import cpu_model
from benchmarks.page_section import replace_section
from benchmarks.steps import Setting, operations_of, processor_time, product_rate, step_of
from causalkit.errors import CausalkitError
from causalkit.io import check_writable
from causalkit.plotting import save_figure, style

SECTION = "curves of performance"
STEP_PICTURE, RUN_PICTURE = "performance-step.svg", "performance-methods.svg"
BASE = Setting("mlp", series=50, lag=1, windows=500, hidden=64)
LETTERS = {"P": "series", "K": "lag", "T": "windows", "H": "hidden"}
AXES = {"P": "number of series P", "K": "lag K", "T": "number of time steps T", "H": "hidden units H"}
STEP_SIZES: dict[str, tuple[int, ...]] = {
    "P": (10, 20, 50, 100, 200),
    "K": (1, 2, 4, 8),
    "T": (250, 500, 1000, 2000),
    "H": (16, 32, 64, 128, 256),
}
QUICK_STEPS: dict[str, tuple[int, ...]] = {"P": (10, 20), "K": (1, 2), "T": (250, 500), "H": (16, 32)}
SMALL = 16  # the hidden units of each network of a component-wise forecaster where H is not varied
CURVES = (("mlp", "exact"), ("component-mlp", "exact"), ("kan", "exact"), ("mlp", "sampled"), ("mlp", "plain"))
RUN_SIZES: dict[str, tuple[int, ...]] = {"P": (5, 10, 20, 50, 100), "T": (250, 500, 1000), "K": (1, 2, 4)}
QUICK_RUNS: dict[str, tuple[int, ...]] = {"P": (5, 10), "T": (250, 500), "K": (1, 2)}
RUN_BASE = {"P": 10, "T": 500, "K": 1}
LOOP = "loop of the public scripts"
ONE_FIT = "grngc, kan, strength given"
METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "grngc, all choices": ("grngc", {}),
    ONE_FIT: ("grngc", {"forecaster": "kan", "regularizer.strength": 0.1, "ensemble": 1}),
    "var": ("var", {}),
    "pcmci": ("pcmci", {}),
    "varlingam": ("varlingam", {}),
    "grace": ("grace", {}),
    "srngc": ("srngc", {}),
}
LOOP_STEPS = 200
FOUND = "seconds: "  # before each number that a process prints
MARKS = "osD^vPX*"


@dataclass(frozen=True)
class Point:
    """One measurement.

    Attributes:
        curve: what was measured.
        letter, size: what was varied, and its value.
        seconds: of processor time.
        share: of the machine's measured rate of matrix products that the step reaches, or None.
    """

    curve: str
    letter: str
    size: int
    seconds: float
    share: float | None = None


def steps(sizes: Mapping[str, Sequence[int]]) -> list[Point]:
    """Measure steps of training."""
    found = []
    for network, way in CURVES:
        base = replace(BASE, network=network, hidden=SMALL if network == "component-mlp" else BASE.hidden)
        measured: dict[Setting, tuple[float, float]] = {}
        for letter, field in LETTERS.items():
            for size in sizes[letter]:
                setting = replace(base, **{field: size})
                if setting not in measured:
                    step = step_of(setting, way)
                    operations = operations_of(step)
                    seconds = processor_time(step, 0.5, 2)
                    measured[setting] = seconds, operations / seconds / product_rate()
                found.append(Point(f"{network}, {way}", letter, size, *measured[setting]))
        print(f"steps of {network}, {way}: {len(measured)} settings", flush=True)
    return found


def runs(sizes: Mapping[str, Sequence[int]], limit: float) -> tuple[list[Point], list[str]]:
    """Measure whole runs; return the points, and what is to be said about those that are missing."""
    found: list[Point] = []
    missing: list[str] = []
    for label in [*METHODS, LOOP]:
        for letter, values in sizes.items():
            tasks = [({**RUN_BASE, letter: size}) for size in values]
            if label == LOOP:
                seconds, reason = [loop(**task) for task in tasks], ""
            else:
                seconds, reason = whole_runs(label, tasks, limit)
            found += [Point(label, letter, *pair) for pair in zip(values, seconds, strict=False)]
            print(f"{label} over {letter}: {', '.join(f'{one:.3g}' for one in seconds)} {reason}", flush=True)
            if len(seconds) < len(values):
                missing.append(f"{label} with {letter} = {values[len(seconds)]}: {reason}")
            if not seconds:
                break  # it does not run at all
    return found, missing


def loop(P: int, T: int, K: int) -> float:
    """Return the processor time of so many steps as the public scripts take them, from one of them."""
    setting = Setting("kan", series=P, lag=K, windows=T - K)
    return LOOP_STEPS * processor_time(step_of(setting, "loop"), 0.5, least=1, warm=P < 50)


def whole_runs(label: str, tasks: Sequence[Mapping[str, int]], limit: float) -> tuple[list[float], str]:
    """Return the processor time of runs in one process, and why the first that is missing ended, or ""."""
    task = json.dumps([*METHODS[label], tasks, limit])
    command = [sys.executable, "-m", "benchmarks.performance_curves", "--task", task]
    with tempfile.TemporaryFile("w+") as output:  # what was measured before the end counts
        try:
            ended = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True, timeout=20 * limit)
            code, error = ended.returncode, ended.stderr
        except subprocess.TimeoutExpired:
            code, error = -1, ""
        output.seek(0)
        seconds = [float(line[len(FOUND) :]) for line in output if line.startswith(FOUND)]
    if code == 0:
        return seconds, ""
    return seconds, f"more than {limit:g} s" if code < 0 else (error.strip().splitlines() or ["it failed"])[-1][:150]


def work(task: str) -> None:
    """Fit several times, each within a limit of processor time, and print what each took; a process of its own."""
    method, params, tasks, limit = json.loads(task)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")

    def fit(P: int, T: int, K: int) -> None:
        panel, _ = causalkit.simulate("var", series=P, steps=T, lag=1, density=min(1.0, 3 / P), seed=0)
        causalkit.discover(panel, method=method, lag=K, params=params)

    try:
        fit(P=3, T=60, K=1)
        for sizes in tasks:
            before = time.process_time()
            resource.setrlimit(resource.RLIMIT_CPU, (int(before + limit) + 1, resource.RLIM_INFINITY))
            fit(**sizes)
            print(f"{FOUND}{time.process_time() - before}", flush=True)
    except CausalkitError as error:
        sys.exit(error.message)


def draw(points: Sequence[Point], letters: Sequence[str], *, shares: bool) -> Figure:
    """Return a picture with a column for each letter: time, and the share of the rate of products below it."""
    rows = 2 if shares else 1
    figure = style.new_figure(2.7 * len(letters), 2.5 * rows + 0.8)
    axes = figure.subplots(rows, len(letters), squeeze=False, sharey="row")
    names = list(dict.fromkeys(point.curve for point in points))
    for column, letter in enumerate(letters):
        for number, name in enumerate(names):
            mine = [point for point in points if (point.curve, point.letter) == (name, letter)]
            look = {
                "color": style.LINES[number % len(style.LINES)],
                "linestyle": style.DASHES[number // len(style.LINES)],
                "marker": MARKS[number],
                "markersize": 4,
                "linewidth": 1.3,
                "label": name,
            }
            places = [point.size for point in mine]
            axes[0, column].plot(places, [point.seconds for point in mine], **look)
            if shares:
                axes[1, column].plot(places, [100 * (point.share or 0) for point in mine], **look)
        for row in range(rows):
            ax: Axes = axes[row, column]
            ax.set_xscale("log")
            sizes = sorted({point.size for point in points if point.letter == letter})
            ax.set_xticks(sizes, [str(size) for size in sizes])
            ax.set_xticks([], minor=True)
            words = "share of the rate of products, %" if row else "processor time, s"
            style.label_axes(ax, AXES[letter], "" if column else words)
        axes[0, column].set_yscale("log")
    if shares:
        axes[1, 0].set_ylim(bottom=0)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    look = {"prop": {"size": style.TICK, "family": style.fonts()}, "frameon": False}
    figure.legend(handles, labels, loc="outside upper center", ncols=4, **look)
    return figure


def table(points: Sequence[Point], letter: str) -> list[str]:
    """Return the lines of a table of times over one letter, in seconds, with three digits."""
    mine = [point for point in points if point.letter == letter]
    sizes = sorted({point.size for point in mine})
    lines = ["| s | " + " | ".join(f"{letter} = {size}" for size in sizes) + " |", "|---" * (len(sizes) + 1) + "|"]
    for name in dict.fromkeys(point.curve for point in mine):
        seconds = {point.size: point.seconds for point in mine if point.curve == name}
        lines.append(f"| {name} | " + " | ".join(f"{seconds[s]:.3g}" if s in seconds else "" for s in sizes) + " |")
    return lines


def section(of_steps: Sequence[Point], of_runs: Sequence[Point], missing: Sequence[str], command: str) -> str:
    """Return the section of the page."""
    base = ", ".join(f"{letter} = {getattr(BASE, field)}" for letter, field in LETTERS.items())
    run_base = ", ".join(f"{letter} = {size}" for letter, size in RUN_BASE.items())
    largest = {point.curve: point for point in of_steps if point.letter == "P"}
    shares = [f"{100 * (point.share or 0):.0f} % ({name})" for name, point in largest.items()]
    lines = [
        f"Measured {datetime.now(UTC):%Y-%m-%d} by `{command}`, on one thread ({cpu_model()}), torch "
        f"{torch.__version__}. All times are processor time. Products of matrices of 1024 rows and columns in "
        f"`float32` run at {product_rate() / 1e9:.0f} GFLOP/s.",
        "",
        "**One step of training**, forward and backward over all windows, without the optimiser. What is not varied: "
        f"{base}; `component-mlp` has {SMALL} hidden units for each series. *Exact* and *sampled* are the two "
        "estimators of the penalty, *plain* is the forecast alone.",
        "",
        f"![Time of a step, and the share of the rate of matrix products that it reaches](images/{STEP_PICTURE})",
        "",
        f"With {largest[of_steps[0].curve].size} series, the products of a whole step run at this share of the "
        f"measured rate: {', '.join(shares)}.",
        "",
        *table(of_steps, "P"),
        "",
        "**Whole runs**, with the defaults of each method, on linear systems with three parents a series. What is not "
        f"varied: {run_base}. `{ONE_FIT}` is one fit of {LOOP_STEPS} steps, without any choice. `{LOOP}` is "
        f"{LOOP_STEPS} times one step of the same network, on all windows, as those scripts take it.",
        "",
        f"![Processor time of whole runs by method](images/{RUN_PICTURE})",
        "",
        *table(of_runs, "P"),
        "",
    ]
    return "\n".join([*lines, *(["Missing points: " + "; ".join(missing) + "."] if missing else [])])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="PAGE", help="page of documentation that holds the section")
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--limit", type=float, default=25.0, help="seconds of processor time of one run, at most")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.task:
        work(given.task)
        return
    if given.write:
        check_writable(given.write)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    of_runs, missing = runs(QUICK_RUNS if given.quick else RUN_SIZES, given.limit)
    of_steps = steps(QUICK_STEPS if given.quick else STEP_SIZES)
    command = "python -m benchmarks.performance_curves" + (" --quick" if given.quick else "")
    text = section(of_steps, of_runs, missing, command)
    print(text)
    if given.write:
        images = given.write.parent / "images"
        save_figure(draw(of_steps, list(LETTERS), shares=True), images / STEP_PICTURE)
        save_figure(draw(of_runs, list(RUN_BASE), shares=False), images / RUN_PICTURE)
        replace_section(given.write, SECTION, text)


if __name__ == "__main__":
    main()
