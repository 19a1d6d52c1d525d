"""Select a given number of pairs, the strongest ones."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from causalkit.core.discovery import Discovery
from causalkit.selection import candidate_pairs, cells_of


def top_k(discovery: Discovery, k: Annotated[int, Field(ge=1)], self_edges: bool = False) -> NDArray[np.bool_]:
    """Select the k strongest pairs, each at its strongest lag.

    Pairs with score 0 are never selected, so there may be fewer than k. Among equal scores the earlier cause, then the
    earlier effect, comes first.

    Args:
        discovery: whose edges to select.
        k: number of pairs, at least 1.
        self_edges: may a series be selected as its own cause?

    Returns:
        Shape (P, P, L).
    """
    pairs = discovery.pairs
    scores = pairs.of(discovery.pair_scores)
    rows = np.flatnonzero(pairs.of(candidate_pairs(discovery, self_edges)) & (scores > 0))
    chosen = np.zeros(len(pairs), dtype=bool)
    chosen[rows[np.argsort(-scores[rows], kind="stable")[:k]]] = True  # equal ones in the order of pairs
    return cells_of(discovery, pairs.array(chosen, fill=False))
