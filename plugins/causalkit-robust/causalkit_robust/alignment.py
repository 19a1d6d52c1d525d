"""The regularizer ``graph-alignment``: while fine-tuning, the graph of the target stays close to that of the source.

    L = forecast error + strength / P * sum over pairs and lags of |A_source - A_target|,

with A the mean over windows of the absolute input Jacobian. A_source is that of the pre-trained forecaster on the
source and does not change; A_target is that of the forecaster on the windows of the step. The sum over one target's
row, averaged over targets, is how `gradient-l1` counts, so that the two strengths can be compared.

Where the two systems have different graphs this does harm, and looks stable while it does: so the strength is chosen, 0
included, by the forecast error on blocks of the target that were not learned from. That alone is no safeguard. Most
pairs have no edge in either graph, so a wrong graph shrinks most scores as it should, and a weak alignment with it
lowers the held-out error of a network that overfits; and nearly every series drives itself, in both systems.
Alignment therefore has to beat a control as well: the same penalty with only the self-edges of A_source.

Structures that are aligned between domains: Li et al., Transferable Time-Series Forecasting under Causal Conditional
Shift, arXiv 2111.03422 (2021).
"""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from causalkit.neural import Batch, RegularizerObject, as_scores, input_jacobian

CANDIDATES = (0.0, 0.03, 0.1, 0.3, 1.0)
DEFAULT_STRENGTH = 0.1
"""Strength where it is unset and nothing has been chosen yet."""


class GraphAlignment(RegularizerObject):
    """Distance of the target's graph from that of the source.

    Args:
        strength: weight of the distance for each target; auto: one of 0, 0.03, 0.1, 0.3 and 1, chosen by held-out
            forecast error of the target.
        windows: how many windows a step computes the target's scores from, drawn at random.
    """

    finetune_candidates = CANDIDATES
    default_strength = DEFAULT_STRENGTH

    def __init__(
        self,
        strength: Annotated[float, Field(ge=0)] | Literal["auto"] = "auto",
        windows: Annotated[int, Field(ge=1)] = 256,
    ) -> None:
        self.strength = None if strength == "auto" else strength
        self.windows = windows

    def control(self, strength: float) -> GraphAlignment:
        """Return a penalty that shrinks as strongly, towards the self-edges of the source alone."""
        return Shrinkage(strength, self.windows)

    def penalty(self, model: nn.Module, batch: Batch) -> Tensor:
        """Return strength / P * sum of |A_source - A_target|."""
        strength = self.weight
        if strength == 0:
            return batch.x.new_zeros(())
        assert batch.reference is not None
        wanted = self.goal(batch.reference.detach())
        x = batch.x
        if len(x) > self.windows:
            x = x[torch.randperm(len(x), generator=batch.generator, device=x.device)[: self.windows]]
        _, jacobian = input_jacobian(model, x)
        scores = as_scores(jacobian.abs().mean(0))
        return strength * (wanted - scores).abs().sum() / scores.shape[1]

    def goal(self, reference: Tensor) -> Tensor:
        """Return the scores that those of the target are to be close to, given those of the source."""
        return reference


class Shrinkage(GraphAlignment):
    """The control of `GraphAlignment`: no edge between two series, and self-edges as in the source."""

    def goal(self, reference: Tensor) -> Tensor:
        """Return the scores of the source on the diagonal, and 0 elsewhere."""
        own = torch.eye(len(reference), dtype=reference.dtype, device=reference.device)
        return reference * own.unsqueeze(2)
