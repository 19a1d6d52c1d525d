"""What every peer promises: causalkit's contract, its orientation, and that it finds what is there."""

import random

import numpy as np
import pytest

import causalkit
from causalkit import Run
from causalkit.errors import CausalkitError
from causalkit.testing import assert_ok, check_method

pytest.importorskip("causalkit_peers", reason="the plugin causalkit-peers is not installed")


def pair(steps=400, series=4, seed=0):
    """White noise whose only edge is 0 -> 1 at lag 2."""
    x = np.random.default_rng(seed).laplace(size=(steps, series))
    x[2:, 1] += 0.9 * x[:-2, 0]
    return x


def test_contract(method):
    assert_ok(check_method(method))


@pytest.mark.parametrize("lag", [2, 3])
def test_only_edge_comes_first_at_its_lag(method, lag):
    found = causalkit.discover(pair(), method=method, lag=lag)
    assert found.scores.shape == (4, 4, lag)
    assert np.unravel_index(found.scores.argmax(), found.scores.shape) == (0, 1, 1)
    assert found.pair_scores[0, 1] > 3 * found.pair_scores[1, 0]


def test_lag_is_obeyed_where_an_information_criterion_would_choose_less(method):
    noise = np.random.default_rng(0).laplace(size=(300, 3))
    assert causalkit.discover(noise, method=method, lag=4).lags == 4


def test_finds_a_linear_autoregression(method):
    panel, truth = causalkit.simulate("var", series=6, steps=1000, seed=1)
    found = causalkit.discover(panel, method=method, lag=truth.lags.shape[2])
    assert found.evaluate(truth, diagonal="exclude", metrics=["auroc"])["auroc"] > 0.97
    right = found.pair_lags == truth.lags.argmax(axis=2) + 1
    assert right[truth.edges].mean() > 0.9


def test_same_seed_gives_the_same_bytes_and_nothing_is_left_behind(method, capsys):
    random.seed(3)
    before = random.getstate(), np.random.get_state()[1].copy(), np.geterr()
    first, second = (causalkit.discover(pair(), method=method, seed=5) for _ in range(2))
    assert first.scores.tobytes() == second.scores.tobytes()
    assert random.getstate() == before[0]
    assert np.array_equal(np.random.get_state()[1], before[1])
    assert np.geterr() == before[2]
    assert capsys.readouterr() == ("", "")


def test_result_names_the_version_of_the_package(method):
    from causalkit.plugins.records import Method
    from causalkit.plugins.registry import registry

    panel = causalkit.Panel.of(pair())
    found = registry().get(Method, method).record.load()(lag=2).fit(panel, Run())
    assert len(found.versions) == 1
    assert all(version[0].isdigit() for version in found.versions.values())


def test_result_is_saved_and_read_back(method, tmp_path):
    found = causalkit.discover(pair(), method=method)
    for name in ("result.json", "result.npz"):
        found.save(tmp_path / name)
        assert np.allclose(causalkit.Discovery.load(tmp_path / name).scores, found.scores)


@pytest.mark.parametrize(
    ("copies", "steps", "lag"),
    [(True, 200, 2), (False, 12, 5), (False, 6, 5)],
    ids=["a series twice", "few steps", "hardly a step"],
)
def test_degenerate_data_gives_finite_scores_or_an_error_with_a_hint(method, copies, steps, lag):
    values = pair(steps)
    if copies:
        values[:, 3] = values[:, 0]
    try:
        found = causalkit.discover(values, method=method, lag=lag)
    except CausalkitError as refusal:
        hint = refusal.hint
    else:
        hint = "not needed" if np.isfinite(found.scores).all() else ""
    assert hint
