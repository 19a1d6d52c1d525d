"""The sign of edges in pictures: blue and solid raises, orange and dashed lowers, purple and dotted is not clear."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import Colormap
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.display.effects import Sign, signs
from causalkit.plotting import style

SIGNS: tuple[Sign, ...] = ("raises", "lowers", "unclear")
DASHES: dict[Sign, Any] = {"raises": "solid", "lowers": (0, (4, 1.6)), "unclear": (0, (1, 1.8))}
WORDS: dict[Sign, str] = {
    "raises": "raises the effect",
    "lowers": "lowers it",
    "unclear": "sign switches or is uncertain",
}


def color(sign: Sign) -> str:
    """Return the colour of a sign in the current theme."""
    return {"raises": style.BLUE, "lowers": style.VERMILLION, "unclear": style.VIOLET}[sign]


def scale(sign: Sign) -> Colormap:
    """Return the scale of scores of edges with this sign."""
    theme = style.theme()
    return style.scale({"raises": theme.scores, "lowers": theme.lowers, "unclear": theme.unclear}[sign])


def pair_signs(discovery: Discovery) -> NDArray[np.str_] | None:
    """Return the sign of every pair (P, P) at the lag of its largest score; None without effects."""
    if discovery.effects is None:
        return None
    pairs = discovery.pairs
    rows, lags = np.arange(len(pairs)), pairs.of(discovery.pair_lags) - 1
    found: NDArray[np.str_] = pairs.array(pairs.of(signs(discovery.effects))[rows, lags], "unclear")
    return found
