"""The examination of a panel."""

from __future__ import annotations

import numpy as np

from causalkit.core.panel import Panel
from causalkit.errors import DataError
from causalkit.health.records import Health, SeriesHealth

LAGS = (1, 2, 3, 5, 10)


def health(panel: Panel) -> Health:
    """Examine a panel; ``panel.health()`` and ``causalkit inspect`` are this function."""
    stacked = np.concatenate(panel.realisations)
    series = []
    for name, values in zip(panel.names, stacked.T, strict=True):
        there = values[~np.isnan(values)]
        filled = there if len(there) else np.full(1, np.nan)
        series.append(
            SeriesHealth(
                name=name,
                missing=len(values) - len(there),
                mean=float(filled.mean()),
                deviation=float(filled.std()),
                smallest=float(filled.min()),
                largest=float(filled.max()),
                kind="constant" if np.ptp(filled) == 0 else "continuous",
            )
        )
    windows = {}
    for lag in LAGS:
        try:
            windows[lag] = (len(panel.windows(lag)), len(panel.windows(lag)))
        except DataError:
            break
    return Health(panel.source, panel.sampling, panel.lengths, tuple(series), windows, notes=panel.notes)
