"""Flags behind the numbers of Eurostat: ``12.3 p`` is provisional, and ``: c`` is missing."""

from __future__ import annotations

import re
from typing import Any

from causalkit.display.words import count, listed, were
from causalkit.io.tables.cells import shown

_CORNER = re.compile(r".*\\(TIME_PERIOD|time)\s*", re.IGNORECASE)
_FLAGGED = r"\s*(?P<number>:|[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)\s*(?P<flag>[a-z]{0,4})\s*"


def without_flags(frame: Any) -> tuple[Any, tuple[str, ...]]:
    """Return a table of Eurostat with numbers without flags, and a note; any other table as it is.

    Eurostat writes ``geo``, a backslash and ``TIME_PERIOD`` above the first column.
    """
    import numpy as np
    import pandas as pd

    if not _CORNER.fullmatch(str(frame.columns[0])):
        return frame, ()
    changed: dict[str, Any] = {}
    flags: set[str] = set()
    found = 0
    for name in frame.columns[1:]:
        column = frame[name]
        if column.dtype.kind in "iufbmM":
            continue
        parts = column.astype(str).str.extract(f"^{_FLAGGED}$")
        if (parts["number"].isna() & column.notna()).any():
            continue
        numbers = parts["number"].replace(":", np.nan).astype(np.float64)
        changed[name] = numbers.where(column.notna())
        flagged = parts["flag"].fillna("").ne("") & column.notna()
        found += int(flagged.sum())
        flags |= set(parts["flag"][flagged])
    if not changed:
        return frame, ()
    frame = pd.concat([changed.get(name, frame[name]).rename(name) for name in frame.columns], axis=1)
    if not found:
        return frame, ()
    return frame, (
        f"{count(found, 'flag')} of Eurostat {were(found)} left out: {listed([*map(shown, sorted(flags))])}",
    )
