"""The graph that a single window shows, the attack on it, and how much of a graph is left."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from causalkit.neural import input_jacobian
from causalkit_robust.attacks import Loss, noise, pgd

JACOBIAN_BYTES = 64 * 2**20
MOST_WINDOWS = 256
"""Windows whose graphs are looked at, equally spaced among all."""
STRONGEST = 0.1
"""Share of the pairs that counts as the graph where no edges were selected."""


def window_graphs(model: nn.Module, x: Tensor) -> Tensor:
    """Return for each window the largest |J| over lags of every pair: (B, cause, effect), without gradient."""
    with torch.no_grad():
        parts = [input_jacobian(model, part)[1].abs().amax(2).transpose(1, 2) for part in _parts(x)]
    return torch.cat(parts)


def graph_change(model: nn.Module, x: Tensor) -> Loss:
    """Return the loss of an attack on the graph: ||J(x + d) - J(x)||^2 of each window, (B,)."""
    with torch.no_grad():
        clean = input_jacobian(model, x)[1]
    return lambda point: (input_jacobian(model, point)[1] - clean).square().sum((1, 2, 3))


def is_smooth(model: nn.Module, x: Tensor) -> bool:
    """Tell whether the Jacobian changes smoothly with the window, so that its gradient shows where to go.

    With relu it is piecewise constant: its gradient is 0 wherever there is one.
    """
    point = x[:4].detach().clone().requires_grad_(True)
    with torch.enable_grad():
        jacobian = input_jacobian(model, point)[1]
        if not jacobian.requires_grad:
            return False
        (gradient,) = torch.autograd.grad(jacobian.square().sum(), point, allow_unused=True)
    return gradient is not None and bool((gradient != 0).any())


def attack_graphs(
    model: nn.Module,
    x: Tensor,
    epsilon: float,
    steps: int,
    generator: torch.Generator,
    mask: Tensor | None = None,
) -> Tensor:
    """Return windows whose graphs are as far from the clean ones as could be found; the network is frozen.

    By PGD where the Jacobian is smooth, and otherwise by a random search of as many draws, which finds less.
    """
    smooth = is_smooth(model, x)
    found = []
    for part in _parts(x, copies=4):
        loss = graph_change(model, part)
        if smooth:
            found.append(pgd(loss, part, epsilon, steps, generator=generator, mask=mask))
        else:
            found.append(_searched(loss, part, epsilon, steps, generator, mask))
    return torch.cat(found)


def window_stability(before: Tensor, after: Tensor, k: int) -> tuple[float, float]:
    """Return correlation and top-k Jaccard index between two graphs of a window, each as the mean over windows.

    Self-edges are left out. Where a graph has no spread, the correlation counts 1 if it is unchanged and 0 if not.

    Args:
        before, after: (B, cause, effect).
        k: how many of the strongest pairs of a window are compared.
    """
    a, b = (_off_diagonal(graphs).cpu().double().numpy() for graphs in (before, after))
    return float(np.mean(_correlations(a, b))), float(np.mean([jaccard(u, v, k) for u, v in zip(a, b, strict=True)]))


def pair_vector(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the scores (cause, effect, lag) of all pairs of different series, the largest over lags of each."""
    pairs = scores.max(axis=2)
    vector: NDArray[np.float64] = pairs[~np.eye(len(pairs), dtype=bool)]
    return vector


def jaccard(a: NDArray[np.float64], b: NDArray[np.float64], k: int) -> float:
    """Return |A and B| / |A or B| of the k strongest entries of each; 1 where both are empty.

    Entries of strength 0 are no edges and never count; at equal strength the first ones do.
    """
    first, second = (
        {int(place) for place in np.argsort(-values, kind="stable")[:k] if values[place] > 0} for values in (a, b)
    )
    return len(first & second) / len(first | second) if first | second else 1.0


def strongest(series: int) -> int:
    """Return how many pairs of different series the strongest 10 % are, at least one."""
    return max(1, round(STRONGEST * series * (series - 1)))


def some_windows(x: Tensor) -> Tensor:
    """Return at most `MOST_WINDOWS` windows, equally spaced."""
    if len(x) <= MOST_WINDOWS:
        return x
    return x[torch.linspace(0, len(x) - 1, MOST_WINDOWS).round().long().to(x.device)]


def _searched(
    loss: Loss, x: Tensor, epsilon: float, draws: int, generator: torch.Generator, mask: Tensor | None
) -> Tensor:
    best, highest = x, torch.zeros(len(x), dtype=x.dtype, device=x.device)
    with torch.no_grad():
        for _ in range(draws):
            point = noise(x, epsilon, generator, mask=mask)
            value = loss(point)
            better = value > highest
            best = torch.where(better[:, None, None], point, best)
            highest = torch.where(better, value, highest)
    return best


def _parts(x: Tensor, copies: int = 1) -> tuple[Tensor, ...]:
    """Return windows in parts whose Jacobians, kept so many times, fit into `JACOBIAN_BYTES`."""
    _, lag, series = x.shape
    cells = lag * series * series * x.element_size() * copies
    return x.split(max(1, JACOBIAN_BYTES // cells))


def _off_diagonal(graphs: Tensor) -> Tensor:
    series = graphs.shape[1]
    return graphs[:, ~torch.eye(series, dtype=torch.bool, device=graphs.device)]


def _correlations(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    u, v = (part - part.mean(axis=1, keepdims=True) for part in (a, b))
    scale = np.sqrt((u**2).sum(axis=1) * (v**2).sum(axis=1))
    same = np.isclose(a, b, rtol=1e-6, atol=1e-12).all(axis=1).astype(float)
    flat = scale <= 1e-20
    correlations: NDArray[np.float64] = np.where(flat, same, (u * v).sum(axis=1) / np.where(flat, 1.0, scale))
    return correlations
