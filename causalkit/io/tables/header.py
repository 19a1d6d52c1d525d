"""The first row of a table: the names of the columns, or already measurements."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from causalkit.display.words import count
from causalkit.errors import DataError
from causalkit.io.tables.cells import is_date, is_value, number, on_one_line
from causalkit.io.tables.text import WHITESPACE, TextFile


@dataclass(frozen=True)
class Header:
    """The top of a table.

    Attributes:
        cells: names of the columns, or None when the first row is data.
        line: number of the line with the names.
        start: number of the line of the first row of data.
        notes: what was assumed.
    """

    cells: tuple[str, ...] | None
    line: int
    start: int
    notes: tuple[str, ...] = ()


def find_header(file: TextFile, delimiter: str) -> Header:
    """Look at the first two rows of a table.

    Raises:
        DataError: there is no row of data.
    """
    rows = list(itertools.islice(file.rows(delimiter), 2))
    if not rows:
        raise DataError(f"{file.path} has no row", "check how it was written")
    (line, first), *rest = rows
    commented = _commented_names(file, delimiter, len(first))
    if commented and all(is_value(cell) for cell in first):
        return Header(commented, file.comments, line, ("the names are those of the comment line above the data",))
    if not _is_header(file, delimiter, first, bool(rest)):
        return Header(None, line, line, (f"the first row is data, so the series are called 0 to {len(first) - 1}",))
    if not rest:
        raise DataError(
            f"{file.path} has a header and no row of measurements", "a time series needs at least two time steps"
        )
    notes = []
    if file.comments:
        notes.append(f"{count(file.comments, 'leading comment line')} skipped")
    if all(number(cell) is not None for cell in first if cell.strip()):
        notes.append(f"the numbers on line {line} were taken as the names of the columns")
    elif any("." in cell and number(cell) is not None for cell in first):
        notes.append(f"line {line} was taken as the names of the columns although it contains decimal numbers")
    return Header(tuple(on_one_line(cell.strip()) for cell in first), line, rest[0][0], tuple(notes))


def looks_like_names(cells: Sequence[str]) -> bool:
    """Return whether cells are names rather than measurements, as far as they alone can show it.

    A row of numbers is a header only if it counts from 0 or from 1, as pandas writes the names of bare arrays.
    """
    texts = [cell for cell in cells if not is_value(cell)]
    if texts:
        # A date among numbers is the time of a row of measurements.
        return not (len(texts) < len(cells) and all(is_date(text) for text in texts))
    indexed = len(cells) > 1 and not cells[0].strip()
    counting = [cell.strip() for cell in (cells[1:] if indexed else cells)]
    if len(counting) == 1 and not indexed:
        return False
    return any(counting == [str(start + column) for column in range(len(counting))] for start in (0, 1))


def column_names(header: Header, width: int, source: str, *, row_names: bool = False) -> list[str]:
    """Return a name for each of ``width`` columns; a column without one is called after its position.

    Args:
        row_names: may the first column be names or numbers of rows, above which R writes nothing?

    Raises:
        DataError: the header has more or fewer cells than the rows.
    """
    if header.cells is None:
        return [str(column) for column in range(width)]
    cells = list(header.cells)
    if row_names and len(cells) == width - 1:
        cells.insert(0, "")
    if len(cells) != width:
        raise DataError(
            f"{source}: the header on line {header.line} has {count(len(cells), 'cell')} and the row after it {width}",
            "give every column one name",
        )
    return [cell or f"column {column}" for column, cell in enumerate(cells, start=1)]


def _is_header(file: TextFile, delimiter: str, cells: Sequence[str], followed: bool) -> bool:
    if looks_like_names(cells):
        return True
    # Names that are numbers differ from data where they, and only they, are quoted.
    lines = list(itertools.islice((line for line in file.lines() if line.strip()), 2))
    return followed and _quoted(lines[0], delimiter) and not _quoted(lines[1], delimiter)


def _quoted(line: str, delimiter: str) -> bool:
    between = r"\s+" if delimiter == WHITESPACE else rf"\s*{re.escape(delimiter)}\s*"
    cell = r'"(?:[^"]|"")*"'
    return re.fullmatch(rf"\s*{cell}(?:{between}{cell})*\s*", line) is not None


def _commented_names(file: TextFile, delimiter: str, width: int) -> tuple[str, ...] | None:
    """Return the names of a comment line above the data, as `numpy.savetxt` writes them."""
    cells = file.comment.split(None if delimiter == WHITESPACE else delimiter)
    names = tuple(cell.strip() for cell in cells)
    return names if len(names) == width and looks_like_names(names) else None
