"""P-values of many pairs, corrected for their number."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def corrected(
    p_values: Array, tested: NDArray[np.bool_], level: float, method: Literal["bh", "by"]
) -> tuple[NDArray[np.bool_], Array]:
    """Return the pairs that are selected and the q-values of all, NaN where a pair is not tested.

    Args:
        p_values: shape (P, P); NaN, a test that could not be computed, is no evidence.
        tested: shape (P, P).
        level: largest expected share of false ones among the selected pairs.
        method: "bh" Benjamini-Hochberg, "by" Benjamini-Yekutieli.
    """
    from statsmodels.stats.multitest import multipletests

    pairs, q_values = np.zeros(tested.shape, dtype=bool), np.full(tested.shape, np.nan)
    if tested.any():
        known = np.nan_to_num(p_values[tested], nan=1.0)
        pairs[tested], q_values[tested] = multipletests(known, alpha=level, method=f"fdr_{method}")[:2]
    return pairs, q_values
