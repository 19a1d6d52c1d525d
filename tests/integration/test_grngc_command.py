"""What the README promises: GRNGC from the command line, on generated and on real data."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import causalkit
from causalkit import Discovery
from causalkit.cli.main import _run
from causalkit.cli.options import ProgressBar
from tests.systems import lagged_pair


def command(*arguments, code=0, **options):
    done = subprocess.run(
        [sys.executable, "-m", "causalkit", *map(str, arguments)], capture_output=True, text=True, **options
    )
    assert done.returncode == code, done.stderr
    return done


def test_first_run_of_the_readme():
    record = json.loads(command("discover", "--dataset", "lorenz96", "--method", "grngc", "--json").stdout)
    assert record["evaluation"]["include"]["auroc"] == 1.0
    assert record["config"]["regularizer"][0]["estimator"] == "exact"


def test_hundred_series():
    settings = ["--set", "dataset.series=100", "--set", "dataset.steps=1000"]
    record = json.loads(command("discover", "--dataset", "lorenz96", *settings, "--method", "grngc", "--json").stdout)
    assert record["evaluation"]["exclude"]["auroc"] >= 0.98
    assert record["config"]["regularizer"][0]["estimator"] == "sampled"


def test_yeast(real_data, tmp_path):
    result, picture = tmp_path / "yeast.json", tmp_path / "yeast.png"
    folder = real_data / "yeast"
    done = command(
        "discover", folder / "DDGni_Yeast.txt", "--method", "grngc", "--truth", folder / "DDGni_Yeast_network.txt",
        "-o", result, "--plot", picture,
    )  # fmt: skip
    assert "8 series, 1 realisation of 30 steps" in done.stderr
    assert "6 edges" in done.stdout
    assert "SWI5" in Discovery.load(result).names
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("forecaster", ["mlp", "kan"])  # causalkit-grngc tests all of them without a process for each
def test_edges_file_of_the_only_edge(tmp_path, forecaster):
    pd.DataFrame(lagged_pair()).to_csv(tmp_path / "pair.csv", index=False)
    command(
        "discover",
        tmp_path / "pair.csv",
        "--forecaster",
        forecaster,
        "-s",
        "training.epochs=60",
        "-o",
        tmp_path / "e.csv",
    )
    assert (tmp_path / "e.csv").read_text().splitlines()[1].startswith("0,1,2,")


def test_several_files_folder_and_npz_are_panels(tmp_path):
    trials = tmp_path / "trials"
    trials.mkdir()
    for number in range(3):
        frame = pd.DataFrame(lagged_pair(60 + 10 * number, seed=number), columns=["a", "b", "c"])
        frame.insert(0, "time", range(len(frame)))
        frame.loc[5, "a"] = np.nan
        frame.to_csv(trials / f"{number}.csv", index=False)
    np.savez(tmp_path / "d.npz", data=lagged_pair(), names=["a", "b", "c"])
    quick = ["-s", "training.epochs=40", "--json"]
    folder = json.loads(command("discover", trials, *quick).stdout)
    files = json.loads(command("discover", *sorted(trials.iterdir()), *quick).stdout)
    assert folder["data"]["steps"] == [60, 70, 80]
    # A missing cell costs the two windows that contain it; where it is the next step, only its own series.
    assert folder["data"]["windows"] == 60 + 70 + 80 - 6 - 6
    assert folder["data"]["dropped"] == 6
    assert [one["learned"] for one in folder["data"]["windows_by_effect"].values()] == [195, 198, 198]
    assert folder["scores"] == files["scores"]
    for record in (folder, json.loads(command("discover", tmp_path / "d.npz", *quick).stdout)):
        scores = np.array(record["scores"])
        assert np.unravel_index(scores.argmax(), scores.shape) == (0, 1, 1)


def test_forecaster_and_regularizer_are_chosen_by_name_and_recorded(tmp_path):
    config = tmp_path / "run.toml"
    config.write_text('forecaster = "kan"\n[training]\nepochs = 9\n[regularizer]\nstrength = 0.3\n')
    settings = ["--config", config, "-s", "forecaster.hidden=8,4", "-s", "training.epochs=5"]
    record = json.loads(command("discover", "--dataset", "lagged-pair", *settings, "--json").stdout)
    assert record["config"]["forecaster"] == {"name": "kan", "hidden": [8, 4]}
    assert record["config"]["regularizer"][0]["strength"] == 0.3
    assert record["history"]["epoch"] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--forecaster", "kam"], "did you mean kan"),
        (["--regularizer", "gradient-l2"], "did you mean gradient-l1"),
        (["-s", "forecaster.hiden=3"], "did you mean forecaster.hidden"),
        (["-s", "regularizer.strength=-1"], "greater than or equal to 0"),
        (["-s", "training.optimizer=sgd"], "trains with adam"),
        (
            ["-s", "training.learning_rate=1e9", "-s", "training.optimizer=sgd", "-s", "regularizer.strength=0.1"],
            "training diverged",
        ),
    ],
)
def test_mistakes(arguments, said):
    code = 3 if "diverged" in said else 2
    error = command("discover", "--dataset", "lagged-pair", *arguments, code=code).stderr
    assert said in error
    assert "Traceback" not in error


def test_same_seed_same_bytes():
    panel, _ = causalkit.simulate("lorenz96", seed=1)
    runs = [causalkit.discover(panel, seed=seed, params={"training.epochs": 20}).scores.tobytes() for seed in (0, 0, 1)]
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.usefixtures("ctrl_c")
def test_interrupted_run_goes_on_where_it_was(tmp_path, monkeypatch, capsys):
    """Ctrl-C in epoch 7 of 20, then --resume: the same bytes as a run that was left alone."""

    def interrupt(self, epoch, losses):
        if epoch == 7:
            os.kill(os.getpid(), signal.SIGINT)

    arguments = ["discover", "--dataset", "lagged-pair", "-s", "training.epochs=20"]
    state = ["--checkpoint", str(tmp_path / "state.safetensors")]
    with monkeypatch.context() as patched:
        patched.setattr(ProgressBar, "on_epoch", interrupt)
        assert _run([*arguments, *state], debug=False) == 130
    assert "--resume" in capsys.readouterr().err
    assert _run([*arguments, *state, "--resume", "-o", str(tmp_path / "resumed.json")], debug=False) == 0
    assert _run([*arguments, "-o", str(tmp_path / "whole.json")], debug=False) == 0
    resumed, whole = (Discovery.load(tmp_path / name) for name in ("resumed.json", "whole.json"))
    assert resumed.scores.tobytes() == whole.scores.tobytes()
    assert resumed.history == whole.history
    assert sorted(os.listdir(tmp_path)) == ["resumed.json", "state.safetensors", "whole.json"]
