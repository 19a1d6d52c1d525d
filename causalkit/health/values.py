"""The values of a series, whatever their order: constant, whole numbers, codes, outliers."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Kind = Literal["continuous", "integer", "binary", "constant"]

ROUNDING = 1e-12
"""Range of a series relative to its size, below which it differs by rounding only."""
WIDE = 10.0
"""Ranges of the other values that a code which is written unlike other codes is away from them."""
FAR = 8.0
"""Robust standard deviations from the median beyond which a value lies far outside of the rest."""
_CODES = re.compile(r"-?(9{2,}|8{3,}|7{3,}|6{4,}|9+\.9+|8+\.8+|6999|32767|32768|65535|2147483647|2147483648)")


def kind_of(there: Array) -> Kind:
    """Return what the values (T,) of a series, without missing cells, are.

    A series that stays at a value up to rounding, such as 0.3 and 0.30000000000000004, is constant.
    """
    if not len(there) or np.ptp(there) <= ROUNDING * np.abs(there).max():
        return "constant"
    distinct = np.unique(there[:10_000])
    if len(distinct) <= 2 and len(np.unique(there)) == 2:
        return "binary"
    return "integer" if (distinct == np.round(distinct)).all() and (there == np.round(there)).all() else "continuous"


def codes_of(there: Array) -> list[float]:
    """Return values that look like codes of missing cells: repeated exactly, far outside of the rest.

    A value that is written as such codes are (-999, -99.99, 9999, 1e20) needs no second time where it lies far outside;
    any other needs three.
    """
    values, counts = np.unique(there, return_counts=True)
    if len(values) < 4:
        return []
    found: list[float] = []
    while True:
        ordinary = ~np.isin(values, found)
        best = None
        for at in (
            int(np.argmin(np.where(ordinary, values, np.inf))),
            int(np.argmax(np.where(ordinary, values, -np.inf))),
        ):
            rest = ordinary.copy()
            rest[at] = False
            if rest.sum() < 3 or counts[at] > 0.5 * len(there) or not _far(values, counts, rest, at):
                continue
            # Rounded values repeat as well; a value beyond a very wide gap needs not be more frequent than they are.
            alone = counts[rest].max() * 3 <= 2 * counts[at] or _far(values, counts, rest, at, ranges=WIDE)
            if is_code(values[at]) or (counts[at] >= 3 and alone):
                best = float(values[at])
        if best is None:
            return sorted(found)
        found.append(best)


def repeated_codes(there: Array, known: Collection[float]) -> list[float]:
    """Return those codes of other series that repeat outside of the range of all other values."""
    found = []
    for code in known:
        rest = there[there != code]
        if len(there) - len(rest) < 2 or len(rest) < 4:
            continue
        gap = max(rest.min() - code, code - rest.max())
        if gap > 2 * robust(rest)[1] and gap > 0:
            found.append(code)
    return found


def is_code(value: float) -> bool:
    """Return whether a value is written as codes of missing cells are."""
    return abs(value) >= 1e19 or bool(_CODES.fullmatch(f"{value:.10g}"))


def outliers_of(there: Array) -> int:
    """Return how many values lie far outside of the rest."""
    middle, unit = robust(there)
    return int((np.abs(there - middle) > FAR * unit).sum()) if unit > 0 else 0


def robust(values: Array) -> tuple[float, float]:
    """Return the median, and the standard deviation that a normal distribution with these quartiles has."""
    # As np.percentile, of which three calls for each of thousands of short series take longer than all other tests.
    ordered = np.sort(values)
    low, middle, high = (_quantile(ordered, share) for share in (0.25, 0.5, 0.75))
    return middle, (high - low) / 1.349


def _quantile(ordered: Array, share: float) -> float:
    """Return a quantile of sorted values, between two of them in proportion."""
    place = (len(ordered) - 1) * share
    below = int(place)
    left, right = float(ordered[below]), float(ordered[min(below + 1, len(ordered) - 1)])
    part = place - below
    return right - (right - left) * (1 - part) if part >= 0.5 else left + (right - left) * part


def _far(values: Array, counts: NDArray[np.intp], rest: NDArray[np.bool_], at: int, *, ranges: float = 1.0) -> bool:
    """Return whether a value lies far from the rest: in their spread, and behind a gap of so many of their ranges."""
    others = np.repeat(values[rest], counts[rest])
    unit = robust(others)[1]
    low, high = float(others.min()), float(others.max())
    gap = low - values[at] if values[at] < low else values[at] - high
    return bool(gap > max(ranges * (high - low), FAR * unit / 2) and gap > 0)
