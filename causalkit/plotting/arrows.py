"""Arrows in the look of what is known about an edge, and the legends that explain colour and width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path

from causalkit.display.formats import score
from causalkit.plotting import style
from causalkit.plotting.chosen import MAX_MISSED, Chosen, Drawn, Verdict
from causalkit.plotting.signs import DASHES, SIGNS, WORDS, color

Point = tuple[float, float]

_DASHES: dict[Verdict, Any] = {
    "unknown": "solid",
    "true": "solid",
    "false": (0, (4, 1.6)),
    "missed": (0, (1, 1.8)),
}
_HEAD_SHARE = 0.4  # length and width of a head, as a share of the scale that matplotlib takes
_SHARES = (1.0, 0.5, 0.2)  # of the largest score, in the legend of widths


def _verdict_color(verdict: Verdict) -> str:
    return {"false": style.VERMILLION, "missed": style.MUTED}.get(verdict, style.BLUE)


@dataclass(frozen=True)
class Arrows:
    """Draws the edges of one picture.

    Attributes:
        ax: the picture.
        strongest: largest score, which gets the widest arrow.
        scale: of widths, for crowded pictures.
        gap: points that straight arrows stay away from their ends.
    """

    ax: Axes
    strongest: float
    scale: float = 1.0
    gap: float = 0.0

    def straight(self, edge: Drawn, start: Point, end: Point, *, gid: str) -> None:
        """Draw one edge from ``start`` to ``end`` in data coordinates.

        Args:
            gid: name of the arrow in an .svg file.
        """
        look = self._look(edge, self.head(edge))
        self._add(FancyArrowPatch(start, end, shrinkA=self.gap, shrinkB=self.gap, **look), gid)

    def curved(self, edge: Drawn, points: Sequence[Point], *, gid: str, head: float | None = None) -> None:
        """Draw one edge along a quadratic Bézier curve (three points), or cubic ones (3 n + 1 points).

        Args:
            points: from the border of the cause to that of the effect, in data coordinates.
            head: length of the head in points; default: by the score.
        """
        quadratic = len(points) == 3
        codes = [Path.MOVETO, *([Path.CURVE3 if quadratic else Path.CURVE4] * (len(points) - 1))]
        self._add(FancyArrowPatch(path=Path(points, codes), **self._look(edge, head or self.head(edge))), gid)

    def head(self, edge: Drawn) -> float:
        """Return the length of an arrow's head in points, which is also its width."""
        missed, strength = edge.verdict == "missed", edge.score / self.strongest
        return _HEAD_SHARE * (9 if missed else 10 + 7 * strength) * max(self.scale, 0.6) * style.smaller()

    def width(self, strength: float) -> float:
        """Return the width of the line of an edge with this share of the largest score."""
        return (0.8 + 2.6 * strength) * self.scale * style.smaller()

    def opacity(self, strength: float) -> float:
        """Return how dark the line is."""
        return 0.55 + 0.45 * strength

    def _look(self, edge: Drawn, head: float) -> dict[str, Any]:
        missed, strength = edge.verdict == "missed", edge.score / self.strongest
        return {
            "arrowstyle": "-|>",
            "mutation_scale": head / _HEAD_SHARE,
            "linewidth": 1.1 * self.scale if missed else self.width(strength),
            "linestyle": _DASHES[edge.verdict] if edge.sign is None else DASHES[edge.sign],
            "color": _verdict_color(edge.verdict) if edge.sign is None else color(edge.sign),
            "alpha": 0.75 if missed else self.opacity(strength),
            "capstyle": "butt",
            "joinstyle": "miter",
            "zorder": 2 if missed else 3 + strength,
            "clip_on": False,
        }

    def _add(self, arrow: FancyArrowPatch, gid: str) -> None:
        arrow.set_gid(gid)
        self.ax.add_patch(arrow)

    def explain_widths(self, *, lags: bool = False, below: float = 0.0) -> None:
        """Add the legend of widths below the picture.

        Args:
            lags: say that numbers on arrows are lags.
            below: points below the axes.
        """
        ink = style.BLUE
        handles = [
            Line2D([], [], color=ink, alpha=self.opacity(share), linewidth=self.width(share), label=label)
            for share, label in ((one, score(one * self.strongest)) for one in _SHARES)
        ]
        handles[0].set_label(f"score {handles[0].get_label()}")
        if lags:
            handles.append(Line2D([], [], linestyle="", marker="$2$", markersize=6, color=style.INK, label="lag"))
        style.legend(self.ax, below=below, handles=handles)


def explain_signs(ax: Axes, chosen: Chosen) -> int:
    """Add the legend of signs, with the number of edges of each, above the picture; return its lines."""
    counts = {sign: sum(edge.sign == sign for edge in chosen.edges) for sign in SIGNS}
    handles = [
        Line2D([], [], color=color(sign), linestyle=DASHES[sign], linewidth=2, label=f"{WORDS[sign]} ({number})")
        for sign, number in counts.items()
        if number
    ]
    return style.legend(ax, above=True, handles=handles)


def explain(ax: Axes, chosen: Chosen, *, selected: bool, lag_known: bool = True) -> int:
    """Add the legend of true, false and missed edges, with their numbers, above the picture; return its lines.

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
    handles = [
        Line2D([], [], color=_verdict_color(verdict), linestyle=_DASHES[verdict], linewidth=2, label=label)
        for verdict, label in entries
    ]
    return style.legend(ax, above=True, handles=handles)
