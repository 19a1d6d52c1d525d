"""Columns as numbers, without the codes of missing cells; where that fails, the cells at fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.display.words import count, listed
from causalkit.errors import DataError
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import MISSING, has_decimal_comma, number, shown
from causalkit.io.tables.notation import Notation, is_numeric, with_numbers
from causalkit.io.tables.table import Table

_BOOLEANS = {"True": "1", "TRUE": "1", "true": "1", "False": "0", "FALSE": "0", "false": "0"}
_ANSWERS = {"yes", "no", "y", "n", "on", "off"}
_MOST_HEADER_ROWS = 5


def to_floats(table: Table, names: Sequence[str], options: ReadOptions) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the named columns as an array of shape (rows, names) and notes; missing cells become NaN.

    Raises:
        DataError: a cell is text, a date or an infinite value; the message gives its line, column and content.
    """
    notation = Notation(options.decimal or table.decimal, options.thousands)
    frame, notes = with_numbers(table.frame[list(names)], notation, options.missing)
    table = replace(table, frame=frame)
    codes = _Codes.of(options.missing)
    values = np.empty((len(frame), len(names)))
    texts = [column for column, dtype in enumerate(frame.dtypes) if not is_numeric(dtype)]
    faults = []
    for column in texts:
        values[:, column], fault = _from_text(table, names[column], codes, notation)
        if fault is not None:
            faults.append(fault)
    if faults:
        raise _not_numbers(table, faults, options)
    _copy_numbers(frame, [column for column in range(len(names)) if column not in texts], values)
    codes.remove(values, [str(dtype) for dtype in frame.dtypes])
    infinite = np.isinf(values)
    if infinite.any():
        row, column = np.argwhere(infinite)[0]
        raise DataError(
            f"{table.cell(int(row), names[column])}: infinite value",
            f"replace it with a number, or add {table.hint('missing', 'inf', '-inf')}",
        )
    return values, (*notes, *codes.notes())


