"""Rows of totals between those of the months."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from causalkit.display.words import count, were
from causalkit.io.tables.cells import is_missing, shown
from causalkit.io.tables.rows import TOTALS
from causalkit.io.tables.table import Table
from causalkit.io.time.dates import month_number
from causalkit.io.time.names import part_of

_PARTS = ("quarter", "month", "week", "day")
_MOST = 0.35
"""Share of the rows that can be totals: one below every quarter of a year is a fourth of them."""


def without_totals(table: Table) -> Table:
    """Return the table without rows that have a word such as "Total" where all others have a part of a date."""
    for name in table.names:
        if part_of(name) not in _PARTS or table.frame[name].dtype.kind in "iufbmM":
            continue
        cells = table.frame[name].astype(str).str.strip()
        total = cells.map(lambda cell: TOTALS.fullmatch(cell.rstrip(":")) is not None).to_numpy(dtype=bool)
        others = cells[~total].unique()[:400]
        if not 0 < total.mean() <= _MOST or not all(map(_is_part, others)):
            continue
        note = f"{count(int(total.sum()), 'row')} with {shown(str(cells[total].iloc[0]))} in the column {name!r} "
        note += f"{were(int(total.sum()))} left out"
        return _of_rows(table, np.flatnonzero(~total), note)
    return table


def _of_rows(table: Table, rows: NDArray[np.intp], note: str) -> Table:
    return replace(
        table,
        frame=table.frame.iloc[rows].reset_index(drop=True).infer_objects(),
        locate=lambda row: table.locate(int(rows[row])),
        notes=(*table.notes, note),
    )


def _is_part(cell: str) -> bool:
    return any(map(str.isdecimal, cell)) or is_missing(cell) or month_number(cell) is not None
