"""`discrepancy-mitigating`: the attack is one, it leaves the network alone, and training against it helps."""

import pytest
import torch
from causalkit_grngc.mlp import MLP
from causalkit_neuralgc.residual_mlp import ResidualMLP
from causalkit_robust.mitigating import DiscrepancyMitigating, attack_features, feature_change

import causalkit
from causalkit.neural import Batch

SERIES, LAG, EPS = 4, 2, 0.2


def batch(seed=0, windows=50):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(windows, LAG, SERIES, generator=generator)
    return Batch(x, torch.tanh(2 * x[:, -1].roll(1, 1)), generator)


def network():
    torch.manual_seed(0)
    return MLP(SERIES, LAG, (24,), "elu")


def attack(model, seen, eps=EPS):
    return attack_features(model, seen.x, eps, 10, torch.Generator().manual_seed(1))


def test_the_attack_stays_in_its_ball_and_moves_features_further_than_noise():
    model, seen = network(), batch()
    attacked = attack(model, seen)
    assert float((attacked - seen.x).abs().max()) <= EPS * (1 + 1e-5)
    signs = torch.where(torch.rand(seen.x.shape, generator=torch.Generator().manual_seed(2)) < 0.5, -1.0, 1.0)
    noise = feature_change(model, seen.x + EPS * signs, seen.x)
    assert float(feature_change(model, attacked, seen.x).detach()) > 1.3 * float(noise.detach())


def test_no_gradient_of_the_attack_reaches_the_weights():
    model, seen = network(), batch()
    attacked = attack(model, seen)
    assert not attacked.requires_grad
    assert all(weight.grad is None and weight.requires_grad for weight in model.parameters())


def test_the_attack_sees_the_network_in_evaluation_mode_and_leaves_it_in_its_own():
    torch.manual_seed(0)
    model, seen = ResidualMLP(SERIES, LAG, hidden=12, dropout=0.5).train(), batch()
    before = torch.get_rng_state()
    attacked = attack(model, seen)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(module.training for module in model.modules())
    assert torch.equal(attacked, attack(model, seen))


def test_the_penalty_is_strength_times_the_mean_squared_change():
    model, seen = network(), batch()
    value = DiscrepancyMitigating(2.0, EPS).penalty(model, seen)
    attacked = attack_features(model, seen.x, EPS, 10, batch().generator)
    changed = batch()
    torch.testing.assert_close(value, 2 * feature_change(model, attacked, changed.x))
    assert value.requires_grad


def train(strength):
    model, seen = network(), batch()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(120):
        optimizer.zero_grad()
        loss = (model(seen.x) - seen.y).square().mean() + DiscrepancyMitigating(strength, EPS).penalty(model, seen)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        attacked = attack(model, seen)
        clean = float((model(seen.x) - seen.y).square().mean())
        return (
            clean,
            float(feature_change(model, attacked, seen.x)),
            float((model(attacked) - model(seen.x)).square().mean()),
        )


def test_training_with_it_makes_features_and_forecasts_steadier():
    plain, mitigated = train(0.0), train(5.0)
    assert mitigated[1] < 0.5 * plain[1]
    assert mitigated[2] < plain[2]
    assert mitigated[0] < 0.5 * float(batch().y.var())  # and it still forecasts


@pytest.mark.parametrize("name", ["discrepancy-mitigating", "adversarial"])
def test_it_acts_without_a_source_too(name):
    panel, _ = causalkit.simulate("lagged-pair", seed=1)
    params = {"forecaster.hidden": 8, "training.epochs": 30, f"regularizer.{name}.steps": 3}
    found = causalkit.discover(panel, regularizer=f"gradient-l1+{name}", params=params)
    assert len(found.history[name]) == len(found.history["epoch"])
    assert max(found.history[name]) > 0
    assert found.edges(top=1).iloc[0][["cause", "effect", "lag"]].tolist() == ["0", "1", 2]


@pytest.mark.parametrize("name", ["discrepancy-mitigating", "adversarial"])
def test_strength_0_changes_no_byte(name):
    panel, _ = causalkit.simulate("lagged-pair", seed=1)
    params = {"forecaster.hidden": 8, "training.epochs": 10, "training.batch_size": 50}
    plain = causalkit.discover(panel, params=params)
    off = causalkit.discover(
        panel, regularizer=f"gradient-l1+{name}", params={**params, f"regularizer.{name}.strength": 0.0}
    )
    assert off.scores.tobytes() == plain.scores.tobytes()
