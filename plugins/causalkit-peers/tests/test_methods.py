"""What every peer promises: causalkit's contract, its orientation, and that it finds what is there."""

import random

import numpy as np
import pytest

import causalkit
from causalkit.errors import CausalkitError
from causalkit.testing import assert_ok, check_method

pytest.importorskip("causalkit_peers", reason="the plugin causalkit-peers is not installed")
PACKAGES = {"tigramite", "lingam", "causal-learn", "shapneurgc", "causalts"}


def pair(steps=400, series=4, seed=1):
    """White noise whose only edge is 0 -> 1 at lag 2."""
    x = np.random.default_rng(seed).laplace(size=(steps, series))
    x[2:, 1] += 0.9 * x[:-2, 0]
    return x


def test_contract(method):
    assert_ok(check_method(method))


@pytest.mark.parametrize(
    ("name", "test"),
    [
        ("pcmci", "robust-par-corr"),
        ("pcmci", "cmi-knn"),
        ("pcmci", "gpdc"),
        ("pcmci-plus", "cmi-knn"),
        ("cedar", "gcmi"),
        ("cedar", "rcot"),
        ("cedar", "split-kci"),
        ("grace", "split-kci"),
    ],
)
def test_every_independence_test_finds_direction_and_lag(name, test, request, need_test):
    """Two series, 1 -> 0 at lag 2, by the square of the cause where a test sees more than lines."""
    request.getfixturevalue(name.replace("-", "_"))
    need_test(test)
    x = np.random.default_rng(1).standard_normal((200, 2))
    straight = test in ("robust-par-corr", "gcmi")
    x[2:, 0] += 1.5 * (x[:-2, 1] if straight else x[:-2, 1] ** 2)
    draws = {"draws": 19} if test in ("cmi-knn", "gpdc") else {}
    found = causalkit.discover(x, method=name, lag=3, params={"test": test, **draws})
    assert np.unravel_index(found.scores.argmax(), found.scores.shape) == (1, 0, 1)
    if found.p_values is not None:
        assert found.p_values[1, 0, 1] <= 0.05 + 1e-12
        assert (found.p_values >= (1 / 20 if draws else 0)).all()


@pytest.mark.parametrize("lag", [2, 3])
def test_only_edge_comes_first_at_its_lag(method, lag, quick):
    found = quick(pair(), method, lag=lag)
    assert found.scores.shape == (4, 4, lag)
    assert np.unravel_index(found.scores.argmax(), found.scores.shape) == (0, 1, 1)
    assert found.pair_scores[0, 1] > 3 * found.pair_scores[1, 0]


def test_lag_is_obeyed_where_an_information_criterion_would_choose_less(method, quick):
    noise = np.random.default_rng(0).laplace(size=(300, 3))
    assert quick(noise, method, lag=4).lags == 4


def test_finds_a_linear_autoregression(method, quick):
    panel, truth = causalkit.simulate("var", series=6, steps=1000, seed=1)
    found = quick(panel, method, lag=truth.lags.shape[2])
    assert found.evaluate(truth, diagonal="exclude", metrics=["auroc"])["auroc"] > 0.97
    right = found.pair_lags == truth.lags.argmax(axis=2) + 1
    assert right[truth.edges].mean() > 0.9


def test_same_seed_gives_the_same_bytes_and_nothing_is_left_behind(method, capsys, quick):
    random.seed(3)
    before = random.getstate(), np.random.get_state()[1].copy(), np.geterr()
    first, second = (quick(pair(), method, seed=5) for _ in range(2))
    assert first.scores.tobytes() == second.scores.tobytes()
    assert random.getstate() == before[0]
    assert np.array_equal(np.random.get_state()[1], before[1])
    assert np.geterr() == before[2]
    assert capsys.readouterr() == ("", "")


def test_result_names_the_version_of_the_package(method, quick):
    theirs = {name: version for name, version in quick(pair(), method).versions.items() if name in PACKAGES}
    assert len(theirs) == 1
    assert all(version[0].isdigit() for version in theirs.values())


def test_result_is_saved_and_read_back(method, tmp_path, quick):
    found = quick(pair(), method)
    for name in ("result.json", "result.npz"):
        found.save(tmp_path / name)
        assert np.allclose(causalkit.Discovery.load(tmp_path / name).scores, found.scores)


@pytest.mark.parametrize(
    ("copies", "steps", "lag"),
    [(True, 200, 2), (False, 12, 5), (False, 6, 5)],
    ids=["a series twice", "few steps", "hardly a step"],
)
def test_degenerate_data_gives_finite_scores_or_an_error_with_a_hint(method, copies, steps, lag, quick):
    values = pair(steps)
    if copies:
        values[:, 3] = values[:, 0]
    try:
        found = quick(values, method, lag=lag)
    except CausalkitError as refusal:
        hint = refusal.hint
    else:
        hint = "not needed" if np.isfinite(found.scores).all() else ""
    assert hint
