"""The kinds of pictures of a discovery, and the functions that draw them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

DRAWINGS = {
    "overview": "overview:plot_overview",
    "heatmap": "heatmap:plot_heatmap",
    "graph": "summary_graph:plot_graph",
    "lags": "lag_graph:plot_lags",
    "training": "training:plot_training",
    "choices": "choice_curve:plot_choices",
    "response": "response:plot_response",
    "ranking": "ranking:plot_ranking",
}
KINDS = tuple(DRAWINGS)
LAYOUTS = ("auto", "layers", "hubs", "clusters", "circle")
"""Where the series of a graph are: by its structure, or as the user wants."""
INTERACTIVE_KIND = "interactive"
"""The graph as a page to move, search and point at; a file in .html, not a picture."""


def drawing(kind: str) -> Callable[..., Any]:
    """Return the function that draws a kind; matplotlib is imported here."""
    module, name = DRAWINGS[kind].split(":")
    found: Callable[..., Any] = getattr(importlib.import_module(f"causalkit.plotting.{module}"), name)
    return found
