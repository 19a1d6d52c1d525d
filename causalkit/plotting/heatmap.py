"""The heat map: scores of every cause (row) and effect (column)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import Normalize
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.core.truth import Truth
from causalkit.display.effects import Sign, signs
from causalkit.display.formats import MINUS
from causalkit.errors import WrongUsageError
from causalkit.plotting import style
from causalkit.plotting.names import columns, line_count, wrapped
from causalkit.plotting.part import about_part, strongest_part
from causalkit.plotting.signs import SIGNS, WORDS, color, pair_signs, scale

_CELL = 0.6  # width of a letter, as a share of the size of the font
_WRAPPINGS = ((4, 20), (3, 22), (2, 28), (2, 36), (1, 36), (1, 60), (3, 20), (2, 20), (1, 20))
"""Lines of names and their widths, in the order in which they are tried."""
MARKED = 0.1
"""Share of the largest score from which a cell has a mark of its sign."""
_MARKS: dict[Sign, tuple[str, Any, float]] = {"lowers": (MINUS, "_", 0.25), "unclear": ("~", r"$\sim$", 0.3)}
"""How the legend writes the mark of a sign, its marker, and its size as a share of a cell."""


def plot_heatmap(
    discovery: Discovery,
    *,
    lag: int | None = None,
    truth: Truth | None = None,
    self_edges: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw the scores: rows are causes, columns are effects.

    Colours are scaled to the scores between different series; self-edges, which are usually far stronger, may go
    beyond the end of the scale, and the colour bar then ends in a point. A dot marks a selected edge. Where signs of
    effects are known, cells are blue, orange (with a minus) or purple (with a tilde) by the sign, and as dark as their
    score. Where only candidate pairs have scores, the series of the strongest edges are shown.

    Args:
        lag: draw the scores at this lag; default: the largest over lags.
        truth: outlines true edges.
        self_edges: show the diagonal; otherwise it is grey.
        ax: where to draw; default: a new figure.

    Raises:
        WrongUsageError: the discovery has no such lag.
    """
    if lag is not None and not 1 <= lag <= discovery.lags:
        raise WrongUsageError(f"there is no lag {lag}", f"the discovery has the lags 1 to {discovery.lags}")
    series = len(discovery.names)
    if discovery.sparse:
        discovery, truth = strongest_part(discovery, truth)
    size = len(discovery.names)
    look = _Names.of(discovery, ax, min(13.0, 4.2 + 0.08 * size))
    ax = style.new_axes(ax, (look.map + look.beside + 1.9, look.map + look.beside + 1.3))
    scores = discovery.pair_scores if lag is None else discovery.scores[:, :, lag - 1]
    apart = ~np.eye(size, dtype=bool)
    limit = float(scores[apart].max()) if size > 1 else float(scores.max())
    diagonal = float(scores.diagonal().max()) if self_edges else 0.0
    limit = limit or diagonal or 1.0
    image = ax.imshow(
        np.ma.masked_array(scores, mask=np.zeros_like(apart) if self_edges else ~apart),
        cmap=style.SCORES,
        norm=Normalize(0, limit),
        interpolation="nearest",
    )
    marks = _signs(ax, discovery, lag, image, limit, np.ones_like(apart) if self_edges else apart)
    ax.set_facecolor(style.FAINT)
    _bar(ax, image, beyond=diagonal > limit)
    _ticks(ax, look)
    marks += _marks(ax, discovery, lag, truth, scores / limit, self_edges)
    rows = style.legend(ax, above=True, handles=marks) if marks else 0
    lags = f"largest over lags 1 to {discovery.lags}" if discovery.lags > 1 else "at lag 1"
    which = f"at lag {lag}" if lag else lags
    part = f"\n{about_part(size, series)}" if size < series else ""
    style.title(
        ax,
        f"Scores, {which}{'' if scores.any() else ': all are zero'}{part}",
        legend=rows,
    )
    return ax


def _signs(
    ax: Axes, discovery: Discovery, lag: int | None, image: AxesImage, limit: float, visible: NDArray[np.bool_]
) -> list[Patch | Line2D]:
    """Paint cells by the sign of their effects, over those of the image; return the entries of the legend."""
    if discovery.effects is None:
        return []
    found = pair_signs(discovery) if lag is None else signs(discovery.effects)[:, :, lag - 1]
    assert found is not None
    scores = np.asarray(image.get_array())
    for sign in SIGNS[1:]:
        here = np.ma.masked_array(scores, mask=~(visible & (found == sign)))
        ax.imshow(here, cmap=scale(sign), norm=Normalize(0, limit), interpolation="nearest")
    cell = min(style.room(ax)) * 0.75 / len(found)
    for sign, (_, marker, share) in _MARKS.items():  # for grey prints, and for those who cannot distinguish the colours
        causes, effects = np.nonzero(visible & (found == sign) & (scores > MARKED * limit))
        dark = scores[causes, effects] > 0.5 * limit
        colors = np.where(dark, style.PAPER, style.INK).tolist()
        width = max(0.5, cell / 25) if marker == "_" else 0.0
        size = (share * cell) ** 2
        ax.scatter(effects, causes + 0.28, marker=marker, s=size, c=colors, zorder=4, linewidths=width)
    marks = {sign: f" ({written})" for sign, (written, _, _) in _MARKS.items()}
    return [Patch(color=color(sign), label=WORDS[sign] + marks.get(sign, "")) for sign in SIGNS]


