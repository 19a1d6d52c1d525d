"""Effects and response curves of networks: shrunken derivatives are put right, and intervals hold the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import causalkit
from causalkit import Effects, Panel, Run
from causalkit.core.fitted import Fitted
from causalkit.neural import average_derivative
from causalkit.neural.effects import effects_of
from causalkit.neural.held_out_test import HeldOutMembers
from causalkit.neural.modules.averaged import AveragedForecaster
from causalkit.neural.responses import response_of
from causalkit.neural.training.data import TrainingData
from causalkit.neural.window_regression import WindowRegression

SERIES, LAG, STEPS = 3, 2, 1500
COEFFICIENTS = np.zeros((SERIES, SERIES, LAG))  # cause, effect, lag
COEFFICIENTS[0, 1, 1], COEFFICIENTS[1, 2, 0], COEFFICIENTS[0, 0, 0] = 0.6, -0.4, 0.5


class Linear(nn.Module):
    """Forecast linearly with given coefficients [cause, effect, lag - 1]."""

    def __init__(self, coefficients):
        super().__init__()
        self.by_position = torch.as_tensor(coefficients[:, :, ::-1].copy()).float()

    def forward(self, x):
        return torch.einsum("bkj,jik->bi", x, self.by_position)


class Product(nn.Module):
    """Forecast series 1 by the product of series 0 and 2, and series 2 by the square root of 1 + x0^2."""

    def forward(self, x):
        first, last = x[:, -1, 0], x[:, -1, 2]
        return torch.stack([0 * first, first * last, (1 + first**2).sqrt()], 1)


def panel_of(nonlinear=False, steps=STEPS):
    generator = np.random.default_rng(5)
    values = generator.normal(size=(steps, SERIES))
    for now in range(LAG, steps):
        for back in range(1, LAG + 1):
            values[now] += 0 if nonlinear else values[now - back] @ COEFFICIENTS[:, :, back - 1]
        if nonlinear:
            values[now, 1] = values[now - 1, 0] * values[now - 1, 2] + 0.1 * values[now, 1]
    return Panel.of(values)


def data_of(panel, blocks=5):
    data = TrainingData.of(panel.windows(LAG), Run(seed=0))
    held = torch.zeros(blocks, len(data.x), dtype=torch.bool)
    for block, rows in enumerate(torch.arange(len(data.x)).chunk(blocks)):
        held[block, rows] = True
    return replace(data, held=held)


def shrunken(data, share=0.5, blocks=5):
    return [Linear(COEFFICIENTS * share) for _ in range(blocks)]


def test_a_penalty_does_not_shrink_effects():
    panel = panel_of()
    data = data_of(panel)
    members = shrunken(data)
    found = effects_of(AveragedForecaster(members), data, panel, HeldOutMembers(members, data))
    off = np.abs(found.in_units - COEFFICIENTS)
    assert (off < 3 * found.standard_errors_in_units).all()
    assert found.standard_errors_in_units.max() < 0.05
    assert (off < 0.05)[COEFFICIENTS != 0].all()
    assert (found.same_sign[COEFFICIENTS != 0] == 1).all()


def test_standard_errors_are_those_of_least_squares():
    panel = panel_of()
    data = data_of(panel)
    members = shrunken(data, 1.0)
    found = effects_of(AveragedForecaster(members), data, panel, HeldOutMembers(members, data))
    cells = data.x.flatten(1).double().numpy()
    spread = np.sqrt(np.diag(np.linalg.inv(cells.T @ cells)))  # the innovations have the standard deviation 1
    expected = spread.reshape(LAG, SERIES)[::-1].T[:, None, :]
    np.testing.assert_allclose(found.standard_errors_in_units, np.broadcast_to(expected, found.mean.shape), rtol=0.15)


def test_one_network_has_no_standard_errors():
    panel = panel_of()
    data = TrainingData.of(panel.windows(LAG), Run(seed=0))
    found = effects_of(Linear(COEFFICIENTS * 0.5), data, panel)
    assert found.standard_errors is None
    np.testing.assert_allclose(found.in_units, COEFFICIENTS, atol=0.1)


def test_a_switch_has_no_common_sign():
    panel = panel_of(nonlinear=True)
    data = data_of(panel)
    members = [Product() for _ in range(5)]
    found = effects_of(AveragedForecaster(members), data, panel, HeldOutMembers(members, data))
    assert found.same_sign[0, 1, 0] == pytest.approx(0.5, abs=0.05)
    assert abs(found.mean[0, 1, 0]) < 3 * found.standard_errors[0, 1, 0]
    assert found.same_sign[1, 2, 1] == 1  # does not act at all


def test_chunks_change_nothing(monkeypatch):
    panel = panel_of(steps=200)
    data = data_of(panel)
    members = shrunken(data)
    model = AveragedForecaster(members)
    whole = effects_of(model, data, panel, HeldOutMembers(members, data))
    monkeypatch.setattr(average_derivative, "BYTES", 40 * SERIES * LAG * 4)  # one target of a block's windows
    parts = effects_of(model, data, panel, HeldOutMembers(members, data))
    for name in ("mean", "standard_errors", "same_sign"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-4, atol=1e-6)


def test_more_cells_than_windows_give_the_same_regression():
    generator = torch.Generator().manual_seed(0)
    cells, values = torch.randn(40, 60, generator=generator), torch.randn(40, 3, generator=generator)
    regression = WindowRegression.of(cells, 4.0)
    exact = cells.double() - cells.double().mean(0)
    penalized = exact.T @ exact + 4.0 * torch.eye(60)
    precision = torch.linalg.inv(penalized)
    np.testing.assert_allclose(regression.beyond_others(), exact @ precision / precision.diagonal(), rtol=1e-6)
    for left_out in (0, 17):
        rows = torch.arange(40) != left_out
        others = penalized - torch.outer(exact[left_out], exact[left_out])
        coefficients = torch.linalg.solve(others, exact[rows].T @ values[rows].double())
        expected = values[left_out] - exact[left_out] @ coefficients
        np.testing.assert_allclose(regression.without_own_window(values)[left_out], expected, rtol=1e-4, atol=1e-5)


def test_what_the_forecaster_missed_of_other_causes_is_no_noise():
    coefficients = np.zeros((SERIES, SERIES, LAG))
    coefficients[0, 1, 0], coefficients[2, 1, 0] = 3.0, 0.3
    generator = np.random.default_rng(3)
    values = generator.normal(size=(STEPS, SERIES))
    for now in range(LAG, STEPS):
        values[now, 1] += values[now - 1] @ coefficients[:, 1, 0]
    panel = Panel.of(values)
    data = data_of(panel)
    nothing = [Linear(0 * coefficients) for _ in range(5)]
    found = effects_of(AveragedForecaster(nothing), data, panel, HeldOutMembers(nothing, data))
    assert found.in_units[2, 1, 0] == pytest.approx(0.3, abs=0.1)
    assert found.standard_errors_in_units[2, 1, 0] == pytest.approx(STEPS**-0.5, rel=0.15)  # with them: 3 times of it


def test_only_windows_of_an_effect_count():
    panel = panel_of()
    data = data_of(panel)
    members = shrunken(data)
    seen = torch.ones_like(data.y)
    seen[::2, 2] = 0
    wrong = data.y.clone()
    wrong[::2, 2] = 1e3  # what would be there is not to be learned from
    model = AveragedForecaster(members)
    unseen = replace(data, y=wrong, observed=seen)
    found = effects_of(model, unseen, panel, HeldOutMembers(members, unseen))
    assert (np.abs(found.in_units - COEFFICIENTS) < 4 * found.standard_errors_in_units).all()
    all_seen = effects_of(model, data, panel, HeldOutMembers(members, data))
    ratio = found.standard_errors[:, 2] / all_seen.standard_errors[:, 2]
    assert ratio.mean() == pytest.approx(np.sqrt(2), rel=0.1)


def fitted(model, panel, members=()):
    return Fitted(model, LAG, panel, None, Run(seed=0), tuple(members))


def test_a_response_curve_has_the_slope_of_the_effect_and_its_band():
    panel = panel_of()
    data = data_of(panel)
    members = shrunken(data)
    model = AveragedForecaster(members)
    found = effects_of(model, data, panel, HeldOutMembers(members, data))
    curve = response_of(fitted(model, panel, members), found, panel.names, (0, 1), 2)
    slope = np.polyfit(curve.grid, curve.curve, 1)[0]
    assert slope == pytest.approx(found.in_units[0, 1, 1], rel=1e-3)
    half = (curve.high - curve.curve)[-1] / (curve.grid[-1] - found.levels[0])
    assert half == pytest.approx(2 * found.standard_errors_in_units[0, 1, 1], rel=0.05)


def test_a_response_curve_shows_what_is_not_monotone_in_the_units_of_the_data():
    panel = panel_of(nonlinear=True)
    found = Effects(np.zeros((3, 3, 2)), np.array([2.0, 1.0, 10.0]), np.array([7.0, 0.0, 0.0]))
    scaled = replace(panel, realisations=panel.standardized()[0].realisations)
    curve = response_of(fitted(Product(), scaled), found, panel.names, (0, 2), 1)
    assert curve.low is None
    assert curve.high is None
    middle = len(curve.grid) // 2
    assert curve.curve[0] > curve.curve[middle] + 5
    assert curve.curve[-1] > curve.curve[middle] + 5
    assert curve.grid.mean() == pytest.approx(7, abs=0.5)
    assert curve.grid[-1] - curve.grid[0] == pytest.approx(2 * 3.92, rel=0.1)  # 95 % of a normal series


@pytest.mark.plugins
def test_effects_of_a_prewhitened_network_are_those_of_the_series_and_not_of_innovations():
    generator = np.random.default_rng(0)
    values = np.zeros((400, 2))
    for step in range(1, 400):
        values[step] = 0.9 * values[step - 1] + generator.normal(size=2)
        values[step, 1] += 0.4 * values[step - 1, 0]
    values[:, 1] *= 100
    found = causalkit.discover(values, lag=1, params={"prewhiten": 1, "forecaster.name": "mlp"})
    effects = found.effects
    size, error = effects.in_units[:, :, 0], effects.standard_errors_in_units[:, :, 0]
    assert size[0, 1] == pytest.approx(40, abs=10)
    assert np.diag(size) == pytest.approx([0.9, 0.9], abs=0.1)
    assert (np.abs(size - [[0.9, 40], [0, 0.9]]) < 4 * error).all()
    curve = found.response(*found.names)
    assert (curve.high - curve.low).max() < np.ptp(curve.curve)
