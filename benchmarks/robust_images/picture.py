"""The picture: accuracy under attack against the size of the attack, one panel a source."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.robust_images.measures import interval
from benchmarks.robust_images.study import Row, setting_name
from causalkit.plotting import style

LOOKS = {
    "standard": (style.INK, "solid"),
    "partial": (style.VERMILLION, "solid"),
    "robust, partial": (style.BLUE, "solid"),
    "full": (style.ORANGE, style.DASHES[1]),
    "robust, full": (style.SKY, style.DASHES[1]),
    "DM": (style.GREEN, style.DASHES[3]),
    "DM from scratch": (style.PURPLE, style.DASHES[2]),
}


def draw(rows: Sequence[Row]) -> Figure:
    """Draw means as lines and 95 % intervals over seeds as bands; only the first distance has lines."""
    sources = list(dict.fromkeys(row.source for row in rows if row.source))
    first = next((row.distance for row in rows if row.distance), "")
    figure = style.new_figure(3.6 * max(1, len(sources)) + 0.4, 3.9)
    panels = figure.subplots(1, max(1, len(sources)), sharey=True, squeeze=False)[0]
    for source, ax in zip(sources or [""], panels, strict=True):
        shown = [row for row in rows if row.source in ("", source) and row.distance in ("", first)]
        _panel(ax, shown)
        style.title(ax, f"pre-trained on {source}" if source else "from scratch")
    panels[0].set_ylabel("accuracy on attacked images (AAI)", **style.text(style.LABEL))
    handles, labels = panels[0].get_legend_handles_labels()
    look = {"size": style.SMALL + 1, "family": style.fonts()}
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, prop=look, handlelength=3)
    return figure


def _panel(ax: Axes, rows: Sequence[Row]) -> None:
    for setting, (color, dash) in LOOKS.items():
        found = [row for row in rows if row.setting == setting]
        if not found:
            continue
        epsilons = sorted(found[0].accuracies)
        spread = [interval([row.accuracies[epsilon] for row in found]) for epsilon in epsilons]
        means = [one.mean for one in spread]
        label = setting_name(setting, found[0].distance)
        ax.plot(epsilons, means, color=color, linestyle=dash, linewidth=style.LINE, label=label)
        if len(found) > 1:
            low, high = [one.low for one in spread], [one.high for one in spread]
            ax.fill_between(epsilons, low, high, color=color, alpha=0.16, linewidth=0)
    ax.set_ylim(0, 1)
    ax.set_xticks(sorted({epsilon for row in rows for epsilon in row.accuracies}))
    ax.set_xlabel("largest change of a pixel, ε", **style.text(style.LABEL))
    ax.grid(color=style.FAINT, linewidth=0.6)
    style.frame(ax)
