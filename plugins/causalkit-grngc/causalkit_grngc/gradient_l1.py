r"""The penalty of GRNGC: the mean absolute input gradient of each target, and the scores read off it.

With A_ijl the mean over windows of |d y_i / d x_jl|, the objective is

    mean over targets i of ( squared forecast error of i  +  strength * sum over j, l of A_ijl ),

so that a strength means the same for every target whatever the number P of series. The paper (arXiv 2507.11178) writes
mean squared error + lambda * sum_ijl A_ijl; the two agree for

    strength = lambda * P.

Under ``measure=shapley``, the sum over j, l is that of the information-theoretic Shapley values of SRNGC instead (Yang,
Zhu, Tian, Gao and Li, Shapley regularized neural Granger causality, ICML 2026, PMLR 306, equations 28 and 29, as the
package shapneurgc documents them),

    phi_ia = E[J_ia^2] + 1/2 sum over b != a of E|J_ia J_ib|,    J_ia = d y_i / d x_a,

where inputs a and b are series at lags; their sum is 1/2 E[ sum_a J_ia^2 + (sum_a |J_ia|)^2 ]. Scores are phi_ia too.
They grow with the square of a gradient, so strong causes are further ahead of weak ones, and an input counts more in
windows in which others act on the same target.

Two estimators of the sum:

* *exact*: every target's gradient in every window.
* *sampled*: in every step each window draws its own random targets. The sizes of their gradients, averaged over draws
  and windows, are an unbiased estimate of the mean over targets, for one backward pass with one-hot rows: the cost does
  not grow with P. Of a component-wise forecaster with a Jacobian of its own, every target has its gradient from its own
  network, and targets are batched: there a random quarter of the windows is drawn, with all targets.

Where background knowledge forbids pairs, their gradients count `FORBIDDEN` times, as far as the forecaster can have
any; those of required pairs do not count.

The read-out is always exact.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from causalkit.neural import (
    Batch,
    RegularizerObject,
    as_forecaster,
    candidates_of,
    has_own_input_weights,
    input_jacobian,
    jacobian_size,
    mean_jacobian_size,
    narrow_jacobian,
)

Measure = Literal["l1", "shapley"]

EXACT_UP_TO = 16
"""With so few series the exact penalty costs about as much as the sampled one, and has no variance."""
FORBIDDEN = 3.0
"""Times that a forbidden gradient counts. With half of the absent edges of Lorenz-96 forbidden (P = 20, F = 40,
T = 200, five seeds), the AUROC over the other pairs is .942 without knowledge and .952, .942, .807 and .497 at 3, 10,
30 and 100 times: beyond 10, what Adam's steps leave of forbidden gradients drowns the rest."""
SHARE = 4
"""Of component-wise forecasters, the sampled estimator sees one window of so many. On Lorenz-96 (P = 20, F = 40,
T = 250 and 500, two seeds) AUROC and AUPRC are those of all windows to .005."""
CHUNK_BYTES = 4 * 2**20
CANDIDATES = (0.055, 0.08, 0.12, 0.18, 0.27, 0.4, 0.6)
"""Strengths to choose from; on standardised series, no penalty above 1 leaves a gradient that pays."""
FINER = (0.001, 0.0015, 0.0023, 0.0034, 0.005, 0.0075, 0.011, 0.017, 0.025, 0.037)
"""Weaker strengths: where a series' own past explains nearly all of its variance, what others add is that small."""
DEFAULT_STRENGTH = 0.1
"""Strength where it is unset and cannot be chosen."""


