"""Same-step links: what two series share within one time step, beyond the past and beyond all other series.

The residuals of a forecast from the past are what a step brings that the past does not explain. Where the residuals of
two series go together, given those of all others, something acts within one step: one series on the other, faster than
one step, or a driver that was not recorded on both. The direction cannot be seen.

Residuals are replaced by the normal quantiles of their ranks, so that a few large ones do not decide. The partial
correlation comes from the inverse of the correlation matrix of these. With e a series given all others, it is minus the
correlation of e_i and e_j, and Student's t-test for it is exact for Gaussian noise, with the degrees of freedom that
the parameters of the forecast and the other series leave. What a forecaster misses of the past is in several residuals
too. Where this must be expected, the null hypothesis is that the partial correlation has at most a given size; the test
then is of Fisher's z beyond that size.

Noise whose size changes with time for several series at once, as in markets, makes the products e_i e_j vary more than
that, and depend on each other in time. So the degrees of freedom are multiplied by the variance that the mean of these
products would have in Gaussian noise, over the one that it has (Newey and West, Econometrica 55, 1987; steps of large
leverage as in MacKinnon and White, Journal of Econometrics 29, 1985), where that is less than 1.

Where cells are missing, each entry of the correlation matrix has the steps that its two series share. Then the standard
error of a partial correlation is the jackknife's over blocks of time, where that is larger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from causalkit.core.correction import corrected
from causalkit.core.read_only import make_read_only
from causalkit.core.tails import normal_quantile, t_tail
from causalkit.errors import PluginError

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.intp]
MATRICES = ("partial_correlations", "p_values")
SERIAL = 5
"""Autocovariances that are summed up."""
FEWEST_DEGREES = 10
"""Degrees of freedom below which nothing is tested."""
MOST_LEVERAGE = 0.99
"""Of a step, so that its weight stays finite."""
BLOCKS = 50
"""Blocks of time that the jackknife leaves out, one after the other, where cells are missing."""
SMALLEST = 1e-6
"""Eigenvalues of a correlation matrix are at least this. Pairs that share different steps may leave negative ones."""


@dataclass(frozen=True, eq=False)
class Instantaneous:
    """Same-step links of P series: undirected, and never a part of lag 1. All arrays are read-only.

    Attributes:
        partial_correlations: of the residuals of two series given those of all others, by ranks, from -1 to 1, shape
            (P, P), symmetric, 0 on the diagonal and for pairs that were not tested.
        p_values: two-sided, shape (P, P), symmetric, NaN on the diagonal and for pairs that were not tested. They are
            not corrected for the number of pairs.
        steps: number of steps whose residuals count; with missing cells the smallest number over the tested pairs.

    Raises:
        PluginError: arrays of other shapes, that are not symmetric, or with numbers out of range.
    """

    partial_correlations: Array
    p_values: Array
    steps: int

    def __post_init__(self) -> None:
        for name in MATRICES:
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=np.float64))
        object.__setattr__(self, "steps", int(self.steps))
        shape = self.partial_correlations.shape
        if len(shape) != 2 or shape[0] != shape[1]:
            raise PluginError(f"partial correlations have the shape {shape}", "a method returns (series, series)")
        if self.p_values.shape != shape:
            raise PluginError(f"p_values of same-step links have the shape {self.p_values.shape}", f"they need {shape}")
        for name in MATRICES:
            values = getattr(self, name)
            if not np.array_equal(values, values.T, equal_nan=True):
                raise PluginError(f"{name} of same-step links are not symmetric", "the method is at fault")
        if not (np.abs(self.partial_correlations) <= 1).all() or self.partial_correlations.diagonal().any():
            raise PluginError(
                "partial correlations are not between -1 and 1 with 0 on the diagonal", "the method is at fault"
            )
        known = self.p_values[~np.isnan(self.p_values)]
        if ((known < 0) | (known > 1)).any() or not np.isnan(self.p_values.diagonal()).all():
            raise PluginError(
                "p_values of same-step links are not between 0 and 1 with NaN on the diagonal", "the method is at fault"
            )
        make_read_only(self, *MATRICES)

    @classmethod
    def of(cls, residuals: Array, parameters: int, *, least: float = 0.0) -> Self | None:
        """Return the same-step links of residuals, or None where there are too few steps for the number of series.

        Args:
            residuals: in the order of time, shape (N, P), NaN where there is none.
            parameters: numbers of a regression that were estimated from the same steps, for each series.
            least: size of a partial correlation that the null hypothesis allows, from 0 to 1.
        """
        alive = _varying(residuals)
        seen = ~np.isnan(residuals[:, alive])
        counts = _shared(seen)
        degrees = counts - parameters - (len(alive) - 2)
        tested = (degrees >= FEWEST_DEGREES) & ~np.eye(len(alive), dtype=bool)
        if not tested.any():
            return None
        scores = _normal_scores(residuals[:, alive])
        if not seen.all() and np.linalg.eigvalsh(_correlation(scores, counts))[0] < SMALLEST:
            return None  # pairs share so few steps that their correlations contradict each other
        partial, t, degrees = _tests(scores, seen, degrees, least)
        tested &= degrees >= FEWEST_DEGREES
        if not tested.any():
            return None
        series, place = residuals.shape[1], np.ix_(alive, alive)
        found, p_values = np.zeros((series, series)), np.full((series, series), np.nan)
        found[place] = np.where(tested, partial, 0.0)
        p_values[place] = np.where(tested, _two_sided(t, degrees, complete=bool(seen.all())), np.nan)
        return cls(found, p_values, int(counts[tested].min()))

    def q_values(self) -> Array:
        """Return p-values corrected by Benjamini and Hochberg over all tested pairs, shape (P, P)."""
        tested = np.triu(~np.isnan(self.p_values))
        q_values = corrected(self.p_values, tested, 1.0, "bh")[1]
        return np.where(tested, q_values, q_values.T)

    def pairs(self, level: float) -> tuple[Index, Index]:
        """Return the pairs whose q-value is at most a level, as two arrays of positions, strongest first."""
        first, second = np.nonzero(np.triu(self.q_values() <= level))
        order = np.argsort(-np.abs(self.partial_correlations[first, second]), kind="stable")
        return first[order], second[order]

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Return the same-step links of a mapping of lists or arrays, as in a result file."""
        first, second = (np.asarray(record[name], dtype=np.float64) for name in MATRICES)
        return cls(first, second, int(record["steps"]))


