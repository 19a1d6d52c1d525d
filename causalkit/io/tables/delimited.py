"""Tables in .csv, .tsv and .txt files, plain or compressed with gzip."""

from __future__ import annotations

import itertools
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from causalkit.display.words import count
from causalkit.errors import DataError
from causalkit.io.tables.cells import MISSING, shown
from causalkit.io.tables.header import Header, column_names, find_header
from causalkit.io.tables.table import Table
from causalkit.io.tables.text import WHITESPACE, TextFile


def delimited_table(path: str | Path) -> Table:
    """Return a delimited table, one row a time step; delimiter (tab, semicolon, comma, blanks) and header are guessed.

    pandas parses the cells. Around it, this module adds what pandas does not report: the line of a row that is too
    short, and the line of any row of the table.

    Raises:
        DataError: the file is not such a table; the message gives the line.
    """
    file = TextFile.of(path)
    delimiter = file.delimiter()
    header = find_header(file, delimiter)
    frame = _parse(file, delimiter, header)
    names, notes, width = header.cells, header.notes, len(frame.columns)
    if width > 1 and not (names and len(names) == width and names[-1]) and frame.iloc[:, -1].isna().all():
        # A delimiter at the end of every line makes one column too many.
        width -= 1
        frame = frame.iloc[:, :width]
        names = names and names[:width]
        notes = (*notes, "an empty last column without a name was left out")
        header = Header(names, header.line, header.start)
    frame.columns = column_names(header, width, str(path), row_names=_could_name_rows(frame.iloc[:, 0]))

    def locate(row: int) -> str:
        line, _ = next(itertools.islice(file.rows(delimiter, header.start), row, None))
        return f"line {line}"

    unnamed = frame.columns[0] if names is not None and (len(names) < width or not names[0]) else ""
    return Table(frame, str(path), locate, notes, unnamed, header.line)


def _could_name_rows(column: Any) -> bool:
    """Return whether a column is text or counts from 1; anything else under a short header would shift names."""
    from pandas.api.types import is_numeric_dtype

    return not is_numeric_dtype(column.dtype) or np.array_equal(column.to_numpy(), np.arange(1, len(column) + 1))


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
        with file.open(header.start) as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            frame: Any = pd.read_csv(stream, **layout)
    except ValueError as error:  # the base of all that pandas raises
        if "EOF inside string" in str(error):
            line = max((line for line, _ in file.rows(delimiter)), default=1)
            raise DataError(
                f"{file.path}: a quotation mark in the row that begins on line {line} is never closed", "close it"
            ) from error
        _refuse_ragged(file, delimiter, header)
        raise DataError(
            f"{file.path} cannot be read as a table: {' '.join(str(error).split())}", "check how it was written"
        ) from error
    # pandas pads short rows without a warning; every such row ends with a missing cell.
    if frame.iloc[:, -1].isna().any() and not _even(file, delimiter, len(frame.columns), header.start):
        _refuse_ragged(file, delimiter, header)
    return frame


def _even(file: TextFile, delimiter: str, width: int, start: int) -> bool:
    """Return whether every line has the delimiters of a row of this width.

    False for quoted delimiters, but four times faster than splitting every line into cells.
    """
    return delimiter != WHITESPACE and all(
        line.count(delimiter) == width - 1 or not line.strip() for line in file.lines(start)
    )


def _refuse_ragged(file: TextFile, delimiter: str, header: Header) -> None:
    """Raise an error for the first row that has more or fewer cells than the others; return when there is none."""
    usual = Counter(len(cells) for _, cells in itertools.islice(file.rows(delimiter), 100)).most_common(1)[0][0]
    for line, cells in file.rows(delimiter, header.start):
        if len(cells) != usual:
            raise DataError(
                f"{file.path}: line {line} has {count(len(cells), 'cell')} where other lines have {usual} (it begins "
                f"with {shown(cells[0])})",
                "correct the line; a missing value is an empty cell between delimiters, or NA",
            )
