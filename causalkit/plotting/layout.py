"""Where the series of a summary graph are drawn: by the structure of the graph, in layers, around hubs, in clusters or
on one circle.

Layers have a module of their own, `causalkit.plotting.layered`; the other layouts place circles.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import networkx as nx

Point = tuple[float, float]
Edge = tuple[int, int]
Structure = Literal["hubs", "clusters", "circle"]

_HUB_SHARE = 0.15  # of the other series, with which a hub has an edge
_HUB_LEAST = 8
_MOST_HUBS = 4
_HUBS_TOGETHER = 0.5  # share of all edges that begin or end in a hub
_MODULARITY = 0.45
_CLUSTERS_FROM = 12  # series with an edge


@dataclass(frozen=True)
class Place:
    """Where a series is drawn.

    Attributes:
        center: of its circle.
        radius: of its circle.
        outward: angle in which there is room for its name.
        inside: its name has room within the circle.
    """

    center: Point
    radius: float
    outward: float
    inside: bool = False


def structure_of(edges: Sequence[Edge], series: int, wanted: str = "auto") -> tuple[Structure, list[list[int]]]:
    """Return hubs, clusters or circle, and the hubs, or the clusters, or all series.

    Args:
        edges: between different series, numbered from 0.
        series: number of series.
        wanted: the structure that the user asked for, which is taken where there is anything of it.
    """
    if wanted in ("auto", "hubs") and (hubs := _hubs(edges, series, forced=wanted == "hubs")):
        return "hubs", [hubs]
    many = len({end for edge in edges for end in edge}) >= _CLUSTERS_FROM
    if (wanted == "clusters" or (wanted == "auto" and many)) and (
        clusters := _clusters(edges, series, forced=wanted == "clusters")
    ):
        return "clusters", clusters
    return "circle", [list(range(series))]


def _hubs(edges: Sequence[Edge], series: int, *, forced: bool) -> list[int]:
    degrees = Counter(end for edge in edges for end in edge)
    if forced:
        return [one for one, _ in degrees.most_common(1)]
    least = max(_HUB_LEAST, _HUB_SHARE * (series - 1))
    hubs = [one for one, degree in degrees.most_common(_MOST_HUBS) if degree >= least]
    touching = sum(cause in hubs or effect in hubs for cause, effect in edges)
    return sorted(hubs) if hubs and touching >= _HUBS_TOGETHER * len(edges) else []


def _clusters(edges: Sequence[Edge], series: int, *, forced: bool) -> list[list[int]]:
    graph = nx.Graph()
    graph.add_nodes_from(range(series))
    graph.add_edges_from(edges)
    alone = sorted(nx.isolates(graph))
    graph.remove_nodes_from(alone)
    if not graph:
        return []
    found = nx.community.greedy_modularity_communities(graph)
    if forced:
        return [*sorted((sorted(one) for one in found), key=lambda one: one[0]), *([alone] if alone else [])]
    if len(found) < 2 or nx.community.modularity(graph, found) < _MODULARITY:
        return []
    clusters = sorted((sorted(one) for one in found), key=lambda one: one[0])
    return [*clusters, alone] if alone else clusters


def circle(series: Sequence[int], radius: float | None = None) -> dict[int, Place]:
    """Return one circle, the first series at the top, clockwise."""
    size = len(series)
    radius = radius or min(0.11, 0.32 * 2 * math.pi / size)
    return dict(zip(series, _ring((0.0, 0.0), 1.0, size, radius), strict=True))


def _ring(center: Point, distance: float, size: int, radius: float) -> list[Place]:
    places = []
    for position in range(size):
        angle = math.pi / 2 - 2 * math.pi * position / size
        places.append(Place(_toward(center, angle, distance), radius, angle))
    return places


def _toward(center: Point, angle: float, distance: float) -> Point:
    return center[0] + distance * math.cos(angle), center[1] + distance * math.sin(angle)


def around_hubs(series: Sequence[int], hubs: Sequence[int], edges: Sequence[Edge]) -> dict[int, Place]:
    """Return the hubs in the middle, as large as their arrows need, and the others on a circle around them."""
    others = [one for one in series if one not in hubs]
    places = circle(others)
    degrees = Counter(end for edge in edges for end in edge)
    for position, hub in enumerate(hubs):
        radius = min(0.26 if len(hubs) == 1 else 0.17, max(0.13, 0.0035 * degrees[hub] + 0.07))
        angle = math.pi / 2 + 2 * math.pi * position / len(hubs) if len(hubs) > 2 else math.pi * (1 - position)
        distance = 0.0 if len(hubs) == 1 else 0.42
        places[hub] = Place(_toward((0.0, 0.0), angle, distance), radius, angle, inside=True)
    return places


def in_clusters(
    clusters: Sequence[Sequence[int]], name_length: float, font: float
) -> tuple[dict[int, Place], tuple[float, float]]:
    """Return each cluster on a circle of its own, in points, and the width and height that all need.

    Args:
        clusters: the series of each.
        name_length: points of the longest name, for which there is room between the clusters.
        font: size of the names.
    """
    radius = 0.85 * font
    around = name_length + radius + 16
    apart = max(3.6 * font, 2.9 * radius)
    rings = [max(apart * len(one) / (2 * math.pi), 1.6 * radius) if len(one) > 1 else 0.0 for one in clusters]
    centers = _packed([ring + around for ring in rings])
    places: dict[int, Place] = {}
    for cluster, center, ring in zip(clusters, centers, rings, strict=True):
        places |= dict(zip(cluster, _ring(center, ring, len(cluster), radius), strict=True))
    xs, ys = zip(*(place.center for place in places.values()), strict=True)
    middle = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
    centred = {
        series: replace(place, center=(place.center[0] - middle[0], place.center[1] - middle[1]))
        for series, place in places.items()
    }
    return centred, (max(xs) - min(xs) + 2 * around, max(ys) - min(ys) + 2 * around)


def _packed(extents: Sequence[float]) -> list[Point]:
    """Return the centers of circles that do not meet, in rows of a picture about as wide as tall."""
    across = math.ceil(math.sqrt(len(extents)))
    rows = [extents[start : start + across] for start in range(0, len(extents), across)]
    centers: list[Point] = []
    y = 0.0
    for row in rows:
        tall, x = max(row), -sum(row)
        for extent in row:
            centers.append((x + extent, y - tall))
            x += 2 * extent
        y -= 2 * tall
    return centers
