"""Names of series in the cells of columns."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.io.layout.codes import codes_of, determined, distinct
from causalkit.io.layout.keys import is_text, is_whole
from causalkit.io.tables.cells import on_one_line


def names_in(frame: Any, columns: Sequence[str]) -> NDArray[Any]:
    """Return the name of the series of every row, shape (rows,): the cells of the columns joined by "/"."""
    codes = codes_of(frame, columns)
    first = frame.iloc[np.unique(codes, return_index=True)[1]]
    parts = [[_text(cell) for cell in first[column]] for column in columns]
    names = np.array(["/".join(part for part in row if part) for row in zip(*parts, strict=True)], dtype=object)
    return np.asarray(names[codes])


def naming(frame: Any, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the fewest of the columns that tell apart what all of them tell apart, text before numbers."""
    texts = [name for name in columns if is_text(frame[name])]
    others = [name for name in columns if name not in texts and is_whole(frame[name])]
    every = codes_of(frame, [*texts, *others])
    for candidates in (texts, [*texts, *others]):
        varying = [name for name in candidates if distinct(codes_of(frame, [name])) > 1] or candidates[:1]
        for size in range(1, len(varying) + 1):
            for some in itertools.combinations(varying, size):
                filled = size > 1 or not frame[some[0]].isna().any()
                if filled and determined(every, codes_of(frame, some)):
                    return some
    return tuple(texts or others)


def _text(cell: Any) -> str:
    """Return a cell as a part of a name; a whole number has no decimals."""
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        return str(int(cell))
    return on_one_line(str(cell).strip())
