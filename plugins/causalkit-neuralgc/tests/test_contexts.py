"""Contexts of the recurrent method: of K steps, without overlap, never across a border or a gap."""

import numpy as np
import pytest
from causalkit_neuralgc.clstm import CLSTM
from causalkit_neuralgc.cmlp import CMLP
from causalkit_neuralgc.method import _pairs

import causalkit
from causalkit import Panel, Run

LAG = 4


def numbered(*lengths):
    """Realisations whose values say where they stand: series 0 the realisation, series 1 the step."""
    return [
        np.stack([np.full(length, number), np.arange(length)], axis=1).astype(float)
        for number, length in enumerate(lengths)
    ]


def contexts(realisations, network=CLSTM):
    windows = Panel(tuple(realisations), ("realisation", "step")).windows(LAG)
    x, y = _pairs(network(2, LAG), windows, Run())
    return x.numpy(), y.numpy()


def test_contexts_cover_each_realisation_without_overlap():
    x, _ = contexts(numbered(21, 13, 5, 4))
    for number, count in enumerate((5, 3, 1, 0)):  # the last is too short for a context and the step after it
        mine = x[x[:, 0, 0] == number]
        assert mine.shape == (count, LAG, 2)
        steps = mine[:, :, 1].ravel()
        assert steps.tolist() == list(range(count * LAG))
        assert len(set(steps.tolist())) == len(steps)
    assert (x[:, :, 0] == x[:, :1, 0]).all()  # one realisation each


def test_every_step_is_forecast_from_its_own_context():
    x, y = contexts(numbered(21, 13))
    assert y.shape == x.shape
    np.testing.assert_array_equal(y[:, :, 1], x[:, :, 1] + 1)
    np.testing.assert_array_equal(y[:, :, 0], x[:, :, 0])


def test_a_gap_ends_a_context():
    (recording,) = numbered(30)
    recording[13] = np.nan
    x, y = contexts([recording])
    assert len(x) > 0
    assert np.isfinite(x).all()
    assert np.isfinite(y).all()
    assert (np.diff(x[:, :, 1], axis=1) == 1).all()
    steps = x[:, :, 1].ravel()
    assert len(set(steps.tolist())) == len(steps)


def test_a_perceptron_sees_every_window():
    x, y = contexts(numbered(21, 13), CMLP)
    assert len(x) == (21 - LAG) + (13 - LAG)
    assert y.shape == (len(x), 2)


@pytest.mark.parametrize("lag", [1, 2])
def test_short_contexts(lag):
    windows = Panel(tuple(numbered(9)), ("realisation", "step")).windows(lag)
    x, y = _pairs(CLSTM(2, lag), windows, Run())
    assert y.shape == x.shape  # of forecasts; others would be stretched over each other in the error
    assert x.reshape(-1, 2)[:, 1].tolist() == list(range(len(x) * lag))
    assert y.reshape(-1, 2)[:, 1].tolist() == list(range(1, len(x) * lag + 1))


def test_a_recurrent_network_learns_from_single_steps_too():
    x = np.random.default_rng(0).standard_normal((300, 2))
    x[1:, 1] += 2 * x[:-1, 0]
    settings = {"forecaster.hidden": 8, "training.epochs": 100, "regularizer.strength": 0.01}
    found = causalkit.discover(x, "clstm", lag=1, params=settings, select=None)
    assert found.history["forecast"][-1] < 0.8 * found.history["forecast"][0]
    assert found.pair_scores[0, 1] > 2 * found.pair_scores[1, 0]


def test_steps_set_from_outside_are_left_out_at_lag_one():
    settings = {"forecaster.hidden": 4, "training.epochs": 3, "regularizer.strength": 0.1}
    outside = [{"series": "0", "from": 5, "to": 9}]
    x = np.random.default_rng(0).standard_normal((60, 3))
    found = causalkit.discover(x, "clstm", lag=1, params=settings, names=["0", "1", "2"], interventions=outside)
    assert np.isfinite(found.scores).all()
