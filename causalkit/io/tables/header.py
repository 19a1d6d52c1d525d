"""The top of a table: title lines, rows of names, rows of units, and where the measurements begin."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from causalkit.core.shell import option_text
from causalkit.display.words import count, listed
from causalkit.errors import DataError
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import (
    MISSING,
    is_date,
    is_missing,
    is_value,
    is_written_number,
    number,
    on_one_line,
    shown,
)
from causalkit.io.tables.text import WHITESPACE, TextFile

COMMENT_MARKS = ("#", "%", "//", "!")
_MOST_TITLES, _MOST_TEXT_ROWS, _LOOKED_AT = 100, 4, 50
_MOST_REMARKS, _FEWEST_DATES = 20, 8
_MONTHS = frozenset(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
_WIDTHS = re.compile(r"\d+[snd]")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)

_EXPONENT = re.compile(r"\W*\d+(?:[.,]\d*)?[eE][+-]?\d+\W*")
_MARKS = (*COMMENT_MARKS, ";")
_MARK_AND_BLANK = re.compile(r"(?:[#%!;]|//)+\s+")
_PROSE = frozenset(["by", "of", "from", "the", "with", "was", "is", "are", "and", "for", "in", "on", "at", "to"])
"""Words of a sentence: a line with one of them, above a table that blanks separate, can be a title."""

Row = tuple[int, list[str]]


@dataclass(frozen=True)
class Header:
    """The top of a table.

    Attributes:
        delimiter: between cells.
        cells: names of the columns, or None when the first row is data.
        line: number of the line with the names.
        start: number of the line of the first row of data.
        rows: the first rows of the table from the first of data on, to see how it is written.
        notes: what was assumed.
    """

    delimiter: str
    cells: tuple[str, ...] | None
    line: int
    start: int
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """The usual number of cells of a row."""
        return _usual_width(self.rows)


@dataclass(frozen=True)
class _Leading:
    """What comes before the first row: comment lines, and the line in which spreadsheets name the delimiter."""

    start: int
    comments: int = 0
    comment: str = ""
    line: int = 0
    delimiter: str | None = None


def find_header(file: TextFile, options: ReadOptions) -> Header:
    """Find the names of the columns and the first row of measurements.

    Title lines and rows of units are recognised where nothing else can be meant, and named in the notes.

    Raises:
        DataError: there is no row of data.
    """
    leading = _leading(file, options.skip_rows or 0)
    delimiter = leading.delimiter or file.delimiter(leading.start)
    rows = _first_rows(file, delimiter, leading.start)
    if not rows:
        raise DataError(f"{file.path} has no row", "check how it was written")
    width = _usual_width(rows)
    titles = 0 if options.skip_rows is not None else _titles(rows, width)
    notes = [f"{count(leading.comments, 'leading comment line')} skipped"] if leading.comments else []
    if titles:
        texts = [" ".join(filter(None, map(str.strip, cells))) for _, cells in rows[:titles]]
        quoted = listed([shown(text) for text in texts if text], most=2)
        lines = "1 line above the table was" if titles == 1 else f"{titles} lines above the table were"
        notes.append(f"{lines} left out: {quoted}")
    rows = rows[titles:]
    if options.header_rows is None:
        return _recognised(file, delimiter, leading, rows, notes, options.missing)
    names, below = rows[: options.header_rows], rows[options.header_rows :]
    if not below:
        raise _only_header(file)
    if not names:
        return Header(delimiter, None, below[0][0], below[0][0], tuple(below), (*notes, _unnamed(len(below[0][1]))))
    _refuse_dashes(file, below, options.missing)
    below, units = _without_units(below, _text_rows(below, width, delimiter, options.missing))
    return Header(delimiter, _joined(names), names[-1][0], below[0][0], tuple(below), (*notes, *units))


def looks_like_names(cells: Sequence[str]) -> bool:
    """Return whether cells are names rather than measurements, as far as they alone can show it.

    A row of numbers is a header only if it counts from 0 or from 1, as pandas writes the names of bare arrays.
    """
    texts = [cell for cell in cells if not is_value(cell) and not is_written_number(cell)]
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
        header: the top of the table.
        width: number of columns.
        source: the file in errors.
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
        hint = "give every column one name"
        if halves_of_numbers(header, width):
            hint = "if the numbers have decimal commas, write semicolons between the cells, or quote the numbers"
        raise DataError(
            f"{source}: the header on line {header.line} has {count(len(cells), 'cell')} and the row after it {width}",
            hint,
        )
    taken = set(cells)
    names = []
    for column, cell in enumerate(cells, start=1):
        name = cell or f"column {column}"
        while not cell and name in taken:
            name += "_"
        names.append(name)
    return names


def halves_of_numbers(header: Header, width: int) -> bool:
    """Return whether rows have about twice as many cells as the header: the halves of numbers with decimal commas."""
    names = len(header.cells or ())
    if header.delimiter != "," or not 2 * names - 1 <= width <= 2 * names:
        return False
    return all(row[-1].strip().isdecimal() or is_missing(row[-1]) for _, row in header.rows if len(row) == width)


def is_comment(line: str, marks: tuple[str, ...] = COMMENT_MARKS) -> bool:
    """Return whether a line begins like a comment; missing codes such as #N/A are none."""
    text = line.lstrip().removeprefix('"')
    if not text.startswith(marks):
        return False
    first = re.split(r'[\t;|,"\s]', text, maxsplit=1)[0]
    return not first or first not in MISSING


