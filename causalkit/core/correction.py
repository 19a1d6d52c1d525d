"""P-values of many pairs, corrected for their number."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def corrected(
    p_values: Array, tested: NDArray[np.bool_], level: float, method: Literal["bh", "by"], tests: int | None = None
) -> tuple[NDArray[np.bool_], Array]:
    """Return the pairs that are selected and the q-values of all, NaN where a pair is not tested.

    Args:
        p_values: one for each pair, of any shape; NaN, a test that could not be computed, is no evidence.
        tested: of the same shape.
        level: largest expected share of false ones among the selected pairs.
        method: "bh" Benjamini-Hochberg, "by" Benjamini-Yekutieli.
        tests: how many pairs could have been tested, default: those that were. The others count with p-value 1, so that
            a choice of candidates by the same data does not make the correction milder.
    """
    pairs, q_values = np.zeros(tested.shape, dtype=bool), np.full(tested.shape, np.nan)
    if tested.any():
        known = np.nan_to_num(p_values[tested], nan=1.0)
        count = len(known) if tests is None else max(tests, len(known))
        pairs[tested], q_values[tested] = _step_up(known, level, _penalty(count, method))
    return pairs, q_values


def _step_up(p_values: Array, level: float, penalty: float) -> tuple[NDArray[np.bool_], Array]:
    """Return what is selected and q-values of p-values (n,), the smallest of which is multiplied by ``penalty``."""
    order = np.argsort(p_values)
    share = np.arange(1, len(order) + 1) / penalty
    passing = np.flatnonzero(p_values[order] <= share * level)
    selected, q_values = np.zeros(len(order), dtype=bool), np.empty(len(order))
    selected[order[: passing[-1] + 1 if len(passing) else 0]] = True
    q_values[order] = np.minimum(1.0, np.minimum.accumulate((p_values[order] / share)[::-1])[::-1])
    return selected, q_values


def _penalty(tests: int, method: Literal["bh", "by"]) -> float:
    """Return the number by which the smallest of so many p-values is multiplied."""
    return tests * (_harmonic(tests) if method == "by" else 1.0)


def _harmonic(count: int) -> float:
    """Return 1 + 1/2 + ... + 1/count, by the expansion of Euler and Maclaurin where there are many terms."""
    if count <= 1000:
        return float((1 / np.arange(1, count + 1)).sum())
    return float(np.log(count) + np.euler_gamma + 1 / (2 * count) - 1 / (12 * count**2))
