"""What becomes of files that a fuzzer makes, which keeps those that reach new lines of code (atheris, libFuzzer).

    python benchmarks/hostile/guided.py                                   # every reader, 10 minutes each
    python benchmarks/hostile/guided.py --reader truth --reader data --minutes 2 --keep found

Seeds are the valid files of tests/hostile_files.py; half of the changes are those of tests/mutations.py, half the
fuzzer's own. Each reader runs in a process of its own, so that a crash is counted. The exit status is 1 where a file
shows a defect; see `tests.hostile.Verdict`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "agg")
sys.path.insert(0, str(Path(__file__).parents[2]))

MEMORY = 16 << 30
KINDS = ("read", "refused", "raw", "wrapped", "long", "slow")
ABSENT = "atheris is not installed; install it with: pip install atheris (Linux and macOS, CPython up to 3.13)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reader", action="append", metavar="NAME", help="default: all")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each reader")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the files that show a defect")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        sys.exit(ABSENT)
    if arguments.inside:
        return _fuzz(arguments.reader[0], Path(arguments.inside), arguments)
    from tests.hostile import READERS

    wrong = 0
    print(f"{'reader':<14}{'files':>8}" + "".join(f"{kind:>9}" for kind in KINDS) + "  new paths")
    for reader in arguments.reader or READERS:
        if reader not in READERS:
            sys.exit(f"there is no reader {reader!r}; known: {', '.join(READERS)}")
        wrong += _apart(reader, arguments)
    return int(wrong > 0)


def _apart(reader: str, arguments: argparse.Namespace) -> int:
    """Run one reader in a process of its own; return how many defects it has."""
    with tempfile.TemporaryDirectory() as folder:
        more = ["--minutes", str(arguments.minutes), "--seed", str(arguments.seed)]
        more += ["--keep", str(arguments.keep.resolve())] if arguments.keep else []
        command = [sys.executable, __file__, "--reader", reader, "--inside", folder, *more]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        file = Path(folder) / "counts.json"
        held = json.loads(file.read_text()) if file.exists() else {"counts": {}, "texts": []}
        counts = Counter(held["counts"])
        print(f"{reader:<14}{counts.total():>8}" + "".join(f"{counts[kind]:>9}" for kind in KINDS), end="")
        print(f"{len(list((Path(folder) / 'corpus').glob('*'))):>11}", flush=True)
        for text in held["texts"]:
            print(f"  {text}", flush=True)
        crashed = done.returncode != 0 or not counts
        if crashed:
            print(f"  the process ended with status {done.returncode}: {done.stderr[-1500:]}", flush=True)
            if arguments.keep and (last := Path(folder) / "last").exists():
                arguments.keep.mkdir(parents=True, exist_ok=True)
                (arguments.keep / f"{reader}-crash").write_bytes(last.read_bytes())
        return sum(counts[kind] for kind in KINDS[2:]) + crashed


def _fuzz(reader: str, folder: Path, arguments: argparse.Namespace) -> int:
    """Fuzz one reader until the time is over; the first byte of an input chooses among the suffixes."""
    import atheris

    with atheris.instrument_imports(include=["causalkit"]):
        import causalkit  # noqa: F401
        from tests.hostile import READERS, verdict
        from tests.hostile_files import SEEDS
        from tests.mutations import mutator

        files = [make() for make in SEEDS[reader]]
        suffixes = list(dict.fromkeys(file.suffix for file in files))
        for file in files:  # without the alarm of a verdict, which would end an import halfway
            (path := folder / f"valid{file.suffix}").write_bytes(file.content)
            READERS[reader](path)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    (folder / "seeds").mkdir()
    (folder / "corpus").mkdir()
    for number, file in enumerate(files):
        (folder / "seeds" / str(number)).write_bytes(bytes([suffixes.index(file.suffix)]) + file.content)
    counts: Counter[str] = Counter()
    texts: dict[str, str] = {}
    written = [time.monotonic()]

    def attempt(data: bytes) -> None:
        if not data:
            return
        suffix = suffixes[data[0] % len(suffixes)]
        (path := folder / f"file{suffix}").write_bytes(data[1:])
        (folder / "last").write_bytes(data)
        found = verdict(reader, path)
        counts[found.kind] += 1
        text = f"{found.kind}: {found.text.replace(str(folder), '')[:400]}"
        alike = re.sub(r"'[^']*'|\d+", "_", text)[:80]
        if not found.sound and alike not in texts:
            texts[alike] = text
            if arguments.keep:
                arguments.keep.mkdir(parents=True, exist_ok=True)
                (arguments.keep / f"{reader}-{found.kind}-{len(texts)}{suffix}").write_bytes(data[1:])
        if time.monotonic() - written[0] > 1 or counts.total() < 3:
            written[0] = time.monotonic()
            (folder / "counts.json").write_text(json.dumps({"counts": counts, "texts": list(texts.values())}))

    def changed(data: bytes, largest: int, seed: int) -> bytes:
        draw = random.Random(seed)
        if len(data) < 2 or draw.random() < 0.5:
            return bytes(atheris.Mutate(data, largest))
        suffix = suffixes[data[0] % len(suffixes)]
        try:
            return (data[:1] + mutator(suffix)(draw, data[1:]))[:largest]
        except Exception:  # what was changed before is no longer of its format
            return bytes(atheris.Mutate(data, largest))

    options = [
        *(f"-max_total_time={max(1, round(60 * arguments.minutes))}", f"-seed={arguments.seed}", "-timeout=0"),
        *("-max_len=65536", "-rss_limit_mb=0", "-len_control=0", "-handle_int=0", f"-artifact_prefix={folder}/"),
    ]
    options += [str(folder / "corpus"), str(folder / "seeds")]
    atheris.Setup([sys.argv[0], *options], attempt, custom_mutator=changed)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
