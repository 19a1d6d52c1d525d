"""A method that keeps its promises, and methods that break one each."""

from __future__ import annotations

import random

import numpy as np

from causalkit import Choice, Discovery, Panel
from causalkit.errors import DataError


def correlation(panel, lag):
    windows = panel.windows(lag)
    return abs(np.einsum("nkc,ne->cek", windows.x[:, ::-1], windows.y)) / len(windows)


class Correlation:
    """A method without a mistake; those below add one each."""

    def __init__(self, lag: int = 2) -> None:
        self.lag = lag

    def fit(self, panel, run):
        return Discovery(panel.names, self.scores(panel, run))

    def scores(self, panel, run):
        return correlation(panel, self.lag)


class SayingOtherwise(Correlation):
    """Chooses lag 2, and says that it chose lag 1."""

    def fit(self, panel, run):
        choice = Choice("lag", (1, 2), (0.5, 0.6), (0.1, 0.1), 1, "lowest held-out error")
        return Discovery(panel.names, self.scores(panel, run), choices=(choice,))


class Transposed(Correlation):
    def scores(self, panel, run):
        return correlation(panel, self.lag).swapaxes(0, 1)


class OldestFirst(Correlation):
    def scores(self, panel, run):
        return correlation(panel, self.lag)[:, :, ::-1]


class Stitched(Correlation):
    def scores(self, panel, run):
        return correlation(Panel.of(np.concatenate(panel.realisations)), self.lag)


class Drawing(Correlation):
    def scores(self, panel, run):
        return correlation(panel, self.lag) + 1e-6 * random.random()


class Seeding(Correlation):
    def scores(self, panel, run):
        np.random.seed(run.seed)
        return correlation(panel, self.lag)


class Scaling(Correlation):
    def scores(self, panel, run):
        values = panel.realisations[0]
        values.flags.writeable = True
        values *= 1.0000001
        return correlation(panel, self.lag)


class Remembering(Correlation):
    fits = 0

    def scores(self, panel, run):
        self.fits += 1
        return correlation(panel, self.lag) * self.fits


class Filling(Correlation):
    def scores(self, panel, run):
        return correlation(Panel.of([np.nan_to_num(x, nan=1e6) for x in panel]), self.lag)


class Crashing(Correlation):
    def scores(self, panel, run):
        return [][0]


class Exploding(Correlation):
    def scores(self, panel, run):
        return np.full((3, 3, 2), np.nan)


class Nameless(Correlation):
    def fit(self, panel, run):
        return Discovery(("a", "b", "c"), correlation(panel, self.lag))


class OneLagTooMany(Correlation):
    def scores(self, panel, run):
        return correlation(panel, self.lag + 1)


class Refusing(Correlation):
    def scores(self, panel, run):
        if panel.missing or len(panel.realisations) > 1:
            raise DataError("this method wants one complete recording")
        return correlation(panel, self.lag)
