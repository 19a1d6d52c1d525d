"""Select a given share of all pairs, the strongest ones."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from causalkit.builtin.rules.top_k import top_k
from causalkit.core.discovery import Discovery
from causalkit.selection.cells import possible_pairs


def density(
    discovery: Discovery, share: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)], self_edges: bool = False
) -> NDArray[np.bool_]:
    """Select the strongest ``share`` of the pairs, each at its strongest lag.

    The number of pairs is rounded, and at least 1; see `causalkit.builtin.rules.top_k.top_k`.

    Args:
        discovery: whose edges to select.
        share: above 0 and at most 1, of the P * (P - 1) pairs of different series, or of P * P with self-edges.
        self_edges: may a series be selected as its own cause?

    Returns:
        Shape (P, P, L).
    """
    pairs = possible_pairs(discovery, self_edges)
    return top_k(discovery, max(1, round(share * pairs)), self_edges)
