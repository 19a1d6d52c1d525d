"""The strength of a penalty that held-out forecasts choose along a warm-started path."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import causalkit
from causalkit import Method
from causalkit.api import build_method
from causalkit.core.run import Run
from causalkit.errors import DataError, ParameterError, WrongUsageError
from causalkit.model_selection.splits import Folds, folds_of
from causalkit.neural import PLAIN, Training, ensemble, regularization_path
from causalkit.neural.ensemble import TracedPath, TrainedEnsemble, trace_path, train_at_choice
from causalkit.neural.parts import forecaster_part, penalty_sum
from causalkit.neural.regularization_path import AVERAGING, RegularizationPath
from causalkit.neural.training.context import TrainingContext
from causalkit.neural.training.data import TrainingData
from causalkit.neural.training.loop import train
from causalkit.neural.training.networks import Epoch, Networks
from causalkit.neural.training.state import BestWeights, TrainingState
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
    forecaster, choice, *others = found.choices
    assert forecaster.parameter == "forecaster.name"
    assert found.config["forecaster"]["name"] == forecaster.chosen_label
    assert choice.parameter == "regularizer.strength"
    assert found.config["regularizer"][0]["strength"] == choice.chosen
    assert all(one.within for one in others)
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
    choice = next(one for one in found.choices if one.parameter == "regularizer.strength" and not one.within)
    tried = [error for error in choice.held_out_error if error == error]
    assert min(tried) > 0.93
    assert choice.chosen == max(choice.candidates)


def ensemble_on(data: TrainingData, epochs: int = 40, **changed: Any) -> TrainedEnsemble:
    """Train the default method along the path on some data, with small networks of one seed."""
    provided = registry().get(Method, "grngc")
    method, _ = build_method(provided, {"lag": 2, "training": {"epochs": epochs}, "forecaster": {"hidden": (16,)}})
    run = Run()
    with run.isolated():
        torch.manual_seed(0)
        models = [method.build(data.y.shape[1], run) for _ in data.rows]
        traced = trace_path(models, method.regularizer, data, method.training, run, context=PLAIN, **changed)
        return train_at_choice(traced, run)


def folded(panel: causalkit.Panel | None = None, folds: int = 3) -> TrainingData:
    windows, run = (panel or panel_of()).windows(2), Run()
    found = folds_of(windows, folds, run)
    assert found is not None
    return TrainingData.of(windows, run).folded(found, run.numpy_generator())


def first_weights(members: Iterable[torch.nn.Module] | None) -> list[np.ndarray]:
    assert members is not None
    return [next(iter(member.parameters())).detach().numpy() for member in members]


def test_a_member_never_learns_from_its_own_block_before_the_choice() -> None:
    data = folded()
    assert data.held is not None
    spoiled = data.y.clone()
    spoiled[data.held[0]] += 0.01 * torch.randn(int(data.held[0].sum()), data.y.shape[1])
    harmless = first_weights(ensemble_on(data).validated)
    other = first_weights(ensemble_on(replace(data, y=spoiled)).validated)
    assert np.array_equal(harmless[0], other[0])
    assert not np.array_equal(harmless[1], other[1])


def test_after_the_choice_every_member_learns_from_all_windows() -> None:
    """The block that a member left out decides its final weights, too; members stay different."""
    data = folded()
    assert data.held is not None
    spoiled = data.y.clone()
    spoiled[data.held[0]] += 1e-3  # too little to change the choice
    one, other = ensemble_on(data), ensemble_on(replace(data, y=spoiled))
    assert one.choice is not None
    assert other.choice is not None
    assert one.choice.chosen == other.choice.chosen
    assert np.array_equal(first_weights(one.validated)[0], first_weights(other.validated)[0])
    assert not np.array_equal(first_weights(one.members)[0], first_weights(other.members)[0])
    assert not np.array_equal(first_weights(one.members)[0], first_weights(one.members)[1])


def losses_on_all(data: TrainingData, members: Sequence[torch.nn.Module]) -> float:
    with torch.no_grad():
        return float(np.mean([float((member(data.x) - data.y).square().mean()) for member in members]))


def test_learning_from_all_windows_lowers_the_error_on_what_was_left_out() -> None:
    data = folded(panel_of(60))
    found = ensemble_on(data, epochs=100)
    assert found.validated is not None
    assert losses_on_all(data, found.members) < losses_on_all(data, found.validated)


def test_the_path_goes_from_strong_to_weak_with_steps_that_grow() -> None:
    """Without the schedule of step sizes, gradients tremble by (step size) x (strength) under strong penalties."""
    data = folded()
    settings = Training(epochs=60, learning_rate=0.02)
    rates: dict[float, float] = {}

    class Watched(Networks):
        def epoch(self, epoch: Epoch) -> dict[str, float]:
            rates[epoch.strength] = epoch.rate
            return super().epoch(epoch)

    penalties = penalty_sum("gradient-l1", {}).with_strength(1.0)
    models = [forecaster_part("mlp", {"hidden": (8,)}).build(series=3, lag=2) for _ in data.rows]
    networks = Watched(models, penalties, data, settings, Run(), averaging=AVERAGING)
    path = RegularizationPath(networks, (0.1, 0.2, 0.4), settings)
    train(networks, path, Run())
    assert [point.strength for point in path.points] == [0.4, 0.2, 0.1]
    assert rates[0.1] == 0.02
    assert rates[0.2] == pytest.approx(0.02 * (0.15 / 0.2) ** 0.8)
    assert rates[0.4] == pytest.approx(0.02 * (0.15 / 0.4) ** 0.8)


def traced_path(forecaster: str, data: TrainingData, strongest: float = np.inf) -> TracedPath:
    penalties = penalty_sum("gradient-l1", {}).with_candidates_up_to(strongest)
    models = [forecaster_part(forecaster, {"hidden": (4,)}).build(series=3, lag=2) for _ in data.rows]
    return trace_path(models, penalties, data, Training(epochs=20), Run(), context=PLAIN)


def test_a_path_may_start_at_a_weaker_strength_with_the_same_steps() -> None:
    whole, part = (traced_path("mlp", folded(), strongest) for strongest in (np.inf, 0.2))
    assert part.path.points[0].strength == 0.18
    assert whole.path.points[0].strength == 0.6
    assert part.path.weakest == whole.path.weakest


@pytest.mark.parametrize(("forecaster", "along"), [("mlp", 50), ("component-mlp", 20)])
def test_networks_of_single_targets_see_fewer_windows_in_a_step_until_the_end(
    forecaster: str, along: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def batch(self: TrainingContext, x: torch.Tensor, *more: Any) -> Any:
        seen.append(len(x))
        return original(self, x, *more)

    original = TrainingContext.batch
    monkeypatch.setattr(TrainingContext, "batch", batch)
    for module in (ensemble, regularization_path):
        monkeypatch.setattr(module, "MOST_WINDOWS", 50)
    monkeypatch.setattr(ensemble, "MOST_WINDOWS_BY_TARGET", 20)
    traced = traced_path(forecaster, folded())
    assert set(seen) == {along}
    seen.clear()
    train_at_choice(traced, Run())
    assert set(seen) == {50}


class Scripted:
    """A path over networks that do not learn, whose validation error is a given function of the epoch."""

    def __init__(self, error: Callable[[int], float], strengths: Sequence[float], epochs: int = 100) -> None:
        data = SimpleNamespace(x=torch.zeros(4, 1, 1), held=True)
        networks: Any = SimpleNamespace(models=[None, None], data=data, averaged={"w": torch.zeros(2, 1)})
        self.path = RegularizationPath(networks, strengths, Training(epochs=epochs))
        self.state = TrainingState(best=BestWeights(networks))
        self.strengths: list[float] = []
        self.validated: list[int] = []
        while not self.state.stopped:
            self.strengths.append(self.path.epoch(self.state).strength)
            self.state.epoch += 1
            assert self.state.best is not None
            if self.path.validates(self.state):
                self.validated.append(self.state.epoch)
                self.state.best.update(torch.full((2,), error(self.state.epoch)), networks.averaged, self.state.epoch)
            self.state.record({"validation": float(self.state.best.latest.mean())}, 0.01)
            self.state.stopped = self.path.advance(self.state)

    def epochs_of(self, strength: float) -> int:
        return self.strengths.count(strength)


def test_a_strength_that_brings_nothing_gets_the_least_time() -> None:
    """The first gets 15 % of the epochs and a check 5 % later, each other 10 %."""
    flat = Scripted(lambda epoch: 0.5, (0.1, 0.2, 0.4))
    assert [flat.epochs_of(strength) for strength in (0.4, 0.2, 0.1)] == [20, 10, 10]
    assert flat.state.stopped == "path"
    assert flat.validated[:4] == [1, 2, 4, 6]


def test_a_strength_that_helps_gets_at_most_its_share_and_all_together_theirs() -> None:
    """30 % of the epochs each up to one and a half times the epochs, then the least."""
    falling = Scripted(lambda epoch: 0.9 - 0.005 * epoch, (0.1, 0.2, 0.4))
    assert [falling.epochs_of(strength) for strength in (0.4, 0.2, 0.1)] == [30, 30, 30]
    many = Scripted(lambda epoch: 0.9 - 0.005 * epoch, (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7))
    assert [many.epochs_of(strength) for strength in (0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)] == [30] * 5 + [10, 10]


def test_a_gain_of_less_than_a_hundredth_of_what_is_explained_is_none() -> None:
    slow = Scripted(lambda epoch: 0.5 - 0.0009 * epoch, (0.2, 0.4))  # .0045 in five epochs; .005 would be enough
    assert [slow.epochs_of(strength) for strength in (0.4, 0.2)] == [20, 15]
    faster = Scripted(lambda epoch: 0.5 - 0.0015 * epoch, (0.2, 0.4))
    assert faster.epochs_of(0.4) == 30


def test_a_path_goes_on_from_its_state() -> None:
    """The strengths that are done are not trained again, and the present one goes on."""
    script = Scripted(lambda epoch: 0.5, (0.1, 0.2, 0.4))
    for count, expected in ((1, 0.2), (2, 0.1)):
        path = Scripted(lambda epoch: 0.5, (0.1, 0.2, 0.4)).path
        path.points = path.points[:count]
        saved, training = path.state_dict(), TrainingState(epoch=30)
        fresh = RegularizationPath(path.networks, (0.1, 0.2, 0.4), path.settings)
        fresh.load_state_dict(saved, training)
        assert fresh.strength == expected
        assert [point.strength for point in fresh.points] == [0.4, 0.2, 0.1][:count]
    assert script.path.chosen().strength == 0.4


def test_what_is_validated_and_kept_is_the_mean_of_the_weights() -> None:
    data = folded()
    settings = Training(epochs=5)
    models = [forecaster_part("mlp", {"hidden": (8,)}).build(series=3, lag=2) for _ in data.rows]
    networks = Networks(models, penalty_sum("gradient-l1", {"strength": 0.1}), data, settings, Run(), averaging=0.5)
    expected = {name: weight.detach().clone() for name, weight in networks.weights.items()}
    for _ in range(4):
        networks.epoch(Epoch(0.01, 0.0))
        for name, weight in networks.weights.items():
            expected[name] = 0.5 * expected[name] + 0.5 * weight.detach()
    for name, mean in networks.averaged.items():
        assert torch.allclose(mean, expected[name])
        assert not torch.equal(mean, networks.weights[name])
    errors = networks.validation_errors()
    assert data.held is not None
    for member, mask, error in zip(networks.with_weights(networks.averaged), data.held, errors, strict=True):
        with torch.no_grad():
            measured = float((member(data.x[mask]) - data.y[mask]).square().mean())
        assert measured == pytest.approx(float(error), rel=1e-5)


def test_the_final_training_starts_with_a_fresh_optimiser() -> None:
    """Moments of the path belong to other windows and to a weaker penalty."""
    data, settings = folded(), Training(epochs=5)
    models = [forecaster_part("mlp", {"hidden": (8,)}).build(series=3, lag=2) for _ in data.rows]
    networks = Networks(models, penalty_sum("gradient-l1", {"strength": 0.1}), data, settings, Run(), averaging=0.5)
    start = {name: weight.detach().clone() for name, weight in networks.weights.items()}
    moved = []
    for _ in range(2):
        networks.restart(start)
        networks.epoch(Epoch(0.01, 0.0))
        moved.append({name: weight.detach().clone() for name, weight in networks.weights.items()})
    assert all(torch.equal(moved[0][name], moved[1][name]) for name in start)


def test_the_path_ends_early_where_weaker_penalties_forecast_worse() -> None:
    """Few windows of many series: under weak penalties the networks learn the noise."""
    x = np.random.default_rng(0).standard_normal((60, 8))
    x[1:, 1::2] = 2 * x[:-1, 0::2] + 0.5 * x[1:, 1::2]
    found = causalkit.discover(x, lag=1, params={"training.epochs": 200})
    choice = next(one for one in found.choices if one.parameter == "regularizer.strength" and not one.within)
    evaluated = [error == error for error in choice.held_out_error]
    assert not evaluated[0], "the weakest candidate need not be trained"
    assert evaluated[-1]
    assert evaluated == sorted(evaluated)


def test_short_panels_get_fewer_blocks_and_very_short_ones_the_fallback() -> None:
    generator = np.random.default_rng(0)
    few = causalkit.discover(generator.standard_normal((14, 2)), lag=1, params=QUICK)
    assert 2 <= few.config["ensemble"] <= 5
    hardly_any = causalkit.discover(generator.standard_normal((10, 2)), lag=4, params=QUICK)
    assert hardly_any.choices == ()
    assert any("too few to leave blocks" in note for note in hardly_any.notes)
    assert hardly_any.config["regularizer"][0]["strength"] == 0.1


def test_the_number_of_blocks_is_that_of_the_ensemble() -> None:
    assert discover(params={"ensemble": 3}).config["ensemble"] == 3


@pytest.mark.parametrize("forecaster", ["component-mlp", "kan", "lstm", "tcn", "residual-mlp", "cmlp"])
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
class _Stages:
    """Counts the epochs of each stage."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.epochs: dict[str, int] = {}

    def on_start(self, info: dict[str, Any]) -> None:
        self.heard.append(dict(info))

    def on_epoch(self, epoch: int, losses: dict[str, float]) -> None:
        stage = self.heard[-1]["stage"]
        self.epochs[stage] = self.epochs.get(stage, 0) + 1


