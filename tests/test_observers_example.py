"""The plugin that docs/observers.md explains is installed by pip, found, and logs what the page promises."""

from __future__ import annotations

import importlib
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from causalkit.core.run import Run

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "causalkit-tensorboard"


def events(path):
    """Return the events of a file: records of length (8 bytes), checksum (4), content, checksum (4)."""
    from tensorboardX.proto.event_pb2 import Event

    data, place, found = path.read_bytes(), 0, []
    while place < len(data):
        (length,) = struct.unpack_from("<Q", data, place)
        found.append(Event.FromString(data[place + 12 : place + 12 + length]))
        place += length + 16
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder into which pip has installed the example."""
    folder = tmp_path_factory.mktemp("site")
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--no-compile", "--quiet", "--target", str(folder))
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(EXAMPLE)], check=True, timeout=600)
    return folder


def causalkit(site, *arguments, **environment):
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    environment = {**os.environ, "PYTHONPATH": path, "CAUSALKIT_STRICT": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-m", "causalkit", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_it_is_a_plugin(site):
    assert "causalkit-tensorboard" in causalkit(site, "plugins", "--json").stdout


@pytest.mark.plugins
def test_every_epoch_and_the_result_are_logged(site, tmp_path):
    arguments = (
        "discover",
        "--dataset",
        "lagged-pair",
        "--seed",
        "3",
        "-s",
        "training.epochs=4",
        "-s",
        "regularizer.strength=0.1",
    )
    done = causalkit(site, *arguments, CAUSALKIT_TENSORBOARD=str(tmp_path / "log"))
    assert "observer" not in done.stderr  # one that fails is dropped with a warning
    (folder,) = (tmp_path / "log").iterdir()
    assert folder.name.startswith("seed-3-")
    (path,) = folder.iterdir()
    logged = [(value.tag, event.step, value) for event in events(path) for value in event.summary.value]
    forecast = [(step, value.simple_value) for tag, step, value in logged if tag == "loss/forecast"]
    assert [step for step, _ in forecast] == [1, 2, 3, 4]
    assert all(loss > 0 for _, loss in forecast)
    tags = {tag for tag, _, _ in logged}
    assert {"loss/gradient-l1", "scores", "edges/text_summary", "configuration/text_summary", "seconds"} <= tags
    (edges,) = [value for tag, _, value in logged if tag == "edges/text_summary"]
    assert b"cause" in edges.tensor.string_val[0]


def test_runs_do_not_mix_and_stages_follow_each_other(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(EXAMPLE))
    monkeypatch.setenv("CAUSALKIT_TENSORBOARD", str(tmp_path))
    plugin = importlib.import_module("causalkit_tensorboard")
    (first,), (second,) = (list(plugin.causalkit_observers(Run(seed=0))) for _ in range(2))
    assert first.folder != second.folder
    for _ in range(2):
        first.on_start({"epochs": 2})
        first.on_epoch(1, {"forecast": 0.5})
        first.on_epoch(2, {"forecast": 0.25})
    first.writer.close()
    (path,) = first.folder.iterdir()
    assert [event.step for event in events(path) if event.summary.value] == [1, 2, 3, 4]


def test_without_its_variable_it_writes_nothing(site, tmp_path):
    causalkit(site, "discover", "--dataset", "lagged-pair", "-m", "var", "-o", str(tmp_path / "result.json"))
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]
