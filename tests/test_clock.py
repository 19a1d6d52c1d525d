"""A clock that is set back, and files from the future: nothing is older, newer or shorter by it."""

import itertools
import json
import os
import time
from pathlib import Path

import pytest

from causalkit.compare import supervisor
from causalkit.compare.record import Cell
from causalkit.compare.settings import Limits

GRID = ("compare", "-m", "var", "-d", "lagged-pair[steps=60]", "-q")
TRAINED = ("discover", "--dataset", "var", "--lag", "1", "--set", "training.epochs=5", "-q")
FUTURE, PAST = 4e9, 1e6


def _cell() -> Cell:
    return Cell(method="var", data="var", seed=0, method_name="var", data_name="var")


def test_a_cell_that_dies_takes_no_negative_time(monkeypatch):
    clock = itertools.count(10**9, -1000)
    monkeypatch.setattr(time, "time", lambda: float(next(clock)))
    monkeypatch.setattr(supervisor, "_PROGRAM", "raise SystemExit(7)")
    record = supervisor.Supervisor(Limits()).compute(_cell())
    assert record["status"] == "failed"
    assert "exit code 7" in record["reason"]
    assert record["seconds"]["total"] >= 0


@pytest.mark.parametrize("moment", [FUTURE, PAST])
def test_a_comparison_goes_on_whatever_the_times_of_its_files(tmp_path, run, moment):
    assert run(*GRID, "--out", tmp_path / "grid")[0] == 0
    (record,) = (tmp_path / "grid").glob("*.json")
    before = record.read_bytes()
    for path in (record, record.parent):
        os.utime(path, (moment, moment))
    assert run(*GRID, "--out", tmp_path / "grid", "--seeds", "0:2")[0] == 0
    assert record.read_bytes() == before
    assert len(list((tmp_path / "grid").glob("*.json"))) == 2


@pytest.mark.plugins
@pytest.mark.parametrize("moment", [FUTURE, PAST])
def test_a_checkpoint_goes_on_whatever_its_time(tmp_path, run, moment):
    state, whole, resumed = (str(tmp_path / name) for name in ("s.safetensors", "whole.json", "resumed.json"))
    assert run(*TRAINED, "--checkpoint", state, "-o", whole)[0] == 0
    os.utime(state, (moment, moment))
    assert run(*TRAINED, "--checkpoint", state, "--resume", "-o", resumed)[0] == 0
    scores = [json.loads(Path(path).read_text())["scores"] for path in (whole, resumed)]
    assert scores[0] == scores[1]
