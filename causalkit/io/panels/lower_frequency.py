"""Recognise series of lower frequency, such as a quarterly column in a monthly table, and say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from causalkit.core.lower_frequency import LowerFrequency, recognised
from causalkit.core.panel import Panel
from causalkit.display.words import listed
from causalkit.io.options import ReadOptions

BEGINNING = "lower frequency than other series"
"""Of the note."""


def with_lower_frequency(panel: Panel, options: ReadOptions, hint: Callable[..., str]) -> Panel:
    """Return the panel with its series of lower frequency, and a note on them; see `causalkit.core.lower_frequency`.

    Args:
        panel: as it was read.
        options: may ask to leave their cells missing.
        hint: returns an option as the user writes it.
    """
    found = recognised(panel.realisations, panel.names) if options.lower_frequency == "carry" else {}
    if not found:
        return panel
    series = [_described(name, one) for name, one in found.items()]
    note = (
        f"{BEGINNING}, in {panel.steps} steps: {listed(series)}; the last value acts until the "
        "next one is due, and as an effect such a series is learned at the steps at which it was measured; what passes "
        "through it between two values is not seen and can look like a direct edge between other series (to treat the "
        f"other cells as missing, use {hint('lower_frequency', 'missing')})"
    )
    frequencies = {name: one.longest for name, one in found.items()}
    return replace(panel, lower_frequency=frequencies, notes=(*panel.notes, note))


def without_lower_frequency(panel: Panel) -> Panel:
    """Return the panel of one of several files without what was recognised in this file alone."""
    notes = tuple(note for note in panel.notes if not note.startswith(BEGINNING))
    return replace(panel, lower_frequency={}, notes=notes)


def _described(name: str, found: LowerFrequency) -> str:
    every = str(found.longest) if found.shortest == found.longest else f"{found.shortest} to {found.longest}"
    return f"{name} ({found.measured} values, one every {every} steps)"
