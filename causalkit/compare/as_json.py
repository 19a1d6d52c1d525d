"""A comparison as one JSON file: summary, tests, ranks, gates and every record without its scores.

The file can be the baseline of a later comparison: ``--baseline old.json``.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from causalkit import __version__
from causalkit.compare.baseline import KIND, SCHEMA
from causalkit.compare.comparison import Comparison
from causalkit.compare.record import LARGE
from causalkit.compare.table import Entry, Summary
from causalkit.core.plain import plain


def text(comparison: Comparison) -> str:
    """Return strict JSON."""
    summary = comparison.summary
    held = {
        "schema": SCHEMA,
        "kind": KIND,
        "causalkit": __version__,
        "diagonal": summary.diagonal,
        "metrics": summary.metrics,
        "holds": all(gate.holds for gate in comparison.gates),
        "gates": [asdict(gate) for gate in comparison.gates],
        "summary": {one.diagonal: _entries(one) for one in (summary, comparison.other)},
        "tests": [{**asdict(test), "verdict": test.verdict, "sentence": test.sentence} for test in comparison.tests],
        "ranks": [{**asdict(ranking), "sentences": ranking.sentences} for ranking in comparison.rankings],
        "records": [
            {name: held for name, held in record.to_json().items() if name not in LARGE}
            for record in comparison.records
        ],
    }
    return json.dumps(plain(held), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def _entries(summary: Summary) -> list[dict[str, Any]]:
    return [_entry(summary, entry) for entry in summary.entries.values()]


def _entry(summary: Summary, entry: Entry) -> dict[str, Any]:
    best = [metric for metric in summary.metrics if entry.method in summary.best[entry.data, metric].methods]
    established = [metric for metric in best if summary.best[entry.data, metric].established]
    return {**asdict(entry), "best": best, "best_established": established}
