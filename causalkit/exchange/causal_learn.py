"""Results of causal-learn: coefficients [effect, cause] of all lags side by side, and graphs of lagged variables."""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.errors import DataError, WrongUsageError
from causalkit.exchange.values import array_of, discovery_of, edges_of, signed

_LAGGED = re.compile(r"(?P<name>.*)\(t(?:-(?P<lag>\d{1,9}))?\)", re.S)


def to_causal_learn(discovery: Discovery) -> NDArray[np.float64]:
    """Return a result as ``Granger.granger_lasso`` has it.

    Returns:
        Shape (P, P * L): row i and column ``(lag - 1) * P + j`` have the effect of series j on series i. Effects with
        their signs in units of the data, or scores where the method knows no effects; 0 where there is no edge.
    """
    values = np.where(edges_of(discovery), signed(discovery, "data"), 0.0)
    found: NDArray[np.float64] = values.transpose(1, 2, 0).reshape(len(discovery.names), -1)
    return found


def to_causal_learn_graph(discovery: Discovery) -> Any:
    """Return the edges as a ``GeneralGraph`` of the variables ``A(t-2)``, ``A(t-1)``, ``A(t)``; needs causal-learn.

    Each edge runs from a past step to ``(t)``, so that the graph has no cycle.

    Raises:
        WrongUsageError: causal-learn is not installed.
    """
    try:
        graphs: Any = importlib.import_module("causallearn.graph.GeneralGraph")
        nodes: Any = importlib.import_module("causallearn.graph.GraphNode")
    except ImportError as error:
        raise WrongUsageError("causal-learn is not installed", "run: pip install causal-learn") from error
    names = discovery.names
    of = {
        (back, at): nodes.GraphNode(f"{name}(t-{back})" if back else f"{name}(t)")
        for back in range(discovery.lags, -1, -1)
        for at, name in enumerate(names)
    }
    graph = graphs.GeneralGraph(list(of.values()))
    for cause, effect, position in np.argwhere(edges_of(discovery)).tolist():
        graph.add_directed_edge(of[position + 1, cause], of[0, effect])
    return graph


def from_causal_learn(
    result: Any, *, names: Sequence[str] | None = None, data: Any = None, p_values: Any = None
) -> Discovery:
    """Return the coefficients of ``Granger.granger_lasso``, or a graph of lagged variables, as a discovery.

    Args:
        result: coefficients (P, P * L); or a ``GeneralGraph`` or ``CausalGraph`` whose variables have names such as
            ``A(t-1)`` and ``A(t)``. Of a graph, directed edges into ``(t)`` count, with score 1.
        names: of the series.
        data: what the coefficients were fitted to, so that signs and sizes of effects are kept.
        p_values: of the same shape as the coefficients, as ``Granger.granger_test_2d`` returns them.

    Raises:
        WrongUsageError: this is no such result.
        DataError: values are not finite, or names or data are of another number of series.
    """
    graph = getattr(result, "G", result)
    if hasattr(graph, "get_node_names"):
        return _of_graph(graph, names)
    values = array_of("causal-learn", result, "coefficients (P, P * L) or a graph of lagged variables")
    by_cause = _by_cause(values)
    known = None if p_values is None else array_of("causal-learn", p_values, "p-values (P, P * L)")
    if known is not None and known.shape != values.shape:
        raise WrongUsageError(f"the p-values have the shape {known.shape}", f"the coefficients have {values.shape}")
    return discovery_of(
        "causal-learn",
        by_cause,
        names=names,
        data=data,
        p_values=None if known is None else _by_cause(known),
        selected=by_cause != 0,
        selection={"rule": "coefficients other than 0"},
    )


def _by_cause(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return [cause, effect, lag - 1] of all lags side by side."""
    if values.ndim != 2 or not len(values) or values.shape[1] % len(values) or not values.shape[1]:
        raise WrongUsageError(
            f"the coefficients have the shape {values.shape}", "give one row an effect and P columns a lag"
        )
    series = len(values)
    found: NDArray[np.float64] = values.reshape(series, -1, series).transpose(2, 0, 1)
    return found


def _of_graph(graph: Any, names: Sequence[str] | None) -> Discovery:
    places = []
    for name in map(str, graph.get_node_names()):
        if (found := _LAGGED.fullmatch(name)) is None:
            raise WrongUsageError(
                f"the variable {name!r} of the graph is at no time step",
                "a graph without time has no Granger causes; name variables A(t-1) and A(t)",
            )
        places.append((found["name"], int(found["lag"] or 0)))
    series = list(dict.fromkeys(name for name, _ in places)) if names is None else list(map(str, names))
    if unknown := [name for name, _ in places if name not in series]:
        raise DataError(f"the graph has the series {unknown[0]!r}", f"names: {', '.join(series[:6])}")
    lags = max(lag for _, lag in places)
    if not lags:
        raise WrongUsageError("the graph has no variable of a past step", "name variables A(t-1) and A(t)")
    ends = np.asarray(graph.graph)
    scores = np.zeros((len(series), len(series), lags))
    # graph[j, i] = 1 and graph[i, j] = -1: an arrowhead at j and a tail at i, hence i -> j.
    for effect, cause in np.argwhere((ends == 1) & (ends.T == -1)).tolist():
        (one, back), (other, now) = places[cause], places[effect]
        if back and not now:
            scores[series.index(one), series.index(other), back - 1] = 1.0
    return discovery_of(
        "causal-learn",
        scores,
        names=series,
        coefficients_are_effects=False,
        selected=scores > 0,
        selection={"rule": "the graph of causal-learn"},
    )
