"""Settings of training."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field


class Training(BaseModel):
    """Settings of training; keys of ``--set training.KEY=VALUE``."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    epochs: int = Field(default=200, ge=1, description="passes over all windows")
    learning_rate: float = Field(default=0.01, gt=0, description="step size of the optimiser")
    batch_size: int | None = Field(
        default=None, ge=1, description="windows a step; none: all of them, and at most 2000 where a strength is chosen"
    )
    optimizer: Literal["adam", "sgd"] = Field(
        default="adam", description="with sgd, penalties that have a proximal step take it (ISTA)"
    )
    schedule: Literal["constant", "cosine"] = Field(default="constant", description="of the learning rate")
    validation: float = Field(default=0.0, ge=0, le=0.5, description="share of windows held out for validation")
    patience: int | None = Field(
        default=None, ge=1, description="epochs without a lower validation error that end training; none: never"
    )
    snapshots: int | None = Field(
        default=None,
        ge=1,
        description="epochs between two records of the scores, kept in the result; none: only the last scores",
    )

    def rate(self, epoch: int) -> float:
        """Return the step size of an epoch, counted from 0."""
        if self.schedule == "constant":
            return self.learning_rate
        phase = torch.pi * epoch / self.epochs
        return 0.5 * self.learning_rate * (1 + float(torch.cos(torch.tensor(phase))))
