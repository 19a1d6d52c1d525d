"""The edges that a picture of a graph draws, and its subtitle: the selected ones, otherwise the strongest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.core.truth import Truth
from causalkit.display.effects import Sign, signs
from causalkit.display.words import count
from causalkit.errors import WrongUsageError

Verdict = Literal["unknown", "true", "false", "missed"]
MAX_EDGES = 300  # more arrows cannot be distinguished
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
        top: number of edges; default: all selected ones, or the 2 P strongest and at most 40.
        self_edges: draw edges from a series to itself; default: only where one was selected, because the
            strongest scores are nearly always those of a series with its own past.
        lagged: one edge for each lag, not one for each pair.

    Raises:
        WrongUsageError: ``top`` is below 1.
    """
    if top is not None and top < 1:
        raise WrongUsageError(f"a picture of the {top} strongest edges is empty", "top is at least 1")
    size = len(discovery.names)
    scores = discovery.scores if lagged else discovery.pair_scores[:, :, None]
    selected = discovery.selected
    if not lagged and discovery.pair_selected is not None:
        selected = discovery.pair_selected[:, :, None]
    with_self = self_edges
    if with_self is None:
        with_self = selected is not None and bool(selected[np.arange(size), np.arange(size)].any())
    allowed = np.ones(scores.shape, dtype=bool)
    if not with_self:
        allowed[np.arange(size), np.arange(size)] = False
    pool = allowed & (scores > 0 if selected is None else selected)
    limit = top or (MAX_EDGES if selected is not None else min(2 * size, 40))
    places = np.argwhere(pool)
    order = np.argsort(-scores[pool], kind="stable")[:limit]
    title = _title(len(order), len(places), int(allowed.sum()), selected is not None, with_self)
    lags = None if lagged else discovery.pair_lags
    known_signs = None if discovery.effects is None or truth is not None else signs(discovery.effects)

    def drawn(place: NDArray[np.intp], verdict: Verdict) -> Drawn:
        cause, effect, position = (int(index) for index in place)
        lag = position + 1 if lags is None else int(lags[cause, effect])
        sign = None if known_signs is None else known_signs[cause, effect, lag - 1].item()
        return Drawn(cause, effect, lag, float(scores[cause, effect, position]), verdict, sign)

    edges = places[order[::-1]]
    if truth is None:
        return Chosen(tuple(drawn(place, "unknown") for place in edges), (), 0, title)
    truth = truth.align(discovery.names)
    known = truth.lags_up_to(discovery.lags) if lagged else None
    if known is None:  # a truth without lags counts for every lag
        known = np.broadcast_to(truth.edges[:, :, None], scores.shape)
    drawn_edges = tuple(drawn(place, "true" if known[tuple(place)] else "false") for place in edges)
    if lagged and truth.lags is None:  # the missed lags are unknown
        return Chosen(drawn_edges, (), 0, title)
    absent = known & allowed
    absent[tuple(edges.T)] = False
    missed = tuple(drawn(place, "missed") for place in np.argwhere(absent))
    lost = int(truth.lags[:, :, discovery.lags :].sum()) if lagged and truth.lags is not None else 0
    return Chosen(drawn_edges, missed, lost, title)


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
