"""Lines of a text table that are no measurements, and rows that have too many or too few cells."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from causalkit.display.words import count, listed, were
from causalkit.errors import DataError
from causalkit.io.tables.cells import is_date, is_value, is_written_number, shown
from causalkit.io.tables.header import Header, is_comment
from causalkit.io.tables.text import WHITESPACE, TextFile, words

_MOST_FOOTERS = 50
TOTALS = re.compile(
    r"(grand |sub)?totals?|sums?|means?|averages?|avg|medians?|min(imum)?|max(imum)?|std(dev)?|st\.? ?dev\.?|"
    r"standard deviation|gesamt|summe|mittelwert|total g[eé]n[eé]ral|somme|moyenne|totale|media",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Row:
    """A row as a scan sees it: where it begins, how many cells it has, and its cells where they matter."""

    line: int
    lines: tuple[int, ...]
    width: int
    text: str

    def cells(self, delimiter: str) -> list[str]:
        if delimiter == WHITESPACE:
            return next(csv.reader([" ".join(words(self.text))], delimiter=" "), [""])
        return next(csv.reader(self.text.splitlines(True), delimiter=delimiter, skipinitialspace=True), [""])


@dataclass(frozen=True)
class LeftOut:
    """Lines below the header that are no rows of the table.

    Attributes:
        lines: their numbers.
        notes: what they are.
    """

    lines: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()


def lines_to_leave_out(file: TextFile, header: Header, width: int | None = None) -> LeftOut:
    """Find comments, repeated headers, and empty rows and footers at the end.

    Every line is looked at, so this is for tables that pandas cannot read, or that end unlike they begin.

    Args:
        file: the text.
        header: its top.
        width: number of cells of a row; None: the most frequent one of the first rows.

    Raises:
        DataError: a row that is left has more or fewer cells than the others; the message names the line.
    """
    delimiter, width = header.delimiter, width or header.width
    names = [cell.strip() for cell in header.cells or ()]
    title = next((name for name in names if not is_value(name)), None)
    total, even = 0, None
    comments: list[_Row] = []
    again: list[_Row] = []
    ragged: list[_Row] = []
    empty: list[_Row] = []
    tail: deque[_Row] = deque(maxlen=_MOST_FOOTERS)
    for row in _rows(file, delimiter, header.start):
        total += 1
        if is_comment(row.text) and _says_something(row, width, delimiter):
            comments.append(row)
        if width > 1 and not row.text.strip(delimiter + ' "\t'):
            empty.append(row)
            continue
        tail.append(row)
        if title and row.width == len(names) and title in row.text and _is(row, names, delimiter):
            again.append(row)
        elif row.width != width:
            ragged.append(row)
        elif even is None:
            even = row
    if 2 * len(comments) >= total:
        comments = []
    gone = {row.line for row in (*comments, *again)}
    footers = _footers([row for row in tail if row.line not in gone], delimiter, width, _first_is_text(header))
    gone |= {row.line for row in footers}
    last = max((row.line for row in tail if row.line not in gone), default=0)
    empty = [row for row in empty if row.line > last]
    ragged = [row for row in ragged if row.line not in gone]
    if ragged:
        raise _ragged(file, delimiter, ragged, width, even)
    noted = []
    if comments:
        noted.append(f"{_lines(comments)} left out as {'a comment' if len(comments) == 1 else 'comments'}")
    if again:
        noted.append(f"{_lines(again)} left out, which repeated the header")
    if footers:
        quoted = listed([shown(" ".join(filter(None, row.cells(delimiter)))) for row in footers], most=2)
        noted.append(f"{_lines(footers)} left out as remarks or totals below the table: {quoted}")
    if empty:
        noted.append(f"{count(len(empty), 'empty row')} at the end {were(len(empty))} left out")
    out = (*comments, *again, *footers, *empty)
    return LeftOut(frozenset(line for row in out for line in row.lines), tuple(noted))


def _is(row: _Row, names: Sequence[str], delimiter: str) -> bool:
    return [cell.strip() for cell in row.cells(delimiter)] == names


def _says_something(row: _Row, width: int, delimiter: str) -> bool:
    """Return whether a line that begins like a comment is none of the measurements of a series such as ``%GDP``."""
    if row.width != width or width == 1 or row.text.lstrip(' "').startswith("#"):
        return True
    return not any(is_written_number(cell) for cell in row.cells(delimiter)[1:] if cell.strip())


def _rows(file: TextFile, delimiter: str, start: int) -> Iterator[_Row]:
    """Yield rows with the number of their cells, four times faster than splitting every line into cells."""
    opened: list[str] = []
    begins = start
    for number, line in enumerate(file.lines(start), start=start):
        if not opened and not line.strip(" \r\n" if delimiter == "\t" else None):
            continue
        if '"' not in line and not opened:
            text = line.rstrip("\r\n")
            width = len(words(text)) if delimiter == WHITESPACE else text.count(delimiter) + 1
            yield _Row(number, (number,), width, text)
            continue
        begins = begins if opened else number
        opened.append(line)
        text = "".join(opened)
        if text.count('"') % 2 and len(opened) < 1000:
            continue
        row = _Row(begins, tuple(range(begins, number + 1)), 0, text.rstrip("\r\n"))
        yield _Row(row.line, row.lines, len(row.cells(delimiter)), row.text)
        opened = []
    if opened:
        raise DataError(
            f"{file.path}: a quotation mark in the row that begins on line {begins} is never closed", "close it"
        )


def _first_is_text(header: Header) -> bool:
    """Return whether the first column is text that is neither a number nor a date nor has digits."""
    cells = [cells[0] for _, cells in header.rows[:50] if cells[0].strip()]
    plain = [cell for cell in cells if not (is_value(cell) or any(character.isdecimal() for character in cell))]
    return 2 * len(plain) > len(cells)


def _footers(rows: Sequence[_Row], delimiter: str, width: int, text: bool) -> list[_Row]:
    """Return the rows at the end that are remarks or totals.

    Args:
        rows: the last ones, in order.
        delimiter: between cells.
        width: the usual number of cells.
        text: is the first column text, so that a row that begins with text may be a measurement?
    """
    found: list[_Row] = []
    for row in reversed(rows):
        cells = [cell.strip() for cell in row.cells(delimiter)]
        first = next(filter(None, cells), "")
        if width > 2 and len(cells) == 1 and is_value(first):  # NOAA writes the missing code below the table
            found.append(row)
            continue
        if width == 1 or is_value(first) or is_written_number(first) or is_date(first):
            break
        lone = sum(map(bool, cells)) == 1
        short = len(cells) < width and (not text or (lone and width > 2)) and not _like_data(cells)
        total = not text and TOTALS.fullmatch(first.rstrip(":")) is not None
        if not (short or (lone and cells[0] and not text) or total or _long(row, width)):
            break
        found.append(row)
    return found[::-1]


def _like_data(cells: Sequence[str]) -> bool:
    """Return whether most cells after the first are measurements: a row that lost its end."""
    return 2 * sum(is_written_number(cell) for cell in cells[1:]) > len(cells)


def _long(row: _Row, width: int) -> bool:
    """Return whether a row with too many cells is a sentence, such as a source with commas."""
    return row.width > width and re.match(r"[^\W\d]+[: ]", row.text.lstrip(' "')) is not None


def _lines(rows: Sequence[_Row]) -> str:
    if len(rows) == 1:
        return f"line {rows[0].line} was"
    return f"lines {listed([str(row.line) for row in rows], most=4)} were"


def _ragged(file: TextFile, delimiter: str, rows: Sequence[_Row], width: int, even: _Row | None) -> DataError:
    """Return the error for rows that have more or fewer cells than the others; ``even`` is the first of these."""
    row = rows[0]
    others = f"; {count(len(rows) - 1, 'other line')} also" if len(rows) > 1 else ""
    cells = row.cells(delimiter)
    hint = "correct the line; a missing value is an empty cell between delimiters, or NA"
    if even is not None and row.line < even.line:
        hint = f"if the table begins on line {even.line}, add --skip-rows {even.line - 1}"
    elif not is_value(cells[0]) and not any(map(str.strip, cells[1:])):
        hint = "if this is a remark, delete the line or begin it with #"
    return DataError(
        f"{file.path}: line {row.line} has {count(row.width, 'cell')} where other lines have {width} (it begins "
        f"with {shown(cells[0])}{others})",
        hint,
    )
