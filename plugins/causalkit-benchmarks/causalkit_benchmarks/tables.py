"""Strict readers of the text files in which benchmarks are published: anything else is an error with its place."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from causalkit import Truth
from causalkit.errors import DataError, did_you_mean

DAMAGED = "the file is damaged or of another format; fetch it again"


def blocks(path: Path) -> tuple[tuple[str, ...], list[NDArray[np.float64]]]:
    """Read a table of numbers with tabs between them under a header; blank lines separate its blocks.

    Returns:
        The names of the columns, and an array (rows, columns) for each block.

    Raises:
        DataError: a row of another length, or a cell that is not a finite number.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream, delimiter="\t")
        names = tuple(name.strip() for name in next(rows, []))
        if not names or len(set(names)) != len(names):
            raise DataError(f"{path}: line 1 does not name the columns", DAMAGED)
        found: list[list[list[float]]] = [[]]
        for row in rows:
            if not any(cell.strip() for cell in row):
                found.append([])
                continue
            check_width(row, names, path, rows.line_num)
            pairs = zip(row, names, strict=True)
            found[-1].append([number_in(cell, path, f"line {rows.line_num}, column {name}") for cell, name in pairs])
    return names, [np.array(block, dtype=np.float64) for block in found if block]


def gold_standard(path: Path, names: Sequence[str], source: str) -> Truth:
    """Read lines ``regulator target 0|1``, one for each pair of different series, as the DREAM challenges publish them.

    Args:
        names: the series of the data.
        source: name of the truth.

    Raises:
        DataError: an unknown name, a mark that is neither 0 nor 1, a duplicate or missing pair.
    """
    marks: dict[tuple[str, str], bool] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        cells = line.split()
        if not cells:
            continue
        if len(cells) != 3 or cells[2] not in ("0", "1"):
            raise DataError(f"{path}: line {number} is not 'regulator target 0|1': {line!r}", DAMAGED)
        for name in cells[:2]:
            if name not in names:
                raise DataError(f"{path}: line {number}: unknown series {name!r}", did_you_mean(name, names))
        if (cells[0], cells[1]) in marks:
            raise DataError(f"{path}: line {number}: duplicate pair {cells[0]} -> {cells[1]}", DAMAGED)
        marks[cells[0], cells[1]] = cells[2] == "1"
    missing = [(c, e) for c in names for e in names if c != e and (c, e) not in marks]
    if missing:
        raise DataError(f"{path}: no line for {missing[0][0]} -> {missing[0][1]} and {len(missing) - 1} more", DAMAGED)
    return Truth.from_edges([pair for pair, present in marks.items() if present], names=names, source=source)


def check_width(row: Sequence[str], names: Sequence[str], path: Path, line: int) -> None:
    """Raise a `DataError` for a row that has more or fewer cells than line 1 names columns."""
    if len(row) != len(names):
        raise DataError(f"{path}: line {line} has {len(row)} cells where line 1 names {len(names)} columns", DAMAGED)


def expect(found: object, wanted: object, what: str, path: Path) -> None:
    """Refuse a file whose shape is not the published one; a fact that is not known (None) fits everything.

    Raises:
        DataError: they differ.
    """
    if wanted is not None and found != wanted:
        raise DataError(f"{path}: {what}: {found} instead of {wanted}", DAMAGED)


def number_in(cell: str, path: Path, place: str) -> float:
    """Return the finite number in a cell.

    Raises:
        DataError: it is something else; the error names file and place.
    """
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{path}: {place}: {cell!r} is not a finite number", DAMAGED)
    return value
