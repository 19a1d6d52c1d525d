"""Arrays of a result from what is read off networks: of all pairs, or sparse where targets have candidate causes.

What is read off a network has one row for each series or, where targets see candidate causes only, for each candidate
of a target: (C, effect) or (C, effect, lag).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from causalkit.core.pairs import NO_CAUSE, Pairs


def pair_array(rows: Tensor | NDArray[Any], candidates: Tensor | None, fill: Any = 0) -> Any:
    """Return rows (C, effect) or (C, effect, lag) as an array (cause, effect) or (cause, effect, lag).

    Args:
        rows: one for each series, or for each candidate.
        candidates: of each target, shape (P, C), P standing for none; None: rows are series.
        fill: the value of pairs that are no candidates.

    Returns:
        A NumPy array, or a `causalkit.core.pairs.SparseArray` of the candidates.
    """
    values = rows.cpu().numpy() if isinstance(rows, Tensor) else rows
    if candidates is None:
        return np.ascontiguousarray(values)
    causes = candidates.cpu().numpy()
    pairs = Pairs.candidates(np.where(causes < len(causes), causes, NO_CAUSE))
    return pairs.array(pairs.by_effect(np.ascontiguousarray(values.swapaxes(0, 1))), fill)
