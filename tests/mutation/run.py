"""Mutation testing: change the code in small ways, one at a time, and see whether a test fails.

    python tests/mutation/run.py                              # every target, every mutant: hours
    python tests/mutation/run.py selection --sample 60        # 60 mutants of one target, drawn at random

Never part of the gate. Needs cosmic-ray and coverage beside what the tests need. Mutants are made in memory, so the
working tree stays as it is and can be edited meanwhile (what is edited may or may not take part). A mutant is tried on
the tests of its target that run the mutated line, the quickest first, as many as take ``--seconds`` together.
"""

from __future__ import annotations

import argparse
import json
import os
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from mutants import Mutant, sample
from running import Coverage, measure, prepare, survives

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Print every mutant with what became of it, and a rate for each target."""
    given = arguments()
    os.environ.update({"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"})
    targets = tomllib.loads(given.targets.read_text(encoding="utf-8"))
    unknown = set(given.target) - targets.keys()
    if unknown:
        raise SystemExit(f"Unknown target {sorted(unknown)[0]!r}. Targets: {', '.join(targets)}.")
    prepare()
    root = given.root.resolve()
    chosen = {name: Target.of(root, **targets[name]) for name in given.target or targets}
    coverage = measure(
        root,
        sorted({path for target in chosen.values() for path in target.sources}),
        sorted({test for target in chosen.values() for test in target.tests}),
        given.seconds,
    )
    results = []
    for name, target in chosen.items():
        results += run_target(name, target, coverage, given)
        if given.out:
            given.out.write_text(json.dumps(results, indent=1), encoding="utf-8")


@dataclass(frozen=True)
class Target:
    """Files of code, and the files of tests that should notice what happens to them."""

    root: Path
    sources: list[Path]
    tests: list[str]

    @classmethod
    def of(cls, root: Path, sources: list[str], tests: list[str]) -> Target:
        """Resolve the patterns of a table; one that matches nothing is a mistake."""
        for pattern in (*sources, *tests):
            if not any(root.glob(pattern)):
                raise SystemExit(f"no file of {root} matches {pattern}: mend tests/mutation/targets.toml")
        return cls(
            root,
            sorted({path.resolve() for pattern in sources for path in root.glob(pattern)}),
            sorted({str(path.relative_to(root)) for pattern in tests for path in root.glob(pattern)}),
        )


def run_target(name: str, target: Target, coverage: Coverage, given: argparse.Namespace) -> list[dict[str, object]]:
    """Return the records of one target's mutants, having printed them."""
    mutants = sample(target.sources, given.sample, given.seed)
    print(f"{name}: {len(mutants)} mutants of {len(target.sources)} files", flush=True)
    records = []
    for mutant in mutants:
        outcome = try_out(mutant, coverage, target, given.seconds)
        before, after = mutant.change()
        where = f"{mutant.path.relative_to(target.root)}:{mutant.line}"
        print(f"  {outcome:9} {where} {mutant.operator}\n      - {before}\n      + {after}", flush=True)
        records.append({"target": name, "outcome": outcome, "where": where, "operator": mutant.operator,
                        "before": before, "after": after})  # fmt: skip
    counts = Counter(str(record["outcome"]) for record in records)
    killed = counts["killed"] + counts["timeout"]
    share = f"{killed / len(records):.0%}" if records else "-"
    print(f"{name}: {killed} of {len(records)} mutants killed ({share}); " + str(dict(counts)), flush=True)
    return records


def try_out(mutant: Mutant, coverage: Coverage, target: Target, seconds: float) -> str:
    """Return killed, timeout, survived, or untested where no test runs the line."""
    tests, total = [], 0.0
    for test in coverage.of(mutant.path, mutant.line, target.tests):
        total += coverage.seconds[test]
        if tests and total > seconds:
            break
        tests.append(test)
    if not tests:
        return "untested"
    return survives(target.root, mutant.path, mutant.source(), tests, 10 * max(seconds, total) + 60)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", nargs="*", help="targets of targets.toml; default: all")
    parser.add_argument("--sample", type=int, help="number of mutants drawn for each target; default: all")
    parser.add_argument("--seed", type=int, default=0, help="random seed of the sample; default: 0")
    parser.add_argument(
        "--seconds", type=float, default=60, help="duration of the tests tried on one mutant; default: 60"
    )
    parser.add_argument("--out", type=Path, help="also write the results as JSON")
    parser.add_argument("--targets", type=Path, default=HERE / "targets.toml", help="another table of targets")
    parser.add_argument("--root", type=Path, default=HERE.parents[1], help="another checkout")
    return parser.parse_args()


if __name__ == "__main__":
    main()
