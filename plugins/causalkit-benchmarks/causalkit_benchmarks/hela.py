"""HeLa cell cycle: expression of human genes at irregular times after a double thymidine block."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causalkit import Panel, Truth
from causalkit.errors import DataError, WrongUsageError
from causalkit.io import on_equal_grid
from causalkit_benchmarks.catalogue import facts
from causalkit_benchmarks.choices import TruthOrientation, chosen_genes, supplied_truth
from causalkit_benchmarks.files import local_files
from causalkit_benchmarks.hela_genes import MARKERS
from causalkit_benchmarks.tables import DAMAGED, check_width, expect, number_in

Values = NDArray[np.float64]
STEP = 2.0  # hours between most of the samples
DEFAULT = ("markers",)
FEWER = (
    "the genes are {} markers of the cell cycle; a linear method such as var needs fewer: "
    "--set dataset.genes=CCNE1,CCNA2,CCNB1 --lag 1"
)
LISTED = 6  # names in a note


def hela(
    genes: tuple[str, ...] = DEFAULT,
    truth: str | None = None,
    truth_orientation: TruthOrientation | None = None,
    irregular: Literal["gaps", "accept"] = "gaps",
    resample: float | None = None,
    probes: Literal["mean", "refuse"] = "mean",
) -> tuple[Panel, Truth | None]:
    """Return the expression of genes in HeLa cells, 12 samples in 44 hours, and the truth that the user has.

    Args:
        genes: symbols such as CCNE1, probes such as IMAGE:68950, or sets of genes by name.
        truth: file with a known graph of these genes; none comes with the data.
        truth_orientation: what the rows of a bare matrix in that file are.
        irregular: "gaps" keeps steps of 2 hours and lets no window cross a longer one; "accept" takes the samples as
            equally spaced, which they are not.
        resample: interpolate linearly to steps of so many hours instead.
        probes: what to do with a gene that several probes measure: take their geometric mean, or refuse it.

    Raises:
        DataError: an unknown gene; a file is not the published one, or cannot be obtained.
        WrongUsageError: resampling that makes no sense.
    """
    from scipy.stats import gmean

    known = facts("hela")
    expression, features, samples = local_files(known.files)
    hours, table = read_expression(expression, samples)
    expect(len(hours), known.steps, "number of samples", expression)
    symbols = read_symbols(features, table)
    sets = read_sets(features)
    chosen = chosen_genes(genes, {*symbols, *table, *sets}, str(features))
    names = tuple(dict.fromkeys(gene for name in chosen for gene in sets.get(name, (name,))))
    columns, means = [], {}
    for name in names:
        probed = [name] if name in table else symbols[name]
        if len(probed) > 1:
            if probes == "refuse":
                raise DataError(
                    f"{name} is measured by {len(probed)} probes: {', '.join(probed)}",
                    "name one of them in dataset.genes, or take their mean with --set dataset.probes=mean",
                )
            means[name] = len(probed)
        columns.append(gmean([table[probe] for probe in probed]) if len(probed) > 1 else table[probed[0]])
    values, note = at_equal_steps(hours, np.column_stack(columns), irregular, resample)
    notes = [note, *mean_notes(means)]
    if genes == DEFAULT:
        notes.insert(0, FEWER.format(len(names)))
    panel = Panel((values,), names, "HeLa cell cycle, double thymidine block 2", tuple(notes))
    return panel, supplied_truth(truth, names, truth_orientation)


def at_equal_steps(hours: Values, values: Values, irregular: str, resample: float | None) -> tuple[Values, str]:
    """Bring samples (T, P) at irregular hours to equal steps in the way that was asked for, and say what was done."""
    listed = ", ".join(f"{hour:g}" for hour in hours)
    if resample is not None:
        if irregular != "gaps":
            raise WrongUsageError("dataset.resample and dataset.irregular are both set", "choose one of them")
        if not STEP / 4 <= resample <= (hours[-1] - hours[0]) / 2:
            raise WrongUsageError(
                f"dataset.resample={resample:g} does not fit samples at {listed} hours",
                f"choose a step from {STEP / 4:g} to {(hours[-1] - hours[0]) / 2:g} hours",
            )
        grid, filled = on_equal_grid(hours, values, resample, widest=np.inf)
        note = (
            f"as requested, {len(hours)} samples are interpolated to {len(grid)} steps of {resample:g} hours; values "
            "between samples were not measured, so P values are too small"
        )
        return filled, note
    if irregular == "accept":
        return values, f"as requested, samples at {listed} hours count as equally spaced"
    gaps = np.flatnonzero(np.diff(hours) > STEP)
    note = (
        f"samples at {listed} hours: no window crosses a step longer than {STEP:g} hours; other ways: "
        "--set dataset.resample=2 or --set dataset.irregular=accept"
    )
    return np.insert(values, gaps + 1, np.nan, axis=0), note


def read_expression(expression: Path, samples: Path) -> tuple[Values, dict[str, Values]]:
    """Return the hours of the samples, ascending, and the ratios (T,) of every probe.

    Raises:
        DataError: the files do not fit together, or a ratio is no positive number.
    """
    listed = _records(samples, ("Timepoint",))
    hours = {name: number_in(row["Timepoint"], samples, name) for name, row in listed}
    rows = _records(expression, tuple(hours))
    expect(len(set(hours.values())), len(hours), "number of different times", samples)
    order = sorted(hours, key=lambda name: hours[name])
    table = {}
    for probe, row in rows:
        table[probe] = np.array([number_in(row[name], expression, f"{probe}, column {name}") for name in order])
        if (table[probe] <= 0).any():
            raise DataError(f"{expression}: {probe} has a ratio that is not positive", DAMAGED)
    expect(len(table), len(rows), "number of different probes", expression)
    return np.array([hours[name] for name in order]), table


def read_symbols(features: Path, table: dict[str, Values]) -> dict[str, list[str]]:
    """Return the probes of every gene symbol, in the order of the file."""
    symbols: dict[str, list[str]] = {}
    for probe, row in _records(features, ("Gene.symbol",)):
        if probe not in table:
            raise DataError(f"{features}: the probe {probe} is not among the measured ones", DAMAGED)
        if re.fullmatch(r"\S+", row["Gene.symbol"]):
            symbols.setdefault(row["Gene.symbol"], []).append(probe)
    return symbols


def read_sets(features: Path) -> dict[str, tuple[str, ...]]:
    """Return the sets of genes that have a name: the markers, the genes of every phase, and all of these."""
    phases: dict[str, dict[str, None]] = {"periodic": {}}
    for _, row in _records(features, ("Gene.symbol", "Cell.cycle.stage")):
        if row["Cell.cycle.stage"] and re.fullmatch(r"\S+", row["Gene.symbol"]):
            for phase in ("periodic", row["Cell.cycle.stage"]):
                phases.setdefault(phase, {})[row["Gene.symbol"]] = None
    markers = tuple(gene for genes in MARKERS.values() for gene in genes)
    return {"markers": markers, **{phase: tuple(genes) for phase, genes in phases.items()}}


def mean_notes(means: Mapping[str, int]) -> list[str]:
    """Return the note on genes that are means of so many probes each."""
    if len(means) > LISTED:
        first = ", ".join(list(means)[:LISTED])
        return [f"{len(means)} genes are the geometric means of their probes, among them {first}"]
    return [f"{name} is the geometric mean of its {count} probes" for name, count in means.items()]


def _records(path: Path, needed: Sequence[str]) -> list[tuple[str, dict[str, str]]]:
    """Return every row of a CSV file as its first cell, and the others by the names of their columns."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        header = next(rows, [])
        missing = [name for name in needed if name not in header]
        if missing:
            raise DataError(f"{path}: line 1 has no column {missing[0]!r}", DAMAGED)
        found = []
        for row in rows:
            check_width(row, header, path, rows.line_num)
            found.append((row[0], dict(zip(header[1:], row[1:], strict=True))))
    return found
