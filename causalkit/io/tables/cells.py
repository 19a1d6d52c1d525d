"""One cell of a table, which may be missing, a number, a date or text."""

from __future__ import annotations

import re

MISSING = frozenset(
    {"", "?", ".", "..", "-", "--", "NA", "na", "Na", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>"}
    | {"NaN", "nan", "NAN", "Nan", "-NaN", "-nan", "+nan", "NULL", "Null", "null", "None", "none", "nil"}
    | {"1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"}
)

_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([T ].*)?|\d{4}[-/]\d{1,2}|\d{1,2}:\d{2}(:\d{2}(\.\d*)?)?")
GROUP_MARKS = ".,' \u2019\u00a0\u2009\u202f"
"""What separates thousands somewhere: point, comma, apostrophes, and blanks of several widths."""

_SIGNS = "$\u20ac\u00a3\u00a5%"
_WRITTEN_NUMBER = re.compile(
    rf"[+\-\u2212]?[{_SIGNS}]?\s?(\d+([.,]\d*)?|[.,]\d+|\d{{1,3}}([{GROUP_MARKS}]\d{{3}})+([.,]\d+)?)"
    rf"([eEdD][+-]?\d+)?\s?[{_SIGNS}]?"
)


def is_missing(cell: str) -> bool:
    """Return whether the cell marks a missing value."""
    return cell.strip() in MISSING


def number(cell: str) -> float | None:
    """Return the number in the cell, or None for text and for missing cells."""
    text = cell.strip()
    if text in MISSING or "_" in text:  # Python reads 1_000 as a number, no other program does
        return None
    try:
        return float(text)
    except ValueError:
        return None


def is_value(cell: str) -> bool:
    """Return whether the cell could be a measurement, a number or a missing one."""
    return is_missing(cell) or number(cell) is not None


def is_date(cell: str) -> bool:
    """Return whether the cell is written like a date or a time of day."""
    return _DATE.fullmatch(cell.strip()) is not None


def is_written_number(cell: str) -> bool:
    """Return whether the cell could be a number in some way of writing: with a decimal comma, groups, or a sign."""
    text = cell.strip()
    return number(text) is not None or (_WRITTEN_NUMBER.fullmatch(text) is not None and not is_date(text))


def has_decimal_comma(cell: str) -> bool:
    """Return whether the cell is a number with a comma, which may separate decimals."""
    text = cell.strip()
    return "," in text and is_written_number(text)


def shown(cell: str, length: int = 40) -> str:
    """Return the cell quoted for a message: on one line, and cut where it is long."""
    return repr(cell if len(cell) <= length else cell[: length - 3] + "...")


def on_one_line(name: str) -> str:
    """Return a name without line breaks, which spreadsheets put into headers; a tab alone stays."""
    return name if name.replace("\t", "").isprintable() else " ".join(name.split())


def spreadsheet_text(name: str) -> str:
    """Return a name as a spreadsheet shows it and never computes it: an apostrophe before what begins a formula."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) and number(name) is None else name
