"""Two commands that write the same at the same time: files are whole, and nothing else is left."""

import os
import subprocess
import sys

import filelock
import pytest

from causalkit import Discovery, read

CLI = [sys.executable, "-m", "causalkit"]
FOUND = ("discover", "--dataset", "var", "--method", "var", "--lag", "1", "-q")


def _twice(*arguments: str, folder) -> list[tuple[int, str]]:
    """Start a command twice, and return both exit codes and what was said."""
    started = [
        subprocess.Popen([*CLI, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=300)[1] for process in started]
    return sorted((process.returncode, text) for process, text in zip(started, said, strict=True))


def test_a_result_and_a_panel_are_those_of_one_writer(tmp_path):
    assert _twice(*FOUND, "-o", "found.json", folder=tmp_path) == [(0, ""), (0, "")]
    assert Discovery.load(tmp_path / "found.json").scores.shape == (10, 10, 1)
    both = _twice("simulate", "var", "--set", "steps=20000", "-o", "panel.csv", folder=tmp_path)
    assert [code for code, _ in both] == [0, 0]
    assert read(tmp_path / "panel.csv").lengths == (20000,)
    assert sorted(os.listdir(tmp_path)) == ["found.json", "panel.csv"]


@pytest.mark.plugins
def test_a_checkpoint_is_that_of_one_writer_and_goes_on(tmp_path):
    run = ("discover", "--dataset", "var", "--lag", "1", "--set", "training.epochs=20", "-q")
    state = ("--checkpoint", "state.safetensors")
    assert _twice(*run, *state, folder=tmp_path) == [(0, ""), (0, "")]
    assert os.listdir(tmp_path) == ["state.safetensors"]
    done = subprocess.run([*CLI, *run, *state, "--resume"], cwd=tmp_path, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def test_a_second_comparison_in_a_folder_is_refused_at_once(tmp_path, run):
    with filelock.FileLock(tmp_path / ".lock"):
        code, _, said = run("compare", "-m", "var", "-d", "lagged-pair[steps=60]", "-q", "--out", tmp_path)
    assert code == 2
    assert "another causalkit compare uses the folder" in said
    assert [name for name in os.listdir(tmp_path) if name != ".lock"] == []
