"""The series themselves: small multiples, one row a series, with gaps, missing cells and realisations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from causalkit.core.panel import Panel
from causalkit.core.plain import is_whole
from causalkit.display.labels import one_line, shorten
from causalkit.display.words import count, span
from causalkit.errors import WrongUsageError
from causalkit.plotting import style
from causalkit.plotting.names import wrapped

Array = NDArray[np.float64]
Times = NDArray[Any]

TOP = 40
SIDE_BY_SIDE = 12
"""Realisations up to this number have places of their own; more are overlaid."""
_OVERLAID = 100
_POINTS = 4000
"""Points of a series beyond which only the extremes of every short stretch are drawn."""
_STRIP = 0.09
"""Height of the marks of missing cells, as a share of the row."""


@dataclass(frozen=True, eq=False)
class _Axis:
    """Where the rows of every realisation are on the horizontal axis."""

    times: tuple[Times, ...]
    layout: Literal["alone", "in a row", "overlaid"]
    label: str
    dates: bool = False

    @property
    def x(self) -> list[Array]:
        """Times as matplotlib counts them."""
        return [np.asarray(date2num(times) if self.dates else times, dtype=np.float64) for times in self.times]  # type: ignore[no-untyped-call]


def plot_series(panel: Panel, *, top: int = TOP) -> Figure:
    """Draw the series of a panel, one row each, in the units of the data.

    Up to 12 realisations are drawn one after the other, more are drawn over each other with their mean. Times are those
    of the data where they are known, otherwise time steps. Missing cells and missing rows are marked.

    Args:
        panel: to draw.
        top: number of series, the first ones; the title says how many there are.

    Raises:
        WrongUsageError: ``top`` is no whole number, or below 1.
    """
    if not is_whole(top) or top < 1:
        raise WrongUsageError(f"top={top!r} is not allowed", "draw at least 1 series; top is a whole number")
    names = wrapped(panel.names, 24, 3 if len(panel.names) <= 25 else 2, shown=range(min(top, len(panel.names))))
    drawn = panel.realisations[:_OVERLAID] if len(panel.realisations) > SIDE_BY_SIDE else panel.realisations
    axis = _axis(panel, len(drawn))
    height = float(np.clip(15 / len(names), 0.42, 1.35))
    total = 1.35 + height * len(names)
    figure = style.new_figure(10, total)
    figure.set_layout_engine("constrained", h_pad=0.02, hspace=0.02, rect=(0, 0.1 / total, 1, 1 - 0.2 / total))
    rows: list[Axes] = list(figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0])
    # In a single series, a missing row is a missing cell.
    absent = [np.logical_and.reduce(np.isnan(one), axis=1, initial=panel.series > 1) for one in drawn]
    missing = False
    for column, (ax, name) in enumerate(zip(rows, names, strict=True)):
        values = [realisation[:, column] for realisation in drawn]
        _row(ax, axis, values, style.LINES[0])
        marked = _mark_missing(ax, axis, values, absent)
        missing |= marked
        _name(ax, name, len(names), room=2 * _STRIP if marked else 0.08)
    gaps = _mark_gaps(rows, axis, absent)
    _finish(rows, axis, panel, len(names), len(drawn))
    _explain(rows[0], axis, missing=missing, gaps=gaps)
    return figure


def _axis(panel: Panel, drawn: int) -> _Axis:
    """Return the times of the panel where they are known and make sense side by side, otherwise steps."""
    lengths = panel.lengths[:drawn]
    sampling = panel.sampling
    known = () if sampling is None else sampling.times[:drawn]
    if [len(times) for times in known] != list(lengths):
        known = ()
    label = one_line(" ".join(sampling.time)) if sampling is not None and known else ""
    filled = tuple(map(_filled, known))
    dates = bool(filled) and filled[0].dtype.kind == "M"
    if drawn == 1:
        return _Axis(filled or _steps(lengths), "alone", label or "time step", dates)
    if drawn > SIDE_BY_SIDE:
        longest = max(filled, key=len, default=np.arange(0))
        if filled and all(np.array_equal(times, longest[: len(times)]) for times in filled):
            return _Axis(filled, "overlaid", label, dates)
        return _Axis(_steps(lengths), "overlaid", "time step")
    if filled and all(before[-1] < after[0] for before, after in pairwise(filled)):
        return _Axis(filled, "in a row", label, dates)
    space = max(1.0, 0.01 * sum(lengths))
    starts = np.cumsum([0.0, *(length + space for length in lengths)])
    steps = tuple(start + np.arange(length) for start, length in zip(starts, lengths, strict=False))
    each = span(lengths, "-") + " steps" + (" each" if len(set(lengths)) == 1 else "")
    return _Axis(steps, "in a row", f"realisation ({each})")


def _steps(lengths: Sequence[int]) -> tuple[Times, ...]:
    return tuple(np.arange(1.0, length + 1) for length in lengths)


def _filled(times: Times) -> Times:
    """Return times without holes: a row that marks a gap lies half way between its neighbours."""
    numbers = times.astype("datetime64[ns]").astype(np.int64).astype(np.float64) if times.dtype.kind == "M" else times
    there = ~(np.isnat(times) if times.dtype.kind == "M" else np.isnan(times))
    places = np.arange(len(times))
    filled: Times = np.interp(places, places[there], numbers[there]) if there.any() else places.astype(np.float64)
    return filled.astype("datetime64[ns]") if times.dtype.kind == "M" else filled


def _row(ax: Axes, axis: _Axis, values: Sequence[Array], color: str) -> None:
    """Draw one series of all realisations."""
    if all(np.isnan(one).all() for one in values):
        ax.text(0.5, 0.5, "no values", transform=ax.transAxes, ha="center", va="center", **style.text(style.TICK))
        ax.set_yticks([])
    elif axis.layout == "overlaid":
        _overlaid(ax, axis, values, color)
    else:
        points = max(200, _POINTS // len(values))
        for times, one in zip(axis.times, values, strict=True):
            width = float(np.clip(900 / max(len(one), 1) * 0.5, 0.5, 1.2))
            ax.plot(*_thinned(times, one, points), color=color, linewidth=width, solid_joinstyle="round")
            alone = _isolated(one)
            ax.plot(times[alone], one[alone], color=color, linestyle="", marker=".", markersize=3)


def _overlaid(ax: Axes, axis: _Axis, values: Sequence[Array], color: str) -> None:
    for times, one in zip(axis.times, values, strict=True):
        opacity = float(np.clip(6 / len(values), 0.08, 0.5))
        ax.plot(*_thinned(times, one, 400), color=color, linewidth=0.6, alpha=opacity)
    longest = max(axis.times, key=len)
    total, number = np.zeros(len(longest)), np.zeros(len(longest))
    for one in values:
        total[: len(one)] += np.nan_to_num(one)
        number[: len(one)] += ~np.isnan(one)
    with np.errstate(invalid="ignore"):
        mean = total / number
    ax.plot(*_thinned(longest, mean, _POINTS), color=style.INK, linewidth=1.2)


def _thinned(times: Times, values: Array, most: int) -> tuple[Times, Array]:
    """Return the lowest and the highest point of every short stretch of a long line; gaps stay gaps."""
    if len(values) <= most:
        return times, values
    size = -(-len(values) // (most // 2))
    whole = len(values) // size * size
    stretches = values[:whole].reshape(-1, size)
    holes = np.isnan(stretches)
    first = np.arange(0, whole, size)
    ends = (np.where(holes, np.inf, stretches).argmin(axis=1), np.where(holes, -np.inf, stretches).argmax(axis=1))
    hole = np.where(holes.any(axis=1), holes.argmax(axis=1), ends[0])
    chosen = np.unique(np.concatenate([first + ends[0], first + ends[1], first + hole, np.arange(whole, len(values))]))
    return times[chosen], values[chosen]


def _isolated(values: Array) -> NDArray[np.bool_]:
    """Return which values have no neighbour to draw a line to."""
    there = np.concatenate([[False], ~np.isnan(values), [False]])
    alone: NDArray[np.bool_] = there[1:-1] & ~there[:-2] & ~there[2:]
    return alone


def _mark_missing(ax: Axes, axis: _Axis, values: Sequence[Array], absent: Sequence[NDArray[np.bool_]]) -> bool:
    """Mark missing cells at the foot of a row; return whether there are any."""
    ranges = [_ranges(np.isnan(one) & ~empty, x) for x, one, empty in zip(axis.x, values, absent, strict=True)]
    marks = np.concatenate(ranges)
    if not len(marks):
        return False
    foot = ax.get_xaxis_transform()
    look: dict[str, Any] = {"color": style.VERMILLION, "linewidth": _STRIP * 40, "transform": foot}
    lines = [[(low, _STRIP / 2), (high, _STRIP / 2)] for low, high in marks]
    ax.add_collection(LineCollection(lines, capstyle="butt", gid="series-missing", **look), autolim=False)
    # A short stretch of a long series would be too thin to be seen.
    whole = abs(axis.x[-1][-1] - axis.x[0][0])
    thin = marks[np.abs(np.diff(marks, axis=1)[:, 0]) < 0.004 * whole].mean(axis=1)
    look = {"linestyle": "", "marker": "|", "markersize": _STRIP * 40, "markeredgewidth": 0.9, "transform": foot}
    ax.plot(thin, np.full(len(thin), _STRIP / 2), color=style.VERMILLION, **look)
    return True


def _mark_gaps(rows: Sequence[Axes], axis: _Axis, absent: Sequence[NDArray[np.bool_]]) -> bool:
    """Shade the stretches in which all series are missing; return whether there are any."""
    gaps = np.concatenate([_ranges(empty, x) for x, empty in zip(axis.x, absent, strict=True)])
    if not len(gaps):
        return False
    for ax in rows:
        bands = [(low, high - low) for low, high in gaps]
        foot = ax.get_xaxis_transform()
        ax.broken_barh(bands, (0, 1), color=style.FAINT, linewidth=0, zorder=0, transform=foot, gid="series-gap")
    return True


def _ranges(mask: NDArray[np.bool_], x: Array) -> Array:
    """Return where every run of True begins and ends between its neighbours, shape (runs, 2)."""
    half = 0.5 * float(np.median(np.diff(x))) if len(x) > 1 else 0.5
    found = [
        (x[begin - 1] + half if begin else x[0] - half, x[end + 1] - half if end + 1 < len(x) else x[-1] + half)
        for begin, end in _runs(mask)
    ]
    return np.array(found, dtype=np.float64).reshape(-1, 2)


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and last place of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(begin), int(end) - 1) for begin, end in edges.reshape(-1, 2)]


def _name(ax: Axes, name: str, rows: int, *, room: float) -> None:
    """Write the name of a series to the left of its row, and the ends of its scale to the right.

    Args:
        room: below the line, as a share of the scale.
    """
    font = style.LABEL if rows <= 12 else style.SMALL + 0.5
    ax.set_ylabel(name, rotation=0, ha="right", va="center", labelpad=6, **style.text(font))
    style.frame(ax)
    ax.spines["left"].set_visible(False)
    ax.spines["bottom"].set_color(style.FAINT)
    ax.yaxis.tick_right()
    low, high = ax.dataLim.intervaly
    if np.isfinite([low, high]).all():
        same = high - low <= 1e-12 * max(abs(low), abs(high))
        ticks, size = ([low], 1.0) if same else ([low, high], high - low)
        ax.set_ylim(low - (0.5 if same else room) * size, high + (0.5 if same else 0.08) * size)
        ax.set_yticks(ticks, [f"{one:.4g}" for one in ticks])
    for label, where in zip(ax.get_yticklabels(), ("bottom", "top"), strict=False):
        label.set(va="center" if len(ax.get_yticks()) == 1 else where, **style.text(style.SMALL, style.MUTED))
    ax.tick_params(axis="y", length=2, color=style.FAINT)
    ax.tick_params(axis="x", length=0, labelbottom=False)


def _finish(rows: Sequence[Axes], axis: _Axis, panel: Panel, shown: int, drawn: int) -> None:
    """Label the common horizontal axis, separate realisations, and write the title."""
    last = rows[-1]
    last.tick_params(axis="x", length=3, labelbottom=True, labelsize=style.TICK)
    last.spines["bottom"].set_color(style.MUTED)
    last.set_xlabel(axis.label, **style.text(style.LABEL))
    x = axis.x
    low, high = x[0][0], max(x, key=len)[-1] if axis.layout == "overlaid" else x[-1][-1]  # ages fall to the right
    margin = 0.01 * (high - low) or 0.5
    last.set_xlim(low - margin, high + margin)
    if axis.dates:
        locator = AutoDateLocator()  # type: ignore[no-untyped-call]
        last.xaxis.set_major_locator(locator)
        last.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    if axis.layout == "in a row":
        for before, after in pairwise(x):
            between = 0.5 * (before[-1] + after[0])
            for ax in rows:
                ax.axvline(between, color=style.MUTED, linewidth=0.7, linestyle=":", gid="series-border")
        if axis.label.startswith("realisation ("):
            last.set_xticks([float(one.mean()) for one in x], [str(number) for number in range(1, len(x) + 1)])
            last.tick_params(axis="x", length=0)
    for label in last.get_xticklabels():
        label.set(**style.text(style.TICK))
    words = f"{shorten(panel.source, 60)}: {count(panel.series, 'series', 'series')}, "
    words += f"{count(len(panel.lengths), 'realisation')} of {span(panel.lengths)} steps"
    lacking = [f"the first {shown} of {panel.series:,} series"] if shown < panel.series else []
    lacking += [f"the first {drawn} of {len(panel.lengths):,} realisations"] if drawn < len(panel.lengths) else []
    if lacking:
        words += f"\nshown: {', '.join(lacking)}"
    style.title(rows[0], words)


def _explain(ax: Axes, axis: _Axis, *, missing: bool, gaps: bool) -> None:
    """Say what the marks mean."""
    handles: list[Any] = []
    if axis.layout == "overlaid":
        handles.append(Line2D([], [], color=style.LINES[0], linewidth=0.8, alpha=0.6, label="a realisation"))
        handles.append(Line2D([], [], color=style.INK, linewidth=1.2, label="mean of the realisations"))
    if missing:
        handles.append(Patch(color=style.VERMILLION, label="missing cell"))
    if gaps:
        handles.append(Patch(color=style.FAINT, label="missing rows"))
    rows = style.legend(ax, above=True, handles=handles) if handles else 0
    style.title(ax, ax.get_title(), legend=rows)
