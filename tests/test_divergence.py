"""Training that diverged is repeated with smaller steps, and never returned as a result."""

import re

import numpy as np
import pytest

import causalkit
from causalkit.core.run import Run
from causalkit.errors import ParameterError, TrainingError
from causalkit.neural.training.data import TrainingData
from causalkit.neural.training.divergence import DivergenceError, check_converged, error_of_mean

pytestmark = pytest.mark.plugins
SHORT = {"training.epochs": 60}


@pytest.fixture(scope="module")
def system():
    return causalkit.simulate("lorenz96", seed=0, series=6, steps=200)


@pytest.mark.parametrize(
    "settings", [{}, {"regularizer.strength": 0.02}, {"regularizer.strength": 0.02, "ensemble": 3}]
)
def test_steps_that_are_too_large_are_made_smaller_once_and_said(system, settings):
    panel, truth = system
    found = causalkit.discover(panel, lag=1, params={"training.learning_rate": 1.0, **SHORT, **settings})
    (note,) = [note for note in found.notes if "diverged" in note]
    assert "training.learning_rate=1 " in note
    assert "repeated with training.learning_rate=0.1" in note
    assert found.config["training"]["learning_rate"] == 0.1
    assert found.history["forecast"][-1] < 1
    assert found.evaluate(truth)["auroc"] > 0.8


@pytest.mark.parametrize("stage", ["pretrain", "finetune"])
def test_each_stage_of_two_is_repeated_with_smaller_steps(system, stage):
    panel, truth = system
    source, _ = causalkit.simulate("lorenz96", seed=1, series=6, steps=200)
    params = {"pretrain.epochs": 60, "finetune.epochs": 60, f"{stage}.learning_rate": 1.0}
    found = causalkit.discover(panel, lag=1, pretrain=source, params=params)
    (note,) = [note for note in found.notes if "diverged" in note]
    assert f"training diverged with {stage}.learning_rate=1 " in note
    assert f"repeated with {stage}.learning_rate=0.1" in note
    rates = {"pretrain": found.config["pretrain"], "finetune": found.config["training"]}
    assert rates[stage]["learning_rate"] == 0.1
    assert found.evaluate(truth)["auroc"] > 0.8


@pytest.mark.parametrize("method", ["grngc", "jrngc"])
@pytest.mark.parametrize("rate", [100, 1e6])
def test_training_that_diverges_twice_is_an_error_with_a_smaller_step(system, method, rate):
    with pytest.raises(TrainingError, match=re.escape(f"learning_rate={rate:g} and with {rate / 10:g}")) as error:
        causalkit.discover(system[0], method=method, lag=1, params={"training.learning_rate": rate, **SHORT})
    assert error.value.hint.startswith("try --set training.learning_rate=0.01,")  # and nothing as wild as before


@pytest.mark.parametrize("key", ["training.learning_rate", "training.ridge", "regularizer.strength"])
@pytest.mark.parametrize("value", [float("inf"), float("nan"), "inf"])
def test_settings_without_an_end_are_refused(system, key, value):
    with pytest.raises(ParameterError, match=re.escape(f"{key}={value} does not fit")):
        causalkit.discover(system[0], method="cmlp", lag=1, params={key: value})


def test_a_forecaster_that_has_learned_nothing_is_named():
    x = np.random.default_rng(0).normal(size=(200, 4))
    found = causalkit.discover(x, lag=1, params={"regularizer.strength": 5.0, **SHORT})
    assert any("explains less than 1% of the variance" in note for note in found.notes)


def test_a_forecaster_that_has_learned_something_is_not(system):
    found = causalkit.discover(system[0], lag=1, params={"regularizer.strength": 0.05, **SHORT})
    assert not any("explains less than" in note or "diverged" in note for note in found.notes)


def test_the_error_of_the_mean_is_that_of_the_windows_that_each_network_sees(system):
    panel, _ = system
    data = TrainingData.of(panel.windows(1), Run(device="cpu"))
    y = data.y.double().numpy()
    assert error_of_mean(data) == pytest.approx(y.var(axis=0).mean(), rel=1e-5)
    half = data.split(np.arange(len(y)) < 50, np.arange(len(y)) >= 50)
    assert error_of_mean(half) == pytest.approx(y[:50].var(axis=0).mean(), rel=1e-5)


def test_an_error_between_the_mean_and_the_first_weights_is_no_divergence(system):
    data = TrainingData.of(system[0].windows(1), Run(device="cpu"))
    bound = error_of_mean(data)
    check_converged(1.2 * bound, 0.5 * bound, data, causalkit.neural.Training(epochs=1))
    check_converged(2.0 * bound, 2.5 * bound, data, causalkit.neural.Training(epochs=1))
    with pytest.raises(DivergenceError, match=r"finetune\.learning_rate"):
        check_converged(2.0 * bound, 1.5 * bound, data, causalkit.neural.Training(epochs=1), "finetune")


def test_a_checkpoint_of_diverged_training_is_not_that_of_its_repetition(system, tmp_path):
    params = {"training.learning_rate": 1.0, **SHORT}
    first, again = (
        causalkit.discover(system[0], lag=1, params=params, checkpoint=tmp_path / "run.ckpt", resume=resume)
        for resume in (False, True)
    )
    assert np.allclose(first.scores, again.scores)
    assert np.isfinite(first.scores).all()
