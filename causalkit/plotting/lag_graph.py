"""The lag graph, also called time-series graph: a column for each lag, with arrows from ``t - lag`` to ``t``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes

from causalkit.core.discovery import Discovery
from causalkit.core.truth import Truth
from causalkit.display.words import count, listed
from causalkit.plotting import style
from causalkit.plotting.appearance import current
from causalkit.plotting.arrows import Arrows, explain, explain_signs
from causalkit.plotting.chosen import Chosen, choose_edges
from causalkit.plotting.names import columns, line_count, wrapped

_MAX_ROWS = 40  # beyond this, only series that take part in an edge get a row
_MAX_COLUMNS = 10  # beyond this, only lags with an edge get a column
_BETWEEN = 0.45  # space between columns, as a share of their width
_CELL = 0.62  # width of a letter, as a share of the size of the font


def plot_lags(
    discovery: Discovery,
    *,
    truth: Truth | None = None,
    top: int | None = None,
    self_edges: bool | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw which past steps act on the present: one row a series, one column a lag.

    In each column, arrows run from the cause at ``t - lag`` on the left to the effect at ``t`` on the right. Names
    stand beside the columns, where no arrow crosses them.

    Args:
        truth: paints edges as true (solid), false (dashed) or missed (dotted); a truth without lags covers the pair.
            Without it, edges are painted by the sign of their effect, where that is known.
        top: number of edges; default: all selected ones, or the 2 P strongest and at most 40; at most 150 among more
            than 40 series.
        self_edges: draw arrows within one row; default: only where one was selected.
        ax: where to draw; default: a new figure.
    """
    chosen = choose_edges(discovery, truth, top=top, self_edges=self_edges, lagged=True)
    size = len(discovery.names)
    rows = list(range(size)) if size <= _MAX_ROWS else sorted(chosen.series)
    rows = rows or list(range(_MAX_ROWS))  # many series and no edge at all: show what there is room for
    lags = _lags(discovery, chosen)
    font = style.LABEL if len(rows) <= 15 else style.TICK if len(rows) <= 25 else style.SMALL
    width_of_name, lines = (26, 3) if len(rows) <= 15 else (28, 2) if len(rows) <= 25 else (48, 1)
    names = wrapped(discovery.names, width_of_name, lines, shown=rows)
    beside = columns(names) * font * _CELL / 72
    line = line_count(names) * font * 1.2 / 72
    width = 2 * beside + 0.8 + len(lags) * (1.55 if len(lags) <= 6 else 1.1)
    given = ax is not None or current().size is not None
    ax = style.new_axes(ax, (max(6.2, width), max(3.4, 1.9 + max(0.24 if len(rows) <= 25 else 0.16, line) * len(rows))))
    height = {series: row for row, series in enumerate(rows)}
    left = {lag: place * (1 + _BETWEEN) for place, lag in enumerate(lags)}
    crowded = len(chosen.edges) > 40 or len(rows) > 15
    arrows = Arrows(ax, chosen.strongest, 0.7 if crowded else 1.0, gap=2.2 if len(rows) > 15 else 3.2)
    for edge in chosen.drawn:
        start, end = (left[edge.lag], height[edge.cause]), (left[edge.lag] + 1, height[edge.effect])
        arrows.straight(edge, start, end, gid=f"lags-edge-{edge.cause}-{edge.effect}-{edge.lag}")
    _dots(ax, left.values(), len(rows))
    _names(ax, names, font, thinned=given)
    _steps(ax, left)
    said = ["Lag graph", chosen.title]
    if len(rows) < size:
        said.append(f"{len(rows)} of {size} series have a row")
    if len(lags) < discovery.lags:
        said.append(f"{len(lags)} of {discovery.lags} lags have a column: {listed([str(lag) for lag in lags])}")
    if chosen.lost:
        said.append(f"{count(chosen.lost, 'true edge')} beyond lag {discovery.lags}")
    above = explain_signs(ax, chosen) if chosen.signed else 0
    if truth is not None:
        above = explain(ax, chosen, selected=discovery.selected is not None, lag_known=truth.lags is not None)
    style.title(ax, "\n".join(said), legend=above)
    if chosen.edges:
        arrows.explain_widths(below=42.0 * style.smaller())
    return ax


def _lags(discovery: Discovery, chosen: Chosen) -> list[int]:
    """Return the lags that have a column: all, or those with an edge where there are many."""
    every = list(range(1, discovery.lags + 1))
    if len(every) <= _MAX_COLUMNS:
        return every
    return sorted({edge.lag for edge in chosen.drawn}) or every[:_MAX_COLUMNS]


def _dots(ax: Axes, left: Iterable[float], rows: int) -> None:
    """Draw a dot for every series on both sides of every column."""
    ends = [x + side for x in left for side in (0, 1)]
    ax.scatter(
        [x for _ in range(rows) for x in ends],
        [row for row in range(rows) for _ in ends],
        s=20.0 if rows <= 15 else 9.0,
        color=style.NODE,
        edgecolors=style.MUTED,
        linewidths=0.8,
        zorder=1.5,
    )
    for row in range(rows):  # a faint line leads from the name of a series to its dots
        ax.axhline(row, color=style.FAINT, linewidth=0.5, zorder=0.5)


def _names(ax: Axes, names: Sequence[str], font: float, *, thinned: bool) -> None:
    """Write the names to the left, where causes are, and to the right, where effects are."""
    rows = len(names)
    every = max(1, math.ceil(rows * font * 1.1 * line_count(names) / style.room(ax)[1])) if thinned else 1
    shown = list(range(0, rows, every))
    look = style.text(font, linespacing=1.0)
    ax.set_yticks(shown, [names[row] for row in shown], **look)
    ax.tick_params(axis="y", length=0, labelright=True, pad=5)
    ax.set_ylim(rows - 0.4, -0.6)
    note = "" if every == 1 else f", 1 of {every} named"
    ax.set_ylabel(f"cause{note}", **style.text(style.LABEL))


def _steps(ax: Axes, left: dict[int, float]) -> None:
    """Name both sides of every column, and the column."""
    marked = [(x + side, f"t\N{MINUS SIGN}{lag}" if side == 0 else "t") for lag, x in left.items() for side in (0, 1)]
    font = style.TICK if len(left) <= 6 else style.SMALL
    ax.set_xticks([x for x, _ in marked], [words for _, words in marked], **style.text(font))
    ax.tick_params(axis="x", length=0)
    ax.set_xlim(-0.12, max(left.values()) + 1.12)
    for spine in ax.spines.values():
        spine.set_visible(False)
    for lag, x in left.items():
        ax.annotate(
            f"lag {lag}",
            xy=(x + 0.5, 0),
            xytext=(0, -18 * style.smaller()),
            xycoords=ax.get_xaxis_transform(),
            textcoords="offset points",
            annotation_clip=False,
            **style.text(style.LABEL, ha="center", va="top", fontweight="bold", clip_on=False),
        )
