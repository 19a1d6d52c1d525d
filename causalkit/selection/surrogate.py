"""Select the edges that stand out against fits to surrogates of the data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from causalkit.core.discovery import Discovery
from causalkit.core.panel import Panel
from causalkit.errors import DataError
from causalkit.selection.outcome import Outcome
from causalkit.selection.resampling import refit_of, refitted
from causalkit.selection.surrogate_data import Kind, surrogate_panel
from causalkit.selection.top_k import candidate_pairs

Array = NDArray[np.float64]
Statistic = Literal["pooled", "pair", "maximum"]
FEWEST = 10  # surrogates: a mean and a spread are estimated from them
SHORTEST = 20  # time steps of a panel
_MADE = {"phase": "random phases", "shift": "random shifts", "both": "random phases and random shifts"}
_AGAINST = {
    "pooled": "the pooled scores of all pairs, each relative to mean and spread of its own",
    "pair": "its own scores there",
    "maximum": "the largest score of each fit, every pair relative to mean and spread of its own",
}


def surrogate(
    discovery: Discovery,
    fdr: Annotated[float, Field(gt=0, lt=1)] = 0.05,
    count: Annotated[int, Field(ge=FEWEST)] = 99,
    kind: Literal["phase", "shift", "both"] = "phase",
    statistic: Statistic = "pooled",
    *,
    observers: Iterable[Any] = (),
) -> Outcome:
    """Select pairs whose score is larger than in fits to data without relations, at a given false discovery rate.

    The method is fitted, with the same settings and seed, to surrogates of the panel in which every series keeps its
    own dynamics and none has to do with another; see `causalkit.selection.surrogate_data`. Where there is no edge at
    all, data and surrogates are alike, so that p-values hold for any method: also for one whose scores have no known
    distribution, or whose own tests take slow series for related. Where there are edges, a small p-value says that the
    score is larger than without any relation; that the relation is direct rests on the method. Self-edges are not
    tested, as surrogates keep them.

    Args:
        discovery: with `Discovery.refit`.
        fdr: the largest expected share of false edges among the selected ones, by Benjamini and Hochberg; under
            statistic "maximum", the largest probability of any false edge.
        count: number of surrogates, and of fits.
        kind: "phase" surrogates of random phases, "shift" circular shifts, "both" half of each, of whose p-values the
            larger counts.
        statistic: what a score is compared with; see `p_values`.
        observers: hear of every fit; see `causalkit.selection.resampling.refitted`.

    Returns:
        The selected cells: of a selected pair those lags whose p-value does not exceed the largest selected one, and
        its strongest lag in any case; with the p-values (P, P, L) of lags and (P, P) of pairs, by their strongest lag.

    Raises:
        WrongUsageError: the discovery cannot be refitted.
        DataError: the panel is too short.

    Reference:
        Theiler et al., Physica D 58, 77-94, 1992; Benjamini and Hochberg, J. R. Stat. Soc. B 57, 289-300, 1995;
        Westfall and Young, Resampling-Based Multiple Testing, Wiley 1993.
    """
    refit = refit_of(discovery, "surrogate")
    if refit.panel.steps < SHORTEST:
        raise DataError(
            f"{refit.panel.source}: surrogates of only {refit.panel.steps} steps hardly differ from the data",
            f"record {SHORTEST} steps or more, or select with another rule, such as top-k:20",
        )
    kinds: tuple[Kind, ...] = ("phase", "shift") if kind == "both" else (kind,)
    rounds = count // len(kinds)
    generator = np.random.default_rng(refit.run.seed)

    def panels() -> Iterator[Panel]:
        for one in kinds:
            for _ in range(rounds):
                yield surrogate_panel(refit.panel, one, generator, apart=2 * discovery.lags)

    fits = rounds * len(kinds)
    tested = candidate_pairs(discovery, False)
    null_lags = np.zeros((fits, tested.sum(), discovery.lags))  # a lag that a fit did not look at has no score in it
    null_pairs = np.zeros((fits, tested.sum()))
    for number, found in enumerate(refitted(refit, panels(), fits, rule="surrogate", observers=observers)):
        shared = min(found.lags, discovery.lags)  # a method that chooses its lag chooses it anew
        null_lags[number, :, :shared] = found.scores[tested][:, :shared]
        null_pairs[number] = found.pair_scores[tested]
    by_lag, joint = np.full(discovery.scores.shape, np.nan), np.full(tested.shape, np.nan)
    nulls = [slice(first, first + rounds) for first in range(0, fits, rounds)]  # of one kind each
    by_lag[tested] = np.max([p_values(discovery.scores[tested], null_lags[one], statistic) for one in nulls], axis=0)
    pairs = np.max([p_values(discovery.pair_scores[tested], null_pairs[one], statistic) for one in nulls], axis=0)
    joint[tested] = pairs

    chosen = np.zeros(tested.shape, dtype=bool)
    chosen[tested] = _rejected(pairs, fdr, statistic)
    cause, effect = np.nonzero(chosen)
    selected = np.zeros(discovery.scores.shape, dtype=bool)
    if len(cause):
        selected[cause, effect] = by_lag[cause, effect] <= joint[cause, effect].max()
    selected[cause, effect, discovery.pair_lags[cause, effect] - 1] = True
    notes = _notes(fits, rounds, kind, statistic, fdr, len(pairs))
    if refit.panel.missing and kind != "shift":
        notes.append("Gaps were bridged by straight lines to make surrogates of random phases, and put back in them")
    findings = {"fits": fits, "smallest_p": smallest_p(rounds, len(pairs), statistic)}
    return Outcome(selected, findings, tuple(notes), by_lag, joint)


def p_values(observed: Array, null: Array, statistic: Statistic = "pooled") -> Array:
    """Return for every score the share of comparable scores of surrogates that reach it, itself counted.

    "pair" compares a score with those at its own place. The others first subtract the mean and divide by the standard
    deviation that surrogates have at its place, as scores of slow series vary more than those of others. "pooled" then
    compares with all scores of all surrogates, which gives p-values far below ``1 / B`` but takes for granted that the
    scores of different pairs differ in mean and spread only; "maximum" compares with the largest score of each
    surrogate, which controls the probability of any false edge without that assumption. A surrogate's own score does
    not enter the mean and deviation that it is measured by, so that it is treated like the data.

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
    """Return the smallest p-value of a pair that so many surrogates can give."""
    return 1 / (1 + count * (pairs if statistic == "pooled" else 1))


def _standardised(observed: Array, null: Array) -> tuple[Array, Array]:
    """Return observed (...) and null scores (B, ...) in units of their place.

    Half of the unit is the median deviation over all places: a deviation from few surrogates is at times far too small
    by chance, and 0 where a method sets nearly all scores to 0.
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
    """Divide; what does not differ at all is 0 units away."""
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
    said = [
        f"Each of {pairs} pairs was compared with {_AGAINST[statistic]}, in {fits} fits to surrogates with "
        f"{_MADE[kind]}; smallest possible p-value {smallest:.2g}; level {level:g} ({control})",
        "A selected pair is related beyond chance; that the relation is direct rests on the method. "
        "Self-edges were not tested",
    ]
    tests = 1 if statistic == "maximum" else pairs
    if smallest * tests > level:
        wanted = math.ceil(round((tests / level - 1) / (pairs if statistic == "pooled" else 1), 6)) * (fits // rounds)
        said.append(
            f"With so few surrogates, {math.ceil(round(smallest * tests / level, 6))} pairs at least have to stand out "
            f"for any to be selected; give count={wanted} or more"
            if statistic != "maximum"
            else f"With so few surrogates nothing can be selected; give count={wanted} or more"
        )
    return said