def _leading(file: TextFile, skip: int) -> _Leading:
    """Return what comes before the first row."""
    marks: tuple[str, ...] = COMMENT_MARKS
    plain = [line for line in file.sample(skip + 1)[:50] if not line.startswith(";")]
    if not any(";" in line for line in plain):
        marks = (*marks, ";")
    comments, comment, last, delimiter = 0, "", 0, None
    for position, line in enumerate(file.lines(skip + 1), start=skip + 1):
        if not line.strip():
            continue
        if delimiter is None and (separator := _SEPARATOR_LINE.fullmatch(line.rstrip("\r\n"))):
            delimiter = separator[1]
        elif is_comment(line, marks):
            comments += 1
            comment, last = line, position
        else:
            text = comment.rstrip("\r\n")
            return _Leading(position, comments, text, last, WHITESPACE if delimiter == " " else delimiter)
    # Where every line begins like a comment, none is one.
    return _Leading(skip + 1)


def _first_rows(file: TextFile, delimiter: str, start: int) -> list[Row]:
    """Return enough rows to see how the table is written, without comments between them."""
    enough = len(file.sample(start))
    rows = list(itertools.islice(file.rows(delimiter, start), enough))
    comments = [row for row in rows[1:] if is_comment(row[1][0])]  # those above the first row are left out already
    return [row for row in rows if row not in comments] if 2 * len(comments) < len(rows) else rows


def _usual_width(rows: Sequence[Row]) -> int:
    """Return the most frequent number of cells of rows that are not empty."""
    widths = Counter(len(cells) for _, cells in rows if any(cell.strip() for cell in cells))
    return max(widths, key=lambda width: (widths[width], width), default=1)


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)


def _has_measurement(cells: Sequence[str]) -> bool:
    return any(is_written_number(cell) or is_date(cell) for cell in cells if cell.strip())


def _titles(rows: Sequence[Row], width: int) -> int:
    """Return the number of rows above the header: titles, and metadata such as ``station: 5``.

    They have another number of cells than the table, or fill one or two of its cells, and a row of nothing but names
    follows them; or they have one cell, and rows of three or more cells follow. One name above two columns is R's way.
    """
    if width < 2:
        return 0
    if pairs := _pairs_above(rows, width):
        return pairs
    for position, (_, cells) in enumerate(rows[:_MOST_TITLES]):
        if len(cells) not in (width - 1, width) or _is_title(cells, width):
            continue
        below = rows[position + 1 :]
        if _has_measurement(cells) or not any(_has_measurement(row) for _, row in below[:_LOOKED_AT]):
            break
        first = position
        while first and len(rows[first - 1][1]) == width and not _unique(rows[first][1]):
            first -= 1  # the names above merged cells
        return first
    alone = next((n for n, (_, cells) in enumerate(rows) if len(cells) != 1 or _has_measurement(cells)), 0)
    return alone if (width > 2 or alone > 1) and alone < len(rows) and len(rows[alone][1]) == width else 0


