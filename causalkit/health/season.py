"""Seasons: lines in the spectrum of a series, and the period that they have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from causalkit.health.pieces import Piece

Array = NDArray[np.float64]
FEWEST_CYCLES = 2.5
"""Cycles of a season that a piece must contain."""
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

    def series(self, alpha: float) -> list[int]:
        """Return the series that have it."""
        return [at for at, value in self.p_values.items() if value < alpha]


def find_season(series: Mapping[int, Sequence[Piece]], alpha: float, calendar: Sequence[int] = ()) -> Season | None:
    """Return the season of a panel with the strongest evidence, or None.

    A season is a line in the spectrum: a frequency at which the cycles of the whole piece are in phase, so that its
    power stands above that of its neighbours. Oscillations that lose their phase have a peak with a width and pass. The
    test is Thomson's, with orthogonal tapers; the p-values of pieces are combined as Fisher did.

    Args:
        series: the pieces of every series, by its number.
        alpha: probability of a season in a panel that has none.
        calendar: periods to prefer where they fit, such as 7 and 365 for daily measurements.

    Reference:
        Thomson, Proc. IEEE 70, 1055-1096, 1982.
    """
    longest = max((len(piece) for pieces in series.values() for piece in pieces), default=0)
    if longest < 2 * FEWEST_CYCLES + 11 or not series:
        return None
    size = FINER * int(2 ** np.ceil(np.log2(longest)))
    frequencies = np.arange(size // 2 + 1) / size
    found = {at: _line_p(pieces, size) for at, pieces in series.items()}
    smallest = np.min(list(found.values()), axis=0)
    tests = 2 * longest * len(series)  # neighbours on the finer grid are nearly the same test
    peak = int(np.argmin(smallest))
    if smallest[peak] * tests >= alpha:
        return None
    lines = frequencies[(smallest * tests < alpha) & _peaks(smallest)]
    period = _period(float(frequencies[peak]), lines, longest, calendar)
    if not period or period * FEWEST_CYCLES > longest + 1:
        return None
    harmonics, near = 1, int(np.ceil(0.5 * size / longest))
    p_values = dict.fromkeys(found, 1.0)
    for harmonic in range(1, period // 2 + 1):
        at = round(harmonic * size / period)
        window = slice(max(0, at - near), at + near + 1)
        own = {number: float(values[window].min()) for number, values in found.items()}
        if min(own.values()) * len(series) * period / 2 < 0.01:
            harmonics = harmonic
        p_values = {number: min(p_values[number], own[number]) for number in own}
    return Season(period, harmonics, p_values)


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


def _line_p(pieces: Sequence[Piece], size: int) -> Array:
    """Return the p-value of a line at every frequency, shape (size // 2 + 1,)."""
    logs, pieces_there = np.zeros(size // 2 + 1), np.zeros(size // 2 + 1)
    for piece in sorted(pieces, key=len, reverse=True)[:TESTED]:
        if np.ptp(piece.values) == 0:
            continue
        values = _line_p_of_piece(piece.values, size)
        there = ~np.isnan(values)
        logs[there] += np.log(np.maximum(values[there], 1e-300))
        pieces_there += there
    return np.where(pieces_there > 0, stats.chi2.sf(-2 * logs, 2 * np.maximum(pieces_there, 1)), 1.0)


def _line_p_of_piece(values: Array, size: int) -> Array:
    """Return the p-values of one piece; NaN where a frequency is too low for it."""
    steps = len(values)
    step = np.arange(steps) - (steps - 1) / 2
    centred = values - values.mean()
    centred = centred - step * (step @ centred) / (step @ step)
    frequencies = np.arange(size // 2 + 1) / size
    result = np.full(size // 2 + 1, np.nan)
    half = float(np.clip(round(steps / 30), 3, 8))
    # Few tapers reach lower frequencies; many have more power.
    for bandwidth, lowest, highest in ((2.5, FEWEST_CYCLES - 0.25, half), (half, half, np.inf)):
        chosen = (frequencies >= lowest / steps) & (frequencies < highest / steps)
        if chosen.any():
            result[chosen] = _thomson(centred, size, bandwidth)[chosen]
    return result


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
    p_values = np.asarray(stats.f.sf(statistic, 2, 2 * len(tapers) - 2), dtype=np.float64)
    p_values[-1] = stats.f.sf(statistic[-1], 1, len(tapers) - 1)
    result: Array = p_values
    return result


@lru_cache(maxsize=32)
def _tapers(steps: int, bandwidth: float) -> Array:
    from scipy.signal.windows import dpss

    return np.asarray(dpss(steps, bandwidth, Kmax=int(2 * bandwidth) - 1), dtype=np.float64)


def _peaks(p_values: Array) -> NDArray[np.bool_]:
    """Return where a p-value is smaller than those of its neighbours."""
    padded = np.concatenate([[2.0], p_values, [2.0]])
    return (padded[1:-1] <= padded[:-2]) & (padded[1:-1] <= padded[2:])


def _period(strongest: float, lines: Array, steps: int, calendar: Sequence[int]) -> int:
    """Return the smallest number of steps that is a whole number of cycles of the lines; 0: there is none."""
    largest = int((steps + 1) / FEWEST_CYCLES)

    def fits(period: int, frequency: float) -> bool:
        cycles = period * frequency
        return round(cycles) >= 1 and abs(cycles - round(cycles)) <= max(0.3 * period / steps, 1e-9)

    multiples = [period for period in calendar if 2 <= period <= largest and fits(period, strongest)]
    candidates: list[int] = [*sorted(multiples), *range(2, largest + 1)]
    for period in candidates:
        if fits(period, strongest) and (period > 40 or _share(period, lines, fits) > 0.5):
            return period
    nearest = round(1 / strongest)
    return nearest if 2 <= nearest <= largest else 0


def _share(period: int, lines: Array, fits: Callable[[int, float], bool]) -> float:
    """Return the share of the lines that a period explains."""
    return float(np.mean([fits(period, float(line)) for line in lines])) if len(lines) else 1.0
