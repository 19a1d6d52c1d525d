"""A result that has scores of candidate pairs only, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from causalkit.display.words import span

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
