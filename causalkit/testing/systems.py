"""Small systems whose answer is known, for the checks of methods."""

from __future__ import annotations

import numpy as np

from causalkit.core.panel import Panel

NAMES = ("2", "heart rate", "β-band")
"""Blanks, letters beyond ASCII and digits: names that a careless method loses. In natural order, so that methods, which
see series in that order, see these as they are."""

LAG = 2
"""At which 0 acts on 1."""


def pair(steps: int = 300, lag: int = LAG, seed: int = 0) -> Panel:
    """White noise of three series with one edge, 0 -> 1 at ``lag``; standardized."""
    x = np.random.default_rng(seed).standard_normal((steps + lag, len(NAMES)))
    x[lag:, 1] = x[:-lag, 0] + 0.3 * x[lag:, 1]
    return Panel.of(x[lag:], names=NAMES, source="check").standardized()[0]


def borders(length: int, lag: int = LAG, count: int = 240, seed: int = 0) -> Panel:
    """Short recordings with the edge 0 -> 1 at ``lag`` inside, and a stronger one, 2 -> 1, across every border.

    The first steps of series 1 are twice the last value of series 2 of the *previous* recording. They lie before the
    first complete window, so nothing inside a recording depends on series 2; only a method that lets windows run
    across borders sees 2 -> 1, and sees it more often than the true edge.
    """
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((count, length, len(NAMES)))
    x[1:, : length - 1, 1] = 2 * x[:-1, -1:, 2] + 0.3 * x[1:, : length - 1, 1]
    x[:, -1, 1] = x[:, -1 - lag, 0] + 0.3 * x[:, -1, 1]
    return Panel.of(x, names=NAMES, source="check").standardized()[0]


def with_silent_recording(*, silent_comes_last: bool, seed: int = 0) -> Panel:
    """`pair`, and a recording of a third of its length in which no series acts on another one."""
    shown = pair(seed=seed).realisations[0]
    silent = np.random.default_rng(seed + 1).standard_normal((len(shown) // 3, len(NAMES)))
    return Panel.of([shown, silent] if silent_comes_last else [silent, shown], names=NAMES, source="check")


def gaps(seed: int = 0) -> Panel:
    """`pair` with one cell in fifty missing."""
    panel = pair(seed=seed)
    values = panel.realisations[0].copy()
    values[np.random.default_rng(seed).random(values.shape) < 0.02] = np.nan
    return Panel.of(values, names=NAMES, source="check with missing cells")
