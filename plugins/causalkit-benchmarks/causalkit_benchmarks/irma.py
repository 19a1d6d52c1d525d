"""IRMA: a network of five genes built into yeast, switched on by galactose and off by glucose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from causalkit import Panel, Truth
from causalkit_benchmarks.catalogue import Facts, facts
from causalkit_benchmarks.files import local_file
from causalkit_benchmarks.matlab import matrices
from causalkit_benchmarks.protocols import stacked
from causalkit_benchmarks.tables import expect

# The files name no genes. This order is that of the scripts with which they are published.
GENES = ("SWI5", "CBF1", "GAL4", "GAL80", "ASH1")
EDGES = [
    ("SWI5", "CBF1"),
    ("SWI5", "GAL80"),
    ("SWI5", "ASH1"),
    ("CBF1", "GAL4"),
    ("GAL4", "SWI5"),
    ("ASH1", "CBF1"),
]
LENGTHS = {  # variable of the file: steps of that time course
    "on": {"a1": 11, "a2": 15, "a3": 10, "a4": 10, "a5": 16},
    "off": {"b1": 19, "b2": 19, "b3": 21, "b4": 21},
}
MINUTES = {"on": 20, "off": 10}


def irma(item: str | None = None, protocol: Literal["default", "stacked"] = "default") -> tuple[Panel, Truth]:
    """Return the time courses of ``irma:on`` or ``irma:off``, of unequal length, and the six edges of the network.

    Args:
        protocol: "stacked" joins the time courses end to end.

    Raises:
        DataError: a file is not the published one, or cannot be obtained.
    """
    known = facts("irma", item)
    panel = read_irma(local_file(known.files[0]), known)
    truth = replace(Truth.from_edges(EDGES, names=GENES, source="the IRMA network"), diagonal="exclude")
    return (stacked(panel, "as asked") if protocol == "stacked" else panel), truth


def read_irma(path: Path, known: Facts) -> Panel:
    """Read one variable (steps, genes) for each time course."""
    courses = matrices(path, tuple(LENGTHS[known.item]))
    for name, values in courses.items():
        expect(values.shape, (LENGTHS[known.item][name], known.series), f"shape of {name}", path)
    notes = (
        "the values are cycle differences of a PCR (delta Ct): one more means half as much messenger RNA",
        f"steps of {MINUTES[known.item]} minutes, as the study reports; the file names neither times nor genes",
    )
    return Panel(tuple(courses.values()), GENES, f"IRMA switch-{known.item}", notes)
