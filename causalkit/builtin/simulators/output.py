"""What every simulator returns: a panel whose source says how it was made, and its truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causalkit.core.panel import Panel
from causalkit.core.truth import Truth


def describe(name: str, **parameters: int | float | bool) -> str:
    """Return the call that repeats a simulation, such as ``"henon(series=5, steps=500)"``."""
    return f"{name}({', '.join(f'{key}={value}' for key, value in parameters.items())})"


def series_names(count: int) -> tuple[str, ...]:
    """Return ``("x0", "x1", ...)``."""
    return tuple(f"x{position}" for position in range(count))


def pack(
    values: NDArray[np.float64], graph: NDArray[np.bool_], source: str, names: tuple[str, ...] | None = None
) -> tuple[Panel, Truth]:
    """Return panel and truth.

    Args:
        values: shape (R, T, P).
        graph: shape (P, P), ``graph[cause, effect]``, or (P, P, L), ``graph[cause, effect, lag - 1]``.
        source: the call that made them.
        names: of the series; default ``x0, x1, ...``.
    """
    names = series_names(values.shape[2]) if names is None else names
    realisations = tuple(np.ascontiguousarray(one, dtype=np.float64) for one in values)
    panel = Panel(realisations=realisations, names=names, source=source)
    lagged = graph.ndim == 3
    edges: NDArray[np.bool_] = np.any(graph, axis=2) if lagged else graph
    return panel, Truth(names=names, edges=edges, lags=graph if lagged else None, source=source)
