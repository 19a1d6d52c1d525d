"""Every place that writes, where the system refuses: one sentence with the file, exit code 2 or 3, nothing left."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from causalkit.errors import WrongUsageError
from causalkit.io.atomic import atomic_folder
from tests.write_faults import SAID, full, read_only, vanishing

FOUND = ("discover", "--dataset", "var", "--method", "var", "--lag", "1", "-q")
TRAINED = ("--lag", "1", "--set", "training.epochs=2", "-q")
GRID = ("compare", "-m", "var", "-d", "lagged-pair[steps=60]", "-q")


@dataclass(frozen=True)
class Write:
    """A command that writes.

    Attributes:
        arguments: of ``causalkit``; what it writes lies in the folder ``out``, what it reads beside that.
        named: what the sentence names.
    """

    arguments: tuple[str, ...]
    named: str


PICTURES = ("graph.png", "graph.svg", "graph.pdf")
RESULTS = ("found.json", "found.csv", "found.npz", "found.graphml", "found.gexf", "found.dot")
WRITES = [
    *(Write((*FOUND, "-o", f"out/{name}"), f"out/{name}") for name in RESULTS),
    *(Write((*FOUND, "--plot", f"out/{name}"), f"out/{name}") for name in (*PICTURES, "graph.html")),
    Write((*FOUND, "--report", "out/page.html"), "out/page.html"),
    *(Write(("simulate", "var", "-o", f"out/panel.{kind}"), f"out/panel.{kind}") for kind in ("csv", "tsv", "npz")),
    Write(("simulate", "var", "-o", "out/other.csv", "--truth", "out/truth.csv"), "out/"),
    Write(("plot", "found.json", "-o", "out/drawn.png"), "out/drawn.png"),
    Write(("plot", "found.json", "--kind", "interactive", "-o", "out/drawn.html"), "out/drawn.html"),
    Write(("plot", "panel.csv", "--kind", "series", "-o", "out/series.png"), "out/series.png"),
    Write(("inspect", "panel.csv", "--plot", "out/series.svg"), "out/series.svg"),
    Write(("report", "found.json", "-o", "out/page.html"), "out/page.html"),
    Write(("report", "grid", "-o", "out/page.html"), "out/page.html"),
    Write((*GRID, "--out", "grid", "--format", "json", "-o", "out/summary.json"), "out/summary.json"),
    Write((*GRID, "--out", "out"), "out"),
    Write(("compare", "merge", "grid", "grid-2", "--out", "out", "-q"), "out"),
    Write(("compare", "publish", "grid", "-o", "out", "-q"), "out"),
    Write(("compare", "curves", "grid", "--quantity", "auroc-by-truth", "-o", "out/curves.pdf"), "out/curves.pdf"),
    Write(("new-plugin", "tried", "--directory", "out"), "out"),
]
NEURAL = [
    Write(("discover", "--dataset", "var", *TRAINED, "--checkpoint", "out/s.safetensors"), "out/s.safetensors"),
    Write(("pretrain", "var", *TRAINED, "-o", "out/w.safetensors"), "out/w.safetensors"),
    Write(("robustness", "--dataset", "var", *TRAINED, "--eps", "0.1", "--no-refit", "-o", "out/r.json"), "out/r.json"),
]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """What commands read: a panel, a result, two folders of records; and a folder for what they write."""
    from causalkit.cli.main import _run

    folder = tmp_path_factory.mktemp("inputs")
    made = (
        ("simulate", "var", "-o", folder / "panel.csv"),
        (*FOUND, "-o", folder / "found.json"),
        (*GRID, "--out", folder / "grid"),
        (*GRID, "--seeds", "1", "--out", folder / "grid-2"),
    )
    for arguments in made:
        assert _run([str(argument) for argument in arguments], debug=False) == 0
    (folder / "out").mkdir()
    return folder


@pytest.fixture
def here(inputs, tmp_path, monkeypatch):
    """A copy of the inputs as the working folder."""
    folder = tmp_path / "work"
    shutil.copytree(inputs, folder)
    monkeypatch.chdir(folder)
    return folder


CASES = [
    pytest.param(
        write,
        fault,
        id=f"{fault.__name__} {' '.join(write.arguments[:2])} {write.named}",
        marks=[pytest.mark.plugins] if write in NEURAL else [],
    )
    for number, write in enumerate((*WRITES, *NEURAL))
    for fault in (full, (read_only, vanishing)[number % 2])
]


@pytest.mark.parametrize(("write", "fault"), CASES)
def test_what_the_system_refuses_is_one_sentence_with_the_file_and_nothing_is_left(here, run, write, fault):
    before = content(here)
    with fault(here / "out"):
        code, _, said = run(*write.arguments)
    (line,) = [one for one in said.splitlines() if "error" in one]
    assert code in (2, 3), said
    assert "Traceback" not in said
    assert "internal error" not in said
    assert line.startswith("causalkit: error: ")
    assert write.named in line
    assert re.search(SAID[fault], line), line
    assert not [name for name in content(here) - before if (here / name).is_file() and not name.endswith(".lock")]


def content(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_killed_process_leaves_no_hidden_folder_once_another_has_written_the_same(tmp_path):
    script = "import os, pathlib; from causalkit.io.atomic import atomic_folder\n"
    script += "with atomic_folder(pathlib.Path('made')) as aside: (aside / 'a.txt').touch(); os._exit(9)"
    done = subprocess.run([sys.executable, "-uc", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 9, done.stderr
    (left,) = os.listdir(tmp_path)
    assert left.startswith(".made.")
    with atomic_folder(tmp_path / "made") as aside:
        (aside / "b.txt").touch()
    assert content(tmp_path) == {"made", "made/b.txt"}


def test_a_folder_that_another_process_writes_meanwhile_stays(tmp_path):
    def write() -> None:
        with atomic_folder(tmp_path / "made"):
            (tmp_path / "made").mkdir()
            (tmp_path / "made" / "theirs").touch()

    with pytest.raises(WrongUsageError, match="exists already"):
        write()
    assert content(tmp_path) == {"made", "made/theirs"}
