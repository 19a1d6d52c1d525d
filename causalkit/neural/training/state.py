"""The state of training beside the weights: epochs, history, best weights, score history."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from causalkit.neural.training.divergence import DivergenceError
from causalkit.neural.training.networks import Networks, Stacked, alike


class BestWeights:
    """The weights of each network at its lowest validation error.

    Attributes:
        errors: lowest validation error of each network, shape (E,).
        latest: latest validation error of each, shape (E,).
        epochs: epoch of the lowest error, shape (E,).
        weights: weights at that epoch, stacked.
    """

    def __init__(self, networks: Networks) -> None:
        count, x = len(networks.models), networks.data.x
        self.errors = torch.full((count,), math.inf, device=x.device, dtype=x.dtype)
        self.latest = torch.full_like(self.errors, math.nan)
        self.epochs = torch.zeros(count, dtype=torch.long, device=x.device)
        self.weights: Stacked = {name: value.detach().clone() for name, value in networks.averaged.items()}

    def update(self, errors: Tensor, weights: Mapping[str, Tensor], epoch: int) -> None:
        """Keep the weights of the networks whose error is the lowest so far."""
        self.latest = errors
        better = errors < self.errors
        self.errors = torch.where(better, errors, self.errors)
        self.epochs[better] = epoch
        for name, value in weights.items():
            self.weights[name][better] = value.detach()[better]

    def state_dict(self) -> Stacked:
        """Return everything, for a checkpoint."""
        own = {"errors": self.errors, "latest": self.latest, "epochs": self.epochs}
        return {**own, **{f"weights.{name}": value for name, value in self.weights.items()}}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take everything from a checkpoint."""
        kept = {name: alike(state[name], mine) for name, mine in self.state_dict().items()}
        self.errors, self.latest, self.epochs = kept["errors"], kept["latest"], kept["epochs"]
        self.weights = {name: kept[f"weights.{name}"] for name in self.weights}


@dataclass
class TrainingState:
    """The state of one training.

    Attributes:
        epoch: epochs done.
        history: one list for each part of the loss, one entry an epoch; "validation" where windows are held out.
        best: weights at the lowest validation error, where windows are held out.
        snapshots: scores (cause, effect, lag) after an epoch, by epoch.
        stopped: why training ended, "" while it has not.
    """

    epoch: int = 0
    history: dict[str, list[float]] = field(default_factory=dict)
    best: BestWeights | None = None
    snapshots: dict[int, Tensor] = field(default_factory=dict)
    stopped: str = ""

    def record(self, losses: Mapping[str, float], rate: float, stage: str = "train") -> None:
        """Append the losses of an epoch to the history.

        Raises:
            DivergenceError: a loss is not finite.
        """
        for name, value in losses.items():
            if not math.isfinite(value):
                raise DivergenceError(f"the {name} loss is {value} in epoch {self.epoch}", rate, stage)
            self.history.setdefault(name, []).append(value)
        self.history.setdefault("epoch", []).append(self.epoch)
