"""Events of series that rarely change, which a test of a coefficient cannot count as evidence one by one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causalkit.core.panel import Panel
from causalkit.core.windows import Windows

Mask = NDArray[np.bool_]
Index = NDArray[np.intp]

FEWEST = 5
"""Windows in which cause and effect have events together, observed or expected by chance. With fewer, t and F have no
known distribution; a chi-squared test of a table asks for as many in a cell."""
USUAL = 0.5
"""Share of a series that has the same value, from which on this value is the usual one."""


class Events:
    """The steps at which series differ from their usual value.

    A series of real measurements has no usual value, and an event at every step; a series of spikes has one event a
    spike.

    Args:
        panel: the series; where their cells are missing, windows are of no use to the effects that need them.
        windows: of the panel.
    """

    def __init__(self, panel: Panel, windows: Windows) -> None:
        self._events = np.concatenate([_events(values) for values in panel.recordings.inputs()])
        first = np.concatenate([[0], np.cumsum(panel.lengths)])
        self._place: Index = first[windows.realisation] + windows.step
        self._lags = range(1, windows.x.shape[1] + 1)
        self._rare = not self._events.all()

    def too_few(self, causes: Index, rows: Index, effects: Index) -> Mask:
        """Do cause and effect have events together in fewer than `FEWEST` windows, as observed and as expected?

        Args:
            causes, effects: numbers of series, (C,) and (E,).
            rows: numbers of the windows of a regression.

        Returns:
            Shape (C, E, K).
        """
        few = np.zeros((len(causes), len(effects), len(self._lags)), dtype=bool)
        if self._rare:
            effect = self._events[np.ix_(self._place[rows], effects)].astype(np.float64)
            for lag in self._lags:
                cause = self._events[np.ix_(self._place[rows] - lag, causes)].astype(np.float64)
                expected = np.outer(cause.sum(axis=0), effect.sum(axis=0)) / max(len(rows), 1)
                usual = (cause.sum(axis=0) < len(rows))[:, None] | (effect.sum(axis=0) < len(rows))
                few[:, :, lag - 1] = usual & (np.maximum(expected, cause.T @ effect) < FEWEST)
        return few


def _events(values: NDArray[np.float64]) -> Mask:
    """Return where a realisation (T, P) differs from the usual value of its series; everywhere, if there is none."""
    found = np.ones(values.shape, dtype=bool)
    for column, series in enumerate(values.T):
        kinds, counts = np.unique(series[~np.isnan(series)], return_counts=True)
        if len(kinds) and counts.max() >= max(2, USUAL * counts.sum()):
            found[:, column] = series != kinds[counts.argmax()]
    return found
