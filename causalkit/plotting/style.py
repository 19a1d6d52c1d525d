"""Colours, sizes and the making of axes that all pictures share; nothing here changes matplotlib's settings.

The colours are those of Okabe and Ito, which readers with any common colour blindness can distinguish; a line style or
a shape always repeats what a colour means.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray

INK = "#202124"
MUTED = "#5f6368"
FAINT = "#d9dce1"
NODE = "#f1f4f8"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
SKY = "#56B4E9"
ORANGE = "#E69F00"
VIOLET = "#6A51A3"
LINES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
DASHES: tuple[Any, ...] = ("solid", (0, (5, 2)), (0, (1, 1.4)), (0, (5, 1.5, 1, 1.5)))
SCORES = "Blues"

TITLE = 11.0
LABEL = 9.5
TICK = 8.5
SMALL = 7.0
TINY = 5.5
LINE = 1.6
_LOG_SCALE_FROM = 20.0  # ratio of the largest to the smallest value from which a logarithmic scale shows more

_FALLBACKS = ("Noto Sans CJK JP", "Noto Sans", "Arial Unicode MS", "PingFang SC", "Microsoft YaHei", "Segoe UI")


@cache
def fonts() -> list[str]:
    """Return matplotlib's own font, and installed fonts with letters that it lacks."""
    installed = set(fontManager.get_font_names())
    return ["DejaVu Sans", *(name for name in _FALLBACKS if name in installed)]


def text(size: float, color: str = INK, **more: Any) -> dict[str, Any]:
    """Return how a text looks. Names may contain ``$`` and ``_``, so no text is read as a formula."""
    return {"fontsize": size, "color": color, "fontfamily": fonts(), "parse_math": False, **more}


def title(ax: Axes, words: str, *, legend: int = 0) -> None:
    """Set the title, with room for a legend of so many lines between it and the picture."""
    ax.set_title(words, pad=13 * (1 + legend) if legend else 7, **text(TITLE))


def legend(ax: Axes, *, above: bool = False, **more: Any) -> None:
    """Add a legend, in the picture or above it."""
    if above:  # where it can never hide anything
        place: dict[str, Any] = {"loc": "lower center", "bbox_to_anchor": (0.5, 1), "borderaxespad": 0.3}
        more = place | {"ncols": 4, "frameon": False} | more
    look: dict[str, Any] = {"frameon": True, "framealpha": 0.9, "edgecolor": FAINT, "labelcolor": INK, "borderpad": 0.5}
    shown = ax.legend(prop={"size": SMALL + 1, "family": fonts()}, **look | more)
    for entry in shown.get_texts():
        entry.set_parse_math(False)


def new_figure(width: float, height: float) -> Figure:
    """Return a figure without a canvas or window, whose parts make room for each other."""
    return Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))


def new_axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return the axes that were given, or those of a new figure of ``size`` inches without a window."""
    return new_figure(*size).add_subplot() if ax is None else ax


def root(ax: Axes) -> Figure:
    """Return the figure that holds the axes, also those in a part of a figure."""
    parent = ax.get_figure()
    assert parent is not None  # axes always belong to a figure
    return parent.figure  # of a part and of a figure alike: the outermost


def room(ax: Axes) -> tuple[float, float]:
    """Return the approximate width and height of the axes in points; layout may still change them a little."""
    place = ax.get_window_extent()
    points = 72 / root(ax).dpi
    return float(place.width * points), float(place.height * points)


def frame(ax: Axes) -> None:
    """Show only the left and the bottom spine."""
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(MUTED)
    ax.tick_params(colors=MUTED, labelcolor=INK, labelsize=TICK)


def label_axes(ax: Axes, x: str, y: str, size: float = LABEL) -> None:
    """Name both axes and draw a faint grid behind the picture."""
    ax.set_xlabel(x, **text(size))
    ax.set_ylabel(y, **text(size))
    ax.grid(color=FAINT, linewidth=0.6)
    frame(ax)


def unit_square(ax: Axes, words: str, x: str, y: str) -> None:
    """Finish the picture of a curve between rates: title, axes from 0 to 1, and their names."""
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.04), aspect="equal")
    title(ax, words)
    label_axes(ax, x, y)


def log_scale(ax: Axes, values: NDArray[np.float64]) -> None:
    """Make the vertical axis logarithmic where values span a wide range; with zeros, small values stay linear."""
    values = values[np.isfinite(values)]
    positive = values[values > 0]
    if not len(positive) or positive.max() / positive.min() < _LOG_SCALE_FROM:
        return
    if len(positive) == len(values):
        ax.set_yscale("log")
    else:
        ax.set_yscale("symlog", linthresh=float(max(positive.min(), positive.max() * 1e-6)))


def message(ax: Axes, words: str) -> None:
    """Show a message instead of a picture that has nothing to show."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center", va="center", wrap=True, **text(LABEL, MUTED))
