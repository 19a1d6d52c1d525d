"""Known graphs as lists of edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from causalkit.core.truth import LONGEST_LAG, Edge, Truth
from causalkit.errors import DataError, did_you_mean
from causalkit.io.tables.cells import is_missing, number, shown

_ROLES = {
    "cause": ("cause", "source", "from", "regulator"),
    "effect": ("effect", "target", "to"),
    "lag": ("lag",),
    "edge": ("edge", "present", "interaction", "value", "truth", "label"),
}
_COLUMNS = "a truth has the columns cause, effect and, where it is known, lag"


class Row(NamedTuple):
    """One row of a text file: the line on which it begins, and its cells without blanks around them."""

    line: int
    cells: tuple[str, ...]


def has_edge_header(row: Row) -> bool:
    """Return whether a row names a column of causes and one of effects."""
    cells = {cell.lower() for cell in row.cells}
    return bool(cells.intersection(_ROLES["cause"]) and cells.intersection(_ROLES["effect"]))


def truth_of_edges(rows: Sequence[Row], source: str, names: Sequence[str] | None) -> Truth:
    """Return the truth in rows under a header, or in rows ``cause effect`` or ``cause effect 0|1`` without one.

    Raises:
        DataError: an unknown column, a cell that does not fit, a name that is not in the data.
    """
    headed = has_edge_header(rows[0])
    unnamed = dict(zip(("cause", "effect", "edge"), range(len(rows[0].cells)), strict=False))
    columns = _columns(rows[0], source) if headed else unnamed
    edges: list[Edge] = []
    mentioned: dict[str, None] = {}
    for row in rows[headed:]:
        ends = [row.cells[columns[role]] for role in ("cause", "effect")]
        for name in ends:
            if name not in mentioned:
                _check_name(row, name, source, names)
                mentioned[name] = None
        if "edge" in columns and not _is_edge(row, columns["edge"], source):
            continue
        lag = _lag(row, columns, source)
        edges.append((ends[0], ends[1]) if lag is None else (ends[0], ends[1], lag))
        if len(edges[-1]) != len(edges[0]):
            raise DataError(
                f"{source}: line {row.line} has {'no' if lag is None else 'a'} lag, unlike the edges before",
                "give all edges a lag, or none",
            )
    return Truth.from_edges(edges, names=tuple(mentioned) if names is None else tuple(names), source=source)


def _columns(header: Row, source: str) -> dict[str, int]:
    """Return the column of each role."""
    if "score" in (cell.lower() for cell in header.cells):
        raise DataError(
            f"{source} is a result with scores, not a truth", "keep its true edges under the header cause,effect"
        )
    columns: dict[str, int] = {}
    for column, cell in enumerate(header.cells):
        if not cell:  # the index that pandas writes
            continue
        role = next((role for role, words in _ROLES.items() if cell.lower() in words), None)
        if role is None:
            raise DataError(f"{source}: line {header.line}: unknown column {shown(cell)}", _COLUMNS)
        if role in columns:
            raise DataError(
                f"{source}: line {header.line}: two columns for the {role}, {shown(header.cells[columns[role]])} and "
                f"{shown(cell)}",
                _COLUMNS,
            )
        columns[role] = column
    return columns


def _check_name(row: Row, name: str, source: str, names: Sequence[str] | None) -> None:
    if not name:
        raise DataError(f"{source}: line {row.line} has an empty name", "name cause and effect")
    if names is not None and name not in names:
        raise DataError(
            f"{source}: line {row.line}: {shown(name)} is not a series of the data", did_you_mean(name, names)
        )


def _is_edge(row: Row, column: int, source: str) -> bool:
    value = number(row.cells[column])
    if value not in (0, 1):
        raise DataError(
            f"{source}: line {row.line}, column {column + 1}: {shown(row.cells[column])} is neither 0 (no edge) nor 1 "
            "(edge)",
            "if the column contains lags or the first line names the columns, write the header cause,effect,lag",
        )
    return value == 1


def _lag(row: Row, columns: Mapping[str, int], source: str) -> int | None:
    cell = row.cells[columns["lag"]] if "lag" in columns else ""
    if is_missing(cell):
        return None
    value = number(cell)
    if value is None or not value.is_integer() or not 1 <= value <= LONGEST_LAG:
        raise DataError(
            f"{source}: line {row.line}: {shown(cell)} is not a lag",
            f"a lag is a whole number of steps from 1 to {LONGEST_LAG}",
        )
    return int(value)
