"""Stability selection: select the pairs that are strong in most halves of the data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from causalkit.builtin.rules.subsamples import complementary_halves
from causalkit.builtin.rules.top_k import top_k
from causalkit.core.discovery import Discovery
from causalkit.core.panel import Panel
from causalkit.selection import Outcome, candidate_pairs, cells_of, refitted


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

    The halves are complementary: the two halves of a split have no time step in common (Shah and Samworth); see
    `causalkit.builtin.rules.subsamples.complementary_halves`. With p candidate pairs and the threshold pi, the expected
    number V of false edges is bounded by ``E V <= q^2 / ((2 pi - 1) p)`` (Meinshausen and Bühlmann), so q follows from
    the largest expected number of false edges. The bound assumes that the halves are alike, that all pairs without an
    edge are equally likely to be among the strongest, and that the method is no worse than guessing. Every fit has a
    seed of its own, so that edges that depend on the seed are not stable either.

    Args:
        discovery: with `Discovery.refit`.
        errors: largest expected number of false edges.
        threshold: pi, smallest share of halves in which a selected pair is among the strongest.
        subsamples: number of halves; an odd number is rounded up.
        top: q, how many pairs count as strong in each half; default: the most that keep the bound.
        self_edges: may a series be selected as its own cause?
        observers: notified of every fit; see `causalkit.selection.refitted`.

    Returns:
        The selected cells, each pair at its strongest lag in the whole data. The findings are ``frequencies`` (P, P),
        ``q``, ``bound``, ``pairs`` and ``fits``.

    Raises:
        DataError: the panel is too short to be halved.

    Reference:
        Meinshausen and Bühlmann, J. R. Stat. Soc. B 72, 417-473, 2010; Shah and Samworth, J. R. Stat. Soc. B 75, 55-80,
        2013.
    """
    refit = discovery.refit
    assert refit is not None  # needs="refits"
    known = discovery.pairs
    candidates = known.of(candidate_pairs(discovery, self_edges))
    pairs = int(candidates.sum())
    q = min(pairs, top or largest_q(errors, threshold, pairs))
    bound = error_bound(q, threshold, pairs)
    count = 2 * math.ceil(subsamples / 2)
    generator = np.random.default_rng(refit.run.seed)

    def halves() -> Iterator[Panel]:
        for _ in range(count // 2):
            yield from complementary_halves(refit.panel, discovery.lags, generator)

    seeds = [refit.run.seed + 1 + number for number in range(count)]
    times_selected = np.zeros(candidates.shape)
    for found in refitted(refit, halves(), count, rule="stability", seeds=seeds, observers=observers):
        times_selected += known.of(top_k(found, q, self_edges)).any(axis=1)
    frequencies = times_selected / count
    notes = [
        f"Selected pairs were among the {q} strongest of {pairs} in at least {threshold:.0%} of {count} random halves "
        f"of the data. At most {bound:.2g} of them are expected to be false (Meinshausen and Bühlmann)"
    ]
    if top is None and bound > errors:
        notes.append(
            f"Even one pair in each half gives this bound, which is above errors={errors:g}. Raise threshold or errors"
        )
    if bound >= pairs:
        notes.append(f"There are only {pairs} pairs, so this bound says nothing. Choose a smaller top")
    findings = {"frequencies": known.array(frequencies), "q": q, "bound": bound, "pairs": pairs, "fits": count}
    return Outcome(
        cells_of(discovery, known.array(candidates & (frequencies >= threshold), fill=False)), findings, tuple(notes)
    )


def error_bound(q: int, threshold: float, pairs: int) -> float:
    """Return Meinshausen and Bühlmann's bound on the expected number of false edges."""
    return q**2 / ((2 * threshold - 1) * pairs)


def largest_q(errors: float, threshold: float, pairs: int) -> int:
    """Return the largest q, at least 1, whose bound is at most ``errors``."""
    return max(1, math.floor(math.sqrt(errors * (2 * threshold - 1) * pairs) + 1e-9))
