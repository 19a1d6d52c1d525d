"""How many threads training takes where the user has not said it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import causalkit
from causalkit.errors import WrongUsageError
from causalkit.neural.training import threads as module

PARAMS = {"training.epochs": 5, "ensemble": 3, "training.batch_size": 20}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[int, float]:
    """Return seconds of a step by number of threads; they take the place of a clock, on a machine with four cores."""
    seconds = {1: 1.0, 2: 1.0, 4: 1.0}
    measure = module._seconds

    def measured(networks: Any, epoch: Any, threads: int) -> float:
        measure(networks, epoch, threads)
        return seconds[threads]

    monkeypatch.setattr(module, "_seconds", measured)
    monkeypatch.setattr(module, "LEAST_WORK", 0)
    monkeypatch.setattr(module, "usable_threads", lambda: 4)
    return seconds


def discovered(**more: Any) -> causalkit.Discovery:
    panel, _ = causalkit.simulate("var", seed=0, series=5, steps=100, lag=1)
    return causalkit.discover(panel, lag=1, params=PARAMS, select="none", **more)


@pytest.mark.plugins
class TestThreads:
    @pytest.mark.parametrize(
        ("seconds", "chosen"),
        [({2: 0.95}, 1), ({2: 0.6}, 2), ({2: 0.6, 4: 0.4}, 4), ({2: 1.5, 4: 0.1}, 1)],
    )
    def test_as_many_as_are_clearly_faster(self, clock, seconds, chosen):
        clock.update(seconds)
        before = torch.get_num_threads()
        assert discovered().config["threads"] == chosen
        assert torch.get_num_threads() == before

    @pytest.mark.parametrize("optimizer", ["adam", "sgd"])
    def test_measuring_changes_no_byte_of_the_result(self, clock, optimizer):
        more = {"params": {**PARAMS, "training.optimizer": optimizer, "regularizer.strength": 0.1, "ensemble": 1}}
        panel, _ = causalkit.simulate("var", seed=0, series=5, steps=100, lag=1)
        one, other = (causalkit.discover(panel, lag=1, select="none", threads=n, **more) for n in (None, 1))
        assert np.array_equal(one.scores, other.scores)
        assert np.array_equal(discovered().scores, discovered(threads=1).scores)

    def test_what_the_user_says_is_not_measured(self, clock):
        clock.clear()
        assert discovered(threads=2).config["threads"] == 2

    def test_small_networks_take_one_without_a_measurement(self, clock, monkeypatch):
        clock.clear()
        monkeypatch.setattr(module, "LEAST_WORK", 10**9)
        assert discovered().config["threads"] == 1


def test_no_more_than_the_process_may_use(monkeypatch):
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert module.usable_threads() == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    assert module.usable_threads() == 3


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, 2**40])
def test_a_number_of_threads_that_cannot_be_is_refused_in_one_sentence(threads: Any) -> None:
    with pytest.raises(WrongUsageError, match=r"threads=.* is not allowed"):
        causalkit.discover(np.zeros((20, 2)), threads=threads)