def _varying(residuals: Array) -> Index:
    """Return the series whose residuals are more than rounding errors."""
    seen = ~np.isnan(residuals)
    variance = np.where(seen, residuals, 0.0) ** 2
    mean = variance.sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return np.flatnonzero(mean > 0)


def _shared(seen: Mask) -> Array:
    """Return how many steps two series share, (P, P)."""
    shared: Array = seen.T.astype(np.float64) @ seen
    return shared


def _normal_scores(values: Array) -> Array:
    """Return the normal quantiles of ranks within each column, with variance 1, and 0 for NaN."""
    counts = np.maximum((~np.isnan(values)).sum(axis=0), 1)
    scores = np.zeros_like(values)
    for number, column in enumerate(values.T):
        seen = ~np.isnan(column)
        _, places, ties = np.unique(column[seen], return_inverse=True, return_counts=True)
        ranks = np.cumsum(ties) - (ties - 1) / 2  # the mean rank of equal values
        scores[seen, number] = normal_quantile((ranks[places] - 0.5) / counts[number])
    variance = (scores**2).sum(axis=0) / counts
    found: Array = scores / np.sqrt(np.where(variance > 0, variance, 1.0))
    return found


def _tests(scores: Array, seen: Mask, degrees: Array, least: float) -> tuple[Array, Array, Array]:
    """Return partial correlations, the sizes of their t-statistics, and the degrees of freedom that count, (P, P)."""
    counts = _shared(seen)
    partial, beyond = _partial_correlations(scores, counts)
    degrees = degrees * _share_of_steps(beyond * seen, _weights(scores), counts)
    beyond_least = np.maximum(np.abs(_z(partial)) - np.arctanh(least), 0)
    t = np.sinh(beyond_least) * np.sqrt(np.maximum(degrees - 1, 1))  # sinh z = r / sqrt(1 - r²)
    if not seen.all():
        error = _jackknife_errors(scores, seen)
        t = np.minimum(t, np.divide(beyond_least, error, out=np.zeros_like(t), where=error > 0))
    return partial, t, degrees


