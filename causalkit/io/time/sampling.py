"""Equal steps, gaps and restarts: how rows become realisations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.shell import argument
from causalkit.display.words import count
from causalkit.errors import DataError
from causalkit.io.options import Irregular
from causalkit.io.tables.cells import shown
from causalkit.io.time.axis import TimeAxis

Array = NDArray[np.float64]
Rows = NDArray[np.intp]
_TOLERANCE = 0.01
"""Relative deviation of a step from a multiple of the usual step that counts as rounding."""


def split_at_restarts(axis: TimeAxis | None, groups: Sequence[Rows]) -> tuple[list[Rows], list[str]]:
    """Return the rows of every realisation, split where time goes back to its beginning, and notes on that.

    Raises:
        DataError: time runs backwards, or two rows have the same time.
    """
    if axis is None:
        return list(groups), []
    table, times = axis.table, axis.ticks.values
    runs: list[Rows] = []
    for rows in groups:
        back = np.flatnonzero(np.diff(times[rows]) < 0) + 1
        if len(back) and len(rows) < 3 * (len(back) + 1):
            before, after = int(rows[back[0] - 1]), int(rows[back[0]])
            raise DataError(
                f"{table.source}: the time in column {shown(axis.name)} goes back {count(len(back), 'time')} in "
                f"{len(rows)} rows, first from {table.locate(before)} to {table.locate(after)}",
                "sort the rows by time first, or separate recordings with --panel-column NAME",
            )
        runs.extend(np.split(rows, back))
    for rows in runs:
        equal = np.flatnonzero(np.diff(times[rows]) == 0)
        if len(equal):
            one, other = int(rows[equal[0]]), int(rows[equal[0] + 1])
            raise DataError(
                f"{table.source}: {table.locate(one)} and {table.locate(other)} have the same time "
                f"{axis.ticks.shown(one)} in column {shown(axis.name)}",
                "separate recordings with --panel-column NAME, or, if the column is not time, add --time-column none "
                f"or --drop {argument(axis.name)}",
            )
    if len(runs) > len(groups):
        return runs, [f"time restarts in the column {axis.name!r}, so there are {len(runs)} realisations"]
    return runs, []


def at_equal_steps(
    axis: TimeAxis | None, runs: Sequence[Rows], values: Array, irregular: Irregular
) -> tuple[list[Array], list[str]]:
    """Return the values (T, P) of every realisation, and notes on gaps.

    Where rows are missing, a row of NaN marks the gap, so that no window crosses it.

    Raises:
        DataError: the steps are neither equal nor multiples of one step.
    """
    if axis is None:
        return [values[rows] for rows in runs], []
    steps = [np.diff(axis.ticks.values[rows]) for rows in runs]
    multiples, culprit = _multiples(steps)
    if culprit is not None and (months := axis.ticks.months()) is not None:
        by_month, other = _multiples([np.diff(months[rows]) for rows in runs])
        if other is None:
            multiples, culprit = by_month, None
    if culprit is not None:
        if irregular == "refuse":
            raise _irregular(axis, runs, steps, *culprit)
        note = f"the steps in the time column {axis.name!r} are unequal; as asked, the rows count as equally spaced"
        return [values[rows] for rows in runs], [note]
    gaps = [np.flatnonzero(multiple > 1) for multiple in multiples]
    gaps_found = sum(map(len, gaps))
    if not gaps_found:
        return [values[rows] for rows in runs], []
    parts = [np.insert(values[rows], gap + 1, np.nan, axis=0) for rows, gap in zip(runs, gaps, strict=True)]
    first = next(int(rows[gap[0]]) for rows, gap in zip(runs, gaps, strict=True) if len(gap))
    return parts, [
        f"rows are missing at {count(gaps_found, 'place')} according to the time column {axis.name!r}, first after "
        f"{axis.ticks.shown(first)}; no window crosses them (to take the rows as equally spaced instead, leave the "
        f"column out with --drop {argument(axis.name)})"
    ]


def _usual(steps: Sequence[NDArray[Any]]) -> float:
    """Return the (lower) median of all steps."""
    pooled = np.sort(np.concatenate(steps))
    return float(pooled[(len(pooled) - 1) // 2])


def _multiples(steps: Sequence[NDArray[Any]]) -> tuple[list[NDArray[np.int64]], tuple[int, int] | None]:
    """Return every step as a multiple of the usual step, and realisation and position of the first that is not one.

    A realisation whose own usual step is a larger multiple was sampled at another rate, so its lags would mean
    something else; it counts as irregular.
    """
    usual = _usual(steps) if any(map(len, steps)) else 1.0
    multiples: list[NDArray[np.int64]] = []
    for run, step in enumerate(steps):
        ratio = step / usual
        whole = np.maximum(np.rint(ratio), 1)
        wrong = np.flatnonzero(np.abs(ratio - whole) > _TOLERANCE * whole)
        if len(wrong):
            return [], (run, int(wrong[0]))
        if len(whole) > 1 and _usual([whole]) > 1:
            return [], (run, int(np.argmax(whole > 1)))
        multiples.append(whole.astype(np.int64))
    return multiples, None


def _irregular(
    axis: TimeAxis, runs: Sequence[Rows], steps: Sequence[NDArray[Any]], run: int, position: int
) -> DataError:
    table, ticks = axis.table, axis.ticks
    before, after = (table.locate(int(row)) for row in runs[run][position : position + 2])
    return DataError(
        f"{table.source}: the sampling is irregular: in the time column {shown(axis.name)} the step from {before} to "
        f"{after} is {ticks.shown_step(float(steps[run][position]))} and the usual step is "
        f"{ticks.shown_step(_usual(steps))}",
        "interpolate to equal steps with --resample STEP, or take the rows as they are with --irregular accept",
    )
