"""How many of many tables, each in a random style, come back equal, are refused, or are silently different.

    python benchmarks/round_trips.py --examples 10000                     # delimited text
    python benchmarks/round_trips.py --examples 10000 --formats --seed 3  # other formats, and causalkit's own writers

The exit status is 1 where a table is silently different. The styles are those of tests/styles.py, the formats those of
tests/strategies/panels.py.
"""

from __future__ import annotations

import argparse
import re
import secrets
import sys
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.strategies.panels import Table, difference_of, tables_of_formats
from tests.styles import STYLES, Written, tables
from tests.test_round_trips import difference


def _described(table: Written | Table, found: str) -> str:
    if isinstance(table, Table):
        return f"{found[:700]}\n  {table.names}\n"
    unlike = {key: value for key, value in table.style.items() if value != STYLES[key][0]}
    text = table.content[:400] if table.suffix == ".csv" else b"(compressed)"
    return f"{found[:700]}\n  {unlike}\n  {table.options}\n  {text!r}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--show", type=int, default=5, help="how many differences to print")
    parser.add_argument("--reasons", type=int, default=8, help="how many reasons of refusal to print")
    parser.add_argument("--examples-of-refusals", action="store_true")
    parser.add_argument("--formats", action="store_true", help="binary formats and causalkit's own writers")
    parser.add_argument("--seed", type=int, help="default: another one each time")
    arguments = parser.parse_args()
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    examples: dict[str, str] = {}
    shown = 0
    with tempfile.TemporaryDirectory() as folder:

        @seed(secrets.randbits(32) if arguments.seed is None else arguments.seed)
        @settings(
            max_examples=arguments.examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(table=tables_of_formats() if arguments.formats else tables())
        def attempt(table):
            nonlocal shown
            found = (difference_of if arguments.formats else difference)(table, Path(folder))
            outcome = "equal" if found is None else "refused" if found.startswith("refused") else "different"
            counts[outcome] += 1
            if outcome == "refused":
                reason = re.sub(r"'[^']*'|\d+", "_", re.sub(rf"{folder}/table\S*", "", found))[:110]
                reasons[reason] += 1
                examples.setdefault(reason, _described(table, found))
            elif outcome == "different" and shown < arguments.show:
                shown += 1
                print(_described(table, found))

        attempt()
    print(", ".join(f"{counts[outcome]} {outcome}" for outcome in ("equal", "refused", "different")))
    for reason, times in reasons.most_common(arguments.reasons):
        print(f"{times:6} {reason}")
        if arguments.examples_of_refusals:
            print(examples[reason])
    return 1 if counts["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
