"""Columns that are the same measurements at several times: a row a subject."""

from __future__ import annotations

import re
from collections.abc import Sequence

from causalkit.io.tables.cells import shown

_NUMBERED = re.compile(r"(.*?[^\d_. ])[_. ]?(?:[tTwW])?(\d{1,2})")


def waves_note(names: Sequence[str], counter: str) -> str | None:
    """Return a note where all series are called such as ``a_1, a_2, a_3, b_1, b_2, b_3``, else None.

    Args:
        names: of the series.
        counter: column that numbers the rows, which may be subjects.
    """
    waves: dict[str, list[int]] = {}
    for name in names:
        found = _NUMBERED.fullmatch(name)
        if found is None:
            return None
        waves.setdefault(found[1], []).append(int(found[2]))
    numbers = next(iter(waves.values()), [])
    if len(waves) < 2 or len(numbers) < 3 or any(own != numbers for own in waves.values()):
        return None
    stem = next(iter(waves))
    return (
        f"the names of the series end in {numbers[0]} to {numbers[-1]}, as those of one measurement at several times "
        f"do, and {shown(counter)} numbers the rows. If every row is a subject, the result is worthless: write a "
        f"column {shown(stem)} and a row for every subject and time, as pandas.wide_to_long does"
    )
