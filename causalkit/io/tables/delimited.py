"""Tables in .csv, .tsv and .txt files, plain or compressed."""

from __future__ import annotations

import functools
import io
import itertools
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from causalkit.core.shell import option_text
from causalkit.display.words import count, were
from causalkit.errors import DataError
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import MISSING, is_date, is_value, is_written_number, shown
from causalkit.io.tables.flags import without_flags
from causalkit.io.tables.header import COMMENT_MARKS, Header, column_names, find_header, halves_of_numbers
from causalkit.io.tables.notation import first_notation, notation_of, with_numbers
from causalkit.io.tables.rows import LeftOut, lines_to_leave_out
from causalkit.io.tables.table import Table, refuse_duplicates
from causalkit.io.tables.text import WHITESPACE, TextFile

_DEFAULT = ReadOptions()
_FEWEST_ROWS = 8
_WHOLE = re.compile(r"[+-]?\d+")
_ROW_OF_PANDAS = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")


def delimited_table(path: str | Path, options: ReadOptions = _DEFAULT) -> Table:
    """Return a delimited table, one row a time step; delimiter, header and notation of numbers are recognised.

    pandas parses the cells. Around it, this package adds what pandas does not report: lines that are no rows, the line
    of a row that is too short, how numbers are written, and the line of any row of the table.

    Raises:
        DataError: the file is not such a table; the message gives the line.
    """
    file = TextFile.of(path, options.encoding, option=True)
    header = find_header(file, options)
    first = [cells for _, cells in header.rows]
    if options.decimal is None and header.cells is None and header.delimiter == ",":
        _refuse_halves(file, header)
    tried = first_notation(first, options)
    body = _read(file, header, tried.decimal)
    table, positions = _named(body, str(path), options.missing)

    def reread(names: list[str]) -> Any:
        chosen = {positions[table.names.index(name)]: name for name in names}
        frame = _parsed(file, header, body.left, usecols=sorted(chosen), dtype=str)
        return frame.rename(columns=chosen)

    notation = notation_of(table.frame, tried, first, options, header.delimiter, reread=reread, place=table.cell)
    if notation.decimal != tried.decimal:
        table, _ = _named(_read(file, header, notation.decimal), str(path), options.missing)
    frame, flags = without_flags(table.frame)
    frame, notes = with_numbers(frame, notation, options.missing)
    return replace(table, frame=frame, notes=(*table.notes, *notation.notes, *flags, *notes), decimal=notation.decimal)


@dataclass(frozen=True, eq=False)
class _Body:
    """The rows below the header.

    Attributes:
        file: the text.
        header: its top.
        left: lines that are no rows.
        frame: the rows, with columns 0, 1, ....
    """

    file: TextFile
    header: Header
    left: LeftOut
    frame: Any

    def line_of(self, row: int) -> str:
        return f"line {self.lines[row]}"

    @functools.cached_property
    def lines(self) -> list[int]:
        """Number of the first line of every row; found where an error or a note needs it."""
        return [line for line, _ in self.file.rows(self.header.delimiter, self.header.start, self.left.lines)]


