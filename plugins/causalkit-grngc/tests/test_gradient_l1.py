"""The penalty: its scaling, its two estimators, and what it finds."""

from dataclasses import replace

import pytest
import torch
from causalkit_grngc import gradient_l1
from causalkit_grngc.component_mlp import ComponentMLP
from causalkit_grngc.gradient_l1 import GradientL1
from causalkit_grngc.kan import KAN
from causalkit_grngc.lstm import LSTM
from causalkit_grngc.mlp import MLP

import causalkit
from causalkit import Run
from causalkit.neural import Batch, ForecasterModule, Training, input_jacobian, jacobian_size
from causalkit.neural.modules import summed_jacobian
from causalkit.neural.parts import penalty_sum
from causalkit.neural.training.data import TrainingData
from causalkit.neural.training.networks import Epoch, Networks


def batch(series=5, lag=2, windows=40, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(windows, lag, series, generator=generator)
    return Batch(x=x, y=torch.randn(windows, series, generator=generator), generator=generator)


@pytest.mark.parametrize("network", [MLP, ComponentMLP, KAN, LSTM])
def test_exact_penalty_is_the_papers_up_to_the_stated_scaling(network):
    """Paper: lambda * sum over all pairs of the mean absolute gradient; ours agrees for strength = lambda * P."""
    model, seen = network(5, 2, (6,)), batch()
    x = seen.x.clone().requires_grad_()
    y = model(x)
    rows = [torch.autograd.grad(y[:, i].sum(), x, retain_graph=True)[0] for i in range(5)]
    paper = 0.003 * sum(row.abs().mean(0).sum() for row in rows)
    ours = GradientL1(strength=0.003 * 5, estimator="exact").penalty(model, seen)
    assert ours.item() == pytest.approx(paper.item(), rel=1e-5)


def shapley_values(model, x):
    """The definition, in loops: E[J_a^2] + 1/2 sum over b != a of E|J_a J_b|, of targets and flat inputs."""
    x = x.clone().requires_grad_()
    y = model(x)
    rows = [torch.autograd.grad(y[:, i].sum(), x, retain_graph=True)[0].flatten(1) for i in range(y.shape[1])]
    found = torch.zeros(y.shape[1], rows[0].shape[1])
    for i, row in enumerate(rows):
        for a in range(row.shape[1]):
            others = [(row[:, a] * row[:, b]).abs().mean() for b in range(row.shape[1]) if b != a]
            found[i, a] = row[:, a].square().mean() + 0.5 * sum(others)
    return found


@pytest.mark.parametrize("network", [MLP, ComponentMLP, KAN, LSTM])
def test_shapley_penalty_and_scores_follow_the_definition_of_srngc(network):
    model, seen = network(4, 2, (6,)), batch(series=4)
    values = shapley_values(model, seen.x)
    regularizer = GradientL1(strength=0.3, estimator="exact", measure="shapley")
    assert regularizer.penalty(model, seen).item() == pytest.approx(0.3 * values.sum().item() / 4, rel=1e-5)
    scores = regularizer.scores(model, seen.x)  # (cause, effect, lag); inputs are oldest first
    expected = values.detach().unflatten(1, (2, 4)).flip(1).permute(2, 0, 1)
    torch.testing.assert_close(scores.float(), expected)


def test_shapley_counts_forbidden_gradients_more_and_required_ones_not():
    model, seen = MLP(4, 2, (6,)).double(), batch(series=4)
    allowed, required = torch.ones(4, 4, dtype=torch.bool), torch.zeros(4, 4, dtype=torch.bool)
    allowed[0, 1], required[2, 1] = False, True
    seen = replace(seen, x=seen.x.double(), y=seen.y.double(), allowed=allowed, required=required)
    sizes = input_jacobian(model, seen.x)[1].abs().detach()
    sizes[:, 1, :, 0] *= gradient_l1.FORBIDDEN
    sizes[:, 1, :, 2] = 0
    expected = gradient_l1._shapley_values(sizes).sum() / (4 * len(seen.x))
    found = GradientL1(1.0, estimator="exact", measure="shapley").penalty(model, seen)
    assert found.item() == pytest.approx(expected.item(), rel=1e-9)


@pytest.mark.parametrize("measure", ["l1", "shapley"])
def test_exact_penalty_does_not_depend_on_its_chunks(monkeypatch, measure):
    model, seen = MLP(5, 2, (6,)), batch()
    whole = GradientL1(estimator="exact", measure=measure).penalty(model, seen)
    monkeypatch.setattr(gradient_l1, "CHUNK_BYTES", 600)
    monkeypatch.setattr(summed_jacobian, "CHUNK_BYTES", 600)
    chunks = GradientL1(estimator="exact", measure=measure).penalty(model, seen)
    assert chunks.item() == pytest.approx(whole.item(), rel=1e-5)


@pytest.mark.parametrize(("draws", "measure"), [(1, "l1"), (3, "l1"), (3, "shapley")])
@pytest.mark.parametrize("network", [MLP, ComponentMLP, KAN, LSTM])
def test_sampled_penalty_and_its_gradient_are_unbiased(network, draws, measure):
    torch.manual_seed(0)
    model, seen = network(5, 2, (6,)).double(), batch()
    seen = Batch(x=seen.x.double(), y=seen.y.double(), generator=seen.generator)
    weight = next(model.parameters())

    def value_and_gradient(estimator):
        value = GradientL1(1.0, estimator=estimator, draws=draws, measure=measure).penalty(model, seen)
        return torch.cat([value.reshape(1), torch.autograd.grad(value, weight)[0].flatten()[:5]]).detach()

    exact = value_and_gradient("exact")
    samples = torch.stack([value_and_gradient("sampled") for _ in range(600)])
    error = samples.mean(0) - exact
    standard_error = samples.std(0) / len(samples) ** 0.5
    assert (error.abs() <= 4.5 * standard_error + 1e-12).all()
    assert (samples.std(0)[0] > 0).item()


@pytest.mark.parametrize("hidden", [(8,), (8, 6)])
def test_component_wise_members_learn_the_same_together_and_in_turn(hidden):
    panel, _ = causalkit.simulate("var", series=5, lag=1, steps=80, seed=0)
    run = Run(device="cpu", dtype="float64")
    windows = panel.standardized()[0].windows(2)
    data = replace(TrainingData.of(windows, run), rows=torch.stack([torch.arange(60), torch.arange(10, 70)]))
    penalties = penalty_sum("gradient-l1", {"strength": 0.1, "estimator": "exact"}).for_stage("train")

    def trained(*, vectorized):
        torch.manual_seed(0)
        models = [ComponentMLP(5, 2, hidden).double() for _ in range(2)]
        networks = Networks(models, penalties, data, Training(), run)
        networks._vectorized = None if vectorized else False
        for _ in range(5):
            networks.epoch(Epoch(0.01, 1.0))
        assert networks._vectorized == vectorized
        return networks.weights

    together, in_turn = trained(vectorized=True), trained(vectorized=False)
    for name, weight in together.items():
        torch.testing.assert_close(weight, in_turn[name])


def test_component_wise_networks_find_lorenz96_along_the_path():
    panel, truth = causalkit.simulate("lorenz96", series=20, forcing=40.0, steps=500, seed=0)
    found = causalkit.discover(panel, lag=1, forecaster="component-mlp", params={"training.epochs": 100})
    assert found.config["regularizer"][0]["estimator"] == "sampled"
    assert found.evaluate(truth, diagonal="include")["auroc"] > 0.985


class WithoutJacobian(ComponentMLP):
    """As a component-wise recurrent network, it leaves its Jacobian to automatic differentiation."""

    jacobian = ForecasterModule.jacobian


def test_windows_are_drawn_only_where_rows_are_cheap(monkeypatch):
    """A row of a recurrent or joint network costs a backward pass: never all rows."""
    asked = []
    for one in (input_jacobian, jacobian_size):
        monkeypatch.setattr(gradient_l1, one.__name__, lambda *given, one=one: asked.append(given) or one(*given))
    seen = batch()
    for network in (ComponentMLP, WithoutJacobian, MLP):
        GradientL1(estimator="sampled").penalty(network(5, 2, (6,)), seen)
    assert [len(x) for _, x, *_ in asked] == [10, 40, 40]
    assert [rest[0].shape for _, _, *rest in asked if rest[0] is not None] == [(40, 1), (40, 1)]


def test_sampling_uses_the_batch_generator_alone():
    model = MLP(5, 2, (6,))
    torch.manual_seed(1)
    first = GradientL1(estimator="sampled").penalty(model, batch(seed=3))
    torch.manual_seed(2)
    assert GradientL1(estimator="sampled").penalty(model, batch(seed=3)).item() == first.item()


@pytest.mark.parametrize(
    ("series", "network", "expected"),
    [
        (10, MLP, "exact"),
        (40, MLP, "sampled"),
        (10, ComponentMLP, "exact"),
        (40, ComponentMLP, "sampled"),
        (10, LSTM, "sampled"),
        (10, KAN, "exact"),
    ],
)
def test_the_result_says_which_estimator_was_used(series, network, expected):
    assert GradientL1().describe(network(series, 1), series) == {"estimator": expected}
    assert GradientL1(estimator="exact").describe(network(series, 1), series) == {"estimator": "exact"}


def test_strength_means_the_same_at_every_number_of_series():
    """Two independent copies of a system, side by side, get the penalty of one."""
    model, seen = MLP(3, 1, (6,), linear=False), batch(series=3, lag=1)
    twice = MLP(6, 1, (12,), linear=False)
    with torch.no_grad():
        for ours, theirs in ((twice.layers[0], model.layers[0]), (twice.head, model.head)):
            ours.weight.copy_(torch.block_diag(theirs.weight, theirs.weight))
            ours.bias.copy_(theirs.bias.repeat(2))
    double = Batch(x=seen.x.repeat(1, 1, 2), y=seen.y.repeat(1, 2), generator=seen.generator)
    exact = GradientL1(estimator="exact")
    assert exact.penalty(twice, double).item() == pytest.approx(exact.penalty(model, seen).item(), rel=1e-5)


@pytest.mark.parametrize("forecaster", ["mlp", "component-mlp"])
def test_shapley_finds_the_edge_at_its_lag(forecaster):
    panel, _ = causalkit.simulate("lagged-pair", seed=1)
    params = {"regularizer.measure": "shapley", "training.epochs": 30}
    discovery = causalkit.discover(panel, method="grngc", forecaster=forecaster, lag=3, params=params)
    assert discovery.edges(top=1).iloc[0][["cause", "effect", "lag"]].tolist() == ["0", "1", 2]
    assert discovery.config["regularizer"][0]["measure"] == "shapley"


@pytest.mark.parametrize("forecaster", ["mlp", "component-mlp", "kan", "lstm", "tcn"])
@pytest.mark.parametrize("estimator", ["exact", "sampled"])
def test_every_forecaster_finds_the_edge_at_its_lag(forecaster, estimator):
    panel, _ = causalkit.simulate("lagged-pair", seed=1)
    params = {"regularizer.estimator": estimator, "regularizer.strength": 0.1, "training.epochs": 60}
    discovery = causalkit.discover(panel, method="grngc", forecaster=forecaster, lag=3, params=params)
    assert discovery.edges(top=1).iloc[0][["cause", "effect", "lag"]].tolist() == ["0", "1", 2]
    assert discovery.config["regularizer"][0]["estimator"] == estimator


def test_sampled_is_as_accurate_as_exact_on_lorenz96():
    """P = 20, F = 40."""
    panel, truth = causalkit.simulate("lorenz96", series=20, forcing=40.0, seed=0)
    found = {}
    for estimator in ("exact", "sampled"):
        discovery = causalkit.discover(panel, params={"regularizer.estimator": estimator})
        found[estimator] = discovery.evaluate(truth, diagonal="include")["auroc"]
    assert found["exact"] > 0.98
    assert abs(found["exact"] - found["sampled"]) < 0.005


def test_lorenz96_is_found_completely():
    panel, truth = causalkit.simulate("lorenz96", seed=0)
    discovery = causalkit.discover(panel)
    assert discovery.evaluate(truth, diagonal="include")["auroc"] == 1.0
    assert discovery.evaluate(truth, diagonal="exclude")["auroc"] == 1.0


def test_input_jacobian_takes_the_fast_path_where_there_is_one(monkeypatch):
    model, seen = MLP(5, 2, (6,)), batch()
    monkeypatch.setattr("causalkit.neural.modules.forecaster.autograd_jacobian", None)
    assert input_jacobian(model, seen.x)[1].shape == (40, 5, 2, 5)
