"""Read .csv, .tsv and .txt tables, plain or packed by gzip."""

from __future__ import annotations

import itertools
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from causalkit.core.panel import Panel
from causalkit.errors import DataError
from causalkit.io.options import ReadOptions
from causalkit.io.panels import Table, panel_of
from causalkit.io.tables.cells import MISSING, counted, shown
from causalkit.io.tables.header import Header, column_names, find_header
from causalkit.io.tables.text import WHITESPACE, TextFile

_DEFAULT = ReadOptions()


def read_table(path: str | Path, options: ReadOptions = _DEFAULT) -> Panel:
    """Read a delimited table: one row a time step, one column a series.

    The delimiter (tab, semicolon, comma or blanks), the header and a time column are recognised; what was recognised
    stands in the notes of the panel.

    Raises:
        DataError: the file is no such table; the message names line and column.
    """
    file = TextFile.of(path)
    delimiter = file.delimiter()
    header = find_header(file, delimiter)
    frame = _parse(file, delimiter, header)
    notes = list(header.notes)
    if len(frame.columns) > 1 and not _name_of_last(header, len(frame.columns)) and frame.iloc[:, -1].isna().all():
        # A delimiter at the end of every line makes one column too many.
        frame = frame.iloc[:, :-1]
        notes.append("an empty last column without a name was left out")
        header = Header(header.cells and header.cells[: len(frame.columns)], header.line, header.skip)
    names = column_names(header, len(frame.columns), str(path), row_names=_could_name_rows(frame.iloc[:, 0]))
    frame.columns = names

    def locate(row: int) -> str:
        rows = file.rows(delimiter)
        line, _ = next(itertools.islice(rows, row + (header.cells is not None and header.skip > 0), None))
        return f"line {line}"

    unnamed = names[0] if header.cells is not None and (len(header.cells) < len(names) or not header.cells[0]) else ""
    return panel_of(Table(frame, str(path), locate, tuple(notes), unnamed), options)


def _could_name_rows(column: Any) -> bool:
    """Return whether a column holds text or counts from 1; anything else under a short header would shift names."""
    from pandas.api.types import is_numeric_dtype

    return not is_numeric_dtype(column.dtype) or np.array_equal(column.to_numpy(), np.arange(1, len(column) + 1))


def _name_of_last(header: Header, width: int) -> str:
    """Return the name in the header of the last of so many columns, "" where there is none."""
    return header.cells[width - 1] if header.cells is not None and len(header.cells) == width else ""


def _parse(file: TextFile, delimiter: str, header: Header) -> Any:
    """Return the rows below the header as a DataFrame with columns 0, 1, ...; all heavy work happens in pandas."""
    import pandas as pd

    layout: dict[str, Any] = {
        "sep": r"\s+" if delimiter == WHITESPACE else delimiter,
        "header": None,
        "na_values": sorted(MISSING),
        "keep_default_na": False,
        "skipinitialspace": True,
        "low_memory": False,
    }
    if int(pd.__version__.split(".")[0]) < 4:
        # The default parser of some versions is wrong in the last digit; later ones are exact and lack the option.
        layout["float_precision"] = "round_trip"
    try:
        with file.open() as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            for _ in range(header.skip):
                stream.readline()
            frame: Any = pd.read_csv(stream, **layout)
    except pd.errors.EmptyDataError as error:
        raise DataError(
            f"{file.path} holds a header and no row of measurements", "a time series needs at least two time steps"
        ) from error
    except UnicodeError as error:
        raise file.wrong_encoding() from error
    except (pd.errors.ParserError, EOFError, OSError, ValueError) as error:
        if "EOF inside string" in str(error):
            line = max((line for line, _ in file.rows(delimiter)), default=1)
            raise DataError(
                f"{file.path}: a quotation mark in the row that begins on line {line} is never closed", "close it"
            ) from error
        _refuse_ragged(file, delimiter, header)
        raise DataError(
            f"{file.path} is no table that can be read: {' '.join(str(error).split())}", "check how it was written"
        ) from error
    # pandas fills short rows up in silence; every such row ends with a missing cell.
    if frame.iloc[:, -1].isna().any() and not _even(file, delimiter, len(frame.columns), header.skip):
        _refuse_ragged(file, delimiter, header)
    return frame


def _even(file: TextFile, delimiter: str, width: int, skip: int) -> bool:
    """Do all lines hold as many delimiters as a row of this width? A quick look that may say no to a sound file."""
    if delimiter == WHITESPACE:
        return False
    lines = itertools.islice(file.lines(), skip, None)
    return all(line.count(delimiter) == width - 1 or not line.strip() for line in lines)


def _refuse_ragged(file: TextFile, delimiter: str, header: Header) -> None:
    """Raise an error for the first row that has more or fewer cells than the others; return when there is none."""
    rows = file.rows(delimiter)
    if header.cells is not None and header.skip:
        next(rows, None)
    usual = Counter(len(cells) for _, cells in itertools.islice(file.rows(delimiter), 100)).most_common(1)[0][0]
    for line, cells in rows:
        if len(cells) != usual:
            first = shown(cells[0]) if cells else "nothing"
            raise DataError(
                f"{file.path}: line {line} has {counted(len(cells), 'cell')} where other lines have {usual} (it begins "
                f"with {first})",
                "correct the line; a missing value is an empty cell between delimiters, or NA",
            )
