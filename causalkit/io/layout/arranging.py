"""Every change of layout in its order."""

from __future__ import annotations

from causalkit.io.layout.across import across_as_asked, across_recognised
from causalkit.io.layout.identifiers import identified, without_numbered_blocks
from causalkit.io.layout.labels import without_labels
from causalkit.io.layout.long import long_as_asked, long_recognised
from causalkit.io.layout.totals import without_totals
from causalkit.io.layout.transposed import transposed_as_asked, transposed_recognised
from causalkit.io.options import ReadOptions
from causalkit.io.tables.table import PANEL_COLUMN, Table

_RECOGNISED = (across_recognised, transposed_recognised, long_recognised)


def arranged(table: Table, options: ReadOptions) -> Table:
    """Return the table with one row a time step and one column a series.

    Columns that the options leave out are not looked at. What identifies realisations is named.

    Raises:
        DataError: the layout is in doubt, or the options do not fit the table.
    """
    return _with_identifiers(without_labels(_in_rows(table, options), options), options)


def _in_rows(table: Table, options: ReadOptions) -> Table:
    table = without_totals(table)
    if options.orientation == "series-time":
        return transposed_as_asked(table, options)
    if options.long is not None:
        return long_as_asked(table, options)
    if options.orientation == "across":
        return across_as_asked(table, options)
    if options.orientation == "auto" and table.recognise and len(table.frame):
        for recognised in _RECOGNISED:
            found = recognised(table, options)
            if found is not None:
                # Months in rows and years in columns are one series, not twelve.
                return across_recognised(found, options) or found
    return table


def _with_identifiers(table: Table, options: ReadOptions) -> Table:
    known = options.panel_column or len(table.index) > 1 or table.identifiers
    if not known and not table.recognise and table.lengths is None:
        return without_numbered_blocks(table, options)
    if known or not table.recognise or PANEL_COLUMN in table.names or len(table.frame) < 2 or table.place is not None:
        return table  # a change of layout has looked at every column
    return identified(table, options)