class GradientL1(RegularizerObject):
    """L1 penalty, or interaction-aware penalty, on the input Jacobian.

    Args:
        strength: weight of the penalty for each target, the paper's lambda times P; auto: chosen by the
            forecast error on blocks that are left out of training.
        estimator: exact, sampled, or auto: exact up to 16 series where the forecaster has a
            Jacobian of its own, sampled otherwise.
        draws: targets that each window draws a step, when sampled from a joint forecaster.
        memory: MiB that one chunk of the read-out may take.
        measure: size of a gradient, in the penalty and in the scores: l1, its mean absolute value; shapley, its
            mean square and half of its products with the other gradients of the target (SRNGC).
    """

    keeps_to_knowledge = True
    candidates = CANDIDATES
    finer_candidates = FINER
    default_strength = DEFAULT_STRENGTH

    def __init__(
        self,
        strength: Annotated[float, Field(ge=0)] | Literal["auto"] = "auto",
        estimator: Literal["auto", "exact", "sampled"] = "auto",
        draws: Annotated[int, Field(ge=1)] = 1,
        memory: Annotated[int, Field(ge=1)] = 256,
        measure: Measure = "l1",
    ) -> None:
        self.strength = None if strength == "auto" else strength
        self.estimator = estimator
        self.draws = draws
        self.memory = memory
        self.measure = measure

    def penalty(self, model: nn.Module, batch: Batch) -> Tensor:
        """Return strength / P * sum_ijl A_ijl, or of phi_ijl, or its sampled estimate."""
        return self.penalty_and_forecast(model, batch)[0]

    def penalty_and_forecast(self, model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Return the penalty, and the forecast (B, P) where the same pass gives it."""
        weights = _weights(batch, candidates_of(model))
        if self.estimator_for(model, batch.y.shape[1]) == "sampled":
            size, forecast = self._sampled(model, batch, weights)
        else:
            size, forecast = _exact(model, batch.x, weights, self.measure)
        return self.weight * size, forecast

    def scores(self, model: nn.Module, x: Tensor) -> Tensor:
        """Return A, or phi, as (cause, effect, lag)."""
        size = torch.abs if self.measure == "l1" else _shapley_values
        return mean_jacobian_size(model, x, size, self.memory * 2**20)

    def estimator_for(self, model: nn.Module, series: int) -> str:
        """Return the estimator that is used for a forecaster of P series."""
        if self.estimator != "auto":
            return self.estimator
        fast = "jacobian" in as_forecaster(model).capabilities
        return "exact" if series <= EXACT_UP_TO and fast else "sampled"

    def describe(self, model: nn.Module, series: int) -> dict[str, Any]:
        """Return which estimator is used, for the result."""
        return {"estimator": self.estimator_for(model, series)}

    def _sampled(self, model: nn.Module, batch: Batch, weights: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return an unbiased estimate of the mean over targets of the sum over j and l, and the forecast or None."""
        (windows, series), own = batch.y.shape, "jacobian" in as_forecaster(model).capabilities
        if own and has_own_input_weights(model, series):
            some = torch.randint(windows, (-(-windows // SHARE),), generator=batch.generator, device=batch.x.device)
            return _exact(model, batch.x[some], weights, self.measure)[0], None
        targets = torch.randint(series, (windows, self.draws), generator=batch.generator, device=batch.x.device)
        forecast, jacobian = input_jacobian(model, batch.x, targets)  # (B, draws, K, P)
        sizes = jacobian.abs()
        if weights is not None:
            sizes = sizes * weights[targets].unsqueeze(2)  # (B, draws, 1, P)
        return _sum(sizes, self.measure) / (windows * self.draws), forecast if own else None


def _weights(batch: Batch, candidates: Tensor | None) -> Tensor | None:
    """Return what the gradient of each (effect, cause or candidate) counts, or None where all count 1.

    Forbidden series are no candidates.
    """
    if batch.allowed is None:
        return None
    if candidates is not None:
        if batch.required is None:
            return None
        effects = torch.arange(len(candidates), device=candidates.device).unsqueeze(1)
        required = batch.required[candidates.clamp(max=len(candidates) - 1), effects] & (candidates < len(candidates))
        return (~required).to(batch.x)
    counts = torch.where(batch.allowed, 1.0, FORBIDDEN).to(batch.x)
    if batch.required is not None:
        counts = counts.masked_fill(batch.required, 0.0)
    return counts.T.contiguous()


def _sum(sizes: Tensor, measure: Measure) -> Tensor:
    """Return the sum over windows, targets and inputs of |J|, or of Shapley values, of |J| (B, m, K, P)."""
    if measure == "l1":
        return sizes.sum()
    return 0.5 * (sizes.square().sum() + sizes.flatten(2).sum(2).square().sum())


def _shapley_values(jacobian: Tensor) -> Tensor:
    """Return J_a^2 + 1/2 sum over b != a of |J_a J_b| of each input a of Jacobians (B, m, K, P), in the same shape."""
    sizes = jacobian.abs()
    return 0.5 * sizes * (sizes + sizes.sum((2, 3), keepdim=True))


def _exact(model: nn.Module, x: Tensor, weights: Tensor | None, measure: Measure) -> tuple[Tensor, Tensor | None]:
    """Return the mean over targets of the sum over j and l, and the forecast or None.

    The sum is of |J| or, with weights (effect, column), of w_ij |J|; or of Shapley values of these.
    """
    if measure == "shapley":
        return _shapley_size(model, x, weights), None
    forecast, size = jacobian_size(model, x, weights)
    return size / (len(x) * x.shape[2]), forecast


def _shapley_size(model: nn.Module, x: Tensor, weights: Tensor | None) -> Tensor:
    """Return the mean over targets of the sum over j and l of Shapley values, with weights (effect, column) of |J|.

    In chunks that stay in the processor's cache, which is twice as fast as all windows at once.
    """
    windows, lag, series = x.shape
    candidates = candidates_of(model)
    columns = series if candidates is None else candidates.shape[1]
    total = x.new_zeros(())
    for part in x.split(max(1, CHUNK_BYTES // (series * lag * columns * x.element_size()))):
        sizes = narrow_jacobian(model, part).abs()  # (B, P, K, P or M)
        total = total + _sum(sizes if weights is None else sizes * weights.unsqueeze(1), "shapley")
    return total / (windows * series)
