"""The picture of a robustness report: errors, and stability of the graph, against epsilon."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from causalkit.plotting import save_figure, shorten, style
from causalkit_robust.robustness import Level, Perturbed, Robustness

SIZE = (9.6, 4.4)
_NAMES = {"pgd": "PGD", "fgsm": "FGSM", "noise": "noise"}
Read = Callable[[Perturbed], float | None]


def plot_robustness(report: Robustness, path: str | Path) -> Path:
    """Write the picture in the format that the suffix names.

    Raises:
        WrongUsageError: the suffix is none of causalkit's, or the folder cannot be written.
    """
    return save_figure(figure(report), path)


def figure(report: Robustness) -> Figure:
    """Return the picture: left the forecast error, right what is left of the graph."""
    whole = style.new_figure(*SIZE)
    left, right = whole.subplots(1, 2)
    _errors(left, report)
    _graphs(right, report)
    per = {"window": "each window by itself", "step": "one perturbation a time step"}[report.threat.per]
    named = f"{report.method} under {_NAMES[report.threat.attack]}, {per}\n{shorten(report.data, 80)}"
    whole.suptitle(named, **style.text(style.LABEL))
    return whole


def _errors(ax: Axes, report: Robustness) -> None:
    at = [level.epsilon for level in report.levels]
    aimed = report.threat.attack != "noise"
    if aimed:
        attack = [report.clean_error, *(level.attack.error for level in report.levels)]
        _draw(ax, [0, *at], attack, _NAMES[report.threat.attack], style.LINES[1], "solid", 1)
    noise = [report.clean_error, *(level.noise.error for level in report.levels)]
    _draw(ax, [0, *at], noise, "noise of that size" if aimed else "noise", style.LINES[0], style.DASHES[1], 0)
    bound = [report.clean_error, *(report.clean_error + level.bound_increase for level in report.levels)]
    highest = max(max(level.attack.error, level.noise.error) for level in report.levels)
    ax.plot(
        [0, *at], bound, color=style.MUTED, linestyle=style.DASHES[2], linewidth=style.LINE, label="first-order bound"
    )
    ax.axhline(report.clean_error, color=style.MUTED, linewidth=0.9, label=f"clean: {report.clean_error:.3g}")
    # The bound grows with the square of epsilon, and would press everything else to the ground.
    ax.set_ylim(0, 1.25 * max(highest, min(bound[-1], 1.6 * highest)))
    _finish(ax, "held-out forecast error", "Forecast error", "upper left")


def _graphs(ax: Axes, report: Robustness) -> None:
    parts: list[tuple[str, Read, int]] = [
        ("graph of a window, correlation", lambda found: found.graph_correlation, 0),
        (f"refitted graph, Jaccard of {report.k} pairs", lambda found: found.refit_jaccard, 1),
        ("refitted graph, AUROC", lambda found: found.refit_auroc, 2),
    ]
    for label, read, place in parts:
        _stability(ax, report.levels, label, read, place, start=report.auroc if place == 2 else 1.0)
    ax.plot([], [], color=style.MUTED, linestyle=style.DASHES[1], linewidth=style.LINE, label="the same under noise")
    ax.set_ylim(-0.03, 1.05)
    _finish(ax, "likeness to the unperturbed graph, or AUROC", "Stability of the graph", "lower left")


def _stability(ax: Axes, levels: tuple[Level, ...], label: str, read: Read, place: int, start: float | None) -> None:
    for part, dash, name in (("attack", "solid", label), ("noise", style.DASHES[1], None)):
        values = [read(getattr(level, part)) for level in levels]
        if start is None or None in values:
            return
        _draw(ax, [0, *(level.epsilon for level in levels)], [start, *values], name, style.LINES[place], dash, place)


def _draw(ax: Axes, x: list[float], y: list[float], label: str | None, color: str, dash: object, place: int) -> None:
    ax.plot(
        x, y, color=color, linestyle=dash, linewidth=style.LINE + 0.2, marker="os^"[place], markersize=4.5, label=label
    )


def _finish(ax: Axes, quantity: str, title: str, place: str) -> None:
    ax.set_xlim(left=0)
    style.title(ax, title)
    ax.set_xlabel("ε, in training standard deviations", **style.text(style.LABEL))
    ax.set_ylabel(quantity, **style.text(style.LABEL))
    ax.grid(color=style.FAINT, linewidth=0.6)
    style.frame(ax)
    style.legend(ax, loc=place, handlelength=2.6)
