"""Discoveries and truths as networkx graphs: an edge runs from cause to effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import networkx as nx

    from causalkit.discovery import Discovery
    from causalkit.truth import Truth


def discovery_graph(discovery: Discovery, *, selected_only: bool | None = None) -> nx.DiGraph:
    """Return the summary graph of a discovery.

    Args:
        selected_only: keep selected edges only; default: where edges were selected.

    Returns:
        A graph with every series as a node; edges carry ``score`` (largest over lags), ``lag`` (where it is largest)
        and, where they are known, ``p_value`` and ``selected``.
    """
    import networkx as nx

    if selected_only is None:
        selected_only = discovery.selected is not None
    graph = nx.DiGraph()
    graph.add_nodes_from(discovery.names)
    scores, lags = discovery.pair_scores, discovery.pair_lags
    chosen = discovery.pair_selected
    p_values = discovery.pair_p_values
    keep = chosen if selected_only and chosen is not None else scores > 0
    for cause, effect in np.argwhere(keep):
        facts = {"score": float(scores[cause, effect]), "lag": int(lags[cause, effect])}
        if p_values is not None:
            facts["p_value"] = float(p_values[cause, effect])
        if chosen is not None:
            facts["selected"] = bool(chosen[cause, effect])
        graph.add_edge(discovery.names[cause], discovery.names[effect], **facts)
    return graph


def truth_graph(truth: Truth) -> nx.DiGraph:
    """Return the graph of a truth; edges carry ``lags``, a list, where they are known."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(truth.names)
    for cause, effect in np.argwhere(truth.edges):
        facts = {}
        if truth.lags is not None:
            facts["lags"] = (np.flatnonzero(truth.lags[cause, effect]) + 1).tolist()
        graph.add_edge(truth.names[cause], truth.names[effect], **facts)
    return graph
