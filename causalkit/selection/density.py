"""Select a given share of all pairs, the strongest ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.errors import WrongUsageError
from causalkit.selection.top_k import candidate_pairs, top_k


def density(discovery: Discovery, share: float, self_edges: bool = False) -> NDArray[np.bool_]:
    """Select the strongest ``share`` of the pairs, each at its strongest lag.

    The number of pairs is rounded, and at least 1; see `causalkit.selection.top_k.top_k`.

    Args:
        discovery: whose pairs to choose from.
        share: above 0 and at most 1, of the P * (P - 1) pairs of different series, or of P * P with self-edges.
        self_edges: may a series be selected as its own cause?

    Returns:
        Shape (P, P, L).

    Raises:
        WrongUsageError: the share is out of range.
    """
    if not 0 < share <= 1:
        raise WrongUsageError(f"density:{share:g} is no share of pairs", "give a number above 0 and at most 1")
    pairs = int(candidate_pairs(discovery, self_edges).sum())
    return top_k(discovery, max(1, round(share * pairs)), self_edges)
