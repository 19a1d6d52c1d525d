"""The part of a discovery with candidate pairs that has room in a picture: the series of its strongest edges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from causalkit.core.discovery import Discovery
from causalkit.core.effects import BY_LAG, BY_SERIES
from causalkit.core.truth import Truth

MOST = 60
"""Series that have room."""


def strongest_part(discovery: Discovery, truth: Truth | None) -> tuple[Discovery, Truth | None]:
    """Return the discovery and the truth of at most `MOST` series, in their order, with scores of all their pairs.

    Selected edges come first, then the strongest ones between different series.
    """
    pairs = discovery.pairs
    scores = np.where(pairs.apart, pairs.of(discovery.pair_scores), 0.0)
    chosen = discovery.pair_selected
    first = np.zeros(len(pairs), dtype=bool) if chosen is None else pairs.of(chosen) & pairs.apart
    rows = np.lexsort((-scores, ~first))[:MOST]
    series: list[int] = []
    for row in rows[scores[rows] > 0]:
        new = [end for end in (int(pairs.cause[row]), int(pairs.effect[row])) if end not in series]
        if len(series) + len(new) > MOST:
            break
        series += new
    shown = np.array(sorted(series) or range(min(MOST, len(discovery.names))), dtype=np.intp)
    cause, effect = shown[:, None], shown[None, :]
    effects = discovery.effects
    if effects is not None:
        known = {name: values[cause, effect] for name in BY_LAG if (values := getattr(effects, name)) is not None}
        effects = replace(effects, **known, **{name: getattr(effects, name)[shown] for name in BY_SERIES})
    names = tuple(discovery.names[one] for one in shown)
    part = Discovery(
        names=names,
        scores=discovery.scores[cause, effect],
        selected=None if discovery.selected is None else discovery.selected[cause, effect],
        effects=effects,
        method=discovery.method,
    )
    if truth is None:
        return part, None
    truth = truth.align(discovery.names)
    lags = None if truth.lags is None else truth.lags[cause, effect]
    return part, Truth(names, truth.edges[cause, effect], lags, truth.source)


def about_part(shown: int, series: int) -> str:
    """Return which series a picture shows, for its title."""
    return f"{shown} of {series:,} series, those of the strongest edges"