def _pairs_above(rows: Sequence[Row], width: int) -> int:
    """Return the number of rows such as ``latitude,51.5`` above a row of names, below which rows begin with numbers."""
    beginnings = [cells[0].strip() for _, cells in rows]
    measured = [is_written_number(cell) or is_date(cell) for cell in beginnings]
    text = measured.index(True) if True in measured else 0
    if len(rows) < text + 2 or not all(measured[text:]) or any(is_missing(cell) for cell in beginnings[:text]):
        return 0
    pairs = max((n + 1 for n, (_, cells) in enumerate(rows[:text]) if _has_measurement(cells)), default=0)
    return pairs if pairs < text and len(rows[pairs][1]) == width == _filled(rows[pairs][1]) else 0


def _is_title(cells: Sequence[str], width: int) -> bool:
    """Return whether a row has text in its first cell or its first two, or none; merged names begin further right."""
    filled = [bool(cell.strip()) for cell in cells]
    return not any(filled) or (filled[0] and sum(filled) <= min(2, width - 1) and not any(filled[2:]))


def _unique(cells: Sequence[str]) -> bool:
    """Return whether every cell but the first has text, and all differ."""
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:  # a delimiter at the end of the line
        names.pop()
    return all(names[1:]) and len(set(names)) == len(names)


def _recognised(
    file: TextFile, delimiter: str, leading: _Leading, rows: Sequence[Row], notes: Sequence[str], missing: Sequence[str]
) -> Header:
    """Return the top of a table whose user did not say how many rows of names it has."""
    (line, first), below = rows[0], list(rows[1:])
    commented = _commented_names(leading, delimiter, rows)
    if commented and all(is_value(cell) or is_date(cell) or _stays(below, n, cell) for n, cell in enumerate(first)):
        notes = ["the names are those of the comment line above the data"]
        return Header(delimiter, commented, leading.line, line, tuple(rows), tuple(notes))
    if not _is_header(file, delimiter, rows, missing):
        return Header(delimiter, None, line, line, tuple(rows), (*notes, _unnamed(len(first))))
    if not below:
        raise _only_header(file)
    said = list(notes)
    _refuse_sentence(file, delimiter, rows[0])
    _refuse_dashes(file, below, missing)
    texts = _text_rows(below, _usual_width(rows), delimiter, missing)
    names = [rows[0]]
    parts = [cells for _, cells in below[:texts] if not _names_index(cells)]
    if texts and (not _unique(first) or any(_fills(cells, first) for cells in parts)):
        # Rows are names until every column has its own; what follows are units.
        more = next((n for n in range(1, texts) if _unique(_joined([*names, *below[:n]]))), texts)
        if more < texts and _names_index(below[more][1]):
            more += 1
        names += below[:more]
        said.append(f"lines {listed([str(row) for row, _ in names])} were joined to the names of the columns")
        below, units = _without_units(below[more:], texts - more)
        said += units
    else:
        if texts and _names_index(below[texts - 1][1]):
            # pandas writes the name of the index below those of the columns.
            names = [(names[0][0], [below[texts - 1][1][0], *first[1:]])]
        below, units = _without_units(below, texts)
        said += units
    below, remarks = _without_remarks(below, missing)
    said += remarks
    cells = _joined(names)
    if all(number(cell) is not None for cell in cells if cell):
        said.append(f"the numbers on line {line} were taken as the names of the columns")
    elif any("." in cell and number(cell) is not None for cell in cells):
        said.append(f"line {line} was taken as the names of the columns although it contains decimal numbers")
    return Header(delimiter, cells, line, below[0][0], tuple(below), tuple(said))