def _bar(ax: Axes, image: AxesImage, *, beyond: bool) -> None:
    """Add the colour bar, in the height of the heat map wherever layout puts that."""
    figure = ax.get_figure()
    assert figure is not None  # axes always belong to a figure
    bar = figure.colorbar(image, cax=ax.inset_axes((1.025, 0.05, 0.035, 0.9)), extend="max" if beyond else "neither")
    bar.set_label("score (self-edges go beyond)" if beyond else "score", **style.text(style.LABEL))
    bar.ax.tick_params(labelsize=style.TICK * style.smaller(), colors=style.MUTED, labelcolor=style.INK)
    bar.outline.set_edgecolor(style.FAINT)


@dataclass(frozen=True)
class _Names:
    """The names of rows and columns, in as many lines as cells have room for.

    Attributes:
        shown: places of the rows that are named.
        labels: their names.
        font: its size.
        map: side of the cells together, in inches.
        beside: length of the longest name, in inches.
        every: one row of so many is named.
    """

    shown: list[int]
    labels: list[str]
    font: float
    map: float
    beside: float
    every: int

    @classmethod
    def of(cls, discovery: Discovery, ax: Axes | None, side: float) -> _Names:
        """Choose the names for given axes, or for a new figure whose cells have a side of so many inches together."""
        size = len(discovery.names)
        font = style.TICK if size <= 20 else style.SMALL if size <= 45 else style.TINY
        found: list[_Names] = []
        for lines, width in _WRAPPINGS:
            labels = wrapped(discovery.names, width, lines)
            beside = columns(labels) * font * _CELL / 72
            if ax is not None:
                side = max(0.94 * min(style.room(ax)) / 72 - beside, 1.0)
            cell = 72 * side / size
            every = max(1, math.ceil(line_count(labels) * font * 1.08 / cell))
            shown = list(range(0, size, every))
            whole = not any(label.endswith("…") or "…#" in label for label in labels)
            found.append(cls(shown, [labels[one] for one in shown], font, side, beside, every))
            if whole and every == 1 and 2 * beside < side:
                break
        else:
            found.sort(key=lambda one: (one.every, sum("…" in label for label in one.labels)))
            return found[0]
        return found[-1]


def _ticks(ax: Axes, look: _Names) -> None:
    """Name as many rows and columns as there is room for."""
    flat = columns(look.labels) * len(look.shown) * look.font * 0.7 < 72 * look.map
    every = look.every
    ax.set_xticks(look.shown, look.labels, rotation=0 if flat else 90, **style.text(look.font, linespacing=1.0))
    ax.set_yticks(look.shown, look.labels, **style.text(look.font, linespacing=1.0))
    ax.tick_params(length=2, color=style.MUTED)
    note = "" if every == 1 else f", every {every}{'nd' if every == 2 else 'rd' if every == 3 else 'th'} named"
    ax.set_xlabel(f"effect{note}", **style.text(style.LABEL))
    ax.set_ylabel(f"cause{note}", **style.text(style.LABEL))
    for spine in ax.spines.values():
        spine.set_color(style.MUTED)


def _marks(
    ax: Axes, discovery: Discovery, lag: int | None, truth: Truth | None, share: NDArray[np.float64], self_edges: bool
) -> list[Patch | Line2D]:
    """Outline true edges and put a dot on selected ones; return their entries of the legend."""
    marks: list[Patch | Line2D] = []
    size = len(discovery.names)
    visible = np.ones((size, size), dtype=bool) if self_edges else ~np.eye(size, dtype=bool)
    cell = min(style.room(ax)) * 0.75 / size  # points
    if truth is not None:
        known, label = _known(truth.align(discovery.names), lag)
        inset = 0.04 if size <= 40 else 0.0
        outlines = [
            Rectangle((effect - 0.5 + inset, cause - 0.5 + inset), 1 - 2 * inset, 1 - 2 * inset)
            for cause, effect in np.argwhere(known & visible)
        ]
        width = min(2.2, max(0.7, cell / 9))
        outline = style.VERMILLION if discovery.effects is None else style.INK  # cells have colours of their own
        drawn = PatchCollection(outlines, facecolor="none", edgecolor=outline, linewidth=width, zorder=3)
        drawn.set_gid("heatmap-truth")
        ax.add_collection(drawn)
        marks.append(Patch(facecolor="none", edgecolor=outline, linewidth=1.5, label=label))
    if discovery.selected is not None:
        chosen = (discovery.selected.any(axis=2) if lag is None else discovery.selected[:, :, lag - 1]) & visible
        causes, effects = np.nonzero(chosen)
        colors = [style.PAPER if share[place] > 0.5 else style.INK for place in zip(causes, effects, strict=True)]
        dots = ax.scatter(effects, causes, s=min(40.0, max(1.5, (cell / 3.2) ** 2)), c=colors, linewidths=0, zorder=4)
        dots.set_gid("heatmap-selected")
        marks.append(
            Line2D([], [], marker="o", linestyle="", color=style.INK, markersize=4, label=f"selected ({chosen.sum()})")
        )
    return marks


def _known(truth: Truth, lag: int | None) -> tuple[NDArray[np.bool_], str]:
    if lag is None:
        return truth.edges, "true edge"
    lags = truth.lags_up_to(lag)
    return (truth.edges, "true edge, lag unknown") if lags is None else (lags[:, :, -1], f"true edge at lag {lag}")
