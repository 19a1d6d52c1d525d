"""Known graphs as matrices, with names or without."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.truth import Orientation, Truth
from causalkit.errors import DataError, WrongUsageError
from causalkit.io.tables.cells import is_value, number, shown
from causalkit.io.truths.edges import Row

_CORNER = re.compile(r"(cause|effect)s?\s*[\\/]\s*(cause|effect)s?", re.IGNORECASE)
_KEYS = ("truth", "graph", "adjacency", "edges", "lags", "data")
_ASK = "say --truth-orientation cause-effect (rows are causes) or --truth-orientation effect-cause (rows are effects)"


@dataclass(frozen=True, eq=False)
class Matrix:
    """A square matrix as it stands in a file.

    Attributes:
        values: shape (P, P) or (P, P, L).
        names: of its rows and columns, where the file has them.
        orientation: where the file says it.
    """

    values: NDArray[np.float64]
    names: tuple[str, ...] | None = None
    orientation: Orientation | None = None

    def truth(self, source: str, names: Sequence[str] | None, orientation: Orientation | None) -> Truth:
        """Return the truth, in the order of the names of the data where they are given.

        Raises:
            WrongUsageError: neither the file nor the caller says what the rows are, or they disagree.
            DataError: the matrix is not square or does not fit the names.
        """
        if self.values.ndim not in (2, 3) or self.values.shape[0] != self.values.shape[1]:
            raise DataError(
                f"{source} holds a matrix of shape {self.values.shape}",
                "a truth is square, one row and one column a series, with lags on a third axis",
            )
        if self.orientation and orientation and self.orientation != orientation:
            raise WrongUsageError(
                f"{source} says in its corner cell that it is {self.orientation}, not {orientation}",
                "leave out --truth-orientation",
            )
        known = self.orientation or orientation
        if known is None:
            raise WrongUsageError(f"{source} is a matrix and does not say whether its rows are causes or effects", _ASK)
        if self.names is None and names is not None and len(names) != len(self.values):
            raise DataError(
                f"{source} is a matrix for {len(self.values)} series and the data has {len(names)}",
                "use the truth of these data, or a file with names",
            )
        given = self.names if self.names is not None else names
        truth = Truth.from_matrix(self.values, orientation=known, names=given, source=source)
        return truth if names is None else truth.align(names)


def find_matrix(rows: Sequence[Row], source: str, orientation: Orientation | None) -> Matrix | None:
    """Return the matrix that rows of text hold, or None where they are a list of edges.

    Raises:
        DataError: a labelled matrix whose rows and columns differ, or with a cell that is no number.
        WrongUsageError: four numbers that could be a matrix or two edges.
    """
    first = rows[0].cells
    corner = _CORNER.fullmatch(first[0])
    if corner or not first[0]:
        said = _said_by(corner) if corner else None
        return _labelled(rows, source, said)
    body = rows[1:]
    if body and all(len(row.cells) == len(first) + 1 and row.cells[0] in first for row in body):
        return _labelled([Row(rows[0].line, ("", *first)), *body], source, None)
    if len(body) == len(first) > 1 and all(len(row.cells) == len(first) for row in body) and _numeric(body):
        # One row more than columns: the names of the columns come first, as pandas writes them without an index.
        counting = list(first) == [str(column) for column in range(len(first))]
        if counting or not any(is_value(cell) for cell in first):
            return Matrix(_floats(body, source, 0), names=first)
    if not _numeric(rows):
        return None
    if (orientation is not None and len(rows) == len(first)) or len(first) > 3:
        return Matrix(_floats(rows, source, 0))
    flags = all(number(cell) in (0, 1) for row in rows for cell in row.cells)
    if len(rows) == len(first) and flags:
        if len(first) == 2:
            raise WrongUsageError(
                f"{source} holds four numbers that are a matrix or two edges",
                f"for a matrix, {_ASK}; for edges, write the header cause,effect",
            )
        return Matrix(_floats(rows, source, 0))
    return None


def matrix_from_arrays(
    arrays: Mapping[str, NDArray[Any]], source: str, names: Sequence[str] | None, orientation: Orientation | None
) -> Truth:
    """Return the truth in a NumPy file: under a telling key, or its only square array.

    Raises:
        WrongUsageError: the orientation is not given.
        DataError: there is no such array, or more than one.
    """
    square = {
        key: array
        for key, array in arrays.items()
        if array.dtype.kind in "fiub" and array.ndim in (2, 3) and array.shape[0] == array.shape[1]
    }
    key = next((key for key in _KEYS if key in square), next(iter(square)) if len(square) == 1 else None)
    if key is None:
        held = ", ".join(f"{key} {array.shape}" for key, array in arrays.items()) or "nothing"
        raise DataError(
            f"{source} has no square matrix that is the truth for certain; it holds {held}",
            "save one of shape (P, P) or (P, P, L) under the key truth",
        )
    labels = arrays.get("names")
    named = None if labels is None else tuple(str(label) for label in labels.ravel())
    return Matrix(np.asarray(square[key], dtype=np.float64), named).truth(source, names, orientation)


def unclear(rows: Sequence[Row], source: str) -> DataError:
    """Return the error for a text file that is neither edges nor a matrix."""
    return DataError(
        f"{source} is neither a list of edges nor a square matrix: line {rows[0].line} begins with "
        f"{shown(rows[0].cells[0])} and has {len(rows[0].cells)} cells",
        "list the edges under the header cause,effect or cause,effect,lag",
    )


def _said_by(corner: re.Match[str]) -> Orientation:
    return "cause-effect" if corner[1].lower() == "cause" else "effect-cause"


def _labelled(rows: Sequence[Row], source: str, orientation: Orientation | None) -> Matrix:
    header, *body = rows
    columns = header.cells[1:]
    for row in body:
        if len(row.cells) != len(header.cells):
            raise DataError(
                f"{source}: line {row.line} has {len(row.cells)} cells where the first row has {len(header.cells)}",
                "a labelled matrix has a name and one number for each series on every line",
            )
    labels = tuple(row.cells[0] for row in body)
    if sorted(labels) != sorted(columns):
        odd = sorted(set(labels) ^ set(columns)) or list(labels)
        raise DataError(
            f"{source}: the rows and columns of the matrix have different names, for example {shown(odd[0])}",
            "name the same series in the first row and in the first column",
        )
    values = _floats(body, source, 1)
    order = [columns.index(label) for label in labels]
    return Matrix(values[:, order], names=labels, orientation=orientation)


def _numeric(rows: Sequence[Row]) -> bool:
    return all(number(cell) is not None for row in rows for cell in row.cells)


def _floats(rows: Sequence[Row], source: str, start: int) -> NDArray[np.float64]:
    """Return the numbers of rows from a column on; shape (rows, cells)."""
    width = len(rows[0].cells) if rows else 0
    values = np.zeros((len(rows), max(width - start, 0)))
    for position, row in enumerate(rows):
        if len(row.cells) != width:
            raise DataError(
                f"{source}: line {row.line} has {len(row.cells)} cells where others have {width}", "correct it"
            )
        for column, cell in enumerate(row.cells[start:]):
            value = number(cell)
            if value is None:
                raise DataError(
                    f"{source}: line {row.line}, column {start + column + 1}: {shown(cell)} is not a number",
                    "write 0 for no edge and 1 for an edge",
                )
            values[position, column] = value
    return values
