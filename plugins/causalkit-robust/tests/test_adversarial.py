"""`adversarial`: the penalty is the error under attack, and training with it lowers that."""

import pytest
import torch
from causalkit_grngc.mlp import MLP
from causalkit_robust.adversarial import Adversarial
from causalkit_robust.attacks import frozen, pgd

from causalkit.neural import Batch

SERIES, LAG, EPS = 4, 2, 0.3


def batch(seed=0, windows=40):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(windows, LAG, SERIES, generator=generator)
    return Batch(x, torch.tanh(2 * x[:, -1].roll(1, 1)), generator)


def network():
    torch.manual_seed(0)
    return MLP(SERIES, LAG, (32,), "elu")


def error_under_attack(model, seen):
    with frozen(model):
        moved = pgd(
            lambda x: (model(x) - seen.y).square().mean(1), seen.x, EPS, generator=torch.Generator().manual_seed(9)
        )
        return float((model(moved) - seen.y).square().mean())


def train(strength):
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        seen = batch()
        optimizer.zero_grad()
        loss = (model(seen.x) - seen.y).square().mean() + Adversarial(strength, EPS, steps=5).penalty(model, seen)
        loss.backward()
        optimizer.step()
    return model


def test_training_with_it_lowers_the_error_under_attack():
    fresh = batch(seed=5, windows=300)
    plain, hardened = error_under_attack(train(0.0), fresh), error_under_attack(train(1.0), fresh)
    assert hardened < 0.9 * plain


def test_the_penalty_is_between_the_clean_error_and_what_a_longer_attack_finds():
    model, seen = network(), batch()
    clean = (model(seen.x) - seen.y).square().mean().item()
    value = Adversarial(1.0, EPS).penalty(model, seen).item()
    assert clean < value <= error_under_attack(model, seen) * 1.02
    assert Adversarial(3.0, EPS).penalty(model, batch()).item() == pytest.approx(
        3 * Adversarial(1.0, EPS).penalty(model, batch()).item()
    )


def test_its_gradient_is_that_of_the_error_at_the_attacked_windows():
    """None of the steps of the attack is differentiated."""
    model, seen = network(), batch()
    Adversarial(1.0, EPS).penalty(model, seen).backward()
    ours = [weight.grad.clone() for weight in model.parameters()]
    model.zero_grad()
    seen = batch()
    with frozen(model):
        moved = pgd(lambda x: (model(x) - seen.y).square().mean(1), seen.x, EPS, 10, generator=seen.generator)
    (model(moved) - seen.y).square().mean().backward()
    torch.testing.assert_close(ours, [weight.grad for weight in model.parameters()])
