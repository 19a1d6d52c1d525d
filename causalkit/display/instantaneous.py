"""Same-step links in words and lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from causalkit.display.effects import signed
from causalkit.display.formats import p_value
from causalkit.display.labels import labels
from causalkit.display.tables import aligned

if TYPE_CHECKING:
    from causalkit.core.discovery import Discovery
    from causalkit.core.effects import Effects
    from causalkit.core.instantaneous import Instantaneous

LEVEL = 0.05
MOST = 5
"""Pairs that a terminal and a notebook show."""
WEAK = 0.02
"""Share of the variance of a series below which a same-step link does not count as strong."""
MEANING = (
    "Two series share something within one step that neither the past nor the other series explain. "
    "The direction cannot be seen"
)
Row = tuple[str, str, str, str]
"""First series, second series, partial correlation, q-value."""


def rows(discovery: Discovery, top: int, width: int) -> tuple[list[Row], int]:
    """Return the strongest same-step pairs that pass at `LEVEL`, and how many pass."""
    if (links := discovery.instantaneous) is None:
        return [], 0
    first, second = links.pairs(LEVEL)
    shown, q_values = labels(discovery.names, width), links.q_values()
    found = [
        (shown[i], shown[j], signed(float(links.partial_correlations[i, j])), p_value(float(q_values[i, j])))
        for i, j in zip(first[:top], second[:top], strict=True)
    ]
    return found, len(first)


def heading(shown: int, passing: int) -> str:
    """Return the line above a table of same-step pairs."""
    of = "" if shown == passing else f", {shown} of {passing}"
    return f"Pairs linked within the same step, without a direction (false share up to {LEVEL:g}{of})"


def listing(discovery: Discovery, top: int = MOST) -> list[str]:
    """Return a heading and a line for each of the strongest pairs; nothing where no pair passes."""
    found, passing = rows(discovery, top, width=32)
    if not found:
        return []
    table = [[first, "--", second, f" partial correlation {size}", f" q {q}"] for first, second, size, q in found]
    return [f"{heading(len(found), passing)}:", *(f"  {line}" for line in aligned(table))]


def about_sampling(links: Instantaneous | None, share: NDArray[np.float64], effects: Effects) -> tuple[str, ...]:
    """Return a note where same-step links explain more than the past of other series does.

    Args:
        share: of the variance of each series, what the past leaves, (P,).
        effects: of the past; those within two standard errors of 0 do not count.
    """
    if links is None:
        return ()
    first, second = links.pairs(LEVEL)
    explained = links.partial_correlations[first, second] ** 2 * (share[first] + share[second]) / 2
    strong = explained >= WEAK
    pairs = effects.pairs
    mean = pairs.of(effects.mean)
    size = mean**2
    if effects.standard_errors is not None:
        size = np.where(np.abs(mean) > 2 * pairs.of(effects.standard_errors), size, 0.0)
    lagged = np.where(pairs.apart, size.sum(axis=1), 0.0)
    if not strong.any() or 2 * explained[strong].sum() <= lagged.sum():
        return ()
    number = int(strong.sum())
    links_are = "1 same-step link is" if number == 1 else f"{number} same-step links together are"
    return (
        f"{links_are} stronger than all edges from the past of other series, up to lag {effects.mean.shape[2]}: "
        "effects may be faster than one time step, something that was not recorded may drive several series, or the "
        "method misses a part of the past. Record more often, add the missing series, or compare with another method. "
        "The direction of these links stays open",
    )
