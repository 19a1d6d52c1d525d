"""A comparison as GitHub-flavoured Markdown, for the summary of a CI job, an issue or a lab book."""

from __future__ import annotations

from collections.abc import Sequence

from causalkit.compare.comparison import Comparison, findings, legend, mark
from causalkit.compare.table import Summary
from causalkit.display.labels import POLICIES, one_line


def text(comparison: Comparison) -> str:
    """Return gates first, since a reader of CI looks for them, then tables, then details that fold away."""
    summary = comparison.summary
    lines = ["## Comparison", ""]
    if comparison.gates:
        failed = sum(not gate.holds for gate in comparison.gates)
        lines += [f"**{failed} of {len(comparison.gates)} gates failed**" if failed else "**All gates hold**", ""]
        lines += _table(["", "gate"], [["✅" if g.holds else "❌", _prose(g.sentence)] for g in comparison.gates])
    for metric in summary.metrics:
        lines += [f"### {metric}, {POLICIES[summary.diagonal]}", "", f"Mean ± standard deviation, {summary.seeds}.", ""]
        lines += _metric(summary, metric)
    if marks := legend(comparison):
        lines += [f"{_prose('; '.join(marks))}.", ""]
    if summary.trouble:
        lines += ["### Cells without a result", "", *(f"- {_prose(sentence)}" for sentence in summary.trouble), ""]
    for metric in summary.metrics:
        for head, sentences in findings(comparison, metric):
            lines += _folded(head, [*(f"- {_prose(sentence)}" for sentence in sentences), ""])
    other = comparison.other
    for metric in other.metrics:
        if any(metric in entry.metrics for entry in other.entries.values()):
            lines += _folded(f"{metric}, {POLICIES[other.diagonal]}", _metric(other, metric))
    costs = [[_code(m), *(_cost(summary, data, m) for data in summary.data)] for m in summary.methods]
    lines += _folded("Time of a fit (mean) and its memory (largest)", _table(_head(summary), costs))
    return "\n".join(lines).rstrip() + "\n"


def _metric(summary: Summary, metric: str) -> list[str]:
    rows = []
    for method in summary.methods:
        row = [_code(method)]
        for data in summary.data:
            entry = summary.entry(data, method)
            sign = mark(summary, data, metric, method)
            shown = "-" if entry is None else _prose(entry.text(metric))
            row.append(f"**{shown}** {_prose(sign)}" if sign else shown)
        rows.append(row)
    return _table(_head(summary), rows)


def _cost(summary: Summary, data: str, method: str) -> str:
    entry = summary.entry(data, method)
    return "-" if entry is None else _prose(entry.cost)


def _head(summary: Summary) -> list[str]:
    return ["method", *map(_code, summary.data)]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    ruler = ["---", *("---:" if len(head) > 2 else "---" for _ in head[1:])]
    return [*(f"| {' | '.join(row)} |" for row in (head, ruler, *rows)), ""]


def _folded(head: str, lines: Sequence[str]) -> list[str]:
    # GitHub reads Markdown inside the element only after an empty line.
    return ["<details>", f"<summary>{_html(head)}</summary>", "", *lines, "</details>", ""]


def _code(label: str) -> str:
    """Return a label as code; in a table even code must not contain a bare bar."""
    return f"`{one_line(label).replace('`', chr(39)).replace('|', chr(92) + '|')}`"


def _prose(words: str) -> str:
    """Return text that Markdown shows as it is."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]|#~" else sign for sign in _html(one_line(words)))


def _html(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
