"""Attacks: closed forms, an independent library, and the rules that are often broken."""

import numpy as np
import pytest
import torch
from causalkit_robust.attacks import attacked, fgsm, frozen, noise, pgd
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import cross_entropy


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def forecaster():
    """A network of 3 lags and 4 series, windows and next steps that it forecasts with an error of 0.3."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Flatten(), nn.Linear(12, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 4)
        )
    x = drawn(200, 3, 4).float()
    with torch.no_grad():
        return model, x, model(x) + 0.3 * drawn(200, 4, seed=1).float()


@pytest.fixture
def linear():
    """Weights (12,), samples, targets, and the loss of a linear forecast."""
    weight, x, y = drawn(12, seed=1), drawn(30, 12, seed=2), drawn(30, seed=3)
    return weight, x, y, lambda point: (point @ weight - y).square()


def test_worst_case_of_a_linear_model_is_found_exactly(linear):
    """max over the ball of (w x - y)^2 is (|w x - y| + eps ||w||_1)^2."""
    weight, x, y, loss = linear
    worst = ((x @ weight - y).abs() + 0.3 * weight.abs().sum()).square()
    for found in (fgsm(loss, x, 0.3), pgd(loss, x, 0.3), pgd(loss, x, 0.3, generator=seeded())):
        torch.testing.assert_close(loss(found), worst)


def test_worst_case_within_a_box_and_a_mask(linear):
    """Each cell goes to the end of what the box leaves of the ball, in the direction of its weight."""
    weight, _, _, _ = linear
    x = torch.rand(30, 12, generator=seeded(), dtype=torch.float64)
    mask = torch.arange(12) % 3 > 0
    far = torch.where(weight > 0, (x + 0.3).clamp(max=1), (x - 0.3).clamp(min=0))
    expected = torch.where(mask, far, x)
    for attack in (fgsm, pgd):
        found = attack(lambda point: point @ weight, x, 0.3, box=(0.0, 1.0), mask=mask)
        torch.testing.assert_close(found, expected)


def test_the_gradient_is_taken_at_the_projected_point():
    """Half of the random start lies outside the box; through a clamp these cells would have no gradient and stay."""
    x = torch.zeros(4, 50, dtype=torch.float64)
    found = pgd(lambda point: point.sum(1), x, 0.5, generator=seeded(), box=(0.0, 1.0))
    torch.testing.assert_close(found, torch.full_like(x, 0.5))


def test_the_best_point_met_is_returned_and_never_a_worse_one_than_the_start():
    """Steps as long as this leap over the peak; the last one of them is far from it."""
    x = drawn(50, 1)

    def loss(point):
        return -(point - x - 0.03).abs().sum(1)

    found = pgd(loss, x, 1.0, steps=7, step=0.9)
    assert (loss(found) >= loss(x)).all()
    peaked = pgd(lambda point: -(point - x).square().sum(1), x, 1.0, generator=seeded())
    assert torch.equal(peaked, x)


@pytest.mark.parametrize("kind", ["pgd", "fgsm", "noise"])
def test_perturbations_stay_in_the_ball_and_on_the_chosen_cells(kind):
    network = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    x = drawn(20, 2, 3)
    mask = torch.tensor([[0, 0, 0], [1, 0, 1]])
    with frozen(network):
        moved = attacked(kind, lambda point: network(point.flatten(1)).square()[:, 0], x, 0.25, seeded(), mask=mask) - x
    assert moved.abs().max().item() == pytest.approx(0.25)
    assert (moved[:, mask == 0] == 0).all()
    if kind == "noise":
        assert set((moved[:, mask == 1].abs() * 4).round(decimals=9).unique().tolist()) == {1.0}


def test_noise_is_weaker_than_fgsm_and_fgsm_than_pgd(forecaster):
    model, x, y = forecaster

    def loss(point):
        return (model(point) - y).square().mean(1)

    with frozen(model), torch.no_grad():
        clean, by_noise, by_fgsm, by_pgd = (
            loss(point).mean().item()
            for point in (x, noise(x, 0.3, seeded()), fgsm(loss, x, 0.3), pgd(loss, x, 0.3, generator=seeded()))
        )
    assert clean < by_noise < by_fgsm < by_pgd


def test_pgd_is_nowhere_weaker_than_fgsm(forecaster):
    """A start on the wrong side of a small error would lead to the lower of two peaks."""
    model, x, y = forecaster

    def loss(point):
        return (model(point) - y).square().mean(1)

    with frozen(model), torch.no_grad():
        assert (loss(pgd(loss, x, 0.3, 2, generator=seeded())) >= loss(fgsm(loss, x, 0.3))).all()


def test_seeds_decide_the_start(forecaster):
    model, x, y = forecaster

    def run(seed):
        with frozen(model):
            return pgd(lambda point: (model(point) - y).square().mean(1), x, 0.3, 3, generator=seeded(seed))

    assert torch.equal(run(1), run(1))
    assert not torch.equal(run(1), run(2))


def test_a_frozen_network_is_in_evaluation_mode_and_comes_back_as_it_was():
    network = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5), nn.Linear(3, 1))
    network[0].weight.requires_grad_(False)
    network[2].eval()
    x = torch.ones(5, 3)

    def broken(point):
        assert torch.equal(network(point), network(point))
        assert not any(weight.requires_grad for weight in network.parameters())
        raise RuntimeError("stop")

    with frozen(network):
        fgsm(lambda point: network(point)[:, 0], x, 0.1)
    with pytest.raises(RuntimeError, match="stop"), frozen(network):
        fgsm(broken, x, 0.1)
    assert [module.training for module in network] == [True, True, False]
    assert [weight.requires_grad for weight in network.parameters()] == [False, True, True, True]
    assert all(weight.grad is None for weight in network.parameters())


@pytest.fixture(scope="module")
def digits():
    """A small convolutional classifier of scikit-learn's digits, and 400 images that it has not seen."""
    images, labels = load_digits(return_X_y=True)
    x = torch.as_tensor(images / 16, dtype=torch.float32).reshape(-1, 1, 8, 8)
    y = torch.as_tensor(labels)
    order = torch.randperm(len(x), generator=seeded())
    x, y = x[order], y[order]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, 10)
        )
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(40):
        for rows in torch.arange(1397).split(128):
            optimizer.zero_grad()
            cross_entropy(network(x[rows]), y[rows]).backward()
            optimizer.step()
    return network.eval(), x[1397:], y[1397:]


