"""Places of series and curves of edges of the interactive graph, in pixels of its first view."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from causalkit.errors import UnknownNameError, did_you_mean
from causalkit.plotting.chosen import Chosen, Drawn
from causalkit.plotting.curves import Shape, along, clear_bend, control
from causalkit.plotting.kinds import LAYOUTS
from causalkit.plotting.layered import in_layers, nearly_acyclic
from causalkit.plotting.layout import Place, around_hubs, circle, in_clusters, structure_of

Point = tuple[float, float]
Edge = tuple[int, int]
Array = NDArray[np.float64]

_BOX = (150.0, 34.0)  # pixels of a series with its name
_RADIUS = 7.0  # pixels of a series
_BEFORE = 6.0  # pixels between a head and its series
_SHARES = np.linspace(0.0, 1.0, 33)[:, None]
_WIDEST = 3200.0


@dataclass(frozen=True)
class Geometry:
    """Where everything is.

    Attributes:
        series: shown, in the order of the data.
        places: of each.
        radii: of each.
        outward: angle in which its name is; None for names in the middle of their series.
        bends: of edges that are arcs.
        routes: points that other edges pass.
    """

    series: tuple[int, ...]
    places: Mapping[int, Point]
    radii: Mapping[int, float]
    outward: Mapping[int, float | None]
    bends: Mapping[Edge, float] = field(default_factory=dict)
    routes: Mapping[Edge, Sequence[Point]] = field(default_factory=dict)

    def name(self, series: int) -> tuple[float, float, float, str]:
        """Return where the name of a series is: x, y, angle and alignment."""
        (x, y), angle = self.places[series], self.outward[series]
        if angle is None:
            return x, y, 0.0, "center"
        away = self.radii[series] + 5.0
        left = math.cos(angle) < -1e-9
        turned = angle + math.pi if left else angle
        return x + away * math.cos(angle), y + away * math.sin(angle), turned, "right" if left else "left"

    @property
    def limits(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of the first view, with room for names."""
        xs, ys = zip(*self.places.values(), strict=True)
        return min(xs) - 170, max(xs) + 170, min(ys) - 50, max(ys) + 50

    def curve(self, edge: Drawn) -> Array:
        """Return points from the border of the cause to that of the effect, shape (T, 2)."""
        ends = edge.cause, edge.effect
        start, end = self.places[edge.cause], self.places[edge.effect]
        if ends in self.routes:
            points = _vertical([start, *self.routes[ends], end])
        else:
            points = along((start, control(start, end, self.bends.get(ends, 0.0)), end), _SHARES)
        before = self.radii[edge.effect] + _BEFORE
        inner = (_far(points, start) >= self.radii[edge.cause]) & (_far(points, end) >= before)
        kept = points[inner] if inner.sum() >= 2 else points[[0, -1]]
        near = kept[-1] - np.array(end)
        close = np.array(end) + near / max(float(np.linalg.norm(near)), 1e-9) * before
        result: Array = np.vstack([kept, close])
        return result

    def head_angle(self, curve: Array) -> float:
        """Return how far a triangle that points up has to turn to point along the end of a curve."""
        steps = curve[-1] - curve[:-1]
        long = steps[np.linalg.norm(steps, axis=1) > 4.0]
        x, y = long[-1] if len(long) else steps[0]
        return math.atan2(float(y), float(x)) - math.pi / 2


def geometry_of(names: Sequence[str], shown: Sequence[int], chosen: Chosen, layout: str) -> Geometry:
    """Return the geometry of a layout.

    Args:
        names: of all series.
        shown: those in the picture.
        chosen: the edges in the picture.
        layout: one of `LAYOUTS`; "auto" chooses by the structure.

    Raises:
        UnknownNameError: there is no such layout.
    """
    if layout not in LAYOUTS:
        raise UnknownNameError(f"there is no layout {layout!r}", did_you_mean(str(layout), LAYOUTS))
    ends = [(edge.cause, edge.effect) for edge in reversed(chosen.drawn) if edge.cause != edge.effect]
    edges = list(dict.fromkeys(ends))
    both = {(effect, cause) for cause, effect in edges}
    if layout in ("auto", "layers"):
        backward = nearly_acyclic(edges, forced=layout == "layers")
        if backward is not None and edges:
            found = in_layers(shown, edges, backward, dict.fromkeys(shown, _BOX))
            left, right, *_ = found.limits
            if layout == "layers" or right - left <= _WIDEST:
                places = {one: (box.x - _BOX[0] / 3, box.y) for one, box in found.boxes.items()}
                routes = {edge: found.routes[edge] for edge in edges if edge not in found.backward}
                shapes = {one: Shape(place, _RADIUS, _RADIUS) for one, place in places.items()}
                bends = {edge: clear_bend(edge, shapes, both_ways=True, margin=6.0) for edge in found.backward}
                radii, beside = dict.fromkeys(shown, _RADIUS), dict.fromkeys(shown, 0.0)
                return Geometry(tuple(shown), places, radii, beside, bends, routes)
    placed = _rounded(edges, shown, layout)
    places = {one: place.center for one, place in placed.items()}
    radii = {one: place.radius for one, place in placed.items()}
    outward = {one: None if place.inside else place.outward for one, place in placed.items()}
    shapes = {one: Shape(place.center, place.radius, place.radius) for one, place in placed.items()}
    bends = {edge: clear_bend(edge, shapes, both_ways=edge in both, margin=5.0) for edge in edges}
    return Geometry(tuple(shown), places, radii, outward, bends)


def _rounded(edges: Sequence[Edge], shown: Sequence[int], layout: str) -> dict[int, Place]:
    """Return places on circles."""
    node = {series: number for number, series in enumerate(shown)}
    numbered = [(node[cause], node[effect]) for cause, effect in edges]
    structure, parts = structure_of(numbered, len(shown), layout)
    factor = max(260.0, 3.4 * len(shown))
    if structure == "clusters":
        found, _ = in_clusters(parts, 70.0, 12.0)
        factor = 1.0
    elif structure == "hubs":
        found = around_hubs(range(len(shown)), parts[0], numbered)
    else:
        found = circle(range(len(shown)))
    return {series: _enlarged(found[node[series]], factor) for series in shown}


def _enlarged(place: Place, factor: float) -> Place:
    x, y = place.center
    radius = factor * place.radius if place.inside else _RADIUS
    return replace(place, center=(factor * x, factor * y), radius=radius)


def _vertical(points: Sequence[Point]) -> Array:
    """Return a curve through points that is vertical at each."""
    pieces = []
    for (x0, y0), (x1, y1) in pairwise(points):
        share = _SHARES[:, 0]
        smooth = 3 * share**2 - 2 * share**3
        pieces.append(np.stack([x0 + smooth * (x1 - x0), y0 + share * (y1 - y0)], axis=1))
    return np.vstack(pieces)


def _far(points: Array, place: Point) -> Array:
    result: Array = np.linalg.norm(points - np.array(place), axis=1)
    return result
