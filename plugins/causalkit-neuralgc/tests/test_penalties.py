"""The regularizers as the common training loop sees them: group lasso, Frobenius and ridge."""

import pytest
import torch
from causalkit_grngc.mlp import MLP
from causalkit_neuralgc.clstm import CLSTM
from causalkit_neuralgc.cmlp import CMLP
from causalkit_neuralgc.frobenius import Frobenius
from causalkit_neuralgc.group_lasso import GroupLasso, GroupSparseGroupLasso, HierarchicalGroupLasso
from causalkit_neuralgc.groups import lag_norms, series_norms
from causalkit_neuralgc.residual_mlp import ResidualMLP
from causalkit_neuralgc.ridge import Ridge
from torch import nn

from causalkit.neural import Batch, input_jacobian

NETWORKS = [(CMLP, {"hidden": (6,)}), (CLSTM, {"hidden": 4}), (ResidualMLP, {"hidden": 6}), (MLP, {"hidden": (6, 5)})]
GROUP_LASSOS = [GroupLasso, GroupSparseGroupLasso, HierarchicalGroupLasso]


def build(case, series=5, lag=2):
    torch.manual_seed(0)
    return case[0](series, lag, **case[1]).double()


def batch(series=5, lag=2, windows=40, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(windows, lag, series, generator=generator, dtype=torch.float64)
    y = torch.randn(windows, series, generator=generator, dtype=torch.float64)
    return Batch(x=x, y=y, generator=generator)


@pytest.mark.parametrize("projections", [1, 3])
@pytest.mark.parametrize("case", NETWORKS, ids=str)
def test_frobenius_and_its_gradient_are_unbiased(case, projections):
    model, seen = build(case), batch()
    weight = next(model.parameters())

    def with_gradient(value):
        return torch.cat([value.reshape(1), torch.autograd.grad(value, weight)[0].flatten()[:5]]).detach()

    exact = with_gradient(input_jacobian(model, seen.x)[1].square().sum((1, 2, 3)).mean() / 5)
    penalty = Frobenius(1.0, projections)
    samples = torch.stack([with_gradient(penalty.penalty(model, seen)) for _ in range(300)])
    standard_error = samples.std(0) / len(samples) ** 0.5
    assert ((samples.mean(0) - exact).abs() <= 4.5 * standard_error + 1e-12).all()
    assert samples.std(0)[0] > 0


def test_more_projections_vary_less():
    model, seen = build(NETWORKS[2]), batch()
    spread = [
        torch.stack([Frobenius(1.0, count).penalty(model, seen).detach() for _ in range(200)]).std()
        for count in (1, 16)
    ]
    assert spread[1] < spread[0] / 2.5


def test_frobenius_draws_from_the_generator_of_the_batch_alone():
    model = build(NETWORKS[2])
    torch.manual_seed(1)
    first = Frobenius().penalty(model, batch(seed=3))
    torch.manual_seed(2)
    assert Frobenius().penalty(model, batch(seed=3)).item() == first.item()


def side_by_side(model):
    """A network for two independent copies of a system."""
    twice = MLP(6, 1, (12,), linear=False).double()
    with torch.no_grad():
        for ours, theirs in ((twice.layers[0], model.layers[0]), (twice.head, model.head)):
            ours.weight.copy_(torch.block_diag(theirs.weight, theirs.weight))
            ours.bias.copy_(theirs.bias.repeat(2))
    return twice


def test_a_frobenius_strength_means_the_same_at_every_number_of_series():
    model, seen = MLP(3, 1, (6,), linear=False).double(), batch(series=3, lag=1)
    double = Batch(x=seen.x.repeat(1, 1, 2), y=seen.y.repeat(1, 2), generator=seen.generator)

    def mean(network, seen):
        return torch.stack([Frobenius(1.0, 8).penalty(network, seen).detach() for _ in range(200)]).mean().item()

    assert mean(side_by_side(model), double) == pytest.approx(mean(model, seen), rel=0.03)


def test_ridge_means_the_same_at_every_number_of_series():
    model, seen = MLP(3, 1, (6,), linear=False).double(), batch(series=3, lag=1)
    double = Batch(x=seen.x.repeat(1, 1, 2), y=seen.y.repeat(1, 2), generator=seen.generator)
    penalty = Ridge(0.5)
    expected = penalty.penalty(model, seen).item()
    assert penalty.penalty(side_by_side(model), double).item() == pytest.approx(expected)


@pytest.mark.parametrize("case", NETWORKS, ids=str)
def test_ridge_leaves_first_layer_and_offsets_out(case):
    model, seen = build(case), batch()
    penalty = Ridge(0.5).penalty(model, seen)
    gradients = torch.autograd.grad(penalty, list(model.parameters()), materialize_grads=True, allow_unused=True)
    first = model.input_weights().data_ptr()
    touched = []
    for (name, value), gradient in zip(model.named_parameters(), gradients, strict=True):
        if value.data_ptr() == first or "bias" in name or name == "offset":
            assert (gradient == 0).all(), name
        else:
            torch.testing.assert_close(gradient, 2 * 0.5 / 5 * value.detach())
            touched.append(name)
    assert touched


def test_ridge_acts_on_a_network_that_names_no_first_layer():
    class Plain(nn.Module):
        def __init__(self):
            super().__init__()
            self.map = nn.Linear(10, 5).double()

        def forward(self, x):
            return self.map(x.flatten(1))

    assert Ridge(1.0).penalty(Plain(), batch()).item() > 0


@pytest.mark.parametrize("penalty", GROUP_LASSOS)
@pytest.mark.parametrize("case", NETWORKS, ids=str)
def test_proximal_step_of_the_common_loop_agrees_with_the_penalty(case, penalty):
    """The step minimises ||V - W||^2 / 2 + step * penalty: small steps follow its slope, large ones end at zero."""
    model, acting = build(case), penalty(0.3)
    first = next(value for value in model.parameters() if value.data_ptr() == model.input_weights().data_ptr())
    before = acting.penalty(model, batch())
    (slope,) = torch.autograd.grad(before, first)
    kept = first.detach().clone()
    acting.prox(model, 1e-5)
    torch.testing.assert_close((kept - first.detach()) / 1e-5, slope, rtol=1e-3, atol=1e-6)
    acting.prox(model, 1e4)
    assert (model.input_weights() == 0).all()
    assert acting.penalty(model, batch()).item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("penalty", GROUP_LASSOS)
def test_scores_are_zero_where_a_group_is_and_nowhere_else(penalty):
    model = build((CMLP, {"hidden": (6,)}), lag=3)
    with torch.no_grad():
        model.input[1, :, :, 0] = 0  # cause 0, effect 1: no lag
        model.input[2, :, 0, 3] = 0  # cause 3, effect 2: the farthest lag, 3
    scores = penalty().scores(model, batch(lag=3).x)
    expected = torch.ones(5, 5, 3, dtype=torch.bool)
    expected[0, 1] = False
    expected[3, 2, 2] = False
    assert torch.equal(scores > 0, expected)
    if penalty is GroupLasso:
        torch.testing.assert_close(scores.amax(2), series_norms(model.input).T.detach())
    else:
        torch.testing.assert_close(scores, lag_norms(model.input).flip(1).permute(2, 0, 1).detach())


def test_scores_of_a_recurrent_network_spread_over_lags():
    model = build((CLSTM, {"hidden": 4}), lag=3)
    with torch.no_grad():
        model.input[1, :, :, 0] = 0
    scores = GroupLasso().scores(model, batch(lag=3).x)
    torch.testing.assert_close(scores.amax(2), series_norms(model.input).T.detach())
    assert (scores[0, 1] == 0).all()
    assert (scores > 0).sum() == 24 * 3


def test_scores_of_a_shared_network_leave_out_series_that_no_target_uses():
    model = build((MLP, {"hidden": (6,)}))
    with torch.no_grad():
        model.input_weights()[..., 2] = 0
    scores = GroupLasso().scores(model, batch().x)
    assert scores.shape == (5, 5, 2)
    assert (scores[2] == 0).all()
    assert (scores[[0, 1, 3, 4]] > 0).any(2).all()


@pytest.mark.parametrize("penalty", GROUP_LASSOS)
def test_a_group_lasso_needs_input_weights(penalty):
    assert penalty().compatible(build(NETWORKS[0])) is None
    assert "input weights" in penalty().compatible(nn.Linear(2, 2))
