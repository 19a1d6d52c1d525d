"""Results of tigramite: matrices [cause, effect, lag] that begin with lag 0, the same step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from causalkit.core.discovery import Discovery
from causalkit.errors import WrongUsageError
from causalkit.exchange.values import array_of, discovery_of, edges_of, signed

FORWARD = ("-->", "o->", "x->")
"""Marks of links that may run from the first series to the second. Past steps cannot be effects."""
LEVEL = 0.05
"""False discovery rate up to which same-step links are drawn."""


def to_tigramite(discovery: Discovery, *, same_step: bool = True) -> dict[str, Any]:
    """Return a result as tigramite's functions and pictures take it.

    Values are effects with their signs in standard deviations, or scores where the method knows no effects.

    Args:
        discovery: the result.
        same_step: include same-step links, which are undirected, ``o-o``; False for functions that need a graph without
            undirected links.

    Returns:
        ``graph``, ``val_matrix`` and ``p_matrix``, each of shape (P, P, L + 1) and ``[cause, effect, lag]`` with
        lag 0 first, and ``var_names``. No ``p_matrix`` where the method has no p-values.

    Example:
        >>> results = to_tigramite(discovery)
        >>> tigramite.plotting.plot_graph(results["graph"], results["val_matrix"], var_names=results["var_names"])
    """
    edges, values = edges_of(discovery), signed(discovery, "standard")
    links = discovery.instantaneous if same_step else None
    graph = np.zeros((*edges.shape[:2], discovery.lags + 1), dtype="<U3")
    graph[:, :, 1:][edges] = "-->"
    matrix = np.zeros(graph.shape)
    matrix[:, :, 1:] = values
    if links is not None:
        matrix[:, :, 0] = links.partial_correlations
        first, second = links.pairs(LEVEL)
        graph[first, second, 0] = graph[second, first, 0] = "o-o"
    found: dict[str, Any] = {"graph": graph, "val_matrix": matrix, "var_names": list(discovery.names)}
    if discovery.p_values is not None:
        found["p_matrix"] = np.ones(graph.shape)
        found["p_matrix"][:, :, 1:] = discovery.p_values
        if links is not None:
            found["p_matrix"][:, :, 0] = np.where(np.isnan(links.p_values), 1.0, links.p_values)
    return found


def from_tigramite(results: Mapping[str, Any], *, names: Sequence[str] | None = None) -> Discovery:
    """Return what ``run_pcmci``, ``run_pcmciplus``, ``run_lpcmci`` and the like returned, as a discovery.

    Lagged links with an arrowhead become selected edges; sizes of links within one step are kept as
    ``data["contemporaneous"][cause][effect]``.

    Args:
        results: with ``val_matrix``, and ``p_matrix`` and ``graph`` where there are any.
        names: of the series; default: ``results["var_names"]``, else "0", "1", ...

    Raises:
        WrongUsageError: these are no such results.
        DataError: values are not finite, or names of another number of series.
    """
    if not isinstance(results, Mapping) or "val_matrix" not in results:
        raise WrongUsageError(
            f"{type(results).__name__} is no result of tigramite", "give what run_pcmci returned, with val_matrix"
        )
    values = array_of("tigramite", results["val_matrix"], "a val_matrix of numbers")
    if values.ndim != 3 or values.shape[0] != values.shape[1] or values.shape[2] < 2:
        raise WrongUsageError(
            f"the val_matrix has the shape {values.shape}", "give (cause, effect, lag) with lags from 0 to at least 1"
        )
    p_values, graph = results.get("p_matrix"), results.get("graph")
    for name, one in (("p_matrix", p_values), ("graph", graph)):
        if one is not None and np.shape(one) != values.shape:
            raise WrongUsageError(f"the {name} has the shape {np.shape(one)}", f"the val_matrix has {values.shape}")
    marks = None if graph is None else np.isin(np.asarray(graph, dtype=str), FORWARD)
    present = np.abs(values[:, :, 0]) if marks is None else np.where(_within_step(graph), np.abs(values[:, :, 0]), 0.0)
    found = discovery_of(
        "tigramite",
        values[:, :, 1:],
        names=names if names is not None else results.get("var_names"),
        coefficients_are_effects=False,
        p_values=None if p_values is None else np.asarray(p_values, dtype=np.float64)[:, :, 1:],
        selected=None if marks is None else marks[:, :, 1:],
        selection=None if marks is None else {"rule": "the graph of tigramite"},
    )
    return replace(found, data={**found.data, "contemporaneous": present.tolist()}) if present.any() else found


def _within_step(graph: Any) -> Any:
    """Return where a link within one step may run from the first series to the second."""
    marks = np.asarray(graph, dtype=str)[:, :, 0]
    return (marks != "") & (marks != "<--")