def _copy_numbers(frame: Any, columns: Sequence[int], values: NDArray[np.float64]) -> None:
    """Write numeric columns into the array: some rows of all columns at a time, which memory is fast at."""
    chosen = frame if len(columns) == frame.shape[1] else frame.iloc[:, list(columns)]
    arrays = [
        column.to_numpy() if isinstance(column.dtype, np.dtype) else column.to_numpy(dtype=np.float64, na_value=np.nan)
        for _, column in chosen.items()
    ]
    rows = max(16, (1 << 17) // max(len(arrays), 1))
    where: Any = slice(None) if chosen is frame else list(columns)
    for start in range(0, len(values) if arrays else 0, rows):
        part = slice(start, start + rows)
        values[part, where] = np.array([array[part] for array in arrays], dtype=np.float64).T


@dataclass
class _Codes:
    """Codes of missing cells, and which of them occurred."""

    numbers: dict[str, float]
    texts: tuple[str, ...]
    found: set[str]

    @classmethod
    def of(cls, codes: Sequence[str]) -> _Codes:
        values = {code: value for code in codes if (value := number(code)) is not None}
        return cls(values, tuple(code.strip() for code in codes if code not in values), set())

    def in_text(self, text: Any) -> NDArray[np.bool_]:
        """Return where cells of text are a code that is no number."""
        found = np.zeros(len(text), dtype=bool)
        for code in self.texts:
            here = (text == code).to_numpy(dtype=bool)
            if here.any():
                self.found.add(code)
                found |= here
        return found

    def remove(self, values: NDArray[np.float64], dtypes: Sequence[str]) -> None:
        """Replace the codes that are numbers by NaN: -999 is -999.0, and in a column of float32 it is rounded."""
        single = [column for column, dtype in enumerate(dtypes) if dtype.lower() == "float32"]
        for code, value in self.numbers.items():
            here = values == value
            if single:
                with np.errstate(over="ignore"):
                    here[:, single] |= values[:, single] == np.float64(np.float32(value))
            if here.any():
                self.found.add(code)
                values[here] = np.nan

    def notes(self) -> list[str]:
        """Return which codes occur nowhere."""
        absent = [shown(code) for code in (*self.numbers, *self.texts) if code not in self.found]
        if not absent:
            return []
        return [f"the missing code{'s' if len(absent) > 1 else ''} {listed(absent)} {_OCCUR[len(absent) > 1]} nowhere"]


_OCCUR = {False: "occurs", True: "occur"}


@dataclass(frozen=True)
class _Fault:
    """A column with cells that are no numbers: the rows of these, and how many cells are filled."""

    name: str
    rows: NDArray[np.intp]
    filled: int
    text: Any

    @property
    def all(self) -> bool:
        return len(self.rows) == self.filled


def _from_text(table: Table, name: str, codes: _Codes, notation: Notation) -> tuple[NDArray[np.float64], _Fault | None]:
    """Return the numbers of a column that is not numeric, and what is wrong with it.

    `pandas.to_numeric` raises an error without the row and ignores the missing codes, hence the check of its result.
    """
    import pandas as pd

    column = table.frame[name]
    if column.dtype.kind in "mM":
        raise DataError(
            f"{table.source}: column {shown(name)} contains times, not numbers",
            f"name it with {table.hint('time_column', name)}, or leave it out with {table.hint('drop', name)}",
        )
    text = column.astype(str).str.strip()
    values = pd.to_numeric(text.replace(_BOOLEANS), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan).copy()
    written = (column.notna() & ~text.isin(MISSING)).to_numpy(dtype=bool) & ~codes.in_text(text)
    values[~written] = np.nan
    wrong = np.isnan(values) & written
    if notation.decimal == ",":
        # A cell with a point is no number here, although Python can read it.
        pointed = np.array([isinstance(cell, str) and "." in cell for cell in column], dtype=bool)
        wrong |= pointed & written
    if not wrong.any():
        return values, None
    return values, _Fault(name, np.flatnonzero(wrong), int(written.sum()), pd.Series(text))


def _not_numbers(table: Table, faults: Sequence[_Fault], options: ReadOptions) -> DataError:
    """Return the error about columns that are text throughout, else about the first odd cell."""
    odd = [fault for fault in faults if not fault.all]
    if (row := _another_header(table, odd)) is not None:
        return DataError(
            f"{table.source}: {table.locate(row)} has text in every column, such as "
            f"{shown(str(odd[0].text.iloc[row]))}, as the names of another table have",
            "write every table to a file of its own",
        )
    if odd:
        return _odd_cell(table, min(odd, key=lambda fault: len(fault.rows)), options)
    first = faults[0]
    row = int(first.rows[0])
    text = str(first.text.iloc[row])
    for fault in faults:
        if has_decimal_comma(str(fault.text.iloc[int(fault.rows[0])])):
            return _odd_cell(table, fault, options)
    names = [fault.name for fault in faults]
    which = (
        f"column {shown(names[0])} contains"
        if len(names) == 1
        else f"columns {listed([*map(repr, names)], most=8)} contain"
    )
    hint = f"leave {'it' if len(names) == 1 else 'them'} out with {table.hint('drop', *names)}"
    if text.lower() in _ANSWERS:
        hint = f"write 1 and 0, or {hint}"
    hint += f", or name one that identifies realisations with {table.hint('panel_column', names[0])}"
    return DataError(f"{table.source}: {which} text, not numbers ({table.locate(row)}: {shown(text)})", hint)


def _another_header(table: Table, odd: Sequence[_Fault]) -> int | None:
    """Return a row below others in which every column has text that differs and has no digit, or None."""
    if len(odd) < 2 or len(odd) < len(table.frame.columns):
        return None
    row = int(odd[0].rows[0])
    cells = [str(fault.text.iloc[row]) for fault in odd]
    apart = row > 0 and len(set(cells)) == len(cells) and not any(map(str.isdecimal, "".join(cells)))
    return row if apart and all(int(fault.rows[0]) == row for fault in odd) else None


def _odd_cell(table: Table, fault: _Fault, options: ReadOptions) -> DataError:
    """Return the error for the first of few cells that are no numbers."""
    row = int(fault.rows[0])
    text = str(fault.text.iloc[row])
    name = fault.name
    if has_decimal_comma(text) and "," not in (options.decimal, table.decimal):
        hint = f"if the comma separates decimals, add {table.hint('decimal', ',')}"
        if len(text.rsplit(",", 1)[-1]) == 3:
            hint += f"; if it separates thousands, {table.hint('thousands', ',')}"
    elif number(text) is not None:
        hint = "numbers have decimal commas here; correct the cell"
        if len(text.rsplit(".", 1)[-1]) == 3:
            hint += f", or, if the point separates thousands, add {table.hint('thousands', '.')}"
    elif table.header is not None and _on_top(fault.rows) and not any(map(str.isdecimal, text)):
        rows = len(fault.rows) + (1 if options.header_rows is None else options.header_rows)
        hint = (
            f"if this row belongs to the header, add {table.hint('header_rows', str(rows))}; otherwise "
            f"correct the cell, or leave the column out with {table.hint('drop', name)}"
        )
    else:
        mark = "" if "," in text else f"mark it as missing with {table.hint('missing', text)}, "
        hint = (
            f"correct the cell, {mark}leave the column out with {table.hint('drop', name)}, or, if it identifies "
            f"realisations, name it with "
            f"{table.hint('panel_column', name)}"
        )
    more = f" ({count(len(fault.rows) - 1, 'more cell')} of this column too)" if len(fault.rows) > 1 else ""
    return DataError(f"{table.cell(row, name)}: {shown(text)} is not a number{more}", hint)


def _on_top(rows: NDArray[np.intp]) -> bool:
    return len(rows) <= _MOST_HEADER_ROWS and np.array_equal(rows, np.arange(len(rows)))
