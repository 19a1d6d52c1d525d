"""One series as uninterrupted pieces: what tests of its course look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SHORTEST = 10
"""Steps below which a piece is not examined."""
LONG = 30
"""Steps from which the course of a piece is examined: trend, unit root, changes of level and of variance."""
BRIDGED = 2
"""Longest run of missing cells that is bridged by a straight line."""
MOST_PIECES = 40
"""Number of pieces that are examined, the longest first."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Steps of one realisation without a missing cell.

    Attributes:
        realisation: index of the realisation, from 0.
        start: index of the first step in its realisation, from 0.
        values: shape (T,).
    """

    realisation: int
    start: int
    values: Array

    def __len__(self) -> int:
        return len(self.values)

    def split(self, at: int) -> tuple[Piece, Piece]:
        """Return the piece before and from one of its steps."""
        return (
            replace(self, values=self.values[:at]),
            replace(self, start=self.start + at, values=self.values[at:]),
        )


def pieces_of(columns: Sequence[Array], most_steps: int) -> list[Piece]:
    """Return the pieces of a series that are long enough, in order.

    Args:
        columns: the series in every realisation, each of shape (T,); NaN is missing.
        most_steps: steps of a realisation that are looked at.
    """
    found: list[Piece] = []
    for realisation, whole in enumerate(columns):
        values = whole[:most_steps]
        there = ~np.isnan(values)
        if there.sum() < SHORTEST:
            continue
        if there.all():
            found.append(Piece(realisation, 0, values))
            continue
        known = np.flatnonzero(there)
        cuts = np.flatnonzero(np.diff(known) > BRIDGED + 1) + 1
        for run in np.split(known, cuts):
            if run[-1] - run[0] + 1 >= SHORTEST:
                steps = np.arange(run[0], run[-1] + 1)
                found.append(Piece(realisation, int(run[0]), np.interp(steps, run, values[run])))
    if len(found) > MOST_PIECES:
        longest = sorted(range(len(found)), key=lambda at: -len(found[at]))[:MOST_PIECES]
        found = [found[at] for at in sorted(longest)]
    return found
