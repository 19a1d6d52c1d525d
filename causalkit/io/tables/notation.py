"""How the numbers of a text table are written: decimal separator, separator of thousands, signs around them."""

from __future__ import annotations

import itertools
import numbers
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.shell import option_text
from causalkit.display.words import listed
from causalkit.errors import DataError
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import GROUP_MARKS, MISSING, is_date, shown
from causalkit.io.tables.cells import number as cell_number

_LOOKED_AT, _SURE_AFTER = 50, 2000
_SIGNS = "$\u20ac\u00a3\u00a5%"
_GROUPS = GROUP_MARKS.replace(".", "").replace(",", "")
_SIGN, _EXPONENT = r"[+-]?", r"(?:[eE][+-]?\d+)?"
_FORTRAN = re.compile(r"([+-]?\d+\.\d*|[+-]?\.\d+)[dD]([+-]\d+)")
_MONEY = re.compile(rf"^([+-]?)[{_SIGNS}]\s*")
_BRACKETS = re.compile(r"\(([^()+-]+)\)|([\d.,]*\d)-")
"""A negative number, as bookkeeping and SAP write it: ``(12.3)`` or ``12.3-``."""
_UNIT = re.compile(r"([+-]?[\d.,]*\d[.,]?)\s*(?![eEdD][+-]?\d)([^\W\d_]{1,6}|\u00b0[CFK])")
_NO_UNITS = frozenset({"day", "days", "am", "pm", "st", "nd", "rd", "th", "q", "w"})
_GROUPED = re.compile(rf"(?<=\d)[{_GROUPS}](?=\d{{3}}(?!\d))")
_WHOLE = re.compile(r"[+-]?\d+")
_OTHER = {".": ",", ",": "."}
_NAMES = {".": "point", ",": "comma"}


@dataclass(frozen=True)
class Notation:
    """How numbers are written.

    Attributes:
        decimal: "." or ",".
        thousands: the separator of thousands, or None.
        notes: what was recognised.
    """

    decimal: str = "."
    thousands: str | None = None
    notes: tuple[str, ...] = ()


@dataclass
class _Evidence:
    """What cells show: for "." and "," the first cell that proves a meaning, or leaves it open."""

    decimal: dict[str, str] = field(default_factory=dict)
    thousands: dict[str, str] = field(default_factory=dict)
    open: dict[str, tuple[str, str]] = field(default_factory=dict)  # cell and column
    mixed: set[str] = field(default_factory=set)

    def add(self, column: str, cells: Sequence[str]) -> None:
        """Look at the cells of one column; a column of other things than numbers shows nothing."""
        cells = [_bare(cell) for cell in cells if cell.strip() not in MISSING]
        kinds = [_kind(cell) for cell in cells]
        if 2 * sum(kind is not None for kind in kinds) <= len(cells):
            return
        whole = "whole" in kinds
        time = _increases(cells)
        for cell, kind in zip(cells, kinds, strict=True):
            if kind is None or kind == "whole":
                continue
            meaning, mark = kind.split()
            if meaning == "decimal" and time and mark == ".":
                continue
            if meaning == "decimal":
                self.decimal.setdefault(mark, cell)
            elif meaning == "both":  # 1.234,5
                self.decimal.setdefault(mark, cell)
                self.thousands.setdefault(_OTHER[mark], cell)
            elif meaning == "thousands":
                self.thousands.setdefault(mark, cell)
            else:
                if whole and mark not in self.mixed:  # the question is about this column
                    self.mixed.add(mark)
                    self.open[mark] = (cell, column)
                self.open.setdefault(mark, (cell, column))


def first_notation(rows: Iterable[Sequence[str]], options: ReadOptions) -> Notation:
    """Return how the first rows seem to be written, for a first attempt."""
    if options.decimal is not None:
        return Notation(options.decimal, options.thousands)
    evidence = _evidence_of_rows(rows)
    return Notation("," if set(evidence.decimal) == {","} else ".", options.thousands)


