"""Prewhitening: what the own past forecasts is subtracted before a network learns, where the data ask for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import causalkit
from causalkit import Discovery, build_method
from causalkit.api import parameters_of
from causalkit.core.refit import as_it_chose
from causalkit.core.run import Run
from causalkit.errors import ParameterError
from causalkit.model_selection.splits import folds_of
from causalkit.neural import ensemble
from causalkit.neural.modules.forecaster import autograd_jacobian
from causalkit.neural.prewhitening import Autoregression, Prewhitened, own_past_errors
from causalkit.neural.prewhitening_choice import choose_prewhitening
from causalkit.neural.training.data import TrainingData

QUICK = {"training.epochs": 100, "forecaster.name": "mlp", "forecaster.hidden": 32}


def data_of(series: np.ndarray, lag: int = 3, folds: int = 4) -> TrainingData:
    windows = causalkit.Panel.of(series).windows(lag)
    found = folds_of(windows, folds, Run())
    assert found is not None
    return TrainingData.of(windows, Run(dtype="float64")).folded(found, np.random.default_rng(0))


def persistent(steps: int = 300) -> np.ndarray:
    generator = np.random.default_rng(1)
    noise = generator.standard_normal((steps, 3))
    series = np.zeros((steps, 3))
    for step in range(2, steps):
        series[step] = 1.5 * series[step - 1] - 0.55 * series[step - 2] + noise[step]
    return (series - series.mean(0)) / series.std(0)


@pytest.fixture(scope="module")
def sampled_finely() -> tuple[causalkit.Panel, causalkit.Truth]:
    return causalkit.simulate("lorenz96", seed=1, series=6, steps=500, forcing=10.0, sampling=0.01, noise=0.5)


def test_the_autoregression_is_the_least_squares_fit() -> None:
    data = data_of(persistent())
    found = Autoregression.of(data, 2)
    for one in range(3):
        inputs = np.c_[data.x[:, -2:, one], np.ones(len(data.x))]
        expected, squares, *_ = np.linalg.lstsq(inputs, data.y[:, one].numpy(), rcond=None)
        assert found.coefficients[one].numpy() == pytest.approx(expected[:2], abs=1e-3)
        assert float(found.scale[one]) == pytest.approx((squares[0] / len(inputs)) ** 0.5, rel=1e-4)
    left = found.innovations(data).y
    assert left.std(0, correction=0).numpy() == pytest.approx([1, 1, 1], rel=1e-3)


@pytest.mark.parametrize("unit", [1e-5, 1e5])
def test_units_of_series_that_are_not_standardised_make_no_difference(unit: float) -> None:
    expected, found = (Autoregression.of(data_of(series), 2) for series in (persistent(), persistent() * unit))
    assert found.coefficients.numpy() == pytest.approx(expected.coefficients.numpy(), rel=1e-6)
    assert found.scale.numpy() == pytest.approx(unit * expected.scale.numpy(), rel=1e-6)


def test_steps_that_are_not_to_be_learned_from_have_no_influence() -> None:
    data = data_of(persistent())
    seen = torch.ones_like(data.y)
    seen[::3, 0] = 0
    spoiled = data.y.clone()
    spoiled[::3, 0] = 1e3
    clean = Autoregression.of(TrainingData(data.x, data.y, data.rows, data.held, seen), 2)
    found = Autoregression.of(TrainingData(data.x, spoiled, data.rows, data.held, seen), 2)
    assert torch.equal(found.coefficients, clean.coefficients)
    assert torch.equal(found.scale, clean.scale)


def test_errors_of_the_own_past_are_those_of_blocks_that_it_has_not_seen() -> None:
    data = data_of(persistent())
    assert data.held is not None
    rows, held = torch.unique(data.rows[1]), data.held[1]
    own = Autoregression.of(data, 2, rows)
    expected = (own(data.x[held]) - data.y[held]).square().mean(0)
    assert own_past_errors(data, 2)[1] == pytest.approx(expected.numpy())
    assert own_past_errors(data, 2).mean() < 0.8 * own_past_errors(data, 1).mean()


@pytest.mark.parametrize("targets", [None, torch.tensor([2, 0]), torch.tensor([[0], [2], [1], [0], [2]])])
def test_the_whole_forecaster_has_the_jacobian_of_both_parts(targets: torch.Tensor | None) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.Tanh(), nn.Linear(5, 3)).double()
    own = Autoregression.of(data_of(persistent(), lag=4), 2)
    whole, x = Prewhitened(network, own), torch.randn(5, 4, 3, dtype=torch.float64)
    forecast, jacobian = whole.jacobian(x, targets)
    expected, each = autograd_jacobian(whole, x, targets)
    assert torch.allclose(forecast, expected)
    assert torch.allclose(jacobian, each)


@pytest.mark.plugins
def test_finely_sampled_series_are_prewhitened_and_the_graph_is_better(
    sampled_finely: tuple[causalkit.Panel, causalkit.Truth],
) -> None:
    panel, truth = sampled_finely
    found = causalkit.discover(panel, method="grngc", lag=2, params=QUICK)
    plain = causalkit.discover(panel, method="grngc", lag=2, params={**QUICK, "prewhiten": 0})
    (choice,) = [one for one in found.choices if one.parameter == "prewhiten"]
    assert choice.labels == ("0", "1", "2")
    assert choice.chosen_label == str(found.config["prewhiten"]) != "0"
    assert choice.error < choice.held_out_error[0]  # in the same units
    (strength,) = [one for one in found.choices if one.parameter == "regularizer.strength"]
    assert "of the held-out variance beyond the own past" in strength.sentence()
    assert "of the held-out variance," in choice.sentence()
    assert any("leaves; scores are in units of" in note for note in found.notes)
    areas = [one.evaluate(truth, diagonal="exclude")["auroc"] for one in (found, plain)]
    assert areas[0] > areas[1] + 0.05


@pytest.mark.plugins
@pytest.mark.parametrize(("cut", "untried"), [(1, "1 or 2"), (2, "2")])
def test_an_order_whose_path_was_cut_short_by_the_time_limit_is_not_compared(
    sampled_finely: tuple[causalkit.Panel, causalkit.Truth], monkeypatch: pytest.MonkeyPatch, cut: int, untried: str
) -> None:
    trace, paths = ensemble.trace_path, []

    def traced(*given: Any, **named: Any) -> ensemble.TracedPath:
        paths.append(trace(*given, **named))
        return replace(paths[-1], stopped="time limit") if len(paths) == 1 + cut else paths[-1]

    monkeypatch.setattr(ensemble, "trace_path", traced)
    found = causalkit.discover(sampled_finely[0], method="grngc", lag=2, params=QUICK)
    assert f"the time limit left no time to compare prewhiten {untried} with what was used" in found.notes
    assert len(paths) == 1 + cut
    choices = [one for one in found.choices if one.parameter == "prewhiten"]
    if cut == 1:
        assert choices == []
        monkeypatch.undo()
        plain = causalkit.discover(sampled_finely[0], method="grngc", lag=2, params={**QUICK, "prewhiten": 0})
        assert np.array_equal(found.scores, plain.scores)
    else:
        assert [np.isnan(error) for error in choices[0].held_out_error] == [False, False, True]
        assert "2 (not tried)" in choices[0].sentence()


@pytest.mark.plugins
def test_series_that_the_own_past_hardly_explains_are_left_as_they_are() -> None:
    panel, _ = causalkit.simulate("var", seed=0, series=5, steps=200)
    found = causalkit.discover(panel, method="grngc", lag=1, params=QUICK)
    plain = causalkit.discover(panel, method="grngc", lag=1, params={**QUICK, "prewhiten": 0})
    assert np.array_equal(found.scores, plain.scores)
    assert not [one for one in found.choices if one.parameter == "prewhiten"]


@pytest.mark.plugins
def test_scores_are_the_jacobian_in_units_of_the_innovations(
    sampled_finely: tuple[causalkit.Panel, causalkit.Truth],
) -> None:
    found = causalkit.discover(sampled_finely[0], method="grngc", lag=2, params={**QUICK, "prewhiten": 1})
    whole = found.fitted.model
    x = torch.tensor(found.fitted.panel.windows(2).x, dtype=torch.float32)
    scale = whole.members[0].own_past.scale.numpy()
    sizes = whole.jacobian(x)[1].detach().abs().mean(0)  # (effect, K, cause)
    expected = sizes.permute(2, 0, 1).flip(2).numpy() / scale[:, None]
    assert found.scores == pytest.approx(expected, rel=1e-3)


class Silent(nn.Module):
    """A network that forecasts the mean."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(x[:, -1])


