"""The classifier: two convolutions, one hidden layer whose values are *the features*, and a linear head."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from benchmarks.robust_images.data import CLASSES

FEATURES = 64


class Network(nn.Module):
    """Images (N, 1, 8, 8) to logits (N, 5); weights are drawn from the seed alone."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.body = nn.Sequential(
                nn.Conv2d(1, 16, 3, padding=1),
                nn.MaxPool2d(2),
                nn.ReLU(),
                nn.Conv2d(16, 32, 3, padding=1),
                nn.MaxPool2d(2),
                nn.ReLU(),
                nn.Flatten(),
                nn.Linear(128, FEATURES),
                nn.ReLU(),
            )
            self.head = nn.Linear(FEATURES, CLASSES)
        self.to(memory_format=torch.channels_last)  # half the time of a step on a processor

    def features(self, x: Tensor) -> Tensor:
        """Return what the head sees, (N, 64)."""
        return self.body(x)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (N, 5)."""
        return self.head(self.features(x))

    def with_new_head(self, seed: int) -> Network:
        """Return a copy that keeps the body, with a head drawn from the seed."""
        fresh = Network(seed)
        fresh.body = copy.deepcopy(self.body)
        return fresh
