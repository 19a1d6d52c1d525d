"""The simulators: do the data follow the equations, and does the truth tell which way the effects run?"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalkit.builtin import causalkit_datasets
from causalkit.builtin.simulators.henon import henon, trajectories
from causalkit.builtin.simulators.lagged_pair import lagged_pair
from causalkit.builtin.simulators.linear_var import linear_var, spectral_radius, stabilise
from causalkit.builtin.simulators.lorenz96 import LONGEST_STEP, advance, lorenz96, ring_graph
from causalkit.builtin.simulators.sparse import draw_graph
from causalkit.builtin.simulators.tanh_var import tanh_var
from causalkit.errors import ParameterError

RECORDS = list(causalkit_datasets())


def least_squares(panel, lag):
    """Coefficients (cause, effect, lag) by plain numpy, independent of the method under test elsewhere."""
    windows = panel.windows(lag)
    design = np.concatenate([windows.x[:, ::-1].reshape(len(windows), -1), np.ones((len(windows), 1))], axis=1)
    fitted = np.linalg.lstsq(design, windows.y, rcond=None)[0][:-1]
    return fitted.reshape(lag, panel.series, panel.series).transpose(1, 2, 0)


def test_importing_the_built_ins_is_cheap():
    heavy = "('numpy', 'torch', 'pandas', 'sklearn', 'statsmodels')"
    code = f"""
import sys, causalkit.builtin as b
list(b.causalkit_datasets()), list(b.causalkit_methods()), list(b.causalkit_metrics())
print([module for module in {heavy} if module in sys.modules])"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
class TestEverySimulator:
    def test_shapes_names_and_source(self, record):
        panel, truth = record.load()(**{**record.test_params, "realisations": 2})
        assert panel.lengths == (record.test_params["steps"],) * 2
        assert panel.series == record.test_params["series"]
        assert truth.names == panel.names
        assert np.isfinite(np.concatenate(panel.realisations)).all()
        assert panel.source.startswith(record.name + "(")
        assert "seed=0" in panel.source

    def test_truth_has_lags_where_the_record_says_so(self, record):
        _, truth = record.load()(**record.test_params)
        assert (truth.lags is not None) == record.lagged_truth
        if truth.lags is not None:
            assert np.array_equal(truth.lags.any(axis=2), truth.edges)

    def test_source_repeats_the_data(self, record):
        panel, _ = record.load()(**record.test_params, seed=3)
        arguments = panel.source.partition("(")[2]
        again = eval(f"make({arguments}", {"make": record.load()})[0]
        assert again.sha256 == panel.sha256

    def test_seed_decides_the_data(self, record):
        make = record.load()
        first, second = (make(**record.test_params, seed=seed)[0] for seed in (1, 1))
        assert first.sha256 == second.sha256
        assert make(**record.test_params, seed=2)[0].sha256 != first.sha256

    def test_numpy_global_state_is_left_alone(self, record):
        np.random.seed(0)
        before = np.random.get_state()[1].copy()
        record.load()(**record.test_params)
        assert np.array_equal(before, np.random.get_state()[1])

    def test_realisations_differ(self, record):
        panel, _ = record.load()(**{**record.test_params, "realisations": 2})
        assert not np.allclose(panel.realisations[0], panel.realisations[1])

    @pytest.mark.parametrize(
        ("name", "value"), [("series", 1), ("steps", 0), ("realisations", 0), ("noise", -1.0), ("seed", -1)]
    )
    def test_bad_parameters_are_named(self, record, name, value):
        with pytest.raises(ParameterError, match=name):
            record.load()(**{**record.test_params, name: value})

    @pytest.mark.parametrize(("name", "value"), [("steps", 10.5), ("noise", float("nan")), ("series", True)])
    def test_wrong_types_are_named(self, record, name, value):
        with pytest.raises(ParameterError, match=name):
            record.load()(**{**record.test_params, name: value})


