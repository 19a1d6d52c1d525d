"""The forecasters: any choice of targets and inputs is a slice of the whole, and Jacobians are exact."""

import pytest
import torch
from causalkit_neuralgc.active import extend, restrict
from causalkit_neuralgc.clstm import CLSTM
from causalkit_neuralgc.cmlp import CMLP
from causalkit_neuralgc.groups import lasso, shrink_lasso
from causalkit_neuralgc.problem import Problem, take
from causalkit_neuralgc.residual_mlp import ResidualMLP

from causalkit.neural import autograd_jacobian, input_jacobian

SERIES, LAG, WINDOWS = 5, 3, 9
COMPONENT_WISE = [(CMLP, {"hidden": (6,)}), (CMLP, {"hidden": (6, 4)}), (CLSTM, {"hidden": 4})]
CLOSED_FORM = [
    (CMLP, {"hidden": (6,)}),
    (CMLP, {"hidden": (6, 5)}),
    (CMLP, {"hidden": (6, 5, 4)}),
    (ResidualMLP, {"hidden": 6, "layers": 1}),
    (ResidualMLP, {"hidden": 6, "layers": 3}),
]
TARGETS = [None, torch.tensor([2, 0]), torch.tensor([[1], [0], [4]] * 3), torch.randint(SERIES, (WINDOWS, 4))]


def build(case):
    torch.manual_seed(0)
    return case[0](series=SERIES, lag=LAG, **case[1]).double()


def windows():
    return torch.randn(WINDOWS, LAG, SERIES, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("case", COMPONENT_WISE, ids=str)
def test_targets_are_slices(case):
    model, x = build(case), windows()
    parameters = dict(model.named_parameters())
    chosen = torch.tensor([3, 1])
    torch.testing.assert_close(model.forecast(take(parameters, chosen), x), model.forecast(parameters, x)[..., chosen])


@pytest.mark.parametrize("case", COMPONENT_WISE, ids=str)
def test_series_that_a_target_does_not_use_can_be_left_out(case):
    """Forecast, penalty and gradient over the used series alone are those over all; extending brings the zeros back."""
    model, x = build(case), windows()
    used = torch.tensor([[0, 3], [1, 2], [4, 0], [3, 4], [2, 0]])
    with torch.no_grad():
        unused = torch.ones(SERIES, SERIES, dtype=torch.bool).scatter(1, used, False)
        model.input[unused[:, None, None, :].expand_as(model.input)] = 0
    parameters = {name: value.detach() for name, value in model.named_parameters()}
    forecast = model.forecast(parameters, x)
    y = torch.randn(forecast.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    whole = Problem(model.forecast, x, y, 0.01, 0.1, lasso, shrink_lasso)
    part, inside = restrict(whole, parameters, used)
    assert part.x.shape == (SERIES, WINDOWS, LAG, 2)
    torch.testing.assert_close(part.forecast(inside, part.x), forecast)
    torch.testing.assert_close(part.penalty(inside), whole.penalty(parameters))
    (error, loss, gradient), (their_error, their_loss, their_gradient) = part.smooth(inside), whole.smooth(parameters)
    torch.testing.assert_close((error, loss), (their_error, their_loss))
    for name in parameters.keys() - {"input"}:
        torch.testing.assert_close(gradient[name], their_gradient[name])
    index = used[:, None, None, :].expand_as(gradient["input"])
    torch.testing.assert_close(gradient["input"], their_gradient["input"].gather(3, index))
    back = extend(inside, used, SERIES)
    assert all(torch.equal(back[name], value) for name, value in parameters.items())


@pytest.mark.parametrize("case", COMPONENT_WISE, ids=str)
def test_a_target_depends_on_its_own_parameters_alone(case):
    model, x = build(case), windows()
    gradients = torch.autograd.grad(model(x)[:, 2].sum(), list(model.parameters()))
    for gradient in gradients:
        assert (gradient[[0, 1, 3, 4]] == 0).all()
        assert (gradient[2] != 0).any()


@pytest.mark.parametrize("case", [*COMPONENT_WISE, (ResidualMLP, {"hidden": 6, "layers": 2})], ids=str)
def test_shapes_and_independence_of_windows(case):
    model, x = build(case), windows()
    assert model(x).shape == (WINDOWS, SERIES)
    torch.testing.assert_close(model(x)[3:4], model(x[3:4]))


@pytest.mark.parametrize("case", [case for case in CLOSED_FORM if case[0] is CMLP], ids=str)
def test_input_weights_are_laid_out_as_the_window(case):
    model, x = build(case), windows()
    with torch.no_grad():
        model.input_weights()[1, :, 2, 3] = 0  # target 1 no longer sees series 3 at lag 1
    moved = x.clone()
    moved[:, 2, 3] += 5
    changed = (model(x) - model(moved)).abs().amax(0) > 0
    assert changed.tolist() == [True, False, True, True, True]


def test_input_weights_of_the_residual_network():
    model, x = build((ResidualMLP, {"hidden": 6})), windows()
    with torch.no_grad():
        model.input_weights()[0, :, 2, 3] = 0
    moved = x.clone()
    moved[:, 2, 3] += 5
    torch.testing.assert_close(model(x), model(moved))


@pytest.mark.parametrize("targets", TARGETS, ids=["all", "shared", "own", "several of each window"])
@pytest.mark.parametrize("case", CLOSED_FORM, ids=str)
def test_closed_form_of_the_jacobian_equals_autograd(case, targets):
    model, x = build(case), windows()
    y, ours = model.jacobian(x, targets)
    torch.testing.assert_close(y, model(x))
    torch.testing.assert_close(ours, autograd_jacobian(model, x, targets)[1])


@pytest.mark.parametrize("case", CLOSED_FORM, ids=str)
def test_the_jacobian_can_be_differentiated(case):
    model, x = build(case), windows()
    gradients = []
    for jacobian in (model.jacobian(x)[1], autograd_jacobian(model, x)[1]):
        loss = jacobian.square().sum()
        # Offsets of rectified units have no gradient: the slopes do not depend on them.
        gradients.append(torch.autograd.grad(loss, list(model.parameters()), materialize_grads=True, allow_unused=True))
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("targets", [None, torch.tensor([[1]] * WINDOWS)], ids=["all", "own"])
def test_the_gradient_of_a_recurrent_network_reaches_all_lags(targets):
    _, jacobian = input_jacobian(build((CLSTM, {"hidden": 4})), windows(), targets)
    assert jacobian.shape == (WINDOWS, SERIES if targets is None else 1, LAG, SERIES)
    assert (jacobian != 0).all()


def test_dropout_masks_value_and_slope_alike():
    """With the same random state, forward pass and closed form leave out the same units; without training, none."""
    model, x = build((ResidualMLP, {"hidden": 40, "layers": 2, "dropout": 0.5})).train(), windows()

    def seeded(function, *arguments):
        torch.manual_seed(7)
        return function(*arguments)

    y, ours = seeded(model.jacobian, x)
    torch.testing.assert_close(y, seeded(model, x))
    step = 1e-6
    shift = torch.zeros_like(x)
    shift[:, 1, 2] = step
    slope = (seeded(model, x + shift) - seeded(model, x - shift)) / (2 * step)
    torch.testing.assert_close(ours[:, :, 1, 2], slope, rtol=1e-5, atol=1e-8)
    kept = y
    y, ours = model.eval().jacobian(x)
    assert not torch.allclose(y, kept)
    torch.testing.assert_close(ours, autograd_jacobian(model, x)[1])
