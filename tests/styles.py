"""Tables written in every legal style, for round trips: what is read must be what was written, or be refused.

A style is one entry of `STYLES`: the name of a part of the way of writing, and the choices for it. A new way of writing
is a new choice there, and a line where `written` uses it.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

NAMES = [
    "a",
    "b c",
    "x,y",
    "Größe",
    'in "quotes"',
    "P1",
    "speed (m/s)",
    "it's",
    "up;down",
    "x|y",
    "-v",
    "$b",
    "two\nlines",
]

STYLES: dict[str, list[Any]] = {
    "delimiter": [",", ";", "\t", "|", " "],
    "decimal": [".", ","],
    "thousands": ["", "", "", ".", ",", "'", "\u2019", " ", "\u00a0", "\u202f"],
    "quoting": [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC],
    "line_end": ["\n", "\r\n", "\r"],
    "encoding": ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "utf-16-le"],
    "compression": [None, None, None, gzip.compress, bz2.compress, lzma.compress],
    "time": [None, None, "steps", "dates"],
    "header": ["names", "names", "names", "none", "two rows", "option"],
    "units": [None, None, "[mm]", "degC", "-"],
    "titles": [
        (),
        (),
        ("Measurements of the summer",),
        ("station: 5", "height: 12.5 m"),
        ("# made by hand", "# twice"),
    ],
    "separator_line": [False, False, False, True],
    "comment": [None, None, "#", "%"],
    "footer": [None, None, "Source: own measurements", "Total"],
    "empty_rows": [0, 0, 0, 3],
    "blank_lines": [False, False, True],
    "trailing_delimiters": [0, 0, 1, 3],
    "missing": ["", "NA", "NaN", "-999", "n.d.", "-99.99"],
    "sign": ["", "", "", "%", "$"],
    "minus": ["-", "-", "\u2212"],
    "exponent": [False, False, False, True],
    "plus": [False, False, True],
    "options": [True, True, False],
}
"""Ways of writing a table; the first choice of each is the plainest."""


@dataclass(frozen=True)
class Written:
    """A table in a style.

    Attributes:
        content: of the file.
        suffix: of the file.
        options: what the reader has to know.
        names: of the series.
        values: shape (rows, series).
        style: the choices.
    """

    content: bytes
    suffix: str
    options: dict[str, Any]
    names: tuple[str, ...]
    values: np.ndarray
    style: dict[str, Any]


@st.composite
def tables(draw: Any) -> Written:
    """Return a table in a random style."""
    style = {name: draw(st.sampled_from(choices)) for name, choices in STYLES.items()}
    plain = draw(st.sets(st.sampled_from(sorted(STYLES)), max_size=len(STYLES)))
    style |= {name: STYLES[name][0] for name in plain}
    columns = draw(st.integers(2, 4))
    rows = draw(st.integers(6, 20))
    names = draw(st.permutations(NAMES))[:columns]
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    numbers = []
    for _ in range(columns):
        digits = draw(st.sampled_from([0, 0, 1, 2, 3, 3, 6]))
        size = draw(st.sampled_from([1.0, 5.0, 30.0, 2000.0, 3e6]))
        signed = draw(st.booleans())
        drawn = random.standard_normal(rows) if signed else random.random(rows)
        numbers.append([f"{value * size:.{digits}f}" for value in drawn])
    if draw(st.booleans()):  # as programs write numbers that are shorter
        numbers = [[cell.rstrip("0").rstrip(".") if "." in cell else cell for cell in column] for column in numbers]
    gaps = random.random((rows, columns)) < draw(st.sampled_from([0.0, 0.0, 0.2]))
    return written([list(row) for row in zip(*numbers, strict=True)], gaps, names, style)


def written(cells: list[list[str]], gaps: np.ndarray, names: list[str], style: dict[str, Any]) -> Written:
    """Return the table in a style; cells are numbers as Python reads them."""
    style = dict(style)
    if style["decimal"] == style["thousands"] or style["delimiter"] == style["thousands"] == " ":
        style["thousands"] = ""
    if style["header"] == "none" and style["time"] == "steps":
        style["time"] = None  # nothing but its name shows that it is time
    if style["delimiter"] == " " and style["header"] == "none" and style["titles"][:1] != ("# made by hand",):
        style["titles"] = ()  # a title of as many words as there are columns is a row of names
    if style["delimiter"] == " ":
        style |= {
            "trailing_delimiters": 0,
            "empty_rows": 0,
            "time": "steps" if style["time"] and style["header"] != "none" else None,
            "missing": "NA",
            "quoting": csv.QUOTE_ALL,
        }
    options: dict[str, Any] = {}
    values = np.array([[float(cell) for cell in row] for row in cells])
    values[gaps] = np.nan
    if style["missing"] in ("-999", "-99.99", "n.d."):
        options["missing"] = style["missing"]
        if style["missing"] != "n.d.":
            values[values == float(style["missing"])] = np.nan
    if style["options"]:
        options["decimal"] = style["decimal"]
        if style["thousands"]:
            options["thousands"] = style["thousands"]
    code = style["missing"].replace(".", style["decimal"]) if style["missing"] == "-99.99" else style["missing"]
    table = [
        [code if gap else _number(cell, style) for cell, gap in zip(row, gone, strict=True)]
        for row, gone in zip(cells, gaps, strict=True)
    ]
    head = list(names)
    if style["time"] == "steps":
        table = [[str(step), *row] for step, row in enumerate(table)]
        head.insert(0, "time")
    elif style["time"] == "dates":
        table = [[str(np.datetime64("2020-01-28") + step), *row] for step, row in enumerate(table)]
        head.insert(0, "date")
    above: list[list[str]] = []
    if style["header"] == "two rows":
        above = [["", *["X"] * (len(head) - 1)], head]
    elif style["header"] != "none":
        above = [head]
    if style["header"] == "option":
        options["header_rows"] = 1
    if style["units"] and above:
        above.append([style["units"]] * len(head))
    table = [*above, *table]
    extra = [""] * style["trailing_delimiters"]
    table = [[*row, *extra] for row in table]
    if style["footer"] == "Total":
        table.append(["Total", *["5"] * (len(head) - 1), *extra])
    table += [[""] * (len(head) + len(extra))] * style["empty_rows"]
    lines = _lines(table, style)
    if style["comment"] and len(lines) > 6:
        lines.insert(len(above) + 2, f"{style['comment']} the sensor was cleaned")
    if style["blank_lines"]:
        lines.insert(len(above) + 3, "")
    if style["footer"] == "Source: own measurements":
        lines.append(style["footer"])
    lines = [*style["titles"], *lines]
    if style["separator_line"]:
        lines.insert(0, f"sep={style['delimiter']}")
    end = style["line_end"]
    text = end.join(lines) + end
    encoding = style["encoding"]
    try:
        content = text.encode(encoding)
    except UnicodeEncodeError:
        encoding, content = "utf-8", text.encode()
    if encoding in ("cp1252", "utf-16-le"):
        options["encoding"] = encoding
    suffix = ".csv"
    if style["compression"] is not None:
        content, suffix = style["compression"](content), ".csv.gz"
    read_as = [name if name.isprintable() else " ".join(name.split()) for name in names]
    if style["header"] == "none":
        shift = 1 if style["time"] else 0
        read_as = [str(column + shift) for column in range(len(names))]
    elif style["header"] == "two rows":
        shift = 1 if style["time"] else 0
        read_as = [f"X/{name}" if column + shift else name for column, name in enumerate(read_as)]
    return Written(content, suffix, options, tuple(read_as), values, style)


def _number(cell: str, style: dict[str, Any]) -> str:
    """Return a number in a style."""
    if style["exponent"]:
        mantissa, exponent = f"{float(cell):.17e}".split("e")
        cell = mantissa.rstrip("0").rstrip(".") + "e" + exponent
    negative, cell = cell.startswith("-"), cell.lstrip("-")
    whole, *rest = cell.split(".")
    if style["thousands"] and not style["exponent"]:
        whole = f"{int(whole):,}".replace(",", style["thousands"])
    cell = style["decimal"].join([whole, *rest])
    sign = style["minus"] if negative else "+" if style["plus"] else ""
    if style["sign"] == "%":
        return f"{sign}{cell}%"
    return f"{sign}{style['sign']}{cell}"


def _lines(table: list[list[str]], style: dict[str, Any]) -> list[str]:
    lines = []
    for row in table:
        stream = io.StringIO()
        csv.writer(stream, delimiter=style["delimiter"], quoting=style["quoting"], lineterminator="\n").writerow(row)
        lines.append(stream.getvalue()[:-1])
    return lines
