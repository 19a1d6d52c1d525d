"""Training curves of one method over several seeds: the mean of each part of the loss, and the range of the seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from causalkit.display.labels import shorten
from causalkit.plotting import style

_LOG_SCALE_FROM = 20.0  # a ratio of values from which a logarithmic scale shows more
_ORDER = ("forecast", "validation")


def plot_training_spread(
    histories: Sequence[Mapping[str, Sequence[float | None]]],
    *,
    title: str = "Training",
    color: str = style.BLUE,
    ax: Axes | None = None,
) -> Axes:
    """Draw the forecast loss, the validation loss and the penalties over epochs.

    Seeds that stopped earlier take part in the mean as long as they last.

    Args:
        histories: `Discovery.history` of each seed.
        title: above the picture.
        color: of the losses; penalties are grey.
        ax: where to draw; default: a new small figure.
    """
    ax = style.new_axes(ax, (3.7, 2.9))
    style.title(ax, shorten(title, 40))
    ax.title.set_fontsize(style.LABEL)
    names = [name for name in dict.fromkeys(key for history in histories for key in history) if name != "epoch"]
    names.sort(key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))
    drawn: list[NDArray[np.float64]] = []
    penalties = 0
    for name in names:
        epochs, values = _together(histories, name)
        known = np.isfinite(values).any(axis=0)
        if not known.any():
            continue
        epochs, values = epochs[known], values[:, known]
        drawn.append(values[np.isfinite(values)])
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
        style.say(ax, "no training history")
        return ax
    values = np.concatenate(drawn)
    positive = values[values > 0]
    if len(positive) and positive.max() / positive.min() >= _LOG_SCALE_FROM:
        if len(positive) == len(values):
            ax.set_yscale("log")
        else:
            ax.set_yscale("symlog", linthresh=float(max(positive.min(), positive.max() * 1e-4)))
    ax.set_xlabel("epoch", **style.text(style.SMALL + 1))
    ax.set_ylabel("loss", **style.text(style.SMALL + 1))
    ax.grid(color=style.FAINT, linewidth=0.5)
    style.frame(ax)
    ax.tick_params(labelsize=style.SMALL)
    style.legend(ax, loc="best", handlelength=2.6)
    return ax


def _together(
    histories: Sequence[Mapping[str, Sequence[float | None]]], name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return all epochs that occur, and the values of each seed at them, NaN where there is none: (S, E)."""
    curves: list[dict[float, float]] = []
    for history in histories:
        values = [math.nan if value is None else float(value) for value in history.get(name, ())]
        epochs = [float(epoch or 0) for epoch in history.get("epoch", ())]
        if len(epochs) != len(values):
            epochs = [float(number) for number in range(1, len(values) + 1)]
        if values:
            curves.append(dict(zip(epochs, values, strict=True)))
    places = sorted({epoch for curve in curves for epoch in curve})
    table = np.array([[curve.get(epoch, math.nan) for epoch in places] for curve in curves])
    return np.array(places), table.reshape(len(curves), len(places))
