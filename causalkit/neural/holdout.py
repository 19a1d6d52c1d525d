"""Hold windows out of training without letting them leak into it."""

from __future__ import annotations

import math

import numpy as np

from causalkit.errors import ParameterError
from causalkit.panel import Windows

WHOLE_REALISATIONS_FROM = 5


def hold_out(windows: Windows, fraction: float, generator: np.random.Generator) -> tuple[Windows, Windows]:
    """Split windows into a part to train on and a part to judge forecasts by.

    With five realisations or more, whole realisations are held out, chosen at random. With fewer, the last stretch of
    each is; the K windows that would share time steps with both parts are left out of the held-out part.

    Args:
        fraction: of the windows to hold out, above 0 and at most 0.5.

    Raises:
        ParameterError: too few windows for the fraction.
    """
    lag = windows.x.shape[1]
    present = np.unique(windows.realisation)
    if len(present) >= WHOLE_REALISATIONS_FROM:
        count = max(1, round(fraction * len(present)))
        held = np.isin(windows.realisation, generator.permutation(present)[:count])
        kept = ~held
    else:
        held = np.zeros(len(windows), dtype=bool)
        kept = np.ones(len(windows), dtype=bool)
        for number in present:
            mine = np.flatnonzero(windows.realisation == number)
            border = windows.step[mine[-max(1, math.ceil(fraction * len(mine)))]]
            kept[mine] = windows.step[mine] < border
            held[mine] = windows.step[mine] >= border + lag
    if not held.any() or not kept.any():
        raise ParameterError(
            f"training.validation={fraction} leaves {int(kept.sum())} windows to train on and {int(held.sum())} to "
            "judge by",
            "the panel is too short for it: use --set training.validation=0, or a smaller lag",
        )
    return windows.subset(kept), windows.subset(held)
