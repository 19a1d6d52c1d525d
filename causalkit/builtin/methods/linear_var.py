"""Linear vector autoregression with Granger's tests: the baseline that every neural method has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causalkit.builtin.methods.design import TREND_COLUMNS, check_rank, check_size, design_matrix, distinct_lags
from causalkit.builtin.methods.events import FEWEST, Events
from causalkit.core.discovery import Discovery
from causalkit.core.effects import Effects
from causalkit.core.instantaneous import Instantaneous
from causalkit.core.panel import Panel
from causalkit.core.run import Run
from causalkit.core.tails import f_tail, t_tail
from causalkit.core.windows import Windows
from causalkit.display.instantaneous import about_sampling
from causalkit.display.words import listed
from causalkit.errors import ParameterError
from causalkit.model_selection.lag_candidates import Lag, known_lag

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

# Below this share of a series' own size, residuals are rounding errors. Without the floor, a series that is an exact
# linear function of the past has a residual variance of about 0, and every coefficient looks significant.
SMALLEST_RESIDUAL = 1e-12
PERFECT = 1e-12
"""Share of an effect's variance that is left after a perfect fit, at most: values that were rounded to six digits."""
FEW_DEGREES = 10
SUSPICIOUS = 0.05
"""A note names an edge that rests on few events only where its test would have been significant by itself."""