@pytest.mark.parametrize(("error", "chosen"), [(0.9, 2), (1.0, 0)])
def test_an_order_at_which_the_network_adds_nothing_to_the_own_past_is_not_used(error: float, chosen: int) -> None:
    data = data_of(persistent())

    def compete(_: TrainingData, order: int) -> Any:
        search = SimpleNamespace(chosen=0.1, errors={0.1: np.full(4, error)}, edges=lambda strength: 2)
        networks = SimpleNamespace(with_weights=lambda weights: [Silent() for _ in range(4)])
        path = SimpleNamespace(search=search, networks=networks, chosen=lambda: SimpleNamespace(weights={}))
        return SimpleNamespace(traced=SimpleNamespace(path=path, cut_short=False), choices=())

    assert choose_prewhitening(data, None, compete).order == chosen


@pytest.mark.plugins
@pytest.mark.parametrize("forecaster", ["mlp", "component-mlp"])
def test_an_own_past_that_is_forbidden_is_not_subtracted(
    sampled_finely: tuple[causalkit.Panel, causalkit.Truth], forecaster: str
) -> None:
    panel, _ = sampled_finely
    name = panel.names[1]
    params = {"training.epochs": 20, "forecaster.name": forecaster, "forecaster.hidden": 8, "prewhiten": 1}
    found = causalkit.discover(panel, method="grngc", lag=2, params=params, knowledge={"forbid": [f"{name}->{name}"]})
    x = torch.randn(5, 2, panel.series)
    changed = x.clone()
    changed[:, :, 1] += 1
    with torch.no_grad():
        differs = (found.fitted.model(x) != found.fitted.model(changed)).any(0)
    assert not differs[1]
    assert differs[0]
    about_first_layers = "first-layer weights of forbidden pairs were exactly zero throughout training" in found.notes
    assert about_first_layers == (forecaster == "component-mlp")


