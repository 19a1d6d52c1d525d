"""Select whatever scores higher than a given number."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.errors import WrongUsageError
from causalkit.selection.top_k import candidate_pairs


def threshold(discovery: Discovery, value: float, self_edges: bool = False) -> NDArray[np.bool_]:
    """Select every cause, effect and lag whose score is greater than ``value``.

    Args:
        discovery: whose pairs to choose from.
        value: 0 or more, in the units of the scores, which differ between methods.
        self_edges: may a series be selected as its own cause?

    Returns:
        Shape (P, P, L).

    Raises:
        WrongUsageError: the value is negative or no number; scores never are.
    """
    if not (math.isfinite(value) and value >= 0):
        raise WrongUsageError(f"threshold:{value:g} fits no score", "scores are 0 or more; give such a number")
    selected: NDArray[np.bool_] = (discovery.scores > value) & candidate_pairs(discovery, self_edges)[:, :, None]
    return selected
