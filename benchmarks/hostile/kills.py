"""Commands that are killed at random moments: is every file whole or absent, and is the work the same after a resume?

    python benchmarks/hostile/kills.py --times 300                      # all commands, 300 kills in all
    python benchmarks/hostile/kills.py --times 300 --command discover --seed 7
    python benchmarks/hostile/kills.py --times 150 --signal INT --signal TERM

Each trial kills a command (SIGKILL) after a random share of the time that it takes whole. Within three seconds no
process of it may be left, and every file that is not hidden must be whole. Then the command runs again, to its end,
with ``--resume`` where it has checkpoints: its files must be those of a run that nobody disturbed, but for times, and
no other file may be left. The exit status is 1 where a trial fails.

With ``--signal INT`` and ``TERM`` the command is interrupted instead. It has to end within ten seconds with 130 or
143, or with 0 where it had finished, in one sentence on stderr, and no hidden file is left at all. What the sentence
says to go on with is what the second run gets.

Commands start as forks of this process, which has imported what they need: most kills then hit work and writing, and
not imports. Their workers are processes of their own, as ever. ``fetch`` has a server on this machine.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import itertools
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import psutil
from downloads import SERVED, served
from whole import read, same

SHORT = ("--lag", "1", "--set", "training.epochs=30", "-q")
DATA = "lorenz96[series=5,steps=150]"
STATE = "state.safetensors"
GRACE = 3.0
"""Seconds after a kill within which every process has to end."""
LATE = 10.0
"""Seconds within which a command ends after an interrupt; workers of clusters are closed one after another."""
SLOW = 30.0
"""Seconds after an interrupt within which a command has to end by itself."""
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
"""Exit codes of a command that was interrupted."""
MARK = "CAUSALKIT_KILLS"
"""An environment variable by which processes of a trial are known, also those in sessions of their own."""
KEPT = {".lock"}
"""Hidden files that stay on purpose."""
KEPT_IN = {".locks", ".notices", ".hashes"}
"""Hidden folders of the cache of downloads whose files stay on purpose."""


@dataclass(frozen=True)
class Command:
    """A command whose files are looked at.

    Attributes:
        arguments: of ``causalkit``, with files relative to a folder.
        again: what continues it where it has left a checkpoint.
        before: commands whose files it needs.
        share: how many kills it gets in a round over all commands; slow ones get few.
        refused: what a second call says where the first one had already done all.
        fresh: an interpreter of its own, so that interrupts hit imports as well.
    """

    arguments: tuple[str, ...]
    again: tuple[str, ...] = ()
    before: tuple[tuple[str, ...], ...] = ()
    share: int = 1
    refused: str = ""
    fresh: bool = False


def _grid(out: str, *more: str) -> tuple[str, ...]:
    return ("compare", "-m", "var", "-d", "lagged-pair[steps=60]", "--out", out, "-q", *more)


GRID = (
    *("compare", "-m", "var", "-m", "grngc[training.epochs=5,lag=1]", "-d", DATA),
    *("--seeds", "0:2", "--out", "grid", "-q"),
)
CHEAP = _grid("grid", "--seeds", "0:6")
PARTS = (_grid("a", "--seeds", "0:8"), _grid("b", "--seeds", "8:16"))
LARGE = ("--set", "series=40", "--set", "steps=20000")
COMMANDS = {
    "discover": Command(
        ("discover", "--dataset", DATA, *SHORT, "--checkpoint", STATE, "-o", "found.json"), ("--resume",), share=7
    ),
    "compare": Command(GRID),
    "compare-2": Command((*GRID, "-j", "2")),
    "compare-dask": Command((*CHEAP, "--backend", "dask")),
    "compare-ray": Command((*CHEAP, "--backend", "ray")),
    "fetch": Command(("fetch", *SERVED, "--data-home", "cache", "-q"), share=8),
    "pretrain": Command(
        ("pretrain", DATA, "--lag", "1", "--set", "training.epochs=100", "-q", "-o", "w.safetensors"), share=6
    ),
    "report": Command(
        ("discover", "--dataset", "var", "--method", "var", "--lag", "1", "-q", "--report", "page.html"), share=4
    ),
    "simulate": Command(("simulate", "lorenz96", *LARGE, "-o", "panel.csv", "--truth", "truth.csv"), share=2),
    "merge": Command(("compare", "merge", "a", "b", "--out", "both", "-q"), before=PARTS, share=6),
    "publish": Command(("compare", "publish", "a", "b", "-o", "site", "-q"), before=PARTS, share=6),
    "new-plugin": Command(("new-plugin", "tried"), share=4, refused="exists already"),
    "from-start": Command(
        ("discover", "--dataset", DATA, *SHORT, "--checkpoint", STATE, "-o", "found.json"),
        ("--resume",),
        share=4,
        fresh=True,
    ),
}
PACKAGES = {"compare-dask": "distributed", "compare-ray": "ray", "fetch": "causalkit_benchmarks"}
PRELOADED = (
    *("torch", "pandas", "scipy.stats", "statsmodels.regression.linear_model", "matplotlib.pyplot", "jinja2"),
    *("safetensors.torch", "filelock", "pooch", "requests", "tqdm", "rich.live", "pydantic"),
    *("causalkit.api", "causalkit.compare", "causalkit.report", "causalkit.plotting", "causalkit.neural.method"),
    *("causalkit.compare.engine", "causalkit.report.single", "causalkit.report.leaderboard.pages"),
    *("causalkit.scaffold.generate", "causalkit.io.results.writers", "causalkit.neural.training.loop"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=50, help="kills in all")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="no trial begins later")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--command", action="append", choices=sorted(COMMANDS), help="default: all")
    parser.add_argument("--signal", action="append", choices=("KILL", "INT", "TERM"), help="default: KILL")
    arguments = parser.parse_args()
    signals = [signal.Signals[f"SIG{name}"] for name in arguments.signal or ["KILL"]]
    chosen = [name for name in arguments.command or COMMANDS if _installed(name)]
    draw, counts, faults = random.Random(arguments.seed), Counter[str](), 0
    with served():
        _preload()
        whole = {name: Whole(name) for name in chosen}
        end = time.monotonic() + 60 * arguments.minutes
        for name in itertools.takewhile(lambda _: time.monotonic() < end, _turns(chosen, arguments.times, draw)):
            counts[name] += 1
            for fault in _trial(whole[name], draw.uniform(0.0, 1.05), draw.choice(signals)):
                faults += 1
                print(f"{name}: {fault}", flush=True)
    print(
        f"{counts.total()} signals ({', '.join(f'{name} {count}' for name, count in counts.items())}): {faults} faults"
    )
    return int(faults > 0)


def _installed(name: str) -> bool:
    package = PACKAGES.get(name)
    there = package is None or importlib.util.find_spec(package) is not None
    if not there:
        print(f"{name} is left out: {package} is not installed", flush=True)
    return there


def _turns(chosen: list[str], times: int, draw: random.Random) -> list[str]:
    """Return the command of each trial: rounds in which every command has its share, in random order."""
    turns: list[str] = []
    while len(turns) < times:
        turn = [name for name in chosen for _ in range(COMMANDS[name].share)]
        draw.shuffle(turn)
        turns += turn
    return turns[:times]


def _preload() -> None:
    from causalkit.cli.main import COMMANDS as OWN
    from causalkit.plugins.records import Dataset, Method
    from causalkit.plugins.registry import registry

    for module in (*PRELOADED, *(where.partition(":")[0] for where in OWN.values())):
        with suppress(ImportError):
            importlib.import_module(module)
    for kind in (Method, Dataset):
        registry().all(kind)


def _fork(arguments: tuple[str, ...], folder: Path, mark: str, *, fresh: bool = False) -> int:
    """Start a command in a folder, as a fork in a session of its own; return the number of its process."""
    Path(f"{folder}.said").unlink(missing_ok=True)
    if number := os.fork():
        return number
    code = 99
    try:
        os.setsid()
        os.chdir(folder)
        os.environ[MARK] = mark
        nothing = os.open(os.devnull, os.O_RDWR)
        said = os.open(f"{folder}.said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for own, stream in ((nothing, 0), (nothing, 1), (said, 2)):
            os.dup2(own, stream)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
        if fresh:
            os.execv(sys.executable, [sys.executable, "-m", "causalkit", *arguments])
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 - until the end
        from causalkit.cli.main import main as command

        try:
            sys.argv = ["causalkit", *arguments]
            command()
        except SystemExit as ended:
            code = int(ended.code or 0)
        sys.stderr.flush()
        if psutil.Process().children():  # what ends them runs when an interpreter ends
            sys.exit(code)
    finally:
        os._exit(code)
    return 0


def _ended(number: int) -> int:
    """Wait for a process and return its exit code."""
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


class Whole:
    """A command, its files after an undisturbed run, and how long that takes."""

    def __init__(self, name: str) -> None:
        self.command = COMMANDS[name]
        self.inputs = Path(tempfile.mkdtemp())
        for needed in self.command.before:
            self._run(needed, self.inputs)
        with tempfile.TemporaryDirectory() as made:
            folder = self.folder(made)
            self._run(self.command.arguments, folder)  # caches of the operating system are warm in the second one
            folder = self.folder(made)
            start = time.monotonic()
            self._run(self.command.arguments, folder)
            self.seconds = time.monotonic() - start
            self.files = _files(folder)

    def folder(self, parent: str) -> Path:
        """Return a new folder with what the command needs."""
        folder = Path(parent, f"run{random.getrandbits(40)}")
        shutil.copytree(self.inputs, folder)
        return folder

    def _run(self, arguments: tuple[str, ...], folder: Path) -> None:
        if _ended(_fork(arguments, folder, "whole", fresh=self.command.fresh)):
            sys.exit(f"{' '.join(arguments)} failed: {Path(f'{folder}.said').read_text()}")


def _trial(whole: Whole, share: float, number: signal.Signals) -> list[str]:
    """Stop a command after a share of its time, look, and let it end; return what is wrong."""
    after, command = share * whole.seconds, whole.command
    mark = f"{os.getpid()}-{random.getrandbits(60)}"
    moment = f"{number.name} at {after:.2f} s of {whole.seconds:.2f} s"
    with tempfile.TemporaryDirectory() as name:
        folder = whole.folder(name)
        process = _fork(command.arguments, folder, mark, fresh=command.fresh)
        time.sleep(after)
        os.kill(process, number)
        wrong = _killed(process) if number == signal.SIGKILL else _interrupted(process, folder, number, whole)
        if left := _left(process, mark):
            wrong.append(f"{len(left)} processes live {GRACE:g} s later: {'; '.join(left)}")
        wrong += _torn(folder)
        wrong += _repeated(whole, folder, mark)
    return [f"{moment}: {fault}" for fault in wrong]


def _killed(process: int) -> list[str]:
    _ended(process)
    return []


def _interrupted(process: int, folder: Path, number: signal.Signals, whole: Whole) -> list[str]:
    """Wait for an interrupted command; return what is wrong with how it ends."""
    start = time.monotonic()
    while os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() > start + SLOW:
            os.kill(process, signal.SIGKILL)
            _ended(process)
            return [f"it does not end within {SLOW:g} s"]
        time.sleep(0.02)
    took, code = time.monotonic() - start, _ended(process)
    said = Path(f"{folder}.said").read_text() if Path(f"{folder}.said").exists() else ""
    own = [line for line in said.splitlines() if "\r" not in line]
    wrong = [f"it leaves {', '.join(hidden)}"] if (hidden := _hidden(folder, parts=True)) else []
    if took > LATE:
        wrong.append(f"it ends {took:.1f} s later")
    finished = whole.files.keys() <= _paths(folder).keys()
    if code == -number and "Traceback" not in said and (finished or not said):  # before it began, or after its end
        return wrong
    if code not in (0, CODES[number]):
        wrong.append(f"exit code {code}: {said.strip()[-2000:]}")
    elif "Traceback" in said or (code and not _one_sentence(own)):
        wrong.append(f"it says {said.strip()[-2000:]!r}")
    elif code and "selected" not in said and (folder / STATE).exists() != ("--resume" in said):
        wrong.append(f"a checkpoint is there: {(folder / STATE).exists()}; it says {said.strip()!r}")
    return wrong


def _one_sentence(lines: list[str]) -> bool:
    return [line.startswith("causalkit: error: interrupted") for line in lines if "error" in line] == [True]


def _repeated(whole: Whole, folder: Path, mark: str) -> list[str]:
    """Let a command end that was stopped; return what is wrong with its files."""
    wrong, command = [], whole.command
    again = command.again if (folder / STATE).exists() else ()
    code = _ended(_fork((*command.arguments, *again), folder, mark))
    said = Path(f"{folder}.said").read_text().strip()
    if code and not (command.refused and command.refused in said):
        return [f"it does not go on: {said}"]
    if hidden := _hidden(folder):
        wrong.append(f"it leaves {', '.join(hidden)}")
    found = _files(folder)
    files = sorted(whole.files.keys() | found.keys())
    differing = [file for file in files if not same(whole.files.get(file), found.get(file))]
    return wrong + [f"{file} differs from that of an undisturbed run" for file in differing]


def _left(session: int, mark: str) -> list[str]:
    """Return processes of a trial that live at the end of the grace."""
    deadline = time.monotonic() + GRACE
    while left := [process for process in psutil.process_iter() if _belongs(process, session, mark)]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    lines = []
    for process in left:
        with suppress(psutil.Error):
            lines.append(" ".join(process.cmdline())[-200:])
            process.kill()
    return lines


def _belongs(process: psutil.Process, session: int, mark: str) -> bool:
    with suppress(ProcessLookupError, PermissionError, psutil.Error):
        if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        return os.getsid(process.pid) == session or process.environ().get(MARK) == mark
    return False


def _paths(folder: Path) -> dict[str, Path]:
    """Return all files that a user sees, by relative path."""
    return {
        str(path.relative_to(folder)): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


def _hidden(folder: Path, *, parts: bool = False) -> list[str]:
    """Return hidden files and folders that nobody needs; beginnings of downloads are needed until they are whole."""
    found = []
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        hidden = [part for part in parts if part.startswith(".")]
        empty = path.is_dir() and path.name in (*KEPT_IN, ".parts")
        if parts and ".parts" in hidden:
            continue
        if hidden and not empty and hidden[0] not in KEPT_IN and parts[-1] not in KEPT:
            found.append("/".join(parts))
    return found


def _torn(folder: Path) -> list[str]:
    """Return which visible files cannot be read whole."""
    torn = []
    for name, path in _paths(folder).items():
        try:
            read(path)
        except Exception as error:
            torn.append(f"{name} is torn: {type(error).__name__}: {error}")
    return torn


def _files(folder: Path) -> dict[str, Any]:
    """Return the content of all visible files but checkpoints, without what differs between equal runs."""
    return {name: read(path) for name, path in _paths(folder).items() if path.name != STATE}


if __name__ == "__main__":
    sys.exit(main())
