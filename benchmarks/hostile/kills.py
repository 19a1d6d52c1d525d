"""Commands that are killed at random moments: is every file whole or absent, and is the work the same after a resume?

    python benchmarks/hostile/kills.py --times 50                       # each command, 50 kills in all
    python benchmarks/hostile/kills.py --times 300 --command discover --seed 7

Each trial kills a command (SIGKILL) after a random share of the time that it takes whole. Three seconds later no
process of it may be left, and every file that is not hidden must be whole. Then the command runs again, to its end,
with ``--resume`` where it has checkpoints: its files must be those of a run that nobody disturbed, but for times, and
no hidden file may be left. The exit status is 1 where a trial fails.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from safetensors.numpy import load_file

SHORT = ("--lag", "1", "--set", "training.epochs=30", "-q")
DATA = "lorenz96[series=5,steps=150]"
VOLATILE = {"seconds", "started", "peak_bytes", "process", "memory_limit"}
"""Facts of a record that differ between two equal runs."""
STATE = "state.safetensors"
GRACE = 3.0
"""Seconds after a kill."""


@dataclass(frozen=True)
class Command:
    """A command whose files are looked at.

    Attributes:
        arguments: of ``causalkit``, with files relative to a folder.
        again: what continues it where it has left a checkpoint.
    """

    arguments: tuple[str, ...]
    again: tuple[str, ...] = ()


GRID = (
    *("compare", "-m", "var", "-m", "grngc[training.epochs=5,lag=1]", "-d", DATA),
    *("--seeds", "0:2", "--out", "grid", "-q"),
)
LARGE = ("--set", "series=40", "--set", "steps=20000")
COMMANDS = {
    "discover": Command(
        ("discover", "--dataset", DATA, *SHORT, "--checkpoint", STATE, "-o", "found.json"), ("--resume",)
    ),
    "compare": Command(GRID),
    "compare-2": Command((*GRID, "-j", "2")),
    "pretrain": Command(("pretrain", DATA, "--lag", "1", "--set", "training.epochs=300", "-q", "-o", "w.safetensors")),
    "report": Command(("discover", "--dataset", "var", "--method", "var", "--lag", "1", "-q", "--report", "page.html")),
    "simulate": Command(("simulate", "lorenz96", *LARGE, "-o", "panel.csv", "--truth", "truth.csv")),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=30, help="kills in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--command", action="append", choices=sorted(COMMANDS), help="default: all")
    arguments = parser.parse_args()
    chosen = arguments.command or list(COMMANDS)
    draw, counts, faults = random.Random(arguments.seed), Counter[str](), 0
    whole = {name: _whole(COMMANDS[name]) for name in chosen}
    for number in range(arguments.times):
        name = chosen[number % len(chosen)]
        reference, seconds = whole[name]
        wrong = _trial(COMMANDS[name], reference, draw.uniform(0.0, 1.05) * seconds)
        counts[name] += 1
        for fault in wrong:
            faults += 1
            print(f"{name}: {fault}", flush=True)
    print(", ".join(f"{name} {count}" for name, count in counts.items()) + f": {faults} faults")
    return int(faults > 0)


def _start(command: Command, folder: Path, more: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "causalkit", *command.arguments, *more],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _whole(command: Command) -> tuple[dict[str, Any], float]:
    """Return the files of an undisturbed run, and how long it takes."""
    with tempfile.TemporaryDirectory() as name:
        start = time.monotonic()
        process = _start(command, Path(name))
        said = process.communicate()[1].decode()
        if process.returncode:
            sys.exit(f"{' '.join(command.arguments)} failed: {said}")
        return _files(Path(name)), time.monotonic() - start


def _trial(command: Command, reference: dict[str, Any], after: float) -> list[str]:
    """Kill a command after so many seconds, look, and let it end; return what is wrong."""
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process = _start(command, folder)
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        time.sleep(GRACE)
        if left := _session(process.pid):
            wrong.append(f"{left} processes live {GRACE:g} s after the kill at {after:.2f} s")
        wrong += [f"after the kill at {after:.2f} s: {fault}" for fault in _torn(folder)]
        again = command.again if (folder / STATE).exists() else ()
        process = _start(command, folder, again)
        said = process.communicate()[1].decode()
        if process.returncode:
            return [*wrong, f"killed at {after:.2f} s, it does not go on: {said.strip()}"]
        if hidden := [path.name for path in folder.rglob(".*") if path.name not in _KEPT]:
            wrong.append(f"killed at {after:.2f} s, it leaves {', '.join(hidden)}")
        found = _files(folder)
        for file in reference.keys() | found.keys():
            if not _same(reference.get(file), found.get(file)):
                wrong.append(f"killed at {after:.2f} s, {file} differs from that of an undisturbed run")
    return wrong


_KEPT = {".lock"}
"""Hidden files that stay on purpose."""


def _session(number: int) -> int:
    """Return how many processes of a session run."""
    count = 0
    for process in psutil.process_iter():
        try:
            count += os.getsid(process.pid) == number and process.status() != psutil.STATUS_ZOMBIE
        except (ProcessLookupError, PermissionError, psutil.Error):
            continue
    return count


def _torn(folder: Path) -> list[str]:
    """Return which visible files cannot be read whole."""
    torn = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            try:
                READERS.get(path.suffix, Path.read_bytes)(path)
            except Exception as error:
                torn.append(f"{path.name} is torn: {type(error).__name__}: {error}")
    return torn


def _files(folder: Path) -> dict[str, Any]:
    """Return the content of all visible files, without what differs between equal runs."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    names = {str(path.relative_to(folder)): path for path in paths}
    return {
        name: READERS[path.suffix](path)
        for name, path in names.items()
        if not path.name.startswith((".", "state")) and path.suffix in READERS
    }


def _json(path: Path) -> Any:
    return _steady(json.loads(path.read_text(encoding="utf-8")))


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(inner) for key, inner in value.items() if key not in VOLATILE}
    return [_steady(inner) for inner in value] if isinstance(value, list) else value


def _page(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if not text.rstrip().endswith("</html>"):
        raise ValueError("the page has no end")
    return "page"


def _table(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if not text.endswith("\n"):
        raise ValueError("the last line has no end")
    return text


def _weights(path: Path) -> dict[str, np.ndarray]:
    return dict(load_file(path))


READERS: dict[str, Callable[[Path], Any]] = {
    ".json": _json,
    ".html": _page,
    ".csv": _table,
    ".safetensors": _weights,
}


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return bool(np.array_equal(one, other))
    return bool(one == other)


if __name__ == "__main__":
    sys.exit(main())
