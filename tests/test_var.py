"""The linear autoregression: its tests against statsmodels, its orientation, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.tsa.api import VAR
from statsmodels.tsa.tsatools import lagmat

from causalkit.builtin.methods.linear_var import LinearVar
from causalkit.builtin.simulators.lagged_pair import lagged_pair
from causalkit.builtin.simulators.linear_var import linear_var
from causalkit.builtin.simulators.lorenz96 import lorenz96
from causalkit.core.panel import Panel
from causalkit.core.run import Run
from causalkit.errors import DataError, ParameterError
from causalkit.evaluation import evaluate


def fit(panel, lag=2, **parameters):
    return LinearVar(lag=lag, **parameters).fit(panel, Run())


@pytest.fixture(scope="module")
def system():
    return linear_var(series=4, steps=200, lag=2, seed=7)


class TestAgainstStatsmodels:
    @pytest.mark.parametrize("trend", ["n", "c", "ct"])
    @pytest.mark.parametrize("lag", [1, 3])
    def test_t_tests_of_every_lag(self, system, lag, trend):
        panel, _ = system
        found = fit(panel, lag, trend=trend, score="t")
        theirs = VAR(panel.realisations[0]).fit(lag, trend=trend)
        terms = len(trend.replace("n", ""))
        shape = (lag, 4, 4)  # statsmodels' rows are (lag, cause), its columns effects
        t = np.asarray(theirs.tvalues)[terms:].reshape(shape).transpose(1, 2, 0)
        # statsmodels takes t-tests from the normal distribution; the residual degrees of freedom are its own
        expected = 2 * stats.t.sf(np.abs(t), theirs.df_resid)
        assert np.allclose(found.scores, np.abs(t), rtol=1e-6)
        assert np.allclose(found.p_values, expected, rtol=1e-6, atol=1e-300)

    def test_granger_statistic_of_every_pair(self, system):
        panel, _ = system
        found = fit(panel, 3)
        theirs = VAR(panel.realisations[0]).fit(3)
        for cause in range(4):
            for effect in range(4):
                if cause == effect:
                    continue
                test = theirs.test_causality(effect, cause, kind="f")
                assert found.pair_scores[cause, effect] ** 2 == pytest.approx(test.test_statistic, rel=1e-6)
                # their denominator degrees of freedom are those of all four equations together
                assert stats.f.sf(found.pair_scores[cause, effect] ** 2, 3, 4 * theirs.df_resid) == pytest.approx(
                    test.pvalue, rel=1e-6
                )

    def test_p_values_are_those_of_one_regression_for_each_effect(self, system):
        panel, _ = system
        found = fit(panel, 2)
        values = panel.realisations[0]
        past = np.asarray(lagmat(values, 2, trim="both"))  # lag 1 of all series, then lag 2
        design = np.concatenate([past, np.ones((len(past), 1))], axis=1)
        for effect in range(4):
            theirs = OLS(values[2:, effect], design).fit()
            by_lag = theirs.pvalues[:-1].reshape(2, 4).T  # (cause, lag)
            assert np.allclose(found.p_values[:, effect], by_lag, rtol=1e-6, atol=1e-200)
            for cause in range(4):
                restrictions = np.eye(9)[[cause, 4 + cause]]
                expected = float(theirs.f_test(restrictions).pvalue)
                assert found.joint_p_values[cause, effect] == pytest.approx(expected, rel=1e-6, abs=1e-200)


class TestOrientation:
    @pytest.mark.parametrize("score", ["joint", "t"])
    def test_the_only_edge_is_the_strongest_at_its_lag(self, score):
        panel, _ = lagged_pair()
        found = fit(panel, 3, score=score)
        assert np.unravel_index(found.scores.argmax(), found.scores.shape) == (0, 1, 1)
        assert found.joint_p_values[0, 1] < 1e-20 < found.joint_p_values[1, 0]
        assert found.p_values.argmin() == found.scores.argmax()

    def test_a_sparse_system_is_recovered(self):
        panel, truth = linear_var(series=10, steps=1000, lag=3, seed=0)
        values = evaluate(fit(panel, 3), truth, metrics=["auroc", "lag-accuracy"])
        assert values["auroc"] > 0.99
        assert values["lag-accuracy"] > 0.99

    def test_lorenz_is_found_well_above_chance(self):
        panel, truth = lorenz96(series=10, steps=500, seed=0)
        assert evaluate(fit(panel, 2), truth, metrics=["auroc"])["auroc"] > 0.9


class TestScores:
    def test_pairs_rank_by_the_joint_test_and_lags_by_their_own(self, system):
        panel, _ = system
        joint, single = fit(panel, 3), fit(panel, 3, score="t")
        by_score = np.argsort(-joint.pair_scores.ravel())
        assert (np.diff(joint.joint_p_values.ravel()[by_score]) >= 0).all()
        assert np.array_equal(joint.pair_lags, single.pair_lags)

    def test_both_readings_agree_with_one_lag(self, system):
        panel, _ = system
        assert np.allclose(fit(panel, 1).scores, fit(panel, 1, score="t").scores)

    def test_units_of_the_series_do_not_matter(self, system):
        panel, _ = system
        units = np.array([1e-8, 1.0, 1e8, 3.0])
        scaled = Panel(tuple(units * values + 5 * units for values in panel), panel.names)
        assert np.allclose(fit(scaled, 2).scores, fit(panel, 2).scores, rtol=1e-6)

    def test_renaming_series_permutes_the_result(self, system):
        panel, _ = system
        order = [2, 0, 3, 1]
        shuffled = Panel(tuple(values[:, order] for values in panel), tuple(panel.names[i] for i in order))
        assert np.allclose(fit(shuffled, 2).scores, fit(panel, 2).scores[np.ix_(order, order)])

    def test_null_data_has_uniform_p_values(self):
        panel = Panel.of(np.random.default_rng(0).normal(size=(200, 20)))
        found = fit(panel, 2)
        for p_values in (found.p_values, found.joint_p_values):
            assert stats.kstest(p_values.ravel(), "uniform").pvalue > 0.001

    def test_an_exactly_predictable_series_stays_finite_and_is_not_tested(self):
        driver = np.random.default_rng(0).normal(size=(100, 2))
        driver[1:, 1] = driver[:-1, 0]
        found = fit(Panel.of(driver), 1)
        assert found.scores[0, 1, 0] > 1e6
        assert found.scores[1, 1, 0] < 10
        assert (found.joint_p_values[:, 1] == 1).all()
        assert "the past explains 1 perfectly" in found.notes[0]


class TestPanels:
    def test_realisations_are_pooled_without_crossing_borders(self, system):
        panel, _ = system
        values = panel.realisations[0]
        halves = fit(Panel((values[:100], values[100:]), panel.names), 2)
        assert halves.data["windows"] == len(values) - 4
        marked = np.insert(values, 100, np.nan, axis=0)  # a gap between the halves leaves the same windows
        gap = fit(Panel((marked,), panel.names), 2)
        assert np.allclose(halves.scores, gap.scores)
        assert gap.data["dropped"] == 3

    def test_a_trend_does_not_pass_for_a_cause(self):
        values = np.random.default_rng(3).normal(size=(300, 3)) + np.linspace(0, 20, 300)[:, None]
        assert fit(Panel.of(values), 1, trend="c").joint_p_values.max() < 0.001
        assert fit(Panel.of(values), 1, trend="ct").joint_p_values.min() > 0.001

    def test_does_not_change_its_input(self, system):
        panel, _ = system
        before = panel.sha256
        fit(panel, 2)
        assert panel.sha256 == before


class TestWithoutEvidence:
    """What looks significant and rests on nothing is no edge, and a note names it."""

    def spikes(self, causes, effects, steps=40):
        values = np.zeros((steps, 2))
        values[causes, 0], values[effects, 1] = 1.0, 1.0
        return Panel.of(values, names=["a", "b"])

    def edges(self, panel, lag=1):
        found = fit(panel, lag).select("fdr:0.05")
        return {(panel.names[i], panel.names[j]) for i, j in np.argwhere(found.pair_selected) if i != j}, found.notes

    def test_one_spike_after_another(self):
        selected, notes = self.edges(self.spikes([19], [20]))
        assert not selected
        assert "the past explains b perfectly" in notes[0]

    @pytest.mark.parametrize("lag", [1, 2])
    def test_one_coincidence_among_several_spikes(self, lag):
        panel = self.spikes([5, 19, 30], [20, 31])
        selected, notes = self.edges(panel, lag)
        assert not selected
        assert "a -> b: cause and effect leave their usual values together in fewer than 5 windows" in notes[0]

    def test_spikes_that_follow_each_other_often_are_an_edge(self):
        causes = np.arange(3, 300, 11)
        selected, notes = self.edges(self.spikes(causes, causes[:-3] + 1, steps=300))
        assert selected == {("a", "b")}
        assert not notes

    def test_events_that_prevent_others_are_an_edge(self):
        draw = np.random.default_rng(0)
        a = (draw.random(400) < 0.4).astype(float)
        b = (draw.random(400) < 0.4).astype(float)
        b[1:] *= 1 - a[:-1]
        assert self.edges(Panel.of(np.column_stack([a, b]), names=["a", "b"]))[0] == {("a", "b")}

    def test_an_exact_copy_is_no_edge(self):
        values = np.random.default_rng(0).normal(size=(100, 3)).round(3)
        values[1:, 1] = 0.5 * values[:-1, 0] + 0.25 * values[:-1, 2]
        selected, notes = self.edges(Panel.of(values[1:], names=list("abc")))
        assert not selected
        assert "the past explains b perfectly" in notes[0]

    def test_short_and_rounded_recordings_keep_their_edges(self):
        draw = np.random.default_rng(0)
        parts = []
        for _ in range(12):
            x = draw.normal(size=(5, 2))
            x[1:, 1] += 3 * x[:-1, 0]
            parts.append(x.round(1))
        assert self.edges(Panel.of(parts, names=["a", "b"]))[0] == {("a", "b")}


class TestRefusals:
    def test_too_few_windows_say_which_lag_would_do(self):
        panel = Panel.of(np.random.default_rng(0).normal(size=(40, 10)), source="short.csv")
        with pytest.raises(
            DataError, match=r"short\.csv.*51 coefficients.*35 windows.*--lag 3 or less.*grngc"
        ) as caught:
            fit(panel, 5)
        assert caught.value.exit_code == 3
        assert fit(panel, 3).notes  # the lag that the error names works, and says how little is left

    def test_too_few_windows_for_any_lag(self):
        with pytest.raises(DataError, match="more time steps"):
            fit(Panel.of(np.random.default_rng(0).normal(size=(10, 10))), 2)

    def test_few_residual_degrees_of_freedom_are_said(self):
        panel = Panel.of(np.random.default_rng(0).normal(size=(15, 4)))
        assert "Only 4 residual degrees of freedom" in fit(panel, 2).notes[0]
        assert not fit(Panel.of(np.random.default_rng(0).normal(size=(50, 4))), 2).notes

    def test_collinear_columns_are_named(self):
        values = np.random.default_rng(0).normal(size=(100, 3))
        total = np.concatenate([values, values[:, :1] + values[:, 1:2]], axis=1)
        with pytest.raises(DataError) as caught:
            fit(Panel.of(total, names=["left", "right", "other", "sum"], source="sums.csv"), 1)
        message = str(caught.value)
        assert all(
            name in message for name in ("left at lag 1", "right at lag 1", "sum at lag 1", "sums.csv", "--drop")
        )
        assert "other" not in message

    def test_a_shifted_copy_is_named_with_its_lag(self):
        values = np.random.default_rng(0).normal(size=(100, 2))
        values[1:, 1] = values[:-1, 0]
        with pytest.raises(DataError) as caught:
            fit(Panel.of(values[1:], names=["first", "copy"]), 2)
        assert "first at lag 2" in str(caught.value)
        assert "copy at lag 1" in str(caught.value)

    def test_a_duplicated_series_is_named(self):
        values = np.random.default_rng(0).normal(size=(60, 1)).repeat(2, axis=1)
        with pytest.raises(DataError, match="linear combination"):
            fit(Panel.of(values), 1)

    @pytest.mark.parametrize("parameters", [{"lag": 0}, {"trend": "x"}, {"score": "f"}])
    def test_bad_parameters(self, parameters):
        with pytest.raises(ParameterError, match=next(iter(parameters))):
            LinearVar(**parameters)
