"""The pairs of series that are linked within one time step."""

from __future__ import annotations

from causalkit.core.discovery import Discovery
from causalkit.display.instantaneous import MEANING, heading, rows
from causalkit.report.blocks import Section, Table, Text

TOP = 30


def same_step(discovery: Discovery) -> Section | None:
    """Return the strongest pairs; None where no pair passes."""
    found, passing = rows(discovery, TOP, width=40)
    if not found:
        return None
    columns = ["pair", "partial correlation", "q"]
    lines = [[f"{first} — {second}", size, q] for first, second, size, q in found]
    table = Table(heading(len(found), passing), columns, lines, numbers=[1, 2])
    return Section("same-step", "Same-step links", [table, Text(f"{MEANING}.", "note")])
