"""Accuracy: every metric, as mean and spread over seeds, under both policies for self-edges."""

from __future__ import annotations

from collections.abc import Callable

from causalkit.compare.blocks import greater_is_better
from causalkit.compare.table import Entry, Summary
from causalkit.display.formats import MISSING
from causalkit.display.labels import POLICIES, metric_name, name
from causalkit.display.words import listed
from causalkit.plotting.method_looks import Look
from causalkit.report.blocks import Block, Cell, Choice, Fold, Section, Table, Text
from causalkit.report.results import Results

MAIN = ("auroc", "auprc")


def accuracy(results: Results, looks: dict[str, Look]) -> Section | None:
    """Return a table for each metric, methods in rows and data sets in columns."""
    if not results.metrics:
        return None
    options = [(title.capitalize(), _tables(results, policy, looks)) for policy, title in POLICIES.items()]
    blocks: list[Block] = [Text(_how_to_read(results)), Choice("diagonal", "Self-edges", options)]
    if results.foreign:
        words = f"Not shown: {listed(results.foreign)}. No installed plugin contributes these metrics."
        blocks.append(Text(words, "note"))
    return Section("accuracy", "Accuracy", blocks)


def _how_to_read(results: Results) -> str:
    entries = results.summary("exclude").entries.values()
    planned = sorted({len(entry.planned) for entry in entries})
    if planned == [1]:
        words = "There is one seed, so the spread over seeds is unknown."
    elif len(planned) == 1:
        words = f"Mean ± one standard deviation over n = {planned[0]} seeds."
    else:
        words = f"Mean ± one standard deviation over n = {planned[0]} to {planned[-1]} seeds."
    if any(not entry.complete for entry in entries):
        words += " Where seeds are missing, the mean covers those with a result, and their number is given."
    if len(results.methods) < 2:
        return words
    words += " Bold: the best mean of a data set among methods without a missing seed."
    if any(best.established for policy in POLICIES for best in results.summary(policy).best.values()):
        words += " Star: better than every other of these methods by the paired test over the seeds of that data set."
    return words


def _tables(results: Results, policy: str, looks: dict[str, Look]) -> list[Block]:
    main = [metric for metric in results.metrics if metric in MAIN] or results.metrics[:1]
    others = [metric for metric in results.metrics if metric not in main]
    blocks: list[Block] = [_table(results, metric, policy, looks) for metric in main]
    if others:
        titles = listed([metric_name(metric) for metric in others])
        blocks.append(Fold(f"More metrics: {titles}", [_table(results, metric, policy, looks) for metric in others]))
    return blocks


def _table(results: Results, metric: str, policy: str, looks: dict[str, Look]) -> Table:
    summary = results.summary(policy)
    which = "higher is better" if greater_is_better(metric) else "lower is better"
    oracle = " Its threshold is chosen with the truth: an upper bound, not a result." if "oracle" in metric else ""
    caption = f"{metric_name(metric)}, {POLICIES[policy]}; {which}.{oracle}"
    return method_table(results, summary, caption, looks, lambda entry: _cell(summary, entry, metric))


def method_table(
    results: Results, summary: Summary, caption: str, looks: dict[str, Look], cell: Callable[[Entry], Cell]
) -> Table:
    """Return a table with methods in rows and data sets in columns; a pair without an entry has no value."""
    columns = ["method", *map(name, results.data)]
    rows: list[list[Cell | str]] = []
    for method in results.methods:
        entries = [summary.entry(data, method) for data in results.data]
        cells = [Cell(MISSING, faint=True) if entry is None else cell(entry) for entry in entries]
        rows.append([Cell(name(method), swatch=looks[method].color), *cells])
    return Table(caption, columns, rows, numbers=range(1, len(columns)))


def _cell(summary: Summary, entry: Entry, metric: str) -> Cell:
    if metric not in entry.metrics:
        return Cell(entry.trouble or MISSING, faint=True)
    best = summary.best[entry.data, metric]
    first = len(summary.methods) > 1 and entry.method in best.methods
    spread = entry.metrics[metric]
    lacking = f" (n = {spread.n})" if spread.n < len(entry.planned) else ""
    star = " *" if first and best.established else ""
    return Cell(spread.text + lacking + star, strong=first)
