"""Equal steps, gaps and restarts: how rows become realisations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.sampling import Sampling
from causalkit.display.words import count, listed
from causalkit.errors import DataError
from causalkit.io.options import ReadOptions
from causalkit.io.time.axis import TimeAxis
from causalkit.io.time.calendars import business_days, local_hours
from causalkit.io.time.dates import DAY
from causalkit.io.time.order import Rows, sorted_rows
from causalkit.io.time.steps import Multiples, multiples
from causalkit.io.time.ticks import Ticks, counted

Array = NDArray[np.float64]
_MONTHS = {1: "1 month", 3: "1 quarter", 6: "6 months", 12: "1 year"}
_DAYS_OF_MONTH = 30.436875


@dataclass(frozen=True, eq=False)
class Parts:
    """Realisations at equal steps.

    Attributes:
        values: of every realisation, shape (T, P), with a row of NaN in each gap.
        step: its length as text, and in seconds where that is known.
        gaps: number of places where rows are missing.
        calendar: as in `causalkit.core.sampling.Sampling`.
        notes: on gaps and calendars.
        times: of every row of every realisation, shape (T,), as ticks count them, NaN in each gap.
    """

    values: list[Array]
    step: str = ""
    seconds: float | None = None
    gaps: int = 0
    calendar: str = ""
    notes: list[str] = field(default_factory=list)
    times: list[Array] = field(default_factory=list)


def in_order(axis: TimeAxis | None, groups: Sequence[Rows]) -> tuple[TimeAxis | None, list[Rows], list[str]]:
    """Return the rows of every realisation from the earliest to the latest, and notes on what was done.

    An hour that local time repeats in autumn is no restart, so its times are shifted.
    """
    if axis is None:
        return None, list(groups), []
    ticks = axis.ticks
    found, done, repeated = [], set(), 0
    values = ticks.values
    for rows in groups:
        local = local_hours(ticks, rows)
        own = rows if local is not None else rows[::-1]
        local = local if local is not None else local_hours(ticks, own)
        if local is not None:
            values = values.copy() if repeated == 0 else values
            values[own] = local
            repeated += 1
        ordered, what = sorted_rows(values, rows)
        found.append(ordered)
        done.add(what)
    notes = []
    if repeated:
        axis = replace(axis, ticks=replace(ticks, values=values, local=ticks.values))
        notes.append(
            f"the {axis.label} repeats an hour in autumn, as local time does; the hours were counted on, without a gap"
        )
    if "sorted" in done:
        notes.append(f"the rows were not in the order of time; they were sorted by the {axis.label}")
    elif "turned" in done and ticks.backward:
        notes.append(
            f"the {axis.label} counts back from the present, so its largest value is the earliest; the rows were "
            "turned, "
            f"so that time runs on (to read it the other way, give {axis.table.hint('time_direction', 'forward')})"
        )
    elif "turned" in done:
        first, last = ticks.shown(int(found[0][0])), ticks.shown(int(found[0][-1]))
        notes.append(
            f"the rows were newest first and were turned, so that time runs from {first} to {last} (if larger times "
            "are "
            f"earlier, give {axis.table.hint('time_direction', 'backward')})"
        )
    elif ticks.backward:
        notes.append(
            f"the {axis.label} counts back from the present, and its rows are in the order of time already (to read it "
            f"the other way, give {axis.table.hint('time_direction', 'forward')})"
        )
    return axis, found, notes


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
                f"{table.source}: the time in {axis.label} goes back {count(len(back), 'time')} in "
                f"{len(rows)} rows, first from {table.locate(before)} to {table.locate(after)}",
                f"sort the rows by time first, or separate recordings with {table.hint('panel_column', 'NAME')}",
            )
        runs.extend(np.split(rows, back))
    for rows in runs:
        equal = np.flatnonzero(np.diff(times[rows]) == 0)
        if len(equal):
            one, other = int(rows[equal[0]]), int(rows[equal[0] + 1])
            raise DataError(
                f"{table.source}: {table.locate(one)} and {table.locate(other)} have the same time "
                f"{axis.ticks.shown(one)} in {axis.label}",
                f"separate recordings with {table.hint('panel_column', 'NAME')}, or, if the column is not time, add "
                f"{table.hint('time_column', 'none')} or {axis.without}",
            )
    if len(runs) > len(groups):
        return runs, [f"time restarts in the {axis.label}, so there are {len(runs)} realisations"]
    return runs, []


def at_equal_steps(axis: TimeAxis | None, runs: Sequence[Rows], values: Array, options: ReadOptions) -> Parts:
    """Return the values (T, P) of every realisation, and notes on gaps.

    Where rows are missing, a row of NaN marks the gap, so that no window crosses it.

    Raises:
        DataError: the steps are neither equal nor multiples of one step.
    """
    if axis is None:
        return Parts([values[rows] for rows in runs])
    ticks, notes, calendar, step = axis.ticks, [], "", ""
    times = [ticks.values[rows].astype(np.float64) for rows in runs]
    business = business_days(ticks, runs, options.calendar, axis.table)
    if business is not None:
        found = multiples([np.diff(business.positions[rows]) for rows in runs], rounding=False)
        if found.culprit is None:
            calendar, step = "business-days", counted(found.usual, "business day")
            days = listed([day + "s" for day in business.weekend])
            ends = "day before and the day after" if len(business.weekend) == 1 else "days before and after"
            notes.append(
                f"the dates leave out {days}, so the {ends} are one step apart (to count every day, give "
                f"{axis.table.hint('calendar', 'every-day')})"
            )
    seconds: float | None = None
    if not calendar:
        found, step, seconds = _found(axis, runs)
    if found.culprit is not None:
        if options.irregular == "refuse":
            raise _irregular(axis, runs, found)
        note = f"the steps in the time {axis.label} are unequal; as asked, the rows count as equally spaced"
        return Parts([values[rows] for rows in runs], notes=[note], times=times)
    if found.rounded:
        notes.append(
            f"the times in the {axis.label} are rounded; their steps count as equal, {ticks.shown_step(found.usual)} "
            "on "
            "average"
        )
    gaps = [np.flatnonzero(multiple > 1) for multiple in found.of]
    number = sum(map(len, gaps))
    if not number:
        return Parts([values[rows] for rows in runs], step, seconds, 0, calendar, notes, times)
    parts = [np.insert(values[rows], gap + 1, np.nan, axis=0) for rows, gap in zip(runs, gaps, strict=True)]
    times = [np.insert(own, gap + 1, np.nan) for own, gap in zip(times, gaps, strict=True)]
    notes.append(_on_gaps(axis, runs, gaps, calendar))
    return Parts(parts, step, seconds, number, calendar, notes, times)


def summary(axis: TimeAxis | None, runs: Sequence[Rows], parts: Parts, realisations: str) -> Sampling:
    """Return what was taken as time and as realisations."""
    if axis is None:
        return Sampling(realisations=realisations)
    ticks = axis.ticks
    first = min((int(rows[0]) for rows in runs if len(rows)), key=lambda row: ticks.values[row])
    last = max((int(rows[-1]) for rows in runs if len(rows)), key=lambda row: ticks.values[row])
    return Sampling(
        time=axis.names,
        first=ticks.shown(first),
        last=ticks.shown(last),
        step=parts.step,
        seconds=parts.seconds,
        calendar=parts.calendar,
        gaps=parts.gaps,
        realisations=realisations,
        times=tuple(_as_written(ticks, times) for times in parts.times),
    )


def _as_written(ticks: Ticks, times: Array) -> NDArray[Any]:
    """Return times as numbers or as datetime64; what counts backwards keeps its sign, durations are seconds."""
    if not ticks.dates:
        return -times if ticks.backward else times
    if ticks.clock:
        return times / 1e6
    moments = np.full(len(times), np.datetime64("NaT"), dtype="datetime64[us]")
    there = ~np.isnan(times)
    moments[there] = (-times if ticks.backward else times)[there].astype(np.int64).astype("datetime64[us]")
    return moments


def _found(axis: TimeAxis, runs: Sequence[Rows]) -> tuple[Multiples, str, float | None]:
    """Return the steps as multiples of one, its length as text and in seconds."""
    ticks = axis.ticks
    steps: list[NDArray[Any]] = [np.diff(ticks.values[rows]) for rows in runs]
    wall = ticks.values if ticks.local is None else ticks.local
    daily = ticks.dates and not ticks.clock and not (wall % DAY).any()
    numbered = ticks.unit in ("week", "year") or (not ticks.dates and ticks.unit == "year")
    found = multiples(steps, rounding=not daily and not (numbered and not ticks.dates and _whole(ticks.values)))
    months = ticks.months()
    apart = [] if months is None else [np.diff(months[rows]) for rows in runs]
    if months is not None and all((one > 0).all() for one in apart):  # not several rows within a month
        by_month = multiples(apart, rounding=False)
        if by_month.culprit is None:
            length = round(by_month.usual)
            text = _MONTHS.get(length, counted(length / 12, "year") if length % 12 == 0 else counted(length, "month"))
            return by_month, text, length * _DAYS_OF_MONTH * 86400
    if found.culprit is not None and ticks.local is not None:
        by_wall = multiples([np.diff(ticks.local[rows]) for rows in runs], rounding=False)
        if by_wall.culprit is None:
            found = by_wall
    if ticks.unit == "year" and not ticks.dates:
        return found, counted(found.usual, "year"), found.usual * 12 * _DAYS_OF_MONTH * 86400
    seconds = found.usual / 1e6 if ticks.dates else None if ticks.seconds is None else found.usual * ticks.seconds
    if not ticks.dates and ticks.seconds is not None:
        for size, unit in ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"), (0.0, "second")):
            if seconds is not None and seconds >= size * (1 - 1e-9):
                return found, counted(seconds / (size or 1.0), unit), seconds
    return found, ticks.shown_step(found.usual), seconds


def _whole(values: NDArray[Any]) -> bool:
    return bool((values == np.floor(values)).all())


def _on_gaps(axis: TimeAxis, runs: Sequence[Rows], gaps: Sequence[NDArray[np.intp]], calendar: str) -> str:
    """Return a sentence on the places where rows are missing."""
    ticks, number = axis.ticks, sum(map(len, gaps))
    first = next(int(rows[gap[0]]) for rows, gap in zip(runs, gaps, strict=True) if len(gap))
    out = f"to take the rows as equally spaced instead, leave the column out with {axis.without}"
    if calendar:
        return (
            f"{count(number, 'gap')} of one or more business days, perhaps holidays, in the {axis.label}, first after "
            f"{ticks.shown(first)}; no window crosses them ({out})"
        )
    nights = ""
    if ticks.dates and not ticks.clock and ticks.unit == "":
        wall = (ticks.values if ticks.local is None else ticks.local) // DAY
        over = sum(
            int((wall[rows[gap + 1]] != wall[rows[gap]]).sum())
            for rows, gap in zip(runs, gaps, strict=True)
            if len(gap)
        )
        nights = f", {over} of them at night" if over == number or over > number / 2 else ""
    return (
        f"rows are missing at {count(number, 'place')}{nights} according to the time {axis.label}, first after "
        f"{ticks.shown(first)}; no window crosses them ({out})"
    )


def _irregular(axis: TimeAxis, runs: Sequence[Rows], found: Multiples) -> DataError:
    table, ticks = axis.table, axis.ticks
    run, position = found.culprit or (0, 0)
    rows = runs[run][position : position + 2]
    before, after = (table.locate(int(row)) for row in rows)
    steps = [np.diff(ticks.values[own]) for own in runs]
    usual = float(np.median(np.concatenate(steps)))
    resample = table.hint("resample", _step(ticks, usual))
    return DataError(
        f"{table.source}: the sampling is irregular: in the time {axis.label} the step from {before} to "
        f"{after} is {ticks.shown_step(float(steps[run][position]))} and the usual step is {ticks.shown_step(usual)}",
        f"interpolate to equal steps with {resample}, take the rows as they are with "
        f"{table.hint('irregular', 'accept')}, or, if the column is not time, keep it as a series with "
        f"{table.hint('time_column', 'none')}",
    )


def _step(ticks: Ticks, usual: float) -> str:
    """Return the usual step as the option has it, such as 10, 2h or 1D."""
    if not ticks.dates:
        return f"{usual:.6g}"
    for length, unit in ((DAY, "D"), (3_600_000_000, "h"), (60_000_000, "min")):
        if usual % length == 0:
            return f"{usual / length:g}{unit}"
    return f"{usual / 1_000_000:.6g}s"
