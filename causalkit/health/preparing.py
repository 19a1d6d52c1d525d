"""From a panel as it is to the panel that a method learns from, and what to say about it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from causalkit.core.panel import Panel
from causalkit.core.preparation import Preparation
from causalkit.health.examination import examine, health_of
from causalkit.health.findings import different_levels, related_levels
from causalkit.health.records import Health
from causalkit.health.remedy import remedy

SHORT = 30
"""Steps of a realisation below which the bias of centring is worth a sentence."""
CENTRED = 20
"""Median number of steps of realisations from which levels are centred unasked; in shorter ones the bias costs more."""


@dataclass(frozen=True)
class Prepared:
    """A panel that a method can learn from.

    Attributes:
        panel: with notes on what was done to it.
        preparation: what was done; None: nothing.
        health: of the prepared panel.
        notes: its warnings, one a kind.
    """

    panel: Panel
    preparation: Preparation | None
    health: Health
    notes: tuple[str, ...]


def prepared(panel: Panel, asked: Preparation | None) -> Prepared:
    """Prepare a panel as asked, decide on the levels of realisations, and examine what is left.

    Args:
        panel: the measurements.
        asked: the preparation that was asked for, or None.

    Raises:
        DataError: as `Preparation.apply`.
    """
    chosen = asked or Preparation()
    why = "as asked"
    if chosen.auto:
        start = chosen
        chosen, evidence = remedy(panel, chosen)
        why = "as the findings propose" if chosen != replace(start, auto=False) else why
    else:
        evidence = examine(chosen.apply(panel) if chosen else panel)
    if chosen.levels is None and different_levels(evidence) and np.median(panel.lengths) >= CENTRED:
        # A level matters where another series has one too; series that return to one state have none.
        own = related_levels(evidence)
        every = len(own) == len(evidence.courses)
        chosen = replace(chosen, levels="center" if every else tuple(panel.names[at] for at in own))
    panel = chosen.apply(panel, why) if chosen else panel
    health = health_of(panel, evidence)
    centred = chosen.levels not in (None, "keep")
    if centred:
        health = replace(health, findings=tuple(one for one in health.findings if one.kind != "levels"))
    warnings = [finding for finding in health.findings if finding.severity == "warning"]
    notes = tuple(finding.sentence(python=panel.in_memory) for finding in warnings)
    if centred and len(panel.lengths) > 1 and min(panel.lengths) < SHORT:
        notes = (
            f"the shortest realisation has {min(panel.lengths)} steps. Removing the means of so short ones biases the "
            "effect of a series on itself downwards (Nickell)",
            *notes,
        )
    return Prepared(panel, chosen or None, health, notes)
