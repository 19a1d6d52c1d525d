"""What a method makes of several realisations."""

from __future__ import annotations

from collections.abc import Callable

from causalkit.core.discovery import Discovery
from causalkit.core.panel import Panel
from causalkit.errors import DataError
from causalkit.testing import systems
from causalkit.testing.result import DoesNotApply, require

Fit = Callable[[Panel], Discovery]


def borders_are_respected(fit: Fit, lag: int, seed: int) -> None:
    """Fail where a method finds an edge that only windows across borders show.

    Args:
        fit: the method.
        lag: K.
        seed: of the system.
    """
    panel = systems.borders(length=lag + 1, lag=min(systems.LAG, lag), seed=seed)
    try:
        found = fit(panel)
    except DataError as refusal:
        raise DoesNotApply(f"it refuses recordings of {lag + 1} steps ({refusal.message})") from refusal
    pairs = found.pair_scores
    require(
        pairs[0, 1] > pairs[2, 1],
        "2 -> 1, which only exists between the end of one realisation and the start of the next, outranks "
        "0 -> 1: build windows with panel.windows(lag)",
    )


def all_are_used(fit: Fit, seed: int) -> None:
    """Fail where a method does not find an edge that one of two realisations shows, first or last.

    Args:
        fit: the method.
        seed: of the system.
    """
    for place in ("first", "last"):
        panel = systems.with_silent_recording(silent_comes_last=place == "first", seed=seed)
        try:
            pairs = fit(panel).pair_scores
        except DataError as refusal:
            raise DoesNotApply(f"it refuses two recordings ({refusal.message})") from refusal
        cause, effect = divmod(int(pairs.argmax()), len(pairs))
        require(
            (cause, effect) == (0, 1),
            f"{cause} -> {effect} has the largest score where the {place} of two realisations has the edge 0 -> 1: "
            "learn from all of panel.realisations, as panel.windows(lag) does",
        )