def notation_of(
    frame: Any,
    tried: Notation,
    rows: Iterable[Sequence[str]],
    options: ReadOptions,
    delimiter: str,
    *,
    reread: Callable[[list[str]], Any],
    place: Callable[[int, str], str],
) -> Notation:
    """Return how the numbers of a table are written.

    Args:
        frame: the table as pandas reads it with the notation that was tried; what it cannot read is text.
        tried: that notation.
        rows: the first rows as text.
        options: the user's word counts.
        delimiter: between cells.
        reread: returns named columns as text.
        place: returns where a cell is, for errors.

    Raises:
        DataError: numbers such as 1.002 can mean two things, and the graph would depend on it.
    """
    if options.decimal is not None:
        return Notation(options.decimal, options.thousands)
    evidence = _evidence_of_rows(rows)
    kept = [name for name in frame.columns if name not in options.drop]
    texts = [name for name in _text_columns(frame) if name not in options.drop]
    for name in texts:
        evidence.add(name, _marked(frame[name], tried.decimal if tried.decimal in evidence.decimal else None))
    if tried.decimal not in evidence.decimal:
        doubtful = []
        for name in kept:
            if name in texts:
                continue
            values = frame[name].to_numpy()
            if values.dtype.kind != "f" or _increasing(values):
                continue
            if _proves_decimals(values):
                evidence.decimal[tried.decimal] = ""
                break
            doubtful.append(name)
        if tried.decimal not in evidence.decimal and doubtful:
            again = reread(doubtful)
            for name in doubtful:
                evidence.add(name, _marked(again[name]))
            frame = frame.assign(**{name: again[name] for name in doubtful})
    return _decided(evidence, options, delimiter, lambda cell, name: place(_row_of(frame[name], cell), name))


def with_numbers(frame: Any, notation: Notation, missing: Sequence[str] = ()) -> tuple[Any, tuple[str, ...]]:
    """Return the table with text columns as numbers where their cells are numbers in this notation, and notes.

    A column with few other cells keeps these, so that an error can name them.
    """
    notes: dict[str, list[str]] = {}
    changed = {}
    for name in _text_columns(frame):
        if (found := _numbers(frame[name], notation, missing)) is not None:
            changed[name], said = found
            for note in said:
                notes.setdefault(note, []).append(repr(name))
    if changed:
        frame = frame.copy(deep=False)
        for name, column in changed.items():
            frame[name] = column
    return frame, tuple(f"{note} in {listed(names, most=6)}" for note, names in notes.items())


def is_numeric(dtype: Any) -> bool:
    """Return whether a column of this type contains real numbers or truth values."""
    from pandas.api.types import is_numeric_dtype

    return bool(is_numeric_dtype(dtype)) and dtype.kind != "c"


def _text_columns(frame: Any) -> list[str]:
    return [name for name, dtype in zip(frame.columns, frame.dtypes, strict=True) if not is_numeric(dtype)]


def _bare(cell: str) -> str:
    """Return a cell without signs of money and percent and blanks between thousands, with a minus of ASCII."""
    text = _MONEY.sub(r"\1", cell.strip().replace("\u2212", "-")).rstrip(_SIGNS).rstrip()
    return _GROUPED.sub("", text) if len(text) > 4 else text


def _kind(cell: str) -> str | None:
    """Return what a number shows about its separators: "decimal ,", "thousands .", "both ,", "open .", "whole"."""
    if _WHOLE.fullmatch(cell):
        return "whole"
    for mark, other in _OTHER.items():
        m, o = re.escape(mark), re.escape(other)
        if re.fullmatch(rf"{_SIGN}[1-9]\d{{0,2}}({o}\d{{3}})+{m}\d+{_EXPONENT}", cell):
            return f"both {mark}"
        if re.fullmatch(rf"{_SIGN}[1-9]\d{{0,2}}({m}\d{{3}}){{2,}}", cell):
            return f"thousands {mark}"
        if re.fullmatch(rf"{_SIGN}[1-9]\d{{0,2}}{m}\d{{3}}", cell):
            return f"open {mark}"
        if re.fullmatch(rf"{_SIGN}(\d+{m}\d*|{m}\d+){_EXPONENT}", cell) and not cell.endswith(","):
            return f"decimal {mark}"
    return None


def _increases(cells: Sequence[str]) -> bool:
    """Return whether cells are increasing numbers: a time, which may be written as 18.30 for half past six."""
    try:
        values = [float(cell.replace(",", ".")) for cell in cells]
    except ValueError:
        return False
    return len(values) > 2 and all(one < two for one, two in itertools.pairwise(values))


def _increasing(values: NDArray[Any]) -> bool:
    head = values[:_SURE_AFTER]
    return len(head) > 2 and bool((np.diff(head) > 0).all())


def _proves_decimals(values: NDArray[np.float64]) -> bool:
    """Return whether numbers that were read with a decimal separator cannot be thousands: 0.5, 12.3456, 1234.5."""
    for part in (values[:_SURE_AFTER], values):
        broken = np.abs(part[np.isfinite(part) & (part != np.floor(part))])
        thousands = broken * 1000
        fits = (broken > 1) & (broken < 1000) & (np.abs(thousands - np.rint(thousands)) < 1e-6)
        if not fits.all():
            return True
    return False


