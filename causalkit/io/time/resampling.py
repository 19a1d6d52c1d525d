"""Samples at unequal times on an equal grid, by linear interpolation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causalkit.display.words import count
from causalkit.errors import DataError, WrongUsageError
from causalkit.io.tables.table import Table
from causalkit.io.time.axis import TimeAxis
from causalkit.io.time.sampling import Parts
from causalkit.io.time.ticks import Ticks

Array = NDArray[np.float64]
WIDEST = 2.0
"""Steps of the grid between two samples beyond which nothing is interpolated."""
FINEST = 100
"""Largest number of grid steps between two neighbouring samples."""


def on_equal_grid(times: Array, values: Array, step: float, widest: float = WIDEST) -> tuple[Array, Array]:
    """Interpolate samples linearly, each series by itself, between the cells that are not missing.

    Args:
        times: ascending, shape (T,).
        values: shape (T, P), NaN where a cell is missing.
        step: of the grid, which begins at the first time.
        widest: largest distance of two neighbouring samples, in steps; beyond it, the grid between them is missing.

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


def resampled(table: Table, axis: TimeAxis | None, runs: Sequence[NDArray[np.intp]], values: Array, step: str) -> Parts:
    """Return the values of every realisation at equal steps, with a note on what was done.

    Raises:
        DataError: there is no time column.
        WrongUsageError: the step is not a step, or far too fine.
    """
    if axis is None:
        raise DataError(
            f"{table.source} has no time column to resample by", f"name it with {table.hint('time_column', 'NAME')}"
        )
    length = _length(step, axis.ticks, float(np.median(np.concatenate([np.diff(axis.ticks.values[r]) for r in runs]))))
    found, grids = [], []
    for rows in runs:
        start = axis.ticks.values[rows[0]]
        grid, own = on_equal_grid((axis.ticks.values[rows] - start).astype(np.float64), values[rows], length)
        found.append(own)
        grids.append(grid + start)
    before, after = int(np.isfinite(values).sum()), sum(int(np.isfinite(part).sum()) for part in found)
    lost = sum(int(np.isnan(part).sum()) for part in found)
    text = axis.ticks.shown_step(length)
    note = (
        f"as asked, {sum(map(len, runs))} rows were interpolated to {sum(map(len, found))} equal steps of "
        f"{text} of the time {axis.label} ({before} values before, {after} after); "
        "interpolated values were not measured, so p-values are too small"
        + (f"; {count(lost, 'cell')} between samples more than {WIDEST:g} steps apart are missing" if lost else "")
    )
    unit = 1e-6 if axis.ticks.dates else axis.ticks.seconds
    return Parts(found, text, None if unit is None else length * unit, notes=[note], times=grids)


def _length(text: str, ticks: Ticks, usual: float) -> float:
    """Return the step that a user asks for in the units of a time column: a number, or for dates ``2h``, ``1D``."""
    try:
        if ticks.dates:
            import pandas as pd

            step = pd.Timedelta(text).total_seconds() * 1e6
        else:
            step = float(text)
    except ValueError:
        step = float("nan")
    if not (np.isfinite(step) and step > 0):
        kind = "a duration such as 2h or 1D" if ticks.dates else "a positive number in the units of the time column"
        raise WrongUsageError(f"{text} is not a step for resampling", f"give {kind}")
    if step * FINEST < usual:
        raise WrongUsageError(
            f"--resample {text} would put more than {FINEST} steps between samples that are {ticks.shown_step(usual)} "
            "apart",
            "choose a longer step",
        )
    return float(step)
