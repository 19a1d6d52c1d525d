"""SOS DNA repair of Escherichia coli: promoter activities of eight genes after ultraviolet light."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from causalkit import Panel, Truth
from causalkit.errors import ParameterError
from causalkit_benchmarks.catalogue import Facts, facts
from causalkit_benchmarks.files import local_file
from causalkit_benchmarks.matlab import matrices
from causalkit_benchmarks.protocols import stacked
from causalkit_benchmarks.tables import expect

# The file names no genes. This order is that of the scripts with which it is published.
GENES = ("uvrD", "lexA", "umuD", "recA", "uvrA", "uvrY", "ruvA", "polB")
EDGES = [("lexA", gene) for gene in ("uvrD", "umuD", "uvrA", "uvrY", "ruvA", "polB")] + [("recA", "lexA")]
MINUTES = 6


def sos(experiment: str | int = "all", protocol: Literal["default", "stacked"] = "default") -> tuple[Panel, Truth]:
    """Return experiments of the SOS data as realisations of 50 steps of 6 minutes, and the seven known edges.

    Args:
        experiment: "all", or one of 1, 2, 3, 4.
        protocol: "stacked" joins the experiments end to end.

    Raises:
        DataError: the file is not the published one, or cannot be obtained.
        ParameterError: unknown experiment.
    """
    known = facts("sos")
    panel = read_sos(local_file(known.files[0]), known, experiment)
    truth = replace(Truth.from_edges(EDGES, names=GENES, source="the known SOS network"), diagonal="exclude")
    return (stacked(panel, "as asked") if protocol == "stacked" else panel), truth


def read_sos(path: Path, known: Facts, experiment: str | int = "all") -> Panel:
    """Read ``sosPromoterAct`` (experiments, genes, steps) and check ``time``, in minutes."""
    content = matrices(path, ("sosPromoterAct", "time"))
    activity, time = content["sosPromoterAct"], content["time"].ravel()
    expect(activity.shape, (known.realisations, known.series, known.steps), "shape of sosPromoterAct", path)
    expect(time.tolist(), np.arange(0.0, MINUTES * activity.shape[2], MINUTES).tolist(), "times", path)
    known_experiments = ["all", *(str(number) for number in range(1, len(activity) + 1))]
    if str(experiment) not in known_experiments:
        raise ParameterError(
            f"dataset.experiment={experiment} is not an experiment of the SOS data",
            "choose one of " + ", ".join(known_experiments),
        )
    chosen = list(activity) if str(experiment) == "all" else [activity[int(experiment) - 1]]
    title = "SOS DNA repair" + ("" if len(chosen) > 1 else f", experiment {experiment}")
    notes = ("the names of the genes are not in the file but in the scripts that it is published with",)
    return Panel(tuple(values.T.copy() for values in chosen), GENES, title, notes)
