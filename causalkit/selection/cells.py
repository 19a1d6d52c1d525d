"""Which pairs a rule may select, and from selected pairs to cells: cause, effect and lag."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery

Array = NDArray[np.float64]


def candidate_pairs(discovery: Discovery, self_edges: bool = False) -> NDArray[np.bool_]:
    """Return the pairs that a rule may select, shape (P, P).

    Background knowledge decides about forbidden and required pairs, so that neither are candidates. Where scores exist
    for some pairs only, only these are candidates: `causalkit.core.pairs.SparseArray`.

    Args:
        discovery: whose pairs to select from.
        self_edges: may a series be selected as its own cause?
    """
    pairs = discovery.pairs
    candidates = np.ones(len(pairs), dtype=bool) if self_edges else pairs.apart
    known = discovery.knowledge
    if known is not None:
        candidates = candidates & known.allowed_pairs(discovery.names, pairs.cause, pairs.effect)
        required = pairs.find(*known.required_places(discovery.names))
        candidates[required[required >= 0]] = False
    found: NDArray[np.bool_] = pairs.array(candidates, fill=False)
    return found


def possible_pairs(discovery: Discovery, self_edges: bool = False, effects: NDArray[np.bool_] | None = None) -> int:
    """Return how many pairs `candidate_pairs` would have if all pairs had scores.

    Args:
        discovery: whose pairs to count.
        self_edges: as for `candidate_pairs`.
        effects: shape (P,), which effects count; default: all.
    """
    known, size = discovery.knowledge, len(discovery.names)
    if known is not None:
        return known.count(discovery.names, self_edges=self_edges, effects=effects)
    return (size if effects is None else int(effects.sum())) * (size - (not self_edges))


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
    known = discovery.pairs
    scores, chosen = known.of(discovery.scores), known.of(pairs)
    selected = np.zeros(scores.shape, dtype=bool)
    if p_values is not None and pair_p_values is not None and chosen.any():
        selected = chosen[:, None] & (known.of(p_values) <= known.of(pair_p_values)[chosen].max())
    rows = np.flatnonzero(chosen)
    selected[rows, scores[rows].argmax(axis=1)] = True
    found: NDArray[np.bool_] = known.array(selected, fill=False)
    return found
