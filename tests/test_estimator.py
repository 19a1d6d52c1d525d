"""CausalDiscovery keeps the promises of scikit-learn, and its forecasts and errors are what they say."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.utils.estimator_checks import check_estimator

import causalkit
from causalkit import CausalDiscovery
from causalkit.errors import CausalkitError, DataError, WrongUsageError

NOT_FOR_TIME_SERIES = {
    "check_methods_sample_order_invariance": "the forecast of a row needs the rows before it, in their order",
    "check_methods_subset_invariance": "the forecast of a row needs the rows before it, so one row alone has none",
}
"""Documented in docs/scikit-learn.md, with the reasons."""


def pair(steps=200, seed=0):
    """A drives B at lag 2; C is noise."""
    x = np.random.default_rng(seed).standard_normal((steps, 3))
    x[2:, 1] += 2 * x[:-2, 0]
    return pd.DataFrame(x, columns=["A", "B", "C"], index=pd.date_range("2020", periods=steps, freq="D"))


@pytest.fixture(scope="module")
def fitted():
    return CausalDiscovery(method="var", lag=2).fit(pair())


@pytest.mark.filterwarnings("ignore:Skipping check")
def test_checks_of_scikit_learn():
    found = check_estimator(
        CausalDiscovery(method="var", lag=1), expected_failed_checks=NOT_FOR_TIME_SERIES, on_fail=None
    )
    status = {one["check_name"]: one["status"] for one in found}
    assert len(status) > 30
    others = {name: state for name, state in status.items() if state != "passed"}
    assert others.pop("check_array_api_input", "skipped") == "skipped"
    assert others == dict.fromkeys(NOT_FOR_TIME_SERIES, "xfail")


def test_a_graph_in_every_form(fitted):
    assert fitted.scores_.shape == fitted.p_values_.shape == fitted.selected_.shape == (3, 3, 2)
    assert list(fitted.graph_.edges) == [("A", "B")]
    assert fitted.graph_.edges["A", "B"]["lag"] == 2
    assert fitted.edges_[["cause", "effect", "lag"]].to_numpy().tolist() == [["A", "B", 2]]
    assert fitted.adjacency_.loc["A", "B"]
    assert fitted.adjacency_.to_numpy().sum() == 1
    assert fitted.lag_ == 2
    assert list(fitted.feature_names_in_) == ["A", "B", "C"]
    assert fitted.discovery_.method == "var"


def test_forecasts_have_the_row_of_the_step_that_they_forecast(fitted):
    frame = pair(60, seed=5)
    found = fitted.predict(frame)
    assert found.index.equals(frame.index)
    assert list(found.columns) == ["A", "B", "C"]
    assert found[:2].isna().all().all()
    assert not found[2:].isna().any().any()
    np.testing.assert_allclose(found["B"][2:], 2 * frame["A"].shift(2)[2:], atol=0.8)


def test_a_forecast_does_not_look_ahead(fitted):
    frame = pair(60, seed=5)
    changed = frame.copy()
    changed.iloc[40:] = 7.0 + np.arange(20)[:, None]
    pd.testing.assert_frame_equal(fitted.predict(changed)[:41], fitted.predict(frame)[:41])


def test_a_row_of_missing_values_is_forecast(fitted):
    frame = pair(60, seed=5)
    last = pd.DataFrame(np.nan, index=[frame.index[-1] + pd.Timedelta(days=1)], columns=frame.columns)
    found = fitted.predict(pd.concat([frame, last]))
    assert found["B"].iloc[-1] == pytest.approx(2 * frame["A"].iloc[-2], abs=0.8)


def test_score_is_minus_the_error_in_units_of_the_variance_of_each_series(fitted):
    train, held_out = pair(), pair(100, seed=3)
    errors = ((held_out - fitted.predict(held_out)) ** 2).mean() / train.var(ddof=0)
    assert fitted.score(held_out) == pytest.approx(-errors.mean())
    assert fitted.score(held_out * 3) < fitted.score(held_out)


def test_units_of_the_data_do_not_change_the_score():
    frame, held_out = pair(), pair(100, seed=3)
    scale, shift = np.array([1e3, 1.0, 1e-3]), np.array([5.0, -3.0, 100.0])
    plain = CausalDiscovery(method="var", lag=2).fit(frame)
    other = CausalDiscovery(method="var", lag=2).fit(frame * scale + shift)
    assert other.score(held_out * scale + shift) == pytest.approx(plain.score(held_out))
    np.testing.assert_allclose(other.predict(held_out * scale + shift), plain.predict(held_out) * scale + shift)


@pytest.mark.parametrize("standardize", [True, False])
def test_without_a_rule_the_forecast_is_that_of_the_whole_regression(standardize):
    frame = pair()
    found = CausalDiscovery(method="var", lag=2, select="none", standardize=standardize).fit(frame).predict(frame)
    x = frame.to_numpy()
    design = np.column_stack([np.ones(len(x) - 2), x[1:-1], x[:-2]])
    np.testing.assert_allclose(found[2:], design @ np.linalg.lstsq(design, x[2:], rcond=None)[0])


@pytest.mark.parametrize(
    "preparation",
    [{"difference": 1}, {"difference": 2}, {"detrend": "linear"}, {"detrend": "linear", "difference": 1}, "auto"],
)
def test_forecasts_are_in_units_of_the_data_whatever_was_prepared(preparation):
    frame = pair(300).cumsum() + np.arange(300)[:, None] * 0.3
    model = CausalDiscovery(method="var", lag=2, preparation=preparation).fit(frame[:200])
    found = model.predict(frame[200:])
    naive = ((frame[200:].diff()) ** 2).mean()
    assert ((found - frame[200:]) ** 2).mean()["B"] < naive["B"]
    errors = ((found - frame[200:]) ** 2).mean() / frame[:200].var(ddof=0)
    assert model.score(frame[200:]) == pytest.approx(-errors.mean())


def test_a_difference_does_not_look_ahead():
    frame = pair(300).cumsum()
    model = CausalDiscovery(method="var", lag=2, preparation={"difference": 1, "clip": 3.0}).fit(frame[:200])
    changed = frame[200:].copy()
    changed.iloc[-1] += 100
    last = model.predict(changed).iloc[-1]
    np.testing.assert_allclose(last, model.predict(frame[200:]).iloc[-1])


def test_missing_cells_cost_the_steps_that_need_them(fitted):
    frame = pair(60, seed=5)
    frame.iloc[30, 0] = np.nan
    found = fitted.predict(frame)
    assert found.isna().all(axis=1).to_numpy().nonzero()[0].tolist() == [0, 1, 31, 32]
    assert np.isfinite(fitted.score(frame))


def test_several_realisations(fitted):
    first, second = pair(50, seed=1).to_numpy(), pair(70, seed=2).to_numpy()
    model = CausalDiscovery(method="var", lag=2, names=["A", "B", "C"]).fit([first, second])
    found = model.predict([first, second])
    assert [part.shape for part in found] == [(50, 3), (70, 3)]
    assert all(np.isnan(part[:2]).all() and np.isfinite(part[2:]).all() for part in found)
    both = np.stack([first, first])
    assert np.isfinite(model.score(both))
    np.testing.assert_array_equal(model.predict(both), np.stack([found[0], found[0]]))


def test_rows_keep_their_place_whatever_their_order_in_time():
    frame = pair()
    forward = CausalDiscovery(method="var", lag=2).fit(frame)
    newest_first = frame[::-1]
    model = CausalDiscovery(method="var", lag=2).fit(newest_first)
    assert list(model.graph_.edges) == [("A", "B")]
    pd.testing.assert_frame_equal(model.predict(newest_first), forward.predict(frame)[::-1])
    with_gap = frame.drop(frame.index[50:60])
    found = forward.predict(with_gap)
    assert found.index.equals(with_gap.index)
    assert found.isna().all(axis=1).to_numpy().nonzero()[0].tolist() == [0, 1, 50, 51]


def test_rows_that_were_sorted_do_not_get_the_index_of_others():
    frame = pair().reset_index(names="date").sample(frac=1, random_state=0)
    model = CausalDiscovery(method="var", lag=2).fit(frame)
    found = model.predict(frame)
    assert found.index.names == ["realisation", "step"]
    sorted_first = model.predict(frame.sort_values("date"))
    pd.testing.assert_frame_equal(found.reset_index(drop=True), sorted_first.reset_index(drop=True))


def test_realisations_of_one_table_keep_their_rows():
    frame = pd.concat([pair(50, seed=1).assign(subject=1), pair(70, seed=2).assign(subject=2)], ignore_index=True)
    model = CausalDiscovery(method="var", lag=2, panel_column="subject").fit(frame)
    found = model.predict(frame)
    assert found.index.equals(frame.index)
    assert found.isna().all(axis=1).to_numpy().nonzero()[0].tolist() == [0, 1, 50, 51]


def test_few_rows_of_many_series_are_time_steps():
    x = np.random.default_rng(0).standard_normal((300, 12))
    model = CausalDiscovery(method="var", lag=1).fit(x[:250])
    assert np.isfinite(model.score(x[250:256]))
    assert model.predict(pd.DataFrame(x[250:256])).shape == (6, 12)


def test_options_of_discover():
    frame = pair()
    model = CausalDiscovery(method="var", lag=2, knowledge={"forbid": ["A->B"]}, drop="C").fit(frame)
    assert model.scores_.shape == (2, 2, 2)
    assert model.scores_[0, 1].max() == 0
    assert model.get_params()["drop"] == "C"


def test_parameters_by_name():
    model = CausalDiscovery(method="var", lag=2, params={"score": "t"})
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert copy.get_params()["params__score"] == "t"
    copy.set_params(params__trend="ct", knowledge={"forbid": ["A->C"]}, lag=1)
    assert (copy.params, copy.lag) == ({"score": "t", "trend": "ct"}, 1)
    assert model.params == {"score": "t"}  # what was cloned stays
    assert copy.fit(pair()).discovery_.config["trend"] == "ct"
    assert "knowledge" in repr(copy)
    assert "device" not in repr(copy)


def test_dotted_and_nested_parameters_are_one():
    model = CausalDiscovery(params={"training": {"epochs": 5}})
    model.set_params(params__training__epochs=7, **{"params__regularizer.strength": 0.1})
    assert model.params == {"training.epochs": 7, "regularizer.strength": 0.1}


def test_a_grid_finds_the_lag():
    search = GridSearchCV(CausalDiscovery(method="var"), {"lag": [1, 2]}, cv=TimeSeriesSplit(3)).fit(pair(300))
    assert search.best_params_ == {"lag": 2}
    assert ("A", "B") in search.best_estimator_.graph_.edges
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert (cross_val_score(search.best_estimator_, pair(300), cv=TimeSeriesSplit(3)) < 0).all()


def test_a_pickle_forecasts_the_same(fitted):
    frame = pair(60, seed=5)
    again = pickle.loads(pickle.dumps(fitted))
    pd.testing.assert_frame_equal(again.predict(frame), fitted.predict(frame))
    assert list(again.graph_.edges) == [("A", "B")]


def test_optuna_finds_the_lag():
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    frame = pair(300)

    def held_out_error(trial):
        model = CausalDiscovery(method="var", lag=trial.suggest_int("lag", 1, 3))
        return cross_val_score(model, frame, cv=TimeSeriesSplit(3)).mean()

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.GridSampler({"lag": [1, 2, 3]}))
    study.optimize(held_out_error, n_trials=3)
    assert study.best_params["lag"] >= 2


@pytest.mark.plugins
def test_a_neural_method_forecasts_with_its_network_also_from_a_pickle():
    panel, _ = causalkit.simulate("lorenz96", seed=0, series=4, steps=300)
    x = panel.realisations[0]
    params = {"training.epochs": 40, "regularizer.strength": 0.1}
    model = CausalDiscovery(method="grngc", lag=1, params=params).fit(x[:200])
    linear = CausalDiscovery(method="var", lag=1, select="none").fit(x[:200])
    assert model.score(x[200:]) > linear.score(x[200:])
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    assert again.score(x) == model.score(x)


@pytest.mark.plugins
def test_a_network_forecasts_the_same_whatever_the_order_of_columns():
    frame = pair(150)
    params = {"training.epochs": 20, "regularizer.strength": 0.05}
    found = CausalDiscovery(method="grngc", lag=2, params=params).fit(frame).predict(frame)
    turned = frame[["C", "A", "B"]]
    other = CausalDiscovery(method="grngc", lag=2, params=params).fit(turned).predict(turned)
    pd.testing.assert_frame_equal(other[["A", "B", "C"]], found)
    assert found["B"][2:].corr(2 * frame["A"].shift(2)[2:]) > 0.8


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: CausalDiscovery(lagg=3), "did you mean lag?"),
        (lambda: CausalDiscovery().set_params(knowlege=None), "did you mean knowledge?"),
        (lambda: CausalDiscovery(method="var", lag=2).fit(pair(4)), "coefficients"),
        (lambda: CausalDiscovery(method="var").fit(pair().assign(B=1.0)), "constant"),
        (lambda: CausalDiscovery(method="no-such").fit(pair()), "no-such"),
        (lambda: CausalDiscovery(select="top").fit(pair()), "top"),
    ],
)
def test_errors_are_those_of_causalkit_and_value_errors(wrong, message):
    with pytest.raises(ValueError, match=message) as caught:
        wrong()
    assert isinstance(caught.value, CausalkitError)
    assert isinstance(caught.value, DataError | WrongUsageError)


def test_names_that_repeat_are_an_error_of_causalkit():
    with pytest.raises(DataError, match="duplicate column name 'A'"):
        CausalDiscovery(method="var", lag=1).fit(pair().set_axis(["A", "A", "C"], axis=1))


def test_a_lazy_frame_of_polars_is_read():
    polars = pytest.importorskip("polars")
    lazy = polars.LazyFrame(pair().to_dict("list"))
    model = CausalDiscovery(method="var", lag=2).fit(lazy)
    assert list(model.graph_.edges) == [("A", "B")]
    assert model.n_features_in_ == 3
    assert model.score(lazy) == model.score(pair())


def test_other_series_are_refused(fitted):
    frame = pair()
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(frame.rename(columns={"C": "D"}))
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.score(frame[["B", "A", "C"]])
    other = causalkit.Panel.of(frame[["B", "A", "C"]])
    with pytest.raises(DataError, match="series 1 is 'B', and the graph was found with 'A' there"):
        fitted.predict(other)


def test_too_few_rows_for_an_error(fitted):
    with pytest.raises(DataError, match="no step with a forecast"):
        fitted.score(pair(2))


def test_before_fit():
    model = CausalDiscovery()
    with pytest.raises(NotFittedError):
        model.predict(pair())
    assert not hasattr(model, "scores_")
