"""Every change of layout in its order."""

from __future__ import annotations

from causalkit.io.options import ReadOptions
from causalkit.io.tables.table import Table


def arranged(table: Table, options: ReadOptions) -> Table:
    """Return the table with one row a time step and one column a series.

    Raises:
        DataError: the layout is in doubt, or the options do not fit the table.
    """
    return table
