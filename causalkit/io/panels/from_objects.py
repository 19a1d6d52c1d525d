"""Objects in memory as a panel: the same steps as for a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from causalkit.core.options import ReadingOptions, check_options
from causalkit.core.panel import Panel
from causalkit.io.options import ReadOptions
from causalkit.io.panels.from_table import panel_of
from causalkit.io.tables.memory import object_table


def panel_from(
    data: Any, *, names: Sequence[str] | None = None, source: str = "data", **options: Unpack[ReadingOptions]
) -> Panel:
    """Return tables in memory as a panel; see `causalkit.Panel.of`."""
    check_options(options, ReadingOptions, "causalkit.Panel.of", ("names", "source"))
    if isinstance(data, Panel):
        return data
    reading = ReadOptions.of(options)
    return panel_of(object_table(data, names, source, reading), reading)
