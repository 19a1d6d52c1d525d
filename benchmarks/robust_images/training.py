"""Training: on a source with or without the target's images, and on the target with or without mitigation.

All losses are minimised by Adam in eval mode; every random draw comes from the generator that is handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from causalkit_robust.attacks import frozen, pgd
from torch import Tensor
from torch.nn import functional

from benchmarks.robust_images.data import BOX, Images
from benchmarks.robust_images.network import Network

Distance = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Lengths:
    """How long each kind of training lasts, in steps; short in tests."""

    pretrain: int = 400
    head: int = 300
    full: int = 150


@dataclass(frozen=True)
class Mitigation:
    """Discrepancy mitigating (DM): features must not move under a small change of the image.

    Attributes:
        weight: of mean (g(x') - g(x))^2, the paper's beta.
        epsilon: largest change of a pixel; ``steps`` of 1.25 epsilon / steps find the worst one.
    """

    weight: float
    epsilon: float = 0.1
    steps: int = 10

    def penalty(self, network: Network, x: Tensor, generator: torch.Generator) -> Tensor:
        """Return the weighted penalty; the attack looks at features only and needs no classes."""
        with torch.no_grad():
            clean = network.features(x)

        def moved(attacked: Tensor) -> Tensor:
            return (network.features(attacked) - clean).square().mean(1)

        step = 1.25 * self.epsilon / self.steps
        with frozen(network):
            worst = pgd(moved, x, self.epsilon, self.steps, step, generator, BOX)
        return self.weight * (network.features(worst) - network.features(x)).square().mean()


def pretrain(
    network: Network,
    images: Images,
    *,
    steps: int,
    generator: torch.Generator,
    distance: Distance | None = None,
    weight: float = 0.0,
    other: Tensor | None = None,
    batch: int = 64,
) -> None:
    """Minimise cross-entropy on the source + weight * distance(features of a source batch, of a target batch).

    The weight grows linearly over the first half. Both batches are standardised by their common mean and standard
    deviation, through which no gradient flows.

    Args:
        other: images of the target, without classes, (N, 1, 8, 8); needed with a distance.
    """
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    for step in range(steps):
        drawn = images[torch.randint(len(images), (batch,), generator=generator)]
        if distance is None or other is None:
            loss = functional.cross_entropy(network(drawn.x), drawn.y)
        else:
            beside = other[torch.randint(len(other), (batch,), generator=generator)]
            features = network.features(torch.cat([drawn.x, beside]))
            loss = functional.cross_entropy(network.head(features[:batch]), drawn.y)
            fixed = features.detach()
            even = (features - fixed.mean(0)) / fixed.std(0).clamp_min(1e-3)
            ramp = min(1.0, 2 * (step + 1) / steps)
            loss = loss + ramp * weight * distance(even[:batch], even[batch:])
        descend(optimizer, loss)


def train_head(network: Network, images: Images, steps: int) -> None:
    """Fit the head alone, on all images at once: partial fine-tuning."""
    with torch.no_grad():
        features = network.features(images.x)
    optimizer = torch.optim.Adam(network.head.parameters(), lr=1e-2)
    for _ in range(steps):
        descend(optimizer, functional.cross_entropy(network.head(features), images.y))


def train_all(
    network: Network,
    images: Images,
    steps: int,
    mitigation: Mitigation | None = None,
    generator: torch.Generator | None = None,
) -> None:
    """Fit all weights on all images at once: training from scratch, or full fine-tuning, with or without DM."""
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    for _ in range(steps):
        loss = functional.cross_entropy(network(images.x), images.y)
        if mitigation is not None:
            generator = generator or torch.Generator().manual_seed(0)
            loss = loss + mitigation.penalty(network, images.x, generator)
        descend(optimizer, loss)


def descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """Take one step."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
