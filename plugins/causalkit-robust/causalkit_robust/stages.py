"""When a regularizer acts, and how its weight grows over the epochs."""

from __future__ import annotations

from typing import Literal

from causalkit.neural import Batch

TwoStages = Literal["pretrain", "finetune", "both"]
"""Stages of training on two domains that a user may choose."""


def ramped(strength: float, ramp: float, batch: Batch) -> float:
    """Return the strength at this point of training: it grows evenly over the first ``ramp`` of the epochs."""
    return strength if ramp == 0 else strength * min(1.0, batch.progress / ramp)
