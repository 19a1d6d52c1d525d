"""The forecasters: shapes, exact Jacobians, and that any lag and any depth work."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from causalkit_grngc.component_mlp import ComponentMLP
from causalkit_grngc.kan import KAN
from causalkit_grngc.lstm import LSTM
from causalkit_grngc.mlp import MLP
from causalkit_grngc.spline import FUNCTIONS, spline_basis, spline_slope
from causalkit_grngc.tcn import TCN

from causalkit.neural import autograd_jacobian, input_jacobian, jacobian_size
from causalkit.neural.modules import forecaster, summed_jacobian

ALL = [
    (MLP, {"hidden": (6,)}),
    (MLP, {"hidden": (6, 5, 4), "activation": "tanh"}),
    (MLP, {"hidden": (6, 5), "activation": "softplus"}),
    (MLP, {"hidden": (6,), "activation": "elu"}),
    (MLP, {"hidden": (6,), "linear": True}),
    (MLP, {"hidden": (6, 5), "linear": True, "activation": "elu"}),
    (ComponentMLP, {"hidden": (6,)}),
    (ComponentMLP, {"hidden": (6,), "linear": False, "activation": "relu"}),
    (ComponentMLP, {"hidden": (6, 5, 4), "activation": "tanh"}),
    (ComponentMLP, {"hidden": (6, 5), "activation": "softplus", "linear": False}),
    (KAN, {"hidden": (6,)}),
    (KAN, {"hidden": (6, 5)}),
    (LSTM, {"hidden": (6,)}),
    (LSTM, {"hidden": (6, 5)}),
    (TCN, {"channels": 6}),
    (TCN, {"channels": 6, "blocks": 2, "kernel": 2}),
]
FAST_PATH = [case for case in ALL if hasattr(case[0], "jacobian")]


def build(case, series=4, lag=3):
    torch.manual_seed(0)
    return case[0](series=series, lag=lag, **case[1]).double()


def windows(count=9, series=4, lag=3, scale=1.0):
    # Scale 1 puts some inputs outside the spline grid, where a KAN must still be exact.
    return scale * torch.randn(count, lag, series, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("case", ALL, ids=str)
@pytest.mark.parametrize("lag", [1, 2, 7])
def test_shapes_for_any_lag(case, lag):
    model = build(case, lag=lag)
    x = windows(lag=lag)
    assert model(x).shape == (9, 4)
    assert autograd_jacobian(model, x)[1].shape == (9, 4, lag, 4)


@pytest.mark.parametrize("case", ALL, ids=str)
def test_windows_do_not_influence_each_other(case):
    model, x = build(case), windows()
    torch.testing.assert_close(model(x)[3:4], model(x[3:4]))


@pytest.mark.parametrize("case", FAST_PATH, ids=str)
@pytest.mark.parametrize("scale", [0.3, 3.0])
@pytest.mark.parametrize(
    "targets",
    [
        None,
        torch.tensor([2, 0]),
        torch.tensor([[1], [0], [3]] * 3),
        torch.randint(4, (9, 5), generator=torch.Generator().manual_seed(2)),
    ],
    ids=["all", "two of them", "one for each window", "drawn for each window"],
)
def test_fast_jacobian_equals_autograd(case, scale, targets):
    model, x = build(case), windows(scale=scale)
    y, ours = model.jacobian(x, targets)
    _, theirs = autograd_jacobian(model, x, targets)
    torch.testing.assert_close(y, model(x))
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("case", ALL, ids=str)
@pytest.mark.parametrize("targets", [None, torch.tensor([[1]] * 9)], ids=["all", "own"])
def test_penalty_has_the_right_gradient(case, targets):
    """Differentiating the Jacobian once more agrees with finite differences of the penalty."""
    model, x = build(case), windows(scale=0.5)
    input_jacobian(model, x, targets)[1].abs().sum().backward()
    checked = 0
    for parameter in model.parameters():
        if parameter.grad is None:
            continue
        index = int(parameter.grad.abs().argmax())
        values = parameter.data.view(-1)
        step, original, found = 1e-6, float(values[index]), []
        for sign in (1, -1):
            values[index] = original + sign * step
            found.append(float(input_jacobian(model, x, targets)[1].detach().abs().sum()))
        values[index] = original
        assert float(parameter.grad.view(-1)[index]) == pytest.approx(
            (found[0] - found[1]) / (2 * step), rel=1e-4, abs=1e-6
        )
        checked += 1
    assert checked >= 2


@pytest.mark.parametrize("case", ALL, ids=str)
@pytest.mark.parametrize("counted", [False, True], ids=["all alike", "counted"])
@pytest.mark.parametrize("chunk", [1, 900, 2**20])
def test_size_of_the_jacobian_and_its_gradient_equal_autograd(monkeypatch, case, counted, chunk):
    for module in (forecaster, summed_jacobian):
        monkeypatch.setattr(module, "CHUNK_BYTES", chunk)
    model, x = build(case), windows()
    counts = torch.rand(4, 4, dtype=torch.float64) if counted else None
    forecast, size = jacobian_size(model, x, counts)
    sizes = autograd_jacobian(model, x)[1].abs()
    expected = (sizes if counts is None else sizes * counts.unsqueeze(1)).sum()
    torch.testing.assert_close(size, expected)
    if forecast is not None:
        torch.testing.assert_close(forecast, model(x))
    weights = list(model.parameters())
    ours, theirs = (torch.autograd.grad(3 * one, weights, allow_unused=True) for one in (size, expected))
    for one, other, weight in zip(ours, theirs, weights, strict=True):
        zero = torch.zeros_like(weight)
        torch.testing.assert_close(zero if one is None else one, zero if other is None else other)


@pytest.mark.parametrize("case", ALL, ids=str)
def test_size_of_the_jacobian_of_vectorized_networks(case):
    """The gradients of networks that take one pass together are those of each alone."""
    models, x = [build(case), build(case)], torch.stack([windows(), windows(scale=0.5)])
    for weight in models[1].parameters():
        weight.data += 0.1
    stacked = {
        name: torch.stack([dict(model.named_parameters())[name].detach() for model in models]).requires_grad_()
        for name, _ in models[0].named_parameters()
    }

    def size(weights, x):
        return torch.func.functional_call(Sized(models[0]), {f"model.{name}": one for name, one in weights.items()}, x)

    together = torch.func.vmap(size)(stacked, x)
    (together * torch.tensor([1.0, 2.0])).sum().backward()
    for number, model in enumerate(models):
        alone = jacobian_size(model, x[number])[1]
        torch.testing.assert_close(together[number], alone)
        ((number + 1) * alone).backward()
        for name, weight in model.named_parameters():
            if weight.grad is not None:
                torch.testing.assert_close(stacked[name].grad[number], weight.grad)


class Sized(torch.nn.Module):
    """The size of the Jacobian as the output of a module."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return jacobian_size(self.model, x)[1]


