"""What becomes of mutated files: read, refused in one sentence, or a defect.

    python benchmarks/hostile/fuzz.py --minutes 5                      # all readers in turn
    python benchmarks/hostile/fuzz.py --minutes 10 --reader result --seed 7
    python benchmarks/hostile/fuzz.py --keep found                     # keep the files that show a defect

Valid files are made here, and mutated as bytes, as text, as JSON, as members of an archive, and as headers of arrays.
The exit status is 1 where a file shows a defect; see `tests.hostile.Verdict`.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

os.environ.setdefault("MPLBACKEND", "agg")
sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.hostile import READERS, verdict
from tests.hostile_files import SEEDS, File
from tests.mutations import mutator

MEMORY = 16 << 30


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--reader", action="append", choices=sorted(SEEDS), help="default: all")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the files that show a defect")
    parser.add_argument("--show", type=int, default=3, help="how many defects of each kind and reader to print")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    draw = random.Random(arguments.seed)
    chosen = arguments.reader or sorted(SEEDS)
    with tempfile.TemporaryDirectory() as folder:
        files = {reader: [make() for make in SEEDS[reader]] for reader in chosen}
        for reader in chosen:  # valid files are read, and the first one imports
            for file in files[reader]:
                path = Path(folder) / f"file{file.suffix}"
                path.write_bytes(file.content)
                READERS[reader](path)  # without the alarm of a verdict, which would end an import halfway
                found = _attempt(reader, file, Path(folder))
                if found.kind not in ("read", "slow"):
                    sys.exit(f"a valid file of {reader} is not read: {found}")
        shares = dict.fromkeys(chosen, 0.0)
        ends = time.monotonic() + 60 * arguments.minutes
        while time.monotonic() < ends:
            reader = min(shares, key=lambda one: shares[one])
            started = time.monotonic()
            file = draw.choice(files[reader])
            changed = File(file.suffix, mutator(file.suffix)(draw, file.content))
            found = _attempt(reader, changed, Path(folder))
            counts[reader][found.kind] += 1
            shares[reader] += time.monotonic() - started
            if not found.sound:
                if counts[reader][found.kind] <= arguments.show:
                    print(f"{reader} {found.kind}: {found.text[:400].replace(folder, '')}", flush=True)
                if arguments.keep:
                    arguments.keep.mkdir(parents=True, exist_ok=True)
                    name = f"{reader}-{found.kind}-{counts[reader][found.kind]}{file.suffix}"
                    (arguments.keep / name).write_bytes(changed.content)
    kinds = ("read", "refused", "raw", "wrapped", "long", "slow")
    print(f"{'reader':<14}{'files':>8}" + "".join(f"{kind:>9}" for kind in kinds))
    for reader in chosen:
        row = counts[reader]
        print(f"{reader:<14}{row.total():>8}" + "".join(f"{row[kind]:>9}" for kind in kinds))
    return int(any(row[kind] for row in counts.values() for kind in kinds[2:]))


def _attempt(reader: str, file: File, folder: Path) -> Any:
    path = folder / f"file{file.suffix}"
    path.write_bytes(file.content)
    return verdict(reader, path)


if __name__ == "__main__":
    sys.exit(main())
