"""Ensembles over blocked folds, and the strength that they choose."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import causalkit
from causalkit.core.panel import Windows
from causalkit.core.run import Run
from causalkit.errors import ParameterError, WrongUsageError
from causalkit.model_selection.rules import SUFFICIENT, strongest_sufficient
from causalkit.model_selection.splits import fold_masks
from causalkit.neural import Training, input_jacobian, mean_absolute_jacobian
from causalkit.neural.ensemble import jackknife_errors
from causalkit.neural.modules.averaged import AveragedForecaster
from causalkit.neural.training.data import TrainingData
from causalkit.neural.training.loop import train
from causalkit.neural.training.networks import Networks
from causalkit.neural.training.schedule import Schedule
from tests.systems import lagged_pair

QUICK = {"training.epochs": 40, "forecaster.hidden": (16,)}
FIXED = {"regularizer.strength": 0.1}


def lagged_pair_panel() -> causalkit.Panel:
    return causalkit.Panel.of(lagged_pair(steps=120))


def masks(panel: causalkit.Panel, lag: int, folds: int) -> tuple[np.ndarray, np.ndarray]:
    return fold_masks(panel.windows(lag), folds, np.random.default_rng(0))


def steps_of(windows: Windows, mask: np.ndarray) -> set[tuple[int, int]]:
    """Return (realisation, time step) of everything that the windows of a mask touch, lag 3."""
    chosen = np.flatnonzero(mask)
    return {(windows.realisation[i], windows.step[i] - back) for i in chosen for back in range(4)}


@pytest.mark.parametrize("realisations", [1, 2, 7])
def test_blocks_share_no_time_step_with_what_is_learned(realisations: int) -> None:
    generator = np.random.default_rng(0)
    panel = causalkit.Panel.of([generator.standard_normal((60, 2)) for _ in range(realisations)])
    windows = panel.windows(3)
    kept, held = masks(panel, 3, 5)
    assert held.sum(0).tolist() == [1] * len(windows)  # every window is judged exactly once
    for mine, others in zip(held, kept, strict=True):
        assert not steps_of(windows, mine) & steps_of(windows, others)


@pytest.mark.parametrize("realisations", [2, 3, 4])
def test_no_block_holds_the_beginnings_of_all_realisations(realisations: int) -> None:
    panel = causalkit.Panel.of(np.random.default_rng(0).standard_normal((realisations, 60, 2)))
    windows = panel.windows(3)
    _, held = masks(panel, 3, 5)
    begins = np.r_[True, np.diff(windows.realisation) != 0]
    assert held[:, begins].sum(1).max() == 1


def test_too_few_windows_for_the_blocks_are_refused() -> None:
    with pytest.raises(ParameterError, match="cannot be split into 5 blocks"):
        masks(causalkit.Panel.of(np.random.default_rng(0).standard_normal((7, 2))), 3, 5)


def test_the_rule_takes_the_strongest_strength_that_keeps_the_explained_variance() -> None:
    errors = np.array([[0.52, 0.52], [0.5, 0.5], [1 - SUFFICIENT * 0.5 - 1e-6] * 2, [0.9, 0.9]])  # weakest first
    assert strongest_sufficient(errors) == 2
    assert strongest_sufficient(errors + np.array([[0], [0], [0.01], [0]])) == 1


def test_where_nothing_can_be_forecast_the_strongest_strength_is_chosen() -> None:
    assert strongest_sufficient(np.array([[1.2, 1.1], [1.01, 1.0]])) == 1


def test_the_jackknife_gives_the_standard_error_of_a_mean() -> None:
    values = np.random.default_rng(0).standard_normal(10)
    means_without_one = (values.sum() - values) / 9
    assert jackknife_errors(means_without_one) == pytest.approx(values.std(ddof=1) / 10**0.5)


def test_the_mean_forecaster_has_the_mean_jacobian() -> None:
    torch.manual_seed(0)
    members = [nn.Sequential(nn.Flatten(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3)) for _ in range(3)]
    x = torch.randn(4, 2, 3)
    forecast, jacobian = input_jacobian(AveragedForecaster(members), x)
    assert torch.allclose(forecast, sum(member(x) for member in members) / 3, atol=1e-6)
    assert torch.allclose(jacobian, sum(input_jacobian(member, x)[1] for member in members) / 3, atol=1e-6)
    separate = sum(mean_absolute_jacobian(member, x) for member in members) / 3
    assert (
        mean_absolute_jacobian(AveragedForecaster(members), x) <= separate + 1e-6
    ).all()  # noise cancels, it never adds up


def data_of(rows: torch.Tensor, held: torch.Tensor | None = None) -> TrainingData:
    windows = lagged_pair_panel().windows(2)
    return TrainingData(torch.tensor(windows.x), torch.tensor(windows.y), rows, held)


def networks_of(data: TrainingData, settings: Training, *, hidden: int = 8, strength: float = 0.1) -> Networks:
    from causalkit.neural.parts import forecaster_part, penalty_sum

    torch.manual_seed(0)
    small = forecaster_part("mlp", {"hidden": (hidden,)})
    models = [small.build(series=data.y.shape[1], lag=2).double() for _ in data.rows]
    penalties = penalty_sum("gradient-l1", {"estimator": "exact", "strength": strength})
    return Networks(models, penalties, data, settings, Run(dtype="float64"))


@pytest.mark.plugins
def test_networks_learn_together_what_they_would_learn_alone() -> None:
    settings = Training(epochs=25)
    rows = torch.stack([torch.arange(40), torch.arange(30, 70), torch.arange(50, 90)])
    together = networks_of(data_of(rows), settings)
    train(together, Schedule(settings), Run(dtype="float64"))
    for index, own in enumerate(rows):
        alone = networks_of(data_of(own.expand(3, -1)), settings)  # three with the same rows, of which one counts
        single = Networks([alone.models[index]], alone.penalties, data_of(own[None]), settings, Run(dtype="float64"))
        train(single, Schedule(settings), Run(dtype="float64"))
        for mine, other in zip(together.models[index].parameters(), single.models[0].parameters(), strict=True):
            assert torch.allclose(mine, other, atol=1e-6)


@pytest.mark.plugins
def test_networks_that_cannot_be_vectorized_learn_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    settings, rows = Training(epochs=10, batch_size=16), torch.stack([torch.arange(40), torch.arange(30, 70)])
    together, in_turn = networks_of(data_of(rows), settings), networks_of(data_of(rows), settings)
    monkeypatch.setattr(in_turn, "_vectorized", False)
    for networks in (together, in_turn):
        train(networks, Schedule(settings), Run(dtype="float64"))
    assert together._vectorized
    for name, weight in together.weights.items():
        assert torch.allclose(weight, in_turn.weights[name], atol=1e-9)


@pytest.mark.plugins
def test_each_network_ends_at_its_lowest_validation_error() -> None:
    count = len(lagged_pair_panel().windows(2))
    held = torch.zeros(2, count, dtype=torch.bool)
    held[0, :20], held[1, -20:] = True, True
    rows = torch.stack([torch.arange(25, count), torch.arange(count - 25)])
    data, settings = data_of(rows, held), Training(epochs=200)
    networks = networks_of(data, settings, hidden=32, strength=0.0)
    state = train(networks, Schedule(settings), Run(dtype="float64"))
    assert state.best is not None
    for member, mask, error in zip(networks.with_weights(state.best.weights), held, state.best.errors, strict=True):
        with torch.no_grad():
            measured = float((member(data.x[mask]) - data.y[mask]).square().mean())
        assert measured == pytest.approx(float(error))
    assert float(state.best.errors.mean()) <= min(state.history["validation"]) + 1e-9
    assert float(state.best.errors.mean()) < state.history["validation"][-1], "the last weights overfit"


@pytest.mark.plugins
@pytest.mark.parametrize("count", [1, 2])
def test_networks_are_validated_without_dropout(count: int) -> None:
    from causalkit.neural.parts import forecaster_part, penalty_sum

    windows = len(lagged_pair_panel().windows(2))
    held = torch.zeros(count, windows, dtype=torch.bool)
    held[:, :20] = True
    data, settings = data_of(torch.arange(25, windows).expand(count, -1), held), Training(epochs=2)
    part = forecaster_part("residual-mlp", {"hidden": 8, "layers": 1, "dropout": 0.5})
    models = [part.build(series=data.y.shape[1], lag=2).double() for _ in range(count)]
    networks = Networks(models, penalty_sum("frobenius", {"strength": 0.0}), data, settings, Run(dtype="float64"))
    state = train(networks, Schedule(settings), Run(dtype="float64"))
    with torch.no_grad():
        expected = [float((model.eval()(data.x[:20]) - data.y[:20]).square().mean()) for model in networks.models]
    assert state.history["validation"][-1] == pytest.approx(float(np.mean(expected)))


@pytest.mark.plugins
def test_an_ensemble_gives_standard_errors_that_survive_a_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    panel = lagged_pair_panel()
    found = causalkit.discover(panel, lag=2, params={**QUICK, **FIXED, "ensemble": 5})
    assert found.config["ensemble"] == 5
    assert found.standard_errors is not None
    assert found.standard_errors.shape == found.scores.shape
    assert (found.standard_errors > 0).any()
    found.save(tmp_path / "found.json")
    found.save(tmp_path / "found.npz")
    for suffix in ("json", "npz"):
        read = causalkit.Discovery.load(tmp_path / f"found.{suffix}")
        assert np.array_equal(read.standard_errors, found.standard_errors)


@pytest.mark.plugins
@pytest.mark.parametrize(
    ("method", "params", "said"),
    [
        ("grngc", {"ensemble": 2}, "from 3 on"),
        ("grngc", {**FIXED, "ensemble": 5, "training.validation": 0.2}, "does not use training.validation"),
        ("cmlp", {"ensemble": 5}, "one network at a time"),
        ("var", {"ensemble": 5}, "has no ensemble"),
        ("grngc", {"ensemble": 5, "pretrain.source": "lorenz96[series=3]"}, "training in one stage"),
    ],
)
def test_what_an_ensemble_cannot_do_is_said_before_training(method: str, params: dict[str, object], said: str) -> None:
    with pytest.raises((ParameterError, WrongUsageError), match=said):
        causalkit.discover(lagged_pair_panel(), method=method, params=params)
