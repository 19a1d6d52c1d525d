"""The training curve: errors and every penalty over epochs, each quantity with an axis of its own."""

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
Curve = tuple[Array, Array]

ERRORS = ("forecast", "validation")
"""Parts of a history that are errors of forecasts, so they have one axis; all others have one each."""
_NAMES = {"forecast": "training", "validation": "validation"}
_ROW = 1.35  # inches


def plot_training(discovery: Discovery, *, ax: Axes | None = None) -> Axes:
    """Draw the history of a neural method: forecast errors, and below them every penalty, each with its own axis.

    An axis is logarithmic where its values span orders of magnitude.

    Args:
        ax: where to draw; it becomes the upper axes. Default: a new figure.

    Returns:
        The upper axes, with the errors.
    """
    curves = {name: curve(discovery.history, name) for name in discovery.history if name != "epoch"}
    curves = {name: found for name, found in curves.items() if np.isfinite(found[1]).any()}
    quantities = _quantities(curves)
    ax = style.new_axes(ax, (7.5, 3.4 + _ROW * max(0, len(quantities) - 1)))
    style.title(ax, "Training")
    if not quantities:
        who = shorten(discovery.method, 40) or "this method"
        style.message(ax, f"{who} recorded no training history:\nit does not train, or the file does not contain it")
        return ax
    axes = _split(ax, len(quantities))
    for place, (one, (words, shown)) in enumerate(zip(axes, quantities.items(), strict=True)):
        _draw(one, shown, len(shown) == 1 and len(quantities) > 1, style.LINES[2 + (place - 1) % 4] if place else "")
        style.label_axes(one, "epoch" if place == len(axes) - 1 else "", words)
        one.tick_params(labelbottom=place == len(axes) - 1)
    return ax


def _quantities(curves: Mapping[str, Curve]) -> dict[str, dict[str, Curve]]:
    """Return the curves of each axis, by its label."""
    errors = {name: curves[name] for name in ERRORS if name in curves}
    found = {"forecast error": errors} if errors else {}
    for name, one in curves.items():
        if name not in ERRORS:
            found[shorten(name, 28).strip("_").replace("_", " ") or "penalty"] = {name: one}
    return found


def _split(ax: Axes, rows: int) -> list[Axes]:
    """Divide axes into rows with a common horizontal axis; the given one becomes the first."""
    if rows == 1:
        return [ax]
    figure = ax.get_figure()
    assert figure is not None  # axes always belong to a figure
    spec = ax.get_subplotspec()
    if spec is None:
        place = ax.get_position()
        spec = figure.add_gridspec(1, 1, left=place.x0, right=place.x1, bottom=place.y0, top=place.y1)[0]
    parts = spec.subgridspec(rows, 1, height_ratios=[1.7, *[1.0] * (rows - 1)])
    ax.set_subplotspec(parts[0])
    return [ax, *(figure.add_subplot(parts[row], sharex=ax) for row in range(1, rows))]


def _draw(ax: Axes, curves: Mapping[str, Curve], alone: bool, color: str) -> None:
    """Draw the curves of one quantity; a curve that is alone on its axis needs no legend."""
    for number, (name, (epochs, values)) in enumerate(curves.items()):
        known = np.isfinite(values)  # validation may be measured in some epochs only
        ax.plot(
            epochs[known],
            values[known],
            label=_NAMES.get(name, shorten(name, 28)).lstrip("_"),  # others that begin with "_" are left out of legends
            color=color or style.LINES[number % len(style.LINES)],
            linestyle="solid" if alone else style.DASHES[number % len(style.DASHES)],
            linewidth=style.LINE,
            marker="o" if known.sum() <= 3 else None,
            markersize=4,
        )
    style.log_scale(ax, np.concatenate([values for _, values in curves.values()]))
    if not alone or set(curves) & set(ERRORS):
        style.legend(ax, loc="best", handlelength=3)


def curve(history: Mapping[str, Sequence[float | None]], name: str) -> Curve:
    """Return the epochs and the values of a part of the history, each of shape (E,), NaN where a value is missing."""
    epochs, values = (
        np.array([math.nan if value is None else value for value in history.get(key, ())], dtype=np.float64)
        for key in ("epoch", name)
    )
    return epochs if len(epochs) == len(values) else np.arange(1.0, len(values) + 1), values
