"""From Python in one line; the core alone."""

import inspect

import numpy as np
import pandas as pd
import pytest

import causalkit
from causalkit.compare import run_grid
from causalkit.core.options import DiscoverOptions
from causalkit.errors import CausalkitError, DataError, ParameterError, UnknownNameError, WrongUsageError
from causalkit.plugins.params import argument_docs, signature_of
from tests.systems import lagged_pair

FORMS = {
    "array": lagged_pair(),
    "frame": pd.DataFrame(lagged_pair(), columns=["0", "1", "2"]),
    "list": [lagged_pair(150, seed=1), lagged_pair(80, seed=2)],
    "cube": np.stack([lagged_pair(100, seed=seed) for seed in range(3)]),
}


@pytest.mark.parametrize("form", FORMS)
def test_one_line_on_whatever_holds_the_data(form):
    discovery = causalkit.discover(FORMS[form], method="var", lag=3)
    assert discovery.edges(top=1).iloc[0][["cause", "effect", "lag"]].tolist() == ["0", "1", 2]


def test_path(tmp_path):
    pd.DataFrame(lagged_pair(), columns=["a", "b", "c"]).to_csv(tmp_path / "d.csv", index=False)
    assert causalkit.discover(tmp_path / "d.csv", method="var").names == ("a", "b", "c")


def test_result_carries_what_is_needed_to_repeat_it():
    discovery = causalkit.discover(lagged_pair(), method="var", lag=3, seed=7, params={"trend": "ct"})
    assert discovery.method == "var"
    assert discovery.seed == 7
    assert discovery.config["lag"] == 3
    assert discovery.config["trend"] == "ct"
    assert discovery.config["standardize"] is True
    assert discovery.data["sha256"] == causalkit.Panel.of(lagged_pair()).sha256
    assert discovery.data["windows"] == 297
    assert discovery.versions["causalkit"] == causalkit.__version__
    assert discovery.seconds > 0


def test_a_default_lag_is_said_aloud_and_a_chosen_one_is_not():
    assert any("lag 2 is the default" in note for note in causalkit.discover(lagged_pair(), method="var").notes)
    assert not causalkit.discover(lagged_pair(), method="var", lag=2).notes


def test_units_do_not_matter():
    scaled = lagged_pair() * [1, 1000, 0.01] + [5, -7, 100]
    first = causalkit.discover(lagged_pair(), method="var")
    np.testing.assert_allclose(causalkit.discover(scaled, method="var").scores, first.scores, rtol=1e-8)


def test_the_users_data_stays_as_it_is():
    values = lagged_pair()
    before = values.copy()
    causalkit.discover(values, method="var")
    np.testing.assert_array_equal(values, before)


def test_select_on_the_way():
    discovery = causalkit.discover(lagged_pair(), method="var", select="top-k:1")
    assert list(discovery.graph().edges) == [("0", "1")]


def test_observers_of_a_call_see_the_end():
    seen = []
    watcher = type("Watcher", (), {"on_end": lambda self, discovery: seen.append(discovery.method)})()
    causalkit.discover(lagged_pair(), method="var", observers=[watcher])
    assert seen == ["var"]


def test_simulate_by_name():
    panel, truth = causalkit.simulate("lorenz96", series=6, steps=50, seed=1)
    assert panel.series == 6
    assert truth.count == 24
    again, _ = causalkit.simulate("lorenz96", series=6, steps=50, seed=1)
    assert again.sha256 == panel.sha256
    with pytest.raises(UnknownNameError, match="lorenz96"):
        causalkit.simulate("lorenz")
    with pytest.raises(WrongUsageError, match="no items"):
        causalkit.simulate("lorenz96:small")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"method": "nope"}, UnknownNameError),
        ({"params": {"nope": 1}}, ParameterError),
        ({"regularizer": "ridge"}, WrongUsageError),
        ({"lag": 500}, DataError),
        ({"select": "nope:1"}, WrongUsageError),
        ({"dtype": "float16"}, WrongUsageError),
        ({"resume": True}, WrongUsageError),
    ],
)
def test_mistakes(arguments, error):
    with pytest.raises(error):
        causalkit.discover(lagged_pair(), **{"method": "var", **arguments})


@pytest.mark.parametrize("function", [causalkit.discover, run_grid])
def test_help_explains_every_option(function):
    described = argument_docs(inspect.getdoc(function))
    assert all(described.get(name) for name in signature_of(function)), set(signature_of(function)) - set(described)


