"""Ridge regression of each series on the past of all series."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from causalkit import Discovery, Panel, Run
from causalkit.errors import DataError
from causalkit.model_selection import Lag

Array = NDArray[np.float64]


class RidgeGranger:
    """Score an edge by the size of its coefficient in a ridge regression of its effect on the past of all series.

    A permutation test gives p-values: the past of a cause is shifted in time by a random number of steps, which keeps
    its own course and breaks its relation to the effect.

    Args:
        lag: K, how many past steps may act; auto: by held-out forecast error.
        strength: of the ridge penalty, relative to the number of windows.
        draws: random shifts for each edge; 0 leaves the test out. P-values are at least 1 / (draws + 1).
    """

    def __init__(
        self,
        lag: Lag = 2,
        strength: Annotated[float, Field(gt=0)] = 0.01,
        draws: Annotated[int, Field(ge=0)] = 499,
    ) -> None:
        self.lag = lag
        self.strength = strength
        self.draws = draws

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return scores[cause, effect, lag - 1].

        Raises:
            DataError: an effect has too few windows.
        """
        windows = panel.windows(self.lag, by_effect=True)
        past = windows.x[:, ::-1].astype(np.float64)  # (N, K, P), lag 1 first
        allowed = np.ones((panel.series, panel.series), dtype=bool)
        if run.knowledge is not None:
            allowed = run.knowledge.allowed(panel.names)  # (cause, effect)
        generator = run.numpy_generator()  # all random numbers come from the seed of the run
        scores = np.zeros((panel.series, panel.series, self.lag))
        p_values, joint = np.ones_like(scores), np.ones(allowed.shape)
        for effect, name in enumerate(panel.names):
            rows = np.ones(len(past), dtype=bool) if windows.observed is None else windows.observed[:, effect]
            causes = np.flatnonzero(allowed[:, effect])
            if rows.sum() < 2 * self.lag + 2:
                raise DataError(f"{name} has {rows.sum()} windows", "give a longer recording, or a smaller lag")
            x, y = past[rows][:, :, causes], windows.y[rows, effect].astype(np.float64)
            found = self._coefficients(x, y)  # (K, causes)
            scores[causes, effect] = np.abs(found).T
            for place, cause in enumerate(causes if self.draws else ()):
                tested = self._test(x, y, place, found[:, place], generator)
                p_values[cause, effect], joint[cause, effect] = tested[:-1], tested[-1]
        return Discovery(
            names=panel.names,
            scores=scores,
            p_values=p_values if self.draws else None,
            joint_p_values=joint if self.draws else None,
            data=windows.describe(panel.names),
            notes=(f"p-values of {self.draws} random shifts are at least {1 / (self.draws + 1):.2g}",)
            if self.draws
            else (),
        )

    def _coefficients(self, x: Array, y: Array) -> Array:
        """Solve the ridge regression of y (N,) on x (N, K, causes); return (K, causes)."""
        flat = x.reshape(len(x), -1)
        square = flat.T @ flat + self.strength * len(flat) * np.eye(flat.shape[1])
        solved: Array = np.linalg.solve(square, flat.T @ y)
        return solved.reshape(x.shape[1:])

    def _test(self, x: Array, y: Array, place: int, found: Array, generator: np.random.Generator) -> Array:
        """Return the share of shifts of a cause with coefficients as large: of each lag, then of all, (K + 1,)."""
        observed = _sizes(found)
        shifted = x.copy()  # arrays of causalkit are read-only, and others read them too
        count = np.ones_like(observed)  # the data themselves are one of the permutations
        for offset in generator.integers(self.lag + 1, len(x) - self.lag, self.draws):
            shifted[:, :, place] = np.roll(x[:, :, place], offset, axis=0)
            count += _sizes(self._coefficients(shifted, y)[:, place]) >= observed
        return count / (self.draws + 1)


def _sizes(coefficients: Array) -> Array:
    """Return the size of each of K coefficients, and that of all together."""
    return np.append(np.abs(coefficients), np.linalg.norm(coefficients))
