"""Select whatever scores higher than a given number."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from causalkit.core.discovery import Discovery
from causalkit.selection import candidate_pairs


def threshold(
    discovery: Discovery, value: Annotated[float, Field(ge=0, allow_inf_nan=False)], self_edges: bool = False
) -> NDArray[np.bool_]:
    """Select every cause, effect and lag whose score is greater than ``value``.

    Args:
        discovery: whose edges to select.
        value: 0 or more, in the units of the scores, which differ between methods.
        self_edges: may a series be selected as its own cause?

    Returns:
        Shape (P, P, L).
    """
    pairs = discovery.pairs
    allowed = pairs.of(candidate_pairs(discovery, self_edges))[:, None]
    selected: NDArray[np.bool_] = pairs.array((pairs.of(discovery.scores) > value) & allowed, fill=False)
    return selected
