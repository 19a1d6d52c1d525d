"""Distances between samples: zero for equal ones, growing with the shift, and right by independent computation."""

import numpy as np
import pytest
import torch
from causalkit_robust.distances import BANDWIDTHS, DISTANCES, coral, energy, mean_distance, mmd
from scipy.stats import energy_distance

SHIFTS = {
    "mean": lambda sample, size: sample + size,
    "coral": lambda sample, size: sample * (1 + size),
    "mmd": lambda sample, size: sample + size,
    "energy": lambda sample, size: sample + size,
}


def sample(count=40, features=5, seed=0):
    return torch.randn(count, features, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kind", DISTANCES)
def test_zero_for_equal_samples_and_growing_with_their_difference(kind):
    a = sample()
    values = [float(DISTANCES[kind](a, SHIFTS[kind](a, size))) for size in (0, 0.2, 0.5, 1.5)]
    assert values[0] == pytest.approx(0, abs=1e-12)
    assert values == sorted(values)
    assert values[1] > 1e-4


@pytest.mark.parametrize("kind", DISTANCES)
def test_symmetric_for_samples_of_different_size(kind):
    a, b = sample(40), sample(25, seed=1) + 0.5
    assert float(DISTANCES[kind](a, b)) == pytest.approx(float(DISTANCES[kind](b, a)))


@pytest.mark.parametrize("kind", DISTANCES)
def test_gradient_is_right_and_finite_where_points_coincide(kind):
    a, b = sample(6, 3), sample(7, 3, seed=1)
    # The width of the kernels is held fixed on purpose, so that finite differences of mmd would see what autograd not.
    if kind != "mmd":
        assert torch.autograd.gradcheck(DISTANCES[kind], (a.requires_grad_(), b.requires_grad_()))
    twice = torch.cat([a.detach(), a.detach()]).requires_grad_()
    DISTANCES[kind](twice, b.detach()).backward()
    assert twice.grad.isfinite().all()


def test_energy_distance_is_that_of_scipy():
    a, b = sample(30, 1), sample(50, 1, seed=1) * 2 + 0.3
    expected = energy_distance(a.flatten().numpy(), b.flatten().numpy()) ** 2
    assert float(energy(a, b)) == pytest.approx(expected, rel=1e-9)


def test_coral_is_the_difference_of_numpy_covariances():
    a, b = sample(), 2 * sample(seed=1)
    expected = ((np.cov(a.numpy().T) - np.cov(b.numpy().T)) ** 2).sum() / (4 * 5**2)
    assert float(coral(a, b)) == pytest.approx(expected)


def test_mean_distance_sees_means_alone():
    a = sample()
    assert float(mean_distance(a, 3 * (a - a.mean(0)) + a.mean(0))) == pytest.approx(0, abs=1e-12)
    assert float(mean_distance(a, a + torch.tensor([1.0, 0, 0, 0, 0]))) == pytest.approx(1 / 5)


def test_mmd_equals_the_sum_over_all_pairs():
    a, b = sample(6, 3), sample(5, 3, seed=1) + 1
    points = torch.cat([a, b]).numpy()
    gaps = [np.linalg.norm(u - v) for i, u in enumerate(points) for j, v in enumerate(points) if i != j]
    scale = np.mean(gaps)

    def kernel(u, v):
        return np.mean([np.exp(-(np.linalg.norm(u - v) ** 2) / (2 * (w * scale) ** 2)) for w in BANDWIDTHS])

    def mean(us, vs):
        return np.mean([kernel(u, v) for u in us for v in vs])

    x, y = points[:6], points[6:]
    assert float(mmd(a, b)) == pytest.approx(mean(x, x) + mean(y, y) - 2 * mean(x, y), rel=1e-9)


def test_mmd_sees_what_means_and_covariances_hide():
    """Same mean, same variance, another shape: a fair sign against a normal distribution."""
    normal = sample(400, 1)
    normal = (normal - normal.mean()) / normal.std()
    signs = torch.where(torch.arange(400) % 2 == 0, 1.0, -1.0).double()[:, None]
    signs = signs / signs.std()
    assert float(mean_distance(normal, signs)) < 1e-12
    assert float(coral(normal, signs)) < 1e-12
    assert float(mmd(normal, signs)) > 0.02
    assert float(energy(normal, signs)) > 0.02


def test_mmd_does_not_change_with_the_unit():
    a, b = sample(), sample(seed=1) + 1
    assert float(mmd(1000 * a, 1000 * b)) == pytest.approx(float(mmd(a, b)))


def test_samples_of_one_repeated_point():
    point = torch.ones(4, 3, dtype=torch.float64)
    for kind, distance in DISTANCES.items():
        assert float(distance(point, point)) == 0, kind
