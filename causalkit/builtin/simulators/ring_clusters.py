"""Rings of five regions, and rings of these rings: the networks of the NetSim simulations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CLUSTER = 5
HUB = 2  # the member of a cluster by which it is connected to other clusters


def ring_clusters(series: int) -> NDArray[np.bool_]:
    """Return shape (P, P), ``graph[cause, effect]``.

    Regions form clusters of five, in order. Within a cluster 0 -> 1 -> 2 -> 3 -> 4 and 0 -> 4. The third regions of
    five successive clusters are connected in the same way; so are the first of these, and so on upwards. A cluster
    that is left with fewer members has a shorter ring, or a single edge. For 5, 10, 15 and 50 regions these are the
    networks of the simulations 1 to 4 of Smith et al., with 5, 11, 18 and 61 edges. No edge leads back, so that no
    network is cyclic.
    """
    graph = np.zeros((series, series), dtype=bool)
    level, hub = list(range(series)), HUB
    while len(level) > 1:
        clusters = [level[start : start + CLUSTER] for start in range(0, len(level), CLUSTER)]
        for members in clusters:
            graph[members[:-1], members[1:]] = True
            if len(members) > 2:
                graph[members[0], members[-1]] = True
        level, hub = [members[min(hub, len(members) - 1)] for members in clusters], 0
    return graph
