"""A table with named columns, from whatever kind of file, and the panel that it makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.panel import Panel
from causalkit.errors import DataError, did_you_mean
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import argument, counted, shown
from causalkit.io.tables.numbers import to_floats
from causalkit.io.time.axis import find_time
from causalkit.io.time.sampling import resampled, split_by_time

PANEL_COLUMN = "realisation"


@dataclass(frozen=True, eq=False)
class Table:
    """Columns as a reader found them.

    Attributes:
        frame: a DataFrame with unique column names.
        source: how errors call the file.
        locate: turns the position of a row into "line 7".
        notes: what was assumed so far.
        unnamed: the name that was made up for a first column without one, or "".
    """

    frame: Any
    source: str
    locate: Callable[[int], str]
    notes: tuple[str, ...] = ()
    unnamed: str = ""

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return list(self.frame.columns)


def panel_of(table: Table, options: ReadOptions) -> Panel:
    """Make a panel: leave columns out, tell realisations apart, take out time, turn the rest into numbers.

    Raises:
        DataError: a column does not exist, a cell is no finite number, or the sampling is irregular.
    """
    if len(table.frame) < 2:
        found = "only one row" if len(table.frame) else "no row"
        raise DataError(
            f"{table.source} holds {found} of measurements",
            "; ".join(("a time series needs at least two time steps", *table.notes)),
        )
    notes = list(table.notes)
    names = _without(table, options)
    panel_column, note = _panel_column(table, names, options)
    notes.extend(note)
    names = [name for name in names if name != panel_column]
    groups = _groups(table, panel_column)
    time = find_time(table.frame, names, groups, options, table.locate, table.source, table.unnamed)
    notes.extend(time.notes)
    names = [name for name in names if name not in time.columns]
    if not names:
        raise DataError(f"{table.source} has no column of measurements", "check the delimiter and the options")
    values = to_floats(table.frame, names, table.locate, table.source)
    missing = int(np.isnan(values).sum())
    if options.resample is not None:
        parts, said = resampled(time.axis, groups, values, options.resample, table.locate, table.source)
    else:
        pieces, said = split_by_time(time.axis, groups, options.irregular, table.locate, table.source)
        parts = [piece.cut(values) for piece in pieces]
    notes.extend(said)
    if missing:
        holding = [name for name, count in zip(names, np.isnan(values).sum(axis=0), strict=True) if count]
        listed = ", ".join(holding[:5]) + (f" and {len(holding) - 5} more" if len(holding) > 5 else "")
        notes.append(f"{counted(missing, 'missing cell')} of {values.size}, in {listed}")
    return Panel(
        realisations=tuple(parts),
        names=tuple(names),
        source=table.source,
        notes=tuple(notes),
    )


def _without(table: Table, options: ReadOptions) -> list[str]:
    """Return the names of the columns that the options leave, having checked every name that the user gave."""
    asked = [(name, "--drop") for name in options.drop]
    if options.panel_column is not None:
        asked.append((options.panel_column, "--panel-column"))
    if options.time_column not in ("auto", "none"):
        asked.append((options.time_column, "--time-column"))
    for name, option in asked:
        if name not in table.names:
            raise DataError(
                f"{table.source} has no column {shown(name)} (asked for by {option})", did_you_mean(name, table.names)
            )
    return [name for name in table.names if name not in set(options.drop)]


def _panel_column(table: Table, names: Sequence[str], options: ReadOptions) -> tuple[str | None, list[str]]:
    """Return the column that tells realisations apart, and a note where nobody asked for it."""
    if options.panel_column is not None or PANEL_COLUMN not in names:
        return options.panel_column, []
    return PANEL_COLUMN, [f"the column {PANEL_COLUMN!r} tells realisations apart"]


def _groups(table: Table, column: str | None) -> list[NDArray[np.intp]]:
    """Return the rows of every realisation, in order of first appearance."""
    if column is None:
        return [np.arange(len(table.frame))]
    import pandas as pd

    codes, _ = pd.factorize(table.frame[column])
    if (codes < 0).any():
        row = int(np.flatnonzero(codes < 0)[0])
        raise DataError(
            f"{table.source}: {table.locate(row)} has no value in the column {shown(column)} that tells realisations "
            "apart",
            f"fill the cell, or do without --panel-column {argument(column)}",
        )
    order = np.argsort(codes, kind="stable")
    borders = np.cumsum(np.bincount(codes))[:-1]
    return [np.asarray(rows, dtype=np.intp) for rows in np.split(order, borders)]
