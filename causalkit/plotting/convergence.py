"""How methods converge: the error on held-out windows, or AUROC, against the time of the fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from causalkit.display.labels import shorten
from causalkit.plotting import style
from causalkit.plotting.method_looks import Look, method_looks

_LINE_HEIGHT = 0.2
_FASTEST = 1e-3
"""Seconds at the left end of the axis; what takes less is drawn there."""


@dataclass(frozen=True)
class Converging:
    """One fit over time.

    Attributes:
        method: its name.
        seconds: since the fit began, ascending; NaN where a line is broken.
        values: what is drawn; of the same length.
        last: the result as (seconds, value), where it is not the end of the line, or None.
    """

    method: str
    seconds: Sequence[float]
    values: Sequence[float]
    last: tuple[float, float] | None = None


def plot_convergence(
    fits: Sequence[Converging],
    *,
    quantity: str = "held-out error",
    looks: Mapping[str, Look] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a line for each fit, and a point at its result. Time is on a logarithmic scale.

    Args:
        fits: of all methods and seeds on one data set.
        quantity: what the values are.
        looks: of the methods; default: by their order.
        ax: where to draw; default: a new figure.
    """
    methods = list(dict.fromkeys(fit.method for fit in fits))
    looks = looks or method_looks(methods)
    ax = style.new_axes(ax, (4.7, 3.7 + _LINE_HEIGHT * (len(methods) + 1)))
    style.title(ax, f"{quantity[0].upper()}{quantity[1:]} against time")
    if not any(len(fit.seconds) or fit.last for fit in fits):
        style.message(ax, "no course over time is recorded")
        return ax
    for method in methods:
        look, own = looks[method], [one for one in fits if one.method == method]
        lines = any(len(one.seconds) for one in own)
        for fit in own:
            seconds = np.maximum(np.asarray(fit.seconds, dtype=float), _FASTEST)
            ax.plot(seconds, fit.values, color=look.color, linestyle=look.dash, linewidth=style.LINE, alpha=0.8)
            if fit.last is not None:
                ax.plot([max(fit.last[0], _FASTEST)], [fit.last[1]], "o", color=look.color, markersize=5, zorder=3)
        known = lines or any(one.last for one in own)
        label = shorten(method, 34) + ("" if known else ": not recorded")
        marker = "o" if any(one.last for one in own) else None
        dash = look.dash if lines or not known else "none"
        ax.plot(
            [], [], color=look.color, linestyle=dash, linewidth=style.LINE, marker=marker, markersize=5, label=label
        )
    ax.set_xscale("log")
    style.label_axes(ax, "time of the fit, seconds", quantity)
    style.legend(ax, loc="upper left", bbox_to_anchor=(0, -0.17), borderaxespad=0, frameon=False, handlelength=2.8)
    return ax
