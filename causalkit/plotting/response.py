"""Response curves: how the forecast of an effect changes with its cause."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from causalkit.core.discovery import Discovery
from causalkit.core.response import Response
from causalkit.display.effects import Sign, signs
from causalkit.errors import WrongUsageError
from causalkit.plotting import style
from causalkit.plotting.names import wrapped
from causalkit.plotting.signs import DASHES, color

COLUMNS = 4
_SIDE = 2.6


def plot_response(discovery: Discovery, *, cause: str | None = None, effect: str | None = None) -> Axes:
    """Draw the response curve of one edge, or those of the strongest edges that the result has, one beside the other.

    Args:
        cause, effect: names of the series; default: all curves that are part of the result.

    Returns:
        The axes of the first curve.

    Raises:
        WrongUsageError: one name without the other, or the result has no curve.
        UnknownNameError: there is no such series.
    """
    if (cause is None) != (effect is None):
        raise WrongUsageError("a response curve needs a cause and an effect", "name both, or neither")
    if cause is not None and effect is not None:
        ax = style.new_axes(None, (5.4, 4.2))
        response = discovery.response(cause, effect)
        draw_response(ax, response, _sign(discovery, response))
        return ax
    if not discovery.responses:
        raise WrongUsageError(
            "this result has no response curves", "run causalkit discover again, with a neural method or var"
        )
    columns = min(COLUMNS, len(discovery.responses))
    rows = math.ceil(len(discovery.responses) / columns)
    figure = style.new_figure(_SIDE * 1.15 * columns, _SIDE * rows)
    places = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, response in zip(places, discovery.responses, strict=False):
        draw_response(ax, response, _sign(discovery, response), small=True)
    for ax in places[len(discovery.responses) :]:
        ax.set_axis_off()
    banded = any(response.low is not None for response in discovery.responses)
    words = "Response curves of the strongest edges" + ("; bands are two standard errors wide" if banded else "")
    figure.suptitle(words, **style.text(style.TITLE))
    first: Axes = places[0]
    return first


def _sign(discovery: Discovery, response: Response) -> Sign:
    """Return the sign of the effect whose response is drawn."""
    if discovery.effects is None:
        return "unclear"
    place = discovery.names.index(response.cause), discovery.names.index(response.effect), response.lag - 1
    found: Sign = signs(discovery.effects)[place].item()
    return found


def draw_response(ax: Axes, response: Response, sign: Sign, *, small: bool = False) -> None:
    """Draw one curve with its band; the sign of the effect sets its colour and dashes, as in graphs."""
    if response.low is not None and response.high is not None:
        ax.fill_between(response.grid, response.low, response.high, color=color(sign), alpha=0.2, linewidth=0)
    ax.axhline(0, color=style.MUTED, linewidth=0.8)
    ax.plot(response.grid, response.curve, color=color(sign), linestyle=DASHES[sign], linewidth=style.LINE + 0.4)
    spread = float(np.ptp(response.grid))
    ax.set_xlim(response.grid[0] - 0.02 * spread, response.grid[-1] + 0.02 * spread)
    font = style.SMALL + 0.5 if small else style.LABEL
    cause, effect = wrapped((response.cause, response.effect), 24 if small else 40, 3)
    style.label_axes(ax, f"{cause} at t\N{MINUS SIGN}{response.lag}", f"change of {effect} at t", font)
    if small:
        ax.tick_params(labelsize=style.SMALL)
        between = " " if "\n" not in cause + effect else "\n"
        ax.set_title(f"{cause} \N{RIGHTWARDS ARROW}{between}{effect}", **style.text(style.TICK))
    else:
        style.title(ax, f"Response of {effect} to {cause}")
