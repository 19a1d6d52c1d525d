"""The course of a series: does it keep its level, follow a line, change its level or wander?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causalkit.health.autoregression import autoregression
from causalkit.health.breaks import Shift, level_shifts, line_test, variance_change
from causalkit.health.levels import Levels, levels_of
from causalkit.health.pieces import LONG, Piece
from causalkit.health.tails import heavy_tails
from causalkit.health.unit_root import adf, kpss
from causalkit.health.values import FAR, robust

Array = NDArray[np.float64]
Verdict = Literal["stationary", "trend", "level-shift", "unit-root", "near-unit-root"]

SLOW = 0.9
"""Persistence from which a series is slow: what happens has half of its effect left after seven steps."""
ORDINARY = 0.7
"""Persistence that a short series must not seem to exceed by chance."""
TREND_SHARE = 0.1
"""Share of the variance within realisations that lines must explain."""
SHIFT_SHARE = 0.03
"""Share of the variance within realisations that changes of level must explain."""


@dataclass(frozen=True, eq=False)
class Course:
    """What tests of one series found.

    Attributes:
        verdict: what matters most.
        adf, kpss: p-values; see `causalkit.health.unit_root`.
        persistence: of the autoregression, 1: a unit root.
        trend: share of the variance within realisations that lines explain.
        shifts: changes of level.
        levels: of realisations.
        kurtosis: excess kurtosis of the innovations.
        tails: p-value of normal innovations against heavy tails.
        variance: p-value of a constant variance.
    """

    verdict: Verdict
    adf: float | None
    kpss: float | None
    persistence: float
    trend: float
    shifts: tuple[Shift, ...]
    levels: Levels
    kurtosis: float
    tails: float
    variance: float


def course_of(pieces: Sequence[Piece], alpha: float) -> Course:
    """Examine one series without its season.

    Args:
        pieces: of the series.
        alpha: level of every test.
    """
    plain = autoregression(_clipped(pieces))
    levels = levels_of(pieces, plain)
    verdict, shifts, root, level, trend = _verdict(_clipped([piece for piece in pieces if len(piece) >= LONG]), alpha)
    whole = autoregression(pieces, line=verdict == "trend")
    centred = np.concatenate([piece.values - piece.values.mean() for piece in pieces])
    kurtosis, tails = heavy_tails(centred, np.concatenate(whole.residuals))
    return Course(
        verdict=verdict,
        adf=root,
        kpss=level,
        persistence=plain.persistence,
        trend=trend,
        shifts=tuple(shifts),
        levels=levels,
        kurtosis=kurtosis,
        tails=tails,
        variance=variance_change(whole)[0],
    )


def _verdict(pieces: Sequence[Piece], alpha: float) -> tuple[Verdict, list[Shift], float | None, float | None, float]:
    """Return the verdict on long pieces, changes of level, p-values of ADF and KPSS, and the share of lines."""
    if not pieces:
        return "stationary", [], None, None, 0.0
    plain = autoregression(pieces)
    steps = sum(map(len, pieces))
    slow = float(np.clip(ORDINARY + 2.8 * np.sqrt((1 - ORDINARY**2) / steps), SLOW, 0.97))
    trend = line_share(pieces)
    p_line = line_test(pieces) if trend >= TREND_SHARE else 1.0
    shifts, between = level_shifts(pieces, alpha)
    if _variation(between) > (1 - SHIFT_SHARE) * _variation(pieces):
        shifts, between = [], list(pieces)
    verdict: Verdict = "stationary"
    if p_line < alpha and _returns(pieces, slow, line=True) and (not shifts or p_line <= _smallest(shifts)):
        verdict = "trend"
        shifts, _ = level_shifts(_detrended(pieces), alpha)
    elif shifts and _returns(between, slow, line=False):
        verdict = "level-shift"
    else:
        shifts = []
        if plain.persistence >= slow:
            verdict = "unit-root"
    root = adf(pieces, plain.order, line=verdict == "trend")
    if verdict == "unit-root" and root is not None and root < 0.05:
        verdict = "near-unit-root"
    return verdict, shifts, root, kpss(pieces, line=verdict == "trend"), trend


def line_share(pieces: Sequence[Piece]) -> float:
    """Return the share of the variance within pieces that straight lines, one a piece, explain."""
    total = left = 0.0
    for piece, without in zip(pieces, _detrended(pieces), strict=True):
        total += float(((piece.values - piece.values.mean()) ** 2).sum())
        left += float((without.values**2).sum())
    return 1 - left / total if total > 0 else 0.0


def _returns(pieces: Sequence[Piece], slow: float, *, line: bool) -> bool:
    """Return whether a series returns to its levels or lines soon."""
    fitted = autoregression(pieces, line=line)
    if fitted.persistence >= slow:
        return False
    p_value = adf(pieces, fitted.order, line=line)
    return p_value is None or p_value < 0.05


def _variation(pieces: Sequence[Piece]) -> float:
    return sum(float(((piece.values - piece.values.mean()) ** 2).sum()) for piece in pieces)


def _smallest(shifts: Sequence[Shift]) -> float:
    return min(shift.p_value for shift in shifts)


def _clipped(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces with their outliers moved to the border of the ordinary values."""
    if not pieces:
        return []
    middle, unit = robust(np.concatenate([piece.values - np.median(piece.values) for piece in pieces]))
    if unit <= 0:
        return list(pieces)
    found = []
    for piece in pieces:
        centre = float(np.median(piece.values)) + middle
        width = FAR * max(unit, robust(piece.values)[1])  # a subject may vary more than others
        found.append(replace(piece, values=np.clip(piece.values, centre - width, centre + width)))
    return found


def _detrended(pieces: Sequence[Piece]) -> list[Piece]:
    found = []
    for piece in pieces:
        step = np.arange(len(piece)) - (len(piece) - 1) / 2
        centred = piece.values - piece.values.mean()
        found.append(replace(piece, values=centred - step * (step @ centred) / (step @ step)))
    return found
