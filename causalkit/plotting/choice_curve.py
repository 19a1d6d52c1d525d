"""What a method selected itself: the held-out error of every candidate, and the selected one."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from causalkit.core.choice import Choice
from causalkit.core.discovery import Discovery
from causalkit.display.labels import shorten
from causalkit.plotting import style

Array = NDArray[np.float64]
_NAMES = {
    "regularizer.strength": "strength of the penalty",
    "lag": "largest lag in time steps",
    "forecaster.name": "forecaster",
}
_MAX_LABELS = 12  # candidates that have room for a label each
_COLUMNS = 2  # panels in a row
_LETTERS = 56  # of names that have room beside each other
_TURNED_FROM = 5  # so many names stand aslant
_LEGEND_COLUMNS = 2
_SHOW_MEAN_FROM = 0.85  # the error of the mean is drawn where a candidate comes as near as this


def plot_choices(discovery: Discovery) -> tuple[Axes, ...]:
    """Draw a panel for each parameter that the method selected.

    Curves of alternatives that were not used stand in the panel of the same parameter, or in one of their own.

    Returns:
        The axes of each panel; one with a message where nothing was selected.
    """
    panels_of = panels(discovery.choices)
    count = len(panels_of)
    if not count:
        ax = style.new_axes(None, (6.4, 4.2))
        style.message(ax, "no parameter was selected automatically:\neach was given or has its default")
        return (ax,)
    across = min(count, _COLUMNS)
    rows = math.ceil(count / across)
    places = style.new_figure(6.4 * across, 4.2 * rows).subplots(rows, across, squeeze=False).ravel()
    for ax in places[count:]:
        ax.set_axis_off()
    return tuple(
        plot_choice(choice, alternatives=others, ax=ax) for (choice, others), ax in zip(panels_of, places, strict=False)
    )


def panels(choices: Sequence[Choice]) -> list[tuple[Choice, tuple[Choice, ...]]]:
    """Return what a panel shows: a choice, with the curves of alternatives for the same parameter.

    An alternative for a parameter that nothing chose in the end has a panel of its own.
    """
    shown: list[tuple[Choice, tuple[Choice, ...]]] = []
    waiting = [choice for choice in choices if choice.within]
    for choice in choices:
        if not choice.within:
            mine = tuple(other for other in waiting if other.parameter == choice.parameter)
            waiting = [other for other in waiting if other.parameter != choice.parameter]
            shown.append((choice, mine))
    return [*shown, *((other, ()) for other in waiting)]


def plot_choice(choice: Choice, *, alternatives: Sequence[Choice] = (), ax: Axes | None = None) -> Axes:
    """Draw held-out errors of all candidates with bars of one standard error, and mark the chosen one.

    Strengths have a logarithmic scale; lags, and candidates of which one is 0, are drawn at equal distances. Candidates
    with names are points without a curve.

    Args:
        choice: what was chosen, and from what.
        alternatives: choices of the same parameter within parts that were not used; thin grey lines.
        ax: where to draw; default: a new figure.
    """
    ax = style.new_axes(ax, (6.4, 4.2))
    curves = [choice, *(other for other in alternatives if other.labels == choice.labels)]
    scale = _Scale.of(curves)
    for other in curves[1:]:
        _alternative(ax, scale, other)
    words = f"{shorten(choice.name, 30)} {shorten(choice.chosen_label, 30)}"
    if choice.within:
        title = f"Not used: {shorten(choice.within, 30)}, {words}"
        _alternative(ax, scale, choice)
    else:
        title = f"{'Chosen without a truth' if len(choice.candidates) > 1 else 'The only candidate'}: {words}"
        _chosen(ax, scale, choice)
    errors = np.concatenate([np.array(one.held_out_error, dtype=np.float64) for one in curves])
    known = np.isfinite(errors)
    if choice.relative and known.any() and errors[known].max() >= _SHOW_MEAN_FROM:
        ax.axhline(1, color=style.MUTED, linestyle=":", linewidth=1.3, label="forecast by the mean")
    _missing(ax, scale, choice)
    _axes(ax, choice, scale)
    style.log_scale(ax, errors)
    ax.grid(color=style.FAINT, linewidth=0.6, axis="y")
    style.frame(ax)
    rows = style.legend(ax, above=True, ncols=_LEGEND_COLUMNS, handlelength=2.2, numpoints=1)
    style.title(ax, title, legend=rows)
    return ax


@dataclass(frozen=True)
class _Scale:
    """Where candidates are drawn.

    Attributes:
        values: of all curves, in rising order.
        even: at equal distances, not on a logarithmic scale.
        labels: names of the candidates, where they have some.
    """

    values: tuple[float, ...]
    even: bool
    labels: tuple[str, ...] = ()

    @classmethod
    def of(cls, curves: Sequence[Choice]) -> _Scale:
        values = tuple(sorted({value for curve in curves for value in curve.candidates}))
        even = curves[0].parameter == "lag" or bool(curves[0].labels) or values[0] <= 0
        return cls(values, even, curves[0].labels)

    def place(self, value: float) -> float:
        """Return where a candidate is drawn."""
        return float(self.values.index(value)) if self.even else float(value)

    def curve(self, choice: Choice) -> tuple[Array, Array, Array]:
        """Return places, held-out errors and standard errors of the candidates in rising order."""
        order = np.argsort(choice.candidates, kind="stable")
        places = np.array([self.place(value) for value in choice.candidates])
        errors, spread = (np.array(one, dtype=np.float64) for one in (choice.held_out_error, choice.standard_error))
        return places[order], errors[order], np.nan_to_num(spread[order], posinf=0.0)


def _chosen(ax: Axes, scale: _Scale, choice: Choice) -> None:
    """Draw the curve of a choice, and mark its chosen and its best candidate."""
    places, errors, spread = scale.curve(choice)
    known = np.isfinite(errors)
    taken = scale.place(choice.chosen)
    ax.axvline(taken, color=style.VERMILLION, linestyle=style.DASHES[1], linewidth=1.1, zorder=1)
    if known.any():
        ax.errorbar(
            places[known],
            errors[known],
            yerr=spread[known] if spread[known].any() else None,
            color=style.BLUE,
            linestyle="none" if choice.labels else "-",
            linewidth=style.LINE,
            marker="o",
            markersize=6 if choice.labels else 4.5,
            capsize=3.5,
            elinewidth=1.1,
            label="held-out error" + (" ± one standard error" if spread[known].any() else ""),
            zorder=2,
        )
    if math.isfinite(choice.error):
        ax.plot(
            *(taken, choice.error),
            linestyle="none",
            marker="D",
            markersize=9,
            color=style.VERMILLION,
            zorder=4,
            label=f"{'chosen' if len(choice.candidates) > 1 else 'only'}: {shorten(choice.chosen_label, 24)}",
            gid="choice-chosen",
        )
    if choice.best != choice.chosen:
        look: dict[str, Any] = {"markerfacecolor": style.PAPER, "markeredgecolor": style.BLUE, "markeredgewidth": 1.8}
        label = f"lowest error: {shorten(choice.label(choice.best), 24)}"
        best = scale.place(choice.best), dict(choice.tried)[choice.best]
        ax.plot(*best, "o", markersize=8, zorder=3, label=label, gid="choice-lowest", **look)


def _alternative(ax: Axes, scale: _Scale, other: Choice) -> None:
    """Draw the curve of an alternative that was not used."""
    places, errors, _ = scale.curve(other)
    known = np.isfinite(errors)
    ax.plot(
        places[known],
        errors[known],
        color=style.MUTED,
        linestyle="none" if other.labels else "-",
        linewidth=0.9,
        marker="o",
        markersize=2.8,
        label=f"not used: {shorten(other.within, 24)}" + (",\nfirst block only" if other.first_block_only else ""),
        gid="choice-alternative",
        zorder=1.5,
    )


def _missing(ax: Axes, scale: _Scale, choice: Choice) -> None:
    """Mark at the lower border the candidates without a finite error, so that none disappears."""
    places, errors, _ = scale.curve(choice)
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


def _axes(ax: Axes, choice: Choice, scale: _Scale) -> None:
    """Name both axes, and label the candidates by their values or names."""
    values = scale.values
    if not scale.even:
        ax.set_xscale("log")
        room = max((values[-1] / values[0]) ** 0.06, 1.2)
        ax.set_xlim(values[0] / room, values[-1] * room)
    else:
        ax.set_xlim(-0.5, len(values) - 0.5)
    if scale.labels:
        _names(ax, scale.labels)
    else:
        shown = values[:: math.ceil(len(values) / _MAX_LABELS)]
        ax.set_xticks([scale.place(value) for value in shown], [f"{value:g}" for value in shown])
        ax.minorticks_off()
    ax.margins(y=0.12)
    key = shorten(choice.parameter, 40)
    words = f"{_NAMES[choice.parameter]} ({key})" if choice.parameter in _NAMES else key
    if choice.parameter == "lag":
        words = _NAMES["lag"]
    ax.set_xlabel(words, **style.text(style.LABEL))
    ax.set_ylabel("\n".join(textwrap.wrap(shorten(choice.measured, 160), 46)), **style.text(style.LABEL))


def _names(ax: Axes, labels: Sequence[str]) -> None:
    """Write the names of candidates below the axis, long ones in several lines, many of them aslant."""
    if len(labels) >= _TURNED_FROM:
        turned: dict[str, Any] = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"}
        ax.set_xticks(range(len(labels)), [shorten(name, 24) for name in labels], **turned, **style.text(style.SMALL))
        return
    wrapped = ["\n".join(textwrap.wrap(shorten(name, 36), _LETTERS // len(labels))) for name in labels]
    ax.set_xticks(range(len(labels)), wrapped, **style.text(style.SMALL + 1))