class LinearVar:
    """Fit ``x_t = A_1 x_{t-1} + ... + A_K x_{t-K} + trend + e_t`` by least squares and test its coefficients.

    All windows of all realisations enter one regression with a common constant. For every effect,

    * ``|t|`` is a coefficient divided by its standard error, which unlike the coefficient has no units;
      ``p_values`` are two-sided, from Student's t distribution with ``N - parameters`` degrees of freedom;
    * ``joint_p_values`` test that all K coefficients of a cause are 0: with b these coefficients and V their estimated
      covariance, ``F = b' V^-1 b / K`` has ``(K, N - parameters)`` degrees of freedom. This is Granger's test. The
      statistic equals that of statsmodels' ``VARResults.test_causality``, which counts P times as many denominator
      degrees of freedom, since it pools the equations; ours are those of the one equation that is tested, which is
      more cautious in short recordings;
    * the score at lag l is ``sqrt(F) |t_l| / max_k |t_k|``: pairs, which count by their largest score, rank by
      Granger's test, and lags within a pair by their own. Effects that spread over lags need this: with K = 2,
      Lorenz-96 (P = 10, F = 10, T = 500, mean of five seeds, self-edges left out) reaches an AUROC of 0.97, and with
      plain ``|t|`` 0.91. Where every effect has one lag, ``score="t"`` is slightly sharper.

    Background knowledge: forbidden causes are no regressors of that effect, so that its other coefficients and tests
    are those of the smaller regression. The regression of an effect has the windows whose next step was measured for it
    and not set from outside, and in which all of its regressors are there.

    Same-step links are partial correlations of the residuals, see `causalkit.Instantaneous`.

    No p-value where a test says nothing: it is 1, a rule such as fdr selects no such edge, and a note names it.

    * A perfect fit. Where less than `PERFECT` of an effect's variance is left, there is no noise to compare a
      coefficient with, and any regressor looks significant.
    * Few events. Where a series has the same value at half of its steps or more, its other steps are events. An edge
      for which cause and effect have events together in fewer than 5 windows, as observed and as expected by chance,
      rests on these few, as one spike that follows another.

    Args:
        lag: K; auto: chosen by held-out forecast error
        trend: "n" nothing, "c" a constant, "ct" a constant and a linear trend within each realisation.
        score: "joint" as above, or "t" for ``|t|`` itself; the same thing for K = 1.

    Raises:
        ParameterError: the lag is below 1, or the trend or the score is unknown.

    Reference:
        Lütkepohl, New Introduction to Multiple Time Series Analysis, Springer 2005, section 3.6.
    """

    def __init__(
        self, lag: Lag = 2, trend: Literal["n", "c", "ct"] = "c", score: Literal["joint", "t"] = "joint"
    ) -> None:
        if trend not in TREND_COLUMNS:
            raise ParameterError(f"trend={trend!r} is unknown", 'choose "n", "c" or "ct"')
        if score not in ("joint", "t"):
            raise ParameterError(f"score={score!r} is unknown", 'choose "joint" or "t"')
        self.lag = known_lag(lag)
        self.trend = trend
        self.score = score

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return the scores, with the p-values of every lag and of every pair.

        Raises:
            DataError: fewer windows than coefficients, or collinear regressors.
        """
        windows = panel.windows(self.lag, by_effect=True, knowledge=run.knowledge)
        terms = len(TREND_COLUMNS[self.trend])
        design = design_matrix(windows, self.trend)
        shape = (panel.series, panel.series, self.lag)
        scores, p_values, joint = np.zeros(shape), np.ones(shape), np.ones(shape[:2])
        coefficients, errors = np.zeros(shape), np.zeros(shape)
        residuals = np.array(windows.y) if windows.observed is None else np.where(windows.observed, windows.y, np.nan)
        unknowns = 0
        fewest: tuple[int, int, int] | None = None
        events = Events(panel, windows)
        perfect: list[int] = []
        sparse = np.zeros(shape[:2], dtype=bool)
        everything = np.ones(shape[:2], dtype=bool)
        allowed = everything if run.knowledge is None else run.knowledge.allowed(panel.names)
        merged: set[str] = set()
        for causes, rows, effects in _regressions(allowed, windows):
            if not len(causes) * self.lag + terms:
                continue  # nothing may act on these effects
            kept = distinct_lags(panel, windows, rows, causes)
            merged |= {panel.names[cause] for cause in causes[~kept.all(axis=0)]}
            chosen = _columns(causes, kept, panel.series, terms)
            check_size(panel, windows, effects, allowed, len(chosen), terms)
            part = design[np.ix_(rows, chosen)]
            check_rank(part, chosen, panel, self.lag, self.trend)
            y = windows.y[np.ix_(rows, effects)]
            place = np.ix_(causes, effects)
            tests = self._tests(part, y, kept, panel.removed)
            scores[place], p_values[place], joint[place] = tests.scores, tests.p_values, tests.joint
            coefficients[place], errors[place] = tests.coefficients, tests.standard_errors
            residuals[np.ix_(rows, effects)] = np.where(tests.perfect, 0.0, tests.residuals)
            unknowns = max(unknowns, len(chosen) + panel.removed)
            perfect += [int(effect) for effect in effects[tests.perfect]]
            few = events.too_few(causes, rows, effects)
            p_values[place] = np.where(few, 1.0, p_values[place])
            sparse[place] = few.all(axis=2)
            left = (_degrees(len(rows), len(chosen), panel.removed), len(rows), len(chosen))
            fewest = left if fewest is None else min(fewest, left)
        sparse[:, perfect] = False
        p_values[:, perfect], joint[:, perfect] = 1.0, 1.0
        suspicious = sparse & (joint < SUSPICIOUS)
        joint[sparse] = 1.0
        effects_of_all = Effects.of(panel, coefficients, errors)
        links = Instantaneous.of(residuals, unknowns)
        remaining = _left(windows.y, residuals, unknowns)
        return Discovery(
            names=panel.names,
            scores=scores,
            p_values=p_values,
            joint_p_values=joint,
            effects=effects_of_all,
            instantaneous=links,
            data=windows.describe(panel.names),
            notes=(
                *_about_lags(merged, panel),
                *_untested(panel, perfect, suspicious),
                *(() if fewest is None else self._notes(*fewest)),
                *about_sampling(links, remaining, effects_of_all),
            ),
        )

    def _tests(self, design: Array, y: Array, kept: Mask, removed: int) -> _Tests:
        """Return the tests of E regressions on one design (N, ...).

        Args:
            design: regressors, the trend last.
            y: next steps, (N, E).
            kept: which lags (K, C) of the causes are regressors; others get the score 0.
            removed: numbers that a preparation has estimated before; they count as parameters, as in a regression
                that contains them (Frisch-Waugh-Lovell theorem).
        """
        from statsmodels.regression.linear_model import OLS

        # Unit columns keep series of very different size apart from rounding; t and F do not depend on it.
        lengths = np.linalg.norm(design, axis=0)
        design = design / lengths
        # One decomposition serves all effects: only the left-hand side differs between their regressions.
        first = OLS(y[:, 0], design)
        unscaled = first.fit().normalized_cov_params  # (X'X)^-1
        coefficients = first.pinv_wexog @ y  # (K * C + terms, E)
        residuals = y - design @ coefficients
        degrees = _degrees(len(y), design.shape[1], removed)
        floor = SMALLEST_RESIDUAL**2 * (y**2).mean(axis=0)
        variance = np.maximum((residuals**2).sum(axis=0) / degrees, floor)  # (E,)

        lagged = int(kept.sum())
        by_lag, spread = np.zeros((*kept.shape, y.shape[1])), np.ones(kept.shape)
        by_lag[kept] = coefficients[:lagged]  # (lag, cause, effect)
        spread[kept] = np.diag(unscaled)[:lagged]
        errors = np.sqrt(spread[:, :, None] * variance)  # (lag, cause, effect)
        t = by_lag / errors
        f = _wald(by_lag, unscaled[:lagged, :lagged], variance, kept)
        scores = np.abs(t) if self.score == "t" else _share(np.sqrt(f), np.abs(t))
        p_values = 2 * t_tail(np.abs(t), degrees)
        perfect = (residuals**2).sum(axis=0) <= PERFECT * ((y - y.mean(axis=0)) ** 2).sum(axis=0)
        joint = f_tail(f, kept.sum(axis=0)[:, None], degrees)
        size = np.ones(kept.shape)
        size[kept] = lengths[:lagged]
        units = np.where(kept, size, np.inf)[:, :, None]  # of what is no regressor, coefficient and error are 0
        by_cause = [values.transpose(1, 2, 0) for values in (scores, p_values, by_lag / units, errors / units)]
        return _Tests(by_cause[0], by_cause[1], by_cause[2], by_cause[3], joint, perfect, residuals)

    def _notes(self, degrees: int, count: int, unknowns: int) -> tuple[str, ...]:
        if degrees >= FEW_DEGREES:
            return ()
        return (
            f"Only {degrees} residual degrees of freedom are left ({count} windows, {unknowns} coefficients for every "
            "effect): the tests have little power.",
        )


@dataclass(frozen=True)
class _Tests:
    """Results of E regressions on the same C causes.

    Attributes:
        scores, p_values, coefficients, standard_errors: of each lag, shape (C, E, K).
        joint: p-values of all lags of a cause, (C, E).
        perfect: which effects are fitted perfectly, (E,).
        residuals: shape (N, E).
    """

    scores: Array
    p_values: Array
    coefficients: Array
    standard_errors: Array
    joint: Array
    perfect: Mask
    residuals: Array


def _left(y: Array, residuals: Array, unknowns: int) -> Array:
    """Return the share of the variance of each series that its past leaves, (P,)."""
    seen = ~np.isnan(residuals)
    total = np.array([y[rows, series].var() for series, rows in enumerate(seen.T)])
    left = np.nansum(residuals**2, axis=0) / np.maximum(seen.sum(axis=0) - unknowns, 1)
    share: Array = np.divide(left, total, out=np.zeros_like(total), where=total > 0)
    return share


def _degrees(windows: int, coefficients: int, removed: int) -> int:
    """Return the residual degrees of freedom, at least 1."""
    return max(1, windows - coefficients - removed)


def _untested(panel: Panel, perfect: Sequence[int], few: NDArray[np.bool_]) -> list[str]:
    """Return which effects and edges have no p-value, and why."""
    notes = []
    if perfect:
        names, them = listed([panel.names[effect] for effect in perfect], 6), "it" if len(perfect) == 1 else "them"
        notes.append(
            f"the past explains {names} perfectly, up to rounding: without noise no test can tell an edge from a "
            f"coincidence, so edges into {them} have p-value 1"
        )
    if few.any():
        edges = listed([f"{panel.names[cause]} -> {panel.names[effect]}" for cause, effect in np.argwhere(few)], 6)
        notes.append(
            f"{edges}: cause and effect leave their usual values together in fewer than {FEWEST} windows, too few "
            "for a test, so the p-value is 1"
        )
    return notes


def _about_lags(merged: set[str], panel: Panel) -> tuple[str, ...]:
    """Say which lags stand for others."""
    if not merged:
        return ()
    names = ", ".join(name for name in panel.names if name in merged)
    return (
        f"where {names} has the same value at several lags in all windows of an effect, the smallest lag stands "
        "for all of them",
    )


def _regressions(allowed: Mask, windows: Windows) -> list[tuple[Index, Index, Index]]:
    """Return (causes, windows, effects) of every regression: effects with the same causes and windows share one."""
    observed = windows.observed
    groups: dict[bytes, list[int]] = {}
    for effect in range(len(allowed)):
        seen = b"" if observed is None else observed[:, effect].tobytes()
        groups.setdefault(allowed[:, effect].tobytes() + seen, []).append(effect)
    found = []
    for effects in groups.values():
        causes = np.flatnonzero(allowed[:, effects[0]])
        rows = np.arange(len(windows)) if observed is None else np.flatnonzero(observed[:, effects[0]])
        found.append((causes, rows, np.array(effects)))
    return found


def _columns(causes: Index, kept: Mask, series: int, terms: int) -> Index:
    """Return the columns of the design matrix that belong to some causes at the lags (K, C) kept, and to the trend."""
    lag = len(kept)
    lagged = (np.arange(lag)[:, None] * series + causes)[kept]
    return np.concatenate([lagged, lag * series + np.arange(terms)])


def _share(whole: Array, parts: Array) -> Array:
    """Scale parts (K, P, P) so that their maximum over lags is the whole (P, P)."""
    largest = parts.max(axis=0)
    shared: Array = parts * (whole / np.where(largest > 0, largest, 1.0))
    return shared


def _wald(by_lag: Array, unscaled: Array, variance: Array, kept: Mask) -> Array:
    """Return ``b' V^-1 b / K`` for every cause and effect, shape (C, E); K is the number of its lags that are kept.

    The covariance of a cause's K coefficients is ``C_cause * variance_effect``, with C the same for all effects;
    hence C systems of size K with E right-hand sides each, instead of C * E systems.
    """
    place = np.zeros(kept.shape, dtype=np.intp)
    place[kept] = np.arange(kept.sum())
    f: Array = np.zeros(by_lag.shape[1:])
    for lags in np.unique(kept, axis=1).T:
        causes = np.flatnonzero((kept == lags[:, None]).all(axis=0))
        places = place[np.ix_(lags, causes)].T  # (cause, K)
        same = unscaled[places[:, :, None], places[:, None, :]]  # (cause, K, K)
        b = by_lag[np.ix_(lags, causes)].transpose(1, 0, 2)  # (cause, K, effect)
        quadratic = np.maximum(0.0, (b * np.linalg.solve(same, b)).sum(axis=1))  # rounding may leave -1e-17
        f[causes] = quadratic / (lags.sum() * variance)
    return f
