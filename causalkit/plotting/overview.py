"""The overview: all pictures of a discovery on one page."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from causalkit.core.discovery import Discovery
from causalkit.core.truth import Truth
from causalkit.display.labels import shorten
from causalkit.plotting import style
from causalkit.plotting.heatmap import plot_heatmap
from causalkit.plotting.lag_graph import plot_lags
from causalkit.plotting.ranking import plot_ranking
from causalkit.plotting.summary_graph import plot_graph
from causalkit.plotting.training import plot_training

Panel = Literal["lags", "training", "roc", "recall"]
_HEIGHT = 4.9


def plot_overview(
    discovery: Discovery, *, truth: Truth | None = None, top: int | None = None, self_edges: bool | None = None
) -> Figure:
    """Draw summary graph and heat map and, where the discovery has them, lag graph, training and ranking.

    Args:
        truth: a known graph to compare with.
        top: number of edges in both graphs.
        self_edges: draw self-edges; default: loops only where one was selected, and the diagonal of the heat map.
    """
    panels: list[Panel] = []
    if discovery.lags > 1:
        panels.append("lags")
    if len(discovery.history) > 0:
        panels.append("training")
    ranking: list[Panel] = [] if truth is None else ["roc", "recall"]
    rows = [panels + ranking] if panels == ["training"] else [row for row in (panels, ranking) if row]
    tall = 6.6 if len(discovery.names) <= 40 else 7.6
    named = max(_HEIGHT, 0.11 * min(len(discovery.names), 100)) if "lags" in panels else _HEIGHT
    heights = [tall, *(named if "lags" in row else _HEIGHT for row in rows)]
    figure = style.new_figure(2 * tall, 0.5 + sum(heights))
    # Every picture has a subfigure of its own, so that long names in one do not shrink the others.
    bands = figure.subfigures(1 + len(rows), 1, height_ratios=heights, squeeze=False)[:, 0]
    left, right = (part.add_subplot() for part in bands[0].subfigures(1, 2))
    plot_graph(discovery, truth=truth, top=top, self_edges=self_edges, ax=left)
    plot_heatmap(discovery, truth=truth, self_edges=self_edges is not False, ax=right)
    places: dict[Panel, Axes] = {}
    for band, row in zip(bands[1:], rows, strict=True):
        parts = band.subfigures(1, len(row), squeeze=False)[0]
        places |= {panel: part.add_subplot() for panel, part in zip(row, parts, strict=True)}
    if "lags" in places:
        plot_lags(discovery, truth=truth, top=top, self_edges=self_edges, ax=places["lags"])
    if "training" in places:
        plot_training(discovery, ax=places["training"])
    if truth is not None:
        plot_ranking(discovery, truth, axes=(places["roc"], places["recall"]))
    figure.suptitle(_title(discovery, truth), **style.text(style.TITLE + 3, fontweight="bold"))
    return figure


def _title(discovery: Discovery, truth: Truth | None) -> str:
    source = str(discovery.data.get("source") or "")
    facts = [shorten(discovery.method, 30) or "discovery"]
    if source:
        facts.append(shorten(_short(source), 40))
    facts += [f"{len(discovery.names)} series", f"lag {discovery.lags}"]
    if discovery.seed is not None:
        facts.append(f"seed {discovery.seed}")
    if truth is not None:
        facts.append(f"truth {shorten(_short(truth.source), 30)}" if truth.source != "truth" else "with truth")
    return "  ·  ".join(facts)


def _short(source: str) -> str:
    """Return the name of a file without its folder, and of a simulator without its parameters."""
    if source.endswith(")"):
        return source.partition("(")[0]
    return PurePath(source).name or source
