"""The regularizers ``group-lasso``, ``group-sparse-group-lasso`` and ``hierarchical-group-lasso``."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from causalkit.errors import WrongUsageError
from causalkit.neural import Batch, RegularizerObject, as_forecaster, as_scores, mean_absolute_jacobian
from causalkit_neuralgc import groups

Strength = Annotated[float, Field(ge=0)] | Literal["auto", "path"]
CANDIDATES = (0.01, 0.02, 0.04, 0.07, 0.12, 0.2, 0.35, 0.6)
"""Strengths to choose from in the common training loop; proximal descent finds out where the strongest one lies."""
DEFAULT_STRENGTH = 0.1
"""Strength where it is unset and cannot be chosen."""


class GroupLasso(RegularizerObject):
    """Group lasso on the weights that leave a series, over all lags: the series is used, or not at all.

    The objective is the mean over targets of (squared forecast error + strength * penalty), so that a strength means
    the same at every number of series.

    Args:
        strength: weight of the penalty for each target; auto: chosen by the forecast error on blocks that are left out;
            path: a whole path of strengths.
    """

    value = staticmethod(groups.lasso)
    shrink = staticmethod(groups.shrink_lasso)
    whole_series = True

    candidates = CANDIDATES
    default_strength = DEFAULT_STRENGTH

    def __init__(self, strength: Strength = "auto") -> None:
        self.path = strength == "path"
        self.strength = None if isinstance(strength, str) else strength
        if self.path:
            self.candidates = ()  # a path of its own, not a choice

    def penalty(self, model: nn.Module, batch: Batch) -> Tensor:
        """Return strength * mean over targets of the penalty on the model's input weights."""
        return self._number() * self.value(as_forecaster(model).input_weights()).mean()

    @torch.no_grad()
    def prox(self, model: nn.Module, step: float) -> None:
        """Take the proximal step: groups that are worth less than the penalty become exactly zero."""
        weight = as_forecaster(model).input_weights()
        amount = torch.full(
            (len(weight),), step * self._number() / len(weight), dtype=weight.dtype, device=weight.device
        )
        weight.copy_(self.shrink(weight, amount))

    def scores(self, model: nn.Module, x: Tensor) -> Tensor:
        """Return (cause, effect, lag); exactly zero where a group of weights is.

        A network of each target's own, with weights for every lag: norms of its groups. Networks whose weights do not
        tell lags apart (recurrent ones): the norm of the group, spread over lags in proportion to the mean absolute
        gradient. A network that all targets share: the mean absolute gradient, of the series that it uses.
        """
        weight = as_forecaster(model).input_weights().detach()
        targets, _, positions, series = weight.shape
        if targets == series and positions == x.shape[1]:
            return as_scores(self._by_lag(weight))
        gradient = mean_absolute_jacobian(model, x)
        norms = groups.series_norms(weight).to(gradient).T  # (cause, effect), or (cause, 1) for a shared network
        if targets == series:
            profile = gradient / gradient.amax(dim=2, keepdim=True).clamp(min=1e-30)
            return profile * norms.unsqueeze(2)
        return gradient * (norms > 0).unsqueeze(2)

    def compatible(self, model: nn.Module) -> str | None:
        """Return None for a forecaster with input weights that can be changed in place."""
        if "input-weights" not in as_forecaster(model).capabilities:
            return "needs a forecaster with input weights"
        return None

    def _number(self) -> float:
        """Return the strength; a path of them is for proximal descent of component-wise networks alone.

        Raises:
            WrongUsageError: the strength is a path.
        """
        if self.path:
            raise WrongUsageError(
                "a path of strengths needs proximal descent of component-wise networks",
                "use --method cmlp or clstm with training.optimizer=gista, or give a number",
            )
        return self.weight

    def _by_lag(self, weight: Tensor) -> Tensor:
        """Return the strength of each lag (M, K, S)."""
        by_lag = groups.lag_norms(weight)
        if not self.whole_series:
            return by_lag
        # The penalty acts on a series over all its lags; its strongest lag carries that norm.
        largest = by_lag.amax(dim=1, keepdim=True).clamp(min=1e-30)
        return by_lag / largest * groups.series_norms(weight).unsqueeze(1)


class GroupSparseGroupLasso(GroupLasso):
    """Group lasso on series and on single lags of a series.

    Args:
        strength: weight of the penalty for each target; auto: chosen by the forecast error on blocks that are left out;
            path: a whole path of strengths.
    """

    value = staticmethod(groups.sparse_group)
    shrink = staticmethod(groups.shrink_sparse_group)
    whole_series = False


class HierarchicalGroupLasso(GroupLasso):
    """Nested groups of lags: far lags drop out first, so that the penalty chooses the lag by itself.

    Args:
        strength: weight of the penalty for each target; auto: chosen by the forecast error on blocks that are left out;
            path: a whole path of strengths.
    """

    value = staticmethod(groups.hierarchical)
    shrink = staticmethod(groups.shrink_hierarchical)
    whole_series = False
