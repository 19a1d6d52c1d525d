"""Select a given number of pairs, the strongest ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.errors import WrongUsageError


def top_k(discovery: Discovery, k: int, self_edges: bool = False) -> NDArray[np.bool_]:
    """Select the k strongest pairs, each at its strongest lag.

    Pairs with score 0 are never selected, so there may be fewer than k. Among equal scores the earlier cause, then the
    earlier effect, comes first.

    Args:
        discovery: whose pairs to choose from.
        k: number of pairs.
        self_edges: may a series be selected as its own cause?

    Returns:
        Shape (P, P, L).

    Raises:
        WrongUsageError: k is below 1.
    """
    if k < 1:
        raise WrongUsageError(f"top-k:{k} selects nothing", "give a whole number of pairs, at least 1")
    scores = discovery.pair_scores
    candidates = candidate_pairs(discovery, self_edges) & (scores > 0)
    cause, effect = np.nonzero(candidates)  # row-major; the stable sort below keeps this order among equal scores
    chosen = np.argsort(-scores[cause, effect], kind="stable")[:k]
    cause, effect = cause[chosen], effect[chosen]
    selected = np.zeros(discovery.scores.shape, dtype=bool)
    selected[cause, effect, discovery.pair_lags[cause, effect] - 1] = True
    return selected


def candidate_pairs(discovery: Discovery, self_edges: bool) -> NDArray[np.bool_]:
    """Return shape (P, P): the pairs that a rule may select.

    Where there is background knowledge, neither forbidden pairs nor required ones: these are known beforehand.
    """
    size = len(discovery.names)
    candidates = np.ones((size, size), dtype=bool) if self_edges else ~np.eye(size, dtype=bool)
    known = discovery.knowledge
    if known is not None:
        candidates &= known.allowed(discovery.names) & ~known.required(discovery.names)
    return candidates
