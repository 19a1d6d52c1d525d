"""Names of series in sentences."""

from __future__ import annotations

from collections.abc import Sequence

SHOWN = 5


def a_few(names: Sequence[str], shown: int = SHOWN) -> str:
    """Return ``a, b and 3 more``: the first names, and how many there are beside them."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
