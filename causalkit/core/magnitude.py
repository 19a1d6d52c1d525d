"""Series of extreme magnitude, in units whose squares are numbers of the computer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from causalkit.core.panel import Panel, Scaling

MOST = 200
"""Largest binary exponent that is left as it is: up to about 1e60, sums of fourth powers are numbers."""


def in_range(panel: Panel) -> tuple[Panel, NDArray[np.int64]]:
    """Return the panel with extreme series multiplied by 2^-k, which rounds nothing, and k of every series, (P,)."""
    largest = np.max([_largest(values) for values in panel.realisations], axis=0)
    exponents = np.frexp(largest)[1].astype(np.int64)
    exponents[(np.abs(exponents) <= MOST) | (largest == 0)] = 0
    if not exponents.any():
        return panel, exponents
    scaled = tuple(np.ldexp(values, -exponents) for values in panel.realisations)
    return replace(panel, realisations=scaled), exponents


def as_given(scaling: Scaling, exponents: NDArray[np.int64]) -> Scaling:
    """Return a scaling of the panel of `in_range` in the units of the data."""
    return Scaling(np.ldexp(scaling.mean, exponents), np.ldexp(scaling.deviation, exponents))


def _largest(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest size of a finite cell in each column; 0 where there is none."""
    found: NDArray[np.float64] = np.where(np.isfinite(values), np.abs(values), 0.0).max(axis=0, initial=0.0)
    return found
