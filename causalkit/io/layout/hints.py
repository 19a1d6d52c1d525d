"""Options in hints, as the user of a table writes them."""

from __future__ import annotations

from causalkit.io.tables.table import Table


def transpose_hint(table: Table) -> str:
    """Return the option that transposes a table."""
    return table.hint("orientation", "series-time") if table.in_memory else table.hint("transpose")


def together(table: Table, *hints: str) -> str:
    """Return options that are given together, ready to be pasted."""
    return (", " if table.in_memory else " ").join(hints)
