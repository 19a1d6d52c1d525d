"""The windows of a result in words: how many were used, and for which effect fewest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from causalkit.display.labels import shorten
from causalkit.display.words import count

MOST = 5
"""Notes on single effects."""
_REASONS = {
    "missing_inputs": "lack an input",
    "missing_next_step": "lack the next step",
    "intervention": "are under intervention",
}


FEW = 30
"""Windows below which it is noted that an effect was learned from few, where others have twice as many."""


def few_windows(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a note on the effects that learned from few windows while others learned from many; or none.

    Args:
        data: of a discovery.
    """
    counts: Mapping[str, Mapping[str, int]] = data.get("windows_by_effect") or {}
    most = max((found["learned"] for found in counts.values()), default=0)
    few = {name: n for name, found in counts.items() if 2 * (n := found["learned"]) < most and n < FEW}
    return tuple(
        f"{name} was learned from {count(number, 'window')} only, and other effects from up to {most}: its causes are "
        "uncertain"
        for name, number in list(few.items())[:MOST]
    ) + ((f"{len(few) - MOST} more effects were learned from few windows",) if len(few) > MOST else ())


def fewest_windows(data: Mapping[str, Any]) -> str:
    """Return which effect learned from the fewest windows and why, "" where all learned from as many.

    Args:
        data: of a discovery; see `causalkit.Discovery.data`.
    """
    counts: Mapping[str, Mapping[str, int]] = data.get("windows_by_effect") or {}
    learned = {name: found["learned"] for name, found in counts.items()}
    if len(set(learned.values())) < 2:
        return ""
    name = min(learned, key=lambda effect: learned[effect])
    why = ", ".join(f"{counts[name][kind]} {words}" for kind, words in _REASONS.items() if counts[name][kind])
    return f"fewest for {shorten(name, 40)}: {learned[name]} ({why})"
