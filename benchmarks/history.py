"""Ratios of times over the project's history: measure, compare with the latest record, and add a record.

    python -m benchmarks.history                       # about ten minutes; adds a record to benchmarks/history.json
    python -m benchmarks.history --only start exact    # some of the ratios, to look at; adds nothing
    python -m benchmarks.history --show                # the table of all records

All times are processor time on one thread, and only their ratios within one process count, so that records of one kind
of processor can be compared. Ratios that are worse by more than a fifth are marked. ``goal`` is what was aimed at.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

import causalkit
from benchmarks.steps import Setting, plain_training, processor_time, products_of, step_of
from causalkit.io import atomic_path

FILE = Path(__file__).parent / "history.json"
WORSE = 1.2
EPOCHS = 200


@dataclass(frozen=True)
class Ratio:
    """A ratio to be recorded.

    Attributes:
        goal: what it is to be at most, or at least where larger is better.
    """

    name: str
    value: float
    goal: float | None = None
    larger_is_better: bool = False


def exact_steps() -> Iterator[Ratio]:
    """Exact penalty: a whole step against nothing but the matrix products that it contains."""
    for setting in (
        Setting("mlp"),
        Setting("component-mlp", hidden=16),
        Setting("kan"),
        Setting("tcn", series=30, lag=5, windows=400),
        Setting("lstm", series=30, lag=5, windows=400),
    ):
        step = step_of(setting, "exact")
        name = f"exact step / its matrix products: {setting.network}, P={setting.series}, K={setting.lag}"
        yield Ratio(name, processor_time(step) / products_of(step), goal=3)


def sampled_steps() -> Iterator[Ratio]:
    """Sampled penalty: a step with it against one without."""
    for setting in (
        Setting("mlp"),
        Setting("mlp", series=1000),
        Setting("component-mlp", series=1000, windows=200, hidden=16, candidates=64),
        Setting("component-mlp", series=10_000, windows=100, hidden=16, candidates=64),
    ):
        name = f"sampled step / plain step: {setting.network}, P={setting.series}"
        name += "" if setting.candidates is None else f", {setting.candidates} candidates"
        plain, sampled = (processor_time(step_of(setting, way)) for way in ("plain", "sampled"))
        yield Ratio(name, sampled / plain, goal=2.5)


def loops() -> Iterator[Ratio]:
    """The loop over targets of the public scripts against the exact step."""
    setting = Setting("kan")
    loop, exact = (processor_time(step_of(setting, way), least=least) for way, least in (("loop", 1), ("exact", 5)))
    yield Ratio("loop of the public scripts / exact step: kan, P=100", loop / exact, goal=60, larger_is_better=True)


def growth() -> Iterator[Ratio]:
    """What twice the series, windows and lags cost where the penalty is sampled."""
    small = Setting("mlp", series=200, lag=2, windows=965)
    first = processor_time(step_of(small, "sampled"))
    for letter, more, goal in (("P", {"series": 400}, 2.2), ("T", {"windows": 1930}, 2.1), ("K", {"lag": 4}, 2.1)):
        twice = processor_time(step_of(Setting(**{**vars(small), **more}), "sampled"))
        yield Ratio(f"sampled step: twice the {letter} / once", twice / first, goal=goal)


def whole_runs() -> Iterator[Ratio]:
    """A run with all its choices against a plain training of the network that it chose."""
    for series, steps in ((10, 500), (40, 500), (100, 1000)):
        panel, _ = causalkit.simulate("lorenz96", series=series, steps=steps, forcing=40.0, seed=0)
        found: list[causalkit.Discovery] = []
        whole = processor_time(lambda: found.append(causalkit.discover(panel, method="grngc")), least=1, warm=False)  # noqa: B023
        network, lag = dict(found[0].config["forecaster"]), found[0].lags
        strength = found[0].config["regularizer"][0]["strength"]
        given = {"forecaster": network, "regularizer.strength": strength}
        fit = processor_time(lambda: causalkit.discover(panel, method="grngc", lag=lag, params=given), 0.0, 1)  # noqa: B023
        windows = panel.standardized()[0].windows(lag)
        plain = plain_training(network, torch.from_numpy(windows.x), torch.from_numpy(windows.y), EPOCHS)
        where = f"lorenz96, P={series}, T={steps}"
        yield Ratio(f"default run / fit with network, lag and strength given: {where}", whole / fit, goal=5)
        yield Ratio(f"default run / plain training of {EPOCHS} epochs: {where}", whole / plain, goal=5)


def start() -> Iterator[Ratio]:
    """The start of the command against the start of numpy."""
    numpy = child_time([sys.executable, "-c", "import numpy"])
    for words in (["--help"], ["methods"], ["plugins"]):
        ratio = child_time([sys.executable, "-m", "causalkit", *words]) / numpy
        yield Ratio(f"causalkit {' '.join(words)} / import numpy", ratio)


def memory() -> Iterator[Ratio]:
    """The peak of a fresh process that discovers against one that only imports torch."""
    base = child_peak("import torch")
    for series, steps in ((10, 500), (100, 500)):
        code = (
            "import causalkit; "
            f"panel, _ = causalkit.simulate('lorenz96', series={series}, steps={steps}); "
            "causalkit.discover(panel, method='grngc', lag=1, params={'regularizer.strength': 0.1})"
        )
        yield Ratio(f"peak memory of one fit / import torch: P={series}, T={steps}", child_peak(code) / base)


GROUPS: dict[str, Callable[[], Iterator[Ratio]]] = {
    "exact": exact_steps,
    "sampled": sampled_steps,
    "loop": loops,
    "growth": growth,
    "run": whole_runs,
    "start": start,
    "memory": memory,
}


def child_time(command: Sequence[str], times: int = 7) -> float:
    """Return the smallest processor time of a command and its children, in seconds."""
    taken = []
    for _ in range(times):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


def child_peak(code: str) -> int:
    """Return the largest resident memory of a fresh Python process in KiB; Linux only.

    Not by getrusage: its peak begins with the memory of the process that starts another.
    """
    more = "\nprint(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    ended = subprocess.run([sys.executable, "-c", code + more], check=True, capture_output=True, text=True)
    return int(ended.stdout.split()[-1])


def cpu_model() -> str:
    """Return the name of the processor."""
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def commit() -> str:
    """Return the commit that is measured, with a plus where files differ from it."""
    here = Path(__file__).parent

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], check=True, capture_output=True, text=True, cwd=here).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "..", f":!{FILE.name}")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def record_of(ratios: Sequence[Ratio]) -> dict[str, Any]:
    """Return a record as it is written."""
    return {
        "commit": commit(),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "cpu": cpu_model(),
        "load": round(os.getloadavg()[0], 1),
        "ratios": {ratio.name: float(f"{ratio.value:.3g}") for ratio in ratios},
    }


def verdict(ratio: Ratio, before: float | None) -> str:
    """Return what a ratio is beside the one of the latest record and its goal."""
    words = []
    if before:
        words.append(f"before {before:.3g}")
        if (before / ratio.value if ratio.larger_is_better else ratio.value / before) > WORSE:
            words.append("WORSE")
    if ratio.goal is not None:
        met = ratio.value >= ratio.goal if ratio.larger_is_better else ratio.value <= ratio.goal
        words.append(f"goal {'at least' if ratio.larger_is_better else 'at most'} {ratio.goal:g}")
        words += [] if met else ["missed"]
    return ", ".join(words)


def table(records: Sequence[dict[str, Any]]) -> str:
    """Return ratios by commit, the latest five, as Markdown."""
    shown = list(records)[-5:]
    names = dict.fromkeys(name for record in shown for name in record["ratios"])
    heads = [f"{record['commit']}, {record['date']}" for record in shown]
    lines = [f"| ratio | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for name in names:
        cells = [f"{record['ratios'][name]:.3g}" if name in record["ratios"] else "" for record in shown]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=list(GROUPS), help="groups of ratios")
    parser.add_argument("--show", action="store_true", help="print the table of records and measure nothing")
    given = parser.parse_args()
    records = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else []
    if given.show:
        print(table(records))
        return
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    cpu = cpu_model()
    before = next((record["ratios"] for record in reversed(records) if record["cpu"] == cpu), {})
    ratios: list[Ratio] = []
    for group in given.only:
        for ratio in GROUPS[group]():
            ratios.append(ratio)
            print(f"{ratio.value:8.3g}  {ratio.name}  ({verdict(ratio, before.get(ratio.name))})", flush=True)
    if set(given.only) == set(GROUPS):
        records.append(record_of(ratios))
        with atomic_path(FILE) as temporary:
            temporary.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
