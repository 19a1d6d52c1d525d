"""A run within a limit on memory: what cannot fit is refused before training, with what would."""

import re

import numpy as np
import pytest

import causalkit
import causalkit.neural.method
from causalkit.core import memory
from causalkit.errors import WrongUsageError

MIB = 2**20


def panel(series=30, steps=400):
    return np.random.default_rng(0).standard_normal((steps, series))


class Epochs:
    """Counts epochs."""

    count = 0

    def on_epoch(self, epoch, losses):
        self.count += 1


def within(extra, data, **options):
    """Discover within so many bytes beside what the process has."""
    params = {"training.epochs": 2, **options.pop("params", {})}
    return causalkit.discover(
        data, method="grngc", memory=memory.resident() + extra, params=params, select="none", **options
    )


def test_a_run_that_cannot_fit_is_refused_before_training_with_what_would_fit():
    watcher, wide = Epochs(), {"forecaster.name": "mlp", "forecaster.hidden": [16384]}
    with pytest.raises(WrongUsageError, match=r"mlp on 20 series at lag 2 needs about .* of memory") as refused:
        within(300 * MIB, panel(20), lag=2, params=wide, observers=[watcher])
    assert watcher.count == 0
    assert refused.value.exit_code == 2
    width = int(re.search(r"forecaster\.hidden=(\d+)", refused.value.hint)[1])
    assert 128 <= width < 16384
    assert within(300 * MIB, panel(20), lag=2, params={**wide, "forecaster.hidden": [width]}).scores.any()


def test_a_limit_that_is_too_small_is_refused_with_one_that_is_enough():
    with pytest.raises(WrongUsageError, match="beside what is loaded") as refused:
        within(0, panel(30), lag=1)
    enough = re.search(r'memory="(\d+MiB)"', refused.value.hint)[1]
    settings = {"lag": 1, "params": {"training.epochs": 2}, "select": "none"}
    assert causalkit.discover(panel(30), method="grngc", memory=enough, **settings).scores.any()


def test_a_forecaster_that_does_not_fit_does_not_compete(monkeypatch):
    monkeypatch.setattr(causalkit.neural.method, "fits", lambda work: work.forecaster.record.name == "mlp")
    found = causalkit.discover(panel(8), method="grngc", lag=1, params={"training.epochs": 2}, select="none")
    assert found.config["forecaster"]["name"] == "mlp"
    assert any("component-mlp did not compete, as it needs more memory" in note for note in found.notes)


def test_little_memory_makes_chunks_smaller_and_scores_hardly_different(monkeypatch):
    settings = {"method": "grngc", "lag": 2, "params": {"training.epochs": 2}}
    usual = causalkit.discover(panel(8), **settings)
    monkeypatch.setattr(memory, "SMALLEST_CHUNK", 2**12)
    monkeypatch.setattr(memory, "CHUNKS", 2**40)
    small = causalkit.discover(panel(8), **settings)
    np.testing.assert_allclose(small.scores, usual.scores, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(small.p_values, usual.p_values, atol=1e-3)


def test_foreseeing_changes_nothing_of_a_run(monkeypatch):
    settings = {"method": "grngc", "lag": 1, "select": "none", "params": {"training.epochs": 2}}
    found = causalkit.discover(panel(8), **settings)
    monkeypatch.setattr("causalkit.neural.method.check_memory", lambda *arguments: None)
    monkeypatch.setattr("causalkit.neural.method.fits", lambda *arguments: True)
    assert np.array_equal(causalkit.discover(panel(8), **settings).scores, found.scores)
