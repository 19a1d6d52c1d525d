"""Stability selection: keep the pairs that are strong in most halves of the data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from causalkit.core.discovery import Discovery
from causalkit.core.panel import Panel
from causalkit.selection.outcome import Outcome
from causalkit.selection.resampling import refit_of, refitted
from causalkit.selection.subsamples import complementary_halves
from causalkit.selection.top_k import candidate_pairs, top_k


def stability(
    discovery: Discovery,
    errors: Annotated[float, Field(gt=0)] = 1.0,
    threshold: Annotated[float, Field(gt=0.5, le=1)] = 0.75,
    subsamples: Annotated[int, Field(ge=10)] = 50,
    top: Annotated[int, Field(ge=1)] | None = None,
    self_edges: bool = False,
    *,
    observers: Iterable[Any] = (),
) -> Outcome:
    """Select the pairs that are among the q strongest in at least a given share of random halves of the data.

    The halves are complementary: each split gives two that share no time step (Shah and Samworth); see
    `causalkit.selection.subsamples.complementary_halves`. With p candidate pairs and pi the threshold, the expected
    number V of false edges is bounded by ``E V <= q^2 / ((2 pi - 1) p)`` (Meinshausen and Bühlmann), so that q follows
    from the number of false edges that is tolerated. The bound takes for granted that halves of the data are alike,
    that the pairs without an edge are equally likely to be taken, and that the method is no worse than guessing. Each
    fit has a seed of its own, so that what depends on the seed is not stable either.

    Args:
        discovery: with `Discovery.refit`.
        errors: the largest expected number of false edges.
        threshold: pi, the smallest share of halves in which a selected pair is among the strongest.
        subsamples: number of halves; an odd one is rounded up.
        top: q, how many pairs count as strong in each half; default: the most that keep the bound.
        self_edges: may a series be selected as its own cause?
        observers: hear of every fit; see `causalkit.selection.resampling.refitted`.

    Returns:
        The selected cells, each pair at its strongest lag in the whole data; ``findings`` hold ``frequencies`` (P, P),
        ``q``, ``bound`` and ``pairs``.

    Raises:
        WrongUsageError: the discovery cannot be refitted.
        DataError: the panel is too short to be halved.

    Reference:
        Meinshausen and Bühlmann, J. R. Stat. Soc. B 72, 417-473, 2010; Shah and Samworth, J. R. Stat. Soc. B 75, 55-80,
        2013.
    """
    refit = refit_of(discovery, "stability")
    candidates = candidate_pairs(discovery, self_edges)
    pairs = int(candidates.sum())
    q = min(pairs, top or largest_q(errors, threshold, pairs))
    bound = error_bound(q, threshold, pairs)
    count = 2 * math.ceil(subsamples / 2)
    generator = np.random.default_rng(refit.run.seed)

    def halves() -> Iterator[Panel]:
        for _ in range(count // 2):
            yield from complementary_halves(refit.panel, discovery.lags, generator)

    seeds = [refit.run.seed + 1 + number for number in range(count)]
    taken = np.zeros(candidates.shape)
    for found in refitted(refit, halves(), count, rule="stability", seeds=seeds, observers=observers):
        taken += top_k(found, q, self_edges).any(axis=2)
    frequencies = taken / count
    cause, effect = np.nonzero(candidates & (frequencies >= threshold))
    selected = np.zeros(discovery.scores.shape, dtype=bool)
    selected[cause, effect, discovery.pair_lags[cause, effect] - 1] = True
    notes = [
        f"A pair is selected that was among the {q} strongest of {pairs} in {threshold:.0%} or more of {count} random "
        f"halves of the data; at most {bound:.2g} of them are expected to be false (Meinshausen and Bühlmann)"
    ]
    if top is None and bound > errors:
        notes.append(
            f"One pair a half already gives this bound, above the wanted {errors:g}; raise the threshold, or errors"
        )
    if bound >= pairs:
        notes.append(f"This bound says nothing, as there are only {pairs} pairs; choose a smaller top")
    findings = {"frequencies": frequencies.tolist(), "q": q, "bound": bound, "pairs": pairs, "fits": count}
    return Outcome(selected, findings, tuple(notes))


def error_bound(q: int, threshold: float, pairs: int) -> float:
    """Return Meinshausen and Bühlmann's bound on the expected number of false edges."""
    return q**2 / ((2 * threshold - 1) * pairs)


def largest_q(errors: float, threshold: float, pairs: int) -> int:
    """Return the largest q, at least 1, whose bound is at most ``errors``."""
    return max(1, math.floor(math.sqrt(errors * (2 * threshold - 1) * pairs) + 1e-9))
