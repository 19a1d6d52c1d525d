"""Several processes that share a run: each takes its windows, and together they do what one process does."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from causalkit import Discovery
from causalkit.core import processes
from causalkit.neural.interfaces import squared_error
from causalkit.neural.training.share import Share
from tests.systems import lagged_pair


@pytest.mark.parametrize("windows", [7, 2])
@pytest.mark.parametrize("weighted", [False, True])
def test_shares_add_up_to_the_whole_loss(monkeypatch, windows, weighted):
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(2, windows, 1, 4, generator=generator), torch.randn(2, windows, 4, generator=generator)
    weights = (torch.rand(2, windows, 4, generator=generator) < 0.6).float() if weighted else None

    def losses(given):
        x, y, weights = given
        forecast = [squared_error(x[n, :, 0], y[n], None if weights is None else weights[n]) for n in range(2)]
        return {"forecast": torch.stack(forecast), "penalty": x.abs().mean((1, 2, 3))}

    sums = {"forecast": 0, "penalty": 0}
    monkeypatch.setattr(processes, "count", lambda: 3)
    for rank in range(3):
        monkeypatch.setattr(processes, "rank", lambda rank=rank: rank)
        share = Share.of((x, y, weights))
        for name, part in share.of_losses(losses(share.of_windows((x, y, weights)))).items():
            sums[name] += part
    for name, part in losses((x, y, weights)).items():
        torch.testing.assert_close(sums[name], part)


@pytest.mark.plugins
def test_two_processes_find_what_one_finds(loopback, tmp_path):
    frame = pd.DataFrame(lagged_pair(), columns=["a", "b", "c"])
    frame.loc[10:30, "b"] = np.nan
    frame.to_csv(tmp_path / "own.csv", index=False)
    scores, outputs = [], []
    for name, start in (("one", ()), ("two", ("-m", "torch.distributed.run", "--nproc-per-node", "2"))):
        command = [
            *(sys.executable, *start, "-m", "causalkit", "discover", "own.csv", "--lag", "2", "--dtype", "float64"),
            *("-s", "forecaster.name=mlp", "-s", "training.epochs=40", "-o", f"{name}.npz", "-q"),
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        scores.append(Discovery.load(tmp_path / f"{name}.npz").scores)
        outputs.append(done.stdout)
    np.testing.assert_allclose(scores[1], scores[0], rtol=1e-6, atol=1e-9)
    assert outputs[1].splitlines()[0] == outputs[0].splitlines()[0]
    assert outputs[1].count("effect size") == 1  # the second process prints nothing


def test_other_commands_say_that_torchrun_is_of_no_use(run, monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("WORLD_SIZE", "2")
    code, _, err = run("methods")
    assert code == 2
    assert "run causalkit methods without torchrun" in err
