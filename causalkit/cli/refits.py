"""An observer that reports how long the fits of a selection rule will take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from causalkit.cli.console import note
from causalkit.display.formats import duration

MIN_SECONDS = 10.0  # shorter times are not reported


class ExpectedTime:
    """Reports once, on stderr, how many fits a rule needs and how long they will take.

    Args:
        active: False prints nothing.
    """

    def __init__(self, active: bool = True) -> None:
        self._active = active

    def on_start(self, info: Mapping[str, Any]) -> None:
        """Report the time where it is long."""
        seconds = float(info.get("seconds", 0.0))
        if self._active and seconds >= MIN_SECONDS:
            note(f"select   {info['stage']} fits the method {info['epochs']} times: about {duration(seconds, 2)}")
