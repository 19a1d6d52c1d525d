"""Parameters that a method selected itself: the held-out error of every candidate, and the selected one."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from causalkit.core.choice import Choice
from causalkit.core.discovery import Discovery
from causalkit.display.labels import shorten
from causalkit.plotting import style

_NAMES = {"regularizer.strength": "strength of the penalty", "lag": "largest lag in time steps"}
_MAX_LABELS = 12  # candidates that have room for a label each
_COLUMNS = 2  # panels in a row
_SHOW_MEAN_FROM = 0.85  # the error of the mean is drawn where a candidate comes as near as this


def plot_choices(discovery: Discovery) -> tuple[Axes, ...]:
    """Draw a panel for each parameter that the method selected.

    Returns:
        The axes of each panel; one with a message where nothing was selected.
    """
    count = len(discovery.choices)
    if not count:
        ax = style.new_axes(None, (6.4, 4.2))
        style.message(ax, "no parameter was selected automatically:\neach was given or has its default")
        return (ax,)
    across = min(count, _COLUMNS)
    rows = math.ceil(count / across)
    panels = style.new_figure(6.4 * across, 4.2 * rows).subplots(rows, across, squeeze=False).ravel()
    for ax in panels[count:]:
        ax.set_axis_off()
    return tuple(plot_choice(choice, ax=ax) for choice, ax in zip(discovery.choices, panels, strict=False))


def plot_choice(choice: Choice, *, ax: Axes | None = None) -> Axes:
    """Draw held-out errors of all candidates with bars of one standard error, and mark the chosen one.

    Strengths have a logarithmic scale; lags, and candidates of which one is 0, are drawn at equal distances.

    Args:
        choice: what was chosen, and from what.
        ax: where to draw; default: a new figure.
    """
    ax = style.new_axes(ax, (6.4, 4.2))
    order = np.argsort(choice.candidates, kind="stable")
    values = np.array(choice.candidates, dtype=np.float64)[order]
    errors = np.array(choice.held_out_error, dtype=np.float64)[order]
    spread = np.nan_to_num(np.array(choice.standard_error, dtype=np.float64)[order], posinf=0.0)
    even = choice.parameter == "lag" or bool((values <= 0).any())
    places = np.arange(len(values), dtype=np.float64) if even else values
    known = np.isfinite(errors)
    taken = int(np.flatnonzero(values == choice.chosen)[0])
    style.title(ax, f"Chosen without a truth: {shorten(choice.name, 30)} {choice.chosen:g}")
    ax.axvline(places[taken], color=style.VERMILLION, linestyle=style.DASHES[1], linewidth=1.1, zorder=1)
    if known.any():
        _curve(ax, places[known], errors[known], spread[known])
    if known[taken]:
        ax.plot(
            *(places[taken], errors[taken]),
            linestyle="none",
            marker="D",
            markersize=9,
            color=style.VERMILLION,
            zorder=4,
            label=f"chosen: {choice.chosen:g}",
            gid="choice-chosen",
        )
    if choice.best != choice.chosen:
        best = int(np.flatnonzero(values == choice.best)[0])
        look: dict[str, Any] = {"markerfacecolor": "white", "markeredgecolor": style.BLUE, "markeredgewidth": 1.8}
        label = f"lowest error: {choice.best:g}"
        ax.plot(places[best], errors[best], "o", markersize=8, zorder=3, label=label, gid="choice-lowest", **look)
    if choice.relative and known.any() and errors[known].max() >= _SHOW_MEAN_FROM:
        ax.axhline(1, color=style.MUTED, linestyle=":", linewidth=1.3, label="forecast by the mean")
    _missing(ax, places, errors)
    _axes(ax, choice, values, places, even)
    style.log_scale(ax, errors)
    ax.grid(color=style.FAINT, linewidth=0.6, axis="y")
    style.frame(ax)
    style.legend(ax, loc="best", handlelength=2.2)
    return ax


def _curve(ax: Axes, places: np.ndarray, errors: np.ndarray, spread: np.ndarray) -> None:
    ax.errorbar(
        places,
        errors,
        yerr=spread if spread.any() else None,
        color=style.BLUE,
        linewidth=style.LINE,
        marker="o",
        markersize=4.5,
        capsize=3.5,
        elinewidth=1.1,
        label="held-out error" + (" ± one standard error" if spread.any() else ""),
        zorder=2,
    )


def _missing(ax: Axes, places: np.ndarray, errors: np.ndarray) -> None:
    """Mark at the lower border the candidates without a finite error, so that none disappears."""
    marks = (("not tried", np.isnan(errors), "x"), ("error not finite", np.isinf(errors), "^"))
    for words, where, marker in marks:
        if where.any():
            low = np.full(int(where.sum()), 0.02)
            ax.plot(
                *(places[where], low),
                transform=ax.get_xaxis_transform(),
                linestyle="none",
                marker=marker,
                color=style.MUTED,
                label=f"{words} ({where.sum()})",
            )


def _axes(ax: Axes, choice: Choice, values: np.ndarray, places: np.ndarray, even: bool) -> None:
    """Name both axes, and label the candidates by their values."""
    if not even:
        ax.set_xscale("log")
        low, high = places.min(), places.max()
        room = max((high / low) ** 0.06, 1.2)
        ax.set_xlim(low / room, high * room)
    else:
        ax.set_xlim(-0.5, len(places) - 0.5)
    every = math.ceil(len(values) / _MAX_LABELS)
    ax.set_xticks(places[::every], [f"{value:g}" for value in values[::every]])
    ax.minorticks_off()
    ax.margins(y=0.12)
    key = shorten(choice.parameter, 40)
    words = f"{_NAMES[choice.parameter]} ({key})" if choice.parameter in _NAMES else key
    if choice.parameter == "lag":
        words = _NAMES["lag"]
    ax.set_xlabel(words, **style.text(style.LABEL))
    ax.set_ylabel("\n".join(textwrap.wrap(shorten(choice.measured, 160), 46)), **style.text(style.LABEL))
