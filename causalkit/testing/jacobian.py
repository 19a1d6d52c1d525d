"""Checks of a forecaster's input Jacobian against plain reverse-mode differentiation, row by row."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from causalkit.neural import input_jacobian
from causalkit.testing.result import require

EXACT = 1e-8


def reference_jacobian(model: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the forecast (B, P) and its Jacobian (B, P, K, P), one backward pass for each target."""
    x = x.detach().requires_grad_()
    y = model(x)
    rows = [torch.autograd.grad(y[:, target].sum(), x, create_graph=True)[0] for target in range(y.shape[1])]
    return y, torch.stack(rows, dim=1)


def check_exactness(model: nn.Module, x: Tensor) -> None:
    """Compare forecast and Jacobian of all targets with the reference."""
    expected_y, expected = reference_jacobian(model, x)
    y, jacobian = input_jacobian(model, x)
    _require_same(jacobian, expected, "the Jacobian of all targets")
    _require_same(y, expected_y, "the forecast that comes with the Jacobian")


def check_chosen_targets(model: nn.Module, x: Tensor) -> None:
    """Compare a shared list of targets, and targets of each window's own, with the reference."""
    _, expected = reference_jacobian(model, x)
    windows, _, series = x.shape
    shared = torch.tensor([series - 1, 0])
    _, jacobian = input_jacobian(model, x, shared)
    _require_same(jacobian, expected[:, shared], f"the Jacobian of the targets {shared.tolist()}")
    one = torch.tensor([series - 1])
    _, jacobian = input_jacobian(model, x, one)
    _require_same(jacobian, expected[:, one], f"the Jacobian of the only target {one.item()}")
    own = (torch.arange(windows)[:, None] + torch.tensor([0, 2])) % series  # (B, 2)
    _, jacobian = input_jacobian(model, x, own)
    rows = torch.arange(windows)[:, None]
    _require_same(jacobian, expected[rows, own], "the Jacobian of targets (B, m) of each window's own")


def check_derivative(model: nn.Module, x: Tensor) -> None:
    """Compare the gradient of a penalty on the Jacobian with the one through the reference."""
    weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    require(weights, "the model has no weights that can be trained")
    _, jacobian = input_jacobian(model, x)
    require(jacobian.requires_grad, "no gradient flows from the Jacobian to the weights: do not detach it")
    found = _gradients(jacobian, list(weights.values()))
    expected = _gradients(reference_jacobian(model, x)[1], list(weights.values()))
    require(any(bool(gradient.any()) for gradient in expected), "the Jacobian depends on no weight")
    for name, mine, theirs in zip(weights, found, expected, strict=True):
        require(bool(mine.isfinite().all()), f"the gradient of the Jacobian with respect to {name} is not finite")
        _require_same(mine, theirs, f"the gradient of the Jacobian with respect to {name}")


def _gradients(jacobian: Tensor, weights: list[Tensor]) -> list[Tensor]:
    gradients = torch.autograd.grad(jacobian.square().sum(), weights, allow_unused=True)
    return [
        torch.zeros_like(weight) if gradient is None else gradient
        for weight, gradient in zip(weights, gradients, strict=True)
    ]


def _require_same(found: Tensor, expected: Tensor, what: str) -> None:
    require(
        found.shape == expected.shape,
        f"{what} has the shape {tuple(found.shape)}, not {tuple(expected.shape)}",
    )
    scale = max(float(expected.detach().abs().max()), 1.0)
    error = float((found - expected).detach().abs().max())
    require(error <= EXACT * scale, f"{what} is wrong by up to {error:.3g}")