class TestLorenz96:
    def test_truth_is_the_ring(self):
        _, truth = lorenz96(series=6, steps=1, burn_in=0)
        causes = {effect: set(np.flatnonzero(truth.edges[:, effect])) for effect in range(6)}
        assert causes[3] == {1, 2, 3, 4}
        assert causes[0] == {4, 5, 0, 1}
        assert truth.count == 24

    def test_truth_is_what_a_push_on_the_cause_moves(self):
        state = lorenz96(series=9, steps=1, noise=0.0)[0].realisations[0]
        instant, push = 1e-6, 1e-3
        still = advance(state, 10.0, instant, 1)
        moved = np.array([advance(state + push * unit, 10.0, instant, 1)[0] - still[0] for unit in np.eye(9)])
        velocity_change = (moved - push * np.eye(9)) / (instant * push)
        assert np.array_equal(np.abs(velocity_change) > 1e-2, ring_graph(9))

    @pytest.mark.parametrize(("forcing", "error"), [(10.0, 1e-3), (40.0, 0.1)])
    def test_halving_the_step_changes_less_than_the_noise(self, forcing, error):
        states = lorenz96(series=20, steps=100, forcing=forcing, noise=0.0, burn_in=200)[0].realisations[0]
        substeps = round(0.1 / LONGEST_STEP)
        change = advance(states, forcing, 0.1, substeps) - advance(states, forcing, 0.1, 2 * substeps)
        assert np.abs(change).max() < error

    def test_samples_follow_each_other_at_the_sampling_interval(self):
        values = lorenz96(series=8, steps=3, sampling=0.05, noise=0.0, burn_in=50)[0].realisations[0]
        assert np.allclose(advance(values[:1], 10.0, 0.05, 50), values[1:2], atol=1e-5)

    def test_burn_in_drops_the_first_samples_only(self):
        kept = lorenz96(steps=30, noise=0.0, burn_in=0)[0].realisations[0]
        dropped = lorenz96(steps=10, noise=0.0, burn_in=20)[0].realisations[0]
        assert np.array_equal(kept[20:], dropped)

    def test_without_burn_in_it_starts_near_zero(self):
        first = lorenz96(steps=1, sampling=1e-3, noise=0.0, burn_in=0, forcing=0.0)[0].realisations[0]
        assert 0 < np.abs(first).max() < 0.06

    def test_noise_is_added_to_the_observations_only(self):
        clean, noisy = (lorenz96(series=20, steps=200, noise=sd)[0].realisations[0] for sd in (0.0, 0.3))
        assert np.std(noisy - clean) == pytest.approx(0.3, rel=0.05)

    def test_strong_forcing_stays_finite(self):
        assert np.isfinite(lorenz96(series=8, steps=20, forcing=100.0)[0].realisations[0]).all()

    def test_three_series_are_no_ring(self):
        with pytest.raises(ParameterError, match="series=3"):
            lorenz96(series=3)


class TestLinearVar:
    def test_regression_finds_the_truth_at_its_lags(self):
        panel, truth = linear_var(series=6, steps=8000, lag=3, strength=0.5, seed=4)
        fitted = np.abs(least_squares(panel, 3))
        assert np.array_equal(fitted > 0.08, truth.lags)

    def test_edges_have_one_lag_and_self_edges_lag_one(self):
        _, truth = linear_var(series=20, steps=1, lag=4)
        assert truth.lags.sum(axis=2).max() == 1
        diagonal = truth.lags[np.arange(20), np.arange(20)]
        assert diagonal[:, 0].all()
        assert not diagonal[:, 1:].any()
        assert truth.lags[~np.eye(20, dtype=bool)].any(axis=0).all()  # every lag occurs

    @pytest.mark.parametrize("density", [0.0, 0.1, 0.5, 1.0])
    def test_density_counts_edges_between_different_series(self, density):
        _, truth = linear_var(series=10, steps=1, density=density, self_edges=False)
        assert truth.count == round(90 * density)

    @pytest.mark.parametrize("seed", range(4))
    def test_dense_strong_systems_stay_stationary(self, seed):
        panel, _ = linear_var(series=15, steps=3000, density=0.9, strength=2.0, seed=seed)
        values = panel.realisations[0]
        assert values[-500:].std() < 5 * values[:500].std() < 1e3

    def test_realisations_share_one_system(self):
        panel, truth = linear_var(series=4, steps=4000, lag=1, realisations=2, seed=1)
        one, two = (least_squares(type(panel)((values,), panel.names), 1) for values in panel)
        assert np.allclose(one, two, atol=0.1)
        assert truth.count > 4

    @given(st.integers(0, 10_000), st.integers(1, 4), st.floats(0.1, 5.0))
    @settings(max_examples=40)
    def test_stabilised_coefficients_have_the_promised_radius(self, seed, lag, size):
        coefficients = size * np.random.default_rng(seed).normal(size=(5, 5, lag))
        radius = spectral_radius(coefficients)
        stable = spectral_radius(stabilise(coefficients))
        assert stable == pytest.approx(min(radius, 0.95), rel=1e-6)

    def test_spectral_radius_of_a_known_system(self):
        coefficients = np.zeros((2, 2, 2))
        coefficients[0, 0, 1] = 0.49  # x_t = 0.49 x_{t-2} has the roots 0.7 and -0.7
        coefficients[0, 1, 0] = 100.0  # an edge without feedback moves no root
        assert spectral_radius(coefficients) == pytest.approx(0.7)

    @given(st.integers(2, 8), st.integers(1, 5), st.floats(0, 1), st.booleans(), st.integers(0, 99))
    @settings(max_examples=50)
    def test_graphs_have_the_promised_number_of_edges(self, series, lag, density, self_edges, seed):
        graph = draw_graph(series, lag, density, self_edges, np.random.default_rng(seed))
        between = graph[~np.eye(series, dtype=bool)]
        pairs = series * (series - 1)
        assert between.any(axis=1).sum() == (max(1, round(density * pairs)) if density > 0 else 0)
        assert graph.sum() - between.sum() == (series if self_edges else 0)


