"""Valid files of every kind that causalkit reads, made here, to be changed by tests and by benchmarks/hostile."""

from __future__ import annotations

import gzip
import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from causalkit.core.choice import Choice
from causalkit.core.discovery import Discovery
from causalkit.core.effects import Effects
from causalkit.core.instantaneous import Instantaneous
from causalkit.core.response import Response


@dataclass(frozen=True)
class File:
    """The content of a file, and its suffix."""

    suffix: str
    content: bytes


@cache
def discovery() -> Discovery:
    """Return a result with everything that a result can have."""
    random = np.random.default_rng(0)
    names, shape = ("x0", "x1", "x2"), (3, 3, 2)
    p_values = random.uniform(size=(3, 3))
    p_values = np.where(np.eye(3, dtype=bool), np.nan, (p_values + p_values.T) / 2)
    links = Instantaneous(np.zeros((3, 3)), p_values, 38)
    grid = np.linspace(-1, 1, 5)
    series = [
        {"name": name, "missing": 0, "mean": 0.1, "deviation": 1.0, "smallest": -2.0, "largest": 2.0}
        | {"kind": "continuous", "outliers": 0, "trend": 0.0, "adf": 0.01, "kpss": 0.1, "period": None, "codes": []}
        | {"persistence": 0.3, "shifts": []}
        for name in names
    ]
    sampling = {"time": ["t"], "first": "0", "last": "39", "step": "1", "seconds": None, "calendar": "", "gaps": 0}
    sampling |= {"realisations": "", "left_out": []}
    finding = {"kind": "season", "message": "season of period 5 in x1", "series": ["x1"], "severity": "warning"}
    finding |= {"options": ["--detrend fourier:5:2"], "values": {"periods": [5]}}
    health = {"source": "a.csv", "sampling": sampling, "steps": [40], "series": series, "findings": [finding]}
    health |= {"windows": [{"lag": 1, "most": 39, "fewest": 39}], "notes": []}
    kinds = {"learned": 38, "missing_inputs": 0, "missing_next_step": 0, "intervention": 0}
    return Discovery(
        names=names,
        scores=random.uniform(size=shape),
        p_values=random.uniform(size=shape),
        standard_errors=random.uniform(size=shape),
        joint_p_values=random.uniform(size=(3, 3)),
        effects=Effects(random.normal(size=shape), np.ones(3), np.zeros(3), np.ones(shape), np.ones(shape)),
        instantaneous=links,
        responses=(Response("x0", "x1", 2, grid, grid, grid - 1, grid + 1),),
        selected=random.uniform(size=shape) > 0.5,
        selection={"rule": "top-k:5", "name": "top-k", "k": 5, "self_edges": False, "edges": 5, "notes": ["few"]},
        path={"strengths": np.array([1.0, 0.1]), "scores": random.uniform(size=(2, *shape)), "forecast": np.ones(2)},
        history={"forecast": [1.0, 0.5], "validation": [1.0, 0.6], "epoch": [1, 2]},
        pretraining={"names": list(names), "sources": [{"source": "b.csv", "realisations": 1, "steps": [9]}]},
        choices=(Choice("lag", (1, 2), (0.9, 0.8), (0.1, 0.1), 2, "lowest"),),
        method="grngc",
        config={
            "method": "grngc",
            "lag": 2,
            "training": {"epochs": 2},
            "forecaster": {"name": "mlp", "hidden": [4]},
            "regularizer": [{"name": "gradient-l1", "strength": 0.1, "estimator": "exact"}],
            "ensemble": 5,
            "knowledge": {"forbid": [["x0", "x1"]], "regulators": ["x0", "x2"]},
        },
        seed=0,
        versions={"python": "3.11", "causalkit": "1.0.0"},
        data={
            "source": "a.csv",
            "series": 3,
            "realisations": 1,
            "steps": [40],
            "missing_cells": 0,
            "sha256": "0" * 64,
            "sampling": sampling,
            "standardized": True,
            "health": health,
            "windows": 38,
            "dropped": 0,
            "windows_by_effect": {name: kinds | {"learned": 38 - place} for place, name in enumerate(names)},
            "preparation": {"detrend": "linear", "difference": 0},
        },
        seconds=1.5,
        notes=("a note",),
    )


def sparse() -> Discovery:
    """Return a result with scores of candidate pairs only."""
    from causalkit import Pairs

    pairs = Pairs(3, np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1]))
    draw = np.random.default_rng(3).uniform
    scores, p_values = pairs.array(draw(size=(4, 2)), 0.0), pairs.array(draw(size=(4, 2)), 1.0)
    return Discovery(names=("x0", "x1", "x2"), scores=scores, p_values=p_values, method="grngc")


def _saved(suffix: str, made: Callable[[], Discovery] = discovery) -> File:
    with tempfile.TemporaryDirectory() as folder:
        made().save(path := Path(folder) / f"result{suffix}")
        return File(suffix, path.read_bytes())