class _Lines(io.TextIOBase):
    """Lines as a file that pandas reads."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)

    def readable(self) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        return self._lines

    def read(self, size: int | None = -1) -> str:
        parts: list[str] = []
        length = 0
        for line in self._lines:
            parts.append(line)
            length += len(line)
            if size is not None and 0 <= size <= length:
                break
        return "".join(parts)


def _read(file: TextFile, header: Header, decimal: str) -> _Body:
    """Parse the rows, without lines that are no rows."""
    left = LeftOut()
    try:
        frame = _parsed(file, header, left, decimal=decimal)
    except ValueError as error:  # the base of all that pandas raises
        left = lines_to_leave_out(file, header)
        if not left.lines:
            raise _unreadable(file, header, error) from error
    else:
        if not _suspicious(file, header, frame):
            return _Body(file, header, left, frame)
        left = lines_to_leave_out(file, header, len(frame.columns))
        if not left.lines:
            return _Body(file, header, left, frame)
    try:
        return _Body(file, header, left, _parsed(file, header, left, decimal=decimal))
    except ValueError as error:
        raise _unreadable(file, header, error) from error


def _unreadable(file: TextFile, header: Header, error: Exception) -> DataError:
    if found := _ROW_OF_PANDAS.search(str(error)):
        width, line, cells = found.groups()
        where = f"{file.path}: line {header.start - 1 + int(line)} has {cells} cells, not {width}"
        return DataError(where, "check for a quotation mark that is never closed")
    return DataError(f"{file.path} cannot be read as a table", "check how it was written")


def _parsed(file: TextFile, header: Header, left: LeftOut, **layout: Any) -> Any:
    """Return the rows as a DataFrame with columns 0, 1, ...; all heavy work happens in pandas."""
    import pandas as pd

    layout = {
        "sep": r"\s+" if header.delimiter == WHITESPACE else header.delimiter,
        "header": None,
        "na_values": sorted(MISSING),
        "keep_default_na": False,
        "skipinitialspace": True,
        "low_memory": False,
        **layout,
    }
    if int(pd.__version__.split(".")[0]) < 4:
        # The default parser of some versions is wrong in the last digit; later ones are exact and lack the option.
        layout["float_precision"] = "round_trip"
    with file.open(header.start) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        if not left.lines:
            return pd.read_csv(stream, **layout)
        kept = (line for number, line in enumerate(stream, start=header.start) if number not in left.lines)
        return pd.read_csv(_Lines(kept), **layout)


def _suspicious(file: TextFile, header: Header, frame: Any) -> bool:
    """Return whether some lines may be no rows, or have too few cells, which pandas fills without a warning."""
    width = len(frame.columns)
    first, last = frame.iloc[:, 0], frame.iloc[:, -1]
    if width > 1 and last.isna().any():
        delimiters = None if header.delimiter == WHITESPACE else file.count(header.delimiter, header.start)
        if delimiters != len(frame) * (width - 1):
            return True
    if frame.iloc[-1].isna().all():
        return True
    if first.dtype.kind in "biuf":
        return False
    end = str(first.iloc[-1])
    if not (is_value(end) or is_date(end)):
        return True
    text = first.dropna().astype(str)
    names = header.cells or ("",)
    return bool(text.str.startswith(COMMENT_MARKS).any() or (names[0] and (text == names[0]).any()))


def _named(body: _Body, source: str, missing: Sequence[str]) -> tuple[Table, tuple[int, ...]]:
    """Return the rows as a table, without empty columns that have no name, and the file's numbers of its columns."""
    frame, header = body.frame, body.header
    notes = (*header.notes, *body.left.notes)
    width, names = len(frame.columns), list(header.cells) if header.cells is not None else None
    if names is not None:
        while len(names) > width and not names[-1]:
            names.pop()
        refuse_duplicates(
            [name or f"column {n}" for n, name in enumerate(names, 1)], f"{source}: line {header.line}", _other(header)
        )
    unnamed = range(width) if names is None else [c for c in range(width) if c >= len(names) or not names[c]]
    beginning = frame.iloc[:1].isna().to_numpy()[0]
    empty = [column for column in unnamed if beginning[column] and frame[column].isna().all()]
    if names is None or len(names) < width:
        # Delimiters at the end of every line make columns too many.
        last = max((column for column in range(width) if column not in empty), default=0)
        least = last if names is None else max(last, len(names) - 1)
        empty = [column for column in empty if column > least or (names is not None and column < len(names))]
    if empty and len(empty) < width:
        notes = (*notes, f"{count(len(empty), 'empty column')} without a name {were(len(empty))} left out")
        frame = frame.drop(columns=empty)
        names = names and [name for column, name in enumerate(names) if column not in empty]
        width = len(frame.columns)
    header = replace(header, cells=None if names is None else tuple(names))
    columns = column_names(
        header,
        width,
        source,
        row_names=_could_name_rows(frame.iloc[:, 0], missing) and not halves_of_numbers(header, width),
    )
    positions = tuple(frame.columns)
    frame = frame.copy(deep=False)
    frame.columns = columns
    first = columns[0] if names is not None and (len(names) < width or not names[0]) else ""
    return Table(frame, source, body.line_of, notes, first, header.line), positions


def _refuse_halves(file: TextFile, header: Header) -> None:
    """Refuse rows without names in which every second cell may be the decimals of the one before: ``1,05,-0,31``.

    Raises:
        DataError: no cell has a point, and every second column has digits only, as decimals are written.
    """
    rows = [cells for _, cells in header.rows if len(cells) == header.width and all(map(str.strip, cells))]
    if len(rows) < _FEWEST_ROWS or header.width < 4:
        return
    whole, part = (list(itertools.chain(*(row[header.width % 2 :][n::2] for row in rows))) for n in (0, 1))
    if not (all(map(_WHOLE.fullmatch, whole)) and all(cell.isascii() and cell.isdecimal() for cell in part)):
        return
    certain = "-0" in whole or any(len(cell) > 1 and cell.startswith("0") for cell in part)
    as_decimals = len({len(cell) for cell in part}) == 1 and len(set(part)) > 5
    as_numbers = len({len(cell) for cell in whole}) == 1
    if certain or (as_decimals and not as_numbers):
        number = f"{whole[0]},{part[0]}"
        raise DataError(
            f"{file.path}: line {header.start}: {shown(number)} can be one number with a decimal comma, or two numbers",
            "if the commas separate decimals, write semicolons between the cells, or quote the numbers; if every cell "
            f"is a number, add {option_text('decimal', '.')}",
        )


def _other(header: Header) -> str:
    """Return what to do about a header in which a name comes twice."""
    names = [name for name in header.cells or () if name]
    if 2 * sum(map(is_written_number, names)) > len(names):
        return "rename one of them; if the first row contains measurements, add " + option_text("header_rows", "0")
    number = option_text("skip_rows", str(header.start - 1)) + " " + option_text("header_rows", "0")
    return f"rename one of them, or number the columns with {number}"


def _could_name_rows(column: Any, missing: Sequence[str]) -> bool:
    """Return whether a column is text or counts from 1; anything else under a short header would shift names."""
    from pandas.api.types import is_numeric_dtype

    if is_numeric_dtype(column.dtype):
        return np.array_equal(column.to_numpy(), np.arange(1, len(column) + 1))
    return not all(is_written_number(str(cell)) or str(cell) in missing for cell in column.dropna().iloc[:50])
