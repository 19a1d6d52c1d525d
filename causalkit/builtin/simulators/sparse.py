"""A sparse random lagged graph and its coefficients, for the autoregressive simulators."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def draw_graph(
    series: int, lag: int, density: float, self_edges: bool, generator: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw a graph whose edges act at one lag each.

    The number of edges is fixed, ``round(density * P * (P - 1))`` and at least one unless the density is 0, so that
    draws with different seeds are equally hard and none is empty by accident.

    Args:
        series: P.
        lag: L.
        density: share of the ordered pairs of different series that are edges.
        self_edges: every series also drives itself at lag 1.
        generator: of all draws.

    Returns:
        Shape (P, P, L), ``graph[cause, effect, lag - 1]``.
    """
    graph = np.zeros((series, series, lag), dtype=bool)
    causes, effects = np.nonzero(~np.eye(series, dtype=bool))
    wanted = round(density * len(causes))
    if density > 0:
        wanted = max(1, wanted)
    chosen = generator.choice(len(causes), size=wanted, replace=False)
    graph[causes[chosen], effects[chosen], generator.integers(lag, size=wanted)] = True
    if self_edges:
        diagonal = np.arange(series)
        graph[diagonal, diagonal, 0] = True
    return graph


def draw_coefficients(graph: NDArray[np.bool_], strength: float, generator: np.random.Generator) -> NDArray[np.float64]:
    """Draw a coefficient for every edge: ``strength`` times uniform on [0.5, 1], of either sign.

    The lower bound keeps every edge visible. Self-edges are positive, which makes series persist instead of flicker.

    Returns:
        The shape of ``graph``, 0 where there is no edge.
    """
    magnitude = strength * generator.uniform(0.5, 1.0, size=graph.shape)
    sign = generator.choice([-1.0, 1.0], size=graph.shape)
    diagonal = np.arange(len(graph))
    sign[diagonal, diagonal] = 1.0
    return np.where(graph, sign * magnitude, 0.0)
