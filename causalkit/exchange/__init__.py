"""Results of causalkit as labelled arrays and as results of tigramite, lingam and causal-learn, and the way back.

Each package orders the axes of a result differently. A module here is the one place that reorders those of a package.
"""

from __future__ import annotations

from causalkit.exchange.causal_learn import from_causal_learn, to_causal_learn, to_causal_learn_graph
from causalkit.exchange.lingam import from_lingam, to_lingam
from causalkit.exchange.matrix import adjacency
from causalkit.exchange.tigramite import from_tigramite, to_tigramite
from causalkit.exchange.xarrays import to_xarray

__all__ = [
    "adjacency",
    "from_causal_learn",
    "from_lingam",
    "from_tigramite",
    "to_causal_learn",
    "to_causal_learn_graph",
    "to_lingam",
    "to_tigramite",
    "to_xarray",
]
