"""Accuracy against time or memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter
from numpy.typing import NDArray

from causalkit.display.labels import shorten
from causalkit.plotting import style
from causalkit.plotting.method_looks import MARKERS, Look, method_looks

_LINE_HEIGHT = 0.2


@dataclass(frozen=True)
class Spent:
    """Accuracy and cost of one method on one data set.

    Attributes:
        method, data: their names.
        accuracy, cost: one value a seed, in the units of the axes; both of the same length.
    """

    method: str
    data: str
    accuracy: Sequence[float]
    cost: Sequence[float]


def plot_accuracy_against_cost(
    points: Sequence[Spent],
    *,
    accuracy: str = "AUROC",
    cost: str = "time, seconds",
    looks: Mapping[str, Look] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a point for each method and data set: the mean over seeds, with one standard deviation as a bar.

    Colours are methods, shapes are data sets. The cost is on a logarithmic scale. Up and to the left is better.

    Args:
        points: accuracy and cost of each method on each data set.
        accuracy, cost: names of the axes.
        looks: of the methods; default: by their order.
        ax: where to draw; default: a new figure.
    """
    methods = list(dict.fromkeys(point.method for point in points))
    data = list(dict.fromkeys(point.data for point in points))
    looks = looks or method_looks(methods)
    ax = style.new_axes(ax, (4.7, 3.9 + _LINE_HEIGHT * (max(len(methods), len(data)) + 1)))
    style.title(ax, f"{accuracy} against {cost.partition(',')[0]}")
    if not points:
        style.message(ax, "nothing was measured")
        return ax
    shares = all(0 <= value <= 1 for point in points for value in point.accuracy)
    for point in points:
        values, costs = np.asarray(point.accuracy, dtype=float), np.asarray(point.cost, dtype=float)
        ax.errorbar(
            costs.mean(),
            values.mean(),
            yerr=_bar(values, shares) if len(values) > 1 else None,
            color=looks[point.method].color,
            marker=MARKERS[data.index(point.data) % len(MARKERS)],
            markersize=6.5,
            markeredgecolor=style.PAPER,
            markeredgewidth=0.6,
            linewidth=1,
            alpha=0.95,
        )
    _finish(ax, accuracy, cost)
    _legends(ax, methods, data, looks)
    return ax


def _bar(values: NDArray[np.float64], shares: bool) -> NDArray[np.float64]:
    """Return by how much a bar of one standard deviation goes down and up, (2, 1); those of shares end at 0 and 1."""
    mean, spread = float(values.mean()), float(values.std(ddof=1))
    low, high = (min(spread, mean), min(spread, 1 - mean)) if shares else (spread, spread)
    return np.array([[low], [high]])


def _finish(ax: Axes, accuracy: str, cost: str) -> None:
    ax.set_xscale("log")
    low, high = ax.get_xlim()
    middle, reach = np.sqrt(low * high), max(np.sqrt(high / low) * 1.15, 2.2)  # at least one labelled tick
    ax.set_xlim(middle / reach, middle * reach)
    wide = 2 * np.log10(reach)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(
        NullFormatter()
        if wide > 1.6
        else FuncFormatter(lambda value, _: f"{value:g}" if _first(value) in (2, 5) else "")
    )
    style.label_axes(ax, cost, accuracy)
    ax.tick_params(which="minor", labelsize=style.TICK, color=style.FAINT, labelcolor=style.INK)


def _first(value: float) -> int:
    """Return the first digit of a number that a logarithmic axis marks."""
    return int(f"{value:.0e}"[0])


def _legends(ax: Axes, methods: Sequence[str], data: Sequence[str], looks: Mapping[str, Look]) -> None:
    """Explain colours and shapes below the picture, in two columns."""
    colors = [Line2D([], [], color=looks[name].color, linewidth=4, label=shorten(name, 24)) for name in methods]
    shapes = [
        Line2D([], [], marker=MARKERS[place % len(MARKERS)], linestyle="", color=style.MUTED, label=shorten(name, 24))
        for place, name in enumerate(data)
    ]
    rows = max(len(colors), len(shapes))
    blank = Line2D([], [], linestyle="", label=" ")
    entries = [*colors, *[blank] * (rows - len(colors)), *shapes, *[blank] * (rows - len(shapes))]
    style.legend(
        ax, handles=entries, loc="upper left", bbox_to_anchor=(0, -0.17), ncols=2, borderaxespad=0, frameon=False
    )