def _two_sided(t: Array, degrees: Array, *, complete: bool) -> Array:
    """Return p-values; the jackknife of incomplete data has as many degrees of freedom as blocks, less 1."""
    found: Array = 2 * t_tail(t, np.clip(degrees - 1, 1, None if complete else BLOCKS - 1))
    return (found + found.T) / 2


def _partial_correlations(scores: Array, counts: Array) -> tuple[Array, Array]:
    """Return partial correlations (P, P), and what each series has given all others, (N, P), with variance 1."""
    eigenvalues, vectors = np.linalg.eigh(_correlation(scores, counts))
    precision = (vectors / np.maximum(eigenvalues, SMALLEST)) @ vectors.T
    scale = np.sqrt(precision.diagonal())
    partial = -precision / scale[:, None] / scale
    partial = np.clip((partial + partial.T) / 2, -1.0, 1.0)
    np.fill_diagonal(partial, 0.0)
    return partial, scores @ precision / scale


def _correlation(scores: Array, counts: Array) -> Array:
    """Return correlations (P, P), each over the steps that its two series share."""
    found: Array = scores.T @ scores / np.maximum(counts, 1)
    return (found + found.T) / 2


def _weights(scores: Array) -> Array:
    """Return a weight for each step, (N, 1): a step of large leverage pulls the regression on others to itself."""
    leverage = np.minimum((np.linalg.qr(scores)[0] ** 2).sum(axis=1, keepdims=True), MOST_LEVERAGE)
    weights: Array = (1 - leverage.mean()) / (1 - leverage)
    return weights


def _share_of_steps(beyond: Array, weights: Array, counts: Array) -> Array:
    """Return how much of the steps counts for each pair (P, P), from 0 to 1.

    The variance of the mean of products of two independent residuals without serial dependence, over that of the
    products as they are.
    """
    counts = np.maximum(counts, 1)
    size = (beyond**2).sum(axis=0) / counts.diagonal()
    plain = np.outer(size, size)
    beyond = beyond * weights
    mean = beyond.T @ beyond / counts
    total = np.zeros_like(mean)
    for lag in range(min(SERIAL + 1, len(beyond))):
        products = beyond[lag:] * beyond[: len(beyond) - lag]
        weight = 1.0 if lag == 0 else 2 * (1 - lag / (SERIAL + 1))
        total += weight * (products.T @ products / counts - mean**2)
    larger = np.maximum(total, plain)
    share: Array = np.divide(plain, larger, out=np.zeros_like(plain), where=larger > 0)
    return (share + share.T) / 2


def _jackknife_errors(scores: Array, seen: Mask) -> Array:
    """Return standard errors of Fisher's z of partial correlations, (P, P), from blocks of time that are left out."""
    each = []
    for block in np.array_split(np.arange(len(scores)), BLOCKS):
        kept = np.delete(np.arange(len(scores)), block)
        each.append(_z(_partial_correlations(scores[kept], _shared(seen[kept]))[0]))
    stacked = np.stack(each)
    errors: Array = np.sqrt((BLOCKS - 1) / BLOCKS * ((stacked - stacked.mean(axis=0)) ** 2).sum(axis=0))
    return errors


def _z(partial: Array) -> Array:
    """Return Fisher's z of correlations."""
    found: Array = np.arctanh(np.clip(partial, -1 + 1e-12, 1 - 1e-12))
    return found