def _fills(cells: Sequence[str], first: Sequence[str]) -> bool:
    """Return whether a row has text where the first row of names has none."""
    return any(cell.strip() and not name.strip() for cell, name in zip(cells, first, strict=False))


def _unnamed(width: int) -> str:
    return f"the first row is data, so the series are called 0 to {width - 1}"


def _only_header(file: TextFile) -> DataError:
    return DataError(
        f"{file.path} has a header and no row of measurements", "a time series needs at least two time steps"
    )


def _text_rows(rows: Sequence[Row], width: int, delimiter: str, missing: Sequence[str]) -> int:
    """Return how many rows at the top are names or units: text, where all rows below have numbers or dates."""
    found = 0
    while found < min(_MOST_TEXT_ROWS, len(rows) - 1):
        cells = rows[found][1]
        if all(map(_WIDTHS.fullmatch, cells)):
            found += 1  # the widths and kinds of the columns, as the USGS writes them
            continue
        below = [row for _, row in rows[found + 1 : found + _LOOKED_AT] if len(row) >= len(cells)]
        if _has_measurement(cells) or not below or len(cells) not in (width - 1, width) or set(cells) & set(missing):
            break
        # Rows of text further down belong to the names as well, and do not speak against this one.
        below = [row for row in below if _has_measurement(row)]
        texts = [column for column, cell in enumerate(cells) if not is_missing(cell)]
        dated = bool(below) and all(is_date(row[0]) for row in below)
        dashes = {cell.strip() for cell in cells if cell.strip()} == {"-"} and not any("-" in row for row in below)
        if not texts and not dashes and not (dated and is_missing(cells[0])):
            break
        if not all(_measured(below, column, missing) and _once(cells[column], below, column) for column in texts):
            break
        if (width == 1 or delimiter == WHITESPACE) and not all(_is_sure_unit(cells[column]) for column in texts):
            break  # a title and names, or names and units
        found += 1
    return found


def _refuse_sentence(file: TextFile, delimiter: str, row: Row) -> None:
    """Refuse names between blanks that read like a sentence of as many words as there are columns.

    Raises:
        DataError: they can be a title of a table without names.
    """
    line, cells = row
    if delimiter != WHITESPACE or not _PROSE.intersection(map(str.lower, cells)):
        return
    text = shown(" ".join(cells))
    raise DataError(
        f"{file.path}: line {line} can be a title or the names of {count(len(cells), 'column')}: {text}",
        f"if it is a title, add {option_text('skip-rows', str(line))}; "
        f"if these are names, add {option_text('header-rows', '1')}",
    )


def _refuse_dashes(file: TextFile, rows: Sequence[Row], missing: Sequence[str]) -> None:
    """Refuse a first row of nothing but dashes, unless other rows or a column that counts show what it is.

    Raises:
        DataError: it can be units or missing values.
    """
    (line, cells), below = rows[0], [row for _, row in rows[1:_LOOKED_AT]]
    if {cell.strip() for cell in cells if cell.strip()} != {"-"} or "-" in missing:
        return
    first = [row[0] for row in below if row]
    steps = {
        round(float(after) - float(before), 9)
        for before, after in itertools.pairwise(map(number, first))
        if (before is not None and after is not None)
    }
    counts = len(first) > 1 and len(steps) == 1 and min(steps) > 0
    if any("-" in row for row in below) or counts or (first and all(map(is_date, first))):
        return
    raise DataError(
        f"{file.path}: line {line} has nothing but '-', which can be units or missing values",
        f"if they are missing values, add {option_text('missing', '-')}; if they are units, delete the line",
    )


def _counts(rows: Sequence[Row]) -> bool:
    """Return whether the first column counts: 1, 2, 3."""
    found = [number(cells[0]) for _, cells in rows[:_LOOKED_AT] if cells]
    first = [value for value in found if value is not None]
    return len(found) == len(first) > 2 and {after - before for before, after in itertools.pairwise(first)} == {1}


def _is_sure_unit(cell: str) -> bool:
    return cell.strip().startswith(("[", "(", "-"))


