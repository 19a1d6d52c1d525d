"""Training settings of component-wise networks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from causalkit.neural import Training


class ProximalTraining(Training):
    """Settings of cMLP and cLSTM; with adam or sgd the common training loop of all neural methods is used."""

    epochs: int = Field(default=1000, ge=1, description="iterations at most; a target that has converged stops earlier")
    learning_rate: float = Field(default=0.05, gt=0, description="first step size of gista, the only one of ista")
    optimizer: Literal["gista", "ista", "adam", "sgd"] = Field(  # type: ignore[assignment]  # wider than the base
        default="gista", description="proximal descent with or without line search, or the common loop"
    )
    ridge: float = Field(default=0.03, ge=0, description="weight of squared later weights (gista, ista)")
    tolerance: float = Field(default=1e-4, gt=0, description="relative fall of a target's objective that ends it")
