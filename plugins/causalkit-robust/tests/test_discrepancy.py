"""`discrepancy`: it brings features of two domains together, and does not let them collapse."""

import numpy as np
import pytest
import torch
from causalkit_grngc.mlp import MLP
from causalkit_robust.collapse import varying_share
from causalkit_robust.discrepancy import Discrepancy, standardised
from causalkit_robust.distances import DISTANCES

import causalkit
from causalkit import Panel
from causalkit.errors import TrainingError, WrongUsageError
from causalkit.neural import Batch

SERIES, LAG = 4, 2
FAST = {"forecaster.hidden": 16, "training.epochs": 60}


def batch(progress=1.0, seed=0, windows=60, shift=1.0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(windows, LAG, SERIES, generator=generator)
    other = 0.5 * torch.randn(windows, LAG, SERIES, generator=generator) + shift
    y = torch.randn(windows, SERIES, generator=generator)
    return Batch(x, y, generator, other, "pretrain", progress)


def network(seed=0):
    torch.manual_seed(seed)
    return MLP(SERIES, LAG, (12,), activation="relu", linear=False)


def distance(model, seen, kind):
    with torch.no_grad():
        features = standardised(model.features(torch.cat([seen.x, seen.other])))
    return float(DISTANCES[kind](*features.split([len(seen.x), len(seen.other)])))


@pytest.mark.parametrize("kind", DISTANCES)
def test_descent_on_it_brings_the_domains_together(kind):
    model, seen = network(), batch()
    before = distance(model, seen, kind)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(100):
        optimizer.zero_grad()
        # A forecast to be kept up is what stands against the trivial way.
        loss = Discrepancy(1.0, kind).penalty(model, seen) + (model(seen.x) - seen.x[:, -1]).square().mean()
        loss.backward()
        optimizer.step()
    assert distance(model, seen, kind) < 0.5 * before


@pytest.mark.parametrize(("ramp", "progress", "share"), [(0.5, 0.0, 0), (0.5, 0.25, 0.5), (0.5, 0.8, 1), (0, 0.0, 1)])
def test_the_weight_grows_over_the_first_epochs(ramp, progress, share):
    model = network()
    whole = Discrepancy(0.3, ramp=0).penalty(model, batch())
    part = Discrepancy(0.3, ramp=ramp).penalty(model, batch(progress))
    assert part.item() == pytest.approx(share * whole.item())


def test_a_scale_of_the_features_changes_nothing():
    """Otherwise shrinking all features would be the easiest way to lower the distance."""
    model, seen = network(), batch()
    before = Discrepancy(kind="mean").penalty(model, seen).item()
    with torch.no_grad():
        for weight in model.layers[0].parameters():
            weight *= 0.01
    assert Discrepancy(kind="mean").penalty(model, seen).item() == pytest.approx(before, rel=1e-4)


def test_no_gradient_flows_through_the_statistics():
    features = torch.randn(20, 3, requires_grad=True)
    standardised(features).sum().backward()
    torch.testing.assert_close(features.grad, (1 / features.detach().std(0, unbiased=False)).expand(20, 3))


def test_collapsed_features_end_training_with_a_way_out():
    model = network()
    with torch.no_grad():
        model.layers[0].weight *= 1e-4  # all windows get nearly the same features, those of the offsets
    with pytest.raises(TrainingError, match=r"features have collapsed.*discrepancy\.strength"):
        Discrepancy().penalty(model, batch())
    with torch.no_grad():
        model.layers[0].bias.fill_(-100)  # no unit fires any more
    with pytest.raises(TrainingError, match="features have collapsed"):
        Discrepancy().penalty(model, batch())


def test_healthy_networks_are_far_from_collapse():
    for seed in range(5):
        assert varying_share(network(seed).features(batch(seed=seed).x).detach()) > 0.1


def test_a_unit_that_hardly_ever_fires_is_not_blown_up():
    features = torch.randn(100, 3, generator=torch.Generator().manual_seed(0))
    features[:, 2] = 0
    features[0, 2] = 1e-6
    assert float(standardised(features)[:, 2].abs().max()) < 0.01


def test_many_windows_are_drawn_from_the_generator_of_the_batch():
    model = network()
    values = [Discrepancy(windows=20).penalty(model, batch(seed=0)).item() for _ in range(2)]
    assert values[0] == values[1]
    assert values[0] != Discrepancy().penalty(model, batch(seed=0)).item()


@pytest.fixture(scope="module")
def domains():
    source, _ = causalkit.simulate("lorenz96", series=5, forcing=8.0, steps=300, seed=100)
    target, _ = causalkit.simulate("lorenz96", series=5, forcing=14.0, steps=120, seed=1)
    return source, target


def discover(domains, regularizer, **more):
    source, target = domains
    params = {**FAST, **{key.replace("__", "."): value for key, value in more.items()}}
    return causalkit.discover(target, regularizer=regularizer, pretrain=source, params=params)


@pytest.mark.parametrize("estimator", ["exact", "sampled"])
def test_strength_0_changes_no_byte(domains, estimator):
    """Also where other parts draw random numbers: what is not compared is not drawn."""
    more = {"training__batch_size": 40}
    plain = discover(domains, "gradient-l1", regularizer__estimator=estimator, **more)
    key = "regularizer__gradient-l1__estimator"
    off = discover(
        domains,
        "gradient-l1+discrepancy",
        **{key: estimator, "regularizer__discrepancy__strength": 0.0, "regularizer__discrepancy__stage": "both"},
        **more,
    )
    assert off.scores.tobytes() == plain.scores.tobytes()


def test_it_acts_in_the_stages_that_were_chosen(domains):
    for stage, pre, fine in (("pretrain", True, False), ("finetune", False, True), ("both", True, True)):
        found = discover(domains, "gradient-l1+discrepancy", regularizer__stage=stage)
        assert ("discrepancy" in found.pretraining["history"]) == pre
        assert ("discrepancy" in found.history) == fine


def test_pretraining_with_it_lowers_the_distance_between_domains(domains):
    """To a target of another shape of distribution, which standardising leaves."""
    source = domains[0]
    skewed = Panel.of(np.exp(domains[1].standardized()[0].realisations[0]))
    last = []
    for strength in (1e-6, 10.0):
        found = discover(
            (source, skewed),
            "gradient-l1+discrepancy",
            regularizer__discrepancy__strength=strength,
            regularizer__kind="mean",
            pretrain__epochs=150,
        )
        last.append(np.mean(found.pretraining["history"]["discrepancy"][-5:]) / strength)
    assert last[1] < 0.6 * last[0]


def test_refused_on_one_domain(domains):
    with pytest.raises(WrongUsageError, match=r"discrepancy acts in training on two domains.*--pretrain"):
        causalkit.discover(domains[1], regularizer="gradient-l1+discrepancy", params=FAST)


def test_refused_where_nothing_below_the_head_is_trained(domains):
    with pytest.raises(WrongUsageError, match="layers below the head"):
        discover(domains, "gradient-l1+discrepancy", regularizer__stage="finetune", finetune__layers="head")


@pytest.mark.parametrize("method", ["cmlp", "clstm", "jrngc", "grngc"])
def test_it_combines_with_every_neural_method(domains, method):
    from causalkit.plugins.records import Method
    from causalkit.plugins.registry import registry

    own = registry().get(Method, method).record.regularizer
    found = causalkit.discover(
        domains[1],
        method=method,
        regularizer=f"{own}+discrepancy",
        lag=2,
        pretrain=domains[0],
        params={"forecaster.hidden": 6, "training.epochs": 4},
    )
    assert len(found.pretraining["history"]["discrepancy"]) == 4
