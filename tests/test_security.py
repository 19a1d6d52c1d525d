"""No file is unpickled or carried out as code, and no command opens a connection that nobody asked for."""

import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
import torch

import causalkit
from causalkit.errors import CausalkitError
from tests.hostile import READERS
from tests.hostile_files import SEEDS

ROOT = Path(causalkit.__file__).parents[1]
RISKY = re.compile(
    r"^\s*(?:import|from)\s+(?:pickle|cPickle|_pickle|dill|cloudpickle|marshal|shelve|joblib|yaml)\b"
    r"|\b(?:torch\.load|pd\.read_pickle|eval|exec|os\.system|os\.popen)\("
    r"|allow_pickle\s*=\s*True|shell\s*=\s*True|weights_only\s*=\s*False",
    re.MULTILINE,
)


def _sources() -> list[Path]:
    plugins = ROOT / "plugins"
    folders = [ROOT / "causalkit", *(folder for folder in plugins.glob("causalkit-*/causalkit_*") if folder.is_dir())]
    return [path for folder in folders for path in folder.rglob("*.py")]


def test_nothing_is_unpickled_or_carried_out():
    found = [
        f"{path.name}: {match[0].strip()}"
        for path in _sources()
        for match in RISKY.finditer(path.read_text(encoding="utf-8"))
        if not match[0].endswith("eval(") or path.read_text(encoding="utf-8")[match.start() - 1] != "."
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "import pickle\n",
        "from joblib import load\n",
        "torch.load(path)",
        "np.load(p, allow_pickle=True)",
        "x = eval(text)",
    ],
)
def test_the_search_finds_what_it_looks_for(line):
    assert RISKY.search(line)


class Payload:
    """Makes a folder where it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def _object_array(payload: Payload) -> np.ndarray:
    return np.array([[payload, payload]] * 4, dtype=object)


def _npy(payload: Payload, path: Path) -> None:
    np.save(path, _object_array(payload), allow_pickle=True)


def _npz(payload: Payload, path: Path) -> None:
    names = ("data", "names", "scores", "config", "facts", "graph")
    np.savez(path, **{name: _object_array(payload) for name in names})


def _torch(payload: Payload, path: Path) -> None:
    torch.save({"weights": torch.zeros(3), "facts": payload}, path)


def _pickle(payload: Payload, path: Path) -> None:
    path.write_bytes(pickle.dumps(payload))


@pytest.mark.parametrize("write", [_pickle, _npy, _npz, _torch])
@pytest.mark.parametrize("reader", [name for name in READERS if not name.endswith("folder")])
def test_no_reader_unpickles_what_has_the_suffix_that_it_reads(tmp_path, reader, write):
    for suffix in dict.fromkeys(make().suffix for make in SEEDS[reader]):
        marker, source, path = tmp_path / "unpickled", tmp_path / f"source{write.__name__}", tmp_path / f"file{suffix}"
        write(Payload(marker), source)
        written = next(tmp_path.glob(f"{source.name}*"))  # NumPy appends a suffix
        written.rename(path)
        with pytest.raises((CausalkitError, click.UsageError)):
            READERS[reader](path)
        assert not marker.exists()


def test_the_payload_works(tmp_path):
    _npy(Payload(tmp_path / "unpickled"), tmp_path / "source.npy")
    np.load(tmp_path / "source.npy", allow_pickle=True)
    assert (tmp_path / "unpickled").is_dir()


@pytest.mark.parametrize(
    "command",
    [
        ("--help",),
        ("methods",),
        ("plugins",),
        ("discover", "--dataset", "lorenz96", "--method", "var", "-q", "-o", "found.json", "--report", "page.html"),
        ("simulate", "var", "-o", "data.csv"),
        ("compare", "-m", "var", "-d", "var", "--seeds", "0:2", "--out", "grid", "-q"),
        ("doctor",),
        pytest.param(
            ("discover", "--dataset", "lorenz96", "--set", "training.epochs=3", "--plot", "graph.png", "-q"),
            marks=pytest.mark.plugins,
        ),
    ],
)
def test_no_command_opens_a_connection(tmp_path, command):
    """The fixture no_sockets fails where one is tried, in the program or in its workers."""
    done = subprocess.run(
        [sys.executable, "-m", "causalkit", *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
