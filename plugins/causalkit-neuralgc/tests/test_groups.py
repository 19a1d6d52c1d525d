"""The penalties and their proximal steps."""

import numpy as np
import pytest
import torch
from causalkit_neuralgc import groups

PENALTIES = {
    "GL": (groups.lasso, groups.shrink_lasso),
    "GSGL": (groups.sparse_group, groups.shrink_sparse_group),
    "H": (groups.hierarchical, groups.shrink_hierarchical),
}


def weights(targets=2, hidden=3, lag=4, series=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(targets, hidden, lag, series, generator=generator, dtype=torch.float64)


def positions_of_groups(name, lag):
    """The lags of each group of one series, by position in the window."""
    whole = [list(range(lag))]
    return {
        "GL": whole,
        "GSGL": [[k] for k in range(lag)] + whole,
        "H": [list(range(k + 1)) for k in range(lag)],
    }[name]


def minimiser(weight, amount, chosen, sweeps=3000):
    """argmin_V ||V - W||^2 / 2 + amount * sum_g ||V_g|| for one series W (hidden, lag), by its dual.

    V = W - sum of one vector in a ball of radius ``amount`` for each group; each is projected in turn until they agree.
    Nothing here knows that the groups are nested.
    """
    parts = np.zeros((len(chosen), *weight.shape))
    for _ in range(sweeps):
        for number, positions in enumerate(chosen):
            free = weight - parts.sum(0) + parts[number]
            inside = free[:, positions]
            parts[number][:, positions] = inside * min(1.0, amount / max(np.linalg.norm(inside), 1e-300))
    return weight - parts.sum(0)


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("amount", [0.1, 0.6, 1.4])
def test_proximal_step_is_the_minimiser(name, amount):
    weight = weights(targets=1, lag=3, series=3)
    ours = PENALTIES[name][1](weight, torch.tensor([amount], dtype=torch.float64))
    for series in range(3):
        best = minimiser(weight[0, :, :, series].numpy(), amount, positions_of_groups(name, 3))
        np.testing.assert_allclose(ours[0, :, :, series].numpy(), best, atol=1e-6)


@pytest.mark.parametrize("name", PENALTIES)
def test_no_point_near_the_proximal_step_is_better(name):
    value, shrink = PENALTIES[name]
    weight, amount = weights(), torch.tensor([0.3, 1.1], dtype=torch.float64)

    def cost(candidate):
        return (candidate - weight).square().flatten(1).sum(1) / 2 + amount * value(candidate)

    best = shrink(weight, amount)
    for seed in range(50):
        for scale in (1e-1, 1e-3, 1e-5):
            assert (cost(best) <= cost(best + scale * weights(seed=100 + seed)) + 1e-12).all()


@pytest.mark.parametrize("name", PENALTIES)
def test_value_is_the_sum_over_its_groups(name):
    weight = weights()
    expected = [
        sum(
            np.linalg.norm(one[:, positions, series])
            for series in range(5)
            for positions in positions_of_groups(name, 4)
        )
        for one in weight.numpy()
    ]
    np.testing.assert_allclose(PENALTIES[name][0](weight).numpy(), expected)


@pytest.mark.parametrize("name", PENALTIES)
def test_weak_series_become_exactly_zero_and_stay_finite(name):
    value, shrink = PENALTIES[name]
    weight = weights()
    weight[:, :, :, 2] *= 1e-3
    weight[:, :, :, 3] = 0
    shrunk = shrink(weight, torch.full((2,), 0.1, dtype=torch.float64))
    assert (shrunk[..., [2, 3]] == 0).all()
    assert (groups.series_norms(shrunk)[:, [0, 1, 4]] > 0).all()
    assert torch.isfinite(value(shrunk)).all()
    assert (shrink(weight, torch.full((2,), 1e3, dtype=torch.float64)) == 0).all()
    assert torch.equal(shrink(weight, torch.zeros(2, dtype=torch.float64)), weight)


def test_hierarchy_drops_far_lags_first():
    """Where a lag is zero, every farther one is; and some series keep a part of their lags."""
    weight = weights(targets=20, lag=6, series=8)
    used = groups.lag_norms(groups.shrink_hierarchical(weight, torch.full((20,), 0.8, dtype=torch.float64))) > 0
    assert (used[:, :-1] <= used[:, 1:]).all()  # positions are oldest first
    partly = used.any(1) & ~used.all(1)
    assert partly.any()


def test_sparse_group_drops_a_lag_between_others():
    weight = weights(targets=1, lag=3, series=2)
    weight[:, :, 1, 0] *= 0.05
    used = groups.lag_norms(groups.shrink_sparse_group(weight, torch.tensor([0.2], dtype=torch.float64))) > 0
    assert used[0, :, 0].tolist() == [True, False, True]
    assert used[0, :, 1].all()


@pytest.mark.parametrize("name", PENALTIES)
def test_each_target_has_an_amount_of_its_own(name):
    shrink = PENALTIES[name][1]
    weight, amount = weights(targets=3), torch.tensor([0.0, 0.4, 50.0], dtype=torch.float64)
    together = shrink(weight, amount)
    for target in range(3):
        alone = shrink(weight[target : target + 1], amount[target : target + 1])
        torch.testing.assert_close(together[target : target + 1], alone, rtol=0, atol=0)
    assert torch.equal(together[0], weight[0])
    assert (together[2] == 0).all()


@pytest.mark.parametrize("name", PENALTIES)
def test_gradient_of_the_value_is_finite_at_zero(name):
    """A zero group must not turn the gradient into NaN where a penalty is trained without proximal steps."""
    weight = weights()
    weight[..., 1] = 0
    weight[:, :, 0] = 0
    weight.requires_grad_()
    PENALTIES[name][0](weight).sum().backward()
    assert torch.isfinite(weight.grad).all()
