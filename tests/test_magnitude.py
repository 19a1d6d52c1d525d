"""Series of extreme magnitude give the graph of the same series in other units."""

import numpy as np
import pytest

import causalkit
from causalkit.core.magnitude import in_range
from causalkit.core.panel import Panel


def _pair() -> np.ndarray:
    x = np.random.default_rng(0).normal(size=(200, 3))
    for t in range(1, len(x)):
        x[t] += 0.3 * x[t - 1]
        x[t, 1] += 0.6 * x[t - 1, 0]
    return x


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("unit", [1e300, 1e-300, 1e12, np.array([1e200, 1e-100, 1.0])])
def test_a_unit_changes_nothing_but_effects_in_units(unit):
    plain, other = (causalkit.discover(x, method="var", lag=1) for x in (_pair(), _pair() * unit))
    assert np.allclose(other.scores, plain.scores, rtol=1e-9)
    assert np.allclose(other.effects.mean, plain.effects.mean, rtol=1e-9)
    units = np.broadcast_to(unit, 3)
    expected = plain.effects.in_units[0, 1, 0] * (units[1] / units[0])
    assert other.effects.in_units[0, 1, 0] == pytest.approx(expected)


@pytest.mark.plugins
@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("grngc", {"training.epochs": 20}),
        ("jrngc", {"training.epochs": 20}),
        ("cmlp", {"training.epochs": 20}),
        ("clstm", {"training.epochs": 10, "regularizer.strength": 0.02}),
    ],
)
def test_networks_see_no_unit(method, params):
    units = (1.0, 1e300, np.array([1e200, 1e-300, 1000.0]))
    plain, *others = (causalkit.discover(_pair() * unit, method=method, lag=1, params=params) for unit in units)
    for other in others:
        assert np.abs(other.scores - plain.scores).max() < 1e-4 * plain.scores.max()


def test_units_that_no_number_can_relate_still_give_a_graph():
    plain, other = (causalkit.discover(x, method="var", lag=1) for x in (_pair(), _pair() * [1e-300, 1e300, 1.0]))
    assert np.allclose(other.scores, plain.scores, rtol=1e-9)


def test_ordinary_series_are_left_as_they_are():
    panel = Panel.of(np.array([[0.0, 1e50], [1.0, -1e50], [np.nan, 3.0]]))
    assert in_range(panel)[0] is panel


def test_only_extreme_series_are_scaled_and_by_powers_of_two():
    panel = Panel.of(np.array([[3.0, 1e200], [1.0, -2e200], [2.0, np.nan]]))
    scaled, exponents = in_range(panel)
    assert exponents[0] == 0
    assert exponents[1] != 0
    assert np.array_equal(np.ldexp(scaled.realisations[0], exponents), panel.realisations[0], equal_nan=True)
