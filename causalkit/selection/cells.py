"""Which pairs a rule may select, and from selected pairs to cells: cause, effect and lag."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery

Array = NDArray[np.float64]


def candidate_pairs(discovery: Discovery, self_edges: bool = False) -> NDArray[np.bool_]:
    """Return the pairs that a rule may select, shape (P, P).

    Background knowledge decides about forbidden and required pairs, so that neither are candidates.

    Args:
        discovery: whose pairs to select from.
        self_edges: may a series be selected as its own cause?
    """
    size = len(discovery.names)
    candidates = np.ones((size, size), dtype=bool) if self_edges else ~np.eye(size, dtype=bool)
    known = discovery.knowledge
    if known is not None:
        candidates &= known.allowed(discovery.names) & ~known.required(discovery.names)
    return candidates


def cells_of(
    discovery: Discovery,
    pairs: NDArray[np.bool_],
    *,
    p_values: Array | None = None,
    pair_p_values: Array | None = None,
) -> NDArray[np.bool_]:
    """Return the cells (cause, effect, lag) of selected pairs, shape (P, P, L): each pair at its strongest lag.

    Args:
        discovery: whose scores decide which lag is the strongest.
        pairs: shape (P, P), the selected ones.
        p_values: shape (P, P, L). With them, further lags of a selected pair are selected: those whose p-value does
            not exceed the largest one of a selected pair.
        pair_p_values: shape (P, P), by which the pairs were selected; needed with ``p_values``.
    """
    selected = np.zeros(discovery.scores.shape, dtype=bool)
    if p_values is not None and pair_p_values is not None and pairs.any():
        selected = pairs[:, :, None] & (p_values <= pair_p_values[pairs].max())
    cause, effect = np.nonzero(pairs)
    selected[cause, effect, discovery.pair_lags[cause, effect] - 1] = True
    return selected
