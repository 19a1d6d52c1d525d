"""The windows of a result in words: how many were used, and for which effect fewest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from causalkit.display.labels import shorten

_REASONS = {
    "missing_inputs": "lack an input",
    "missing_next_step": "lack the next step",
    "intervention": "are under intervention",
}


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