class TestTanhVar:
    @pytest.mark.parametrize("seed", range(3))
    def test_never_diverges(self, seed):
        panel, _ = tanh_var(series=8, steps=2000, strength=50.0, density=1.0, seed=seed)
        assert np.abs(panel.realisations[0]).max() < 50.0 * 8 + 5

    def test_regression_on_the_right_functions_finds_the_truth(self):
        panel, truth = tanh_var(series=5, steps=6000, lag=2, density=0.3, even=0.5, noise=1.0, seed=2)
        windows = panel.windows(2)
        odd = np.tanh(1.5 * windows.x[:, ::-1].reshape(len(windows), -1))
        design = np.concatenate([odd, 2 * odd**2 - 1, np.ones((len(odd), 1))], axis=1)
        fitted = np.linalg.lstsq(design, windows.y, rcond=None)[0][:-1].reshape(2, 2, 5, 5)
        found = np.abs(fitted).max(axis=0).transpose(1, 2, 0)
        assert np.array_equal(found > 0.25, truth.lags)

    def test_even_edges_hide_from_linear_regression(self):
        def strength_of_edges(even):
            panel, truth = tanh_var(series=8, steps=4000, lag=1, even=even, self_edges=False, noise=1.0, seed=0)
            return np.median(np.abs(least_squares(panel, 1))[truth.lags])

        assert strength_of_edges(1.0) < 0.3 * strength_of_edges(0.0)


class TestHenon:
    def test_samples_satisfy_the_equation(self):
        x = henon(series=4, steps=50, coupling=0.25)[0].realisations[0]
        driven = 0.25 * x[1:-1, :-1] + 0.75 * x[1:-1, 1:]
        assert np.allclose(x[2:, 1:], 1.4 - driven**2 + 0.3 * x[:-2, 1:])
        assert np.allclose(x[2:, 0], 1.4 - x[1:-1, 0] ** 2 + 0.3 * x[:-2, 0])

    def test_truth_is_the_chain(self):
        _, truth = henon(series=3, steps=1)
        edges = {(edge["cause"], edge["effect"], edge["lag"]) for edge in truth.edge_list()}
        chain = {("x0", "x1", 1), ("x1", "x2", 1)}
        assert edges == chain | {(name, name, lag) for name in ("x0", "x1", "x2") for lag in (1, 2)}

    @given(st.integers(0, 2**31))
    @settings(max_examples=25)
    def test_stays_on_the_attractor_for_any_seed(self, seed):
        panel, _ = henon(series=10, steps=100, coupling=0.3, realisations=5, seed=seed)
        assert np.abs(np.concatenate(panel.realisations)).max() < 3

    def test_diverging_draws_are_repeated(self):
        # At this coupling about a third of the draws escape to infinity.
        values = trajectories(10, 1500, 0.8, 30, np.random.default_rng(0))
        assert np.abs(values).max() < 10

    def test_neighbours_do_not_synchronise(self):
        x = henon(series=6, steps=500, coupling=0.3)[0].realisations[0]
        assert np.abs(np.diff(x, axis=1)).mean(axis=0).min() > 0.1

    def test_synchronising_coupling_is_refused_with_the_reason(self):
        with pytest.raises(ParameterError, match=r"coupling=0\.5.*synchronise"):
            henon(coupling=0.5)


class TestLaggedPair:
    def test_has_exactly_one_edge(self):
        _, truth = lagged_pair()
        assert truth.edge_list() == [{"cause": "0", "effect": "1", "lag": 2}]

    def test_the_past_of_zero_is_in_one_and_nowhere_else(self):
        fitted = least_squares(lagged_pair(steps=4000, strength=0.8)[0], 3)
        assert fitted[0, 1, 1] == pytest.approx(0.8, abs=0.05)
        fitted[0, 1, 1] = 0
        assert np.abs(fitted).max() < 0.06