def _evidence_of_rows(rows: Iterable[Sequence[str]]) -> _Evidence:
    evidence = _Evidence()
    rows = list(rows)
    width = max(map(len, rows), default=0)
    marks = {mark for mark in _OTHER if any(mark in cell for row in rows for cell in row)}
    for column in range(width):
        evidence.add(str(column), [row[column] for row in rows if column < len(row)])
        if len(marks) < 2 and marks <= set(evidence.decimal):
            break  # nothing else can be found
    # Cells that leave the meaning open are looked at in the whole table.
    return _Evidence(evidence.decimal, evidence.thousands)


def _marked(column: Any, known: str | None = None) -> list[str]:
    """Return the distinct cells of a column of numbers.

    Args:
        column: of text.
        known: where a decimal separator is proved already, cells that are numbers with it are left out but for the
            first ones.
    """
    filled = column.dropna()
    head = [str(cell) for cell in filled.iloc[:_LOOKED_AT]]
    if not any(_kind(_bare(cell)) for cell in head) or all(is_date(cell) for cell in head):
        return []
    cells = filled.unique() if known is None else _odd_cells(filled, known)
    return list(dict.fromkeys([*head, *map(str, cells)]))


def _row_of(column: Any, cell: str) -> int:
    """Return the first row with the cell."""
    return next(row for row, found in enumerate(column) if isinstance(found, str) and _bare(found) == cell)


def _decided(evidence: _Evidence, options: ReadOptions, delimiter: str, place: Callable[[str, str], str]) -> Notation:
    """Return the notation that the evidence leaves, or raise the question."""
    if len(evidence.decimal) == 2:  # columns differ; what is no number with a point becomes an error of its cell
        return Notation(".", options.thousands)
    decimal = next(iter(evidence.decimal), None)
    if decimal is None and len(evidence.thousands) == 1:
        decimal = _OTHER[next(iter(evidence.thousands))]
    if decimal is None:
        return _open_decimal(evidence, delimiter, place)
    other = _OTHER[decimal]
    notes = []
    if decimal == ",":
        example = f", such as {shown(evidence.decimal[','])}" if evidence.decimal.get(",") else ""
        notes.append(f"numbers have decimal commas{example}")
    if other in evidence.thousands or (other == "," and other in evidence.open):
        example = evidence.thousands.get(other) or evidence.open[other][0]
        notes.append(f"the {_NAMES[other]} in {shown(example)} and others separates thousands")
        return Notation(decimal, other, tuple(notes))
    if other in evidence.open and options.thousands is None:
        cell, name = evidence.open[other]
        raise DataError(
            f"{place(cell, name)}: {shown(cell)} has a {_NAMES[other]}, while other numbers have decimal commas",
            f"if it separates thousands, add {option_text('thousands', other)}; otherwise correct the cell",
        )
    return Notation(decimal, options.thousands, tuple(notes))


def _open_decimal(evidence: _Evidence, delimiter: str, place: Callable[[str, str], str]) -> Notation:
    """Return the notation where no cell proves one.

    Where all numbers of all columns look like 1.002, their reading changes the unit and not the graph. Among whole
    numbers it changes the series.
    """
    for mark in _OTHER:
        if mark not in evidence.open:
            continue
        cell, name = evidence.open[mark]
        if mark in evidence.mixed or (mark == "," and delimiter != ";"):
            value = float(cell.replace(",", "."))
            raise DataError(
                f"{place(cell, name)}: {shown(cell)} can be {value:g} or {value * 1000:.0f}",
                f"add {option_text('thousands', mark)} if the {_NAMES[mark]} separates thousands, or "
                f"{option_text('decimal', mark)} if it separates decimals",
            )
        return Notation(mark, None, (f"the {_NAMES[mark]} in numbers such as {shown(cell)} separates decimals",))
    return Notation()


def _numbers(column: Any, notation: Notation, missing: Sequence[str]) -> tuple[Any, list[str]] | None:
    """Return a text column as numbers and what was removed from its cells; None: it needs nothing, or is no number."""
    import pandas as pd

    filled = column[column.notna()]
    head = [_Patterns(notation, missing).number(cell) for cell in filled.iloc[:_LOOKED_AT]]
    if not head or 2 * head.count(None) > len(head):
        return None
    patterns = _Patterns(notation, missing)
    try:
        odd = _odd_cells(filled, notation.decimal)
    except TypeError:  # objects that are no cells
        return None
    found = {cell: patterns.number(cell) for cell in odd}
    if not patterns.changed or len(patterns.signs) > 1 or not _are_negative(patterns):
        return None
    cells = filled.tolist()
    parsed = [found[cell] if cell in found else float(cell) for cell in cells]
    if 2 * parsed.count(None) > len(parsed):
        return None
    if patterns.signs and any(
        cell not in patterns.signed and value == value for cell, value in zip(cells, parsed, strict=True)
    ):
        return None  # some numbers have a sign such as % and others have none
    text = None in parsed
    values = pd.Series(np.nan, index=column.index, dtype=object if text else np.float64)
    values[filled.index] = [cell if value is None else value for cell, value in zip(cells, parsed, strict=True)]
    return values, patterns.said()


