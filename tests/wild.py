"""A system with two edges, to be written in every form in which people have data, and a look at what is read."""

from __future__ import annotations

import numpy as np
import pandas as pd

import causalkit

TRUE = {("a", "b", 1), ("b", "c", 1)}
REVERSED = {("b", "a", 1), ("c", "b", 1)}


def chain(steps: int = 300, seed: int = 7) -> pd.DataFrame:
    """Return a -> b (lag 1, +0.8) and b -> c (lag 1, -0.7), each series with itself (0.3), and nothing else."""
    draws = np.random.default_rng(seed).standard_normal((steps + 50, 3))
    x = np.zeros_like(draws)
    for t in range(1, len(x)):
        x[t] = 0.3 * x[t - 1] + draws[t]
        x[t, 1] += 0.8 * x[t - 1, 0]
        x[t, 2] -= 0.7 * x[t - 1, 1]
    return pd.DataFrame(x[50:], columns=list("abc"))


def edges(data, **options) -> set[tuple[str, str, int]]:
    """Return the edges that the linear method selects in a panel, or in data as they are."""
    found = causalkit.discover(data, method="var", lag=1, select="fdr:0.001", **options)
    table = found.edges(self_edges=False, selected_only=True)
    return set(zip(table.cause, table.effect, table.lag, strict=True))


def noted(panel, *words: str) -> bool:
    """Return whether one note of a panel has all the words."""
    return any(all(word in note for word in words) for note in panel.notes)
