"""From a table to a panel: leave columns out, find realisations and time, cut at gaps, turn cells into numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from causalkit.core.panel import Panel
from causalkit.display.words import count, listed
from causalkit.errors import DataError, did_you_mean
from causalkit.io.layout import arranged, check_orientation, refuse_descriptions
from causalkit.io.layout.waves import waves_note
from causalkit.io.options import NONE, ReadOptions
from causalkit.io.panels.index_levels import identifying_levels, without_index
from causalkit.io.panels.lower_frequency import with_lower_frequency
from causalkit.io.tables.cells import shown
from causalkit.io.tables.numbers import to_floats
from causalkit.io.tables.table import PANEL_COLUMN, Table
from causalkit.io.time.axis import find_time
from causalkit.io.time.names import identifies_rows
from causalkit.io.time.resampling import resampled
from causalkit.io.time.sampling import at_equal_steps, in_order, split_at_restarts, summary

Rows = NDArray[np.intp]


def panel_of(table: Table, options: ReadOptions) -> Panel:
    """Make a panel of a table.

    Raises:
        DataError: a column does not exist, a cell is not a finite number, or the sampling is irregular.
    """
    known = table.names
    if table.oriented:
        options = replace(options, orientation="time-series")
    table = arranged(table, options)
    if len(table.frame) < 2:
        found = "only one row" if len(table.frame) else "no row"
        raise DataError(
            f"{table.source} has {found} of measurements",
            "; ".join(("a time series needs at least two time steps", *table.notes)),
        )
    notes = list(table.notes)
    names = _kept(table, options, known)
    identifiers = table.identifiers
    if not identifiers and options.panel_column != NONE:
        identifiers = options.panel_column or identifying_levels(table, options)
        if not identifiers and table.recognise and PANEL_COLUMN in names:
            identifiers = (PANEL_COLUMN,)
    if identifiers and not table.identifiers and not options.panel_column:
        verb = "identifies" if len(identifiers) == 1 else "identify"
        notes.append(f"{listed([*map(repr, identifiers)])} {verb} the realisations")
    names = [name for name in names if name not in identifiers]
    groups = _groups(table, identifiers)
    time = find_time(table, names, groups, options)
    names, unused = without_index(table, [name for name in names if name not in time.columns], time.axis)
    if not names:
        raise DataError(f"{table.source} has no column of measurements", "check the delimiter and the options")
    if time.axis is not None and not time.axis.ticks.dates and identifies_rows(time.axis.names[0]):
        notes.extend(filter(None, [waves_note(names, time.axis.names[0])]))
    if not identifiers:
        check_orientation(table, time.axis, len(names), max(map(len, groups)), options)
    axis, groups, order = in_order(time.axis, groups)
    runs, restarts = split_at_restarts(axis, groups)
    values, written = to_floats(table, names, options)
    if options.resample is not None:
        parts = resampled(table, axis, runs, values, options.resample)
    else:
        parts = at_equal_steps(axis, runs, values, options)
    refuse_descriptions(parts.values, names, table.source, table.hint, identified=bool(identifiers))
    notes.extend((*time.notes, *unused, *written, *order, *restarts, *parts.notes))
    realisations = listed(list(identifiers)) if identifiers else "restarts" if len(runs) > len(groups) else ""
    used = {*names, *identifiers, *(axis.names if axis else ())}
    sampling = replace(
        summary(axis, runs, parts, realisations), left_out=tuple(name for name in table.names if name not in used)
    )
    panel = Panel(tuple(parts.values), tuple(names), table.source, tuple(notes), sampling=sampling)
    panel = with_lower_frequency(panel, options, table.hint)
    missing = np.isnan(values).sum(axis=0)
    having = [name for name, lost in zip(names, missing, strict=True) if lost and name not in panel.lower_frequency]
    if having:
        lost = int(missing[[names.index(name) for name in having]].sum())
        note = f"{count(lost, 'missing cell')} of {values.size}, in {listed(having, most=6)}"
        panel = replace(panel, notes=(*panel.notes, note))
    return panel


def _kept(table: Table, options: ReadOptions, known: Sequence[str]) -> list[str]:
    """Return the names of the columns that are not dropped, after a check of every name that the user gave.

    Args:
        table: as it is now.
        options: which name columns.
        known: names of the columns before a change of layout, which may be left out as well.
    """
    asked = [(name, "drop") for name in options.drop]
    if options.panel_column != NONE:
        asked += [(name, "panel_column") for name in options.panel_column]
    if options.time_column not in (("auto",), ("none",)):
        asked += [(name, "time_column") for name in options.time_column]
    for name, option in asked:
        if name not in table.names and not (option == "drop" and name in known):
            raise DataError(
                f"{table.source} has no column {shown(name)}, which {table.hint(option)} names",
                did_you_mean(name, table.names),
            )
    return [name for name in table.names if name not in options.drop]


def _groups(table: Table, columns: Sequence[str]) -> Sequence[Rows]:
    """Return the rows of every realisation, in order of first appearance."""
    lengths = table.lengths or (len(table.frame),)
    if not columns:
        return np.split(np.arange(len(table.frame)), np.cumsum(lengths)[:-1])
    import pandas as pd

    codes = np.repeat(np.arange(len(lengths)), lengths)
    for column in columns:
        own, _ = pd.factorize(table.frame[column])
        if (own < 0).any():
            raise DataError(
                f"{table.cell(int(np.argmax(own < 0)), column)}: the realisation is missing",
                f"fill the cell, or do without {table.hint('panel_column', column)}",
            )
        codes, _ = pd.factorize(codes * (own.max() + 1) + own)
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes))[:-1])
