"""A method that keeps its promises, and methods that break one each."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Generator

from causalkit import Choice, Discovery, Effects, Panel, Run
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


class SeedZero(Correlation):
    """Adds noise from a generator that always has the same seed."""

    def scores(self, panel, run):
        found = correlation(panel, self.lag)
        return found * (1 + 0.01 * np.random.default_rng(0).random(found.shape))


class LegacySeedZero(SeedZero):
    def scores(self, panel, run):
        found = correlation(panel, self.lag)
        return found * (1 + 0.01 * np.random.RandomState(0).random_sample(found.shape))


class PythonSeedZero(SeedZero):
    def scores(self, panel, run):
        return correlation(panel, self.lag) * (1 + 0.01 * random.Random(0).random())


class TorchSeedZero(SeedZero):
    """Isolates its random numbers, as it should, and then sets a seed of its own."""

    def scores(self, panel, run):
        found = correlation(panel, self.lag)
        with run.isolated():
            torch.manual_seed(0)
            return found * (1 + 0.01 * torch.rand(found.shape).numpy())


class GeneratorSeedZero(SeedZero):
    def scores(self, panel, run):
        found = correlation(panel, self.lag)
        generator = torch.Generator().manual_seed(0)
        return found * (1 + 0.01 * torch.rand(found.shape, generator=generator).numpy())


class ForestSeedZero(SeedZero):
    """Hands another library a seed of its own."""

    def scores(self, panel, run):
        from sklearn.ensemble import RandomForestRegressor

        windows = panel.windows(self.lag)
        x = windows.x[:, ::-1].reshape(len(windows), -1)
        rows = [
            RandomForestRegressor(10, max_depth=4, random_state=0).fit(x, y).feature_importances_ for y in windows.y.T
        ]
        return np.stack(rows).reshape(panel.series, self.lag, panel.series).transpose(2, 0, 1)


class Noisy(Correlation):
    """Draws as it should: from the generator of the run."""

    def scores(self, panel, run):
        found = correlation(panel, self.lag)
        return found * (1 + 0.02 * run.numpy_generator().random(found.shape))


class ConstantDetail(Correlation):
    """Has a generator with a seed of its own, which decides nothing: that is no mistake."""

    def scores(self, panel, run):
        np.random.default_rng(0).random()
        return correlation(panel, self.lag)


class Symmetric(Correlation):
    def scores(self, panel, run):
        found = correlation(panel, self.lag)
        return (found + found.swapaxes(0, 1)) / 2


class NearlySymmetric(Correlation):
    def scores(self, panel, run):
        found = correlation(panel, self.lag)
        return 0.5002 * found + 0.4998 * found.swapaxes(0, 1)


class LagTwo(Correlation):
    """Computes two lags, whatever was asked for."""

    def scores(self, panel, run):
        return correlation(panel, 2)


class LagTwoPadded(Correlation):
    """Computes two lags and fills the others with zeros, so that the shape is right."""

    def scores(self, panel, run):
        found = correlation(panel, 2)
        scores = np.zeros((panel.series, panel.series, self.lag))
        scores[:, :, : min(2, self.lag)] = found[:, :, : self.lag]
        return scores


class Tested(Correlation):
    """Has p-values, by Fisher's transformation."""

    def fit(self, panel, run):
        from scipy.stats import norm

        scores = self.scores(panel, run)
        size = np.sqrt(panel.windows(self.lag).y.shape[0] - 3)
        p_values = 2 * norm.sf(np.arctanh(np.minimum(scores, 0.999)) * size)
        return Discovery(panel.names, scores, p_values=self.p_values(p_values))

    def p_values(self, p_values):
        return p_values


class InvertedP(Tested):
    def p_values(self, p_values):
        return 1 - p_values


class TransposedP(Tested):
    def p_values(self, p_values):
        return p_values.swapaxes(0, 1)


class OldestFirstP(Tested):
    def p_values(self, p_values):
        return p_values[:, :, ::-1]


class SmallP(Tested):
    """Divides where it should multiply: everything is significant."""

    def p_values(self, p_values):
        return p_values / 1e6


class DoublePrecision(Correlation):
    def scores(self, panel, run):
        torch.set_default_dtype(torch.float64)
        return correlation(panel, self.lag)


class OneThread(Correlation):
    def scores(self, panel, run):
        torch.set_num_threads(torch.get_num_threads() + 1)
        return correlation(panel, self.lag)


class Silencing(Correlation):
    def scores(self, panel, run):
        import warnings

        warnings.filterwarnings("ignore")
        return correlation(panel, self.lag)


