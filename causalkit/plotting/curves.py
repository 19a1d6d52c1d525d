"""Curves between the borders of shapes that pass beside all other shapes, and heads that do not lie on each other."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Edge = tuple[int, int]

_BENDS = (0.0, 0.08, 0.14, 0.2, 0.28, 0.36, 0.46, 0.58, 0.72, 0.9)
_APART = 0.12  # bend of two edges in opposite directions, with which they do not lie on each other
_SAMPLES = np.linspace(0.04, 0.96, 36)[:, None]
_MOST_SHIFT = math.radians(35)  # of a head along the border of its shape


@dataclass(frozen=True)
class Shape:
    """A circle, or a box, in data coordinates: its center and half its width and height."""

    center: Point
    across: float
    up: float
    round: bool = True

    def border(self, angle: float) -> Point:
        """Return the point of the border in a direction."""
        x, y = math.cos(angle), math.sin(angle)
        if self.round:
            far = self.across
        else:
            far = min(self.across / abs(x) if x else math.inf, self.up / abs(y) if y else math.inf)
        return self.center[0] + far * x, self.center[1] + far * y


def direction(start: Point, end: Point) -> float:
    """Return the angle in which one point lies from another."""
    return math.atan2(end[1] - start[1], end[0] - start[0])


def control(start: Point, end: Point, bend: float) -> Point:
    """Return the control point of the arc between two points; a positive bend is to the right."""
    (x0, y0), (x1, y1) = start, end
    return (x0 + x1) / 2 + bend * (y1 - y0), (y0 + y1) / 2 - bend * (x1 - x0)


def clear_bend(edge: Edge, shapes: Mapping[int, Shape], *, both_ways: bool, margin: float) -> float:
    """Return the smallest bend with which an arc passes beside all other shapes, or a better compromise.

    Args:
        edge: its ends.
        shapes: of all series.
        both_ways: there is an edge in the opposite direction, which bends to its own right.
        margin: least distance from other shapes.
    """
    start, end = shapes[edge[0]].center, shapes[edge[1]].center
    others = [shape for series, shape in shapes.items() if series not in edge]
    signs = (1.0,) if both_ways else (1.0, -1.0)
    bends = [sign * bend for bend in _BENDS for sign in signs if not both_ways or bend >= _APART]
    if not others:
        return bends[0]
    centers = np.array([shape.center for shape in others])
    halves = np.array([(shape.across + margin, shape.up + margin) for shape in others])
    boxes = np.array([not shape.round for shape in others])
    lowest, best = math.inf, bends[0]
    far = math.dist(start, end) / max(np.ptp(centers, axis=0).max(), 1e-9)
    for bend in bends:
        points = along((start, control(start, end, bend), end), _SAMPLES)
        away = np.abs(points[:, None] - centers) / halves
        inside = np.where(boxes, away.max(axis=2), np.linalg.norm(away, axis=2)) < 1
        met = int(inside.any(axis=0).sum())
        cost = met + 5.0 * abs(bend) * far  # a long way around leaves the picture
        if cost < lowest:
            lowest, best = cost, bend
        if not met:
            break
    return best


def along(curve: Sequence[Point], t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points of a quadratic Bézier curve, shape (T, 2), for t of shape (T, 1)."""
    start, middle, end = (np.array(point) for point in curve)
    result: NDArray[np.float64] = (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end
    return result


def spread_heads(
    controls: Mapping[Edge, Point], shapes: Mapping[int, Shape], widths: Mapping[Edge, float], length: float
) -> dict[Edge, tuple[float, float]]:
    """Return the angle in which each edge meets the border of its effect, and how far from the border it ends.

    Heads keep at least their width apart where there is room; where there is none, every second one ends earlier.

    Args:
        controls: control point of each edge.
        shapes: of all series.
        widths: of the heads.
        length: of a head.
    """
    arriving: dict[int, list[Edge]] = defaultdict(list)
    for edge in controls:
        arriving[edge[1]].append(edge)
    placed: dict[Edge, tuple[float, float]] = {}
    for effect, edges in arriving.items():
        shape = shapes[effect]
        angles = np.array([direction(shape.center, controls[edge]) for edge in edges]) % (2 * math.pi)
        order = np.argsort(angles, kind="stable")
        radius = min(shape.across, shape.up)
        needed = np.array([widths[edges[place]] / radius for place in order])
        turned = _spread(angles[order], needed)
        for rank, place in enumerate(order):
            crowded = len(edges) > 1 and _nearest(turned, rank) < 0.75 * needed[rank]
            placed[edges[place]] = (float(turned[rank]), length * (rank % 3) if crowded else 0.0)
    return placed


def _spread(angles: NDArray[np.float64], needed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sorted angles moved apart, as little as possible and not far."""
    from sklearn.isotonic import isotonic_regression

    size = len(angles)
    if size == 1:
        return angles
    between = np.diff(angles, append=angles[0] + 2 * math.pi)
    first = (int(between.argmax()) + 1) % size  # the widest gap is where the circle is cut open
    turned = np.roll(angles, -first)
    turned[size - first :] += 2 * math.pi if first else 0.0
    steps = np.minimum(np.roll(needed, -first), 2 * math.pi / size)
    offsets = np.cumsum(np.concatenate([[0.0], (steps[:-1] + steps[1:]) / 2]))
    moved = isotonic_regression(turned - offsets) + offsets
    moved = turned + np.clip(moved - turned, -_MOST_SHIFT, _MOST_SHIFT)
    result: NDArray[np.float64] = np.roll(moved, first)
    return result


def _nearest(angles: NDArray[np.float64], rank: int) -> float:
    apart = np.abs((np.delete(angles, rank) - angles[rank] + math.pi) % (2 * math.pi) - math.pi)
    return float(apart.min())
