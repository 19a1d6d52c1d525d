"""The critical-difference diagram: methods on an axis of mean ranks, bars over those without a significant difference.

Source: Demšar, Statistical comparisons of classifiers over multiple data sets, JMLR 7, 2006, figure 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes

from causalkit.compare.statistics import ALPHA
from causalkit.display.labels import POLICIES, cells, labels
from causalkit.display.words import count
from causalkit.plotting import style

if TYPE_CHECKING:
    from causalkit.compare.ranks import Ranking

_WIDEST_LABEL = 38
# In units of one row of text.
_FIRST_ROW = 1.15
_BAR_STEP = 0.42
_ROW_INCHES = 0.3
_AXIS_INCHES = 4.2
_RANK_INCHES = 0.22
# How far lines reach beyond the axis, as a share of its length.
_OUT = 0.07
_LETTER_INCHES = 0.085


def critical_difference(ranking: Ranking, ax: Axes | None = None) -> Axes:
    """Draw a ranking, the best methods on the left; a message where nothing can be ranked or tested.

    Args:
        ax: where to draw; default: a new figure, as high as the number of methods asks for.
    """
    methods = len(ranking.methods)
    names = labels(ranking.methods, _WIDEST_LABEL)
    place = dict(zip(ranking.methods, ranking.mean_ranks, strict=False))
    bars = _in_rows([(place[clique[0]], place[clique[-1]]) for clique in ranking.cliques])
    rows = math.ceil(methods / 2)
    top = _FIRST_ROW + _BAR_STEP * max((row + 1 for _, _, row in bars), default=0)
    axis = max(_AXIS_INCHES, methods * _RANK_INCHES)
    beside = _LETTER_INCHES * (max(map(cells, names), default=0) + 7)
    ax = style.new_axes(ax, (axis + 2 * beside, 1.5 + _ROW_INCHES * (top + rows)))
    if ranking.critical_difference is None:
        style.message(ax, "\n".join(ranking.sentences))
        return ax
    unit = count(ranking.blocks, "data set" if ranking.over == "data" else "block")
    style.title(ax, f"Mean ranks of {ranking.metric} over {unit}, {POLICIES[ranking.diagonal]}")
    ax.set_axis_off()
    _axis(ax, methods)
    _scale(ax, ranking.critical_difference, methods)
    span = methods - 1
    for number, (low, high, row) in enumerate(bars):
        y = -0.5 - row * _BAR_STEP
        ends = (low - 0.01 * span, high + 0.01 * span)
        bar = ax.plot(ends, (y, y), color=style.INK, linewidth=3.6, solid_capstyle="butt", zorder=4)
        bar[0].set_gid(f"clique-{number}")
    for number, (name, rank) in enumerate(zip(names, ranking.mean_ranks, strict=True)):
        # The outermost method of each side is highest, so that no line crosses another.
        left = number < rows
        y = -top - (number if left else methods - 1 - number)
        _method(ax, name, rank, y=y, count=methods, left=left)
    margin = span * (_OUT + beside / axis)
    ax.set_xlim(1 - margin, methods + margin)
    ax.set_ylim(-top - rows + 0.3, 2.2)
    return ax


def _in_rows(ends: Sequence[tuple[float, float]]) -> list[tuple[float, float, int]]:
    """Give every bar the first row in which it touches no other; the bars come from left to right."""
    filled: list[float] = []
    placed = []
    for low, high in ends:
        row = next((row for row, end in enumerate(filled) if end < low), len(filled))
        filled[row : row + 1] = [high]
        placed.append((low, high, row))
    return placed


def _axis(ax: Axes, count: int) -> None:
    ax.plot((1, count), (0, 0), color=style.MUTED, linewidth=1.2, solid_capstyle="projecting", zorder=2)
    for rank in range(1, count + 1):
        ax.plot((rank, rank), (0, 0.22), color=style.MUTED, linewidth=1.2)
        ax.text(rank, 0.32, str(rank), ha="center", va="bottom", **style.text(style.TICK))


def _scale(ax: Axes, critical: float, count: int) -> None:
    """Draw the critical difference as a ruler above the axis, cut short where it is longer than the axis."""
    end = min(1 + critical, count)
    look: dict[str, Any] = {"color": style.VERMILLION, "linewidth": 1.6, "solid_capstyle": "butt"}
    ax.plot((1, end), (1.35, 1.35), gid="scale", **look)
    for x in (1, end):
        ax.plot((x, x), (1.22, 1.48), **look)
    longer = ", longer than the axis" if critical > count - 1 else ""
    words = f"critical difference {critical:.2f}{longer} (Nemenyi, p < {ALPHA:g})"
    ax.text(1, 1.55, words, ha="left", va="bottom", **style.text(style.TICK, style.VERMILLION))


def _method(ax: Axes, name: str, rank: float, *, y: float, count: int, left: bool) -> None:
    """Draw the line from a mean rank down to its row and out to its label."""
    out = _OUT * (count - 1)
    look: dict[str, Any] = {"color": style.BLUE, "linewidth": 1.2, "solid_joinstyle": "miter", "zorder": 3}
    ax.plot((rank, rank, 1 - out if left else count + out), (0, y, y), **look)
    ax.plot(rank, 0, marker="o", markersize=4.5, color=style.BLUE, zorder=5)
    words = f"{name}  {rank:.2f}" if left else f"{rank:.2f}  {name}"
    x = 1 - 1.2 * out if left else count + 1.2 * out
    ax.text(x, y, words, ha="right" if left else "left", va="center", **style.text(style.LABEL))
