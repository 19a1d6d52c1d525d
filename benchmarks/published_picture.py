"""The picture of the table: a row for each data set, a mark for each column, AUROC beside AUPRC."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from published_page import NAMES, best_published, by_data, number, of_family, ours, short_title
from published_table import METRICS, Family, Line, Row

from causalkit.plotting import style

WIDTH = 4.4  # inches: about the width of a telephone's screen, so that text stays readable there
ROW = 0.205
HEADING = 1.15  # rows that the name of a family takes
# Shape and fill repeat what a colour means. Later marks are drawn above earlier ones.
LOOKS = {
    "var": ("linear VAR", {"marker": "|", "color": style.MUTED, "markersize": 7, "markeredgewidth": 1.3}),
    "published": (
        "best published",
        {"marker": "D", "color": style.INK, "markerfacecolor": "white", "markersize": 5.2, "markeredgewidth": 1.1},
    ),
    "oracle": (
        "oracle: chosen by the truth",
        {
            "marker": "^",
            "color": style.VERMILLION,
            "markerfacecolor": "none",
            "markersize": 6.4,
            "markeredgewidth": 1.3,
        },
    ),
    "honest": ("causalkit, its own choices", {"marker": "o", "color": style.BLUE, "markersize": 5}),
}


@dataclass(frozen=True)
class Place:
    """A line of the picture: a heading, or a row with its lines of the table."""

    height: float
    label: str
    lines: Sequence[Line] = ()


def draw(lines: Iterable[Line], families: Sequence[Family], rows: Mapping[str, Row]) -> Figure:
    """Return the picture; rows without any figure of ours are left out.

    Args:
        lines: of the table.
        rows: of the table, by name.
    """
    places = _places(lines, families, rows)
    bottom = min((place.height for place in places), default=0.0) - 0.9
    figure = style.new_figure(WIDTH, 1.1 + ROW * -bottom)
    panels = figure.subplots(1, len(METRICS), sharey=True, squeeze=False)[0]
    for ax, metric in zip(panels, METRICS, strict=True):
        _panel(ax, metric, places)
        ax.set_ylim(bottom, 0.6)
    named = [place for place in places if place.lines]
    panels[0].set_yticks([place.height for place in named], [place.label for place in named])
    for place in places:
        if not place.lines:
            look = style.text(style.TICK, transform=panels[0].get_yaxis_transform(), fontweight="bold")
            panels[0].text(-0.02, place.height, place.label, ha="right", va="center", **look)
    handles = [Line2D([], [], linestyle="none", label=name, **look) for name, look in reversed(LOOKS.values())]
    figure.legend(
        handles=handles,
        loc="outside upper center",
        ncols=2,
        frameon=False,
        prop={"size": style.TICK, "family": style.fonts()},
        handletextpad=0.2,
        columnspacing=1.2,
    )
    return figure


def _places(lines: Iterable[Line], families: Sequence[Family], rows: Mapping[str, Row]) -> list[Place]:
    data, titles = by_data(lines), {row.title: row for row in rows.values()}
    places: list[Place] = []
    height = 0.0
    for family in families:
        mine = {t: f for t, f in of_family(data, family, rows).items() if ours(f, "honest") or ours(f, "oracle")}
        if not mine:
            continue
        places.append(Place(height, family.title))
        for title, found in mine.items():
            height -= 1
            places.append(Place(height, short_title(titles[title], family), found))
        height -= HEADING
    return places


def _panel(ax: Axes, metric: str, places: Sequence[Place]) -> None:
    """Draw one metric: the marks of each row, and the spread of ours over seeds."""
    drawn = [0.4 if metric == "auroc" else 0.0]
    for place in places:
        if not place.lines:
            continue
        ax.axhline(place.height, color=style.FAINT, linewidth=0.6, zorder=0)
        for column, (_, look) in LOOKS.items():
            line = best_published(place.lines, metric) if column == "published" else ours(place.lines, column)
            if line is None or not line[metric]:
                continue
            value = number(line[metric])
            drawn.append(value)
            if column == "honest" and line[f"{metric}_sd"]:
                spread = float(line[f"{metric}_sd"])
                ends = (max(value - spread, 0), min(value + spread, 1))
                drawn.append(ends[0])
                ax.plot(ends, [place.height] * 2, color=style.BLUE, linewidth=2.2, alpha=0.45, solid_capstyle="butt")
            ax.plot([value], [place.height], linestyle="none", clip_on=False, **look)
    ax.set_xlim(math.floor(10 * min(drawn) + 1e-9) / 10, 1.0)
    if metric == "auroc":
        ax.axvline(0.5, color=style.MUTED, linewidth=0.8, linestyle=style.DASHES[2], zorder=0)
    style.label_axes(ax, NAMES[metric], "")
    ax.set_title(NAMES[metric], **style.text(style.TICK, fontweight="bold"))
    ax.grid(visible=False, axis="y")
    ax.xaxis.set_ticks_position("both")
    ax.tick_params(axis="x", labeltop=True, labelsize=style.SMALL + 0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
