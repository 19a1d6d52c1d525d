"""Select edges so that the expected share of false ones among them stays below a given level."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from causalkit.core.correction import corrected
from causalkit.core.discovery import Discovery
from causalkit.selection import Outcome, candidate_pairs, cells_of
from causalkit.selection.cells import possible_pairs


def fdr(
    discovery: Discovery,
    level: Annotated[float, Field(gt=0, lt=1)],
    method: Literal["bh", "by"] = "bh",
    self_edges: bool = False,
) -> Outcome:
    """Select pairs by the p-values of the method and control the false discovery rate.

    With the m p-values sorted, Benjamini and Hochberg select all up to the largest k with ``p_(k) <= k * level / m``.
    Benjamini and Yekutieli divide the level by ``1 + 1/2 + ... + 1/m``, which holds under any dependence. Further lags
    of a selected pair are selected as in `causalkit.selection.cells_of`.

    Args:
        discovery: with p-values.
        level: largest expected share of false edges among the selected ones, between 0 and 1.
        method: "bh" Benjamini-Hochberg, "by" Benjamini-Yekutieli.
        self_edges: are self-edges tested and selected like the others?

    Returns:
        The selected cells. The finding ``q_values``, shape (cause, effect), has the smallest level at which a pair is
        selected, NaN where it was not tested. Pairs that were no candidates count as tests with p-value 1.

    Reference:
        Benjamini and Hochberg, J. R. Stat. Soc. B 57, 289-300, 1995; Benjamini and Yekutieli, Ann. Stat. 29, 1165-1188,
        2001.
    """
    p_values = discovery.pair_p_values
    assert p_values is not None  # needs="p-values"
    known, candidates = discovery.pairs, candidate_pairs(discovery, self_edges)
    tests = possible_pairs(discovery, self_edges) if discovery.sparse else None
    chosen, q_values = corrected(known.of(p_values), known.of(candidates), level, method, tests)
    pairs = known.array(chosen, fill=False)
    selected = cells_of(discovery, pairs, p_values=discovery.p_values, pair_p_values=p_values)
    return Outcome(selected, {"q_values": known.array(q_values, fill=np.nan)})
