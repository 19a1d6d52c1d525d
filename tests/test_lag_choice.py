"""`lag=auto`: how many past steps, without a truth."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import causalkit
from causalkit import Intervention, Panel, Run
from causalkit.api import build_method, parameters_of
from causalkit.compare.store import load_records
from causalkit.core.interventions import with_interventions
from causalkit.errors import DataError, ParameterError, WrongUsageError
from causalkit.model_selection import AutoLag, Lag
from causalkit.model_selection.lag import choose_lag
from causalkit.model_selection.lag_candidates import candidates_of, open_lag
from causalkit.model_selection.lag_rule import smallest_sufficient
from causalkit.neural import NeuralMethod, Training, TwoStage
from causalkit.neural.parts import ForecasterPart
from causalkit.neural.transfer import two_stage
from causalkit.plugins.registry import Plugin, Provided
from tests.systems import LINEAR, GradientPenalty, lagged_pair, penalties

QUICK = {"training.epochs": 3, "forecaster.hidden": 4, "regularizer.strength": 0.1}


def chosen(panel, seed: int = 0, **options) -> int:
    choice = choose_lag(panel if isinstance(panel, Panel) else Panel.of(panel), Run(seed=seed), **options)
    assert choice is not None
    return int(choice.chosen)


def far(series: int, steps: int, lag: int, seed: int = 0) -> np.ndarray:
    """White noise with the single edge 1 -> 0 at a far lag."""
    x = np.random.default_rng(seed).standard_normal((steps, series))
    x[lag:, 0] = 0.9 * x[:-lag, 1] + 0.3 * x[lag:, 0]
    return x


def method(lag: int = 2, epochs: int = 3) -> NeuralMethod:
    return NeuralMethod(ForecasterPart(LINEAR, {}), penalties(GradientPenalty()), lag, Training(epochs=epochs))


@pytest.fixture
def table(tmp_path):
    """A recording whose only edge acts at lag 2, as a file."""
    path = tmp_path / "pair.csv"
    np.savetxt(path, lagged_pair(), delimiter=",", header="a,b,c", comments="", fmt="%.6f")
    return path


class TestChosen:
    @pytest.mark.parametrize(
        ("system", "params", "expected"),
        [
            ("lagged-pair", {}, {2}),
            ("var", {}, {2, 3}),
            ("lorenz96", {"forcing": 40.0}, {1}),
            ("henon", {}, {2}),
            ("lorenz96", {"forcing": 10.0, "series": 20}, {1}),
            ("tanh-var", {"series": 40}, {2}),
            ("gene-network", {}, {1}),
        ],
    )
    def test_of_systems(self, system, params, expected):
        for seed in range(3):
            assert chosen(causalkit.simulate(system, seed=seed, **params)[0]) in expected

    def test_one_far_effect_in_a_large_panel_is_not_averaged_away(self):
        panel = Panel.of(far(series=50, steps=400, lag=4))
        choice = choose_lag(panel, Run())
        assert min(choice.held_out_error) > 0.98, "the mean over series shows nothing"
        assert choice.chosen == 4

    def test_many_weak_effects_at_a_larger_lag_are_not_missed_one_by_one(self):
        for seed in range(3):
            x = np.random.default_rng(seed).standard_normal((500, 10))
            for t in range(2, 500):
                x[t] += 0.4 * x[t - 1]
                x[t, 5:] += 0.3 * x[t - 1, :5]
                x[t, :5] += 0.25 * x[t - 2, 5:]
            assert chosen(x) == 2

    def test_without_any_relation_is_the_smallest(self):
        found = [chosen(np.random.default_rng(seed).standard_normal((200, 20))) for seed in range(10)]
        assert found.count(1) >= 9

    def test_does_not_depend_on_units(self):
        x = lagged_pair()
        assert choose_lag(Panel.of(x), Run()).held_out_error == pytest.approx(
            choose_lag(Panel.of(x * [1e-6, 1.0, 1e6] + 5), Run()).held_out_error
        )

    def test_is_reproducible_and_follows_the_seed(self):
        panel = Panel.of([lagged_pair(40, seed=seed) for seed in range(12)])
        first = choose_lag(panel, Run(seed=3))
        assert first == choose_lag(panel, Run(seed=3))
        assert first.held_out_error != choose_lag(panel, Run(seed=4)).held_out_error, "other realisations in each block"

    def test_more_series_than_windows(self):
        wide = Panel.of(far(series=300, steps=80, lag=1), orientation="time-series")
        assert chosen(wide) in range(1, 6)

    def test_says_which_forecaster_judged(self):
        said = choose_lag(Panel.of(lagged_pair()), Run()).sentence()
        by = "held-out forecast error of a sparse forecaster with squares and products"
        assert said.startswith(f"lag 2 was chosen by {by} among 12 candidates")
        assert "smallest lag whose held-out error is at most 10% above the lowest" in said

    def test_says_which_forecaster_sees_nothing(self):
        said = choose_lag(Panel.of(np.random.default_rng(0).standard_normal((300, 20))), Run()).sentence()
        assert said == (
            "a sparse forecaster with squares and products finds no lag up to 7 that forecasts these series better "
            "than their mean beyond chance, so lag 1 was taken; try a larger maximum: --lag auto:12"
        )

    def test_proposes_no_larger_maximum_where_the_recordings_are_too_short_for_it(self):
        said = choose_lag(Panel.of(np.random.default_rng(0).standard_normal((14, 3))), Run()).sentence()
        assert "auto:" not in said
        assert "the recordings are too short to compare larger lags" in said

    def test_one_far_effect_among_many_series_is_something(self):
        choice = choose_lag(Panel.of(far(series=50, steps=400, lag=4)), Run())
        assert not choice.nothing_explained

    def test_other_candidates(self):
        assert chosen(far(series=3, steps=300, lag=7), candidates=(2, 7, 8)) == 7
        for bad in ((), (0, 1)):
            with pytest.raises(ParameterError, match="candidates for the lag"):
                choose_lag(Panel.of(lagged_pair()), Run(), bad)


class TestLargest:
    """`auto:12`: candidates up to 12."""

    @pytest.mark.parametrize("lag", [6, 12])
    def test_finds_an_effect_beyond_the_default(self, lag):
        x = far(series=2, steps=400, lag=lag)
        found = causalkit.discover(x, method="var", lag="auto:12", select="fdr:0.01")
        assert [tuple(edge) for edge in np.argwhere(found.selected)] == [(1, 0, lag - 1)]
        assert found.config["lag"] == lag
        assert parameters_of(found)["lag"] == "auto:12", "a repetition chooses among the same candidates"

    def test_the_default_says_what_to_try(self):
        found = causalkit.discover(far(series=2, steps=200, lag=12), method="var", lag="auto", select="fdr:0.01")
        assert not found.selected.any()
        assert any("no lag up to 10" in note and "--lag auto:12" in note for note in found.notes)
        assert repr(found.summary() if hasattr(found, "summary") else found).count("no lag up to 10") <= 1

    def test_candidates(self):
        assert candidates_of("auto:3", [500], 3) == (1, 2, 3)
        many = candidates_of("auto:100", [500], 3)
        assert many[:20] == tuple(range(1, 21))
        assert many[-1] == 100
        assert len(many) < 40

    @pytest.mark.parametrize(
        ("lengths", "series", "largest"),
        [
            ([40], 3, 5),
            ([160], 3, 8),
            ([240], 10, 12),
            ([240], 20, 6),  # many series leave few time steps for each value of a window
            ([100_000], 100, 12),
            ([21] * 100, 3, 5),  # no realisation is long enough for more
            ([30] * 100, 3, 7),
        ],
    )
    def test_the_default_follows_the_size_of_the_panel(self, lengths, series, largest):
        assert candidates_of("auto", lengths, series) == tuple(range(1, largest + 1))

    def test_the_default_finds_a_far_effect_in_a_long_recording(self):
        x = far(series=3, steps=240, lag=11)
        found = causalkit.discover(x, method="var", lag="auto", select="fdr:0.01")
        assert [tuple(edge) for edge in np.argwhere(found.selected)] == [(1, 0, 10)]
        half = found.refit(Panel.of(x[:180]))
        assert half.lags < 11, "a refit of the default follows the length of its own data"
        again = build_method("var", parameters_of(found))[0].fit(Panel.of(x[:180]), Run())
        assert again.lags == 11, "a repetition has the candidates of the result"

    def test_a_result_with_the_former_maximum_is_repeated_with_it(self):
        assert open_lag([1, 2, 3, 4, 5]) == "auto:5"

    @pytest.mark.parametrize("lag", ["auto:0", "auto:", "auto:x", "auto:-3", "auto:1.5", "12:auto"])
    def test_nonsense(self, lag, table, run):
        with pytest.raises(ParameterError, match="does not fit method var; it should be .* or 'auto:12' for lags up"):
            causalkit.discover(lagged_pair(), method="var", lag=lag)
        code, _, err = run("discover", table, "-m", "var", "--lag", lag)
        assert (code, "is not a lag; write a number of time steps, auto, or auto:12" in err) == (2, True)

    def test_everywhere(self, table, tmp_path, run):
        """In a configuration file, by --set, in comparisons and in their brackets and files."""
        config, bench, out = tmp_path / "settings.toml", tmp_path / "bench.toml", tmp_path / "records"
        config.write_text('lag = "auto:3"\n')
        for given in (("--config", config), ("-s", "lag=auto:3")):
            assert "among 3 candidates from 1 to 3" in " ".join(run("discover", table, "-m", "var", *given)[2].split())
        bench.write_text('methods = ["var"]\ndata = ["lagged-pair"]\nlag = "auto:3"\n')
        for given in (
            ("--config", bench),
            ("-m", "var[lag=auto:3]", "-d", "lagged-pair"),
            ("-d", "lagged-pair", "-m", "var", "--lag", "auto:3"),
        ):
            code, _, err = run("compare", *given, "--out", out, "--refresh")
            assert code == 0, err
            (record,) = load_records(out)
            assert record.cell.method_params["lag"] == "auto:3"
            assert len(record.discovery["choices"][0]["candidates"]) == 3

    @pytest.mark.plugins
    def test_pretraining(self, table, tmp_path, run):
        options = [word for key, value in QUICK.items() for word in ("-s", f"{key}={value}")]
        target = tmp_path / "forecaster.safetensors"
        code, _, err = run("pretrain", table, "--lag", "auto:3", *options, "-o", target)
        assert code == 0, err
        assert causalkit.discover(lagged_pair(), pretrain=str(target), lag="auto:4", params=QUICK).config["lag"] == 2

    @pytest.mark.plugins
    def test_a_context_is_not_chosen(self):
        with pytest.raises(ParameterError, match="method clstm cannot choose its lag by itself"):
            causalkit.discover(lagged_pair(), method="clstm", lag="auto:12")

    def test_show_names_it(self, run):
        assert "auto:MAX" in run("show", "var")[1]


class TestRule:
    def errors(self, *means: float, series: int = 3) -> tuple[np.ndarray, np.ndarray]:
        noise = np.random.default_rng(0).normal(0, 0.01, (20, series))
        pieces = np.array(means)[:, None, None] + noise
        return pieces.mean(axis=2).reshape(len(means), 5, 4).mean(axis=2), pieces

    def test_smallest_that_keeps_most(self):
        folds, pieces = self.errors(0.5, 0.31, 0.30, 0.29)
        assert smallest_sufficient(folds, pieces, 0 * pieces) == 1

    def test_persistence_alone_is_not_enough(self):
        """All lags explain more than 95 % of the variance, and the second halves what is left."""
        pieces = np.array([0.040, 0.020, 0.0195])[:, None, None] + np.random.default_rng(0).normal(0, 1e-4, (20, 3))
        folds = pieces.mean(axis=2)[:, :5]
        assert smallest_sufficient(folds, pieces, 0 * pieces) == 1
        assert smallest_sufficient(folds / 100, pieces / 100, 0 * pieces) == 0, "there is next to no error to halve"

    def test_a_series_must_not_lose(self):
        folds, pieces = self.errors(0.5, 0.5, 0.5, series=40)
        pieces[:2, :, 7] += 0.3
        pieces[:2, :, 8] -= 0.3  # nothing in the mean
        assert smallest_sufficient(folds, pieces, pieces) == 2
        assert smallest_sufficient(folds, pieces, 0 * pieces) == 0, "its own further past explains the same"

    def test_a_loss_counts_as_much_among_many_candidates_as_among_few(self):
        loss = 0.06 + 0.08 * np.resize([-1, 1], 20)  # p = .002 for this series
        few = np.full((2, 20, 3), 0.5)
        few[0, :, 1] += loss
        few[0, :, 2] -= loss  # nothing in the mean
        many = np.concatenate([few, np.repeat(few[1:], 20, axis=0)])
        for pieces in (few, many):
            assert smallest_sufficient(pieces.mean(axis=2)[:, :5], pieces, pieces) == 1

    def test_a_small_loss_of_all_counts(self):
        folds, pieces = self.errors(0.51, 0.5, 0.499)
        pieces[0] += np.random.default_rng(1).normal(0, 0.03, pieces[0].shape)
        pieces[1] += np.random.default_rng(2).normal(0, 0.03, pieces[1].shape)
        assert smallest_sufficient(folds, pieces, pieces) == 0, "the loss may be chance"
        pieces[0] += 0.03
        assert smallest_sufficient(folds, pieces, pieces) == 1
        assert smallest_sufficient(folds, pieces, 0 * pieces) == 0, "their own further past explains the same"

    def test_a_loss_by_chance_is_none(self):
        folds, pieces = self.errors(0.5, 0.5, series=40)
        pieces[0, 3, 7] += 5.0  # 0.25 in the mean, by a single piece
        assert smallest_sufficient(folds, pieces, pieces) == 0


class TestDataAsTheyAre:
    def test_short_recordings_have_fewer_candidates(self):
        choice = choose_lag(Panel.of([lagged_pair(9, seed=seed) for seed in range(30)]), Run())
        assert [math.isnan(error) for error in choice.held_out_error] == [False, False, True, True, True]
        assert choice.chosen == 2
        assert "3 of them not tried" in choice.sentence()

    def test_a_short_piece_beside_a_long_recording_changes_nothing(self):
        assert chosen([lagged_pair(300), lagged_pair(5)]) == 2

    @pytest.mark.plugins
    def test_too_short_to_choose(self):
        panel = Panel.of(lagged_pair(5))
        assert choose_lag(panel, Run()) is None
        with pytest.raises(DataError, match="only 4 complete windows of 2 rows are left, and 6 are needed"):
            causalkit.discover(panel, params=QUICK)

    @pytest.mark.plugins
    def test_too_short_for_any_lag(self):
        with pytest.raises(DataError, match="only one row"):
            causalkit.discover(lagged_pair(1), params=QUICK)

    def test_missing_cells(self):
        x = lagged_pair(400)
        x[np.random.default_rng(0).random(x.shape) < 0.02] = np.nan
        assert chosen(x) == 2

    def test_a_cell_in_every_other_row_leaves_lag_1(self):
        x = lagged_pair(400)
        x[np.arange(0, 400, 3), 2] = np.nan
        assert chosen(x) == 1, "there is no window of two steps and the next one"

    def test_what_was_set_from_outside_is_not_learned_from(self):
        x = np.random.default_rng(0).standard_normal((500, 3))
        for first in range(10, 500, 20):  # half of the time somebody copies series 0 by hand, three steps late
            x[first : first + 10, 1] = x[first - 3 : first + 7, 0]
        panel = Panel.of(x, names=("a", "b", "c"))
        assert chosen(panel) == 3
        copied = [Intervention("b", first + 1, first + 10) for first in range(10, 500, 20)]
        assert chosen(with_interventions(panel, copied)) == 1

    def test_interventions_leave_the_rest_to_learn_from(self):
        panel = Panel.of(lagged_pair(), names=("a", "b", "c"))
        held = [Intervention("b", 40, 90), Intervention("a", 150, 200)]
        assert chosen(with_interventions(panel, held)) == 2
        each_for_long = [Intervention(name, first, first + 60) for name, first in (("a", 20), ("b", 120), ("c", 200))]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert chosen(with_interventions(panel, each_for_long)) == 2


class TestInMethods:
    def test_neural_method(self):
        panel = Panel.of(lagged_pair()).standardized()[0]
        auto = AutoLag(method)
        found = auto.fit(panel, Run(device="cpu"))
        assert (found.config["lag"], found.lags, found.fitted.lag) == (2, 2, 2)
        assert [choice.parameter for choice in found.choices] == ["lag"]
        noise = Panel.of(np.random.default_rng(0).standard_normal((300, 3)))
        assert auto.fit(noise, Run(device="cpu")).config["lag"] == 1, "the next fit chooses anew"
        assert np.array_equal(found.scores, method(2).fit(panel, Run(device="cpu")).scores)

    def test_a_method_gets_a_number(self):
        """Whatever its class: a plugin need not know how a lag is chosen."""
        given = []

        class Counting:
            def __init__(self, lag: Lag = "auto") -> None:
                given.append(lag)
                self.lag = lag

            def fit(self, panel, run):
                return causalkit.Discovery(panel.names, np.ones((panel.series, panel.series, self.lag)))

        record = causalkit.Method(name="counting", factory=Counting, summary="counts")
        acting, _ = build_method(Provided(record, Plugin("made", "made", "1")), {})
        assert acting.fit(Panel.of(lagged_pair()), Run()).lags == 2
        assert given[-1] == 2
        assert all(isinstance(lag, int) for lag in given)

    def test_var(self):
        found = causalkit.discover(lagged_pair(), method="var", lag="auto")
        given = causalkit.discover(lagged_pair(), method="var", lag=2)
        assert (found.config["lag"], [choice.chosen for choice in found.choices]) == (2, [2])
        assert np.array_equal(found.p_values, given.p_values)
        assert causalkit.discover(lagged_pair(), method="var").choices == (), "its default is a number"

    def test_it_is_saved(self, tmp_path):
        found = causalkit.discover(lagged_pair(), method="var", lag="auto")
        found.save(tmp_path / "found.json")
        assert causalkit.Discovery.load(tmp_path / "found.json").choices == found.choices

    def test_checkpoint_belongs_to_the_chosen_lag(self, tmp_path):
        panel, path = Panel.of(lagged_pair()).standardized()[0], tmp_path / "state.safetensors"
        auto = AutoLag(lambda lag: method(lag, epochs=6))
        whole = auto.fit(panel, Run(device="cpu"))
        auto.fit(panel, Run(device="cpu", checkpoint=path, checkpoint_every=0.0))
        resumed = auto.fit(panel, Run(device="cpu", checkpoint=path, resume=True))
        assert np.array_equal(resumed.scores, whole.scores)
        with pytest.raises(DataError, match="other data, settings or seed"):
            method(3, epochs=6).fit(panel, Run(device="cpu", checkpoint=path, resume=True))

    @pytest.mark.plugins
    @pytest.mark.parametrize("name", ["grngc", "cmlp", "jrngc"])
    def test_is_the_default(self, name):
        params = {"training.epochs": 3, "regularizer.strength": 0.1}
        found = causalkit.discover(lagged_pair(100), method=name, params=params)
        assert (found.config["lag"], found.choices[0].parameter) == (2, "lag")
        assert not any("is the default of" in note for note in found.notes)

    @pytest.mark.plugins
    def test_a_context_is_not_chosen(self):
        with pytest.raises(ParameterError) as caught:
            causalkit.discover(lagged_pair(), method="clstm", lag="auto")
        assert "method clstm cannot choose its lag by itself" in str(caught.value)
        assert "a recurrent network finds lags by itself" in str(caught.value)

    def test_nonsense(self):
        with pytest.raises(ParameterError, match="lag=far does not fit method var; it should be .* or 'auto'"):
            causalkit.discover(lagged_pair(), method="var", params={"lag": "far"})
        with pytest.raises(ParameterError, match="the lag is 0|lag=0 is too small"):
            causalkit.discover(lagged_pair(), method="var", lag=0)


class TestRefits:
    def test_each_chooses_anew(self):
        """Surrogates of white noise need no second lag, which the data do."""
        found = causalkit.discover(lagged_pair(), method="var", lag="auto", select="surrogate:0.05,count=20")
        assert (found.lags, found.selected.shape) == (2, (3, 3, 2))
        assert [tuple(edge) for edge in np.argwhere(found.selected)] == [(0, 1, 1)]
        surrogate = found.refit(Panel.of(np.random.default_rng(0).standard_normal((300, 3))))
        assert surrogate.lags == 1

    def test_halves(self):
        found = causalkit.discover(lagged_pair(), method="var", lag="auto", select="stability:subsamples=10")
        assert [tuple(edge) for edge in np.argwhere(found.selected)] == [(0, 1, 1)]

    def test_surrogates_may_need_a_larger_lag_than_the_data(self):
        def at_lag(values, panel):
            return causalkit.Discovery(names=panel.names, scores=values)

        class Erratic:
            """One lag for the data, three for everything else."""

            def __init__(self, data: Panel) -> None:
                self.data = data

            def fit(self, panel, run):
                lags = 1 if np.array_equal(panel.realisations[0], self.data.realisations[0]) else 3
                return at_lag(np.abs(np.random.default_rng(lags).standard_normal((3, 3, lags))), panel)

        from causalkit.core.refit import Refit

        panel = Panel.of(lagged_pair())
        acting = Erratic(panel)
        found = acting.fit(panel, Run())
        object.__setattr__(found, "refit", Refit.of(acting, panel, Run(), standardize=False))
        tested = found.select("surrogate:0.05,count=10")
        assert tested.p_values.shape == (3, 3, 1)
        assert np.all(tested.joint_p_values[~np.eye(3, dtype=bool)] > 0)


class TestTwoStages:
    def source(self, seed: int = 5) -> Panel:
        return Panel.of(lagged_pair(200, seed=seed))

    def test_the_target_chooses(self):
        source = Panel.of(np.random.default_rng(0).standard_normal((200, 3)))
        auto = AutoLag(lambda lag: TwoStage("made", method(lag), (source,), Training(epochs=2)))
        found = auto.fit(Panel.of(lagged_pair()).standardized()[0], Run(device="cpu"))
        assert (found.config["lag"], [choice.chosen for choice in found.choices]) == (2, [2])
        assert found.pretraining["config"]["lag"] == 2

    @pytest.mark.plugins
    def test_alone_the_source_chooses(self):
        found = causalkit.pretrain(self.source(), params=QUICK)
        assert found.lag == 2
        assert found.notes[0].startswith("lag 2 was chosen by")

    @pytest.mark.plugins
    @pytest.mark.parametrize("lag", [None, "auto"])
    def test_a_saved_forecaster_brings_its_lag(self, lag):
        saved = causalkit.api.pretrain(self.source(), lag=3, params=QUICK)
        found = causalkit.discover(lagged_pair(), pretrain=saved, lag=lag, params=QUICK)
        assert (found.config["lag"], found.choices) == (3, ())
        with pytest.raises(WrongUsageError, match="has lag 3, and 2 is asked for"):
            causalkit.discover(lagged_pair(), pretrain=saved, lag=2, params=QUICK)

    @pytest.mark.plugins
    @pytest.mark.parametrize("discovering", [True, False])
    def test_a_source_is_loaded_once(self, monkeypatch, discovering):
        loaded = []
        real = two_stage.load_source
        monkeypatch.setattr(two_stage, "load_source", lambda *given: loaded.append(given[0]) or real(*given))
        if discovering:
            causalkit.discover(lagged_pair(), pretrain="lagged-pair", params=QUICK | {"pretrain.match": "position"})
        else:
            causalkit.pretrain("lagged-pair", params=QUICK)
        assert [one for one in loaded if isinstance(one, str)] == ["lagged-pair"]


class TestCommandLine:
    def test_says_what_was_chosen(self, table, run):
        code, _, err = run("discover", table, "-m", "var", "--lag", "auto")
        assert code == 0
        assert (
            "lag 2 was chosen by held-out forecast error of a sparse forecaster with squares and products"
            in " ".join(err.split())
        )

    def test_set_and_config(self, table, tmp_path, run):
        config = tmp_path / "settings.toml"
        config.write_text('lag = "auto"\n')
        for given in (("--config", config), ("-s", "lag=auto")):
            assert "lag 2 was chosen" in run("discover", table, "-m", "var", *given)[2]

    def test_neither_number_nor_auto(self, table, run):
        code, _, err = run("discover", table, "-m", "var", "--lag", "far")
        assert code == 2
        assert "'far' is not a lag; write a number of time steps, auto, or auto:12" in err

    def test_compare(self, table, tmp_path, run):
        out = tmp_path / "records"
        code, _, err = run("compare", "-m", "var", "-d", "lagged-pair", "--lag", "auto", "--out", out)
        assert code == 0, err
        (record,) = load_records(out)
        assert record.cell.method_params["lag"] == "auto"
        assert record.discovery["config"]["lag"] == 2
