"""Yeast cell cycle: eight transcription factors of Saccharomyces cerevisiae."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from causalkit import Panel, Truth
from causalkit_benchmarks.catalogue import Facts, facts
from causalkit_benchmarks.files import local_files
from causalkit_benchmarks.tables import blocks, expect, gold_standard

REPLICATES, STEPS = 2, 15


def yeast(protocol: Literal["default", "file-order"] = "default") -> tuple[Panel, Truth]:
    """Return two replicates of 15 steps and the published network.

    Args:
        protocol: "file-order" takes the 30 rows as one series, in which the replicates alternate.

    Raises:
        DataError: a file is not the published one, or cannot be obtained.
    """
    known = facts("yeast")
    values, network = local_files(known.files)
    panel = read_yeast(values, known, interleaved=protocol == "file-order")
    truth = gold_standard(network, panel.names, "the network of the yeast cell cycle")
    return panel, replace(truth, diagonal="exclude")


def read_yeast(path: Path, known: Facts, *, interleaved: bool = False) -> Panel:
    """Read a table in which rows 1 and 2 are two replicates of the first time, rows 3 and 4 of the second, etc."""
    header, found = blocks(path)
    rows = np.concatenate(found)
    expect(len(header), known.series, "number of genes", path)
    expect(len(rows), REPLICATES * STEPS, "number of rows", path)
    if interleaved:
        note = "as asked, the rows are in the order of the file, where two replicates alternate"
        return Panel((rows,), header, "yeast cell cycle, in the order of the file", (note,))
    note = (
        "the file does not say so, but its rows alternate between two replicates (neighbours in a pair are far more "
        "alike than the pairs); odd and even rows are taken as one realisation each"
    )
    return Panel((rows[0::2].copy(), rows[1::2].copy()), header, "yeast cell cycle", (note,))
