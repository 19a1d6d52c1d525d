"""Screening: the series that may act on a target, by a fast closed-form pass, where there are very many of them.

A network that sees thousands of series for each of thousands of targets does not end in reasonable time, and nearly all
that it learns is that most of them do nothing. So each target first gets M candidate causes, and only these compete for
the forecast. A candidate is a series of which a cell of the window correlates with what the target's own past leaves of
it; or of which the distance from its mean does, as of causes that act on both sides alike; or of which that distance
correlates with the distance of the target, as of causes that act through products with others. This is done in rounds.
What the candidates so far explain is taken out before the next ones are looked for, so that a cause which others hide
comes in too (iterated sure independence screening; Fan and Lv, Journal of the Royal Statistical Society B 70, 2008).

Candidates that are chosen on the very windows that are forecast would seem to explain something there. So they are
chosen anew for each network, from windows that it learns from.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from causalkit.core.memory import chunk

Small = NDArray[np.float32]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

MOST_PAIRS = 120_000
"""Pairs of series, times lags, up to which nothing is screened."""
MOST, FEWEST = 64, 8
"""Candidates of a target, its own past among them."""
ROUNDS = 3
FARTHEST = 4.0
"""Standard deviations to which values are cut, so that no single step decides."""
RIDGE = 0.2
"""Of the fit of what is taken out between two rounds, relative to the number of windows."""
BYTES = 16 * 2**20
"""Of one chunk of correlations, at most."""


def is_large(series: int, lag: int = 1) -> bool:
    """Tell whether a panel has so many series that causes are screened."""
    return series * series * lag > MOST_PAIRS


def most_candidates(windows: int, series: int) -> int:
    """Return M: N / log N for N windows, as Fan and Lv propose, within bounds."""
    return min(series, MOST, max(FEWEST, int(windows / math.log(max(windows, 3)))))


def number_of_candidates(windows: int, series: int, allowed: Mask | None) -> int:
    """Return M with background knowledge: all causes where these are few.

    Args:
        allowed: shape (cause, effect); None: there is none.
    """
    size = most_candidates(windows, series)
    if allowed is None or len(few := _causes(allowed)) > MOST:
        return size
    return max(size, 1 + len(few))


def number_required(required: Mask | None) -> int:
    """Return how many candidates some target needs, its own past among them, for required causes (cause, effect)."""
    return 1 if required is None else 1 + int((required.sum(axis=0) - required.diagonal()).max())


def screen(
    x: NDArray[np.floating],
    y: NDArray[np.floating],
    seen: Mask | None = None,
    allowed: Mask | None = None,
    required: Mask | None = None,
    targets: Index | None = None,
    most: int | None = None,
) -> Index:
    """Return the candidate causes of every target, shape (targets, M), its own series first.

    Rows are filled up with P where fewer series may act on a target. Required causes are always candidates; where a
    target has more than M of them, only its row is longer and others are filled up.

    Args:
        x: windows (N, K, P).
        y: the steps that follow, shape (N, targets).
        seen: which of these can be learned from, of the same shape; None: all.
        allowed, required: background knowledge, shape (cause, effect), with all P effects; None: there is none.
        targets: which effects ``y`` is of; None: all P.
        most: M; None: as `number_of_candidates`.
    """
    chosen = np.arange(y.shape[1]) if targets is None else targets
    kinds = _features(x)
    size = number_of_candidates(len(x), x.shape[2], allowed) if most is None else most
    found = np.full((len(chosen), max(size, number_required(required))), x.shape[2])
    causes = np.arange(x.shape[2]) if allowed is None else _causes(allowed)
    at_once = max(1, chunk(BYTES) // (4 * x.shape[2]))
    for first in range(0, len(chosen), at_once):
        part = slice(first, first + at_once)
        rows = _screened(
            kinds,
            y[:, part],
            chosen[part],
            causes,
            size,
            None if seen is None else seen[:, part],
            None if allowed is None else allowed[:, chosen[part]],
            None if required is None else required[:, chosen[part]],
        )
        found[part, : rows.shape[1]] = rows
    return found


def _causes(allowed: Mask) -> Index:
    """Return the series that may act on any other."""
    others = allowed.sum(axis=1) - allowed.diagonal()
    found = np.flatnonzero(others)
    return found if len(found) else np.arange(1)


def _features(x: NDArray[np.floating]) -> Small:
    """Return cells of the window and their distances from their means, standardized, shape (2, K, P, N)."""
    cells = _standardized(np.clip(_standardized(x.transpose(1, 2, 0).astype(np.float32)), -FARTHEST, FARTHEST))
    return np.stack([cells, _standardized(np.abs(cells))])


def _standardized(values: Small) -> Small:
    """Return values in units of their standard deviation over the last axis, with mean 0; 0 where they are constant."""
    values = values - values.mean(axis=-1, keepdims=True)
    deviation = values.std(axis=-1, keepdims=True)
    found: Small = np.divide(values, deviation, out=np.zeros_like(values), where=deviation > 1e-6)
    return found


def _screened(
    kinds: Small,
    y: NDArray[np.floating],
    targets: Index,
    causes: Index,
    size: int,
    seen: Mask | None,
    allowed: Mask | None,
    required: Mask | None,
) -> Index:
    """Return the candidates of some targets, from causes that may act on any."""
    series, every = kinds.shape[2], np.arange(len(targets))
    weight = np.ones(y.T.shape, np.float32) if seen is None else seen.T.astype(np.float32)
    left = _standardized(y.T.astype(np.float32)) * weight  # (targets, N)
    open_ = np.ones((series, len(targets)), dtype=bool) if allowed is None else allowed.copy()
    found = np.full((len(targets), size), series)
    own = np.where(open_[targets, every], targets, series)
    found[:, 0], open_[targets, every] = own, False
    flat = np.concatenate([kinds.reshape(-1, kinds.shape[-1]), np.zeros((1, kinds.shape[-1]), np.float32)])
    none = len(flat) - 1
    lags = kinds.shape[1]
    cells = (np.arange(2 * lags)[None] * series + targets[:, None]).astype(np.intp)
    inputs = np.where((own < series)[:, None], cells, none)  # rows of ``flat`` that are taken out
    count = 1
    if required is not None:
        must = required & (np.arange(series)[:, None] != targets)
        count += int(must.sum(axis=0).max())
        found = np.full((len(targets), size + count - 1), series)  # other targets lose no candidates by it
        found[:, 0] = own
        for place, causes_of_target in enumerate(must.T):
            known = np.flatnonzero(causes_of_target)
            found[place, 1 : 1 + len(known)] = known
        open_ &= ~must
        latest = found[:, 1:count]  # at lag 1, the last step of a window
        inputs = np.concatenate([inputs, np.where(latest < series, (lags - 1) * series + latest, none)], axis=1)
    if len(causes) < series:
        kinds, open_ = kinds[:, :, causes], open_[causes]
    whole = left
    for step in range(ROUNDS):
        left = _without(flat, inputs, whole, weight)
        quota = min(-(-(found.shape[1] - count) // (ROUNDS - step)), len(causes))
        if quota < 1:
            break
        best, which = _strongest(kinds, left, weight, open_)
        top = np.argpartition(-best, quota - 1, axis=0)[:quota].T  # (targets, quota)
        if required is not None:  # the weakest may have to give way to required ones
            top = np.take_along_axis(top, np.argsort(-np.take_along_axis(best.T, top, axis=1), axis=1), axis=1)
        usable = np.take_along_axis(best.T, top, axis=1) >= 0
        found[:, count : count + quota] = np.where(usable, causes[top], series)
        rows = np.take_along_axis(which.T, top, axis=1) * series + causes[top]
        inputs = np.concatenate([inputs, np.where(usable, rows, none)], axis=1)
        np.put_along_axis(open_.T, top, False, axis=1)
        count += quota
    return found if required is None else _shortened(found, size, must.sum(axis=0), series)


def _shortened(found: Index, size: int, required: Index, none: int) -> Index:
    """Return candidates (targets, C), the best ones first, with at most M of each, or as many as are required."""
    order = np.argsort(found[:, 1:] == none, axis=1, kind="stable")
    found = np.concatenate([found[:, :1], np.take_along_axis(found[:, 1:], order, axis=1)], axis=1)
    length = np.maximum(size, 1 + required)
    found = found[:, : length.max()]
    return np.where(np.arange(found.shape[1]) < length[:, None], found, none)


def _strongest(kinds: Small, left: Small, weight: Small, open_: Mask) -> tuple[Small, Index]:
    """Return the largest correlation of each series with each target, -1 where it is closed, and of which feature."""
    series = kinds.shape[2]
    best = np.full((series, len(left)), -1.0, np.float32)
    which = np.zeros((series, len(left)), np.int16)
    deviation = left.std(axis=1, keepdims=True)
    distance = _standardized(np.abs(left)) * deviation * weight
    for kind, lag in np.ndindex(*kinds.shape[:2]):
        for other in (left, distance) if kind else (left,):
            size = np.abs(kinds[kind, lag] @ other.T)
            better = size > best
            np.copyto(best, size, where=better)
            which[better] = kind * kinds.shape[1] + lag
    best[~open_] = -1.0
    return best, which.astype(np.intp)


def _without(flat: Small, inputs: Index, y: Small, weight: Small) -> Small:
    """Return what a ridge regression on rows of ``flat`` (targets, D) leaves of y (targets, N)."""
    left = np.empty_like(y)
    at_once = max(1, chunk(BYTES) // (4 * inputs.shape[1] * y.shape[1]))
    for first in range(0, len(y), at_once):
        part = slice(first, first + at_once)
        rows = flat[inputs[part]] * weight[part, None]  # (targets, D, N)
        gram = rows @ rows.transpose(0, 2, 1)
        count = weight[part].sum(axis=1)
        gram += (RIDGE * count + 1e-6)[:, None, None] * np.eye(gram.shape[1], dtype=np.float32)
        fitted = np.linalg.solve(gram, rows @ y[part, :, None])
        left[part] = y[part] - (rows.transpose(0, 2, 1) @ fitted)[:, :, 0]
    return left
