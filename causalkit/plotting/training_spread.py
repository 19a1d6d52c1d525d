"""Training curves of one method over several seeds: the mean of each part of the loss, and the range of the seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from causalkit.display.labels import shorten
from causalkit.plotting import style
from causalkit.plotting.training import Array, curve

_ORDER = ("forecast", "validation")


def plot_training_spread(
    histories: Sequence[Mapping[str, Sequence[float | None]]],
    *,
    title: str = "Training",
    color: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the forecast loss, the validation loss and the penalties over epochs.

    A seed that stopped early counts in the mean up to its last epoch.

    Args:
        histories: `Discovery.history` of each seed.
        title: above the picture.
        color: of the losses, default: blue; penalties are grey.
        ax: where to draw; default: a new small figure.
    """
    ax = style.new_axes(ax, (3.7, 2.9))
    color = color or style.BLUE
    style.title(ax, shorten(title, 40))
    ax.title.set_fontsize(style.LABEL)
    names = [name for name in dict.fromkeys(key for history in histories for key in history) if name != "epoch"]
    names.sort(key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))
    drawn: list[Array] = []
    penalties = 0
    for name in names:
        epochs, values = _aligned(histories, name)
        known = np.isfinite(values).any(axis=0)
        if not known.any():
            continue
        epochs, values = epochs[known], values[:, known]
        drawn.append(values.ravel())
        loss = name in _ORDER
        dash = style.DASHES[_ORDER.index(name) if loss else 2 + penalties % 2]
        penalties += not loss
        shade = color if loss else style.MUTED
        single = "o" if len(epochs) < 3 else None
        label = shorten(name, 30).lstrip("_")  # matplotlib leaves labels that begin with "_" out of the legend
        ax.plot(epochs, np.nanmean(values, axis=0), color=shade, linestyle=dash, label=label, marker=single)
        if len(values) > 1:
            low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
            ax.fill_between(epochs, low, high, color=shade, alpha=0.16, linewidth=0)
    if not drawn:
        style.message(ax, "no training history")
        return ax
    style.log_scale(ax, np.concatenate(drawn))
    style.label_axes(ax, "epoch", "loss", style.SMALL + 1)
    ax.tick_params(labelsize=style.SMALL)
    style.legend(ax, loc="best", handlelength=2.6)
    return ax


def _aligned(histories: Sequence[Mapping[str, Sequence[float | None]]], name: str) -> tuple[Array, Array]:
    """Return all epochs (E,) and the values of each seed at them (S, E), NaN where there is none."""
    curves = [dict(zip(*curve(history, name), strict=True)) for history in histories if history.get(name)]
    epochs = sorted({epoch for one in curves for epoch in one})
    return np.array(epochs), np.array([[one.get(epoch, math.nan) for epoch in epochs] for one in curves])