class Logging(Correlation):
    def scores(self, panel, run):
        import logging

        logging.getLogger().setLevel(logging.DEBUG if logging.getLogger().level != logging.DEBUG else logging.INFO)
        return correlation(panel, self.lag)


class Printing(Correlation):
    def scores(self, panel, run):
        print("epoch 1: loss 0.3")
        return correlation(panel, self.lag)


class PrintingBelow(Correlation):
    """Prints as libraries in C do, past sys.stdout."""

    def scores(self, panel, run):
        import os

        os.write(1, b"iter 1 of 10\n")
        return correlation(panel, self.lag)


class EarlyFirst(Correlation):
    """Weighs columns by their position."""

    def scores(self, panel, run):
        return correlation(panel, self.lag) * np.linspace(1, 0.9, panel.series)[:, None, None]


class EarlyFirstNoisy(Noisy):
    """The same, beside honest random draws."""

    def scores(self, panel, run):
        return super().scores(panel, run) * np.linspace(1, 0.6, panel.series)[:, None, None]


class EarlyBonus(Correlation):
    """Breaks ties by position, with a bonus that is too large."""

    def scores(self, panel, run):
        return correlation(panel, self.lag) + 0.01 * np.arange(panel.series)[::-1, None, None]


class RunZero(Noisy):
    """Makes a run of its own, whose seed is 0."""

    def scores(self, panel, run):
        return super().scores(panel, Run(seed=0))


class Constant(Correlation):
    """Says the same about every pair; 0 -> 1 is not before the others."""

    def scores(self, panel, run):
        found = np.zeros((panel.series, panel.series, self.lag))
        found[0, 1:, self.lag - 1] = found[2, 1, self.lag - 1] = 1.0
        return found


class LagTwoSparse(Correlation):
    """Looks at lag 2 alone, whatever was asked for, and has exact zeros where it finds nothing."""

    def scores(self, panel, run):
        found = correlation(panel, 2)
        found = found * (found > 0.5)
        scores = np.zeros((panel.series, panel.series, self.lag))
        scores[:, :, -1] = found.max(axis=2)
        return scores


class SameP(Tested):
    def p_values(self, p_values):
        return np.full_like(p_values, 0.004)


class NoLag(Correlation):
    def __init__(self) -> None:
        super().__init__(2)


class AtMostTwo(Correlation):
    def __init__(self, lag: Annotated[int, Field(ge=1, le=2)] = 2) -> None:
        super().__init__(lag)


class ImportedSeedZero(SeedZero):
    """Makes a generator of a class that it imported by name."""

    def scores(self, panel, run):
        found = correlation(panel, self.lag)
        return found * (1 + 0.01 * torch.rand(found.shape, generator=Generator().manual_seed(0)).numpy())


class Whole(Correlation):
    """A method without a mistake that has joint p-values, effects and a selection; those below add one mistake each."""

    def fit(self, panel, run):
        windows = panel.windows(self.lag)
        mean = np.einsum("nkc,ne->cek", windows.x[:, ::-1], windows.y) / len(windows)
        joint = np.where(abs(mean).max(axis=2) > 0.5, 1e-6, 0.4)
        joint[1, 0] = 0.03  # by chance: transposed, the only edge looks significant still
        known = {"joint_p_values": joint, "mean": mean, "selected": abs(mean) > 0.5} | self.mistaken(joint, mean)
        effects = Effects(known["mean"], units=np.ones(panel.series), levels=np.zeros(panel.series))
        return Discovery(
            panel.names,
            abs(mean),
            joint_p_values=known["joint_p_values"],
            effects=effects,
            selected=known["selected"],
        )

    def mistaken(self, joint, mean):
        return {}


class TransposedJoint(Whole):
    def mistaken(self, joint, mean):
        return {"joint_p_values": joint.T}


class TransposedEffects(Whole):
    def mistaken(self, joint, mean):
        return {"mean": mean.transpose(1, 0, 2)}


class TurnedSign(Whole):
    def mistaken(self, joint, mean):
        return {"mean": -mean}


class TransposedSelection(Whole):
    def mistaken(self, joint, mean):
        return {"selected": (abs(mean) > 0.5).transpose(1, 0, 2)}


class Cautious(Whole):
    """Its rule needs many edges to select one, as knockoffs do."""

    def mistaken(self, joint, mean):
        return {"selected": np.zeros(mean.shape, dtype=bool)}


class FirstRecording(Correlation):
    def scores(self, panel, run):
        return correlation(replace(panel, realisations=panel.realisations[:1]), self.lag)


class LastRecording(Correlation):
    def scores(self, panel, run):
        return correlation(replace(panel, realisations=panel.realisations[-1:]), self.lag)
