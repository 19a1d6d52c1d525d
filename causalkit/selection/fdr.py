"""Select edges so that the expected share of false ones among them stays below a given level."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.errors import WrongUsageError
from causalkit.selection.top_k import candidate_pairs


def fdr(
    discovery: Discovery, level: float, method: Literal["bh", "by"] = "bh", self_edges: bool = False
) -> NDArray[np.bool_]:
    """Select pairs by their p-values under control of the false discovery rate.

    With the m p-values sorted, Benjamini and Hochberg select all up to the largest k with ``p_(k) <= k * level / m``;
    Benjamini and Yekutieli divide the level by ``1 + 1/2 + ... + 1/m``, which holds under any dependence. Of a
    selected pair, those lags are selected whose own p-value does not exceed the largest selected one, and its strongest
    lag in any case.

    Args:
        discovery: whose pairs to choose from.
        level: the largest expected share of false edges, between 0 and 1.
        method: "bh" Benjamini-Hochberg, "by" Benjamini-Yekutieli.
        self_edges: are self-edges tested and selected along with the others?

    Returns:
        Shape (P, P, L).

    Raises:
        WrongUsageError: the level is out of range, or the discovery has no p-values.

    Reference:
        Benjamini and Hochberg, J. R. Stat. Soc. B 57, 289-300, 1995; Benjamini and Yekutieli, Ann. Stat. 29, 1165-1188,
        2001.
    """
    from statsmodels.stats.multitest import multipletests

    if not 0 < level < 1:
        raise WrongUsageError(
            f"fdr:{level:g} is no false discovery rate", "give a number between 0 and 1, such as 0.05"
        )
    p_values = discovery.pair_p_values
    if p_values is None:
        raise WrongUsageError(
            f"fdr needs p-values, and {f'method {discovery.method}' if discovery.method else 'this result'} has none",
            "choose a method with tests, such as var, or another rule, such as top-k:20",
        )
    cause, effect = np.nonzero(candidate_pairs(discovery, self_edges))
    tested = np.nan_to_num(p_values[cause, effect], nan=1.0)  # a test that could not be computed shows nothing
    rejected = multipletests(tested, alpha=level, method=f"fdr_{method}")[0]
    selected = np.zeros(discovery.scores.shape, dtype=bool)
    cause, effect = cause[rejected], effect[rejected]
    if discovery.p_values is not None and len(cause):
        selected[cause, effect] = discovery.p_values[cause, effect] <= p_values[cause, effect].max()
    selected[cause, effect, discovery.pair_lags[cause, effect] - 1] = True
    return selected
