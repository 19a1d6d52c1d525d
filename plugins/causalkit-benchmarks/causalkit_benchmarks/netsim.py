"""NetSim: simulated BOLD signals of small brain networks, 28 simulations of 50 subjects each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from causalkit import Panel, Truth
from causalkit.errors import DataError, ParameterError
from causalkit_benchmarks.catalogue import Facts, facts
from causalkit_benchmarks.files import local_file
from causalkit_benchmarks.matlab import matrices
from causalkit_benchmarks.protocols import reversed_edges, without_self_edges
from causalkit_benchmarks.tables import expect

Protocol = Literal["default", "published", "published-reversed"]


def netsim(item: str | None = None, subjects: str | int = "all", protocol: Protocol = "default") -> tuple[Panel, Truth]:
    """Return subjects of a NetSim simulation as realisations, and their network.

    Args:
        subjects: which ones, counted from 0: "all", "3", "0:5" (0 to 4) or "0,4,7".
        protocol: "default" leaves the decay of each node, a self-edge, out; "published" counts it; and
            "published-reversed" also turns every edge round, as scripts that forget to transpose do.

    Raises:
        DataError: the file is not what was published, or the chosen subjects have different networks.
        ParameterError: unknown subject.
    """
    known = facts("netsim", item)
    return read_netsim(local_file(known.files[0]), known, subjects, protocol)


def read_netsim(path: Path, known: Facts, subjects: str | int, protocol: Protocol) -> tuple[Panel, Truth]:
    """Read a simulation: ``ts`` (subjects * scans, nodes) and ``net`` (subjects, cause, effect)."""
    content = matrices(path, ("ts", "net"))
    signals, networks = content["ts"], content["net"]
    if networks.ndim != 3 or networks.shape[1] != networks.shape[2] or signals.ndim != 2:
        raise DataError(
            f"{path}: ts has the shape {signals.shape} and net {networks.shape}",
            "NetSim files contain ts (subjects * scans, nodes) and net (subjects, nodes, nodes)",
        )
    people, nodes = networks.shape[:2]
    expect(people, known.realisations, "number of subjects", path)
    expect(nodes, known.series, "number of nodes in net", path)
    expect(signals.shape[1], nodes, "number of nodes in ts", path)
    expect(len(signals) % people, 0, f"rows left over when {len(signals)} are divided among {people} subjects", path)
    expect(len(signals) // people, known.steps, "scans of a subject", path)
    chosen = choose(subjects, people)
    present = networks[chosen] != 0
    differing = np.flatnonzero((present != present[0]).any(axis=(1, 2)))
    if len(differing):
        raise DataError(
            f"{path}: subjects {chosen[0]} and {chosen[differing[0]]} have different networks",
            "choose subjects that share one, for example --set dataset.subjects=0",
        )
    recordings = np.split(signals, people)
    title = f"NetSim {known.item}"
    names = tuple(f"node{number}" for number in range(1, nodes + 1))
    panel = Panel(
        realisations=tuple(recordings[subject] for subject in chosen),
        names=names,
        source=f"{title}, {_described(chosen, people)}",
    )
    truth = Truth.from_matrix(present[0], orientation="cause-effect", names=names, source=f"the network of {title}")
    if protocol == "default":
        return panel, without_self_edges(truth)
    truth = replace(truth, diagonal="include")
    return panel, reversed_edges(truth) if protocol == "published-reversed" else truth


def choose(subjects: str | int, people: int) -> list[int]:
    """Return the subjects that a user means: "all", "3", "0:5" or "0,4,7", counted from 0.

    Raises:
        ParameterError: malformed, out of range, duplicate, or none.
    """
    text = str(subjects).replace(" ", "")
    last = people - 1
    if text == "all":
        return list(range(people))
    try:
        if ":" in text:
            start, stop = (int(part) if part else None for part in text.split(":"))
            stop = people if stop is None else stop
            chosen = list(range(start or 0, stop)) if stop <= people else []
        else:
            chosen = [int(part) for part in text.split(",")]
    except ValueError:
        chosen = []
    if not chosen or not all(0 <= subject <= last for subject in chosen) or len(set(chosen)) != len(chosen):
        raise ParameterError(
            f"dataset.subjects={subjects} selects no subjects",
            f"subjects count from 0 to {last}: write all, 3, 0:5 (which is 0 to 4) or 0,4,7",
        )
    return chosen


def _described(chosen: list[int], people: int) -> str:
    if len(chosen) == 1:
        return f"subject {chosen[0]}"
    if len(chosen) == people:
        return f"all {people} subjects"
    if chosen == list(range(chosen[0], chosen[-1] + 1)):
        return f"subjects {chosen[0]} to {chosen[-1]}"
    return "subjects " + ", ".join(map(str, chosen))
