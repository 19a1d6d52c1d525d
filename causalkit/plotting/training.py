"""The training curve: every part of the loss and the validation error over epochs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.display.labels import shorten
from causalkit.plotting import style

_LOG_SCALE_FROM = 50.0  # a ratio of values from which a logarithmic scale shows more


def plot_training(discovery: Discovery, *, ax: Axes | None = None) -> Axes:
    """Draw the history of a neural method, on a logarithmic scale where the values span orders of magnitude.

    Args:
        ax: where to draw; default: a new figure.
    """
    ax = style.new_axes(ax, (7.5, 4.2))
    curves = {name: _numbers(values) for name, values in discovery.history.items() if name != "epoch"}
    curves = {name: values for name, values in curves.items() if np.isfinite(values).any()}
    style.title(ax, "Training")
    if not curves:
        who = shorten(discovery.method, 40) or "this method"
        style.say(ax, f"{who} recorded no training history:\nit does not train, or the file does not contain it")
        return ax
    for number, (name, values) in enumerate(curves.items()):
        epochs = _epochs(discovery, len(values))
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
    _scale(ax, np.concatenate(list(curves.values())))
    ax.set_xlabel("epoch", **style.text(style.LABEL))
    ax.set_ylabel("loss", **style.text(style.LABEL))
    ax.grid(color=style.FAINT, linewidth=0.6)
    style.frame(ax)
    style.legend(ax, loc="best", handlelength=3)
    return ax


def _numbers(values: Sequence[Any]) -> NDArray[np.float64]:
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def _epochs(discovery: Discovery, length: int) -> NDArray[np.float64]:
    epochs = _numbers(discovery.history.get("epoch", ()))
    return epochs if len(epochs) == length else np.arange(1.0, length + 1)


def _scale(ax: Axes, values: NDArray[np.float64]) -> None:
    """Choose the scale; where some values are zero or below, small ones stay linear."""
    values = values[np.isfinite(values)]
    positive = values[values > 0]
    if not len(positive) or positive.max() / positive.min() < _LOG_SCALE_FROM:
        return
    if len(positive) == len(values):
        ax.set_yscale("log")
    else:
        ax.set_yscale("symlog", linthresh=float(max(positive.min(), positive.max() * 1e-6)))
