"""What a command writes never replaces what it reads, nor a file that is something else."""

from __future__ import annotations

import re

import pytest

import causalkit
from causalkit.cli.main import _run
from causalkit.errors import WrongUsageError
from causalkit.io import check_overwrites

FOUND = ("-m", "var", "--lag", "1", "-q")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = ("simulate", "lagged-pair", "-s", "steps=60", "-o", "data.csv", "--truth", "truth.csv")
    assert _run(list(made), debug=False) == 0
    (tmp_path / "link.csv").symlink_to("data.csv")
    (tmp_path / "table.json").write_text('[{"a": 1, "b": 2}]')
    (tmp_path / "settings.toml").write_text("lag = 1")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("discover", "data.csv", *FOUND, "-o", "data.csv"), "-o would replace data.csv, which is read as DATA"),
        (("discover", "data.csv", *FOUND, "-o", "./link.csv"), "which is read as DATA"),
        (("discover", ".", *FOUND, "-o", "data.csv"), "which is read as DATA"),
        (("discover", "data.csv", *FOUND, "--truth", "truth.csv", "-o", "truth.csv"), "which is read as --truth"),
        (("discover", "data.csv", *FOUND, "--plot", "a.html", "--report", "a.html"), "--plot and --report name"),
        (("discover", "data.csv", *FOUND, "-o", "a.csv", "-o", "./a.csv"), "-o and -o name the same file"),
        (("simulate", "var", "-o", "data.csv", "--truth", "data.csv"), "-o and --truth name the same file"),
        (("inspect", "data.csv", "--plot", "data.csv"), "which is read as DATA"),
        (("compare", "-m", "var", "-d", "data.csv", "-o", "data.csv", "--out", "grid"), "which is read as -d"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_no_command_replaces_what_it_reads(folder, capsys, arguments, said):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert _run(list(arguments), debug=False) == 2
    assert said in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.plugins
def test_pretraining_does_not_replace_its_source_by_the_description_of_a_forecaster(folder, capsys):
    assert _run(["pretrain", "table.json", "-o", "table.safetensors"], debug=False) == 2
    assert "-o would replace table.json, which is read as SOURCES" in capsys.readouterr().err


def test_results_beside_the_data_of_a_folder_are_replaced_when_the_command_is_repeated(folder):
    (folder / "data").mkdir()
    (folder / "data.csv").rename(folder / "data" / "a.csv")
    command = ["discover", "data", *FOUND, "-o", "data/found.json"]
    assert _run(command, debug=False) == _run(command, debug=False) == 0


def test_names_that_are_no_files_are_passed_over(tmp_path):
    check_overwrites({"-o": str(tmp_path / "a"), "--plot": None}, {"DATA": ["lorenz96", "a\0b", str(tmp_path / "no")]})


@pytest.mark.plugins
@pytest.mark.parametrize("name", ["result.json", "notes.txt", "forecaster.safetensors"])
def test_a_checkpoint_replaces_no_file_that_is_something_else(tmp_path, name):
    import torch
    from safetensors.torch import save_file

    path = tmp_path / name
    if path.suffix == ".safetensors":
        save_file({"weight": torch.zeros(2)}, path, metadata={"causalkit": "{}"})
    else:
        path.write_text("a week of work")
    before = path.read_bytes()
    settings = {"regularizer": {"strength": 0.1}, "training": {"epochs": 2}}
    panel, _ = causalkit.simulate("lagged-pair", steps=60)
    with pytest.raises(WrongUsageError, match=re.escape(f"{path} exists and is no checkpoint")):
        causalkit.discover(panel, lag=1, params=settings, checkpoint=path)
    assert path.read_bytes() == before
    for _ in range(2):  # one of an earlier run is begun anew
        causalkit.discover(panel, lag=1, params=settings, checkpoint=tmp_path / "state.safetensors")
