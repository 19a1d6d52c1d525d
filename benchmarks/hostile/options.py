"""What becomes of unusual values of every option and argument of every command.

    python benchmarks/hostile/options.py                                  # every chosen value at every place
    python benchmarks/hostile/options.py --minutes 10 --seed 3            # random values at random places
    python benchmarks/hostile/options.py --place "discover --forbid"

Each call runs in a process of its own: a crash and a hang are counted too. The exit status is 1 where a call ends
neither well nor with one sentence and exit code 2 or 3.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import resource
import select
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "agg")
sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.hostile import Verdict
from tests.strategies.commands import SECONDS, VALID, Place, outcome, places, prepare
from tests.strategies.values import EVERY

MEMORY = 16 << 30


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, help="random values for so long; default: every value once")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--place", action="append", metavar="TEXT", help="places whose name contains it; default: all")
    parser.add_argument("--show", type=int, default=2, help="how many defects of each kind and option to print")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    chosen = [place for place in places() if not arguments.place or any(one in str(place) for one in arguments.place)]
    counts: Counter[str] = Counter()
    shown: Counter[tuple[str, str]] = Counter()
    os.environ["CAUSALKIT_CACHE"] = str(Path(tempfile.mkdtemp()) / "cache")
    with tempfile.TemporaryDirectory() as folder:
        _warm_up(Path(folder) / "warm" / "up")
        for place, value in _pairs(chosen, arguments.minutes, random.Random(arguments.seed)):
            prepare(inside := Path(folder) / "a" / "b")
            found = _apart(place, value, inside)
            counts[found.kind] += 1
            shown[found.kind, place.name] += 1
            if not found.sound and shown[found.kind, place.name] <= arguments.show:
                print(f"{found.kind}: {found.text}".replace("\n", " | "), flush=True)
    kinds = ("read", "refused", "raw", "wrapped", "long", "slow")
    print(f"{counts.total()} calls at {len(chosen)} places: " + ", ".join(f"{counts[kind]} {kind}" for kind in kinds))
    return int(any(counts[kind] for kind in kinds[2:]))


def _warm_up(folder: Path) -> None:
    """Make the valid calls in this process, so that no child has to import anything."""
    from causalkit.cli.main import _run

    prepare(folder)
    os.chdir(folder)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for command, words in VALID.items():
            _run([*command.split(), *words], debug=False)


def _pairs(chosen: list[Place], minutes: float | None, draw: random.Random) -> Iterator[tuple[Place, str]]:
    usable = [value for value in EVERY if "\0" not in value]
    if minutes is None:
        yield from ((place, value) for place in chosen for value in usable)
        return
    ends = time.monotonic() + 60 * minutes
    while time.monotonic() < ends:
        parts = [draw.choice(usable) for _ in range(draw.choice([1, 1, 1, 1, 2, 3]))]
        yield draw.choice(chosen), "".join(part[: 5000 // len(parts)] for part in parts)


def _apart(place: Place, value: str, folder: Path) -> Verdict:
    """Call in a child process; a dead one is a defect."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.chdir(folder)
            found = outcome(place, value)
            os.write(write, json.dumps([found.kind, found.text[:4000], found.seconds]).encode()[:60_000])
        finally:
            os._exit(0)
    os.close(write)
    ready, _, _ = select.select([read], [], [], 2 * SECONDS)
    if not ready:
        os.kill(child, signal.SIGKILL)
    content = os.read(read, 65_536) if ready else b""
    os.close(read)
    _, status = os.waitpid(child, 0)
    if not content:
        what = "hangs" if not ready else f"ended the process with status {status}"
        return Verdict("slow" if not ready else "raw", f"{place} {value[:80]!r} {what}", 2 * SECONDS)
    return Verdict(*json.loads(content))


if __name__ == "__main__":
    sys.exit(main())
