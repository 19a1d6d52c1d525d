"""The colour and dash of each method, the same in every picture of a comparison."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from causalkit.plotting import style

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


@dataclass(frozen=True)
class Look:
    """How a method is drawn: a colour, and a dash for readers who cannot distinguish the colours."""

    color: str
    dash: Any


def method_looks(methods: Iterable[str]) -> dict[str, Look]:
    """Return a look for each method, by its place among them; colour and dash together repeat after 24 methods."""
    colors, dashes = len(style.LINES), len(style.DASHES)
    return {
        method: Look(style.LINES[place % colors], style.DASHES[(place + place // 12) % dashes])
        for place, method in enumerate(methods)
    }
