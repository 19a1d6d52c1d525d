"""Selection against surrogates: what they keep and destroy, p-values, false discoveries, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

import causalkit
from causalkit.builtin.rules.surrogate import p_values
from causalkit.builtin.rules.surrogate_data import distant_shifts, randomised_phases, surrogate_panel
from causalkit.cli.main import cli
from causalkit.core.choice import Choice
from causalkit.core.discovery import Discovery
from causalkit.core.panel import Panel
from causalkit.core.refit import Refit
from causalkit.core.run import Run
from causalkit.errors import DataError, WrongUsageError
from causalkit.selection import parse_rule, select


def generator(seed=0):
    return np.random.default_rng(seed)


def independent(seed, steps=200, series=6, own=0.95):
    """Autoregressions of first order that have nothing to do with each other."""
    noise = np.random.default_rng(seed).standard_normal((steps + 200, series))
    return Panel.of(np.asarray(lfilter([1.0], [1.0, -own], noise, axis=0))[200:])


def largest_correlation(panel, lags=5):
    """Return the largest absolute correlation of series 0 with the later series 1."""
    x, y = panel.realisations[0][:, :2].T
    return max(abs(np.corrcoef(x[: len(x) - lag], y[lag:])[0, 1]) for lag in range(1, lags + 1))


class TestSurrogates:
    @given(st.integers(2, 200), st.integers(0, 1000))
    @settings(max_examples=50)
    def test_random_phases_keep_the_spectrum(self, steps, seed):
        series = np.random.default_rng(seed).normal(size=steps).cumsum()
        made = randomised_phases(series, generator(seed))
        kept, new = np.abs(np.fft.rfft(series)), np.abs(np.fft.rfft(made))
        assert np.allclose(kept, new, rtol=0, atol=1e-10 * max(1.0, kept.max()))
        assert made.mean() == pytest.approx(series.mean(), abs=1e-10)
        assert made.std() == pytest.approx(series.std(), abs=1e-10)

    def test_random_phases_make_another_series(self):
        series = np.random.default_rng(0).normal(size=300)
        assert abs(np.corrcoef(series, randomised_phases(series, generator()))[0, 1]) < 0.2

    @given(st.integers(1, 60), st.integers(2, 6), st.integers(0, 1000))
    @settings(max_examples=50)
    def test_shifts_keep_the_values_in_turn(self, steps, series, seed):
        values = np.add.outer(np.arange(steps), 100.0 * np.arange(series))
        panel = Panel((values,), tuple(map(str, range(series))))
        made = surrogate_panel(panel, "shift", generator(seed), apart=3).realisations[0]
        for column in range(series):
            assert sorted(made[:, column]) == list(panel.realisations[0][:, column])
            assert (np.diff(made[:, column]) % steps == 1 % steps).all()

    def test_steps_under_intervention_move_along_with_shifts_and_stay_under_phases(self):
        values = np.add.outer(np.arange(40.0), 100.0 * np.arange(3))
        mask = np.zeros(values.shape, dtype=bool)
        mask[5:9, 0] = mask[20, 2] = True
        panel = Panel.of(values, time_column="none")
        panel = replace(panel, intervened=(mask,))
        shifted = surrogate_panel(panel, "shift", generator(), apart=3)
        assert np.array_equal(shifted.intervened[0], np.isin(shifted.realisations[0], values[mask]))
        assert not np.array_equal(shifted.intervened[0], mask)
        assert np.array_equal(surrogate_panel(panel, "phase", generator()).intervened[0], mask)

    @given(st.integers(2, 8), st.integers(0, 10), st.integers(0, 1000))
    def test_no_two_series_are_shifted_alike(self, series, apart, seed):
        steps = 2 * series * apart + 5
        shifts = distant_shifts(series, steps, apart, generator(seed))
        for one in range(series):
            for other in range(one):
                around = abs(shifts[one] - shifts[other])
                assert min(around, steps - around) >= apart

    def test_shifts_of_short_recordings_are_still_drawn(self):
        assert len({tuple(distant_shifts(10, 7, 4, generator(seed))) for seed in range(20)}) == 20

    @pytest.mark.parametrize("kind", ["phase", "shift"])
    def test_relations_between_series_are_gone(self, kind):
        panel, _ = causalkit.simulate("lagged-pair", steps=500)
        assert largest_correlation(panel) > 0.8
        assert largest_correlation(surrogate_panel(panel, kind, generator(), apart=6)) < 0.2

    @pytest.mark.parametrize("kind", ["phase", "shift"])
    def test_realisations_are_not_mixed(self, kind):
        panel = Panel.of(
            [np.random.default_rng(0).normal(size=(50, 3)), 100 + np.random.default_rng(1).normal(size=(31, 3))]
        )
        made = surrogate_panel(panel, kind, generator())
        assert made.lengths == (50, 31)
        assert made.realisations[0].max() < 50 < made.realisations[1].min()
        assert made.names == panel.names

    def test_gaps_stay_under_random_phases_and_move_under_shifts(self):
        values = np.random.default_rng(0).normal(size=(40, 2))
        values[[3, 17, 18], 1] = np.nan
        phase, shift = (
            surrogate_panel(Panel.of(values), kind, generator()).realisations[0] for kind in ("phase", "shift")
        )
        assert np.flatnonzero(np.isnan(phase[:, 1])).tolist() == [3, 17, 18]
        assert np.flatnonzero(np.isnan(shift[:, 1])).tolist() != [3, 17, 18]
        assert np.isnan(shift).sum() == np.isnan(phase).sum() == 3

    def test_a_series_without_values_stays_so(self):
        assert np.isnan(randomised_phases(np.full(9, np.nan), generator())).all()


class TestPValues:
    observed = np.array([3.0, 0.0, 1.0])
    null = np.random.default_rng(0).normal(size=(19, 3))

    def test_by_pair_they_are_ranks(self):
        above = [(self.null[:, 1] >= 0.0).sum(), (self.null[:, 2] >= 1.0).sum()]
        assert p_values(self.observed, self.null, "pair").tolist() == [1 / 20, (1 + above[0]) / 20, (1 + above[1]) / 20]

    def test_the_smallest_pooled_one_counts_all_pairs(self):
        assert p_values(np.array([50.0, 0.0, 0.0]), self.null, "pooled").min() == pytest.approx(1 / (1 + 3 * 19))

    def test_the_maximum_is_the_most_cautious(self):
        pooled, maximum = (p_values(self.observed, self.null, name) for name in ("pooled", "maximum"))
        assert (maximum >= pooled).all()
        assert maximum.min() >= 1 / 20

    def test_units_of_a_pair_do_not_matter(self):
        units = np.array([1.0, 10.0, 0.1])
        for name in ("pooled", "maximum"):
            direct = p_values(self.observed, self.null, name)
            # the floor of the spread is shared, hence only near
            assert p_values(self.observed * 7, self.null * 7, name) == pytest.approx(direct)
            assert np.argsort(p_values(self.observed * units, self.null * units, name)).tolist()[0] == 0

    def test_scores_that_never_vary_show_nothing_unless_they_do_once(self):
        assert p_values(np.zeros(4), np.zeros((19, 4))).tolist() == [1.0] * 4
        assert p_values(np.array([0.0, 0.0, 0.0, 1.0]), np.zeros((19, 4)))[3] == pytest.approx(1 / 77)

    @pytest.mark.parametrize("statistic", ["pooled", "pair", "maximum"])
    def test_under_the_null_they_are_not_too_small(self, statistic):
        draws = np.random.default_rng(1)
        scale = np.exp(draws.normal(size=30))  # pairs of very different spread
        small = [
            p_values(np.abs(draws.normal(size=30)) * scale, np.abs(draws.normal(size=(39, 30))) * scale, statistic)
            <= 0.1
            for _ in range(100)
        ]
        if statistic == "maximum":  # family-wise
            assert np.any(small, axis=1).mean() < 0.2  # expected 0.1, of 100
        else:
            assert np.mean(small) < 0.115  # expected 0.1, of 3000


class TestSelection:
    def test_without_any_edge_few_panels_have_one_selected(self):
        found = sum(
            causalkit.discover(
                independent(seed, series=4), method="var", select="surrogate:0.1,count=19"
            ).pair_selected.any()
            for seed in range(40)
        )
        assert found <= 10  # expected 4; more than 10 of 40 has a chance of 0.001 at a rate of 0.1

    def test_the_only_edge_is_found_at_its_lag(self):
        panel, _ = causalkit.simulate("lagged-pair")
        for options in ("", ",kind=shift", ",kind=both", ",statistic=maximum"):
            chosen = causalkit.discover(panel, method="var", lag=3, select=f"surrogate:0.03,count=80{options}")
            assert np.argwhere(chosen.selected).tolist() == [[0, 1, 1]], options

    def test_p_values_take_the_place_of_the_method_s(self):
        panel, _ = causalkit.simulate("lagged-pair")
        plain = causalkit.discover(panel, method="var", select="none")
        chosen = plain.select("surrogate:0.05,count=40")
        assert chosen.joint_p_values[0, 1] == pytest.approx(1 / (1 + 40 * 6))
        assert not np.allclose(np.nan_to_num(plain.joint_p_values), np.nan_to_num(chosen.joint_p_values))
        assert np.isnan(np.diag(chosen.joint_p_values)).all()  # self-edges are not tested
        assert np.isnan(chosen.p_values[np.arange(3), np.arange(3)]).all()
        assert plain.selected is None
        assert chosen.select("fdr:0.05").selection["edges"] == 1

    def test_most_true_edges_of_a_linear_system_are_found(self):
        panel, truth = causalkit.simulate("var", series=6, steps=400, density=0.2, seed=1)
        chosen = causalkit.discover(panel, method="var", lag=3, select="surrogate").pair_selected
        true = truth.edges & ~np.eye(6, dtype=bool)
        assert (chosen & true).sum() >= 0.8 * true.sum()
        assert (chosen & ~true).sum() <= 2

    def test_the_method_is_fitted_so_often_with_the_seed_of_the_first_fit(self):
        seeds = []

        class Method:
            def fit(self, panel, run):
                seeds.append(run.seed)
                return Discovery(
                    names=panel.names, scores=np.abs(np.random.default_rng(len(seeds)).normal(size=(3, 3, 1)))
                )

        panel = Panel.of(np.random.default_rng(0).normal(size=(50, 3)))
        refit = Refit.of(Method(), panel, Run(seed=7), False)
        chosen = select(Discovery(panel.names, np.ones((3, 3, 1)), refit=refit), "surrogate:0.05,count=21,kind=both")
        assert seeds == [7] * 20
        assert chosen.selection["fits"] == 20

    def test_what_the_data_chose_stays_and_the_data_are_fitted_once_more_in_the_same_way(self):
        panel = Panel.of(np.random.default_rng(0).normal(size=(50, 3)))
        fitted = []

        class AtItsChoice:
            def fit(self, panel, run):
                """Score the data above every surrogate, by far less than a fit that chooses would."""
                fitted.append(panel)
                return Discovery(panel.names, np.full((3, 3, 1), 1.0 if len(fitted) == 1 else 0.1 / len(fitted)))

        class Choosing:
            def fit(self, panel, run):
                raise AssertionError("a surrogate was chosen for again")

        choice = Choice("regularizer.strength", (0.1, 0.2), (0.5, 0.6), (0.1, 0.1), 0.1, "lowest")
        refit = Refit.of(Choosing(), panel, Run(), False, settled=AtItsChoice())
        found = Discovery(panel.names, np.full((3, 3, 1), 0.05), choices=(choice,), refit=refit)
        chosen = select(found, "surrogate:0.05,count=20")
        assert fitted[0] is panel
        assert len(fitted) == 21
        assert chosen.selection["fits"] == 20
        assert chosen.selection["edges"] == 6
        assert np.array_equal(chosen.scores, found.scores)
        assert any("kept what the data had chosen (strength)" in note for note in chosen.selection["notes"])

    @pytest.mark.plugins
    def test_a_network_is_trained_at_one_strength_with_the_lag_and_the_prewhitening_of_the_fit(self):
        panel, _ = causalkit.simulate("lagged-pair", steps=120)
        params = {"training.epochs": 20, "forecaster.name": "mlp"}
        found = causalkit.discover(panel, method="grngc", lag="auto", params=params, select="none")
        strength = next(one for one in found.choices if one.parameter == "regularizer.strength")
        other = causalkit.simulate("lagged-pair", steps=120, seed=5)[0]
        again = found.refit.at_choices(other)
        (kept,) = again.choices
        assert kept.parameter == "regularizer.strength"
        assert kept.candidates == (strength.chosen,)
        assert again.lags == found.lags
        assert len(found.refit(other).choices) > 1  # other rules choose again

    def test_the_same_seed_gives_the_same_p_values(self):
        panel = independent(3, series=3)
        first, second = (causalkit.discover(panel, method="var", select="surrogate:count=19") for _ in range(2))
        assert np.array_equal(first.joint_p_values, second.joint_p_values, equal_nan=True)


class TestWhatIsSaid:
    def test_what_was_tested_and_what_not(self):
        notes = " ".join(
            causalkit.discover(independent(0), method="var", select="surrogate:count=40").selection["notes"]
        )
        assert "40 fits to surrogates with random phases" in notes
        assert "Each of 30 pairs" in notes
        assert "Self-edges were not tested" in notes
        assert "count=" not in notes

    def test_too_few_surrogates_for_a_single_edge(self):
        selection = causalkit.discover(independent(0), method="var", select="surrogate:count=10").selection
        assert any("count=20 or more" in text for text in selection["notes"])

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("surrogate:0", "fdr=0"),
            ("surrogate:fdr=1", "less than 1"),
            ("surrogate:count=3", "count=3"),
            ("surrogate:kind=noise", "'phase', 'shift' or 'both'"),
            ("surrogate:self-edges=true", "no parameter 'self-edges'"),
        ],
    )
    def test_mistakes_show_before_any_work(self, text, said):
        with pytest.raises(WrongUsageError, match=said):
            parse_rule(text)

    def test_a_panel_too_short_for_surrogates(self):
        panel = Panel.of(np.random.default_rng(0).normal(size=(12, 2)))
        with pytest.raises(DataError, match="12 steps"):
            causalkit.discover(panel, method="var", lag=1, select="surrogate")

    def test_a_result_that_cannot_be_refitted(self):
        with pytest.raises(WrongUsageError, match="causalkit discover"):
            select(Discovery(("a", "b"), np.ones((2, 2, 1))), "surrogate")

    def test_on_the_command_line(self, tmp_path):
        base = ["discover", "--dataset", "lagged-pair", "--method", "var", "--select", "surrogate:fdr=0.05"]
        shown = CliRunner().invoke(cli, [*base, "-o", str(tmp_path / "result.json")])
        assert shown.exit_code == 0, shown.output
        assert "1 edge selected by surrogate:fdr=0.05" in shown.stdout
        assert "p_value" in shown.stdout
        assert "Self-edges were not tested" in shown.stderr
        record = json.loads(CliRunner().invoke(cli, [*base, "--json"]).stdout)
        assert record["joint_p_values"][0][0] is None
        assert record["joint_p_values"][0][1] == pytest.approx(1 / (1 + 99 * 6))
        assert "Self-edges were not tested" in Discovery.load(tmp_path / "result.json").summary()

    def test_without_a_rule_it_says_what_was_not_tested(self):
        said = (
            CliRunner()
            .invoke(cli, ["discover", "--dataset", "lagged-pair", "--method", "var", "--select", "none"])
            .stderr
        )
        assert "The p-values are not corrected for multiple tests" in said
        assert "--select fdr:0.05" in said

    def test_in_a_comparison(self, tmp_path):
        words = ["compare", "-m", "var", "-d", "lagged-pair", "--seeds", "0", "--format", "json"]
        done = CliRunner().invoke(cli, [*words, "--select", "surrogate:count=29", "--out", str(tmp_path / "out")])
        assert done.exit_code == 0, done.output
        assert '"f1"' in done.stdout
