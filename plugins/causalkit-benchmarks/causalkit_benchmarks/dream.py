"""DREAM3 and DREAM4: simulated gene networks, time series after perturbations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from causalkit import Panel, Truth
from causalkit_benchmarks.catalogue import Facts, facts
from causalkit_benchmarks.files import local_files
from causalkit_benchmarks.protocols import stacked
from causalkit_benchmarks.tables import blocks, expect, gold_standard

STEPS = 21
_BY = "as published studies of this benchmark do"


def dream3(item: str | None = None, protocol: Literal["default", "published"] = "default") -> tuple[Panel, Truth]:
    """Return a network of DREAM3: trajectories of 21 steps and the gold standard.

    Args:
        protocol: "default" keeps trajectories apart; "published" stacks them into one.

    Raises:
        DataError: a file is not the published one, or cannot be obtained.
    """
    return _network(facts("dream3", item), read_dream3, protocol)


def dream4(item: str | None = None, protocol: Literal["default", "published"] = "default") -> tuple[Panel, Truth]:
    """Return a network of DREAM4: trajectories of 21 steps and the gold standard.

    The perturbation is there in the first half of each trajectory and removed at its middle.

    Args:
        protocol: "default" keeps trajectories apart; "published" stacks them into one.

    Raises:
        DataError: a file is not the published one, or cannot be obtained.
    """
    return _network(facts("dream4", item), read_dream4, protocol)


def read_dream3(path: Path, known: Facts) -> Panel:
    """Read a table with a column of times and blank lines between trajectories; shapes must be those of ``known``."""
    header, found = blocks(path)
    expect(header[0], "Time", "the first column", path)
    expect(len(header) - 1, known.series, "number of genes", path)
    expect(len(found), known.realisations, "number of trajectories", path)
    for number, block in enumerate(found, start=1):
        expect(len(block), known.steps, f"steps of trajectory {number}", path)
        expect(block[:, 0].tolist(), [10.0 * step for step in range(len(block))], f"times of trajectory {number}", path)
    return Panel(realisations=tuple(block[:, 1:] for block in found), names=header[1:], source=f"DREAM3 {known.item}")


def read_dream4(path: Path, known: Facts) -> Panel:
    """Read a table of trajectories without times or borders; every 21 rows are one."""
    header, found = blocks(path)
    rows = np.concatenate(found)
    trajectories = known.realisations or 1
    expect(len(header), known.series, "number of genes", path)
    expect(len(rows), trajectories * STEPS, "number of rows", path)
    return Panel(
        realisations=tuple(np.split(rows, trajectories)),
        names=header,
        source=f"DREAM4 {known.item}",
        notes=(f"the file has no borders: every {STEPS} rows are taken as one trajectory",),
    )


def _network(known: Facts, read: Callable[[Path, Facts], Panel], protocol: str) -> tuple[Panel, Truth]:
    """Read panel and gold standard, which excludes self-edges, and apply the protocol."""
    series, edges = local_files(known.files)
    panel = read(series, known)
    truth = gold_standard(edges, panel.names, f"the gold standard of {panel.source}")
    return (stacked(panel, _BY) if protocol == "published" else panel), replace(truth, diagonal="exclude")
