"""Columns of text that are the same in every row: they label the table and tell nothing apart."""

from __future__ import annotations

from dataclasses import replace

from causalkit.display.words import listed, were
from causalkit.io.layout.keys import is_text
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import shown
from causalkit.io.tables.table import PANEL_COLUMN, Table


def without_labels(table: Table, options: ReadOptions) -> Table:
    """Return the table without columns that contain one text, with a note."""
    asked = {*options.drop, *options.panel_column, *options.time_column, *table.identifiers, *table.index, PANEL_COLUMN}
    frame = table.frame
    texts = [name for name, kind in frame.dtypes.items() if kind.kind not in "iufcbmM" and name not in asked]
    labels = [
        name for name in texts if is_text(frame[name]) and len(frame) > 1 and (frame[name] == frame[name].iloc[0]).all()
    ]
    if not labels or len(labels) == len(frame.columns):
        return table
    note = f"{listed([*map(shown, labels)])} contain{'s' if len(labels) == 1 else ''} the same text in every row and "
    note += f"{were(len(labels))} left out"
    return replace(table, frame=frame[[name for name in table.names if name not in labels]], notes=(*table.notes, note))
