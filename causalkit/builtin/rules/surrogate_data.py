"""Surrogates of a panel: every series keeps its own dynamics and is unrelated to all others."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causalkit.core.panel import Panel

Array = NDArray[np.float64]
Kind = Literal["phase", "shift"]


def surrogate_panel(panel: Panel, kind: Kind, generator: np.random.Generator, apart: int = 0) -> Panel:
    """Return a panel of the same shape whose series are independent surrogates, realisation by realisation.

    Args:
        panel: the data. Under "phase", missing cells and steps under intervention stay where they are; under "shift",
            they are shifted too.
        kind: "phase" for `randomised_phases`, "shift" for circular shifts by `distant_shifts`.
        generator: source of the random numbers.
        apart: smallest difference in steps between the shifts of two series, where a realisation is long enough.
    """
    made, masks = [], []
    for number, values in enumerate(panel.realisations):
        mask = None if panel.intervened is None else panel.intervened[number]
        if kind == "phase":
            columns = [randomised_phases(series, generator) for series in values.T]
        else:
            shifts = distant_shifts(panel.series, len(values), apart, generator)
            columns = [np.roll(series, shift) for series, shift in zip(values.T, shifts, strict=True)]
            if mask is not None:
                mask = np.column_stack([np.roll(one, shift) for one, shift in zip(mask.T, shifts, strict=True)])
        made.append(np.column_stack(columns))
        masks.append(mask)
    intervened = None if panel.intervened is None else tuple(mask for mask in masks if mask is not None)
    return replace(panel, realisations=tuple(made), intervened=intervened)


def randomised_phases(series: Array, generator: np.random.Generator) -> Array:
    """Return a series (T,) with the same periodogram, hence autocorrelation, mean and variance, and random phases.

    The phases of all frequencies are drawn uniformly. The mean stays. At the highest frequency of an even number of
    steps a real series has only a sign, which is drawn. Surrogates of a Gaussian linear series have its distribution,
    apart from the jump between its two ends; those of other series keep these properties only. Gaps are interpolated
    linearly for the transform.

    Reference:
        Theiler et al., Physica D 58, 77-94, 1992.
    """
    gaps = np.isnan(series)
    if gaps.all():
        return series.copy()
    steps = np.arange(len(series))
    whole = np.interp(steps, steps[~gaps], series[~gaps]) if gaps.any() else series
    spectrum = np.fft.rfft(whole)
    phases = generator.uniform(0.0, 2 * np.pi, len(spectrum))
    rotated = np.abs(spectrum) * np.exp(1j * phases)
    rotated[0] = spectrum[0]
    if len(series) % 2 == 0:
        rotated[-1] = spectrum[-1] * generator.choice([-1.0, 1.0])
    result: Array = np.fft.irfft(rotated, n=len(series))
    result[gaps] = np.nan
    return result


def distant_shifts(series: int, steps: int, apart: int, generator: np.random.Generator) -> list[int]:
    """Return a random circular shift for every series, no two nearly equal.

    Two series with equal shifts keep their relation. A few such fits among the surrogates would hide true edges.

    Args:
        series: P.
        steps: T.
        apart: smallest difference between two shifts, counted around the circle; less if T is below 2 P times it.
        generator: source of the random numbers.
    """
    apart = min(apart, steps // (2 * series))
    slack = steps - series * apart
    places = np.sort(generator.integers(0, max(1, slack), series)) + apart * np.arange(series)
    shifts = (places + generator.integers(steps)) % steps
    return [int(shift) for shift in generator.permutation(shifts)]
