"""A comparison: summary, paired tests, ranks and gates of a set of records, computed once for all output formats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from causalkit.compare.blocks import Over
from causalkit.compare.gates import GateResult
from causalkit.compare.ranks import Ranking, rank
from causalkit.compare.statistics import PairedTest, paired_tests
from causalkit.compare.table import METRICS, Summary, summarize
from causalkit.display.labels import POLICIES

if TYPE_CHECKING:
    from causalkit.compare.record import CellRecord

# Of the best mean in a table: is it significantly better than all others?
MARKS = {True: "*", False: "°"}
# With fewer data sets, Demšar's tests cannot reach .05.
FEWEST_DATA_SETS = 6


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Tables, tests, ranks and gates of a set of records, for all output formats.

    Attributes:
        records: sorted by data set, method and seed.
        summary: under the chosen policy on self-edges.
        other: under the other policy.
        tests, rankings: by metric, over (data set, seed) blocks under the chosen policy, and over data sets as well
            where there are enough of them.
        gates: results of the gates and of the comparison with the baseline.
    """

    records: Sequence[CellRecord]
    summary: Summary
    other: Summary
    tests: Sequence[PairedTest]
    rankings: Sequence[Ranking]
    gates: Sequence[GateResult]


def compare_records(
    records: Iterable[CellRecord],
    metrics: Sequence[str] = METRICS,
    diagonal: str = "exclude",
    gates: Iterable[GateResult] = (),
) -> Comparison:
    """Compute all tables, tests and ranks of a set of records.

    Raises:
        UnknownNameError: a metric is unknown.
        DataError: two different records have the same method, data set and seed.
    """
    records = sorted(records, key=lambda record: (record.cell.data, record.cell.method, record.cell.seed))
    other = next(policy for policy in POLICIES if policy != diagonal)
    summary = summarize(records, metrics, diagonal)
    overs: list[Over] = ["cells", "data"] if len(summary.data) >= FEWEST_DATA_SETS else ["cells"]
    if len(overs) > 1 and all(len(entry.planned) == 1 for entry in summary.entries.values()):
        overs = ["data"]  # the same blocks
    several = len(summary.methods) > 1
    return Comparison(
        records=records,
        summary=summary,
        other=summarize(records, metrics, other),
        tests=[t for m in metrics for over in overs for t in paired_tests(records, m, diagonal, over=over)],
        rankings=[rank(records, m, diagonal, over=over) for m in metrics for over in overs] if several else [],
        gates=list(gates),
    )


def findings(comparison: Comparison, metric: str) -> list[tuple[str, list[str]]]:
    """Return lists of sentences about the tests and ranks of a metric, each with its heading."""
    found = []
    for ranking in (ranking for ranking in comparison.rankings if ranking.metric == metric):
        tests = [t.sentence for t in comparison.tests if t.metric == metric and t.over == ranking.over]
        head = f"Paired tests and ranks of {metric}, {POLICIES[ranking.diagonal]}, over "
        if ranking.over == "cells":
            head += "data sets and seeds; they hold for these data sets only"
        else:
            head += "data sets, each the mean of its seeds"
        found.append((head, [*tests, *ranking.sentences]))
    return found


def legend(comparison: Comparison) -> list[str]:
    """Return the meaning of the marks in the tables of this comparison."""
    best = [*comparison.summary.best.values(), *comparison.other.best.values()]
    if len(comparison.summary.methods) < 2:
        return []
    lines = []
    if any(one.established for one in best):
        lines.append(f"{MARKS[True]} best mean, better than every other method by the paired test over seeds (Holm)")
    if any(one.methods and not one.established for one in best):
        lines.append(f"{MARKS[False]} best mean, but not shown to differ from every other method with these seeds")
    return lines


def mark(summary: Summary, data: str, metric: str, method: str) -> str:
    """Return the mark of a method in a table, or ""."""
    best = summary.best[data, metric]
    return MARKS[best.established] if method in best.methods and len(summary.methods) > 1 else ""
