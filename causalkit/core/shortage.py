"""Too few windows: which option leaves every effect with enough of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from causalkit.core.recordings import Mask, Recordings, allows_everything, everything

MOST_DROPPED = 5
"""Series that an error proposes to leave out at most."""

Needed = Callable[[int, int], int]
"""Windows that an effect needs, from the lag and the number of series that may act on it."""


def at_least(least: int) -> Needed:
    """Return that every effect needs the same number of windows."""
    return lambda lag, causes: least


def short(recordings: Recordings, lag: int, allowed: Mask | None, needed: Needed) -> Sequence[int]:
    """Return the effects that have too few windows; one on which nothing may act needs none."""
    learned = recordings.counts(lag, allowed).learned
    causes = (
        np.full(len(learned), len(learned)) if allowed is None or allows_everything(allowed) else allowed.sum(axis=0)
    )
    return [
        effect
        for effect, (has, series) in enumerate(zip(learned, causes, strict=True))
        if series and has < needed(lag, int(series))
    ]


def smaller_lag(recordings: Recordings, lag: int, allowed: Mask | None, needed: Needed) -> int | None:
    """Return the largest smaller lag that leaves every effect with enough windows, or None."""
    return next((less for less in range(lag - 1, 0, -1) if not short(recordings, less, allowed, needed)), None)


def series_to_drop(recordings: Recordings, lag: int, allowed: Mask | None, needed: Needed) -> list[int]:
    """Return series without which all others have enough windows, those with the most missing cells; or none."""
    missing = np.sum([np.isnan(values).sum(axis=0) for values in recordings.inputs()], axis=0)
    unmeasured = np.sum([np.isnan(values).sum(axis=0) for values in recordings.realisations], axis=0)
    order = [int(column) for column in np.lexsort((unmeasured, missing))[::-1] if unmeasured[column]]
    for count in range(1, min(MOST_DROPPED, len(order), len(missing) - 2) + 1):
        kept = sorted({*range(len(missing))} - {*order[:count]})
        left = allowed
        if allowed is not None:
            left = everything(len(kept)) if allows_everything(allowed) else allowed[np.ix_(kept, kept)]
        if not short(recordings.only(kept), lag, left, needed):
            return sorted(order[:count])
    return []
