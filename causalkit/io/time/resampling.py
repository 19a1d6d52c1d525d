"""Samples at unequal times on an equal grid, by straight lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causalkit.errors import WrongUsageError
from causalkit.io.time.ticks import Ticks

Array = NDArray[np.float64]
WIDEST = 2.0
"""Steps of the grid between two samples, beyond which nothing is interpolated."""
FINEST = 100
"""Steps of the grid that the usual step of the data may be cut into."""


def on_equal_grid(times: Array, values: Array, step: float, widest: float = WIDEST) -> tuple[Array, Array]:
    """Interpolate samples linearly, series by series, over the cells that are there.

    Args:
        times: ascending, shape (T,).
        values: shape (T, P), NaN where a cell is missing.
        step: of the grid, which begins at the first time.
        widest: where two neighbouring samples of a series are more than so many steps apart, what lies between them is
            missing on the grid.

    Returns:
        The grid (G,) and the values on it (G, P).
    """
    grid = times[0] + step * np.arange(int(np.floor((times[-1] - times[0]) / step * (1 + 1e-12))) + 1)
    found = np.full((len(grid), values.shape[1]), np.nan)
    for column, series in enumerate(values.T):
        there = ~np.isnan(series)
        if not there.any():
            continue
        known = times[there]
        filled = np.interp(grid, known, series[there], left=np.nan, right=np.nan)
        after = np.clip(np.searchsorted(known, grid), 0, len(known) - 1)
        before = np.clip(np.searchsorted(known, grid, side="right") - 1, 0, len(known) - 1)
        far = known[after] - known[before] > widest * step * (1 + 1e-9)
        found[:, column] = np.where(far, np.nan, filled)
    return grid, found


def step_of(text: str, ticks: Ticks, usual: float) -> float:
    """Return the step that a user asks for in the units of a time column: a number, or for dates ``2h``, ``1D``.

    Args:
        text: as the user wrote it.
        ticks: of the column.
        usual: step between most samples, in the units of the ticks.

    Raises:
        WrongUsageError: it is no step, or far too fine.
    """
    try:
        if ticks.dates:
            import pandas as pd

            step = pd.Timedelta(text).total_seconds() * 1e6
        else:
            step = float(text)
    except ValueError:
        step = float("nan")
    if not (np.isfinite(step) and step > 0):
        how = (
            "a length of time such as 2h or 1D" if ticks.dates else "a positive number in the units of the time column"
        )
        raise WrongUsageError(f"--resample {text} is no step", f"give {how}")
    if step * FINEST < usual:
        raise WrongUsageError(
            f"--resample {text} would put more than {FINEST} steps between samples that are {ticks.shown_step(usual)} "
            "apart",
            "choose a longer step",
        )
    return float(step)
