"""Long tables: one row a value, with a column that names its series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from causalkit.display.words import listed
from causalkit.errors import DataError, did_you_mean
from causalkit.io.layout.codes import Codes, blocks, codes_of, determined, distinct, joined
from causalkit.io.layout.column_words import names_realisations, names_series
from causalkit.io.layout.hints import together
from causalkit.io.layout.keys import Keys, could_identify, counts_up, is_numeric, is_text, keys_of, times_in
from causalkit.io.layout.series_names import names_in
from causalkit.io.layout.widening import widened
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import shown
from causalkit.io.tables.table import PANEL_COLUMN, Table


def long_as_asked(table: Table, options: ReadOptions) -> Table:
    """Return the table with a column for every value of the key column that ``--long`` names.

    Raises:
        DataError: a column does not exist, a key is missing, a series has two values at one time, or another column
            of measurements is left.
    """
    key, value = options.long or ("", "")
    for name in (key, value):
        if name not in table.names:
            raise DataError(
                f"{table.source} has no column {shown(name)}, which {table.hint('long', key, value)} names",
                did_you_mean(name, table.names),
            )
    missing = table.frame[key].isna().to_numpy()
    if missing.any():
        raise DataError(f"{table.cell(int(missing.argmax()), key)}: the name of the series is missing", "fill the cell")
    keys = keys_of(table, options, required=(key,), values=(value,)) or _as_named(table, options, key, value)
    return _made(table, keys, key, value, options.drop)


def long_recognised(table: Table, options: ReadOptions) -> Table | None:
    """Return a long table with a column for every series, or None where the table is not long.

    Raises:
        DataError: it may be a long table, and the user has to say so.
    """
    keys = keys_of(table, options) or _without_time(table, options)
    if keys is None or len(keys.values) != 1:
        return None
    (value,) = keys.values
    free = [name for name in keys.identifiers if name not in (*options.panel_column, PANEL_COLUMN)]
    if not free:
        return None
    key = _key(table, free)
    others = [name for name in free if name != key]
    if (
        keys.texts
        or names_realisations(key)
        or not all(map(names_realisations, others))
        or not _certain(table, keys, key)
    ):
        raise _in_doubt(table, keys, key, value, others)
    made = _made(table, keys, key, value, options.drop)
    same = [table.hint("long", key, value), *([table.hint("panel_column", *others)] if others else [])]
    options_shown = (
        f"the same as {together(table, *same)}; to keep the columns as they are, "
        f"add {table.hint('orientation', 'time-series')}"
    )
    return replace(made, notes=(*made.notes[:-1], f"{made.notes[-1]} ({options_shown})"))


def _certain(table: Table, keys: Keys, key: str) -> bool:
    """Return whether the key can be nothing but names of series; numbers are names only beside a column of time."""
    return names_series(key) or is_text(table.frame[key]) or (keys.named and counts_up(table.frame[key]))


def _key(table: Table, identifiers: Sequence[str]) -> str:
    """Return the identifier that most probably names series: by its name, else text, else the last one."""
    for fits in (names_series, lambda name: not names_realisations(name) and is_text(table.frame[name])):
        found = [name for name in identifiers if fits(name)]
        if found:
            return found[-1]
    return identifiers[-1]


def _in_doubt(table: Table, keys: Keys, key: str, value: str, others: Sequence[str]) -> DataError:
    way_out = table.hint("long", key, value)
    more = [table.hint("panel_column", *others)] if others else []
    more += [table.hint("drop", *keys.texts)] if keys.texts else []
    hint = f"if every {key} is a series, add {together(table, way_out, *more)}"
    if not others:
        hint += f"; if every {key} is a realisation of the series {value!r}, add {table.hint('panel_column', key)}"
    names = listed(["time", *map(shown, keys.identifiers)])
    return DataError(
        f"{table.source}: this looks like a long table: {names} identify the rows, and {shown(value)} contains the "
        "values",
        f"{hint}; if every row is a time step, add {table.hint('orientation', 'time-series')}",
    )


def _as_named(table: Table, options: ReadOptions, key: str, value: str) -> Keys:
    """Return the roles of the columns of a long table in which time does not tell the rows of a series apart."""
    frame = table.frame
    rest = [name for name in table.names if name not in (key, value, *options.drop)]
    times = times_in(table, rest, options)
    identifiers = [
        name
        for name in rest
        if name in options.panel_column
        or (name not in times and names_realisations(name) and could_identify(frame, [name]))
    ]
    others = tuple(name for name in rest if name not in times and name not in identifiers)
    return Keys(times, (key, *identifiers), (), (value, *others), ())


def _without_time(table: Table, options: ReadOptions) -> Keys | None:
    """Return the roles of the columns of a long table without time: one block of rows a series, all of equal length."""
    frame = table.frame
    names = [name for name in table.names if name not in options.drop]
    identifiers = could_identify(frame, names)
    values = [name for name in names if name not in identifiers]
    if len(values) != 1 or not identifiers or not is_numeric(frame[values[0]]) or times_in(table, names, options):
        return None
    codes = codes_of(frame, identifiers)
    sizes = np.bincount(codes)
    certain = any(is_text(frame[name]) or names_series(name) for name in identifiers)
    if blocks(codes) != distinct(codes) or len(set(sizes)) > 1 or sizes[0] < 3 or not (certain or distinct(codes) > 2):
        return None
    return Keys((), tuple(identifiers), (), tuple(values), (), named=False)


def _made(table: Table, keys: Keys, key: str, value: str, dropped: Sequence[str]) -> Table:
    """Return the wide table, with a note.

    Raises:
        DataError: a column is neither time, nor an identifier, nor the same for all values of a series or of a time.
    """
    frame = table.frame
    realisations = [name for name in keys.identifiers if name != key]
    series, time = codes_of(frame, [key]), _times_of(table, keys, realisations)
    left_out: list[str] = []
    shared: list[str] = []
    doubtful: list[str] = []
    every = (*keys.attributes, *keys.values, *keys.texts)
    for name in every:
        own = codes_of(frame, [name])
        if name == value:
            continue
        if determined(own, series):
            left_out.append(name)
        elif determined(own, time):
            # A column that says the same as time, or text, is no series.
            (left_out if determined(time, own) or not is_numeric(frame[name]) else shared).append(name)
        else:
            doubtful.append(name)
    if doubtful:
        it = "it" if len(doubtful) == 1 else "them"
        raise DataError(
            f"{table.source}: beside {shown(value)}, the long table has other values in "
            + listed([shown(name) for name in doubtful]),
            f"leave {it} out with {table.hint('drop', *doubtful)}",
        )
    made = widened(
        table, names_in(frame, [key]), value, times=keys.times, identifiers=realisations, shared=tuple(shared)
    )
    note = f"a long table: {shown(key)} names the series and {shown(value)} contains the values"
    rows = [name for name in table.names if name not in (*keys.times, *keys.identifiers, *every)]
    left_out += [name for name in rows if name not in dropped]
    if realisations:
        verb = "identifies" if len(realisations) == 1 else "identify"
        note += f", and {listed([*map(shown, realisations)])} {verb} the realisations"
    if left_out:
        note += f"; left out: {listed([*map(shown, left_out)])}"
    return replace(made, notes=(*table.notes, note))


def _times_of(table: Table, keys: Keys, realisations: Sequence[str]) -> Codes:
    return joined(codes_of(table.frame, keys.times), codes_of(table.frame, realisations))