@pytest.mark.parametrize("epsilon", [0.05, 0.1, 0.2])
def test_robust_accuracy_agrees_with_an_independent_library(digits, epsilon):
    from art.attacks.evasion import FastGradientMethod, ProjectedGradientDescent
    from art.estimators.classification import PyTorchClassifier

    network, x, y = digits
    theirs = PyTorchClassifier(
        network, loss=nn.CrossEntropyLoss(), input_shape=(1, 8, 8), nb_classes=10, clip_values=(0, 1), device_type="cpu"
    )
    np.random.seed(0)  # the library draws its start from numpy's global generator
    their_pgd = ProjectedGradientDescent(
        theirs, eps=epsilon, eps_step=2.5 * epsilon / 20, max_iter=20, num_random_init=1, verbose=False
    )
    their_fgsm = FastGradientMethod(theirs, eps=epsilon)
    labels = y.numpy()

    def loss(point):
        return cross_entropy(network(point), y, reduction="none")

    def accuracy(points):
        with torch.no_grad():
            return (network(torch.as_tensor(points)).argmax(1) == y).float().mean().item()

    with frozen(network):
        mine = {
            "pgd": pgd(loss, x, epsilon, generator=seeded(), box=(0.0, 1.0)),
            "fgsm": fgsm(loss, x, epsilon, box=(0.0, 1.0)),
        }
    clean = accuracy(x)
    assert clean > 0.95
    assert accuracy(mine["pgd"]) < clean - 0.05
    assert accuracy(mine["pgd"]) == pytest.approx(accuracy(their_pgd.generate(x.numpy(), labels)), abs=0.02)
    assert accuracy(mine["fgsm"]) == pytest.approx(accuracy(their_fgsm.generate(x.numpy(), labels)), abs=0.02)
