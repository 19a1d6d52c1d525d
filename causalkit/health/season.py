"""Seasons: lines in the spectrum of a series, and the period that they have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal

from causalkit.core.tails import chi_square_tail, f_tail
from causalkit.health.autoregression import Autoregression, autoregression
from causalkit.health.pieces import Piece

Array = NDArray[np.float64]
FEWEST_CYCLES = 3
"""Cycles of a season that a piece must contain for means of all positions."""
LEAST_CYCLES = 2.25
"""Cycles of a season that a piece must contain for a single wave."""
SHORTEST_SEASON = 16
"""Steps of a piece in which a season is looked for."""
MOST_WAVES = 30
"""Waves of a season that are tried."""
MOST_STEPS = 5000
"""Steps of a piece to which waves are fitted."""
TESTED = 8
"""Pieces that are looked at, the longest first."""
FINER = 4
"""Frequencies that are looked at, relative to those of the discrete Fourier transform."""


@dataclass(frozen=True)
class Season:
    """A season.

    Attributes:
        period: in time steps.
        harmonics: the largest multiple of its frequency that is significant.
        p_values: of its strongest frequency in every series.
    """

    period: int
    harmonics: int
    p_values: Mapping[int, float]

    def with_more(self, part: Season) -> Season:
        """Return the season with waves that it did not have: those of a season whose period divides its own."""
        waves = part.harmonics * (self.period // part.period)
        harmonics = min(waves if waves > self.harmonics else self.period, self.period // 2)
        return replace(
            self,
            harmonics=harmonics,
            p_values={at: min(value, part.p_values.get(at, 1.0)) for at, value in self.p_values.items()},
        )

    def series(self, alpha: float) -> list[int]:
        """Return the series that have it."""
        return [at for at, value in self.p_values.items() if value < alpha]


def find_season(series: Mapping[int, Sequence[Piece]], alpha: float, calendar: Sequence[int] = ()) -> Season | None:
    """Return the season of a panel with the strongest evidence, or None.

    A season is a line in the spectrum: a frequency at which the cycles of the whole piece are in phase, so that its
    power stands above that of its neighbours. Oscillations that lose their phase have a peak with a width and pass.
    Three tests look for it: Thomson's with orthogonal tapers; at frequencies too low for these, a sine wave beside the
    autoregression of the series; and the means of all positions in a period beside it, which find a season without any
    strong wave.

    Args:
        series: the pieces of every series, by its number.
        alpha: probability of a season in a panel that has none.
        calendar: periods to prefer where they fit, such as 7 and 365 for daily measurements.

    Reference:
        Thomson, Proc. IEEE 70, 1055-1096, 1982.
    """
    longest = max((len(piece) for pieces in series.values() for piece in pieces), default=0)
    if longest < SHORTEST_SEASON or not series:
        return None
    looked_at = {at: _of_equal_scale(sorted(pieces, key=len, reverse=True)[:TESTED]) for at, pieces in series.items()}
    fitted = {at: autoregression(pieces, line=True) for at, pieces in looked_at.items()}
    size = FINER * int(2 ** np.ceil(np.log2(longest)))
    lines = np.array([_line_p(looked_at[at], fitted[at], size) for at in series])
    periods = _periods(longest, calendar)
    combs = np.array([_comb_p(fitted[at], periods) for at in series])
    # Neighbours on the finer grid of frequencies are nearly the same test.
    by_line, by_comb = lines.min() * longest * 4 * len(series), combs.min() * combs.size * 2
    if min(by_line, by_comb) >= alpha:
        return None
    if by_line <= by_comb:
        row, peak = np.unravel_index(int(lines.argmin()), lines.shape)
        candidates = _near(float(peak) / size, longest)
        having = lines[:, peak] < 0.05
    else:
        row, peak = np.unravel_index(int(combs.argmin()), combs.shape)
        candidates = [periods[peak], *(p for p in range(2, periods[peak]) if periods[peak] % p == 0)]
        having = combs[:, peak] < 0.05
    having[row] = True
    numbers = list(series)
    chosen = {numbers[at]: looked_at[numbers[at]] for at in np.flatnonzero(having)}
    period, harmonics = _best(chosen, candidates, calendar)
    if not period:
        return None
    near = int(np.ceil(0.5 * size / longest))
    p_values = {}
    for at, number in enumerate(numbers):
        own = float(_comb_p(fitted[number], [period])[0])
        for harmonic in range(1, harmonics + 1):
            place = round(harmonic * size / period)
            own = min(own, float(lines[at, max(0, place - near) : place + near + 1].min()))
        p_values[number] = own
    return Season(period, harmonics, p_values)


def _of_equal_scale(pieces: Sequence[Piece]) -> list[Piece]:
    """Return pieces of equal variance: in one of a subject that varies more than others, noise would be a season."""
    scales = [float(piece.values.std()) or 1.0 for piece in pieces]
    return [replace(piece, values=piece.values / scale) for piece, scale in zip(pieces, scales, strict=True)]


def calendar_periods(seconds: float | None, step: str = "") -> tuple[int, ...]:
    """Return the periods of the calendar, in time steps, for a step of so many seconds.

    Args:
        seconds: length of a step; None: unknown.
        step: the same in words, such as "1 month".
    """
    if step.startswith("1 month"):
        return (12,)
    if step.startswith(("1 quarter", "3 month")):
        return (4,)
    if not seconds:
        return ()
    lengths = (60.0, 3600.0, 86400.0, 7 * 86400.0, 365.25 * 86400.0)
    return tuple(round(length / seconds) for length in lengths if 2 <= length / seconds <= 100_000)


def _line_p(pieces: Sequence[Piece], fitted: Autoregression, size: int) -> Array:
    """Return the p-value of a line at every frequency, shape (size // 2 + 1,)."""
    logs, count = np.zeros(size // 2 + 1), np.zeros(size // 2 + 1)
    frequencies = np.arange(size // 2 + 1) / size
    longest = max(map(len, pieces), default=1)
    for piece in pieces:
        if np.ptp(piece.values) == 0 or len(piece) < SHORTEST_SEASON:
            continue
        bandwidth = _bandwidth(len(piece))
        there = frequencies >= bandwidth / len(piece)
        step = np.arange(len(piece)) - (len(piece) - 1) / 2
        centred = piece.values - piece.values.mean()
        centred = centred - step * (step @ centred) / (step @ step)
        values = _thomson(centred, size, bandwidth)[there]
        logs[there] += np.log(np.maximum(values, 1e-300))
        count += there
    result = np.where(count > 0, chi_square_tail(-2 * logs, 2 * np.maximum(count, 1)), 1.0)
    low = np.flatnonzero((frequencies >= LEAST_CYCLES / longest) & (frequencies < _bandwidth(longest) / longest))
    if len(low):
        result[low] = np.minimum(result[low], _wave_p(fitted, frequencies[low]))
    return result


def _bandwidth(steps: int) -> float:
    """Return the half bandwidth of the tapers, in cycles a piece."""
    return float(np.clip(round(steps / 30), 3, 8))


def _wave_p(fitted: Autoregression, frequencies: Array) -> Array:
    """Return the p-value of a wave of each frequency beside the autoregression, with its own phase in every piece."""
    explained, parts = np.zeros(len(frequencies)), 0
    for residuals, basis in zip(fitted.residuals, fitted.basis, strict=True):
        steps = np.arange(len(residuals))
        angle = 2 * np.pi * np.outer(steps, frequencies)
        waves = np.stack([np.cos(angle), np.sin(angle)])  # (2, n, F)
        fixed = np.column_stack([np.ones(len(steps)), steps / len(steps)])
        both = np.hstack([np.linalg.qr(fixed)[0], basis])
        product = np.einsum("anf,nk->afk", waves, both)
        square = np.einsum("anf,bnf->fab", waves, waves) - np.einsum("afk,bfk->fab", product, product)
        with_residuals = np.einsum("anf,n->fa", waves, residuals)
        square += 1e-9 * len(steps) * np.eye(2)
        explained += np.einsum("fa,fa->f", with_residuals, np.linalg.solve(square, with_residuals[..., None])[..., 0])
        parts += 1
    return _f_test(fitted, explained, np.full(len(frequencies), 2 * parts))


def _comb_p(fitted: Autoregression, periods: Sequence[int]) -> Array:
    """Return the p-value of means of the positions in each period beside the autoregression, shape (periods,)."""
    explained, degrees = np.zeros(len(periods)), np.zeros(len(periods))
    for residuals, basis in zip(fitted.residuals, fitted.basis, strict=True):
        count = len(residuals)
        columns = np.column_stack([residuals, basis])
        for number, period in enumerate(periods):
            if count < FEWEST_CYCLES * period:
                continue
            rows = -(-count // period)
            padded = np.zeros((rows * period, columns.shape[1]))
            padded[:count] = columns
            sums = padded.reshape(rows, period, -1).sum(axis=0)  # (period, 1 + k)
            there = np.full(period, count // period) + (np.arange(period) < count % period)
            own, lagged = sums[:, 0] / there, sums[:, 1:]
            inner = np.eye(lagged.shape[1]) - lagged.T @ (lagged / there[:, None])
            cross = own @ lagged
            more = cross @ np.linalg.solve(inner + 1e-9 * np.eye(len(inner)), cross) if len(inner) else 0.0
            explained[number] += float(own @ sums[:, 0] + more)
            degrees[number] += period - 1
    return _f_test(fitted, explained, degrees)


def _f_test(fitted: Autoregression, explained: Array, degrees: Array) -> Array:
    """Return p-values of terms that explain a part of the residuals; 1 where there is no term."""
    total = sum(float((part**2).sum()) for part in fitted.residuals)
    count = sum(map(len, fitted.residuals)) - 2 * len(fitted.residuals) - fitted.order
    left = np.maximum(total - explained, 1e-12 * max(total, 1e-300))
    free = np.maximum(count - degrees, 1)
    statistic = explained / np.maximum(degrees, 1) / (left / free)
    return np.where((degrees > 0) & (count - degrees >= 5), f_tail(statistic, np.maximum(degrees, 1), free), 1.0)


def _thomson(values: Array, size: int, bandwidth: float) -> Array:
    tapers = _tapers(len(values), bandwidth)  # (K, T)
    spectra = np.fft.rfft(tapers * values, n=size, axis=1)
    sums = tapers.sum(axis=1)
    power = float(sums @ sums)
    line = (sums @ spectra) / power
    left = (np.abs(spectra - np.outer(sums, line)) ** 2).sum(axis=0)
    floor = 1e-12 * float(values @ values)
    statistic = (len(tapers) - 1) * np.abs(line) ** 2 * power / np.maximum(left, floor)
    # The middle and the highest frequency of a real series have one degree of freedom.
    p_values = np.asarray(f_tail(statistic, 2, 2 * len(tapers) - 2), dtype=np.float64)
    p_values[-1] = f_tail(statistic[-1], 1, len(tapers) - 1)
    result: Array = p_values
    return result


@lru_cache(maxsize=32)
def _tapers(steps: int, bandwidth: float) -> Array:
    """Return the discrete prolate spheroidal sequences of a bandwidth in cycles of the recording, (K, T).

    They are eigenvectors of a tridiagonal matrix (Slepian, Bell System Technical Journal 57, 1978, equation 14). Those
    of ``scipy.signal`` differ in sign at most; its import takes as long as a short fit.
    """
    count, place = int(2 * bandwidth) - 1, np.arange(steps)
    diagonal = ((steps - 1 - 2 * place) / 2) ** 2 * np.cos(2 * np.pi * bandwidth / steps)
    beside = place[1:] * (steps - place[1:]) / 2
    vectors = eigh_tridiagonal(diagonal, beside, select="i", select_range=(steps - count, steps - 1))[1]
    return np.ascontiguousarray(vectors.T[::-1], dtype=np.float64)


def _periods(steps: int, calendar: Sequence[int]) -> list[int]:
    """Return the periods that are tried without a line in the spectrum."""
    largest = int(steps / FEWEST_CYCLES)
    return sorted({*range(2, min(largest, 60) + 1), *(period for period in calendar if period <= min(largest, 1000))})


def _near(frequency: float, steps: int) -> list[int]:
    """Return the periods of which some number of waves, up to four, has about this frequency."""
    found: set[int] = set()
    largest = int(steps / LEAST_CYCLES)
    for waves in (1, 2, 3, 4):
        low, high = waves / (frequency + 0.6 / steps), waves / max(frequency - 0.6 / steps, 1e-9)
        found.update(range(max(2, int(np.ceil(low - 0.5))), min(largest, int(high + 0.5), int(low) + 40) + 1))
    return sorted(found)


def _best(series: Mapping[int, Sequence[Piece]], candidates: Sequence[int], calendar: Sequence[int]) -> tuple[int, int]:
    """Return the period and the number of its waves that describe the series best; (0, 0): none.

    Schwarz's criterion with a double penalty, since the rest is autocorrelated, summed over series and pieces. A period
    of the calendar wins where it is nearly as good.
    """
    scores: dict[int, tuple[float, int]] = {}
    for period in candidates:
        most = max(1, min(period // 2, MOST_WAVES))
        gain = np.zeros(most)
        used = False
        for pieces in series.values():
            for piece in pieces[:3]:
                if len(piece) < LEAST_CYCLES * period or len(piece) < 2 * most + 8:
                    continue
                used = True
                gain += _gains(piece.values[:MOST_STEPS], period, most)
        if used:
            waves = int(np.argmin(gain))
            scores[period] = (float(gain[waves]), waves + 1)
    if not scores:
        return 0, 0
    best = min(scores, key=lambda period: scores[period][0])
    known = [period for period in calendar if period in scores and scores[period][0] <= scores[best][0] + 10]
    chosen = min(known, key=lambda period: scores[period][0]) if known else best
    return chosen, scores[chosen][1]


def _gains(values: Array, period: int, most: int) -> Array:
    """Return the criterion with 1, 2, ... waves, relative to none, shape (most,)."""
    count = len(values)
    squares = (_wave_basis(count, period, most).T @ values) ** 2
    total = max(float(values @ values - squares[:2].sum()), 1e-300)
    explained = np.cumsum(squares[2:].reshape(most, 2).sum(axis=1))
    left = np.maximum(total - explained, 1e-9 * total)
    result: Array = count * np.log(left / total) + 2 * np.log(count) * 2 * np.arange(1, most + 1)
    return result


@lru_cache(maxsize=4)  # the series of a panel are of equal length
def _wave_basis(count: int, period: int, most: int) -> Array:
    """Return an orthonormal basis of a line and of waves 1, 2, ... of a period, shape (count, 2 + 2 most)."""
    steps = np.arange(count)
    angle = 2 * np.pi * np.outer(steps, np.arange(1, most + 1)) / period
    waves = np.stack([np.cos(angle), np.sin(angle)], axis=2).reshape(count, 2 * most)
    fixed = np.column_stack([np.ones(count), steps / count])
    return np.asarray(np.linalg.qr(np.hstack([fixed, waves]))[0], dtype=np.float64)
