"""Target and sources: 8 x 8 grey images, shape (N, 1, 8, 8), values 0 to 1.

Target: the digits 5 to 9 of scikit-learn, five classes. Sources: the digits 0 to 4, or gratings that are drawn here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor

CLASSES = 5
SIDE = 8
BOX = (0.0, 1.0)
SOURCES = ("digits", "gratings")


@dataclass(frozen=True)
class Images:
    """Images ``x`` (N, 1, 8, 8) and their classes ``y`` (N,), 0 to 4."""

    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, rows: Tensor | slice) -> Images:
        return Images(self.x[rows], self.y[rows])


@dataclass(frozen=True)
class Target:
    """The target, in three parts that share no image.

    Attributes:
        labelled: what a classifier may learn from; the same number of every class.
        unlabelled: (N, 1, 8, 8), images whose classes must not be used.
        test: what the results are measured on, and nothing else.
    """

    labelled: Images
    unlabelled: Tensor
    test: Images


@dataclass(frozen=True)
class Source:
    """A source: what a network is pre-trained on, and images that only its source accuracy is measured on."""

    train: Images
    held_out: Images


def digits(first: int, generator: torch.Generator) -> Images:
    """Return all images of the digits ``first`` to ``first + 4`` in random order."""
    x, y = load_digits(return_X_y=True)
    chosen = (y >= first) & (y < first + CLASSES)
    images = torch.tensor(x[chosen] / 16, dtype=torch.float32).view(-1, 1, SIDE, SIDE)
    classes = torch.tensor(y[chosen] - first, dtype=torch.int64)
    return Images(images, classes)[torch.randperm(len(classes), generator=generator)]


def gratings(count: int, generator: torch.Generator) -> Images:
    """Draw ``count`` sine waves; the class is the direction, a multiple of 36 degrees.

    Frequency (0.1 to 0.3 cycles a pixel), phase, contrast (0.5 to 1) and noise (standard deviation 0.05) are random.
    """

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, 1, 1, generator=generator)

    classes = torch.randint(CLASSES, (count,), generator=generator)
    angle = classes.view(-1, 1, 1) * (np.pi / CLASSES)
    down, across = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    along = across * torch.cos(angle) + down * torch.sin(angle)
    wave = torch.sin(2 * np.pi * (uniform(0.1, 0.3) * along + uniform(0, 1)))
    noise = 0.05 * torch.randn(count, SIDE, SIDE, generator=generator)
    images = (0.5 + 0.5 * uniform(0.5, 1) * wave + noise).clamp(*BOX)
    return Images(images[:, None], classes)


def target(seed: int, labelled: int = 50, test: int = 400) -> Target:
    """Split the digits 5 to 9 at random; what is neither labelled nor for the test is unlabelled."""
    images = digits(5, torch.Generator().manual_seed(seed))
    each = labelled // CLASSES
    first = torch.cat([torch.nonzero(images.y == label)[:each, 0] for label in range(CLASSES)])
    rest = torch.ones(len(images), dtype=torch.bool)
    rest[first] = False
    others = images[torch.nonzero(rest)[:, 0]]
    return Target(labelled=images[first], unlabelled=others.x[test:], test=others[slice(test)])


def source(name: str, seed: int) -> Source:
    """Return a source by its name in `SOURCES`; the seed splits the digits, and draws the gratings."""
    generator = torch.Generator().manual_seed(seed)
    images = digits(0, generator) if name == "digits" else gratings(900, generator)
    return Source(train=images[slice(200, None)], held_out=images[slice(200)])


def folds(images: Images, count: int = 2) -> list[tuple[Images, Images]]:
    """Split labelled images, ordered by class, into (to learn from, to validate on), each class as evenly as can be."""
    turn = torch.arange(len(images)) % count
    return [
        (images[torch.nonzero(turn != number)[:, 0]], images[torch.nonzero(turn == number)[:, 0]])
        for number in range(count)
    ]
