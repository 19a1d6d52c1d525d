"""How a robustness report looks on a terminal."""

from __future__ import annotations

from causalkit.cli.options import note, print_table
from causalkit_robust.robustness import Level, Perturbed, Robustness


def show(report: Robustness, *, quiet: bool = False) -> None:
    """Print the report: what was done on stderr, two tables on stdout."""
    for text in report.notes:
        note(f"note     {text}", quiet=quiet)
    held = "held-out " if report.held_out else ""
    columns = ["epsilon", "perturbation", "error", "increase", "of clean", "change", "bound of increase", "of change"]
    rows = [["0", "none", _cell(report.clean_error), "", "1", "", "", ""]]
    for level in report.levels:
        for name, found in _parts(report, level):
            bounds = [_cell(level.bound_increase), _cell(level.bound_change)] if name != "noise" else ["", ""]
            rows.append([f"{level.epsilon:g}", name, *_errors(found), *bounds])
    title = (
        f"Mean squared {held}forecast error of {report.method}, per {report.threat.per}; the mean forecast has "
        f"{_cell(report.mean_error)}"
    )
    print_table(columns, rows, title=title, numbers=[name for name in columns if name != "perturbation"])
    columns = ["epsilon", "perturbation", "window correlation", "window jaccard", "refit jaccard", "refit auroc"]
    rows = [["0", "none", "1", "1", *_blank(report)]]
    for level in report.levels:
        rows += [
            [
                f"{level.epsilon:g}",
                name,
                *map(_cell, (found.graph_correlation, found.graph_jaccard, found.refit_jaccard, found.refit_auroc)),
            ]
            for name, found in _parts(report, level)
        ]
    pairs = "the strongest pair" if report.k == 1 else f"the {report.k} strongest pairs"
    title = f"Stability of the graph: {pairs} of different series, {report.graph_windows} windows"
    print_table(columns, rows, title=title, numbers=[name for name in columns if name != "perturbation"])


def _parts(report: Robustness, level: Level) -> list[tuple[str, Perturbed]]:
    noise = ("noise", level.noise)
    return [noise] if report.threat.attack == "noise" else [(report.threat.attack, level.attack), noise]


def _blank(report: Robustness) -> list[str]:
    refitted = report.levels[0].attack.refit_jaccard is not None
    return ["1" if refitted else "", _cell(report.auroc)]


def _errors(found: Perturbed) -> list[str]:
    return [_cell(found.error), _cell(found.increase), _cell(found.relative), _cell(found.change)]


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
