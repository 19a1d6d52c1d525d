"""The training curve: every part of the loss and the validation error over epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.display.labels import shorten
from causalkit.plotting import style

Array = NDArray[np.float64]


def plot_training(discovery: Discovery, *, ax: Axes | None = None) -> Axes:
    """Draw the history of a neural method, on a logarithmic scale where the values span orders of magnitude.

    Args:
        ax: where to draw; default: a new figure.
    """
    ax = style.new_axes(ax, (7.5, 4.2))
    curves = {name: curve(discovery.history, name) for name in discovery.history if name != "epoch"}
    curves = {name: found for name, found in curves.items() if np.isfinite(found[1]).any()}
    style.title(ax, "Training")
    if not curves:
        who = shorten(discovery.method, 40) or "this method"
        style.message(ax, f"{who} recorded no training history:\nit does not train, or the file does not contain it")
        return ax
    for number, (name, (epochs, values)) in enumerate(curves.items()):
        known = np.isfinite(values)  # validation may be measured in some epochs only
        ax.plot(
            epochs[known],
            values[known],
            label=shorten(name, 28).lstrip("_"),  # matplotlib leaves labels that begin with "_" out of the legend
            color=style.LINES[number % len(style.LINES)],
            linestyle=style.DASHES[number % len(style.DASHES)],
            linewidth=style.LINE,
            marker="o" if known.sum() <= 3 else None,
            markersize=4,
        )
    style.log_scale(ax, np.concatenate([values for _, values in curves.values()]))
    style.label_axes(ax, "epoch", "loss")
    style.legend(ax, loc="best", handlelength=3)
    return ax


def curve(history: Mapping[str, Sequence[float | None]], name: str) -> tuple[Array, Array]:
    """Return the epochs and the values of a part of the loss, each of shape (E,), NaN where a value is missing."""
    epochs, values = (
        np.array([math.nan if value is None else value for value in history.get(key, ())], dtype=np.float64)
        for key in ("epoch", name)
    )
    return epochs if len(epochs) == len(values) else np.arange(1.0, len(values) + 1), values
