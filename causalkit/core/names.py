"""Names of series: in sentences, as users give them, and in order."""

from __future__ import annotations

import re
from collections.abc import Sequence

from causalkit.errors import UnknownNameError, did_you_mean

SHOWN = 5


def a_few(names: Sequence[str], shown: int = SHOWN) -> str:
    """Return ``a, b and 3 more``: the first names, and how many there are beside them."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def position(names: Sequence[str], name: str) -> int:
    """Return the position of a series.

    Raises:
        UnknownNameError: there is no such series.
    """
    if name in names:
        return names.index(name)
    if not isinstance(name, str) and str(name) in names:
        raise UnknownNameError(f"unknown series {name!r}", f"write its name as text: {str(name)!r}")
    raise UnknownNameError(f"unknown series {name!r}", did_you_mean(str(name), names))


def natural(text: str) -> list[tuple[int, int, str]]:
    """Return a sort key that puts "trial2" before "trial10"."""
    parts = re.split(r"(\d+)", text.casefold())
    # As text: Python converts no number of more than 4,300 digits.
    return [_digits(part) if part.isdecimal() else (1, 0, part) for part in parts if part]


def _digits(part: str) -> tuple[int, int, str]:
    significant = part.lstrip("0")
    return (0, len(significant), significant)
