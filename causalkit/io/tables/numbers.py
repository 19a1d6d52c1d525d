"""Columns into numbers; where that fails, which cell is to blame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.errors import DataError
from causalkit.io.tables.cells import argument, has_decimal_comma, is_missing, number, shown

_TRUTH_VALUES = {"True": 1.0, "TRUE": 1.0, "true": 1.0, "False": 0.0, "FALSE": 0.0, "false": 0.0}


def to_floats(frame: Any, names: Sequence[str], locate: Callable[[int], str], source: str) -> NDArray[np.float64]:
    """Return the named columns of a DataFrame as an array of shape (rows, names); missing cells become NaN.

    Raises:
        DataError: a cell holds text, a date or an infinite value; the message names line, column and content.
    """
    from pandas.api.types import is_numeric_dtype

    if all(is_numeric_dtype(dtype) for dtype in frame[list(names)].dtypes):
        values = np.ascontiguousarray(frame[list(names)].to_numpy(dtype=np.float64, na_value=np.nan))
    else:
        values = np.empty((len(frame), len(names)))
        for position, name in enumerate(names):
            column = frame[name]
            if is_numeric_dtype(column.dtype):
                values[:, position] = column.to_numpy(dtype=np.float64, na_value=np.nan)
            else:
                values[:, position] = _from_text(column, name, locate, source)
    infinite = np.isinf(values)
    if infinite.any():
        row, position = np.argwhere(infinite)[0]
        raise DataError(
            f"{source}: {locate(int(row))}, column {shown(names[position])} holds an infinite value",
            "replace it by a number, or leave the cell empty to mark it as missing",
        )
    return values


def _from_text(column: Any, name: str, locate: Callable[[int], str], source: str) -> NDArray[np.float64]:
    """Return the numbers of a column that pandas did not recognise as numeric."""
    if column.dtype.kind in "mM":
        raise DataError(
            f"{source}: column {shown(name)} holds times, not numbers",
            f"name it with --time-column {argument(name)}, or leave it out with --drop {argument(name)}",
        )
    values = np.full(len(column), np.nan)
    blank = column.isna().to_numpy()
    for row, cell in enumerate(column.to_numpy(dtype=object)):
        if blank[row]:
            continue
        text = str(cell).strip()
        found = _TRUTH_VALUES.get(text, number(text))
        if found is not None:
            values[row] = found
        elif not is_missing(text):
            raise _not_a_number(text, name, locate(row), source)
    return values


def _not_a_number(text: str, name: str, where: str, source: str) -> DataError:
    if has_decimal_comma(text):
        hint = "this looks like a decimal comma; replace the commas in numbers by points"
    else:
        hint = (
            f"correct the cell, leave the column out with --drop {argument(name)}, or, if it tells realisations "
            f"apart, name it with --panel-column {argument(name)}"
        )
    return DataError(f"{source}: {where}, column {shown(name)}: {shown(text)} is not a number", hint)
