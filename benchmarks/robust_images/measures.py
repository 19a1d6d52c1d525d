"""What is measured: accuracy clean and under attack, how much is lost, likeness of features, and intervals over seeds.

AOI is the accuracy on original images, AAI that on attacked ones, DR = (AOI - AAI) / AOI.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from causalkit_robust.attacks import frozen, pgd
from scipy import stats
from torch import Tensor
from torch.nn import functional

from benchmarks.robust_images.data import BOX, Images
from benchmarks.robust_images.network import Network

STEPS = 20


@torch.no_grad()
def accuracy(network: Network, images: Images) -> float:
    """Return the share of images that are put into their class."""
    return (network(images.x).argmax(1) == images.y).double().mean().item()


def attacked_accuracy(network: Network, images: Images, epsilon: float, seed: int = 0) -> float:
    """Return the accuracy under PGD: 20 steps of 2.5 epsilon / 20 from a random start, pixels kept within 0 to 1.

    Every image is attacked in the same way, also where it is misclassified from the start.
    """
    if epsilon == 0:
        return accuracy(network, images)

    def loss(x: Tensor) -> Tensor:
        return functional.cross_entropy(network(x), images.y, reduction="none")

    generator = torch.Generator().manual_seed(seed)
    with frozen(network):
        x = pgd(loss, images.x, epsilon, STEPS, 2.5 * epsilon / STEPS, generator, BOX)
    return accuracy(network, Images(x, images.y))


def drop_rate(original: float, attacked: float) -> float:
    """Return DR = (AOI - AAI) / AOI, 0 to 1; not a number where AOI is 0. A network that knows nothing has DR 0."""
    return (original - attacked) / original if original > 0 else math.nan


def linear_cka(a: Tensor, b: Tensor) -> float:
    """Return the likeness of two sets of features of the same N images, (N, D) and (N, E): 0 to 1.

    ||A'B||^2 / (||A'A|| ||B'B||) with centred columns and Frobenius norms: 1 where one is a rotation and a common
    scaling of the other; not a number where one does not vary.

    Source: Kornblith et al., Similarity of neural network representations revisited, arXiv 1905.00414 (2019).
    """
    a, b = (features.double() - features.double().mean(0) for features in (a, b))
    norm = torch.linalg.matrix_norm(a.T @ a) * torch.linalg.matrix_norm(b.T @ b)
    return (torch.linalg.matrix_norm(a.T @ b).square() / norm).item() if norm > 0 else math.nan


@torch.no_grad()
def feature_spread(network: Network, x: Tensor) -> float:
    """Return the summed variance of the features over the images, relative to their mean square: 0 where all are equal.

    Unlike the variance alone, this does not change with the scale of the features.
    """
    features = network.features(x).double()
    square = features.square().sum(1).mean()
    return (features.var(0).sum() / square).item() if square > 0 else 0.0


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its 95 % interval by Student's t; without bounds where there is one seed."""

    mean: float
    low: float
    high: float
    seeds: int

    def __str__(self) -> str:
        bounds = f" [{self.low:.3f}, {self.high:.3f}]" if self.seeds > 1 else ""
        return f"{self.mean:.3f}{bounds}"


def interval(values: Sequence[float]) -> Interval:
    """Return mean and 95 % interval of one value a seed."""
    count = len(values)
    mean = float(np.mean(values))
    if count < 2:
        return Interval(mean, math.nan, math.nan, count)
    reach = float(stats.t.ppf(0.975, count - 1) * np.std(values, ddof=1) / math.sqrt(count))
    return Interval(mean, mean - reach, mean + reach, count)


def paired(first: Sequence[float], second: Sequence[float]) -> Interval:
    """Return the interval of first - second, seed by seed; one value a seed in the same order.

    Raises:
        ValueError: the two differ in length.
    """
    return interval([a - b for a, b in zip(first, second, strict=True)])