@pytest.mark.plugins
def test_a_result_says_how_the_penalty_of_the_network_was_estimated() -> None:
    panel, _ = causalkit.simulate("var", seed=0, series=3, steps=100)
    params = {"training.epochs": 20, "forecaster.name": "lstm", "forecaster.hidden": 4, "prewhiten": 1}
    found = causalkit.discover(panel, method="grngc", lag=1, params=params)
    assert found.config["regularizer"][0]["estimator"] == "sampled"


@pytest.mark.plugins
def test_refits_keep_the_order_and_repetitions_choose_again(
    sampled_finely: tuple[causalkit.Panel, causalkit.Truth], tmp_path: Path
) -> None:
    found = causalkit.discover(sampled_finely[0], method="grngc", lag=2, params=QUICK)
    acting, _ = build_method("grngc", {"lag": 2})
    assert as_it_chose(acting, found).prewhiten == found.config["prewhiten"] > 0
    found.save(tmp_path / "found.json")
    assert parameters_of(Discovery.load(tmp_path / "found.json"))["prewhiten"] == "auto"
    given = causalkit.discover(sampled_finely[0], method="grngc", lag=2, params={**QUICK, "prewhiten": 1})
    assert parameters_of(given)["prewhiten"] == 1


@pytest.mark.plugins
def test_an_order_that_cannot_be_used_is_refused() -> None:
    panel, _ = causalkit.simulate("var", seed=0, series=3, steps=100)
    with pytest.raises(ParameterError, match="needs a strength that is chosen"):
        causalkit.discover(panel, method="grngc", lag=1, params={"prewhiten": 1, "regularizer.strength": 0.1})


@pytest.mark.plugins
def test_pretraining_refuses_an_order_and_says_that_nothing_is_subtracted() -> None:
    panel, source = (causalkit.simulate("var", series=3, steps=80, lag=1, seed=seed)[0] for seed in (0, 1))
    with pytest.raises(ParameterError, match="prewhiten=1 does not work with pre-training"):
        causalkit.discover(panel, lag=1, pretrain=[source], params={"prewhiten": 1})
    found = causalkit.discover(panel, lag=1, pretrain=[source], params={"training.epochs": 3})
    assert found.config["prewhiten"] == 0
