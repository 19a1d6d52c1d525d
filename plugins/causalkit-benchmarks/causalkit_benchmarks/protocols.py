"""Protocols: how data sets are read by default, and how published studies read them where that differs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from causalkit import Panel, Truth


def stacked(panel: Panel, why: str) -> Panel:
    """Return all realisations end to end as one, so that windows cross their borders.

    Args:
        why: who does that; becomes part of a note.
    """
    if len(panel.realisations) == 1:
        return panel
    count = len(panel.realisations)
    note = (
        f"{count} recordings are stacked into one, {why}; the {count - 1} steps from the end of one to the start of "
        "the next count as if they had happened"
    )
    return replace(panel, realisations=(np.concatenate(panel.realisations),), notes=(*panel.notes, note))


def without_self_edges(truth: Truth) -> Truth:
    """Return the truth without self-edges, to be evaluated without them."""
    return replace(truth, edges=truth.edges & ~np.eye(len(truth.names), dtype=bool), diagonal="exclude")


def reversed_edges(truth: Truth) -> Truth:
    """Return the truth with every edge reversed, which is wrong; its source says so."""
    return replace(truth, edges=truth.edges.T.copy(), source=f"{truth.source} with all edges REVERSED")
