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
    scores = discovery.pair_scores
    cause, effect = np.nonzero(candidate_pairs(discovery, self_edges) & (scores > 0))  # row-major, see the stable sort
    strongest = np.argsort(-scores[cause, effect], kind="stable")[:k]
    pairs = np.zeros(scores.shape, dtype=bool)
    pairs[cause[strongest], effect[strongest]] = True
    return cells_of(discovery, pairs)
