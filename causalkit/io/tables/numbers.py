"""Columns as numbers; where that fails, the cell at fault."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causalkit.core.shell import argument
from causalkit.errors import DataError
from causalkit.io.tables.cells import MISSING, has_decimal_comma, shown
from causalkit.io.tables.table import Table

_BOOLEANS = {"True": "1", "TRUE": "1", "true": "1", "False": "0", "FALSE": "0", "false": "0"}


def to_floats(table: Table, names: Sequence[str]) -> NDArray[np.float64]:
    """Return the named columns as an array of shape (rows, names); missing cells become NaN.

    Raises:
        DataError: a cell is text, a date or an infinite value; the message gives its line, column and content.
    """
    from pandas.api.types import is_numeric_dtype

    frame = table.frame[list(names)].copy(deep=False)
    for name in names:
        if not is_numeric_dtype(frame[name].dtype):
            frame[name] = _from_text(table, name)
    values = np.ascontiguousarray(frame.to_numpy(dtype=np.float64, na_value=np.nan))
    infinite = np.argwhere(np.isinf(values))
    if len(infinite):
        row, column = infinite[0]
        raise DataError(
            f"{table.cell(int(row), names[column])}: infinite value",
            "replace it with a number, or leave the cell empty to mark it as missing",
        )
    return values


def _from_text(table: Table, name: str) -> NDArray[np.float64]:
    """Return the numbers of a column that pandas did not recognise as numeric.

    `pandas.to_numeric` raises an error without the row and ignores the missing codes, hence the check of its result.
    """
    import pandas as pd

    column = table.frame[name]
    if column.dtype.kind in "mM":
        raise DataError(
            f"{table.source}: column {shown(name)} contains times, not numbers",
            f"name it with --time-column {argument(name)}, or leave it out with --drop {argument(name)}",
        )
    text = column.astype(str).str.strip()
    values = pd.to_numeric(text.replace(_BOOLEANS), errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.isnan(values) & (column.notna() & ~text.isin(MISSING)).to_numpy()
    if wrong.any():
        row = int(np.argmax(wrong))
        raise _not_a_number(table, row, name, text.iloc[row])
    return np.asarray(values)


def _not_a_number(table: Table, row: int, name: str, text: str) -> DataError:
    if has_decimal_comma(text):
        hint = "this looks like a decimal comma; replace the commas in numbers with points"
    else:
        hint = (
            f"correct the cell, leave the column out with --drop {argument(name)}, or, if it identifies realisations, "
            f"name it with --panel-column {argument(name)}"
        )
    return DataError(f"{table.cell(row, name)}: {shown(text)} is not a number", hint)
