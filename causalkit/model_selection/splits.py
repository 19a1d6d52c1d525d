"""Hold windows out of training without letting them leak into it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalkit.core.run import Run
from causalkit.core.windows import Windows
from causalkit.errors import ParameterError, ways_out

WHOLE_REALISATIONS_FROM = 5
FEWEST = 2


@dataclass(frozen=True)
class Folds:
    """Blocks that are left out one at a time: what members learn from and what they are validated on, (E, windows)."""

    kept: NDArray[np.bool_]
    held: NDArray[np.bool_]

    def rows(self, generator: np.random.Generator) -> NDArray[np.intp]:
        """Return the windows of each member, (E, B): as many as the largest has; others see some of theirs twice."""
        size = int(self.kept.sum(1).max())
        rows = []
        for mask in self.kept:
            mine = np.flatnonzero(mask)
            more = generator.choice(mine, size - len(mine)) if len(mine) < size else mine[:0]
            rows.append(np.concatenate([mine, more]))
        return np.stack(rows)


def folds_of(windows: Windows, wanted: int, run: Run) -> Folds | None:
    """Return as many blocks as wanted, fewer where windows do not suffice, None where not even two are left."""
    for count in range(wanted, FEWEST - 1, -1):
        try:
            return Folds(*fold_masks(windows, count, run.numpy_generator()))
        except ParameterError:
            continue
    return None


def blocked_folds(windows: Windows, folds: int, generator: np.random.Generator) -> list[tuple[Windows, Windows]]:
    """Return for each of several blocks the windows to train on and those to validate on; see `fold_masks`."""
    kept, held = fold_masks(windows, folds, generator)
    return [(windows.subset(kept[number]), windows.subset(held[number])) for number in range(folds)]


def fold_masks(
    windows: Windows, folds: int, generator: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Split windows into blocks that are left out one at a time.

    With as many realisations as folds, or more, a block is a set of whole realisations, chosen at random. With fewer,
    a block is a stretch of each; the windows around it that share time steps with it are in neither part. The stretch
    begins later from one realisation to the next, as in a Latin square: where each begins with a response to the same
    stimulus, no block holds all of these.

    Returns:
        What to train on and what to validate on, each of shape (folds, windows).

    Raises:
        ParameterError: too few windows for so many folds.
    """
    lag = windows.x.shape[1]
    present = np.unique(windows.realisation)
    held = np.zeros((folds, len(windows)), dtype=bool)
    kept = np.ones((folds, len(windows)), dtype=bool)
    if len(present) >= folds:
        for number, block in enumerate(np.array_split(generator.permutation(present), folds)):
            held[number] = np.isin(windows.realisation, block)
            kept[number] = ~held[number]
    else:
        for place, realisation in enumerate(present):
            mine = np.flatnonzero(windows.realisation == realisation)
            for stretch, block in enumerate(np.array_split(mine, folds)):
                number = (place + stretch) % folds
                if len(block):
                    held[number, block] = True
                    first, last = windows.step[block[0]], windows.step[block[-1]]
                    kept[number, mine[(windows.step[mine] >= first - lag) & (windows.step[mine] <= last + lag)]] = False
    if not (held.any(axis=1) & kept.any(axis=1)).all():
        raise ParameterError(
            f"{len(windows)} windows cannot be split into {folds} blocks with gaps of {lag} steps",
            "the panel is too short for it: " + ways_out(lag, "record more time steps"),
        )
    return kept, held


def hold_out(windows: Windows, fraction: float, generator: np.random.Generator) -> tuple[Windows, Windows]:
    """Split windows into a part to train on and a part to validate on; see `hold_out_masks`."""
    kept, held = hold_out_masks(windows, fraction, generator)
    return windows.subset(kept), windows.subset(held)


def hold_out_masks(
    windows: Windows, fraction: float, generator: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Split windows into a part to train on and a part to validate on.

    With five realisations or more, whole realisations are held out, chosen at random. With fewer, the last stretch of
    each is; the K windows that would share time steps with both parts are left out of the held-out part.

    Args:
        fraction: of the windows to hold out, above 0 and at most 0.5.

    Returns:
        Masks of what to train on and what to validate on, each of shape (windows,).

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
            "validate on",
            "the panel is too short for it: " + ways_out(lag, "use --set training.validation=0"),
        )
    return kept, held
