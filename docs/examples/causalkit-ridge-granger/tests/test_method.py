import numpy as np
import pytest
from causalkit_ridge_granger.method import RidgeGranger

import causalkit
from causalkit.testing import assert_ok, check_plugin


def test_contract():
    assert_ok(check_plugin("ridge-granger"))


def test_finds_the_edge_at_its_lag():
    panel, _ = causalkit.simulate("lagged-pair", seed=1)
    found = causalkit.discover(panel, method="ridge-granger", lag=3)
    strongest = found.edges(top=1).iloc[0]
    assert (strongest.cause, strongest.effect, strongest.lag) == ("0", "1", 2)
    assert strongest.p_value == 0.002  # none of 499 shifts


def test_without_a_penalty_the_coefficients_are_those_of_least_squares():
    x, y = np.random.default_rng(0).standard_normal((50, 2, 3)), np.random.default_rng(1).standard_normal(50)
    expected = np.linalg.lstsq(x.reshape(50, 6), y, rcond=None)[0].reshape(2, 3)
    assert np.allclose(RidgeGranger(strength=1e-12)._coefficients(x, y), expected)


def test_p_values_of_noise_are_spread_evenly():
    noise = np.random.default_rng(0).standard_normal((120, 4))
    p_values = causalkit.discover(noise, method="ridge-granger", lag=1, params={"draws": 19}).p_values
    assert 0.3 < p_values.mean() < 0.7


def test_a_forbidden_cause_takes_no_part():
    panel, _ = causalkit.simulate("lagged-pair", seed=1)
    found = causalkit.discover(panel, method="ridge-granger", knowledge={"forbid": [("0", "1")]})
    assert found.pair_scores[0, 1] == 0


def test_too_few_windows_are_refused_in_words():
    with pytest.raises(causalkit.errors.DataError):
        causalkit.discover(np.random.default_rng(0).standard_normal((6, 2)), method="ridge-granger", lag=3)
