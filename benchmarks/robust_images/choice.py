"""Choosing the weight of a regularizer: two-fold validation on the labelled images of the target, never on its test.

The criterion is half the accuracy on held-out images and half their accuracy under attack at epsilon 0.1. Each image is
held out once. Between equals the smaller weight wins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import mean

from benchmarks.robust_images.data import Images, folds
from benchmarks.robust_images.measures import accuracy, attacked_accuracy
from benchmarks.robust_images.network import Network

EPSILON = 0.1
LEAST_ACCURACY = 0.9
LEAST_SPREAD = 0.1


@dataclass(frozen=True)
class Pretrained:
    """A pre-trained network and what shows whether its features have collapsed.

    Attributes:
        accuracy: on held-out images of the source.
        spread: relative variance of the features over the unlabelled images of the target.
    """

    network: Network
    accuracy: float
    spread: float

    def collapsed(self, plain: Pretrained) -> bool:
        """Return whether little is left of what pre-training without a regularizer gives."""
        return self.accuracy < LEAST_ACCURACY * plain.accuracy or self.spread < LEAST_SPREAD * plain.spread


def validated(images: Images, fit: Callable[[Images], Network]) -> float:
    """Return the criterion of a way to fit, 0 to 1; ``fit`` gets a part of the labelled images."""
    found = []
    for learn, held_out in folds(images):
        network = fit(learn)
        found.append((accuracy(network, held_out) + attacked_accuracy(network, held_out, EPSILON)) / 2)
    return mean(found)


def best_weight(images: Images, fits: Mapping[float, Callable[[Images], Network]]) -> float:
    """Return the weight whose way to fit validates best; a single one needs no validation."""
    weights = sorted(fits)
    if len(weights) == 1:
        return weights[0]
    return max(weights, key=lambda weight: validated(images, fits[weight]))  # the first of equals
