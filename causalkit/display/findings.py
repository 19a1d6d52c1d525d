"""What a selection rule found about every pair, as columns beside the edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery

COLUMNS = {"frequencies": "frequency", "q_values": "q", "loss": "loss"}
"""Findings of shape (cause, effect), by what they are called in tables."""
MEANINGS = {
    "frequency": "frequency is the share of random halves of the data in which the pair was among the strongest, at "
    "any lag. Of a stable pair, the strongest lag is selected",
    "q": "q is the p-value of the pair, corrected for the number of pairs: the smallest level at which it is selected",
    "loss": "loss is the share of what the forecast of the effect explains that is lost without the cause",
}


def pair_findings(discovery: Discovery) -> dict[str, NDArray[np.float64]]:
    """Return the findings of the selection rule by the title of their column, each of shape (cause, effect)."""
    found = discovery.selection or {} if discovery.selected is not None else {}
    known = {title: found[key] for key, title in COLUMNS.items() if found.get(key) is not None}
    pairs = discovery.pairs
    arrays = {title: np.array(values, dtype=np.float64).ravel() for title, values in known.items()}
    return {title: pairs.array(one, fill=np.nan) for title, one in arrays.items() if len(one) == len(pairs)}
