"""Linear vector autoregression with Granger's tests: the baseline that every neural method has to beat."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causalkit.builtin.methods.design import TREND_COLUMNS, check_rank, check_size, column_names, design_matrix
from causalkit.discovery import Discovery
from causalkit.errors import ParameterError
from causalkit.panel import Panel
from causalkit.run import Run

Array = NDArray[np.float64]

# Below this share of a series' own size, residuals are rounding errors. Without the floor, a series that is an exact
# linear function of the past has a residual variance of about 0, and every coefficient looks significant.
SMALLEST_RESIDUAL = 1e-12
FEW_DEGREES = 10


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

    Args:
        lag: K.
        trend: "n" nothing, "c" a constant, "ct" a constant and a linear trend within each realisation.
        score: "joint" as above, or "t" for ``|t|`` itself; the same thing for K = 1.

    Raises:
        ParameterError: the lag is below 1, or the trend or the score is unknown.

    Reference:
        Lütkepohl, New Introduction to Multiple Time Series Analysis, Springer 2005, section 3.6.
    """

    def __init__(
        self, lag: int = 2, trend: Literal["n", "c", "ct"] = "c", score: Literal["joint", "t"] = "joint"
    ) -> None:
        if lag < 1:
            raise ParameterError(f"lag={lag} is too small", "a lag is a whole number of time steps, at least 1")
        if trend not in TREND_COLUMNS:
            raise ParameterError(f"trend={trend!r} is unknown", 'choose "n", "c" or "ct"')
        if score not in ("joint", "t"):
            raise ParameterError(f"score={score!r} is unknown", 'choose "joint" or "t"')
        self.lag = lag
        self.trend = trend
        self.score = score

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return the scores, with the p-values of every lag and of every pair.

        Raises:
            DataError: fewer windows than coefficients, or collinear regressors.
        """
        from scipy import stats
        from statsmodels.regression.linear_model import OLS

        windows = panel.windows(self.lag)
        terms = len(TREND_COLUMNS[self.trend])
        check_size(panel, len(windows), self.lag, terms)
        design = design_matrix(windows, self.trend)
        check_rank(design, column_names(panel, self.lag, self.trend), panel.source)

        # Unit columns keep series of very different size apart from rounding; t and F do not depend on it.
        design = design / np.linalg.norm(design, axis=0)
        # One decomposition serves all effects: only the left-hand side differs between their regressions.
        first = OLS(windows.y[:, 0], design)
        unscaled = first.fit().normalized_cov_params  # (X'X)^-1
        coefficients = first.pinv_wexog @ windows.y  # (K * P + terms, P)
        residuals = windows.y - design @ coefficients
        degrees = len(windows) - design.shape[1]
        floor = SMALLEST_RESIDUAL**2 * (windows.y**2).mean(axis=0)
        variance = np.maximum((residuals**2).sum(axis=0) / degrees, floor)  # (P,)

        lagged = self.lag * panel.series
        by_lag = coefficients[:lagged].reshape(self.lag, panel.series, panel.series)  # (lag, cause, effect)
        spread = np.diag(unscaled)[:lagged].reshape(self.lag, panel.series)
        t = by_lag / np.sqrt(spread[:, :, None] * variance)  # (lag, cause, effect)
        f = _wald(by_lag, unscaled[:lagged, :lagged], variance)
        return Discovery(
            names=panel.names,
            scores=(np.abs(t) if self.score == "t" else _share(np.sqrt(f), np.abs(t))).transpose(1, 2, 0),
            p_values=(2 * stats.t.sf(np.abs(t), degrees)).transpose(1, 2, 0),
            joint_p_values=stats.f.sf(f, self.lag, degrees),
            data={"windows": len(windows), "dropped": windows.dropped},
            notes=self._notes(degrees, len(windows), design.shape[1]),
        )

    def _notes(self, degrees: int, count: int, unknowns: int) -> tuple[str, ...]:
        if degrees >= FEW_DEGREES:
            return ()
        return (
            f"Only {degrees} residual degrees of freedom are left ({count} windows, {unknowns} coefficients for every "
            "effect): the tests have little power.",
        )


def _share(whole: Array, parts: Array) -> Array:
    """Scale parts (K, P, P) so that their maximum over lags is the whole (P, P)."""
    largest = parts.max(axis=0)
    shared: Array = parts * (whole / np.where(largest > 0, largest, 1.0))
    return shared


def _wald(by_lag: Array, unscaled: Array, variance: Array) -> Array:
    """Return ``b' V^-1 b / K`` for every cause and effect, shape (P, P).

    The covariance of a cause's K coefficients is ``C_cause * variance_effect``, with C the same for all effects;
    hence P systems of size K with P right-hand sides each, instead of P * P systems.
    """
    lag, series, _ = by_lag.shape
    blocks = unscaled.reshape(lag, series, lag, series)
    same = np.einsum("kclc->ckl", blocks)  # (cause, K, K)
    b = by_lag.transpose(1, 0, 2)  # (cause, K, effect)
    quadratic = np.maximum(0.0, (b * np.linalg.solve(same, b)).sum(axis=1))  # rounding may leave -1e-17
    f: Array = quadratic / (lag * variance)
    return f
