"""Say how long a selection rule that fits the method again will take: an observer of these fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from causalkit.cli.console import note
from causalkit.display.formats import duration

WORTH_SAYING = 10.0  # seconds


class ExpectedTime:
    """Says once, on stderr, how many fits a rule needs and how long they will take.

    Args:
        active: False keeps it silent.
    """

    def __init__(self, active: bool = True) -> None:
        self._active = active

    def on_start(self, info: Mapping[str, Any]) -> None:
        """Say it where it is long."""
        seconds = float(info.get("seconds", 0.0))
        if self._active and seconds >= WORTH_SAYING:
            note(f"select   {info['stage']} fits the method {info['epochs']} times: about {duration(seconds, 2)}")
