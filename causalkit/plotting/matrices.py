"""Small heat maps of equal size to be placed side by side: a truth, and the scores of methods."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.patches import Rectangle

from causalkit.core.discovery import Discovery
from causalkit.core.truth import Truth
from causalkit.display.labels import labels, shorten
from causalkit.plotting import style
from causalkit.plotting.part import strongest_part

SMALL_SERIES = 30  # with more, neither names nor outlines of cells can be distinguished
_SIDE = 2.9


def plot_truth(truth: Truth, *, title: str = "truth", ax: Axes | None = None) -> Axes:
    """Draw the true edges: rows are causes, columns are effects.

    Args:
        truth: a known graph.
        title: above the picture.
        ax: where to draw; default: a new small figure.
    """
    ax = style.new_axes(ax, (_SIDE, _SIDE))
    ax.imshow(
        truth.edges, cmap=ListedColormap([style.PAPER, style.VERMILLION]), vmin=0, vmax=1, interpolation="nearest"
    )
    _finish(ax, truth.names, title)
    return ax


def plot_scores(discovery: Discovery, *, truth: Truth | None = None, title: str = "", ax: Axes | None = None) -> Axes:
    """Draw the largest score over lags of each pair, from 0 to the largest between different series.

    Self-edges may go beyond the scale and then have its darkest colour. True edges are outlined in graphs of up to 30
    series. `plot_heatmap` is the larger picture, with a colour bar.

    Args:
        discovery: whose scores.
        truth: outlines true edges.
        title: above the picture; default: the method.
        ax: where to draw; default: a new small figure.
    """
    ax = style.new_axes(ax, (_SIDE, _SIDE))
    title = title or discovery.method
    if discovery.sparse:
        of = len(discovery.names)
        discovery, truth = strongest_part(discovery, truth)
        title = f"{title}, {len(discovery.names)} of {of:,} series"
    scores, size = discovery.pair_scores, len(discovery.names)
    apart = scores[~np.eye(size, dtype=bool)]
    limit = float(apart.max(initial=0.0)) or float(scores.max()) or 1.0
    ax.imshow(scores, cmap=style.SCORES, norm=Normalize(0, limit), interpolation="nearest")
    if truth is not None and size <= SMALL_SERIES:
        places = np.argwhere(truth.align(discovery.names).edges)
        outlines = [Rectangle((effect - 0.44, cause - 0.44), 0.88, 0.88) for cause, effect in places]
        ax.add_collection(
            PatchCollection(outlines, facecolor="none", edgecolor=style.VERMILLION, linewidth=max(0.5, 9 / size))
        )
    _finish(ax, discovery.names, title)
    return ax


def _finish(ax: Axes, names: tuple[str, ...], title: str) -> None:
    style.title(ax, shorten(title, 32))
    ax.title.set_fontsize(style.LABEL)
    if len(names) <= SMALL_SERIES:
        shown = range(0, len(names), 1 if len(names) <= 15 else 2)
        chosen = [labels(names, 8)[place] for place in shown]
        turned = 90 if max(map(len, chosen)) > 2 else 0
        ax.set_xticks(list(shown), chosen, rotation=turned, **style.text(style.TINY + 0.5))
        ax.set_yticks(list(shown), chosen, **style.text(style.TINY + 0.5))
    else:
        ax.set_xticks([])
        ax.set_yticks([])
    ax.tick_params(length=0, pad=2)
    ax.set_xlabel("effect", **style.text(style.SMALL))
    ax.set_ylabel("cause", **style.text(style.SMALL))
    for spine in ax.spines.values():
        spine.set_color(style.FAINT)
