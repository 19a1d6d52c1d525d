"""Select the edges that stand out against fits to surrogates of the data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from causalkit.builtin.rules.surrogate_data import Kind, surrogate_panel
from causalkit.core.discovery import Discovery
from causalkit.core.panel import Panel
from causalkit.errors import DataError
from causalkit.selection import Outcome, candidate_pairs, cells_of, refitted

Array = NDArray[np.float64]
Statistic = Literal["pooled", "pair", "maximum"]
MIN_SURROGATES = 10  # a mean and a spread are estimated from them
MIN_STEPS = 20  # of a panel
_MADE = {"phase": "random phases", "shift": "random shifts", "both": "random phases and random shifts"}
_AGAINST = {
    "pooled": "the pooled scores of all pairs, each relative to the mean and spread of its pair",
    "pair": "the scores of the same pair",
    "maximum": "the largest score of each fit, each relative to the mean and spread of its pair",
}


def surrogate(
    discovery: Discovery,
    fdr: Annotated[float, Field(gt=0, lt=1)] = 0.05,
    count: Annotated[int, Field(ge=MIN_SURROGATES)] = 99,
    kind: Literal["phase", "shift", "both"] = "phase",
    statistic: Statistic = "pooled",
    *,
    observers: Iterable[Any] = (),
) -> Outcome:
    """Select pairs whose score is larger than in fits to data without relations, at a given false discovery rate.

    The method is fitted, with the same settings and seed, to surrogates of the panel in which every series keeps its
    own dynamics and is unrelated to all others; see `causalkit.builtin.rules.surrogate_data`. What the data have chosen
    (lag, forecaster, prewhitening, strength) stays. The data are then fitted once more in the same way, and the scores
    of that fit are compared with those of the surrogates. If there is no edge at all, data and surrogates are alike, so
    the p-values are valid for any method: also for one whose scores have no known distribution, or whose own tests find
    relations between slow series. If there are edges, a small p-value says that the score is larger than without any
    relation. Whether the relation is direct depends on the method. Self-edges are not tested, because surrogates keep
    them.

    Args:
        discovery: with `Discovery.refit`.
        fdr: largest expected share of false edges among the selected ones (Benjamini-Hochberg); with statistic
            "maximum", largest probability of any false edge.
        count: number of surrogates, and of fits.
        kind: "phase" surrogates with random phases, "shift" circular shifts, "both" half of each; then the larger of
            the two p-values counts.
        statistic: what a score is compared with, "pooled", "pair" or "maximum".
        observers: notified of every fit; see `causalkit.selection.refitted`.

    Returns:
        The selected cells, further lags of a pair as in `causalkit.selection.cells_of`; p-values of lags (P, P, L) and
        of pairs by their strongest lag (P, P). The findings are ``fits`` and ``smallest_p``.

    Raises:
        DataError: the panel is too short.

    Reference:
        Theiler et al., Physica D 58, 77-94, 1992; Benjamini and Hochberg, J. R. Stat. Soc. B 57, 289-300, 1995;
        Westfall and Young, Resampling-Based Multiple Testing, Wiley 1993.
    """
    assert discovery.refit is not None  # needs="refits"
    refit = discovery.refit.at_choices
    if refit.panel.steps < MIN_STEPS:
        raise DataError(
            f"{refit.panel.source}: surrogates of only {refit.panel.steps} steps are too similar to the data",
            f"record {MIN_STEPS} steps or more, or select with another rule, such as top-k:20",
        )
    kinds: tuple[Kind, ...] = ("phase", "shift") if kind == "both" else (kind,)
    rounds = count // len(kinds)
    generator = np.random.default_rng(refit.run.seed)

    again = refit is not discovery.refit  # the scores of the discovery come from a choice, those of refits do not

    def panels() -> Iterator[Panel]:
        if again:
            yield refit.panel
        for one in kinds:
            for _ in range(rounds):
                yield surrogate_panel(refit.panel, one, generator, apart=2 * discovery.lags)

    fits = rounds * len(kinds)
    tested = candidate_pairs(discovery, False)
    null_lags = np.zeros((fits, tested.sum(), discovery.lags))
    null_pairs = np.zeros((fits, tested.sum()))
    refits = refitted(refit, panels(), fits + again, rule="surrogate", observers=observers)
    own = next(refits) if again else discovery
    scores, pair_scores = _scores(own, discovery.lags), own.pair_scores
    for number, found in enumerate(refits):
        by_lags, null_pairs[number] = _scores(found, discovery.lags), found.pair_scores[tested]
        null_lags[number] = by_lags[tested]
    by_lag, joint = np.full(discovery.scores.shape, np.nan), np.full(tested.shape, np.nan)
    nulls = [slice(first, first + rounds) for first in range(0, fits, rounds)]  # of one kind each
    by_lag[tested] = np.max([p_values(scores[tested], null_lags[one], statistic) for one in nulls], axis=0)
    pairs = np.max([p_values(pair_scores[tested], null_pairs[one], statistic) for one in nulls], axis=0)
    joint[tested] = pairs

    chosen = np.zeros(tested.shape, dtype=bool)
    chosen[tested] = _rejected(pairs, fdr, statistic)
    notes = _notes(fits, rounds, kind, statistic, fdr, len(pairs))
    if again:
        kept = ", ".join(dict.fromkeys(one.name for one in discovery.choices if not one.within))
        notes.append(f"All of these fits kept what the data had chosen ({kept}), and so did one more fit to the data")
    if refit.panel.missing and kind != "shift":
        notes.append("Gaps were interpolated to make surrogates with random phases. The surrogates have the same gaps")
    findings = {"fits": fits, "smallest_p": smallest_p(rounds, len(pairs), statistic)}
    selected = cells_of(discovery, chosen, p_values=by_lag, pair_p_values=joint)
    return Outcome(selected, findings, tuple(notes), by_lag, joint)


def _scores(found: Discovery, lags: int) -> Array:
    """Return scores (cause, effect, lag) of so many lags; of a lag that a fit does not use, 0."""
    scores = np.zeros((*found.scores.shape[:2], lags))
    shared = min(found.lags, lags)  # a method of a plugin may choose its lag in every fit
    scores[:, :, :shared] = found.scores[:, :, :shared]
    return scores


def p_values(observed: Array, null: Array, statistic: Statistic = "pooled") -> Array:
    """Return for every score the share of comparable surrogate scores that are at least as large, itself included.

    "pair" compares a score with the surrogate scores of the same pair and lag. The others first subtract the mean and
    divide by the standard deviation of these, because scores of slow series vary more. "pooled" then compares with
    all scores of all surrogates. Its p-values can be far below ``1 / B``, but it assumes that the scores of different
    pairs differ in mean and spread only. "maximum" compares with the largest score of each surrogate. It controls the
    probability of any false edge without that assumption. The mean and standard deviation that apply to a surrogate
    come from the other surrogates, as they do for the data.

    Args:
        observed: shape (...), scores of the data.
        null: shape (B, ...), scores of B surrogates.
        statistic: as above.

    Returns:
        Shape (...), above 0 and at most 1.
    """
    if statistic == "pair":
        by_place: Array = (1 + (null >= observed).sum(axis=0)) / (1 + len(null))
        return by_place
    z, null_z = _standardised(observed, null)
    reference = np.sort(null_z.reshape(len(null), -1).max(axis=1) if statistic == "maximum" else null_z.ravel())
    reached = len(reference) - np.searchsorted(reference, z, side="left")
    shares: Array = (1 + reached) / (1 + len(reference))
    return shares


def smallest_p(count: int, pairs: int, statistic: Statistic) -> float:
    """Return the smallest p-value of a pair that is possible with ``count`` surrogates."""
    return 1 / (1 + count * (pairs if statistic == "pooled" else 1))


def _standardised(observed: Array, null: Array) -> tuple[Array, Array]:
    """Return observed (...) and null scores (B, ...) relative to the mean of their pair and lag, in a common unit.

    The unit is the sum of their standard deviation and the median of all standard deviations. A deviation that is
    estimated from few surrogates can be far too small by chance, and is 0 where a method sets nearly all scores to 0.
    """
    deviation = null.std(axis=0, ddof=1)
    floor = float(np.median(deviation))
    others = len(null) - 1
    difference = null - null.mean(axis=0)
    mean_of_others = -difference / others  # relative to the mean of all
    squares = (difference**2).sum(axis=0) - difference**2 - others * mean_of_others**2
    deviation_of_others = np.sqrt(np.maximum(0.0, squares) / (others - 1))
    z = _ratio(observed - null.mean(axis=0), deviation + floor)
    return z, _ratio(difference - mean_of_others, deviation_of_others + floor)


def _ratio(difference: Array, unit: Array) -> Array:
    """Divide; 0 / 0 is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(difference / unit, nan=0.0, posinf=np.inf, neginf=-np.inf)


