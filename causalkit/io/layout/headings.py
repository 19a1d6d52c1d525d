"""Headings of columns that are times: dates, years, t0, t1, ... or 0, 1, ..."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from causalkit.io.time.ticks import is_dated, ticks_of

FEWEST = 3
"""Fewer headings in order are an accident."""

_NUMBERED = re.compile(r"\s*(?P<before>[^\d+-]*?[\s_.=:]*)(?P<number>[+-]?\d+(\.\d+)?)(?P<after>[^\d]*)\s*")
_WORLD_BANK = re.compile(r"(\d{4}) \[YR\1\]")
_BEFORE = re.compile(
    r"(t|tp|time|time[ _-]?(point|step)|step|frame|sample|scan|volume|tr|hour|hr|h|min|minute|sec|second|s|day|d|week|"
    r"w|wk|month|m|year|yr|y|fy|x)?[\s_.=:-]*",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"[\s_]*[(\[]?(s|sec|secs|seconds?|ms|min|mins|minutes?|h|hr|hrs|hours?|d|days?|w|wk|weeks?|months?|yrs?|years?)?[)\]]?",
    re.IGNORECASE,
)
_YEARS = (1000, 2200)


@dataclass(frozen=True)
class Headings:
    """Headings that are times.

    Attributes:
        times: one value for each column: text of a date, or a number.
        certain: is it certain that they are times? Plain numbers may also be numbers of series.
        descending: is the first one the latest?
    """

    times: Sequence[Any]
    certain: bool
    descending: bool


def times_of(names: Sequence[str]) -> Headings | None:
    """Return the times in the names of columns, or None where they are no times that run in one direction."""
    import pandas as pd

    if len(names) < FEWEST:
        return None
    if is_dated(column := pd.Series(list(names), dtype=object)):
        ticks = ticks_of(column, "date")
        if ticks is None or ticks.missing.any() or not _in_order(ticks.values):
            return None
        return Headings(list(names), certain=True, descending=bool(ticks.values[0] > ticks.values[-1]))
    return _numbered(names)


def _numbered(names: Sequence[str]) -> Headings | None:
    """Return numbers that stand between the same texts in every name."""
    found = [_NUMBERED.fullmatch(_WORLD_BANK.sub(r"\1", name)) for name in names]
    matches = [match for match in found if match is not None]
    if len(matches) < len(names) or len({(match["before"], match["after"]) for match in matches}) > 1:
        return None
    before, after = matches[0]["before"], matches[0]["after"]
    if not (_BEFORE.fullmatch(before) and _AFTER.fullmatch(after)):
        return None
    numbers = np.array([float(match["number"]) for match in matches])
    if not _in_order(numbers):
        return None
    whole = bool((numbers == np.round(numbers)).all())
    years = whole and bool(((numbers >= _YEARS[0]) & (numbers <= _YEARS[1])).all())
    if before.strip(" _.=:-").lower() == "x" and not years:
        return None  # R writes X before years; x1, x2, ... are series
    times = numbers.astype(np.int64).tolist() if whole else numbers.tolist()
    return Headings(times, years or bool(before.strip() or after.strip()), descending=times[0] > times[-1])


def _in_order(values: Any) -> bool:
    steps = np.diff(values)
    return bool((steps > 0).all() or (steps < 0).all())
