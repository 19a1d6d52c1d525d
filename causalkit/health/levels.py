"""Levels of realisations: do their means differ beyond what autocorrelation explains?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from causalkit.core.tails import f_tail
from causalkit.health.autoregression import Autoregression
from causalkit.health.pieces import Piece

LATER = 0.01
"""p-value of equal means of the second halves of realisations, above which there are no levels."""


@dataclass(frozen=True)
class Levels:
    """How far the means of realisations lie apart.

    Attributes:
        p_value: of equal levels.
        share: of the variance between realisations, in all of the variance.
    """

    p_value: float
    share: float


def levels_of(pieces: Sequence[Piece], fitted: Autoregression) -> Levels:
    """Test whether the means of realisations are equal, where an autoregression says how much means vary by chance.

    The second halves of realisations must differ as well: systems that start from other states and return to the same
    one have no levels, and the way back tells how they work.
    """
    whole, share = _analysis(pieces, fitted)
    later = [replace(piece, values=piece.values[len(piece) // 2 :]) for piece in pieces]
    return Levels(whole if _analysis(later, fitted)[0] < LATER else 1.0, share)


def _analysis(pieces: Sequence[Piece], fitted: Autoregression) -> tuple[float, float]:
    """Return the p-value of equal means, and the share of the variance between them."""
    lengths = np.array([len(piece) for piece in pieces], dtype=float)
    means = np.array([piece.values.mean() for piece in pieces])
    if len({piece.realisation for piece in pieces}) < 2 or fitted.long_run <= 0:
        return 1.0, 0.0
    whole = float((lengths * means).sum() / lengths.sum())
    between = float((lengths * (means - whole) ** 2).sum())
    within = sum(float(((piece.values - piece.values.mean()) ** 2).sum()) for piece in pieces)
    # Independent values that are as informative about the long-run variance as the autocorrelated ones.
    slow = min(max(fitted.persistence, 0.0), 0.97)
    degrees = max(2.0, (lengths.sum() - len(pieces)) * (1 - slow) / (1 + slow))
    statistic = between / (len(pieces) - 1) / fitted.long_run
    p_value = float(f_tail(statistic, len(pieces) - 1, degrees))
    return p_value, between / (between + within) if between + within > 0 else 0.0
