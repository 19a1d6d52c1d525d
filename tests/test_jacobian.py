"""The input Jacobian against autograd in double precision, and its orientation."""

import pytest
import torch

from causalkit.neural import as_scores, autograd_jacobian, input_jacobian, mean_absolute_jacobian, narrow_jacobian
from tests.systems import Curved, Linear


@pytest.fixture
def model() -> Curved:
    torch.manual_seed(0)
    return Curved(series=3, lag=2).double()


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(5, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def by_hand(model, x):
    """One backward pass for each window and target."""
    rows = []
    for window in x:
        window = window.clone().requires_grad_()
        y = model(window[None])[0]
        rows.append(torch.stack([torch.autograd.grad(one, window, retain_graph=True)[0] for one in y]))
    return torch.stack(rows)


def test_all_targets(model, x):
    y, jacobian = input_jacobian(model, x)
    torch.testing.assert_close(y, model(x))
    torch.testing.assert_close(jacobian, by_hand(model, x))


def test_shared_and_own_targets(model, x):
    full = by_hand(model, x)
    shared = torch.tensor([2, 0])
    torch.testing.assert_close(input_jacobian(model, x, shared)[1], full[:, shared])
    own = torch.tensor([[0], [2], [1], [1], [0]])
    torch.testing.assert_close(input_jacobian(model, x, own)[1], full[torch.arange(5)[:, None], own])


def test_is_differentiable_to_the_parameters(model, x):
    parameters = tuple(model.parameters())

    def penalty(jacobian):
        return jacobian.abs().sum()

    ours = torch.autograd.grad(penalty(autograd_jacobian(model, x)[1]), parameters, allow_unused=True)
    inputs = x.clone().requires_grad_()
    y = model(inputs)
    rows = [torch.autograd.grad(y[:, i].sum(), inputs, create_graph=True)[0] for i in range(3)]
    theirs = torch.autograd.grad(penalty(torch.stack(rows)), parameters, allow_unused=True)
    for a, b in zip(ours, theirs, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            torch.testing.assert_close(a, b)


@pytest.mark.parametrize("memory", [1, 300, 2**20])
def test_read_out_is_exact_in_any_chunks(model, x, memory):
    expected = by_hand(model, x).abs().mean(0)
    torch.testing.assert_close(mean_absolute_jacobian(model, x, memory), as_scores(expected))


def test_scores_are_cause_effect_lag_with_lag_one_first(x):
    model = Linear(series=3, lag=2).double()
    with torch.no_grad():
        model.map.weight.zero_()
        model.map.weight.view(3, 2, 3)[1, 0, 0] = -0.7  # target 1 reads series 0 at the older step: 0 -> 1 at lag 2
    scores = mean_absolute_jacobian(model, x)
    assert scores.shape == (3, 3, 2)
    assert scores[0, 1, 1] == pytest.approx(0.7)
    assert scores.sum() == pytest.approx(0.7)


@pytest.mark.parametrize("memory", [100, 300])
def test_read_out_fills_its_memory_budget_and_keeps_to_it(model, x, memory, monkeypatch):
    taken = []

    def watched(*given):
        jacobian = narrow_jacobian(*given)
        taken.append(jacobian.numel() * jacobian.element_size())
        return jacobian

    monkeypatch.setattr("causalkit.neural.modules.jacobian.narrow_jacobian", watched)
    mean_absolute_jacobian(model, x, memory)
    assert memory / 2 < max(taken) <= memory


def test_read_out_sums_in_double_precision():
    class Fast(torch.nn.Module):
        """Has the derivative that its window says."""

        def jacobian(self, x, targets=None):
            return x[:, 0], x[:, :, None, :1].transpose(1, 2)

    x = torch.tensor([2.0**24, 1.0, 1.0, 1.0]).reshape(4, 1, 1)
    assert mean_absolute_jacobian(Fast(), x).item() == (2.0**24 + 3) / 4