def _rejected(values: Array, level: float, statistic: Statistic) -> NDArray[np.bool_]:
    from statsmodels.stats.multitest import multipletests

    if statistic == "maximum":  # these p-values are already corrected for the number of pairs
        return values <= level
    rejected: NDArray[np.bool_] = multipletests(values, alpha=level, method="fdr_bh")[0]
    return rejected


def _notes(fits: int, rounds: int, kind: str, statistic: Statistic, level: float, pairs: int) -> list[str]:
    smallest = smallest_p(rounds, pairs, statistic)
    control = "Benjamini-Hochberg" if statistic != "maximum" else "probability of any false edge"
    notes = [
        f"Each of {pairs} pairs was compared with {_AGAINST[statistic]}, in {fits} fits to surrogates with "
        f"{_MADE[kind]}. The smallest possible p-value is {smallest:.2g}, the level {level:g} ({control})",
        "Selected pairs are related beyond chance. Whether a relation is direct depends on the method. "
        "Self-edges were not tested",
    ]
    tests = 1 if statistic == "maximum" else pairs
    if smallest * tests > level:
        needed = math.ceil(round((tests / level - 1) / (pairs if statistic == "pooled" else 1), 6)) * (fits // rounds)
        fewest = math.ceil(round(smallest * tests / level, 6))  # pairs, by Benjamini and Hochberg
        possible = (
            "nothing can be selected" if statistic == "maximum" else f"fewer than {fewest} pairs cannot be selected"
        )
        notes.append(f"With {fits} surrogates, {possible} cannot be selected. Set count={needed} or more")
    return notes
