"""The lag graph, also called time-series graph: an arrow from the cause at ``t - lag`` to the effect at ``t``."""

from __future__ import annotations

import math

from matplotlib.axes import Axes

from causalkit.core.discovery import Discovery
from causalkit.core.truth import Truth
from causalkit.display.labels import labels
from causalkit.display.words import count
from causalkit.plotting import style
from causalkit.plotting.arrows import Arrows, explain, explain_signs
from causalkit.plotting.chosen import choose_edges

_MAX_ROWS = 40  # beyond this, only series that take part in an edge get a row


def plot_lags(
    discovery: Discovery,
    *,
    truth: Truth | None = None,
    top: int | None = None,
    self_edges: bool | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw which past steps act on the present: one row a series, one column a time step, t on the right.

    Args:
        truth: paints edges as true (solid), false (dashed) or missed (dotted); a truth without lags covers the pair.
            Without it, edges are painted by the sign of their effect, where that is known.
        top: number of edges; default: all selected ones, or the 2 P strongest and at most 40.
        self_edges: draw arrows within one row; default: only where one was selected.
        ax: where to draw; default: a new figure.
    """
    chosen = choose_edges(discovery, truth, top=top, self_edges=self_edges, lagged=True)
    size, depth = len(discovery.names), discovery.lags
    rows = list(range(size)) if size <= _MAX_ROWS else sorted(chosen.series)
    rows = rows or list(range(_MAX_ROWS))  # many series and no edge at all: show what there is room for
    ax = style.new_axes(ax, (min(12.0, 5.5 + 0.6 * depth), min(10.0, max(3.2, 1.6 + 0.24 * len(rows)))))
    height = {series: row for row, series in enumerate(rows)}
    _grid(ax, discovery, rows)
    scale = 1.0 if len(chosen.edges) <= 40 and len(rows) <= 15 else 0.75
    arrows = Arrows(ax, chosen.strongest, scale, gap=3.0 if len(rows) <= 15 else 2.0)
    for edge in chosen.drawn:
        arrows.add(
            edge,
            (-edge.lag, height[edge.cause]),
            (0, height[edge.effect]),
            bend=0.0 if edge.lag == 1 else 0.1,  # an arrow over several columns passes beside their dots
            gid=f"lags-edge-{edge.cause}-{edge.effect}-{edge.lag}",
        )
    lines = ["Lag graph", chosen.title]
    if len(rows) < size:
        lines.append(f"{len(rows)} of {size} series have a row")
    if chosen.lost:
        lines.append(f"{count(chosen.lost, 'true edge')} beyond lag {depth}")
    style.title(ax, "\n".join(lines), legend=truth is not None or chosen.signed)
    if chosen.signed:
        explain_signs(ax, chosen)
    if truth is not None:
        explain(ax, chosen, selected=discovery.selected is not None, lag_known=truth.lags is not None)
    return ax


def _grid(ax: Axes, discovery: Discovery, rows: list[int]) -> None:
    """Draw a dot for every series and step, and name both."""
    depth = discovery.lags
    dot = 20.0 if len(rows) <= 15 else 8.0
    steps = list(range(-depth, 1))
    ax.scatter(
        [step for _ in rows for step in steps],
        [row for row in range(len(rows)) for _ in steps],
        s=dot,
        color=style.NODE,
        edgecolors=style.MUTED,
        linewidths=0.8,
        zorder=1.5,
    )
    font = style.LABEL if len(rows) <= 15 else style.TICK if len(rows) <= 25 else style.SMALL
    every = max(1, math.ceil(len(rows) * font * 1.15 / style.room(ax)[1]))
    names = labels([discovery.names[series] for series in rows], 22)
    shown = list(range(0, len(rows), every))
    ax.set_yticks(shown, [names[row] for row in shown], **style.text(font))
    apart = math.ceil(len(steps) / 12)
    marked = [step for step in steps if step % apart == 0]
    ax.set_xticks(
        marked, ["t" if step == 0 else f"t\N{MINUS SIGN}{-step}" for step in marked], **style.text(style.TICK)
    )
    ax.tick_params(axis="y", length=0, labelright=True)
    ax.tick_params(axis="x", length=0)
    ax.set(xlim=(-depth - 0.15, 0.15), ylim=(len(rows) - 0.5, -0.5))
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_ylabel("cause", **style.text(style.LABEL))
    ax.set_xlabel("time step (the effect is at t)", **style.text(style.LABEL))
