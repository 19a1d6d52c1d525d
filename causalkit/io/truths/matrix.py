"""Known graphs as matrices, with names or without."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.truth import Orientation, Truth
from causalkit.display.words import listed
from causalkit.errors import DataError, WrongUsageError
from causalkit.io.tables.arrays import names_of
from causalkit.io.tables.cells import is_value, number, shown
from causalkit.io.truths.edges import Row

_CORNER = re.compile(r"(cause|effect)s?\s*[\\/]\s*(cause|effect)s?", re.IGNORECASE)
_KEYS = ("truth", "graph", "adjacency", "edges", "lags", "data")
_ASK = "add --truth-orientation cause-effect (rows are causes) or --truth-orientation effect-cause (rows are effects)"


@dataclass(frozen=True, eq=False)
class Matrix:
    """A square matrix in a file.

    Attributes:
        values: shape (P, P) or (P, P, L).
        names: of its rows and columns, where the file has them.
        orientation: where the file states it.
    """

    values: NDArray[np.float64]
    names: tuple[str, ...] | None = None
    orientation: Orientation | None = None

    def truth(self, source: str, names: Sequence[str] | None, orientation: Orientation | None) -> Truth:
        """Return the truth, in the order of the names of the data where they are given.

        Raises:
            WrongUsageError: neither the file nor the caller states the orientation, or they disagree.
            DataError: the matrix is not square or does not fit the names.
        """
        if self.orientation and orientation and self.orientation != orientation:
            raise WrongUsageError(
                f"{source} is {self.orientation} according to its corner cell, not {orientation}",
                "leave out --truth-orientation",
            )
        known = self.orientation or orientation
        # Other shapes are refused by `Truth.from_matrix`.
        square = self.values.ndim in (2, 3) and self.values.shape[0] == self.values.shape[1]
        if square and known is None:
            raise WrongUsageError(f"{source} is a matrix; are its rows causes or effects?", _ASK)
        if square and self.names is None and names is not None and len(names) != len(self.values):
            raise DataError(
                f"{source} is a matrix for {len(self.values)} series and the data has {len(names)}",
                "use the truth of these data, or a file with names",
            )
        given = self.names if self.names is not None else names
        truth = Truth.from_matrix(self.values, orientation=known or "cause-effect", names=given, source=source)
        return truth if names is None else truth.align(names)


def find_matrix(rows: Sequence[Row], source: str, orientation: Orientation | None) -> Matrix | None:
    """Return the matrix in rows of text, or None where they are a list of edges.

    Raises:
        DataError: a labelled matrix whose rows and columns differ, or a cell that is not a number.
        WrongUsageError: four numbers that could be a matrix or two edges.
    """
    first, body = rows[0].cells, rows[1:]
    corner = _CORNER.fullmatch(first[0])
    if body and corner:
        return _labelled(rows, source, "cause-effect" if corner[1].lower() == "cause" else "effect-cause")
    if body and not first[0]:
        return _labelled(rows, source, None)
    square = len(rows) == len(first)
    if len(body) == len(first) > 1 and _numeric(body):
        # One row more than columns: the names of the columns come first, as pandas writes them without an index.
        counting = list(first) == [str(column) for column in range(len(first))]
        if counting or not any(is_value(cell) for cell in first):
            return Matrix(_floats(body, source), names=first)
    if not _numeric(rows):
        return None
    flags = square and all(number(cell) in (0, 1) for row in rows for cell in row.cells)
    if flags and len(first) == 2 and orientation is None:
        raise WrongUsageError(
            f"{source} has four numbers, either a matrix or two edges",
            f"for a matrix, {_ASK}; for edges, write the header cause,effect",
        )
    return Matrix(_floats(rows, source)) if flags or len(first) > 3 or (square and orientation is not None) else None


def matrix_of_arrays(arrays: Mapping[str, NDArray[Any]], source: str) -> Matrix:
    """Return the matrix in a NumPy file: under a known key, or its only square array.

    Raises:
        DataError: there is no such array, or more than one.
    """
    square = {
        key: array
        for key, array in arrays.items()
        if array.dtype.kind in "fiub" and array.ndim in (2, 3) and array.shape[0] == array.shape[1]
    }
    key = next((key for key in _KEYS if key in square), next(iter(square)) if len(square) == 1 else None)
    if key is None:
        found = (
            listed([f"{shown(key)} {array.shape}" for key, array in arrays.items()], most=8) if arrays else "nothing"
        )
        raise DataError(
            f"{source} has no square matrix that is certainly the truth; it contains {found}",
            "save one of shape (P, P) or (P, P, L) under the key truth",
        )
    labels = arrays.get("names")
    named = None if labels is None else tuple(names_of(labels, f"{source}: the array 'names'"))
    return Matrix(np.asarray(square[key], dtype=np.float64), named)


def _labelled(rows: Sequence[Row], source: str, orientation: Orientation | None) -> Matrix:
    """Return a matrix with names in its first row and first column, in the order of the rows."""
    columns = rows[0].cells[1:]
    labels = tuple(row.cells[0] for row in rows[1:])
    if sorted(labels) != sorted(columns):
        odd = sorted(set(labels) ^ set(columns)) or list(labels)
        raise DataError(
            f"{source}: the rows and columns of the matrix have different names, for example {shown(odd[0])}",
            "name the same series in the first row and in the first column",
        )
    values = _floats(rows[1:], source, start=1)
    return Matrix(values[:, [columns.index(label) for label in labels]], labels, orientation)


def _numeric(rows: Sequence[Row]) -> bool:
    return all(number(cell) is not None for row in rows for cell in row.cells)


def _floats(rows: Sequence[Row], source: str, start: int = 0) -> NDArray[np.float64]:
    """Return the numbers of rows from a column on; shape (rows, cells)."""
    for row in rows:
        for column, cell in enumerate(row.cells[start:], start=start + 1):
            if number(cell) is None:
                raise DataError(
                    f"{source}: line {row.line}, column {column}: {shown(cell)} is not a number",
                    "write 0 for no edge and 1 for an edge",
                )
    return np.array([[number(cell) for cell in row.cells[start:]] for row in rows], dtype=np.float64)