def _measured(rows: Sequence[Sequence[str]], column: int, missing: Sequence[str]) -> bool:
    """Return whether a column has numbers or dates, and at most a few other cells, such as remarks at the end."""
    cells = [row[column] for row in rows if not is_missing(row[column]) and row[column] not in missing]
    return bool(cells) and 5 * sum(is_written_number(cell) or is_date(cell) for cell in cells) >= 4 * len(cells)


def _once(cell: str, rows: Sequence[Sequence[str]], column: int) -> bool:
    """Return whether a text does not come again in its column, as a code of missing cells would."""
    return all(row[column] != cell for row in rows)


def _without_units(rows: Sequence[Row], texts: int) -> tuple[list[Row], list[str]]:
    """Return rows without those of units at the top, and a note about these."""
    notes = []
    for line, cells in rows[:texts]:
        if not _names_index(cells):
            units = listed([shown(cell.strip()) for cell in cells if cell.strip()], most=4)
            notes.append(f"line {line} was taken as units and left out: {units}")
    return list(rows[texts:]), notes


def _without_remarks(rows: Sequence[Row], missing: Sequence[str]) -> tuple[list[Row], list[str]]:
    """Return rows without those between the names and the dates that describe the series, and a note about these.

    Such as ``Series Type,Original`` or ``Release Date,12-02-2024``, above rows that all begin with a date.
    """
    first = next((n for n, (_, cells) in enumerate(rows[:_MOST_REMARKS]) if any(map(str.isdecimal, cells[0]))), 0)
    below = [cells[0] for _, cells in rows[first : first + _LOOKED_AT]]
    if not first or len(below) < _FEWEST_DATES or not all(map(_like_a_date, below)):
        return list(rows), []
    if any(is_missing(cells[0]) or cells[0] in missing for _, cells in rows[:first]):
        return list(rows), []
    numbers = listed([str(line) for line, _ in rows[:first]], most=4)
    quoted = listed([shown(cells[0].strip()) for _, cells in rows[:first]], most=4)
    lines = f"line {numbers} was" if first == 1 else f"lines {numbers} were"
    return list(rows[first:]), [f"{lines} left out as remarks between the names and the first date: {quoted}"]


def _like_a_date(cell: str) -> bool:
    """Return whether a cell has two numbers or more, or a number and the name of a month, and no other word."""
    if is_date(cell):
        return True
    if _EXPONENT.fullmatch(cell):
        return False
    words = re.findall(r"[^\W\d_]+", cell)
    several = len(re.findall(r"\d+", cell)) > 1 and re.fullmatch(r"[^\w-]*-?[\d.,']*[^\w]*", cell) is None
    return all(word[:3].lower() in _MONTHS or len(word) == 1 for word in words) and (several or bool(words))


def _names_index(cells: Sequence[str]) -> bool:
    """Return whether only the first cell has text: the name of an index, as pandas writes it below other names."""
    return len(cells) > 1 and bool(cells[0].strip()) and not any(cell.strip() for cell in cells[1:])


