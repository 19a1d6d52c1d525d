"""A comparison as a table for terminals."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from causalkit.compare.comparison import Comparison, findings, legend, mark
from causalkit.display.labels import POLICIES, cells
from causalkit.display.tables import table

if TYPE_CHECKING:
    from rich.console import Console

    from causalkit.compare.table import Summary

_GAP = 2
_PIPE_WIDTH = 200


def text(comparison: Comparison, width: int | None = None) -> str:
    """Return tables of methods by data sets, then the results of the tests and gates."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    if width is None:
        terminal = Console()
        width = terminal.width if terminal.is_terminal else _PIPE_WIDTH
    buffer = io.StringIO()
    console = Console(file=buffer, width=width, highlight=False, no_color=True, force_terminal=False)
    for summary in (comparison.summary, comparison.other):
        for metric in summary.metrics:
            if any(metric in entry.metrics for entry in summary.entries.values()) or summary is comparison.summary:
                console.print(
                    Text(f"{metric}, {POLICIES[summary.diagonal]}, mean ± standard deviation, {summary.seeds}")
                )
                _grid(console, summary, _metric_cells(summary, metric), width)
    for line in legend(comparison):
        console.print(Text(line))
    if legend(comparison):
        console.print()
    console.print(Text("Time of a fit (mean) and its memory (largest)"))
    _grid(console, comparison.summary, _costs(comparison.summary), width)
    sections = [finding for metric in comparison.summary.metrics for finding in findings(comparison, metric)]
    if comparison.summary.trouble:
        sections.insert(0, ("Cells without a result", comparison.summary.trouble))
    if comparison.gates:
        marked = [f"{'ok' if gate.holds else 'FAILED'}: {gate.sentence}" for gate in comparison.gates]
        sections.append(("Gates", marked))
    for head, lines in sections:
        console.print(Text(head))
        for line in lines:
            console.print(Padding(Text(line), (0, 0, 0, 2)))
        console.print()
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()).rstrip() + "\n"


def _metric_cells(summary: Summary, metric: str) -> dict[tuple[str, str], str]:
    return {
        (data, method): f"{entry.text(metric)} {mark(summary, data, metric, method) or ' '}"
        for (data, method), entry in summary.entries.items()
    }


def _costs(summary: Summary) -> dict[tuple[str, str], str]:
    return {pair: entry.cost for pair, entry in summary.entries.items()}


def _grid(console: Console, summary: Summary, shown: dict[tuple[str, str], str], width: int) -> None:
    """Print methods by data sets, in several tables where one would be wider than the terminal."""
    for columns in _fitting(summary, shown, width):
        rows = [[method, *(shown.get((data, method), "-") for data in columns)] for method in summary.methods]
        console.print(table(["method", *columns], rows, numbers=columns))
        console.print()


def _fitting(summary: Summary, shown: dict[tuple[str, str], str], width: int) -> Iterator[Sequence[str]]:
    """Yield as many data sets at a time as fit beside the names of the methods."""
    left = max(cells(method) for method in (*summary.methods, "method"))
    taken: list[str] = []
    used = left
    for data in summary.data:
        needed = _GAP + 1 + max(cells(word) for word in (data, *(shown.get((data, m), "") for m in summary.methods)))
        if taken and used + needed > width:
            yield taken
            taken, used = [], left
        taken.append(data)
        used += needed
    if taken:
        yield taken
