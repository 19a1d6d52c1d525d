"""From a table to a panel: leave columns out, find realisations and time, cut at gaps, turn cells into numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causalkit.core.panel import Panel
from causalkit.core.shell import argument
from causalkit.display.words import count, listed
from causalkit.errors import DataError, did_you_mean
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import shown
from causalkit.io.tables.numbers import to_floats
from causalkit.io.tables.table import PANEL_COLUMN, Table
from causalkit.io.time.axis import find_time
from causalkit.io.time.resampling import resampled
from causalkit.io.time.sampling import at_equal_steps, split_at_restarts

Rows = NDArray[np.intp]


def panel_of(table: Table, options: ReadOptions) -> Panel:
    """Make a panel of a table.

    Raises:
        DataError: a column does not exist, a cell is not a finite number, or the sampling is irregular.
    """
    if len(table.frame) < 2:
        found = "only one row" if len(table.frame) else "no row"
        raise DataError(
            f"{table.source} has {found} of measurements",
            "; ".join(("a time series needs at least two time steps", *table.notes)),
        )
    notes = list(table.notes)
    names = _kept(table, options)
    panel_column = options.panel_column
    if panel_column is None and table.recognise and PANEL_COLUMN in names:
        panel_column = PANEL_COLUMN
        notes.append(f"the column {PANEL_COLUMN!r} identifies the realisations")
    names = [name for name in names if name != panel_column]
    groups = _groups(table, panel_column)
    axis, times, recognised = find_time(table, names, groups, options.time_column)
    names = [name for name in names if name not in times]
    if not names:
        raise DataError(f"{table.source} has no column of measurements", "check the delimiter and the options")
    values = to_floats(table, names)
    runs, restarts = split_at_restarts(axis, groups)
    if options.resample is not None:
        parts, sampling = resampled(table.source, axis, runs, values, options.resample)
    else:
        parts, sampling = at_equal_steps(axis, runs, values, options.irregular)
    notes.extend((*recognised, *restarts, *sampling))
    missing = np.isnan(values).sum(axis=0)
    if missing.any():
        having = listed([name for name, count in zip(names, missing, strict=True) if count], most=6)
        notes.append(f"{count(int(missing.sum()), 'missing cell')} of {values.size}, in {having}")
    return Panel(realisations=tuple(parts), names=tuple(names), source=table.source, notes=tuple(notes))


def _kept(table: Table, options: ReadOptions) -> list[str]:
    """Return the names of the columns that are not dropped, after a check of every name that the user gave."""
    asked = [(name, "--drop") for name in options.drop]
    if options.panel_column is not None:
        asked.append((options.panel_column, "--panel-column"))
    if options.time_column not in ("auto", "none"):
        asked.append((options.time_column, "--time-column"))
    for name, option in asked:
        if name not in table.names:
            raise DataError(
                f"{table.source} has no column {shown(name)}, which {option} names", did_you_mean(name, table.names)
            )
    return [name for name in table.names if name not in options.drop]


def _groups(table: Table, column: str | None) -> Sequence[Rows]:
    """Return the rows of every realisation, in order of first appearance."""
    lengths = table.lengths or (len(table.frame),)
    if column is None:
        return np.split(np.arange(len(table.frame)), np.cumsum(lengths)[:-1])
    import pandas as pd

    codes, _ = pd.factorize(table.frame[column])
    if (codes < 0).any():
        raise DataError(
            f"{table.cell(int(np.argmax(codes < 0)), column)}: the realisation is missing",
            f"fill the cell, or do without --panel-column {argument(column)}",
        )
    if len(lengths) > 1:
        codes, _ = pd.factorize(codes + (codes.max() + 1) * np.repeat(np.arange(len(lengths)), lengths))
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes))[:-1])
