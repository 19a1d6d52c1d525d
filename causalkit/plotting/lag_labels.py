"""Lags on the arrows of a summary graph, each where it hides no other and no series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.plotting import style
from causalkit.plotting.chosen import Chosen

Edge = tuple[int, int]
Point = tuple[float, float]
_PLACES = (0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73, 0.2)
_MOST_LAGS = 3


def write_lags(ax: Axes, discovery: Discovery, chosen: Chosen, curves: Mapping[Edge, Sequence[Point]]) -> None:
    """Write on each arrow the lags that were selected for its pair, otherwise the one of its largest score."""
    lags = _selected_lags(discovery)
    taken: list[Point] = [_center(patch) for patch in ax.patches if isinstance(patch, Circle | FancyBboxPatch)]
    unit = _points(ax)
    for edge in reversed(chosen.drawn):
        ends = edge.cause, edge.effect
        if edge.verdict == "missed":
            continue
        found = lags.get(ends) or [edge.lag]
        words = ", ".join(map(str, found[:_MOST_LAGS])) + ("…" if len(found) > _MOST_LAGS else "")
        at = _free(curves[ends], taken, 9.0 / unit)
        taken.append(at)
        box = {"boxstyle": "round,pad=0.12", "facecolor": style.PAPER, "edgecolor": "none"}
        look = style.text(style.SMALL - 0.5, ha="center", va="center_baseline", zorder=4.5, clip_on=False, bbox=box)
        ax.text(*at, words, gid=f"graph-lag-{edge.cause}-{edge.effect}", **look)


def _selected_lags(discovery: Discovery) -> dict[Edge, list[int]]:
    if discovery.selected is None:
        return {}
    pairs = discovery.pairs
    rows, positions = np.nonzero(pairs.of(discovery.selected))
    found: dict[Edge, list[int]] = defaultdict(list)
    for row, position in zip(rows.tolist(), positions.tolist(), strict=True):
        found[int(pairs.cause[row]), int(pairs.effect[row])].append(position + 1)
    return found


def _points(ax: Axes) -> float:
    low, high = ax.get_xlim()
    return style.room(ax)[0] / (high - low)


def _center(patch: Circle | FancyBboxPatch) -> Point:
    if isinstance(patch, Circle):
        return float(patch.center[0]), float(patch.center[1])
    return patch.get_x() + patch.get_width() / 2, patch.get_y() + patch.get_height() / 2


def _free(curve: Sequence[Point], taken: Sequence[Point], needed: float) -> Point:
    """Return the place on a curve that is farthest from what is there already, the middle where that will do."""
    places = [_at(curve, share) for share in _PLACES]
    if not taken:
        return places[0]
    others = np.array(taken)
    room = [float(np.linalg.norm(others - np.array(place), axis=1).min()) for place in places]
    for place, free in zip(places, room, strict=True):
        if free >= needed:
            return place
    return places[int(np.argmax(room))]


def _at(curve: Sequence[Point], share: float) -> Point:
    """Return the point at a share of a quadratic Bézier curve, or of cubic ones one after the other."""
    points: NDArray[np.float64] = np.array(curve, dtype=np.float64)
    if len(points) > 3:
        pieces = (len(points) - 1) // 3
        piece = min(int(share * pieces), pieces - 1)
        points, share = points[3 * piece : 3 * piece + 4], share * pieces - piece
    while len(points) > 1:  # de Casteljau
        points = points[:-1] * (1 - share) + points[1:] * share
    return float(points[0, 0]), float(points[0, 1])
