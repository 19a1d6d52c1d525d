"""A path of strengths: warm starts, sparser and sparser, and kept whole in the result."""

import numpy as np
import pytest
import torch
from causalkit_neuralgc import groups
from causalkit_neuralgc.cmlp import CMLP
from causalkit_neuralgc.path import STRENGTHS, largest_strength
from causalkit_neuralgc.problem import INPUT, Problem

import causalkit
from causalkit import Discovery
from causalkit.errors import WrongUsageError

SMALL = {"forecaster.hidden": 12, "regularizer.strength": "path"}


@pytest.fixture(scope="module")
def traced() -> Discovery:
    panel, _ = causalkit.simulate("lagged-pair", seed=1)
    return causalkit.discover(panel, method="cmlp", lag=3, params=SMALL)


def test_the_path_is_in_the_result_and_gets_sparser(traced):
    assert traced.path["scores"].shape == (STRENGTHS, 3, 3, 3)
    assert (np.diff(traced.path["strengths"]) > 0).all()
    used = (traced.path["scores"].max(axis=3) > 0).sum(axis=(1, 2))
    assert used[0] > used[-1]
    assert traced.path["forecast"][0] < traced.path["forecast"][-1]


def test_what_survives_longest_scores_highest(traced):
    assert traced.edges(top=1).iloc[0][["cause", "effect", "lag"]].tolist() == ["0", "1", 2]


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_the_path_is_saved_and_loaded(traced, tmp_path, suffix):
    traced.save(tmp_path / f"r{suffix}")
    loaded = Discovery.load(tmp_path / f"r{suffix}").path
    assert set(loaded) == {"strengths", "scores", "forecast"}
    for name, values in traced.path.items():
        np.testing.assert_array_equal(loaded[name], values)


@pytest.mark.parametrize(
    ("value", "shrink"),
    [
        (groups.lasso, groups.shrink_lasso),
        (groups.sparse_group, groups.shrink_sparse_group),
        (groups.hierarchical, groups.shrink_hierarchical),
    ],
)
def test_largest_strength_lets_nothing_in_and_a_little_less_does(value, shrink):
    torch.manual_seed(0)
    model = CMLP(3, 2, (5,)).double()
    x, y = torch.randn(40, 2, 3, dtype=torch.float64), torch.randn(40, 3, dtype=torch.float64)
    problem = Problem(model.forecast, x, y, 0.0, 0.0, value, shrink)
    parameters = {name: value.detach() for name, value in model.named_parameters()}
    top = largest_strength(problem, parameters)
    blind = parameters | {INPUT: torch.zeros_like(parameters[INPUT])}
    gradient = problem.smooth(blind)[2][INPUT]
    assert not shrink(-gradient, torch.full((3,), 1.001 * top, dtype=x.dtype)).any()
    assert shrink(-gradient, torch.full((3,), 0.999 * top, dtype=x.dtype)).any()


def test_a_path_without_proximal_descent_is_refused():
    panel, _ = causalkit.simulate("lagged-pair", seed=1)
    params = SMALL | {"training.optimizer": "adam"}
    with pytest.raises(WrongUsageError, match="needs proximal descent"):
        causalkit.discover(panel, method="cmlp", params=params)
