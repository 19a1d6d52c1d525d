"""Arrows between points, in the look of what is known about the edge, and the legend that explains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch

from causalkit.plotting import style
from causalkit.plotting.chosen import MAX_MISSED, Chosen, Drawn, Verdict
from causalkit.plotting.signs import COLORS, DASHES, SIGNS, WORDS

Point = tuple[float, float]

_COLORS: dict[Verdict, str] = {
    "unknown": style.BLUE,
    "true": style.BLUE,
    "false": style.VERMILLION,
    "missed": style.MUTED,
}
_DASHES: dict[Verdict, Any] = {
    "unknown": "solid",
    "true": "solid",
    "false": (0, (4, 1.6)),
    "missed": (0, (1, 1.8)),
}


@dataclass(frozen=True)
class Arrows:
    """Draws the edges of one picture.

    Attributes:
        ax: the picture.
        strongest: largest score, which gets the widest arrow.
        scale: of widths, for crowded pictures.
        gap: points that the heads stay away from their ends.
    """

    ax: Axes
    strongest: float
    scale: float = 1.0
    gap: float = 0.0

    def add(self, edge: Drawn, start: Point, end: Point, *, bend: float, gid: str) -> None:
        """Draw one edge from ``start`` to ``end`` in data coordinates; its score sets width and opacity.

        Args:
            bend: how far the arrow bends to one side, as a share of its length; opposite arrows bend apart.
            gid: name of the arrow in an .svg file.
        """
        missed, strength = edge.verdict == "missed", edge.score / self.strongest
        arrow = FancyArrowPatch(
            start,
            end,
            connectionstyle=f"arc3,rad={bend}",
            arrowstyle="-|>",
            shrinkA=0,
            shrinkB=self.gap,
            mutation_scale=(8 if missed else 8 + 7 * strength) * max(self.scale, 0.75),
            linewidth=(1.1 if missed else 0.9 + 2.3 * strength) * self.scale,
            linestyle=_DASHES[edge.verdict] if edge.sign is None else DASHES[edge.sign],
            color=_COLORS[edge.verdict] if edge.sign is None else COLORS[edge.sign],
            alpha=0.75 if missed else 0.6 + 0.4 * strength,
            capstyle="butt",
            joinstyle="miter",
            zorder=2 if missed else 3 + strength,
            clip_on=False,
        )
        arrow.set_gid(gid)
        self.ax.add_patch(arrow)


def explain_signs(ax: Axes, chosen: Chosen) -> None:
    """Add the legend of signs, with the number of edges of each, above the picture."""
    counts = {sign: sum(edge.sign == sign for edge in chosen.edges) for sign in SIGNS}
    handles = [
        Line2D([], [], color=COLORS[sign], linestyle=DASHES[sign], linewidth=2, label=f"{WORDS[sign]} ({number})")
        for sign, number in counts.items()
        if number
    ]
    style.legend(ax, above=True, handles=handles)


def explain(ax: Axes, chosen: Chosen, *, selected: bool, lag_known: bool = True) -> None:
    """Add the legend of true, false and missed edges, with their numbers, above the picture.

    Args:
        selected: edges were selected; otherwise a true edge that is not among the strongest does not count as missed.
        lag_known: the truth says at which lag its edges act, or the picture does not ask.
    """
    true = sum(edge.verdict == "true" for edge in chosen.edges)
    missed = len(chosen.missed)
    entries: list[tuple[Verdict, str]] = [
        ("true", f"true ({true})" if lag_known else f"true pair, lag not known ({true})"),
        ("false", f"false ({len(chosen.edges) - true})"),
    ]
    if lag_known:
        hidden = "" if missed <= MAX_MISSED else ", not drawn"
        entries.append(("missed", f"{'missed' if selected else 'true, not among them'}{hidden} ({missed})"))
    handles = [Line2D([], [], color=_COLORS[v], linestyle=_DASHES[v], linewidth=2, label=label) for v, label in entries]
    style.legend(ax, above=True, handles=handles)
