"""The strength of a penalty that held-out forecasts choose along a warm-started path."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import causalkit
from causalkit import Method
from causalkit.api import build_method
from causalkit.core.run import Run
from causalkit.errors import ParameterError, WrongUsageError
from causalkit.model_selection.splits import Folds, folds_of
from causalkit.neural.ensemble import learn_path
from causalkit.plugins.registry import registry
from tests.systems import lagged_pair

pytestmark = pytest.mark.plugins

QUICK = {"training.epochs": 40, "forecaster.hidden": (16,)}


def panel_of(steps: int = 120) -> causalkit.Panel:
    return causalkit.Panel.of(lagged_pair(steps=steps))


def discover(panel: Any = None, *, params: dict[str, Any] | None = None, **more: Any) -> causalkit.Discovery:
    return causalkit.discover(panel or panel_of(), lag=2, params={**QUICK, **(params or {})}, **more)


def test_the_default_chooses_a_strength_and_keeps_the_curve() -> None:
    panel, truth = causalkit.simulate("lorenz96", series=6, steps=250, forcing=20.0)
    found = causalkit.discover(panel, lag=1, params={"training.epochs": 120})
    (choice,) = found.choices
    assert choice.parameter == "regularizer.strength"
    assert found.config["regularizer"][0]["strength"] == choice.chosen
    assert found.config["ensemble"] == 5
    assert 0 < choice.error < 1
    assert truth is not None
    assert found.evaluate(truth)["auroc"] > 0.95
    assert found.standard_errors is not None
    again = causalkit.discover(panel, lag=1, params={"training.epochs": 120})
    assert found.scores.tobytes() == again.scores.tobytes()


def test_the_curve_is_measured_on_what_was_not_learned_from() -> None:
    """Independent noise cannot be forecast: errors that were measured on learned windows would lie below 1."""
    noise = np.random.default_rng(0).standard_normal((80, 3))
    found = causalkit.discover(noise, lag=1, params={**QUICK, "training.epochs": 100})
    (choice,) = found.choices
    tried = [error for error in choice.held_out_error if error == error]
    assert min(tried) > 0.93
    assert choice.chosen == max(choice.candidates)


def test_a_member_never_learns_from_its_own_block_before_the_choice() -> None:
    windows = panel_of().windows(2)
    run = Run()
    folds = folds_of(windows, 3, run)
    assert folds is not None
    provided = registry().get(Method, "grngc")
    method, _ = build_method(provided, {"lag": 2, "training": {"epochs": 40}, "forecaster": {"hidden": (16,)}})

    def errors_of_members(y: torch.Tensor) -> list[np.ndarray]:
        with run.isolated():
            torch.manual_seed(0)
            learned = learn_path(method, torch.as_tensor(windows.x).float(), y, windows, run, folds)
        assert learned.apart is not None
        return [next(iter(member.parameters())).detach().numpy() for member in learned.apart]

    y = torch.as_tensor(windows.y).float()
    harmless = errors_of_members(y)
    spoiled = y.clone()
    spoiled[torch.as_tensor(folds.held[0])] += 0.01 * torch.randn(int(folds.held[0].sum()), y.shape[1])
    other = errors_of_members(spoiled)
    assert np.array_equal(harmless[0], other[0])
    assert not np.array_equal(harmless[1], other[1])


def test_short_panels_get_fewer_blocks_and_very_short_ones_the_fallback() -> None:
    generator = np.random.default_rng(0)
    few = causalkit.discover(generator.standard_normal((14, 2)), lag=1, params=QUICK)
    assert 2 <= few.config["ensemble"] <= 5
    hardly_any = causalkit.discover(generator.standard_normal((4, 2)), lag=1, params=QUICK)
    assert hardly_any.choices == ()
    assert any("too few to leave blocks" in note for note in hardly_any.notes)
    assert hardly_any.config["regularizer"][0]["strength"] == 0.1


def test_the_number_of_blocks_is_that_of_the_ensemble() -> None:
    assert discover(params={"ensemble": 3}).config["ensemble"] == 3


@pytest.mark.parametrize("forecaster", ["kan", "lstm", "tcn", "residual-mlp", "cmlp"])
def test_any_forecaster_can_go_along_the_path(forecaster: str) -> None:
    small = {"channels": 8} if forecaster == "tcn" else {"hidden": 8}
    found = causalkit.discover(
        panel_of(), lag=2, forecaster=forecaster, params={"training.epochs": 40, "forecaster": small}
    )
    assert found.choices[0].parameter == "regularizer.strength"
    assert np.isfinite(found.scores).all()


def test_mini_batches_go_along_the_path() -> None:
    whole, small = discover(), discover(params={"training.batch_size": 16})
    assert small.choices[0].parameter == "regularizer.strength"
    assert small.scores.tobytes() != whole.scores.tobytes()


class _StopAfter:
    def __init__(self, epochs: int) -> None:
        self.left = epochs

    def on_epoch(self, epoch: int, losses: dict[str, float]) -> None:
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("epochs", [3, 14])
def test_a_path_that_was_interrupted_goes_on_where_it_stopped(tmp_path: Path, epochs: int) -> None:
    straight = discover()
    file = tmp_path / "path.safetensors"
    with pytest.raises(KeyboardInterrupt):
        discover(checkpoint=file, observers=[_StopAfter(epochs)])
    assert file.exists()
    resumed = discover(checkpoint=file, resume=True)
    assert resumed.scores.tobytes() == straight.scores.tobytes()
    assert resumed.choices == straight.choices
    assert list(resumed.history["epoch"]) == list(straight.history["epoch"])


def test_a_time_limit_leaves_a_result_and_a_path_to_go_on_from(tmp_path: Path) -> None:
    straight = discover()
    slow = type("Slow", (), {"on_epoch": lambda self, epoch, losses: time.sleep(0.05)})()
    file = tmp_path / "path.safetensors"
    cut = discover(time_limit=0.5, checkpoint=file, observers=[slow])
    assert any("time limit ended the path" in note for note in cut.notes)
    assert 1 <= len(cut.history["epoch"]) < len(straight.history["epoch"])
    resumed = discover(checkpoint=file, resume=True)
    assert resumed.scores.tobytes() == straight.scores.tobytes()


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"training.validation": 0.2}, "no use for training.validation"),
        ({"training.patience": 3}, "no use for training.patience"),
        ({"training.snapshots": 3}, "no use for training.snapshots"),
        ({"training.optimizer": "sgd"}, "trains with adam"),
        ({"training.schedule": "cosine"}, "schedule of its own"),
    ],
)
def test_settings_without_use_are_refused_with_a_way_out(params: dict[str, Any], said: str) -> None:
    with pytest.raises((ParameterError, WrongUsageError), match=said) as refused:
        discover(params=params)
    assert "regularizer.strength=" in str(refused.value.hint)


def test_forbidden_pairs_stay_closed_along_the_path() -> None:
    found = discover(knowledge={"forbid": ["0->1"]})
    assert (found.scores[0, 1] == 0).all()
    assert found.choices


def test_two_stages_take_the_fallback_and_say_so() -> None:
    found = discover(pretrain="lagged-pair", params={"pretrain.match": "position"})
    assert found.config["regularizer"][0]["strength"] == 0.1
    assert any("strength of the penalty was not chosen" in note for note in found.notes)


def test_folds_are_fewer_where_windows_do_not_suffice() -> None:
    windows = causalkit.Panel.of(np.random.default_rng(0).standard_normal((9, 2))).windows(1)
    folds = folds_of(windows, 5, Run())
    assert isinstance(folds, Folds)
    assert 2 <= len(folds.kept) < 6
