"""A result that has scores of candidate pairs only, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from causalkit.display.words import count, span

if TYPE_CHECKING:
    from causalkit.core.discovery import Discovery


def about_candidates(discovery: Discovery) -> tuple[str, ...]:
    """Return a note that says which pairs have no scores; none where all have."""
    if not discovery.sparse:
        return ()
    causes = np.bincount(discovery.pairs.effect, minlength=len(discovery.names))
    of = len(discovery.names) ** 2
    return (
        f"Scores exist for {len(discovery.pairs):,} candidate pairs of {of:,}, {span(causes.tolist())} causes for each "
        "effect. All other pairs have score 0 by construction, whatever the data say",
    )


def possible_edges(discovery: Discovery) -> int:
    """Return the number of cells between different series that have scores."""
    return int(discovery.pairs.apart.sum()) * discovery.lags


def selected_edges(discovery: Discovery) -> str:
    """Return how many edges were selected, and in how many pairs where some pairs were selected at several lags."""
    if discovery.selected is None:
        return count(0, "edge")
    cells = discovery.pairs.of(discovery.selected)
    edges, pairs = int(cells.sum()), int(cells.any(axis=1).sum())
    return count(edges, "edge") if edges == pairs else f"{count(edges, 'edge')} in {count(pairs, 'pair')} of series"
