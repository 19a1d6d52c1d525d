"""Complementary halves of a panel: whole realisations, or blocks of time."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from causalkit.core.panel import Panel
from causalkit.errors import DataError, ways_out

WHOLE_REALISATIONS_FROM = 10
BLOCKS = 20  # of each realisation that is long enough
WINDOWS_IN_A_BLOCK = 8  # of lag + 1 steps each, so that few windows are lost at borders

Segment = tuple[int, int, int]
"""Realisation, first step, step after the last."""


def complementary_halves(panel: Panel, lag: int, generator: np.random.Generator) -> tuple[Panel, Panel]:
    """Split a panel at random into two halves of about the same number of steps, with no step in common.

    With ten realisations or more, a half is a set of whole realisations. With fewer, each realisation is cut into
    blocks at random borders, and a half is a set of blocks; neighbouring blocks of one half stay together. Every block
    is a realisation of its half. Windows never cross the border of a realisation, so the targets of one half are at
    least ``lag`` steps from all windows of the other.

    Args:
        panel: to be split.
        lag: K.
        generator: source of the random numbers.

    Raises:
        DataError: the realisations are too short to be cut.
    """
    if len(panel.realisations) >= WHOLE_REALISATIONS_FROM:
        segments = [(number, 0, length) for number, length in enumerate(panel.lengths) if length > lag]
    else:
        segments = [
            segment
            for number, length in enumerate(panel.lengths)
            for segment in _blocks(number, length, lag, generator)
        ]
    if len(segments) < 4:
        raise DataError(
            f"{panel.source}: {panel.steps} steps in {len(panel.realisations)} realisations are too few to be halved "
            "in more than one way",
            f"with lag {lag}, a recording needs {8 * (lag + 1)} steps; "
            + ways_out(lag, "select with another rule, such as top-k:20"),
        )
    halves: tuple[list[Segment], list[Segment]] = ([], [])
    steps = [0, 0]
    for position in generator.permutation(len(segments)):
        shorter = int(steps[1] < steps[0])
        halves[shorter].append(segments[position])
        steps[shorter] += segments[position][2] - segments[position][1]
    one, other = (_cut(panel, half) for half in halves)
    return one, other


def _blocks(number: int, length: int, lag: int, generator: np.random.Generator) -> list[Segment]:
    """Cut a realisation into blocks. A short one stays whole; one without a window is left out."""
    shortest = 2 * (lag + 1)  # of a block, on average: a random border may take half of it
    count = min(BLOCKS, length // (WINDOWS_IN_A_BLOCK * (lag + 1)))
    if count < 4:
        count = min(4, length // shortest)
    if count < 2:
        return [(number, 0, length)] if length > lag else []
    borders = np.rint((np.arange(1, count) + generator.uniform(-0.25, 0.25, count - 1)) * length / count).astype(int)
    edges = [0, *borders.tolist(), length]
    return [(number, first, last) for first, last in pairwise(edges)]


def _cut(panel: Panel, half: list[Segment]) -> Panel:
    """Return the panel of segments; adjacent ones are joined."""
    joined: list[Segment] = []
    for number, first, last in sorted(half):
        if joined and joined[-1][0] == number and joined[-1][2] == first:
            joined[-1] = (number, joined[-1][1], last)
        else:
            joined.append((number, first, last))
    masks = panel.intervened
    return replace(
        panel,
        realisations=tuple(panel.realisations[number][first:last] for number, first, last in joined),
        intervened=None if masks is None else tuple(masks[number][first:last] for number, first, last in joined),
    )
