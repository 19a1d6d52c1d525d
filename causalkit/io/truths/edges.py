"""Known graphs as lists of edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causalkit.core.truth import Edge
from causalkit.errors import DataError, did_you_mean
from causalkit.io.tables.cells import counted, is_missing, number, shown

_CAUSES = ("cause", "source", "from", "regulator")
_EFFECTS = ("effect", "target", "to")
_LAGS = ("lag",)
_MARKS = ("edge", "present", "interaction", "value", "truth", "label")
_LONGEST = 10_000  # a lag beyond this is no lag but, say, an identifier, and would ask for all memory
_NEITHER = "a truth has the columns cause, effect and, where it is known, lag"


@dataclass(frozen=True)
class Row:
    """One row of a text file.

    Attributes:
        line: number of the line on which it begins.
        cells: without blanks around them.
    """

    line: int
    cells: tuple[str, ...]


def has_edge_header(row: Row) -> bool:
    """Return whether a row names a column of causes and one of effects."""
    cells = [cell.lower() for cell in row.cells]
    return any(cell in _CAUSES for cell in cells) and any(cell in _EFFECTS for cell in cells)


def edges_with_header(
    rows: Sequence[Row], source: str, names: Sequence[str] | None
) -> tuple[list[Edge], tuple[str, ...]]:
    """Return the edges under a header, and the names of the series in order of appearance.

    Raises:
        DataError: an unknown column, a cell that does not fit, a name that the data does not have.
    """
    header, *body = rows
    cells = [cell.lower() for cell in header.cells]
    if "score" in cells:
        raise DataError(
            f"{source} is a result with scores, not a truth", "keep its true edges under the header cause,effect"
        )
    columns: dict[str, int] = {}
    for column, cell in enumerate(cells):
        if not cell:  # the index that pandas writes
            continue
        for role, words in (("cause", _CAUSES), ("effect", _EFFECTS), ("lag", _LAGS), ("mark", _MARKS)):
            if cell in words:
                if role in columns:
                    raise DataError(
                        f"{source}: line {header.line} names two columns for the {role}: "
                        f"{shown(header.cells[columns[role]])} and {shown(header.cells[column])}",
                        _NEITHER,
                    )
                columns[role] = column
                break
        else:
            raise DataError(
                f"{source}: line {header.line} names an unknown column {shown(header.cells[column])}", _NEITHER
            )
    edges: list[Edge] = []
    mentioned: dict[str, None] = {}
    for row in body:
        _check_width(row, len(cells), source)
        cause, effect = row.cells[columns["cause"]], row.cells[columns["effect"]]
        _mention(row, (cause, effect), mentioned, source, names)
        if "mark" in columns and not _is_edge(row, columns["mark"], source):
            continue
        lag = row.cells[columns["lag"]] if "lag" in columns else ""
        edges.append((cause, effect) if is_missing(lag) else (cause, effect, _lag(row, lag, source)))
        if len(edges[-1]) != len(edges[0]):
            raise DataError(
                f"{source}: line {row.line} has {'a' if len(edges[-1]) == 3 else 'no'} lag, unlike the edges before",
                "give all edges a lag, or none",
            )
    return edges, tuple(mentioned)


def edges_without_header(
    rows: Sequence[Row], source: str, names: Sequence[str] | None
) -> tuple[list[Edge], tuple[str, ...]]:
    """Return the edges of lines ``cause effect`` or ``cause effect 0|1``, and the names of all series mentioned.

    Raises:
        DataError: a third column that is neither 0 nor 1, a name that the data does not have.
    """
    width = len(rows[0].cells)
    edges: list[Edge] = []
    mentioned: dict[str, None] = {}
    for row in rows:
        _check_width(row, width, source)
        cause, effect = row.cells[:2]
        present = width == 2 or _is_edge(row, 2, source)
        _mention(row, (cause, effect), mentioned, source, names)
        if present:
            edges.append((cause, effect))
    return edges, tuple(mentioned)


def _check_width(row: Row, width: int, source: str) -> None:
    if len(row.cells) != width:
        raise DataError(
            f"{source}: line {row.line} has {counted(len(row.cells), 'cell')} where the first row has {width}",
            "correct the line",
        )


def _is_edge(row: Row, column: int, source: str) -> bool:
    value = number(row.cells[column])
    if value not in (0, 1):
        raise DataError(
            f"{source}: line {row.line}, column {column + 1}: {shown(row.cells[column])} is neither 0 (no edge) nor 1 "
            "(edge)",
            "if the column holds lags or the first line names the columns, write the header cause,effect,lag",
        )
    return value == 1


def _lag(row: Row, cell: str, source: str) -> int:
    value = number(cell)
    if value is None or value != value // 1 or not 1 <= value <= _LONGEST:
        raise DataError(
            f"{source}: line {row.line}: {shown(cell)} is not a lag",
            f"a lag is a whole number of steps from 1 to {_LONGEST}",
        )
    return int(value)


def _mention(
    row: Row, ends: Sequence[str], mentioned: dict[str, None], source: str, names: Sequence[str] | None
) -> None:
    """Note the names of a row, and check them against those of the data."""
    for name in ends:
        if not name:
            raise DataError(f"{source}: line {row.line} has an empty name", "name cause and effect")
        if names is not None and name not in mentioned and name not in names:
            raise DataError(
                f"{source}: line {row.line}: {shown(name)} is not a series of the data", did_you_mean(name, names)
            )
        mentioned[name] = None
