"""The matrix of pairs: every forecaster with every revealing regularizer works, or is refused with its reason."""

import numpy as np
import pytest

import causalkit
from causalkit import Forecaster, Regularizer
from causalkit.errors import WrongUsageError
from causalkit.plugins.registry import registry

INSTALLED = [provided.record for provided in registry().all(Forecaster)]
REVEALING = [provided.record for provided in registry().all(Regularizer) if provided.record.reveals_causes]
PAIRS = [(forecaster, regularizer) for forecaster in INSTALLED for regularizer in REVEALING]


def fit(method, forecaster, regularizer, **params):
    record = registry().get(Forecaster, forecaster).record
    chosen = {f"forecaster.{key}": value for key, value in record.test_params.items()}
    if regularizer.startswith("frobenius"):
        chosen |= {"regularizer.strength": 0.1}
    if forecaster == "clstm" and "group-lasso" in regularizer:
        chosen |= {"regularizer.strength": 0.02}  # the default of the method clstm, for its group lasso
    if "group-lasso" not in regularizer and method == "clstm":
        chosen |= {"training.epochs": 300}
    if method == "grngc":
        chosen |= {"training.epochs": 150}
        if "group-lasso" in regularizer:
            chosen |= {"regularizer.strength": 0.02 if record.layout == "joint" else 0.1}
    panel, _ = causalkit.simulate("lagged-pair", seed=1)
    return causalkit.discover(
        panel, method=method, forecaster=forecaster, regularizer=regularizer, lag=3, params=chosen | params
    )


def strongest(discovery):
    assert np.isfinite(discovery.scores).all()
    return discovery.edges(top=1).iloc[0][["cause", "effect", "lag"]].tolist()


@pytest.mark.parametrize(("forecaster", "regularizer"), PAIRS, ids=lambda record: record.name)
def test_a_pair_finds_the_edge_or_is_refused_with_its_reason(forecaster, regularizer):
    lacking = regularizer.needs - forecaster.capabilities
    method = forecaster.name if forecaster.name in ("cmlp", "clstm") else "grngc"
    if lacking:
        with pytest.raises(
            WrongUsageError, match=rf"{regularizer.name} needs a forecaster with input weights"
        ) as error:
            fit(method, forecaster.name, regularizer.name)
        assert f"{forecaster.name} has none" in str(error.value)
        fitting = [one.name for one in INSTALLED if regularizer.needs <= one.capabilities]
        assert error.value.hint == f"forecasters that fit: {', '.join(fitting)}"
        return
    discovery = fit(method, forecaster.name, regularizer.name)
    assert strongest(discovery) == ["0", "1", 2]
    assert discovery.config["forecaster"]["name"] == forecaster.name
    assert discovery.config["regularizer"][0]["name"] == regularizer.name


def test_the_matrix_holds_both_outcomes():
    refused = {(f.name, r.name) for f, r in PAIRS if r.needs - f.capabilities}
    assert {("kan", "group-lasso"), ("lstm", "group-lasso"), ("tcn", "hierarchical-group-lasso")} <= refused
    assert {("mlp", "group-lasso"), ("cmlp", "gradient-l1"), ("clstm", "gradient-l1"), ("kan", "frobenius")} <= {
        (f.name, r.name) for f, r in PAIRS
    } - refused
    assert not {name for name, _ in refused} & {"mlp", "cmlp", "clstm", "residual-mlp"}
    assert not {name for _, name in refused} & {"gradient-l1", "frobenius"}


@pytest.mark.parametrize(
    ("method", "forecaster", "regularizer"),
    [
        ("grngc", "mlp", "group-lasso"),
        ("cmlp", "cmlp", "gradient-l1"),
        ("grngc", "kan", "frobenius"),
        ("jrngc", "residual-mlp", "gradient-l1"),
        ("cmlp", "mlp", "group-lasso"),
        ("cmlp", "component-mlp", "group-lasso"),
        ("grngc", "cmlp", "hierarchical-group-lasso"),
        ("clstm", "cmlp", "group-sparse-group-lasso"),
        ("cmlp", "clstm", "hierarchical-group-lasso"),
    ],
)
def test_methods_take_forecasters_and_regularizers_of_others(method, forecaster, regularizer):
    assert strongest(fit(method, forecaster, regularizer)) == ["0", "1", 2]


@pytest.mark.parametrize(
    ("method", "forecaster", "regularizer"),
    [("grngc", "mlp", "gradient-l1+ridge"), ("cmlp", "cmlp", "gradient-l1+ridge"), ("jrngc", "kan", "frobenius+ridge")],
)
def test_ridge_is_added_to_another(method, forecaster, regularizer):
    discovery = fit(method, forecaster, regularizer)
    assert strongest(discovery) == ["0", "1", 2]
    assert discovery.history["ridge"][-1] > 0
    assert [part["name"] for part in discovery.config["regularizer"]] == regularizer.split("+")


def test_ridge_alone_reveals_nothing():
    with pytest.raises(WrongUsageError, match="no scores can be read off 'ridge'") as error:
        fit("grngc", "mlp", "ridge")
    assert "group-lasso" in error.value.hint


def test_parts_without_a_proximal_step_say_so():
    discovery = fit("cmlp", "cmlp", "gradient-l1")
    assert any("no proximal step" in note for note in discovery.notes)
    assert not any("no proximal step" in note for note in fit("cmlp", "cmlp", "group-lasso").notes)


def test_proximal_steps_in_the_common_loop_make_exact_zeros():
    """Plain gradient descent on a shared network: a strong penalty leaves only what it needs."""
    params = {"training.optimizer": "sgd", "training.learning_rate": 0.1, "regularizer.strength": 1.0}
    discovery = fit("grngc", "mlp", "group-lasso", **params)
    assert (discovery.scores[2] == 0).all()