def test_spline_basis_is_the_textbook_one():
    """Cox-de Boor recursion on knots from -2.2 to 2.2, written here for the comparison only."""
    knots = np.linspace(-2.2, 2.2, FUNCTIONS + 4)
    x = np.linspace(-2.6, 2.6, 401)
    basis = [((x >= a) & (x < b)).astype(float) for a, b in pairwise(knots)]
    for degree in (1, 2, 3):
        basis = [
            (x - knots[i]) / (knots[i + degree] - knots[i]) * basis[i]
            + (knots[i + degree + 1] - x) / (knots[i + degree + 1] - knots[i + 1]) * basis[i + 1]
            for i in range(len(basis) - 1)
        ]
    np.testing.assert_allclose(spline_basis(torch.from_numpy(x)).numpy().T, np.array(basis), atol=1e-12)


def test_spline_derivatives_of_every_order():
    x = (torch.rand(50, dtype=torch.float64) * 5 - 2.5).requires_grad_()
    assert torch.autograd.gradcheck(spline_basis, x)
    assert torch.autograd.gradcheck(spline_slope, x)
    assert torch.autograd.gradgradcheck(spline_basis, x)


def test_kan_has_the_papers_number_of_parameters():
    series, hidden = 10, 16
    assert sum(p.numel() for p in KAN(series, 1, (hidden,)).parameters()) == 20 * series * hidden


def test_many_windows_and_few_have_the_same_jacobian():
    """With as many windows as inputs, one hidden layer takes one product for all windows."""
    for linear in (False, True):
        model, x = build((MLP, {"hidden": (6,), "linear": linear})), windows(count=40)
        few = torch.cat([model.jacobian(part)[1] for part in x.split(3)])
        torch.testing.assert_close(model.jacobian(x)[1], few)


def test_linear_map_starts_at_nothing_and_is_an_input_weight():
    plain, linear = build((MLP, {"hidden": (6,), "linear": False})), build((MLP, {"hidden": (6,), "linear": True}))
    torch.testing.assert_close(plain(windows()), linear(windows()))
    weights = linear.input_weights()
    assert weights.shape == (1, 6 + 4, 3, 4)
    with torch.no_grad():
        weights[:, :, 1, 2] = 0.0  # what a proximal step does: no input may be left over at another place
    assert (linear.jacobian(windows())[1][:, :, 1, 2] == 0).all()


def test_kan_is_linear_outside_its_grid():
    model = build((KAN, {"hidden": (6,)}))
    far = torch.full((1, 3, 4), 50.0, dtype=torch.float64)
    layer = model.layers[0]
    torch.testing.assert_close(layer(far.flatten(1)), far.flatten(1) @ layer.base.T)


def test_networks_have_the_widths_that_were_asked_for():
    mlp = MLP(4, 3, (8, 6), linear=False)
    assert [tuple(layer.weight.shape) for layer in (*mlp.layers, mlp.head)] == [(8, 12), (6, 8), (4, 6)]
    assert mlp.input_weights().shape == (1, 8, 3, 4)
    assert mlp.features(windows().float()).shape == (9, 6)


def test_input_weights_are_laid_out_as_the_window():
    mlp = MLP(4, 3, (8,)).double()
    with torch.no_grad():
        mlp.input_weights()[0, :, 2, 1] = 0  # series 1 at lag 1
    x = windows()
    moved = x.clone()
    moved[:, 2, 1] += 5
    torch.testing.assert_close(mlp(x), mlp(moved))
