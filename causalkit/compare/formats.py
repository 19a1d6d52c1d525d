"""A comparison as text: a table for terminals, Markdown for a job summary, JSON to keep, JUnit for a CI server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from causalkit.compare.gates import GateResult
from causalkit.compare.table import METRICS
from causalkit.display.labels import POLICIES
from causalkit.errors import UnknownNameError, did_you_mean

if TYPE_CHECKING:
    from causalkit.compare.ranks import Ranking
    from causalkit.compare.record import CellRecord
    from causalkit.compare.statistics import PairedTest
    from causalkit.compare.table import Summary

Format = Literal["table", "markdown", "json", "junit"]
FORMATS: tuple[Format, ...] = get_args(Format)
# Of the best mean in a table, by whether it is established.
MARKS = {True: "*", False: "°"}
# Demšar's tests over data sets cannot reach .05 with fewer.
FEWEST_DATA_SETS = 6


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Everything that is said about a set of records, computed once for all formats.

    Attributes:
        records: sorted by data set, method and seed.
        summary: under the chosen policy on self-edges.
        other: under the other policy.
        tests, rankings: by metric, over (data set, seed) blocks under the chosen policy, and over data sets as well
            where there are enough of them.
        gates: what became of gates and baseline.
    """

    records: Sequence[CellRecord]
    summary: Summary
    other: Summary
    tests: Sequence[PairedTest]
    rankings: Sequence[Ranking]
    gates: Sequence[GateResult]


def compared(
    records: Iterable[CellRecord],
    metrics: Sequence[str] = METRICS,
    diagonal: str = "exclude",
    gates: Iterable[GateResult] = (),
) -> Comparison:
    """Compute all tables, tests and ranks of a set of records.

    Raises:
        UnknownNameError: a metric is unknown.
        DataError: two different records claim one method, data set and seed.
    """
    from causalkit.compare.blocks import Over
    from causalkit.compare.ranks import rank
    from causalkit.compare.statistics import paired_tests
    from causalkit.compare.table import summarize

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


def render(
    records: Iterable[CellRecord],
    format: Format = "table",  # noqa: A002 - the name of the option
    *,
    metrics: Sequence[str] = METRICS,
    diagonal: str = "exclude",
    gates: Iterable[GateResult] = (),
    width: int | None = None,
) -> str:
    """Return a comparison as text that ends with a line break.

    Args:
        format: "table", "markdown", "json" or "junit".
        metrics: what the tables show and the tests compare.
        diagonal: the policy on self-edges of the main table, the tests and the ranks; the other one is shown beside it.
        gates: what became of gates and baseline.
        width: of a terminal in letters; default: that of the terminal, 200 where there is none.

    Raises:
        UnknownNameError: an unknown format or metric.
        DataError: two different records claim one method, data set and seed.
    """
    if format not in FORMATS:
        raise UnknownNameError(f"there is no format {format!r}", did_you_mean(format, FORMATS))
    from causalkit.compare import as_json, as_junit, as_markdown, as_table

    comparison = compared(records, metrics, diagonal, gates)
    if format == "table":
        return as_table.text(comparison, width)
    makers: dict[str, Callable[[Comparison], str]] = {
        "markdown": as_markdown.text,
        "json": as_json.text,
        "junit": as_junit.text,
    }
    return makers[format](comparison)


def readings(comparison: Comparison, metric: str) -> list[tuple[str, list[str]]]:
    """Return headed lists of sentences about the tests and ranks of a metric."""
    found = []
    for ranking in (ranking for ranking in comparison.rankings if ranking.metric == metric):
        tests = [t.sentence for t in comparison.tests if t.metric == metric and t.over == ranking.over]
        head = f"Paired tests and ranks of {metric}, {POLICIES[ranking.diagonal]}, over "
        if ranking.over == "cells":
            head += "data sets and seeds; they speak about these data sets only"
        else:
            head += "data sets, each the mean of its seeds"
        found.append((head, [*tests, *ranking.sentences]))
    return found


def legend(comparison: Comparison) -> list[str]:
    """Return what the marks in the tables of this comparison mean."""
    best = [*comparison.summary.best.values(), *comparison.other.best.values()]
    if len(comparison.summary.methods) < 2:
        return []
    said = []
    if any(one.established for one in best):
        said.append(f"{MARKS[True]} best mean, and better than every other method by the paired test over seeds (Holm)")
    if any(one.methods and not one.established for one in best):
        said.append(f"{MARKS[False]} best mean, but not shown to differ from every other method with these seeds")
    return said


def mark(summary: Summary, data: str, metric: str, method: str) -> str:
    """Return the mark of a method in a table, or ""."""
    best = summary.best[data, metric]
    return MARKS[best.established] if method in best.methods and len(summary.methods) > 1 else ""
