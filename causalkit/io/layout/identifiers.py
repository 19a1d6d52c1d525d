"""Columns that identify realisations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from causalkit.display.words import listed, were
from causalkit.errors import DataError
from causalkit.io.layout.codes import Codes, blocks, codes_of, distinct
from causalkit.io.layout.column_words import names_realisations, names_series
from causalkit.io.layout.hints import together
from causalkit.io.layout.keys import (
    could_be_time,
    could_identify,
    has_dates,
    is_calendar,
    is_numeric,
    is_text,
    keys_of,
)
from causalkit.io.options import NONE, ReadOptions
from causalkit.io.tables.cells import shown
from causalkit.io.tables.table import Table
from causalkit.io.time.parts import find_parts
from causalkit.io.time.ticks import ticks_of

_SHORTEST = 3
"""Rows of a block that a column with one value in it may identify."""


def identified(table: Table, options: ReadOptions) -> Table:
    """Return the table with the columns that identify realisations, where it shows which ones do.

    A column does where time restarts in the blocks of rows in which it is constant, or where it has a usual name.

    Raises:
        DataError: a column may identify realisations, and the user has to say so.
    """
    names = [name for name in table.names if name not in options.drop]
    keys = keys_of(table, options)
    if keys is not None and keys.named:
        found = keys.identifiers
        if not (_usual(found) or _restarts(table, keys.times, found)):
            raise _in_doubt(table, found, keys.values)
        return _noted(table, found, keys.attributes)
    candidates = could_identify(table.frame, names)
    found = tuple(name for name in candidates if names_realisations(name) and _in_blocks(table, [name]))
    if found:
        for name in candidates:  # runs of a subject, which begin again with every subject
            if name not in found and names_realisations(name) and _in_blocks(table, [*found, name]):
                found = (*found, name)
        return _noted(table, found, ())
    parts = find_parts(table, names, options)
    dated = () if parts is None or options.time_column == NONE else parts[0]
    timed = options.time_column != NONE and (dated or any(could_be_time(table, name) for name in names))
    for name in candidates:
        known = name in (*dated, *table.index) or is_calendar(name) or could_be_time(table, name)
        if known or not _in_blocks(table, [name]):
            continue
        if is_text(table.frame[name]) or (not timed and _numbers_blocks(table, name)):
            raise _in_doubt(table, (name,), ())
    return table


def without_numbered_blocks(table: Table, options: ReadOptions) -> Table:
    """Return an array in which no column counts blocks of rows, as the number of a subject does.

    Raises:
        DataError: a column does, and the user has to say what it is.
    """
    for name in could_identify(table.frame, [name for name in table.names if name not in options.drop]):
        if name not in options.time_column and _in_blocks(table, [name]) and _numbers_blocks(table, name):
            raise _in_doubt(table, (name,), ())
    return table


def _usual(names: Sequence[str]) -> bool:
    return all(map(names_realisations, names))


def _restarts(table: Table, times: Sequence[str], identifiers: Sequence[str]) -> bool:
    """Return whether time goes back exactly where an identifier changes, and is not a calendar that all share."""
    if len(times) != 1 or any(map(names_series, identifiers)):
        return False
    column = table.frame[times[0]]
    if has_dates(column) or "year" in times[0].lower():
        return False
    ticks = ticks_of(column, times[0])
    if ticks is None or ticks.missing.any():
        return False
    changes = np.diff(codes_of(table.frame, identifiers)) != 0
    return bool(np.array_equal(np.diff(ticks.values) <= 0, changes))


def _in_blocks(table: Table, names: Sequence[str]) -> bool:
    """Return whether every value is one block of rows, or all values take turns."""
    codes = codes_of(table.frame, names)
    count = distinct(codes)
    if len(codes) < _SHORTEST * count or count < 2:
        return False
    return (blocks(codes) == count and np.bincount(codes).min() >= _SHORTEST) or _take_turns(codes, count)


def _numbers_blocks(table: Table, name: str) -> bool:
    """Return whether a column counts three or more blocks of the same length, or as many rows that take turns."""
    codes = codes_of(table.frame, [name])
    sizes = np.bincount(codes)
    values = table.frame[name].to_numpy()
    return (
        len(sizes) > 2
        and sizes.max() == sizes.min()
        and values[0] in (0, 1)
        and bool((values - values[0] == codes).all())
    )


def _take_turns(codes: Codes, count: int) -> bool:
    return len(codes) % count == 0 and np.array_equal(codes, np.tile(np.arange(count), len(codes) // count))


def _noted(table: Table, found: Sequence[str], attributes: Sequence[str]) -> Table:
    texts = [name for name in attributes if not is_numeric(table.frame[name])]
    names = listed([*map(shown, found)])
    way = f"the same as {table.hint('panel_column', *found)}; to do without: {table.hint('panel_column', 'none')}"
    note = f"{names} {'identifies' if len(found) == 1 else 'identify'} the realisations ({way})"
    notes = [*table.notes, note]
    if texts:
        notes.append(
            f"{listed([*map(shown, texts)])} only {'describes' if len(texts) == 1 else 'describe'} realisations "
            f"and {were(len(texts))} left out"
        )
        table = replace(table, frame=table.frame[[name for name in table.names if name not in texts]])
    return replace(table, identifiers=tuple(found), notes=tuple(notes))


def _in_doubt(table: Table, found: Sequence[str], values: Sequence[str]) -> DataError:
    names = listed([*map(shown, found)])
    one = len(found) == 1
    hint = f"if {'it identifies' if one else 'they identify'} realisations, add {table.hint('panel_column', *found)}"
    if values:
        long = [table.hint("long", found[-1], values[0])]
        long += [table.hint("drop", *values[1:])] if len(values) > 1 else []
        long_hint = f"if {shown(found[-1])} names series, add {together(table, *long)}"
        hint = long_hint if one and names_series(found[0]) else f"{hint}; {long_hint}"
    elif one and is_text(table.frame[found[0]]):
        hint += f"; if the rows are one recording, add {table.hint('drop', found[0])}"
    else:
        hint += f"; if it is a series, add {table.hint('panel_column', 'none')}"
    return DataError(
        f"{table.source}: {names} {'has' if one else 'have'} the same value in blocks of rows, as an identifier has",
        hint,
    )
