"""The training context: what a stage of training knows beyond its own windows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from causalkit.core.panel import Panel
from causalkit.core.run import Run
from causalkit.neural.interfaces import Batch, Stage


@dataclass(frozen=True)
class TrainingContext:
    """The stage, the other domain and background knowledge; see `Batch` for the fields.

    Attributes:
        stage: "train" is training on one domain.
        other: all windows (B', K, P) of the other domain; every step draws as many as its own batch has.
        reference: scores of the pre-trained forecaster.
        allowed, required: background knowledge, shape (cause, effect); None: there is none.
    """

    stage: Stage = "train"
    other: Tensor | None = None
    reference: Tensor | None = None
    allowed: Tensor | None = None
    required: Tensor | None = None

    def with_knowledge(self, panel: Panel, run: Run) -> TrainingContext:
        """Return the context with the background knowledge of a run about the series of a panel."""
        if run.knowledge is None:
            return self
        device, known = run.torch_device(), run.knowledge
        required = known.required(panel.names) if known.require else None
        return replace(
            self,
            allowed=torch.as_tensor(known.allowed(panel.names), device=device),
            required=None if required is None else torch.as_tensor(required, device=device),
        )

    def batch(
        self, x: Tensor, y: Tensor, observed: Tensor | None, generator: torch.Generator, progress: float
    ) -> Batch:
        """Return a batch, with windows of the other domain drawn at random."""
        other = self.other
        if other is not None and len(other) > len(x):
            other = other[torch.randperm(len(other), generator=generator, device=other.device)[: len(x)]]
        return Batch(
            x, y, generator, other, self.stage, progress, self.reference, observed, self.allowed, self.required
        )


PLAIN = TrainingContext()
"""Training on one domain without background knowledge."""
