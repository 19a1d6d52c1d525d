"""The layout in layers, for graphs with hardly a cycle: causes above their effects (after Sugiyama, Tagawa and Toda,
1981).

Places are in points, in a picture whose size the layout chooses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx
import numpy as np
from numpy.typing import NDArray

Edge = tuple[int, int]
Point = tuple[float, float]
Node = tuple[int, int]
"""A series with layer -1, or the place of an edge, by its number, in a layer that it passes."""

_BACKWARD = 0.12  # share of the edges that may run against the order
_SWEEPS = 12
_PASSING = 10.0  # points of width that an edge needs between boxes


@dataclass(frozen=True)
class Box:
    """Where a series is drawn: center, width and height in points."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layers:
    """A layout.

    Attributes:
        boxes: of every series.
        routes: of every edge, the points between its ends, from its cause to its effect.
        backward: edges that run against the order.
    """

    boxes: Mapping[int, Box]
    routes: Mapping[Edge, Sequence[Point]]
    backward: frozenset[Edge]

    @property
    def limits(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of all boxes and routes."""
        xs = [side for box in self.boxes.values() for side in (box.x - box.width / 2, box.x + box.width / 2)]
        xs += [x for route in self.routes.values() for x, _ in route]
        ys = [side for box in self.boxes.values() for side in (box.y - box.height / 2, box.y + box.height / 2)]
        return min(xs), max(xs), min(ys), max(ys)


def nearly_acyclic(edges: Sequence[Edge], *, forced: bool = False) -> list[Edge] | None:
    """Return the edges that run against the best order found, strongest edges first served; None where many do.

    Args:
        edges: between different series, strongest first.
        forced: return them however many they are.
    """
    order = nx.DiGraph()
    backward: list[Edge] = []
    for cause, effect in edges:
        if order.has_node(cause) and order.has_node(effect) and nx.has_path(order, effect, cause):
            backward.append((cause, effect))
        else:
            order.add_edge(cause, effect)
    if not edges or (not forced and len(backward) > _BACKWARD * len(edges)):
        return None
    return backward


def in_layers(
    series: Sequence[int], edges: Sequence[Edge], backward: Sequence[Edge], sizes: Mapping[int, tuple[float, float]]
) -> Layers:
    """Return the layout; series without an edge are in a last row.

    Args:
        series: to place.
        edges: between different series.
        backward: those of them that run against the order.
        sizes: width and height of each box in points.
    """
    forward = [edge for edge in edges if edge not in set(backward)]
    layer = _layers(forward)
    rows = _rows(layer, forward)
    links = _links(layer, forward)
    _sort(rows, links)
    width = {node: sizes[node[0]][0] if node[1] < 0 else _PASSING for row in rows for node in row}
    across = _across(rows, links, width)
    joined = {end for edge in edges for end in edge}
    alone = [one for one in series if one not in joined]
    heights = [max((sizes[node[0]][1] for node in row if node[1] < 0), default=10.0) for row in rows]
    gap = 46.0 if len(forward) <= 40 else 64.0
    depth = -np.cumsum([0.0, *(before / 2 + after / 2 + gap for before, after in pairwise(heights))])
    boxes = {
        node[0]: Box(float(across[node]), float(y), *sizes[node[0]])
        for row, y in zip(rows, depth, strict=False)
        for node in row
        if node[1] < 0
    }
    boxes |= _last_row(alone, sizes, boxes)
    routes: dict[Edge, list[Point]] = {}
    for number, edge in enumerate(forward):
        passed = range(layer[edge[0]] + 1, layer[edge[1]])
        routes[edge] = [
            (float(across[number, at]), float(depth[at]) + side * heights[at] / 2) for at in passed for side in (1, -1)
        ]
    return Layers(boxes, routes | {edge: [] for edge in backward}, frozenset(backward))


def _layers(forward: Sequence[Edge]) -> dict[int, int]:
    """Return the layer of each series: below all its causes, and close above its first effect."""
    graph = nx.DiGraph(forward)
    order = list(nx.topological_sort(graph))
    layer: dict[int, int] = {}
    for one in order:
        layer[one] = max((layer[cause] + 1 for cause in graph.predecessors(one)), default=0)
    for one in reversed(order):
        if graph.out_degree(one) and not graph.in_degree(one):
            layer[one] = min(layer[effect] for effect in graph.successors(one)) - 1
    return layer


def _rows(layer: Mapping[int, int], forward: Sequence[Edge]) -> list[list[Node]]:
    """Return what is in each layer: series, and edges that pass it."""
    rows: list[list[Node]] = [[] for _ in range(max(layer.values()) + 1)]
    for series, at in sorted(layer.items()):
        rows[at].append((series, -1))
    for number, (cause, effect) in enumerate(forward):
        for at in range(layer[cause] + 1, layer[effect]):
            rows[at].append((number, at))
    return rows


def _links(layer: Mapping[int, int], forward: Sequence[Edge]) -> dict[Node, list[Node]]:
    """Return what each node has an edge with in the next layer above and below."""
    links: dict[Node, list[Node]] = defaultdict(list)
    for number, (cause, effect) in enumerate(forward):
        chain = [(cause, -1), *((number, at) for at in range(layer[cause] + 1, layer[effect])), (effect, -1)]
        for above, below in pairwise(chain):
            links[above].append(below)
            links[below].append(above)
    return links


def _sort(rows: list[list[Node]], links: Mapping[Node, list[Node]]) -> None:
    """Sort each row such that few edges cross: by the mean place of what a node has edges with in the row before."""
    best, fewest = [list(row) for row in rows], _crossings(rows, links)
    for sweep in range(_SWEEPS):
        order = range(1, len(rows)) if sweep % 2 == 0 else range(len(rows) - 2, -1, -1)
        for at in order:
            fixed = {node: place for place, node in enumerate(rows[at - 1 if sweep % 2 == 0 else at + 1])}
            means = {}
            for place, node in enumerate(rows[at]):
                near = [fixed[other] for other in links[node] if other in fixed]
                means[node] = sum(near) / len(near) if near else float(place)
            rows[at].sort(key=lambda node: means[node])
        crossed = _crossings(rows, links)
        if crossed < fewest:
            best, fewest = [list(row) for row in rows], crossed
    rows[:] = best


def _crossings(rows: Sequence[Sequence[Node]], links: Mapping[Node, list[Node]]) -> int:
    total = 0
    for above, below in pairwise(rows):
        place = {node: number for number, node in enumerate(below)}
        ends = [
            place[other]
            for node in above
            for other in sorted(links[node], key=lambda one: place.get(one, -1))
            if other in place
        ]
        total += sum(int(np.sum(np.array(ends[:number]) > end)) for number, end in enumerate(ends))
    return total


def _across(
    rows: Sequence[Sequence[Node]], links: Mapping[Node, list[Node]], width: Mapping[Node, float]
) -> dict[Node, float]:
    """Return horizontal places: near what a node has edges with, apart from its neighbours in the row."""
    gaps = [_gaps(row, width) for row in rows]
    places: dict[Node, float] = {}
    for row, offsets in zip(rows, gaps, strict=True):
        places |= dict(zip(row, (offsets - offsets.mean()).tolist(), strict=True))
    for sweep in range(2 * _SWEEPS):
        order = range(len(rows)) if sweep % 2 == 0 else range(len(rows) - 1, -1, -1)
        for at in order:
            row = rows[at]
            wanted = [
                float(np.mean([places[other] for other in links[node]])) if links[node] else places[node]
                for node in row
            ]
            # A passing edge is kept straight before a box is centred.
            weights = np.array([1.0 if node[1] < 0 else 3.0 for node in row])
            places |= dict(zip(row, _apart(np.array(wanted), gaps[at], weights).tolist(), strict=True))
    return places


def _gaps(row: Sequence[Node], width: Mapping[Node, float]) -> NDArray[np.float64]:
    """Return the least places of a row when its first node is at 0."""
    steps = [width[left] / 2 + width[right] / 2 + 14.0 for left, right in pairwise(row)]
    return np.cumsum([0.0, *steps])


def _apart(
    wanted: NDArray[np.float64], offsets: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the places nearest to the wanted ones that keep order and distances (isotonic regression)."""
    from sklearn.isotonic import isotonic_regression

    result: NDArray[np.float64] = isotonic_regression(wanted - offsets, sample_weight=weights) + offsets
    return result


def _last_row(
    alone: Sequence[int], sizes: Mapping[int, tuple[float, float]], boxes: Mapping[int, Box]
) -> dict[int, Box]:
    """Return series without an edge in rows below the others."""
    if not alone:
        return {}
    left = min(box.x - box.width / 2 for box in boxes.values())
    right = max(max(box.x + box.width / 2 for box in boxes.values()), left + 300)
    y = min(box.y - box.height / 2 for box in boxes.values()) - 24
    placed: dict[int, Box] = {}
    x, tallest = left, 0.0
    for one in alone:
        width, height = sizes[one]
        if x > left and x + width > right:
            x, y, tallest = left, y - tallest - 8, 0.0
        placed[one] = Box(x + width / 2, y - height / 2, width, height)
        x, tallest = x + width + 10, max(tallest, height)
    return placed