def _joined(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return one name a column, the parts of several rows separated by "/"; a merged cell counts for its columns."""
    levels = [[on_one_line(cell.strip()) for cell in cells] for _, cells in rows]
    index = None
    if len(levels) > 1 and _names_index(levels[-1]):
        index = levels.pop()[0]
    width = max(map(len, levels))
    levels = [[*level, *[""] * (width - len(level))] for level in levels]
    for upper, lower in itertools.pairwise(levels):
        for column in range(2, width):
            if lower[column]:
                upper[column] = upper[column] or upper[column - 1]
    names = ["/".join(dict.fromkeys(filter(None, parts))) for parts in zip(*levels, strict=True)]
    return (*((names[0],) if index is None else (index,)), *names[1:])


def _is_header(file: TextFile, delimiter: str, rows: Sequence[Row], missing: Sequence[str]) -> bool:
    line, first = rows[0]
    below = [cells for _, cells in rows[1:_LOOKED_AT]]
    if _dates_across(first, below):
        return True
    if _continues(first, below[:3]):
        return False
    if _comes_again(first, below):
        return False
    if looks_like_names([cell for cell in first if cell not in missing]):
        # Names that count from 0 or 1 do not come again as measurements.
        return any(not is_value(cell) for cell in first) or first not in below
    # Names that are numbers differ from data where they, and only they, are quoted without need.
    if any(delimiter in cell for cell in first):
        return False
    lines = list(itertools.islice((text for text in file.lines(line) if text.strip()), 6))
    return len(rows) > 1 and _quoted(lines[0], delimiter) and not any('"' in text for text in lines[1:])


def _continues(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether the first row has a date above dates, or its text has digits in the form of the rows below.

    Such as 1990M01 above 1990M02.
    """
    if not below:
        return False
    if any(is_date(cell) and all(_has_date(cells, column) for cells in below) for column, cell in enumerate(first)):
        return True
    texts = [column for column, cell in enumerate(first) if not is_value(cell)]
    return 0 < len(texts) < len(first) and all(
        any(map(str.isdecimal, first[column]))
        and all(column < len(cells) and _form(cells[column]) == _form(first[column]) for cells in below)
        for column in texts
    )


def _stays(rows: Sequence[Row], column: int, cell: str) -> bool:
    """Return whether a text is the same in all rows, as the name of a station."""
    return len(rows) > 1 and all(column < len(cells) and cells[column] == cell for _, cells in rows[:_LOOKED_AT])


def _dates_across(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether an empty cell and dates are above a column of names and columns of measurements."""
    return (
        len(first) > 3
        and bool(below)
        and not first[0].strip()
        and all(map(is_date, first[1:]))
        and not any(is_value(cells[0]) or is_date(cells[0]) for cells in below)
        and not any(is_date(cell) for cells in below for cell in cells[1:])
    )


def _comes_again(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether the first row has numbers, and its every text comes again in its column: it names nothing."""
    texts = [column for column, cell in enumerate(first) if not is_value(cell)]
    others = [cells for cells in below if len(cells) == len(first) and list(cells) != list(first)]
    return (
        bool(texts)
        and any(is_written_number(cell) for cell in first if cell.strip())
        and all(any(cells[column] == first[column] for cells in others) for column in texts)
    )


def _has_date(cells: Sequence[str], column: int) -> bool:
    return column < len(cells) and is_date(cells[column])


def _form(cell: str) -> str:
    return re.sub(r"[^\W\d]+", "a", re.sub(r"\d", "9", cell.strip()))


def _quoted(line: str, delimiter: str) -> bool:
    between = r"\s+" if delimiter == WHITESPACE else rf"\s*{re.escape(delimiter)}\s*"
    cell = r'"(?:[^"]|"")*"'
    return re.fullmatch(rf"\s*{cell}(?:{between}{cell})*\s*", line) is not None


def _commented_names(leading: _Leading, delimiter: str, rows: Sequence[Row]) -> tuple[str, ...] | None:
    """Return the names of a comment line above the data, as `numpy.savetxt` writes them."""
    line, width = leading.comment.strip(" "), len(rows[0][1])
    if line.count('"') % 2:
        return None  # a name goes on in the next line
    if '"' in line:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    else:
        cells = line.split(None if delimiter == WHITESPACE else delimiter)
    marked = bool(cells) and not cells[0].strip("".join(_MARKS))
    if delimiter == WHITESPACE and marked and not (len(cells) == width and _counts(rows)):
        cells = cells[1:]  # the mark stands alone; above numbers of rows it is their name
    if delimiter == WHITESPACE and _PROSE.intersection(map(str.lower, cells)):
        return None
    names = [on_one_line(cell.strip()) for cell in cells]
    if delimiter == WHITESPACE:
        names = [name.rstrip(",") for name in names]
    # A mark belongs to the name where no blank follows, where it is quoted, or where it begins other names too.
    alone = not line.startswith('"') and not any(name.startswith(_MARKS) for name in names[1:])
    if alone and names and (found := _MARK_AND_BLANK.match(names[0])):
        names[0] = names[0][found.end() :]
    return tuple(names) if len(names) == width and looks_like_names(names) else None
