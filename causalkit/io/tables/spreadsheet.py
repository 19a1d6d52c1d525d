"""Sheets of .xlsx, .ods and .xls files, read like the same table in a text file."""

from __future__ import annotations

import csv
import datetime
import io
import itertools
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from causalkit.core.shell import option_text
from causalkit.display.words import listed
from causalkit.errors import DataError
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import on_one_line, shown
from causalkit.io.tables.delimited import delimited_table
from causalkit.io.tables.opening import needed, opened
from causalkit.io.tables.table import Table

_LIBRARIES = {".xlsx": "openpyxl", ".xlsm": "openpyxl", ".ods": "odf", ".xls": "xlrd"}


def spreadsheet_table(path: str | Path, options: ReadOptions) -> Table:
    """Return a sheet as a table: the one that the user names, or the only one with measurements.

    Raises:
        DataError: several sheets have measurements, or none has; a library is missing; or as `delimited_table`.
    """
    import pandas as pd

    path = Path(path)
    with opened(path, "a spreadsheet") as plain:
        engine = _LIBRARIES[plain.suffix.lower()]
        needed(engine, path, "odfpy" if engine == "odf" else engine)
        cells = {"header": None, "dtype": object, "na_filter": False, "keep_default_na": False}
        sheets: dict[Any, pd.DataFrame] = pd.read_excel(plain, sheet_name=None, engine=engine, **cells)
    name, notes = _chosen({str(name): sheet for name, sheet in sheets.items()}, path, options.table)
    where = f"{path}, sheet {shown(name)}" if len(sheets) > 1 else str(path)
    content = _as_text(sheets[name])
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "sheet.csv"
        text.write_text(content, encoding="utf-8", newline="")
        try:
            table = delimited_table(text, options)
        except DataError as error:
            raise DataError(
                *(_in_rows(part.replace(str(text), where)) for part in (error.message, error.hint))
            ) from error

    def locate(row: int) -> str:
        Path(folder).mkdir()  # rows are counted in the text, which is written again where there is an error to report
        try:
            text.write_text(content, encoding="utf-8", newline="")
            return _in_rows(table.locate(row))
        finally:
            shutil.rmtree(folder)

    return replace(table, source=where, locate=locate, notes=(*notes, *map(_in_rows, table.notes)))


def _in_rows(said: str) -> str:
    """Return what was said about lines of text for rows of a sheet."""
    return re.sub(r"\bline(s?) (\d)", r"row\1 \2", said)


def _as_text(sheet: Any) -> str:
    """Return the sheet as delimited text, one line a row; columns without any cell are left out."""
    cells = [[_text(cell) for cell in row] for row in sheet.itertuples(index=False)]
    filled = [column for column in range(sheet.shape[1]) if any(row[column] for row in cells)]
    gaps = _gaps(cells, filled)
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    for number, row in enumerate(cells):
        writer.writerow([row[column] for column in filled] if any(row) or number in gaps else [])
    return stream.getvalue()


def _gaps(cells: list[list[str]], filled: list[int]) -> set[int]:
    """Return which empty rows are time steps without measurements: those between rows of numbers.

    Where the first column has dates or counts, it tells the time, and empty rows only part the table.
    """
    measured = [number for number, row in enumerate(cells) if any(map(_is_number, row))]
    empty = {number for number, row in enumerate(cells) if not any(row)}
    empty = {number for number in empty if measured and measured[0] < number < measured[-1]}
    first = [cells[number][filled[0]] for number in measured] if empty else []
    numbers = [float(cell.replace(",", ".")) for cell in first if _is_number(cell)]
    counts = len(numbers) == len(first) and all(one < other for one, other in itertools.pairwise(numbers))
    return set() if counts or all(cell and not _is_number(cell) for cell in first[1:]) else empty


def _chosen(sheets: Mapping[str, Any], path: Path, wanted: str | None) -> tuple[str, list[str]]:
    """Return the name of the sheet to read, and notes on the others."""
    if wanted is not None:
        if wanted not in sheets:
            raise DataError(f"{path} has no sheet {shown(wanted)}", f"sheets: {listed(list(sheets), most=20)}")
        return wanted, []
    filled = [name for name, sheet in sheets.items() if _has_measurements(sheet)]
    if len(filled) > 1:
        raise DataError(
            f"{path} has {len(filled)} sheets with measurements: {listed([*map(shown, filled)], most=12)}",
            f"name one with {option_text('table', filled[0])}",
        )
    if not filled:
        raise DataError(f"{path} has no sheet with measurements", f"sheets: {listed([*map(shown, sheets)], most=12)}")
    others = [name for name, sheet in sheets.items() if name != filled[0] and len(sheet)]
    return filled[0], [
        f"the sheet {shown(filled[0])} was read, and not {listed([*map(shown, others)])}"
    ] if others else []


def _has_measurements(sheet: Any) -> bool:
    """Return whether two rows or more have a number, or text that is one."""
    rows = sheet.apply(lambda column: column.map(_is_number)).any(axis=1)
    return int(rows.sum()) >= 2


def _is_number(cell: Any) -> bool:
    if isinstance(cell, int | float):
        return True
    try:
        return bool(isinstance(cell, str) and cell.strip() and float(cell.replace(",", ".")) is not None)
    except ValueError:
        return False


def _text(cell: Any) -> str:
    """Return a cell as it stands in a text file; numbers in full, dates by ISO 8601."""
    import pandas as pd

    if cell is None or cell is pd.NaT or cell is pd.NA or (isinstance(cell, float) and cell != cell):
        return ""
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(sep=" ")
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    if isinstance(cell, datetime.timedelta):
        return repr(cell.total_seconds())
    return on_one_line(str(cell))
