"""The themes of pictures: light, dark and grey.

The colours of the light theme are those of Okabe and Ito, which readers with any common colour blindness can
distinguish; a line style or a shape always repeats what a colour means. The grey theme is for printers without colours.
Imports no matplotlib.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

Colors = tuple[str, ...]


@dataclass(frozen=True)
class Theme:
    """Colours by what they are for; scales run from no score to the largest."""

    paper: str
    ink: str
    muted: str
    faint: str
    node: str
    blue: str
    vermillion: str
    green: str
    purple: str
    sky: str
    orange: str
    violet: str
    scores: Colors
    lowers: Colors
    unclear: Colors
    default: bool = False

    @property
    def lines(self) -> Colors:
        """Colours of curves in the order of their use."""
        return (self.blue, self.vermillion, self.green, self.purple, self.orange, self.sky)

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of matplotlib for all parts that a picture does not paint itself; none for the default theme."""
        if self.default:
            return {}
        return {
            "figure.facecolor": self.paper,
            "axes.facecolor": self.paper,
            "legend.facecolor": self.paper,
            "text.color": self.ink,
            "axes.labelcolor": self.ink,
            "axes.edgecolor": self.muted,
            "xtick.color": self.muted,
            "ytick.color": self.muted,
        }


_LIGHT = Theme(
    paper="#ffffff",
    ink="#202124",
    muted="#5f6368",
    faint="#d9dce1",
    node="#f1f4f8",
    blue="#0072B2",
    vermillion="#D55E00",
    green="#009E73",
    purple="#CC79A7",
    sky="#56B4E9",
    orange="#E69F00",
    violet="#6A51A3",
    scores=("#f7fbff", "#c6dbef", "#6baed6", "#2171b5", "#08306b"),
    lowers=("#fff5eb", "#fdd0a2", "#fd8d3c", "#d94801", "#7f2704"),
    unclear=("#fcfbfd", "#dadaeb", "#9e9ac8", "#6a51a3", "#3f007d"),
    default=True,
)

THEMES: dict[str, Theme] = {
    "light": _LIGHT,
    "dark": Theme(
        paper="#16181c",
        ink="#eceff4",
        muted="#a2a9b4",
        faint="#3a3f47",
        node="#262a31",
        blue="#56B4E9",
        vermillion="#FF9650",
        green="#2BD3A2",
        purple="#E59CC4",
        sky="#9AD4F5",
        orange="#F0B840",
        violet="#B9A5F0",
        scores=("#1b1e23", "#15405f", "#1f77ad", "#56B4E9", "#dff1fd"),
        lowers=("#1b1e23", "#5a2a08", "#b4540f", "#FF9650", "#ffe9d9"),
        unclear=("#1b1e23", "#3b3060", "#7560bd", "#B9A5F0", "#f0ebff"),
    ),
    "grey": replace(
        _LIGHT,
        blue="#111111",
        vermillion="#6e6e6e",
        green="#3d3d3d",
        purple="#8c8c8c",
        sky="#aaaaaa",
        orange="#555555",
        violet="#8c8c8c",
        ink="#111111",
        muted="#5c5c5c",
        faint="#dcdcdc",
        node="#f3f3f3",
        scores=("#ffffff", "#d9d9d9", "#969696", "#525252", "#000000"),
        lowers=("#ffffff", "#d9d9d9", "#969696", "#525252", "#000000"),
        unclear=("#ffffff", "#d9d9d9", "#969696", "#525252", "#000000"),
        default=False,
    ),
}
