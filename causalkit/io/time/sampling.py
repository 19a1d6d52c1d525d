"""Equal steps, gaps and restarts: how the rows of a table fall into realisations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.errors import DataError
from causalkit.io.options import Irregular
from causalkit.io.tables.cells import argument, counted, shown
from causalkit.io.time.axis import TimeAxis
from causalkit.io.time.resampling import WIDEST, on_equal_grid, step_of

_TOLERANCE = 0.01


@dataclass(frozen=True, eq=False)
class Piece:
    """The rows of one realisation.

    Attributes:
        rows: their positions in the table.
        gaps: where rows are missing, the positions in ``rows`` of the rows before.
    """

    rows: NDArray[np.intp]
    gaps: NDArray[np.intp]

    def cut(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values of this realisation, with one row of NaN in every gap, so that no window crosses it."""
        chosen = values[self.rows]
        return np.insert(chosen, self.gaps + 1, np.nan, axis=0) if len(self.gaps) else chosen


def split_by_time(
    axis: TimeAxis | None,
    groups: Sequence[NDArray[np.intp]],
    irregular: Irregular,
    locate: Callable[[int], str],
    source: str,
) -> tuple[list[Piece], list[str]]:
    """Split groups of rows where time goes back, and find the gaps.

    Returns:
        The realisations, and notes on what was found.

    Raises:
        DataError: two rows have the same time, time runs backwards, or the steps are neither equal nor multiples of
            one step.
    """
    none = np.zeros(0, dtype=np.intp)
    if axis is None:
        return [Piece(rows, none) for rows in groups], []
    times = axis.ticks.values
    runs, notes = _runs(axis, groups, locate, source)
    steps = [np.diff(times[rows]) for rows in runs]
    multiples, culprit = _multiples(steps)
    if culprit is not None and (months := axis.ticks.months()) is not None:
        steps_in_months = [np.diff(months[rows]) for rows in runs]
        by_month, worse = _multiples(steps_in_months)
        if worse is None:
            multiples, culprit = by_month, None
    if culprit is not None:
        if irregular == "refuse":
            raise _irregular(axis, runs, steps, culprit, locate, source)
        notes.append(
            f"the steps in the time column {axis.name!r} are unequal; as asked, the rows count as equally spaced"
        )
        return [Piece(rows, none) for rows in runs], notes
    pieces = [Piece(rows, np.flatnonzero(times_base > 1)) for rows, times_base in zip(runs, multiples, strict=True)]
    gaps = sum(len(piece.gaps) for piece in pieces)
    if gaps:
        first = next(piece for piece in pieces if len(piece.gaps))
        notes.append(
            f"rows are missing at {counted(gaps, 'place')} by the time column {axis.name!r}, first after "
            f"{axis.ticks.shown(int(first.rows[first.gaps[0]]))}; no window crosses them (to take the rows as equally "
            f"spaced instead, leave the column out with --drop {argument(axis.name)})"
        )
    return pieces, notes


def resampled(
    axis: TimeAxis | None,
    groups: Sequence[NDArray[np.intp]],
    values: NDArray[np.float64],
    step: str,
    locate: Callable[[int], str],
    source: str,
) -> tuple[list[NDArray[np.float64]], list[str]]:
    """Bring rows to equal steps by straight lines, in every realisation; see `causalkit.io.time.resampling`.

    Returns:
        The values of every realisation, and notes on what was done.

    Raises:
        DataError: there is no time column, or two rows have the same time.
        WrongUsageError: the step makes no sense.
    """
    if axis is None:
        raise DataError(f"{source}: rows can only be resampled by a time column", "name it with --time-column")
    runs, notes = _runs(axis, groups, locate, source)
    usual = float(np.median(np.concatenate([np.diff(axis.ticks.values[rows]) for rows in runs])))
    length = step_of(step, axis.ticks, usual)
    found = []
    for rows in runs:
        times = (axis.ticks.values[rows] - axis.ticks.values[rows[0]]).astype(np.float64)
        found.append(on_equal_grid(times, values[rows], length)[1])
    before, after = int(np.isfinite(values).sum()), sum(int(np.isfinite(part).sum()) for part in found)
    lost = sum(int(np.isnan(part).sum()) for part in found)
    notes.append(
        f"as asked, {sum(map(len, runs))} rows were interpolated to {sum(map(len, found))} equal steps of "
        f"{axis.ticks.shown_step(length)} of the time column {axis.name!r} ({before} values before, {after} after); "
        "what stands between samples was not measured, so p-values are too small"
        + (f"; {counted(lost, 'cell')} between samples more than {WIDEST:g} steps apart are missing" if lost else "")
    )
    return found, notes


