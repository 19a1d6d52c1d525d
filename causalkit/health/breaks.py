"""Steps at which the level of a series changes, straight lines, and changes of variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causalkit.core.tails import f_tail, kolmogorov_tail
from causalkit.health.autoregression import Autoregression, autoregression, squared_errors
from causalkit.health.pieces import LONG, Piece

Array = NDArray[np.float64]
MOST_SHIFTS = 6
FEWEST = 10
"""Steps of a level."""
HIDDEN = 0.6
"""Persistence from which changes of level may hide each other."""
EDGE = 0.08
"""Share of a piece at both ends in which no change is looked for."""


@dataclass(frozen=True)
class Shift:
    """A change of level.

    Attributes:
        realisation: index, from 0.
        step: first step of the new level, an index in the realisation, from 0.
        size: of the change, in units of the data.
        p_value: of the test, over all places at which it could be.
    """

    realisation: int
    step: int
    size: float
    p_value: float


def level_shifts(pieces: Sequence[Piece], alpha: float) -> tuple[list[Shift], list[Piece]]:
    """Return the changes of level, and the pieces between them.

    A step function joins the autoregression of the series, whose errors are uncorrelated, so that slow wandering of a
    stationary series is not taken for a change. The largest F statistic over all places is the test; a piece with a
    change is split there, and the search goes on.

    Args:
        pieces: of one series.
        alpha: level of the test over all pieces.

    Reference:
        Andrews, Econometrica 61, 821-856, 1993; p-values: Miller and Siegmund, Biometrics 38, 1011-1016, 1982.
    """
    units = {(piece.realisation, piece.start): _unit(piece) for piece in pieces}
    # A subject that varies more than others has larger means by chance.
    found, current = _found(
        [_scaled(piece, 1 / unit) for piece, unit in zip(pieces, units.values(), strict=True)], alpha
    )

    def unit_at(realisation: int, step: int) -> float:
        return units[max(start for start in units if start[0] == realisation and start[1] <= step)]

    return (
        [replace(shift, size=shift.size * unit_at(shift.realisation, shift.step)) for shift in found],
        [_scaled(piece, unit_at(piece.realisation, piece.start)) for piece in current],
    )


def _unit(piece: Piece) -> float:
    """Return the standard deviation of the steps of a piece, on which changes of level have little effect."""
    return float(np.diff(piece.values).std()) or 1.0


def _scaled(piece: Piece, factor: float) -> Piece:
    return replace(piece, values=piece.values * factor)


def _found(pieces: Sequence[Piece], alpha: float) -> tuple[list[Shift], list[Piece]]:
    found, current = _split(pieces, alpha, [], list(pieces))
    if not found and autoregression(pieces).persistence >= HIDDEN:
        # Several changes hide each other from a test of one: the best split of levels comes first, and all are tested
        # together, at all places at which they could be.
        forced, halves = _best_split(pieces)
        if forced is not None:
            found, current = _split(pieces, alpha, [forced], halves)
            if _together(pieces, current, len(found)) >= alpha:
                found, current = [], list(pieces)
    return sorted(found, key=lambda shift: (shift.realisation, shift.step)), current


def _split(
    pieces: Sequence[Piece], alpha: float, found: list[Shift], current: list[Piece]
) -> tuple[list[Shift], list[Piece]]:
    """Split pieces at changes of level until no further one is significant."""
    while len(found) < MOST_SHIFTS:
        fitted = autoregression(current)
        best: tuple[float, int, int] | None = None
        for number in range(len(current)):
            at, statistic, trim = _largest(fitted, number)
            if at is None:
                continue
            p_value = sup_f_p(statistic, trim) * len(pieces)
            if p_value < alpha and (best is None or p_value < best[0]):
                best = (p_value, number, at + fitted.order)
        if best is None:
            break
        p_value, number, at = best
        piece = current[number]
        at = _placed(piece.values, at)
        before, after = piece.split(at)
        size = float(np.median(after.values[:50]) - np.median(before.values[-50:]))
        found.append(Shift(piece.realisation, piece.start + at, size, p_value))
        current[number : number + 1] = [before, after]
        if min(map(len, current)) < 4:
            break
    return found, current


def _best_split(pieces: Sequence[Piece]) -> tuple[Shift | None, list[Piece]]:
    """Split one piece where two levels explain most of its variance."""
    best: tuple[float, int, int] | None = None
    for number, piece in enumerate(pieces):
        count = len(piece)
        fewest = max(FEWEST, int(EDGE * count))
        if count < 2 * fewest + 2:
            continue
        places = np.arange(fewest, count - fewest + 1)
        sums = np.cumsum(piece.values - piece.values.mean())[places - 1]
        gains = sums**2 * count / (places * (count - places))
        at = int(np.argmax(gains))
        if best is None or gains[at] > best[0]:
            best = (float(gains[at]), number, int(places[at]))
    if best is None:
        return None, list(pieces)
    _, number, at = best
    piece = pieces[number]
    before, after = piece.split(at)
    size = float(np.median(after.values[:50]) - np.median(before.values[-50:]))
    shift = Shift(piece.realisation, piece.start + at, size, 0.0)
    return shift, [*pieces[:number], before, after, *pieces[number + 1 :]]


def _together(pieces: Sequence[Piece], split: Sequence[Piece], count: int) -> float:
    """Return the p-value of several changes of level at any places."""
    order = max(autoregression(split).order, 1)
    if min(map(len, split)) <= order + 2:
        return 1.0
    steps = sum(map(len, pieces))
    rows = steps - len(split) * order
    before = squared_errors(pieces, order, line=False) / (steps - len(pieces) * order)
    after = squared_errors(split, order, line=False) / rows
    degrees = rows - len(split) - order
    if degrees < 5 or after <= 0:
        return 1.0
    statistic = max(0.0, (before - after) * rows / count / (after * rows / degrees))
    with np.errstate(divide="ignore"):  # -inf: beyond the smallest number
        log_p = float(np.log(f_tail(statistic, count, degrees))) + count * np.log(steps)
    return float(np.exp(min(0.0, log_p)))


def sup_f_p(statistic: float, trim: float) -> float:
    """Return the p-value of the largest of the F statistics of a change at any place in the middle of a series."""
    if statistic <= 3:
        return 1.0
    root = np.sqrt(statistic)
    span = 2 * np.log((1 - trim) / trim)
    value = root * np.exp(-statistic / 2) / np.sqrt(2 * np.pi) * ((1 - 1 / statistic) * span + 4 / statistic)
    return float(min(1.0, value))


def line_test(pieces: Sequence[Piece]) -> float:
    """Return the p-value of straight lines, one a piece, beyond what autocorrelation explains.

    The larger p-value of two tests counts: one of the lines in the autoregression, and one of their sum of squares
    against the long-run variance of the series, which corrects for the bias of autoregressions of short pieces.
    """
    fitted = autoregression(pieces, line=True)
    order = max(fitted.order, 1)
    plain, lined = (squared_errors(pieces, order, line=line) for line in (False, True))
    count, steps = len(pieces), sum(map(len, pieces))
    degrees = steps - count * (order + 2) - order
    if degrees < 3 or lined <= 0 or fitted.long_run <= 0:
        return 1.0
    nested = f_tail(max(0.0, (plain - lined) / count / (lined / degrees)), count, degrees)
    explained = 0.0
    for piece in pieces:
        step = np.arange(len(piece)) - (len(piece) - 1) / 2
        explained += float(step @ piece.values) ** 2 / float(step @ step)
    slow = min(max(fitted.persistence, 0.0), 0.97)
    free = max(2.0, (steps - 2 * count) * (1 - slow) / (1 + slow))
    return float(max(nested, f_tail(explained / count / fitted.long_run, count, free)))


def variance_change(fitted: Autoregression) -> tuple[float, int, int]:
    """Return the p-value of a change of variance, with the piece and the step of the residuals where it is.

    The cumulative sum of absolute residuals is compared with a Brownian bridge; the correlation of their sizes, which
    is no change, widens it.

    Reference:
        Sanso, Arago and Carrion, Revista de Economia Financiera 4, 32-53, 2004.
    """
    best = (1.0, 0, 0)
    for number, part in enumerate(fitted.residuals):
        if len(part) < LONG:
            continue
        size = np.abs(part) - np.abs(part).mean()
        bandwidth = int(4 * (len(part) / 100) ** 0.25) + 2
        variance = float(size @ size)
        for lag in range(1, bandwidth + 1):
            variance += 2 * (1 - lag / (bandwidth + 1)) * float(size[lag:] @ size[:-lag])
        if variance <= 0:
            continue
        path = np.abs(np.cumsum(size)) / np.sqrt(variance)
        at = int(np.argmax(path))
        value = min(1.0, float(kolmogorov_tail(path[at])) * len(fitted.residuals))
        if value < best[0]:
            best = (value, number, at)
    return best


def _largest(fitted: Autoregression, number: int) -> tuple[int | None, float, float]:
    """Return the place of the largest F statistic of a step in one piece of the residuals, the statistic, the trim."""
    part, basis = fitted.residuals[number], fitted.basis[number]
    count = len(part)
    fewest = max(FEWEST, int(EDGE * count))
    if count < 2 * fewest + 2:
        return None, 0.0, 0.0
    places = np.arange(fewest, count - fewest + 1)
    # The step function is 1 from a place on. Sums from there to the end give its products with all columns.
    after = (part.sum() - np.concatenate([[0.0], np.cumsum(part)]))[places]
    sums = (basis.sum(axis=0) - np.concatenate([np.zeros((1, basis.shape[1])), np.cumsum(basis, axis=0)]))[places]
    own = places * (count - places) / count - (sums**2).sum(axis=1)
    total = sum(float((one**2).sum()) for one in fitted.residuals)
    degrees = max(1, sum(map(len, fitted.residuals)) - fitted.order - len(fitted.residuals) - 1)
    gain = np.where(own > 0.02 * places * (count - places) / count, after**2 / np.maximum(own, 1e-300), 0.0)
    gain = np.minimum(gain, total)
    statistics = gain / (np.maximum(total - gain, 1e-12 * max(total, 1e-300)) / degrees)
    at = int(np.argmax(statistics))
    return int(places[at]), float(statistics[at]), fewest / count


def _placed(values: Array, at: int, reach: int = 4) -> int:
    """Return the place near a given one that splits the values into two levels best."""
    low, high = max(2, at - reach), min(len(values) - 2, at + reach)
    first, last = max(0, at - 40), min(len(values), at + 40)

    def error(place: int) -> float:
        left, right = values[first:place], values[place:last]
        return float(((left - left.mean()) ** 2).sum() + ((right - right.mean()) ** 2).sum())

    return min(range(low, high + 1), key=error) if low <= high else at