@pytest.mark.parametrize(
    ("call", "near"),
    [
        (lambda: causalkit.discover(lagged_pair(), method="var", tiem_limit=5), "time_limit"),
        (lambda: causalkit.pretrain(lagged_pair(), treads=1), "threads"),
        (lambda: run_grid(["var"], ["lagged-pair"], timeuot=5), "timeout"),
    ],
)
def test_an_unknown_option_suggests_the_nearest(call, near):
    with pytest.raises(WrongUsageError, match=f"has no option.*{near}"):
        call()


def test_options_reach_the_run(tmp_path):
    seen = []

    class Observer:
        def on_end(self, discovery):
            seen.append(discovery)

    found = causalkit.discover(
        lagged_pair(),
        method="var",
        seed=4,
        names=["a", "b", "c"],
        standardize=False,
        dtype="float64",
        threads=2,
        time_limit=60.0,
        knowledge={"forbid": ["b->c"]},
        preparation={"difference": 1},
        observers=(Observer(),),
    )
    assert len(seen) == 1
    assert found.names == ("a", "b", "c")
    assert (found.scores[1, 2] == 0).all()
    assert found.data["preparation"] == {"difference": 1}
    kept = {key: found.config[key] for key in ("standardize", "dtype", "threads", "time_limit")}
    assert kept == {"standardize": False, "dtype": "float64", "threads": 2, "time_limit": 60.0}
    assert found.seed == 4


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("standardize", "no"), ("standardize", None), ("device", "tpu"), ("device", None), ("select", ""),
        ("select", 5),
        ("seed", "a"), ("seed", None), ("seed", 1.5), ("seed", True), ("threads", "two"), ("threads", 0),
        ("time_limit", "10m"), ("time_limit", True), ("resume", "no"), ("checkpoint", 5), ("observers", 5),
        ("params", 5), ("params", "lag=1"), ("method", None), ("lag", True), ("interventions", 5),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_refused_whatever_the_method_needs(option, value):
    with pytest.raises(CausalkitError) as caught:
        causalkit.discover(lagged_pair(), **{"method": "var", option: value})
    assert caught.value.hint


def test_whole_numbers_of_numpy_are_whole_numbers():
    found = causalkit.discover(lagged_pair(), method="var", lag=np.int64(2), seed=np.int64(3), threads=np.int32(1))
    assert (found.seed, found.lags) == (3, 2)


@pytest.mark.parametrize("command", ["discover", "evaluate", "plot", "report"])
def test_an_empty_rule_is_refused(command, tmp_path, run):
    np.savetxt(tmp_path / "d.csv", lagged_pair(), delimiter=",", header="a,b,c", comments="")
    causalkit.discover(tmp_path / "d.csv", method="var").save(tmp_path / "r.json")
    (tmp_path / "t.csv").write_text("cause,effect\na,b\n")
    arguments = {
        "discover": [tmp_path / "d.csv", "-m", "var"],
        "evaluate": [tmp_path / "r.json", "--truth", tmp_path / "t.csv"],
        "plot": [tmp_path / "r.json", "-o", tmp_path / "p.svg"],
        "report": [tmp_path / "r.json", "-o", tmp_path / "r.html"],
    }[command]
    code, _, err = run(command, *arguments, "--select", "")
    assert (code, "no selection rule is called ''" in err) == (2, True)


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("alpha", "did you mean select='fdr:0.01'?"),
        ("tau_max", "did you mean lag=3?"),
        ("random_state", "did you mean seed=1?"),
        ("n_jobs", "did you mean threads=2?"),
        ("selct", "did you mean select?"),
    ],
)
def test_a_word_of_another_package_leads_to_the_option(option, hint):
    with pytest.raises(WrongUsageError) as caught:
        causalkit.discover(lagged_pair(), method="var", **{option: 1})
    assert (caught.value.message, caught.value.hint) == (f"causalkit.discover has no option {option!r}", hint)


def test_words_of_other_packages_lead_to_options_that_exist():
    from causalkit.core.elsewhere import OPTIONS

    known = {*inspect.signature(causalkit.discover).parameters, *DiscoverOptions.__annotations__}
    assert set(OPTIONS) <= known
    assert not {word for _, words in OPTIONS.values() for word in words} & known


def test_the_method_may_follow_the_data():
    assert causalkit.discover(lagged_pair(), "var", lag=1).method == "var"
    with pytest.raises(UnknownNameError, match="did you mean var"):
        causalkit.discover("missing.csv", "vra")


def test_a_device_that_is_not_there_is_refused_whatever_the_method(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(WrongUsageError, match="no CUDA device is available"):
        causalkit.discover(np.random.default_rng(0).normal(size=(60, 3)), "var", lag=1, device="cuda")
