"""The edges that a picture of a graph draws, and its subtitle: the selected ones, otherwise the strongest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from causalkit.core.discovery import Discovery
from causalkit.core.plain import is_whole
from causalkit.core.truth import Truth
from causalkit.display.effects import Sign, signs
from causalkit.display.words import count
from causalkit.errors import WrongUsageError

Verdict = Literal["unknown", "true", "false", "missed"]
MAX_EDGES = 300  # more arrows cannot be distinguished
MANY_SERIES = 40
MOST_OF_MANY_SERIES = 150  # arrows among so many series
MOST_OF_MANY = 60  # of series that are too many for a picture of all
MAX_MISSED = 60  # more dotted lines hide what was found


@dataclass(frozen=True)
class Drawn:
    """One edge of a picture; ``lag`` is the strongest one where the picture has no lags; ``sign`` is of its effect."""

    cause: int
    effect: int
    lag: int
    score: float
    verdict: Verdict = "unknown"
    sign: Sign | None = None


@dataclass(frozen=True)
class Chosen:
    """Edges of a picture, weakest first so that strong ones lie on top.

    Attributes:
        edges: found by the discovery.
        missed: true edges that are not among them.
        lost: number of true edges at lags that the discovery does not have.
        title: which edges these are.
    """

    edges: tuple[Drawn, ...]
    missed: tuple[Drawn, ...]
    lost: int
    title: str

    @property
    def strongest(self) -> float:
        """The largest score, or 1 where there is none."""
        return max((edge.score for edge in self.edges), default=0.0) or 1.0

    @property
    def drawn(self) -> tuple[Drawn, ...]:
        """Edges to draw: missed ones first, unless there are too many of them."""
        return (*(self.missed if len(self.missed) <= MAX_MISSED else ()), *self.edges)

    @property
    def signed(self) -> bool:
        """Are edges painted by the sign of their effects?"""
        return any(edge.sign is not None for edge in self.edges)

    @property
    def series(self) -> set[int]:
        """Series with an edge in the picture."""
        return {end for edge in self.drawn for end in (edge.cause, edge.effect)}


def choose_edges(
    discovery: Discovery, truth: Truth | None, *, top: int | None, self_edges: bool | None, lagged: bool
) -> Chosen:
    """Return the edges to draw.

    Args:
        top: number of edges; default: all selected ones, or the 2 P strongest and at most 40; at most 150 among more
            than 40 series.
        self_edges: draw edges from a series to itself; default: only where one was selected, because the
            strongest scores are nearly always those of a series with its own past.
        lagged: one edge for each lag, not one for each pair.

    Raises:
        WrongUsageError: ``top`` is no whole number, or below 1.
    """
    if top is not None and (not is_whole(top) or top < 1):
        raise WrongUsageError(f"top={top!r} is not allowed", "draw at least 1 edge; top is a whole number")
    pairs, size = discovery.pairs, len(discovery.names)
    all_scores = pairs.of(discovery.scores)
    lags = all_scores.argmax(axis=1)
    scores = all_scores if lagged else all_scores.max(axis=1, keepdims=True)
    selected = None if discovery.selected is None else pairs.of(discovery.selected)
    if selected is not None and not lagged:
        selected = selected.any(axis=1, keepdims=True)
    with_self = self_edges
    if with_self is None:
        with_self = selected is not None and bool(selected[~pairs.apart].any())
    allowed = np.ones(scores.shape, dtype=bool)
    if not with_self:
        allowed[~pairs.apart] = False
    pool = allowed & (scores > 0 if selected is None else selected)
    most = MOST_OF_MANY if discovery.sparse else MOST_OF_MANY_SERIES if size > MANY_SERIES else MAX_EDGES
    limit = top or (most if selected is not None else min(2 * size, 40))
    places = np.argwhere(pool)
    order = np.argsort(-scores[pool], kind="stable")[:limit]
    title = _title(len(order), len(places), int(allowed.sum()), selected is not None, with_self)
    known_signs = None if discovery.effects is None or truth is not None else pairs.of(signs(discovery.effects))

    def drawn(row: int, position: int, verdict: Verdict) -> Drawn:
        lag = position if lagged else int(lags[row])
        sign = None if known_signs is None else known_signs[row, lag].item()
        ends = int(pairs.cause[row]), int(pairs.effect[row])
        return Drawn(*ends, lag + 1, float(scores[row, position]), verdict, sign)

    edges = places[order[::-1]].tolist()
    if truth is None:
        return Chosen(tuple(drawn(row, position, "unknown") for row, position in edges), (), 0, title)
    truth = truth.align(discovery.names)
    known = truth.lags_up_to(discovery.lags) if lagged else None

    def verdict(row: int, position: int) -> Verdict:
        pair = pairs.cause[row], pairs.effect[row]  # a truth without lags counts for every lag
        return "true" if (truth.edges[pair] if known is None else known[(*pair, position)]) else "false"

    drawn_edges = tuple(drawn(row, position, verdict(row, position)) for row, position in edges)
    if lagged and truth.lags is None:  # the missed lags are unknown
        return Chosen(drawn_edges, (), 0, title)
    found = {(edge.cause, edge.effect, edge.lag - 1 if lagged else 0) for edge in drawn_edges}
    pair_lags = discovery.pair_lags
    missed, by_place = [], discovery.scores if lagged else discovery.pair_scores
    for cause, effect, position in np.argwhere(truth.edges[:, :, None] if known is None else known).tolist():
        if (cause, effect, position) in found or (cause == effect and not with_self):
            continue
        lag = position if lagged else int(pair_lags[cause, effect]) - 1
        score = float(by_place[(cause, effect, position)[: 2 + lagged]])
        missed.append(Drawn(cause, effect, lag + 1, score, "missed"))
    lost = int(truth.lags[:, :, discovery.lags :].sum()) if lagged and truth.lags is not None else 0
    return Chosen(drawn_edges, tuple(missed), lost, title)


def _title(drawn: int, pool: int, possible: int, selected: bool, with_self: bool) -> str:
    left_out = "" if with_self else ", self-edges left out"
    if selected:
        if not pool:
            return f"no edge was selected{left_out}"
        edges = count(pool, "selected edge")
        return f"{edges}{left_out}" if drawn == pool else f"the {drawn} strongest of {edges}{left_out}"
    if not pool:
        return f"no score is above zero{left_out}"
    return f"the {drawn} strongest of {possible} candidates, none selected{left_out}"
