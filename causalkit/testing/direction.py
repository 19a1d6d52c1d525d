"""Does a truth point the way that its data do? Found by pairwise tests of Granger causality."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causalkit.core.panel import Panel
from causalkit.core.truth import Truth

CLEAR, NOTHING = 1e-5, 0.01
"""A direction counts as seen below the first p-value, and as not seen above the second one."""
MOST_LAGS = 5
MOST_PAIRS = 40
LEAST, SHARE = 4, 0.8
"""A truth is contradicted by at least so many pairs, which are at least this share of those that say anything."""


def votes(panel: Panel, truth: Truth, seed: int = 0) -> tuple[int, int]:
    """Return how many edges act in the stated direction only, and how many in the opposite direction only.

    Only pairs with an edge in one direction are looked at. An effect is regressed on its own past and on that of its
    cause, on values and squares. Most edges of a nonlinear system show neither or both, and do not count.

    Args:
        panel: the data.
        truth: of its series.
        seed: of the draw among many pairs.
    """
    edges = truth.align(panel.names).edges
    pairs = np.argwhere(edges & ~edges.T & ~np.eye(len(edges), dtype=bool))
    if len(pairs) > MOST_PAIRS:
        pairs = pairs[np.sort(np.random.default_rng(seed).choice(len(pairs), MOST_PAIRS, replace=False))]
    lag = 2 if truth.lags is None else min(max(truth.lags.shape[2], 2), MOST_LAGS)
    windows = panel.windows(lag)
    if len(windows) < 10 * lag:
        return 0, 0
    forward = backward = 0
    for cause, effect in pairs:
        there, back = _p_value(windows.x, windows.y, cause, effect), _p_value(windows.x, windows.y, effect, cause)
        forward += there < CLEAR and back > NOTHING
        backward += back < CLEAR and there > NOTHING
    return forward, backward


def lag_votes(panel: Panel, truth: Truth, seed: int = 0) -> tuple[int, int]:
    """Return how many edges act at a lag that the truth states, and how many at other lags only.

    Args:
        panel: the data.
        truth: of its series, with lags.
        seed: of the draw among many pairs.
    """
    lags = truth.align(panel.names).lags
    assert lags is not None
    edges = np.argwhere(lags.any(axis=2) & ~np.eye(len(lags), dtype=bool))
    if len(edges) > MOST_PAIRS:
        edges = edges[np.sort(np.random.default_rng(seed).choice(len(edges), MOST_PAIRS, replace=False))]
    count = lags.shape[2] + 1  # one more, where a truth that counts from 0 would be one too early
    windows = panel.windows(count)
    if count > MOST_LAGS or len(windows) < 10 * count:
        return 0, 0
    right = wrong = 0
    for cause, effect in edges:
        stated = np.zeros(count, dtype=bool)
        stated[:-1] = lags[cause, effect]
        stated = stated[::-1]  # windows have the oldest step first
        past = windows.x[:, :, cause]
        target, own = windows.y[:, effect], windows.x[:, :, effect]
        at, elsewhere = (_gain(target, own, past[:, ~one], past[:, one]) for one in (stated, ~stated))
        right += at < CLEAR
        wrong += at > NOTHING and elsewhere < CLEAR
    return right, wrong


def contradicted(counts: Sequence[tuple[int, int]], simulated: bool) -> bool:
    """Return whether nearly all votes are against the truth.

    Args:
        counts: votes for and against it, of each draw of the data.
        simulated: hidden causes cannot be to blame, so that a data set that is always the same needs fewer votes.
    """
    with_it, against = np.sum(counts, axis=0)
    if with_it == 0 and len(counts) == 1:
        return bool(against >= (1 if simulated else 2))
    return bool(against >= LEAST and against >= SHARE * (with_it + against))


def _p_value(x: NDArray[np.floating], y: NDArray[np.floating], cause: int, effect: int) -> float:
    """Test whether the past of a cause helps to forecast an effect beyond the effect's own past."""
    return _gain(y[:, effect], x[:, :, effect], x[:, :0, effect], x[:, :, cause])


def _gain(
    target: NDArray[np.floating], own: NDArray[np.floating], given: NDArray[np.floating], added: NDArray[np.floating]
) -> float:
    """Return the p-value of an F-test: what do added columns explain beyond its own past and given columns?"""
    from scipy.stats import f

    before, further = np.hstack([np.ones((len(target), 1)), _terms(own), _terms(given)]), _terms(added)
    target = target - target.mean()
    small, large = _residual(before, target), _residual(np.hstack([before, further]), target)
    free = len(target) - before.shape[1] - further.shape[1]
    if free < 1 or large <= 0 or not further.shape[1]:
        return 1.0
    return float(f.sf((small - large) / further.shape[1] / (large / free), further.shape[1], free))


def _terms(past: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return values and squares of columns, (N, 2 k)."""
    if not past.size:
        return np.zeros((len(past), 0))
    scaled = (past - past.mean()) / (past.std() or 1.0)
    return np.hstack([scaled, scaled**2])


def _residual(terms: NDArray[np.floating], target: NDArray[np.floating]) -> float:
    coefficients = np.linalg.lstsq(terms, target, rcond=None)[0]
    return float(np.square(target - terms @ coefficients).sum())
