"""The summary graph: series on a circle and an arrow from every cause to its effect, without lags."""

from __future__ import annotations

import math
from typing import Any

import networkx as nx
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from causalkit.core.discovery import Discovery
from causalkit.core.truth import Truth
from causalkit.display.labels import cells, labels
from causalkit.plotting import style
from causalkit.plotting.arrows import Arrows, Point, explain, explain_signs
from causalkit.plotting.chosen import Chosen, choose_edges
from causalkit.plotting.part import MOST, about_part

_LOOP = math.radians(55)  # a loop leaves and meets its node so far left and right of the outward direction


def plot_graph(
    discovery: Discovery,
    *,
    truth: Truth | None = None,
    top: int | None = None,
    self_edges: bool | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the summary graph: selected edges where edges were selected, otherwise the strongest.

    Width and opacity of an arrow grow with its score. The circle keeps the order of the series. Names do not overlap,
    from two series to a hundred, and no arrow crosses a third series. Where only candidate pairs have scores, series
    without an edge are left out.

    Args:
        truth: paints edges as true (solid), false (dashed) or missed (dotted); without it, edges are painted by the
            sign of their effect, where that is known.
        top: number of edges; default: all selected ones, or the 2 P strongest and at most 40.
        self_edges: draw self-edges as loops; default: only where one was selected.
        ax: where to draw; default: a new figure.
    """
    chosen = choose_edges(discovery, truth, top=top, self_edges=self_edges, lagged=False)
    shown = list(range(len(discovery.names)))
    if discovery.sparse:
        shown = sorted(chosen.series) or shown[:MOST]
    size = len(shown)
    ax = style.new_axes(ax, (8.5, 8.5) if size > 40 else (7, 7))
    node = {series: number for number, series in enumerate(shown)}
    places = dict(zip(shown, _circle(size), strict=True))
    radius = min(0.11, 0.32 * 2 * math.pi / size)
    arrows = Arrows(ax, chosen.strongest, scale=1.0 if len(chosen.edges) <= 40 else 0.7)
    pairs = {(edge.cause, edge.effect) for edge in (*chosen.edges, *chosen.missed)}
    for edge in chosen.drawn:
        bend = _bend(node[edge.cause], node[edge.effect], size, radius, both_ways=(edge.effect, edge.cause) in pairs)
        start, end = _ends(places[edge.cause], places[edge.effect], radius, bend)
        arrows.add(edge, start, end, bend=bend, gid=f"graph-edge-{edge.cause}-{edge.effect}")
    loops = any(edge.cause == edge.effect for edge in (*chosen.edges, *chosen.missed))
    _nodes(ax, discovery, chosen, places, radius, loops)
    ax.set_axis_off()
    part = f"\n{about_part(size, len(discovery.names))}" if size < len(discovery.names) else ""
    style.title(ax, f"Summary graph\n{chosen.title}{part}", legend=truth is not None or chosen.signed)
    if chosen.signed:
        explain_signs(ax, chosen)
    if truth is not None:
        explain(ax, chosen, selected=discovery.selected is not None)
    return ax


def _circle(size: int) -> list[Point]:
    """Return the places of the series, the first at the top, clockwise."""
    graph = nx.empty_graph(size)
    return [(float(y), float(x)) for x, y in nx.circular_layout(graph).values()] if size > 1 else [(0.0, 1.0)]


def _bend(cause: int, effect: int, size: int, radius: float, *, both_ways: bool) -> float:
    """Return the bend of an arrow that keeps it away from other series and from its opposite arrow.

    An arrow between near series of a crowded circle would run through those between them, so it bends inward.
    Inward is to the right of an arrow that goes clockwise.
    """
    if cause == effect:
        return -1.6
    steps = (effect - cause) % size
    clockwise = 2 * steps < size or (2 * steps == size and cause < effect)
    step = math.pi / size
    half = step * min(steps, size - steps)
    if min(steps, size - steps) == 1:  # neighbours: nothing between them, but hardly any way either
        needed = 0.3 if size > 12 else -1.0
    else:
        middle = (math.cos(half) - (1 - 2.2 * radius)) / math.sin(half)
        # Near its ends, the arrow passes the neighbours of its cause and of its effect.
        leaving = math.asin(min(1.0, 1.25 * radius / (2 * math.sin(step)))) + step - half
        needed = max(middle, math.tan(leaving) / 2)
    inward = max(needed, 0.0)
    if both_ways:
        inward = max(needed, -0.12) + (0.0 if clockwise else 0.24)
    return inward if clockwise else -inward


def _ends(cause: Point, effect: Point, radius: float, bend: float) -> tuple[Point, Point]:
    """Return where an arrow leaves the border of its cause and where it meets that of its effect."""
    if cause == effect:
        outward = math.atan2(cause[1], cause[0])
        return _border(cause, outward + _LOOP, radius), _border(cause, outward - _LOOP, radius)
    direction = math.atan2(effect[1] - cause[1], effect[0] - cause[0])
    turn = math.atan(2 * bend)  # of the first piece of the arc against the straight line
    return _border(cause, direction - turn, radius), _border(effect, direction + math.pi + turn, radius)


def _border(center: Point, angle: float, radius: float) -> Point:
    return center[0] + radius * math.cos(angle), center[1] + radius * math.sin(angle)


def _nodes(
    ax: Axes, discovery: Discovery, chosen: Chosen, places: dict[int, Point], radius: float, loops: bool
) -> None:
    """Draw the series, with short names inside and long ones outside, turned outward where there are many."""
    size = len(places)
    names = labels([discovery.names[series] for series in places], 18 if size <= 12 else 15)
    inside = size <= 20 and max(map(cells, names)) <= 3
    turned = size > 12
    font = style.LABEL if size <= 20 else style.TICK if size <= 40 else style.TINY + 0.5
    away, beyond = (1 + radius * 2.2, 5.0) if loops else (1 + radius, 4.0)  # in units of the circle, and points
    extents: list[Point] = []
    busy_ones = chosen.series
    for position, (series, (x, y)) in enumerate(places.items()):
        busy = series in busy_ones
        ax.add_patch(
            Circle((x, y), radius, facecolor=style.NODE, edgecolor=style.INK if busy else style.MUTED, zorder=5)
        )
        place, offset, look = (x * away, y * away), (x * beyond, y * beyond), _outside(x, y, turned)
        length = cells(names[position]) * font * 0.62
        if inside:
            place, offset, look, length = (x, y), (0.0, 0.0), {"ha": "center", "va": "center_baseline"}, 0.0
        ax.annotate(
            names[position],
            place,
            offset,
            textcoords="offset points",
            annotation_clip=False,
            **style.text(font, style.INK if busy else style.MUTED, zorder=6, clip_on=False),
            **look,
        )
        if turned:
            extents.append(((length + beyond) * abs(x) + font / 2, (length + beyond) * abs(y) + font / 2))
        else:
            across = length if look["ha"] != "center" else length / 2
            extents.append((across + beyond, font + beyond))
    _limits(ax, list(places.values()), away, extents)


def _outside(x: float, y: float, turned: bool) -> dict[str, Any]:
    """Return how a name beside its node is aligned."""
    if not turned:
        across = "center" if abs(x) < 0.2 else "left" if x > 0 else "right"
        return {"ha": across, "va": "center" if abs(y) < 0.9 else "bottom" if y > 0 else "top"}
    left = x < -1e-9
    angle = math.degrees(math.atan2(y, x)) + (180 if left else 0)
    return {"ha": "right" if left else "left", "va": "center", "rotation": angle, "rotation_mode": "anchor"}


def _limits(ax: Axes, places: list[Point], away: float, extents: list[Point]) -> None:
    """Choose the limits such that names, whose size is in points, stay within the axes."""
    margins = 1.15  # an axes without ticks grows into the room that was kept for them
    width, height = (side * margins for side in style.room(ax))
    per_unit = min(width, height) / 2 / away
    least = per_unit * 0.4  # a name may cross the border before the graph becomes too small to see
    for (x, y), (across, up) in zip(places, extents, strict=True):
        if abs(x) > 0.01:
            per_unit = min(per_unit, (width / 2 - across) / (abs(x) * away))
        if abs(y) > 0.01:
            per_unit = min(per_unit, (height / 2 - up) / (abs(y) * away))
    per_unit = max(per_unit, least)
    ax.set(xlim=(-width / 2 / per_unit, width / 2 / per_unit), ylim=(-height / 2 / per_unit, height / 2 / per_unit))
    ax.set_aspect("equal")