def test_observers_hear_of_the_path_and_of_the_final_training() -> None:
    stages = _Stages()
    found = discover(observers=[stages])
    assert [info["stage"] for info in stages.heard] == ["strength", "all windows"]
    assert [info["done"] for info in stages.heard] == [0, 0]
    assert stages.epochs == {"strength": len(found.history["epoch"]), "all windows": 10}  # a quarter of 40
    assert stages.heard[0]["epochs"] == 100  # at most two and a half times 40
    assert stages.heard[1]["epochs"] == 10


def test_a_checkpoint_of_another_path_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "path.safetensors"
    discover(checkpoint=file)
    with pytest.raises(DataError, match="other data, settings or seed"):
        discover(checkpoint=file, resume=True, seed=9)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("epochs", [3, 14])
def test_a_path_that_was_interrupted_goes_on_where_it_stopped(tmp_path: Path, epochs: int) -> None:
    straight = discover()
    file = tmp_path / "path.safetensors"
    with pytest.raises(KeyboardInterrupt):
        discover(checkpoint=file, observers=[_StopAfter(epochs)])
    assert file.exists()
    stages = _Stages()
    resumed = discover(checkpoint=file, resume=True, observers=[stages])
    assert stages.heard[0]["done"] == epochs
    assert stages.epochs["strength"] == len(straight.history["epoch"]) - epochs, "no epoch is trained twice"
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
        ({"training.validation": 0.2}, "does not use training.validation"),
        ({"training.patience": 3}, "does not use training.patience"),
        ({"training.snapshots": 3}, "does not use training.snapshots"),
        ({"training.optimizer": "sgd"}, "trains with adam"),
        ({"training.schedule": "cosine"}, "its own schedule"),
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