def _runs(
    axis: TimeAxis, groups: Sequence[NDArray[np.intp]], locate: Callable[[int], str], source: str
) -> tuple[list[NDArray[np.intp]], list[str]]:
    """Return the rows of every realisation, split where time restarts, and notes on that."""
    times, notes = axis.ticks.values, []
    runs: list[NDArray[np.intp]] = []
    for rows in groups:
        back = np.flatnonzero(np.diff(times[rows]) < 0) + 1
        if len(back) and len(rows) < 3 * (len(back) + 1):
            before, after = int(rows[back[0] - 1]), int(rows[back[0]])
            raise DataError(
                f"{source}: the time in column {shown(axis.name)} goes back {counted(len(back), 'time')} in "
                f"{len(rows)} rows, first from {locate(before)} to {locate(after)}",
                "sort the rows by time first, or tell recordings apart with --panel-column NAME",
            )
        runs.extend(np.split(rows, back))
    if len(runs) > len(groups):
        notes.append(f"time restarts in the column {axis.name!r}, so there are {len(runs)} realisations")
    for rows in runs:
        _refuse_equal(axis, rows, locate, source)
    return runs, notes


def _refuse_equal(axis: TimeAxis, rows: NDArray[np.intp], locate: Callable[[int], str], source: str) -> None:
    equal = np.flatnonzero(np.diff(axis.ticks.values[rows]) == 0)
    if len(equal):
        one, other = int(rows[equal[0]]), int(rows[equal[0] + 1])
        raise DataError(
            f"{source}: {locate(one)} and {locate(other)} have the same time {axis.ticks.shown(one)} in column "
            f"{shown(axis.name)}",
            "tell recordings apart with --panel-column NAME, or, if the column is no time, say --time-column none or "
            f"--drop {argument(axis.name)}",
        )


def _multiples(steps: Sequence[NDArray[Any]]) -> tuple[list[NDArray[np.int64]], tuple[int, int] | None]:
    """Return every step as a multiple of the usual step, and the first that is none.

    The usual step is the (lower) median over all realisations. A realisation whose own usual step is a larger
    multiple was sampled at another rate, so its lags would mean something else; it counts as irregular.
    """
    pooled = np.sort(np.concatenate(steps))
    if not len(pooled):
        return [np.zeros(0, dtype=np.int64) for _ in steps], None
    base = float(pooled[(len(pooled) - 1) // 2])
    multiples = []
    for run, step in enumerate(steps):
        ratio = step / base
        whole = np.maximum(np.rint(ratio), 1)
        wrong = np.flatnonzero(np.abs(ratio - whole) > _TOLERANCE * whole)
        if len(wrong):
            return [], (run, int(wrong[0]))
        if len(whole) > 1 and np.sort(whole)[(len(whole) - 1) // 2] > 1:
            return [], (run, int(np.argmax(whole > 1)))
        multiples.append(whole.astype(np.int64))
    return multiples, None


def _irregular(
    axis: TimeAxis,
    runs: Sequence[NDArray[np.intp]],
    steps: Sequence[NDArray[Any]],
    culprit: tuple[int, int],
    locate: Callable[[int], str],
    source: str,
) -> DataError:
    run, position = culprit
    pooled = np.sort(np.concatenate(steps))
    usual = axis.ticks.shown_step(float(pooled[(len(pooled) - 1) // 2]))
    before, after = int(runs[run][position]), int(runs[run][position + 1])
    return DataError(
        f"{source}: the sampling is irregular: in the time column {shown(axis.name)} the step from {locate(before)} to "
        f"{locate(after)} is {axis.ticks.shown_step(float(steps[run][position]))} where the usual step is {usual}",
        "interpolate to equal steps with --resample STEP, or take the rows as they are with --irregular accept",
    )
