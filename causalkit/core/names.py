"""Names of series: in sentences, and as users give them."""

from __future__ import annotations

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
