"""Objects in memory as a panel: the same steps as for a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from causalkit.core.options import ReadingOptions, check_options
from causalkit.core.panel import Panel
from causalkit.errors import WrongUsageError
from causalkit.io.options import ReadOptions
from causalkit.io.panels.from_table import panel_of
from causalkit.io.tables.memory import object_table


def panel_from(
    data: Any, *, names: Sequence[str] | None = None, source: str = "data", **options: Unpack[ReadingOptions]
) -> Panel:
    """Return tables in memory as a panel; see `causalkit.Panel.of`."""
    check_options(options, ReadingOptions, "causalkit.Panel.of", ("names", "source"))
    reading = ReadOptions.of(options)
    if isinstance(data, Panel):
        return _without(data, names, reading)
    if source == "data":
        _check(data, reading)
    return panel_of(object_table(data, names, source, reading), reading)


def _without(panel: Panel, names: Sequence[str] | None, options: ReadOptions) -> Panel:
    """Return a panel without columns that are to be dropped; no other option means anything for it.

    Raises:
        WrongUsageError: another option is given.
    """
    others = [name for name in options.given() if name != "drop"]
    if names is not None and tuple(names) != panel.names:
        others.append("names")
    if others:
        raise WrongUsageError(f"{others[0]} means nothing for a Panel, which has been read", "give it to Panel.of")
    return panel.drop(options.drop) if options.drop else panel


def _check(data: Any, options: ReadOptions) -> None:
    """Refuse options that mean nothing for an object in memory.

    Raises:
        WrongUsageError: one of them is given.
    """
    for name in ("header_rows", "skip_rows", "encoding", "table"):
        if getattr(options, name) is not None and not (name == "table" and hasattr(data, "data_vars")):
            raise WrongUsageError(f"{name} means nothing for an object in memory", "leave the option out")
