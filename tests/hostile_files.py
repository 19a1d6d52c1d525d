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

from causalkit.builtin import examples
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


def networks() -> tuple[Any, Any, Any]:
    """Return small networks that no checkpoint has changed yet, their schedule and their state of training."""
    import torch

    from causalkit import Run
    from causalkit.neural.parts import ForecasterPart
    from causalkit.neural.training.data import TrainingData
    from causalkit.neural.training.networks import Networks
    from causalkit.neural.training.schedule import Schedule
    from causalkit.neural.training.settings import Training
    from causalkit.neural.training.state import BestWeights, TrainingState
    from tests.systems import CURVED, GradientPenalty, penalties

    torch.manual_seed(0)
    x, settings = torch.linspace(-1, 1, 60).reshape(10, 2, 3), Training(epochs=4)
    data = TrainingData(x, x[:, 0].contiguous(), torch.arange(6)[None], torch.arange(6, 10)[None])
    made = Networks(
        [ForecasterPart(CURVED, {}).build(series=3, lag=2)], penalties(GradientPenalty()), data, settings, Run()
    )
    return made, Schedule(settings), TrainingState(best=BestWeights(made))


def checkpoint() -> File:
    """Return the checkpoint of a training with held-out windows and recorded scores, after three of four epochs."""
    import torch

    from causalkit.neural.training.checkpoint import save_checkpoint

    made, schedule, state = networks()
    state.snapshots[2] = torch.ones(3, 3, 2)
    for _ in range(3):
        losses = made.epoch(schedule.epoch(state))
        state.epoch += 1
        state.best.update(made.validation_errors(), made.averaged, state.epoch)
        state.record({**losses, "validation": float(state.best.latest.mean())}, 0.01)
    with tempfile.TemporaryDirectory() as folder:
        save_checkpoint(path := Path(folder) / "state.safetensors", FINGERPRINT, made, schedule, state)
        return File(".safetensors", path.read_bytes())


FINGERPRINT = "0" * 64


def example(write: Callable[[Path], None], suffix: str) -> Callable[[], File]:
    """Return what makes a data file of a binary format."""

    def made() -> File:
        with tempfile.TemporaryDirectory() as folder:
            write(path := Path(folder) / f"file{suffix}")
            return File(suffix, path.read_bytes())

    return made


def _arrow_stream(path: Path) -> None:
    import pyarrow

    table = pyarrow.table({name: _VALUES[:, place] for place, name in enumerate(("x0", "x1", "x2"))})
    with pyarrow.ipc.new_stream(path, table.schema) as stream:
        stream.write_table(table)


def _open_document(path: Path) -> None:
    import pandas as pd

    pd.DataFrame(_VALUES, columns=["x0", "x1", "x2"]).to_excel(path, index=False, engine="odf")


def _netcdf_3(path: Path) -> None:
    import xarray

    data = xarray.Dataset({"x0": ("time", _VALUES[:, 0]), "x1": ("time", _VALUES[:, 1])}, {"time": np.arange(40)})
    data.to_netcdf(path, engine="scipy")


def _matlab_7(path: Path) -> None:
    import h5py

    with h5py.File(path, "w", userblock_size=512) as file:
        file["data"] = _VALUES.T
        file["data"].attrs["MATLAB_class"] = np.bytes_("double")
        file["names"] = np.array([[ord(letter)] for letter in "abc"], dtype=np.uint16)
        file["names"].attrs["MATLAB_class"] = np.bytes_("char")
    head = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    path.write_bytes(head.ljust(512, b"\0") + path.read_bytes()[512:])


def _matlab_structure(path: Path) -> None:
    from scipy.io import savemat

    savemat(path, {"rec": {"data": _VALUES, "names": np.array(["x0", "x1", "x2"], dtype=object), "rate": 5.0}})


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
    "checkpoint": [checkpoint],
    "parquet": [example(examples.parquet, ".parquet")],
    "feather": [example(examples.feather, ".feather"), example(_arrow_stream, ".arrow")],
    "spreadsheet": [example(examples.spreadsheet, ".xlsx"), example(_open_document, ".ods")],
    "matlab": [example(examples.matlab, ".mat"), example(_matlab_structure, ".mat"), example(_matlab_7, ".mat")],
    "netcdf": [example(examples.netcdf, ".nc"), example(_netcdf_3, ".nc")],
    "edf": [example(examples.edf, ".edf")],
    "data folder": [_text(".csv", _table()), lambda: arrays(data=_VALUES, names=np.array(["x0", "x1", "x2"]))],
    "record folder": [lambda: File(".json", json.dumps(record()).encode())],
}
"""Valid files by the reader that reads them; see `tests.hostile.READERS`."""
