"""Colours, sizes and the making of axes that all pictures share; nothing here changes matplotlib's settings.

Colours (``INK``, ``BLUE``, ``LINES`` and so on) are those of the current theme, so ask for them while you draw. A line
style or a shape always repeats what a colour means.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.transforms import ScaledTranslation
from numpy.typing import NDArray

from causalkit.display.labels import cells, one_line
from causalkit.plotting.appearance import current
from causalkit.plotting.appearance import theme as theme
from causalkit.plotting.fonts import families as fonts
from causalkit.plotting.themes import Theme

if TYPE_CHECKING:
    PAPER: str
    INK: str
    MUTED: str
    FAINT: str
    NODE: str
    BLUE: str
    VERMILLION: str
    GREEN: str
    PURPLE: str
    SKY: str
    ORANGE: str
    VIOLET: str
    LINES: tuple[str, ...]
    SCORES: Colormap

DASHES: tuple[Any, ...] = ("solid", (0, (5, 2)), (0, (1, 1.4)), (0, (5, 1.5, 1, 1.5)))

TITLE = 11.0
LABEL = 9.5
TICK = 8.5
SMALL = 7.0
TINY = 5.5
LINE = 1.6
_LEGEND_COLUMNS = 5
_SMALLEST = 0.68  # of letters: 7 points become 5
_LOG_SCALE_FROM = 20.0  # ratio of the largest to the smallest value from which a logarithmic scale shows more


def __getattr__(name: str) -> Any:
    """Return a colour of the theme in which pictures are drawn now: ``style.INK``."""
    if name == "SCORES":
        return scale(theme().scores)
    if name.isupper() and (name == "LINES" or name.lower() in Theme.__annotations__):
        return getattr(theme(), name.lower())
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def scale(colors: Sequence[str]) -> Colormap:
    """Return a continuous scale of colours."""
    return LinearSegmentedColormap.from_list("causalkit", list(colors))


def smaller() -> float:
    """Return by how much letters and lines are smaller because the user asked for a small picture."""
    size = current().size
    return 1.0 if size is None else min(1.0, max(_SMALLEST, min(size[0] / 5.5, size[1] / 4.0)))


def text(size: float, color: str | None = None, **more: Any) -> dict[str, Any]:
    """Return how a text looks. Names may contain ``$`` and ``_``, so no text is read as a formula.

    Args:
        size: in points, of a picture of usual size; letters of pictures for one column of a page are smaller.
        color: default: ``INK``.
    """
    size *= smaller()
    return {"fontsize": size, "color": color or theme().ink, "fontfamily": fonts(), "parse_math": False, **more}


def title(ax: Axes, words: str, *, legend: int = 0) -> None:
    """Set the title, with room for a legend of so many lines between it and the picture; long lines are wrapped."""
    width = max(int(across(ax) / (TITLE * smaller() * 0.56)), 20)
    lines = [part for line in words.split("\n") for part in textwrap.wrap(line, width) or [""]]
    ax.set_title("\n".join(lines), pad=13 * smaller() * (1 + legend) if legend else 7, **text(TITLE))


def retitle(figure: Figure, words: str) -> None:
    """Replace the first line of the title of a figure; further lines, which say what is shown, stay.

    Args:
        figure: with one title above all, or with one or more axes of their own titles.
        words: "" leaves the whole title out.
    """
    words = one_line(words)
    above = figure.get_suptitle()
    titled = [ax for ax in figure.axes if ax.get_title()]
    if above or len(titled) != 1:
        figure.suptitle(words, **text(TITLE + 3 if above else TITLE, fontweight="bold" if above else "normal"))
        return
    _, *rest = titled[0].get_title().split("\n")
    titled[0].title.set_text("\n".join([words, *rest]) if words else "")


def legend(ax: Axes, *, above: bool = False, below: float | None = None, **more: Any) -> int:
    """Add a legend in the picture, above it, or so many points below it; one above and one below go together.

    Legends above and below have as many columns as the figure is wide enough for.

    Returns:
        The number of its lines of text.
    """
    earlier = ax.get_legend()
    place: dict[str, Any] = {}
    if below is not None:
        move = ScaledTranslation(0, -below / 72, root(ax).dpi_scale_trans)
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "bbox_transform": ax.transAxes + move}
    elif above:  # where it can never hide anything
        place = {"loc": "lower center", "bbox_to_anchor": (0.5, 1)}
    handles = more.get("handles") or ax.get_legend_handles_labels()[0]
    words = [str(handle.get_label()) for handle in handles]
    if place:
        place |= {"borderaxespad": 0.3, "frameon": False, "ncols": _legend_columns(ax, words)}
    more = place | more
    colors = {"edgecolor": theme().faint, "labelcolor": theme().ink}
    look: dict[str, Any] = {"frameon": True, "framealpha": 0.9, "borderpad": 0.5, **colors}
    shown = ax.legend(prop={"size": (SMALL + 1) * smaller(), "family": fonts()}, **look | more)
    for entry in shown.get_texts():
        entry.set_parse_math(False)
    if below is not None and earlier is not None:  # an axes has one legend; others are artists like any other
        ax.legend_ = earlier
        ax.add_artist(shown).set_clip_on(False)  # what is clipped has no room of its own
    columns = int(more.get("ncols", 1))
    return -(-len(words) // columns) + max((one.count("\n") for one in words), default=0)


def _legend_columns(ax: Axes, words: Sequence[str]) -> int:
    """Return how many columns a legend has room for, as many as possible."""
    size = (SMALL + 1) * smaller()
    widths = [cells(one) * size * 0.56 + 5.3 * size for one in words]
    for columns in range(min(len(words), _LEGEND_COLUMNS), 1, -1):
        rows = -(-len(words) // columns)
        if sum(max(widths[start : start + rows]) for start in range(0, len(words), rows)) <= across(ax):
            return columns
    return 1


def across(ax: Axes) -> float:
    """Return the width of the figure, or of the part of a figure, that holds the axes, in points without margins."""
    parent = ax.get_figure()
    assert parent is not None  # axes always belong to a figure
    return float(parent.bbox.width * 72 / root(ax).dpi) - 18.0


def new_figure(width: float, height: float) -> Figure:
    """Return a figure without a canvas or window, whose parts make room for each other; the user's size goes first."""
    size = current().size or (width, height)
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)
    return Figure(figsize=size, layout=layout, facecolor=theme().paper)


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
        spine.set_color(theme().muted)
    ax.tick_params(colors=theme().muted, labelcolor=theme().ink, labelsize=TICK * smaller())


def label_axes(ax: Axes, x: str, y: str, size: float = LABEL) -> None:
    """Name both axes and draw a faint grid behind the picture."""
    ax.set_xlabel(x, **text(size))
    ax.set_ylabel(y, **text(size))
    ax.grid(color=theme().faint, linewidth=0.6)
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
    ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center", va="center", wrap=True, **text(LABEL, theme().muted))