def record() -> dict[str, Any]:
    """Return the record of a cell of a comparison."""
    from causalkit.compare.record import Cell, CellRecord
    from causalkit.io.results.record import to_record

    made = CellRecord(
        cell=Cell(method="grngc", data="var[series=3]", seed=0, method_name="grngc", data_name="var"),
        status="ok",
        metrics={"exclude": {"auroc": 0.9}, "include": {"auroc": 0.8}},
        discovery=to_record(discovery()),
        truth={"names": ["x0", "x1", "x2"], "edges": [["x0", "x1", 1], ["x1", "x2", 2]], "source": "var"},
        data={"shape": [[40, 3]], "sha256": "0" * 64},
        seconds={"data": 0.1, "fit": 1.0, "evaluate": 0.1, "total": 1.2},
        peak_bytes=1000,
        versions={"causalkit": "1.0.0"},
        environment={"host": "here", "processor": "one"},
        started="2026-01-01T00:00:00+00:00",
    )
    return made.to_json()


def pretrained() -> File:
    """Return a pre-trained forecaster."""
    import torch

    from causalkit.neural.transfer.pretrained import Pretrained

    made = Pretrained(
        "grngc",
        ("x0", "x1", "x2"),
        {"lag": 2, "forecaster": {"name": "mlp", "hidden": [4]}, "regularizer": [], "training": {"epochs": 2}},
        {"a": torch.zeros(3, 2)},
        np.ones((3, 3, 2)),
        ({"source": "b.csv", "realisations": 1},),
        {"epoch": [1, 2], "forecast": [1.0, 0.5]},
        notes=("a note",),
        versions={"causalkit": "1.0.0"},
    )
    with tempfile.TemporaryDirectory() as folder:
        path, _ = made.save(Path(folder) / "model.safetensors")
        return File(".safetensors", path.read_bytes())


def arrays(suffix: str = ".npz", **named: Any) -> File:
    """Return arrays as a NumPy file."""
    stream = io.BytesIO()
    if suffix == ".npy":
        np.save(stream, *named.values())
    else:
        np.savez_compressed(stream, **named)
    return File(suffix, stream.getvalue())


def _text(suffix: str, text: str) -> Callable[[], File]:
    return lambda: File(suffix, text.encode())


def _table(mark: str = ",") -> str:
    values = np.random.default_rng(1).standard_normal((40, 3)).round(3)
    return "\n".join([mark.join(["x0", "x1", "x2"]), *(mark.join(map(str, row)) for row in values), ""])


_VALUES = np.random.default_rng(2).standard_normal((40, 3))
_SQUARE = (np.arange(9).reshape(3, 3) % 2).astype(float)
_CONFIG = """\
method = "grngc"
lag = 2
seed = 3
training.epochs = 5
time_limit = "10m"
select = "top-k:5"

[forecaster]
name = "mlp"
hidden = [8, 8]

[regularizer]
strength = 0.1

[knowledge]
forbid = ["x0->x1", ["x1", "x2"]]

[preparation]
detrend = "linear"
difference = 1

[[interventions]]
series = "x0"
from = 3
to = 5
"""
_COMPARISON = """\
methods = ["var", "grngc[forecaster.hidden=8]"]
seeds = "0:3"
timeout = "10m"
memory = "2G"
threads = 1
metrics = ["auroc"]
gates = ["auroc@var>0.5"]
standardize = true

[[data]]
name = "var"
label = "small"
series = 5
"""

SEEDS: dict[str, list[Callable[[], File]]] = {
    "result": [
        *(lambda: _saved(".json"), lambda: _saved(".npz")),
        *(lambda: _saved(".json", sparse), lambda: _saved(".npz", sparse)),
    ],
    "report": [lambda: _saved(".json"), lambda: _saved(".npz")],
    "record": [lambda: File(".json", json.dumps(record()).encode())],
    "truth": [
        lambda: arrays(truth=_SQUARE, names=np.array(["x0", "x1", "x2"])),
        lambda: arrays(".npy", truth=np.stack([_SQUARE, 1 - _SQUARE], axis=2)),
        _text(".csv", "cause,effect,lag\nx0,x1,1\nx1,x2,2\nx2,x2,1\n"),
        _text(".tsv", "x0\tx1\t1\nx1\tx2\t0\nx2\tx0\t1\n"),
        _text(".csv", "cause\\effect,x0,x1,x2\nx0,0,1,0\nx1,1,0,1\nx2,0,0,1\n"),
    ],
    "data": [
        _text(".csv", _table()),
        _text(".tsv", _table("\t")),
        _text(".txt", _table(" ")),
        lambda: File(".csv.gz", gzip.compress(_table().encode(), mtime=0)),
        lambda: arrays(data=_VALUES, names=np.array(["x0", "x1", "x2"])),
        lambda: arrays(".npy", data=_VALUES),
        lambda: File(".json", json.dumps([dict(zip("abc", row, strict=True)) for row in _VALUES.tolist()]).encode()),
    ],
    "interventions": [_text(".csv", "series,from,to,realisation,kind\nx0,3,9,1,knockdown\nx1,4,4,,\n")],
    "regulators": [_text(".csv", "name\nx0\nx2\n"), _text(".txt", "x0\nx2\n"), _text(".tsv", "gene\tn\nx0\t1\n")],
    "config": [_text(".toml", _CONFIG)],
    "comparison": [_text(".toml", _COMPARISON)],
    "pretrained": [pretrained],
}
"""Valid files by the reader that reads them; see `tests.hostile.READERS`."""
