"""The summary graph: an arrow from every cause to its effect, without a column for each lag."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch

from causalkit.core.discovery import Discovery
from causalkit.core.truth import Truth
from causalkit.errors import UnknownNameError, did_you_mean
from causalkit.plotting import style
from causalkit.plotting.arrows import Arrows, explain, explain_signs
from causalkit.plotting.chosen import Chosen, Drawn, choose_edges
from causalkit.plotting.curves import Shape, clear_bend, control, direction, spread_heads
from causalkit.plotting.kinds import LAYOUTS
from causalkit.plotting.lag_labels import write_lags
from causalkit.plotting.layered import Layers, in_layers, nearly_acyclic
from causalkit.plotting.layout import Place, around_hubs, circle, in_clusters, structure_of
from causalkit.plotting.names import columns, line_count, wrapped
from causalkit.plotting.part import MOST, about_part

Edge = tuple[int, int]
Point = tuple[float, float]

_LOOP = math.radians(55)  # a loop leaves and meets its node so far left and right of the outward direction
_INWARD = -0.6  # cosine of the angle to the outward direction up to which a head may end before its series
_CELL = 0.62  # width of a letter, as a share of the size of the font
_LINE = 1.25  # height of a line of text, likewise
_WIDEST, _TALLEST = 15.0, 18.0  # inches of a picture in layers, beyond which another layout is chosen
_SMALLEST = 0.62  # scale of a picture in layers within given axes, below which another layout is chosen
_FEW_LABELS = 60  # arrows, beyond which numbers on them hide each other


def plot_graph(
    discovery: Discovery,
    *,
    truth: Truth | None = None,
    top: int | None = None,
    self_edges: bool | None = None,
    layout: str = "auto",
    ax: Axes | None = None,
) -> Axes:
    """Draw the summary graph: selected edges where edges were selected, otherwise the strongest.

    Width and opacity of an arrow grow with its score; with more than one lag, numbers on arrows are the lags. The
    layout follows the structure of the drawn edges: causes above effects where there is hardly a cycle, series with
    very many edges in the middle, clusters apart, and otherwise one circle in the order of the series. No arrow crosses
    a third series where there is a way around it. Where only candidate pairs have scores, series without an edge are
    left out.

    Args:
        truth: paints edges as true (solid), false (dashed) or missed (dotted); without it, edges are painted by the
            sign of their effect, where that is known.
        top: number of edges; default: all selected ones, or the 2 P strongest and at most 40; at most 150 among more
            than 40 series.
        self_edges: draw self-edges as loops; default: only where one was selected.
        layout: one of `LAYOUTS`; "auto" chooses by the structure.
        ax: where to draw; default: a new figure.

    Raises:
        UnknownNameError: there is no such layout.
    """
    if layout not in LAYOUTS:
        raise UnknownNameError(f"there is no layout {layout!r}", did_you_mean(str(layout), LAYOUTS))
    chosen = choose_edges(discovery, truth, top=top, self_edges=self_edges, lagged=False)
    shown = list(range(len(discovery.names)))
    if discovery.sparse:
        shown = sorted(chosen.series) or shown[:MOST]
    drawing = (
        _layered(discovery, chosen, shown, ax, forced=layout == "layers") if layout in ("auto", "layers") else None
    )
    if drawing is None:
        drawing = _rounded(discovery, chosen, shown, "auto" if layout == "layers" else layout, ax)
    ax, arrows, curves = drawing
    labelled = discovery.lags > 1 and len(curves) <= _FEW_LABELS
    if labelled:
        write_lags(ax, discovery, chosen, curves)
    part = ""
    if len(shown) < len(discovery.names):
        first = f"the first {len(shown)} of {len(discovery.names):,} series"
        part = f"\n{about_part(len(shown), len(discovery.names)) if chosen.series else first}"
    rows = explain_signs(ax, chosen) if chosen.signed else 0
    if truth is not None:
        rows = explain(ax, chosen, selected=discovery.selected is not None)
    style.title(ax, f"Summary graph\n{chosen.title}{part}", legend=rows)
    if chosen.edges:
        arrows.explain_widths(lags=labelled)
    ax.set_axis_off()
    return ax


Drawing = tuple[Axes, Arrows, dict[Edge, Sequence[Point]]]


def _between(chosen: Chosen) -> list[Edge]:
    """Return the drawn edges between different series, strongest first."""
    ends = [(edge.cause, edge.effect) for edge in reversed(chosen.drawn) if edge.cause != edge.effect]
    return list(dict.fromkeys(ends))


# In layers


def _layered(
    discovery: Discovery, chosen: Chosen, shown: Sequence[int], ax: Axes | None, *, forced: bool
) -> Drawing | None:
    """Draw the graph in layers; return None where it has too many cycles or would be too large."""
    edges = _between(chosen)
    backward = nearly_acyclic(edges, forced=forced)
    if backward is None:
        return None
    font = style.LABEL if len(shown) <= 20 else style.TICK if len(shown) <= 40 else style.SMALL
    for width, lines, size in ((20, 4, font), (13, 8, min(font, style.SMALL + 0.5))):
        drawing = _with_names(
            discovery, chosen, shown, ax, (width, lines, size), backward, forced=forced and width == 13
        )
        if drawing is not None:
            return drawing
    return None


def _with_names(
    discovery: Discovery,
    chosen: Chosen,
    shown: Sequence[int],
    ax: Axes | None,
    look: tuple[int, int, float],
    backward: Sequence[Edge],
    *,
    forced: bool,
) -> Drawing | None:
    """Draw the graph in layers with names in lines of a width, so many lines, and a size of the font."""
    edges = _between(chosen)
    columns_of_name, lines, font = look
    names = dict(zip(shown, wrapped(discovery.names, columns_of_name, lines, shown=shown), strict=True))
    letters = font * style.smaller()
    ports = Counter(cause for cause, _ in edges), Counter(effect for _, effect in edges)
    sizes = {
        one: (
            max(columns([name]) * letters * _CELL + 12, 26.0, *(10.0 * count[one] + 10 for count in ports)),
            line_count([name]) * letters * _LINE + 9,
        )
        for one, name in names.items()
    }
    loops = any(edge.cause == edge.effect for edge in chosen.drawn)
    found = in_layers(shown, edges, backward, sizes)
    left, right, low, high = found.limits
    margins = (30.0 if loops or backward else 8.0, 8.0)
    width, height = right - left + 2 * margins[0], high - low + 2 * margins[1]
    if ax is None:
        inches = (max(width / 72 + 0.4, 6.2), max(height / 72 + 1.6, 3.4))
        if not forced and (inches[0] > _WIDEST or inches[1] > _TALLEST):
            return None
        ax = style.new_axes(None, inches)
    across, up = style.room(ax)
    factor = min(1.0, across * 1.15 / width, up * 0.98 / height)
    if not forced and factor < _SMALLEST:
        return None
    middle = ((left + right) / 2, (low + high) / 2)
    half = (max(width, across / factor) / 2, max(height, up * 0.95 / factor) / 2)
    ax.set(xlim=(middle[0] - half[0], middle[0] + half[0]), ylim=(middle[1] - half[1], middle[1] + half[1]))
    ax.set_aspect("equal")
    _boxes(ax, found, names, chosen.series, font * factor)
    arrows = Arrows(ax, chosen.strongest, scale=(1.0 if len(edges) <= 40 else 0.75) * max(factor, 0.7))
    return ax, arrows, _layered_arrows(arrows, chosen, found)


def _boxes(ax: Axes, found: Layers, names: Mapping[int, str], busy: set[int], font: float) -> None:
    """Draw the series as boxes with their names."""
    for series, box in found.boxes.items():
        color = style.INK if series in busy else style.MUTED
        corner = (box.x - box.width / 2, box.y - box.height / 2)
        patch = FancyBboxPatch(
            corner,
            box.width,
            box.height,
            boxstyle=f"round,pad=0,rounding_size={min(box.height, 22) / 3}",
            facecolor=style.NODE,
            edgecolor=color,
            zorder=5,
            clip_on=False,
        )
        patch.set_gid(f"graph-series-{series}")
        ax.add_patch(patch)
        look = {"ha": "center", "va": "center", "linespacing": 1.1, "zorder": 6, "clip_on": False}
        ax.text(box.x, box.y, names[series], **style.text(font, color, **look))


def _layered_arrows(arrows: Arrows, chosen: Chosen, found: Layers) -> dict[Edge, Sequence[Point]]:
    """Draw the edges from the lower border of causes to the upper border of effects."""
    leaving, arriving = _ports(found)
    shapes = {
        one: Shape((box.x, box.y), box.width / 2, box.height / 2, round=False) for one, box in found.boxes.items()
    }
    curves: dict[Edge, Sequence[Point]] = {}
    for edge in chosen.drawn:
        ends = edge.cause, edge.effect
        box, target = found.boxes[edge.cause], found.boxes[edge.effect]
        if edge.cause == edge.effect:
            x, y, reach = box.x + box.width / 2, box.y, 22.0
            points: list[Point] = [(x, y + 5), (x + reach, y + 16), (x + reach, y - 16), (x, y - 5)]
        elif ends in found.backward:
            bend = clear_bend(ends, shapes, both_ways=True, margin=4.0)
            middle = control(shapes[edge.cause].center, shapes[edge.effect].center, bend)
            start = shapes[edge.cause].border(direction(shapes[edge.cause].center, middle))
            points = [start, middle, shapes[edge.effect].border(direction(shapes[edge.effect].center, middle))]
        else:
            start = (leaving[ends], box.y - box.height / 2)
            points = _smooth([start, *found.routes[ends], (arriving[ends], target.y + target.height / 2)])
        arrows.curved(edge, points, gid=f"graph-edge-{edge.cause}-{edge.effect}")
        curves[ends] = points
    return curves


def _ports(found: Layers) -> tuple[dict[Edge, float], dict[Edge, float]]:
    """Return where each edge leaves its cause and meets its effect, side by side in the order of where it goes."""
    leaving: dict[Edge, float] = {}
    arriving: dict[Edge, float] = {}
    forward = [edge for edge in found.routes if edge not in found.backward]
    for series, box in found.boxes.items():
        for ports, end, near in ((leaving, 0, 0), (arriving, 1, -1)):
            mine = [edge for edge in forward if edge[end] == series]
            beyond = {
                edge: (found.routes[edge][near][0] if found.routes[edge] else found.boxes[edge[1 - end]].x)
                for edge in mine
            }
            mine.sort(key=lambda edge: beyond[edge])
            apart = min(14.0, 0.86 * box.width / max(len(mine), 1))
            for place, edge in enumerate(mine):
                ports[edge] = box.x + (place - (len(mine) - 1) / 2) * apart
    return leaving, arriving


def _smooth(points: Sequence[Point]) -> list[Point]:
    """Return cubic Bézier curves through points, vertical at each."""
    curve = [points[0]]
    for (x0, y0), (x1, y1) in pairwise(points):
        curve += [(x0, y0 + 0.45 * (y1 - y0)), (x1, y1 - 0.45 * (y1 - y0)), (x1, y1)]
    return curve


# On circles


def _rounded(discovery: Discovery, chosen: Chosen, shown: Sequence[int], structure: str, ax: Axes | None) -> Drawing:
    """Draw the graph with circles for series."""
    node = {series: number for number, series in enumerate(shown)}
    edges = [(node[cause], node[effect]) for cause, effect in _between(chosen)]
    size = len(shown)
    names = _Names.of(discovery, shown)
    found, parts = structure_of(edges, size, structure)
    long = 1.1 * max(0.0, columns(names.labels) * names.font * _CELL / 72 - 1.0)
    usual = (9.2 + long, 9.4 + long) if size > 40 else (7.0 + long, 7.2 + long)
    if found == "clusters":
        places, needed = in_clusters(parts, columns(names.labels) * names.font * _CELL, names.font)
        inches = tuple(max(side / 72 + more, 6.2) for side, more in zip(needed, (0.4, 1.6), strict=True))
        least = structure == "clusters" or _fits(ax, inches)
        usual = (inches[0], inches[1]) if least else usual
        found = "clusters" if least else "circle"
    if found == "hubs":
        places = around_hubs(range(size), parts[0], edges)
    elif found == "circle":
        places = circle(range(size))
    ax = style.new_axes(ax, usual)
    loops = any(edge.cause == edge.effect for edge in chosen.drawn)
    busy = {node[series] for series in chosen.series}
    unit = names.draw(ax, places, busy, loops=loops, crowded=size > 12)
    crowded = 0.55 if found == "clusters" and size > 20 else 0.7 if len(chosen.edges) > 40 else 1.0
    arrows = Arrows(ax, chosen.strongest, scale=crowded)
    drawn = [replace(edge, cause=node[edge.cause], effect=node[edge.effect]) for edge in chosen.drawn]
    curves = _arcs(drawn, places, arrows, unit, ring=found == "circle")
    numbered = {(shown[cause], shown[effect]): curve for (cause, effect), curve in curves.items()}
    for edge in chosen.drawn:
        points, head = numbered[edge.cause, edge.effect]
        arrows.curved(edge, points, head=head, gid=f"graph-edge-{edge.cause}-{edge.effect}")
    return ax, arrows, {edge: points for edge, (points, _) in numbered.items()}


def _fits(ax: Axes | None, inches: Sequence[float]) -> bool:
    """Is there room for a picture of this size, or nearly?"""
    if ax is None:
        return inches[0] <= _WIDEST and inches[1] <= _TALLEST
    across, up = style.room(ax)
    return min(across / 72 / inches[0], up / 72 / inches[1]) >= _SMALLEST


def _arcs(
    drawn: Sequence[Drawn], places: Mapping[int, Place], arrows: Arrows, unit: float, *, ring: bool
) -> dict[Edge, tuple[list[Point], float]]:
    """Return the curve of every edge, and the length of its head in points.

    Args:
        unit: points in a unit of the picture.
        ring: all series are on one circle in their order.
    """
    shapes = {one: Shape(place.center, place.radius, place.radius) for one, place in places.items()}
    both = {(edge.effect, edge.cause) for edge in drawn}
    curves: dict[Edge, tuple[list[Point], float]] = {}
    controls: dict[Edge, Point] = {}
    heads: dict[Edge, float] = {}
    for edge in drawn:
        ends = edge.cause, edge.effect
        if edge.cause == edge.effect:
            curves[ends] = _loop(places[edge.cause]), arrows.head(edge)
            continue
        radius = places[edge.cause].radius
        if ring:
            bend = _bend(*ends, len(places), radius, both_ways=ends in both)
        else:
            bend = clear_bend(ends, shapes, both_ways=ends in both, margin=4.0 / unit)
        controls[ends] = control(shapes[edge.cause].center, shapes[edge.effect].center, bend)
        heads[ends] = arrows.head(edge)
    widths = {ends: head / unit for ends, head in heads.items()}
    longest = max(heads.values(), default=0.0)
    for ends, (angle, away) in spread_heads(controls, shapes, widths, longest / unit).items():
        cause, effect = shapes[ends[0]], shapes[ends[1]]
        if ring:  # the neighbours on the circle are beside: no head moves towards them
            outward, came = places[ends[1]].outward, direction(effect.center, controls[ends])
            angle = came if math.cos(angle - outward) > math.cos(came - outward) else angle
            away = 0.0 if math.cos(angle - outward) > _INWARD else away
        start = cause.border(direction(cause.center, controls[ends]))
        end = replace(effect, across=effect.across + away).border(angle)
        curves[ends] = [start, controls[ends], end], heads[ends]
    return curves


def _loop(place: Place) -> list[Point]:
    """Return the curve of a self-edge on the outer side of its series."""
    shape = Shape(place.center, place.radius, place.radius)
    far = 3.1 * place.radius
    begin, end = place.outward + _LOOP, place.outward - _LOOP
    return [
        shape.border(begin),
        replace(shape, across=far).border(place.outward + 0.5 * _LOOP),
        replace(shape, across=far).border(place.outward - 0.5 * _LOOP),
        shape.border(end),
    ]


def _bend(cause: int, effect: int, size: int, radius: float, *, both_ways: bool) -> float:
    """Return the bend of an arrow on a circle that keeps it away from other series and from its opposite arrow.

    An arrow between near series of a crowded circle would run through those between them, so it bends inward.
    Inward is to the right of an arrow that goes clockwise.
    """
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


class _Names:
    """The names of series on circles: short ones inside, long ones outside, turned outward where there are many."""

    def __init__(self, names: Sequence[str], labels: list[str], font: float) -> None:
        self.names = names
        self.labels = labels
        self.font = font

    @classmethod
    def of(cls, discovery: Discovery, shown: Sequence[int]) -> _Names:
        size = len(shown)
        font = style.LABEL if size <= 20 else style.TICK if size <= 40 else style.TINY + 0.5
        width, lines = (18, 4) if size <= 12 else (20, 3) if size <= 25 else (24, 2)
        names = [discovery.names[one] for one in shown]
        return cls(names, wrapped(discovery.names, width, lines, shown=shown), font)

    def draw(self, ax: Axes, places: Mapping[int, Place], busy: set[int], *, loops: bool, crowded: bool) -> float:
        """Draw the series and their names; return the points in a unit of the picture."""
        inside = len(places) <= 20 and columns(self.labels) <= 3
        anchors: list[tuple[Point, Point]] = []
        for position, place in places.items():
            (x, y), radius = place.center, place.radius
            color = style.INK if position in busy else style.MUTED
            node = Circle((x, y), radius, facecolor=style.NODE, edgecolor=color, zorder=5, clip_on=False)
            node.set_gid(f"graph-series-{position}")
            ax.add_patch(node)
            label = self.labels[position]
            look: dict[str, Any] = {"zorder": 6, "clip_on": False, "linespacing": 1.05}
            if place.inside:
                continue
            if inside:
                beyond = math.hypot(x, y) + 1.15 * radius
                anchors.append(((math.cos(place.outward) * beyond, math.sin(place.outward) * beyond), (0.0, 0.0)))
                ax.text(x, y, label, **style.text(self.font, color, ha="center", va="center_baseline", **look))
                continue
            away = radius * (2.7 if loops else 1.0)
            across, up = math.cos(place.outward), math.sin(place.outward)
            at = (x + across * away, y + up * away)
            ax.annotate(
                label,
                at,
                (across * 4.0, up * 4.0),
                textcoords="offset points",
                annotation_clip=False,
                **style.text(self.font, color, **look),
                **_outside(across, up, crowded),
            )
            anchors.append((at, self._extent(label, across, up, crowded)))
        unit = _limits(ax, anchors)
        for position, place in places.items():
            if place.inside:
                self._hub(ax, place, self.names[position], unit)
        return unit

    def _hub(self, ax: Axes, place: Place, name: str, unit: float) -> None:
        """Write the name of a hub into its circle, smaller where it is long."""
        font = style.LABEL
        across = 1.7 * place.radius * unit
        label = name
        while font > style.TINY - 1:
            label = wrapped([name], max(int(across / font / _CELL), 6), 6)[0]
            if columns([label]) * font * _CELL <= across and line_count([label]) * font * _LINE <= 0.8 * across:
                break
            font -= 0.5
        look = {"ha": "center", "va": "center", "linespacing": 1.05, "zorder": 6, "clip_on": False}
        ax.text(*place.center, label, **style.text(font, style.INK, **look))

    def _extent(self, label: str, across: float, up: float, turned: bool) -> Point:
        """Return how far a name reaches from its anchor to the side, and up or down, in points."""
        font = self.font * style.smaller()
        length = columns([label]) * font * _CELL + 5
        height = line_count([label]) * font * _LINE
        if turned:
            return length * abs(across) + height / 2, length * abs(up) + height / 2
        if abs(across) < 0.2:
            return length / 2, height + 5
        return length, height + 2 if abs(up) >= 0.45 else height / 2 + 4


def _outside(x: float, y: float, turned: bool) -> dict[str, Any]:
    """Return how a name beside its node is aligned."""
    if not turned:
        across = "center" if abs(x) < 0.2 else "left" if x > 0 else "right"
        lines = "center" if across == "center" else across
        vertical = "center" if abs(y) < 0.45 else "bottom" if y > 0 else "top"
        return {"ha": across, "va": vertical, "multialignment": lines}
    left = x < -1e-9
    angle = math.degrees(math.atan2(y, x)) + (180 if left else 0)
    side = "right" if left else "left"
    return {"ha": side, "va": "center", "rotation": angle, "rotation_mode": "anchor", "multialignment": side}


def _limits(ax: Axes, anchors: Sequence[tuple[Point, Point]]) -> float:
    """Choose the limits such that names, whose size is in points, stay within the axes; return points in a unit."""
    margins = 1.15  # an axes without ticks grows into the room that was kept for them
    across, up = style.room(ax)
    width, height = across * margins, up  # legends above and below take what the margins give
    farthest = max(max(abs(x), abs(y)) for (x, y), _ in anchors) or 1.0
    per_unit = min(width, height) / 2 / farthest * 0.97
    least = per_unit * 0.4  # a name may cross the border before the graph becomes too small to see
    for (x, y), (beside, above) in anchors:
        if abs(x) > 0.01:
            per_unit = min(per_unit, (width / 2 - beside) / abs(x))
        if abs(y) > 0.01:
            per_unit = min(per_unit, (height / 2 - above) / abs(y))
    per_unit = max(per_unit, least)
    ax.set(xlim=(-width / 2 / per_unit, width / 2 / per_unit), ylim=(-height / 2 / per_unit, height / 2 / per_unit))
    ax.set_aspect("equal")
    return per_unit
