r"""Distances between two samples of features: pure functions ``distance(a (N, D), b (M, D)) -> scalar``.

All are 0 for two equal samples, never negative up to rounding, and differentiable in both samples, also where points
coincide. MMD and energy distance are 0 for two distributions only if these are equal; the other two see means and
covariances alone. Nothing is standardised here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

Kind = Literal["mean", "coral", "mmd", "energy"]

BANDWIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Widths of the kernels of `mmd`, in units of the mean distance between two points."""


def mean_distance(a: Tensor, b: Tensor) -> Tensor:
    r"""Return ||mean(a) - mean(b)||^2 / D: MMD^2 with a linear kernel, per feature.

    Source: Gretton et al., A kernel two-sample test, JMLR 13 (2012).
    """
    return (a.mean(0) - b.mean(0)).square().mean()


def coral(a: Tensor, b: Tensor) -> Tensor:
    r"""Return ||C_a - C_b||_F^2 / (4 D^2), with C the covariances with N - 1 and M - 1 in the denominator.

    Source: Sun and Saenko, Deep CORAL, arXiv 1607.01719 (2016). A sample of one point has the covariance 0.
    """
    difference = _covariance(a) - _covariance(b)
    return difference.square().sum() / (4 * a.shape[1] ** 2)


def mmd(a: Tensor, b: Tensor) -> Tensor:
    r"""Return MMD^2 with the mean of five Gaussian kernels, in the biased form, which is never negative.

    MMD^2 = mean k(a, a') + mean k(b, b') - 2 mean k(a, b),   k(u, v) = mean over w of exp(-||u - v||^2 / (2 (w s)^2)),

    with w in `BANDWIDTHS` and s the mean distance between two different points of both samples, without a gradient:
    otherwise a network could lower the distance by moving its scale. All pairs count, those of a point with itself too.

    Source: Gretton et al., A kernel two-sample test, JMLR 13 (2012); several kernels as in Long et al., Learning
    transferable features with deep adaptation networks, arXiv 1502.02791 (2015).
    """
    both = torch.cat([a, b])
    apart = _distances(both, both)
    points = len(both)
    width = apart.detach().sum() / max(1, points * (points - 1))
    scale = width.clamp_min(torch.finfo(both.dtype).tiny ** 0.25)  # all points coincide: every kernel is 1
    kernel = torch.stack([torch.exp(-apart.square() / (2 * (factor * scale) ** 2)) for factor in BANDWIDTHS]).mean(0)
    n = len(a)
    return kernel[:n, :n].mean() + kernel[n:, n:].mean() - 2 * kernel[:n, n:].mean()


def energy(a: Tensor, b: Tensor) -> Tensor:
    r"""Return 2 mean ||a - b|| - mean ||a - a'|| - mean ||b - b'||, over all pairs.

    In one dimension this is the square of `scipy.stats.energy_distance`.

    Source: Szekely and Rizzo, Energy statistics, Journal of Statistical Planning and Inference 143 (2013).
    """
    return 2 * _distances(a, b).mean() - _distances(a, a).mean() - _distances(b, b).mean()


DISTANCES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mean": mean_distance,
    "coral": coral,
    "mmd": mmd,
    "energy": energy,
}


def _covariance(sample: Tensor) -> Tensor:
    centred = sample - sample.mean(0)
    return centred.T @ centred / max(1, len(sample) - 1)


def _distances(a: Tensor, b: Tensor) -> Tensor:
    """Return Euclidean distances, (N, M): exactly 0, with the gradient 0, where two points coincide."""
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")
