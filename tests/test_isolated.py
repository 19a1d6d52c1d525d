"""A run leaves the settings of torch and numpy as they were, and starts from those that it needs."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

import causalkit
from causalkit import Run


def test_what_an_interrupt_leaves_changed_is_put_back():
    def interrupted() -> None:
        with Run(device="cpu").isolated():
            torch.set_grad_enabled(False)
            torch.rand(1)
            raise KeyboardInterrupt

    number = torch.random.get_rng_state()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert torch.is_grad_enabled()
    assert torch.equal(torch.random.get_rng_state(), number)


def test_a_method_that_is_interrupted_leaves_errors_of_numpy_as_they_were(monkeypatch):
    def interrupted(*_):
        np.seterr(all="raise")
        raise KeyboardInterrupt

    errors = np.geterr()
    monkeypatch.setattr("causalkit.builtin.methods.linear_var.LinearVar.fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        causalkit.discover(np.random.default_rng(0).normal(size=(60, 3)), "var", lag=1)
    assert np.geterr() == errors


@pytest.mark.plugins
def test_networks_are_trained_where_gradients_are_off():
    x = np.random.default_rng(0).normal(size=(60, 3))
    with torch.no_grad():
        found = causalkit.discover(x, lag=1, params={"training.epochs": 3})
        assert not torch.is_grad_enabled()
    assert found.scores.tobytes() == causalkit.discover(x, lag=1, params={"training.epochs": 3}).scores.tobytes()


@pytest.mark.plugins
def test_discoveries_in_threads_have_the_scores_that_they_have_alone():
    """All threads share torch's generator, from which first weights are drawn."""

    def scores(seed: int) -> bytes:
        return causalkit.discover(x, lag=1, seed=seed, params={"training.epochs": 5}).scores.tobytes()

    x = np.random.default_rng(0).normal(size=(200, 3))
    alone = [scores(seed) for seed in range(3)]
    number = torch.random.get_rng_state()
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(scores, range(3)))
    assert together == alone
    assert torch.equal(torch.random.get_rng_state(), number)
