"""The test on held-out windows: does the past of one series improve the forecast of another?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from causalkit import Panel
from causalkit.core.run import Run
from causalkit.model_selection.splits import folds_of
from causalkit.neural import error_rises, forecast_changes
from causalkit.neural import held_out_test as module
from causalkit.neural.error_rises import rises_without
from causalkit.neural.held_out_test import edges_beyond_chance
from causalkit.neural.training.data import TrainingData


class Linear(nn.Module):
    """A linear forecaster that was fitted by least squares."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1) @ self.weight


def data_of(x: np.ndarray, folds: int = 5, lag: int = 1) -> TrainingData:
    panel, run = Panel.of(x, orientation="time-series").standardized()[0], Run()
    windows = panel.windows(lag)
    found = folds_of(windows, folds, run)
    assert found is not None
    return TrainingData.of(windows, run).folded(found, run.numpy_generator())


def fitted(data: TrainingData) -> list[nn.Module]:
    return [Linear(torch.linalg.lstsq(data.x[rows].flatten(1), data.y[rows]).solution) for rows in data.rows]


def chain(seed: int = 0, steps: int = 400) -> np.ndarray:
    """Return 0 -> 1 -> 2, and 3 alone."""
    noise = np.random.default_rng(seed).standard_normal((steps, 4))
    x = np.zeros_like(noise)
    for t in range(1, steps):
        x[t] = noise[t] + 0.3 * x[t - 1]
        x[t, 1] += 0.7 * x[t - 1, 0]
        x[t, 2] += 0.7 * x[t - 1, 1]
    return x


def test_edges_pass_and_nothing_else_does() -> None:
    data = data_of(chain())
    p = rises_without(fitted(data), data).p_values(0)
    assert p.shape == (4, 4)
    assert max(p[0, 1], p[1, 2]) < 1e-4
    assert p[[1, 2, 0, 3, 3], [0, 1, 3, 0, 2]].min() > 0.001
    assert edges_beyond_chance(fitted(data), data) == 2


@pytest.mark.parametrize(("own", "common"), [(0.0, 0.0), (0.95, 0.0), (0.95, 1.5)])
def test_pairs_without_an_edge_pass_no_more_often_than_the_level_says(own: float, common: float) -> None:
    """White noise; near a unit root; and with noise that all series have in common."""
    p, panels_with_edges = [], 0
    for seed in range(40):
        generator = np.random.default_rng(seed)
        x = generator.standard_normal((200, 4)) + common * generator.standard_normal((200, 1))
        for t in range(1, len(x)):
            x[t] += own * x[t - 1]
        data = data_of(x)
        p.append(rises_without(fitted(data), data).p_values(0)[~np.eye(4, dtype=bool)])
        panels_with_edges += edges_beyond_chance(fitted(data), data) > 0
    assert (np.concatenate(p) < 0.05).mean() <= 0.05
    assert panels_with_edges <= 0.1 * 40


def test_a_forecaster_that_uses_a_stand_in_loses_nothing_without_what_the_stand_in_knows() -> None:
    """Series 3 is nearly series 0; a forecast that uses 3 in the place of 0 does not show that 3 acts on 1."""
    x = chain()
    x[:, 3] = x[:, 0] + 0.05 * np.random.default_rng(1).standard_normal(len(x))
    data = data_of(x)
    weight = torch.zeros(4, 4)
    weight[3, 1] = 0.6
    p = rises_without([Linear(weight)] * 5, data).p_values(0)
    assert p[3, 1] > 0.01
    assert p[0, 1] == 1.0, "the forecast does not depend on it"


def test_noise_that_was_learned_does_not_pass_where_there_are_more_cells_than_windows() -> None:
    """Other cells explain any cell there; so what is taken off the errors must be bounded."""
    data = data_of(np.random.default_rng(0).standard_normal((200, 400)))
    generator = torch.Generator().manual_seed(0)
    learned = 0.1 * torch.randn(400, 400, generator=generator) * (torch.rand(400, 400, generator=generator) < 0.05)
    p = rises_without([Linear(learned)] * 5, data, correction=module.CORRECTION).p_values(0)
    assert (p[learned.numpy() != 0] < 1e-5).mean() < 0.001  # without a limit 0.02


def test_where_nothing_can_be_measured_no_edge_passes() -> None:
    x = chain()
    x[:, 3] = np.round(x[:, 3] > 2.5)  # constant in most blocks
    for weight in (torch.zeros(4, 4), torch.full((4, 4), torch.nan)):
        data = data_of(x)
        assert (rises_without([Linear(weight)] * 5, data).p_values(0) == 1).all()
        assert edges_beyond_chance([Linear(weight)] * 5, data) == 0
    data = data_of(x)
    unseen = replace(data, observed=torch.zeros_like(data.y))
    assert (rises_without(fitted(data), unseen).p_values(0) == 1).all()
    assert np.isfinite(rises_without(fitted(data), data).p_values(0)).all()


def test_what_must_not_be_learned_from_is_not_tested_on() -> None:
    data = data_of(chain())
    members = fitted(data)
    spoiled = data.y.clone()
    spoiled[::2, 1] = 100.0
    seen = torch.ones_like(data.y)
    seen[::2, 1] = 0.0
    masked = rises_without(members, replace(data, y=spoiled, observed=seen)).p_values(0)
    assert masked[0, 1] < 0.01
    assert np.array_equal(masked[:, 2], rises_without(members, data).p_values(0)[:, 2])


def test_only_pairs_that_background_knowledge_allows_are_tested() -> None:
    data = data_of(chain())
    allowed = torch.ones(4, 4, dtype=torch.bool)
    allowed[0, 1] = False
    assert edges_beyond_chance(fitted(data), data, allowed) == 1
    assert edges_beyond_chance(fitted(data), data, torch.eye(4, dtype=torch.bool)) == 0


def test_of_a_long_recording_some_windows_are_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all of them, a trace of an effect would be an edge."""
    monkeypatch.setattr(error_rises, "WINDOWS", 100)
    data = data_of(chain(steps=2000))
    few = rises_without(fitted(data), data).p_values(0)
    monkeypatch.setattr(error_rises, "WINDOWS", 2000)
    assert rises_without(fitted(data), data).p_values(0)[0, 1] < few[0, 1] < 0.05


def test_causes_are_taken_in_parts_where_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    data = data_of(chain(), lag=2)
    at_once = rises_without(fitted(data), data).p_values(0)
    monkeypatch.setattr(forecast_changes, "FORECAST_BYTES", 1)
    assert np.allclose(rises_without(fitted(data), data).p_values(0), at_once)