def _are_negative(patterns: _Patterns) -> bool:
    """Return whether numbers in brackets, where there are any, are negative: several, beside no minus."""
    return not patterns.brackets or (len(patterns.brackets) > 2 and not patterns.negative)


def _odd_cells(filled: Any, decimal: str) -> list[Any]:
    """Return the distinct cells that Python does not read as the numbers that they are."""
    import pandas as pd

    odd = pd.to_numeric(filled, errors="coerce").isna()
    if decimal == ",":
        odd |= filled.astype(str).str.contains(".", regex=False)
    return list(filled[odd.to_numpy(dtype=bool)].unique())


class _Patterns:
    """Turns cells into numbers, and remembers what it met."""

    def __init__(self, notation: Notation, missing: Sequence[str]) -> None:
        self.missing = {*missing, *(value for code in missing if (value := cell_number(code)) is not None)}
        self.decimal = re.escape(notation.decimal)
        self.point = notation.decimal
        marks = [notation.thousands] if notation.thousands in (".", ",") else []
        self.groups = [*marks, *(_GROUPS if notation.thousands is None or marks else _same(notation.thousands))]
        self.grouped = {
            mark: re.compile(rf"{_SIGN}[1-9]\d{{0,2}}({re.escape(mark)}\d{{3}})+({self.decimal}\d*)?")
            for mark in self.groups
        }
        self.plain = re.compile(rf"{_SIGN}(\d+({self.decimal}\d*)?|{self.decimal}\d+){_EXPONENT}")
        self.chosen = notation.thousands
        self.signs: set[str] = set()
        self.marks: set[str] = set()
        self.signed: set[str] = set()
        self.changed = False
        self.negative = False
        self.brackets: set[str] = set()

    def number(self, cell: Any) -> float | None:
        """Return the number in a cell, NaN for a missing one, or None; what is a number already stays as it is."""
        if not isinstance(cell, str):
            return float(cell) if isinstance(cell, numbers.Real) and not isinstance(cell, bool | np.bool_) else None
        text = cell.strip()
        if text in MISSING:
            return np.nan
        found = text.replace("\u2212", "-")
        brackets = _BRACKETS.fullmatch(found)
        if brackets is not None:
            found = brackets[1] or brackets[2]
        elif unit := _UNIT.fullmatch(found):
            return self._with_unit(cell, unit[1], unit[2])
        signs = [character for character in found if character in _SIGNS]
        if len(signs) == 1:
            found = found.replace(signs[0], "", 1).strip()
            if not (text.startswith(signs[0]) or text.endswith(signs[0]) or text[0] in "+-\u2212"):
                return None
        for mark, pattern in self.grouped.items():
            if mark in found and pattern.fullmatch(found):
                self.marks.add(mark)
                found = found.replace(mark, "")
                break
        if self.plain.fullmatch(found):
            found = found.replace(self.point, ".")
        elif fortran := _FORTRAN.fullmatch(found.replace(self.point, ".")):
            found = f"{fortran[1]}e{fortran[2]}"
        else:
            return None
        self.signs.update(signs)
        value = float(found)
        if brackets is not None:
            value = -value
            self.brackets.add(cell)
        self.negative = self.negative or (brackets is None and value < 0)
        if signs or text in self.missing or value in self.missing:
            self.signed.add(cell)
        self.changed = self.changed or found != text
        return value

    def _with_unit(self, cell: str, written: str, unit: str) -> float | None:
        """Return the number in front of a unit."""
        value = None if unit.lower() in _NO_UNITS else self.number(written)
        if value is not None and value == value:
            self.signs.add(unit)
            self.signed.add(cell)
            self.changed = True
        return value

    def said(self) -> list[str]:
        """Return what was removed from cells without a word of the user."""
        said = [f"{shown(sign)} was left out of the numbers" for sign in sorted(self.signs)]
        if self.brackets:
            said.append(f"numbers such as {shown(min(self.brackets))} were taken as negative")
        said += [f"{shown(mark)} was taken as separator of thousands" for mark in sorted(self.marks) if mark in _GROUPS]
        return said


def _same(mark: str | None) -> str:
    """Return a separator with those that look like it."""
    return next((alike for alike in ("'\u2019", " \u00a0\u2009\u202f") if mark and mark in alike), mark or "")
