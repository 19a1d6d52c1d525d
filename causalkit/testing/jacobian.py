"""Checks of a forecaster's input Jacobian against plain reverse-mode differentiation, row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from causalkit.neural import input_jacobian
from causalkit.testing.result import CheckFailed, require

EXACT = 1e-8
SINGLE = 0.01


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
    with naming_the_cure():
        _, jacobian = input_jacobian(model, x)
        require(jacobian.requires_grad, "no gradient flows from the Jacobian to the weights: do not detach it")
        found = _gradients(jacobian, list(weights.values()))
        expected = _gradients(reference_jacobian(model, x)[1], list(weights.values()))
    require(any(bool(gradient.any()) for gradient in expected), "the Jacobian depends on no weight")
    for name, mine, theirs in zip(weights, found, expected, strict=True):
        require(bool(mine.isfinite().all()), f"the gradient of the Jacobian with respect to {name} is not finite")
        _require_same(mine, theirs, f"the gradient of the Jacobian with respect to {name}")


def check_single_precision(model: nn.Module, x: Tensor, device: str) -> None:
    """Compare the gradient of a penalty on the Jacobian in single precision with the one in double precision.

    Args:
        model: in double precision; it is left in single precision.
        x: windows (B, K, P) in double precision.
        device: where to try single precision.
    """
    names = [name for name, weight in model.named_parameters() if weight.requires_grad]
    expected = _gradients_of(model, x)
    with naming_the_cure():
        found = _gradients_of(model.to(device, torch.float32), x.to(device, torch.float32))
    scale = max(float(gradient.abs().max()) for gradient in expected)
    for name, mine, theirs in zip(names, found, expected, strict=True):
        what = f"in float32 the gradient of the Jacobian with respect to {name}"
        require(bool(mine.isfinite().all()), f"{what} is not finite")
        error = float((mine.cpu().double() - theirs).abs().max())
        require(
            error <= SINGLE * scale,
            f"{what} is wrong by up to {error:.3g}: a kernel for this precision may lack its second derivative",
        )


def _gradients_of(model: nn.Module, x: Tensor) -> list[Tensor]:
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    return _gradients(input_jacobian(model, x)[1], weights)


@contextmanager
def naming_the_cure() -> Iterator[None]:
    """Say what to do where torch has no second derivative of an operation.

    Fused kernels, as of attention and recurrent layers, come with a first derivative only. Training differentiates the
    forecast by its inputs and the penalty by the weights.
    """
    try:
        yield
    except (RuntimeError, NotImplementedError) as error:
        said = " ".join(str(error).split())
        cure = next((cure for sign, cure in _CURES.items() if sign in said), "")
        if not cure:
            raise
        what = re.search(r"aten::\w+|\w*(?:_backward|Backward)\w*", said)
        raise CheckFailed(
            f"{what[0] if what else 'an operation'} has no second derivative, which the gradient of a penalty on the "
            f"input Jacobian needs: {cure}"
        ) from error


_CURES = {
    "scaled_dot_product": "run attention in its plain form, with torch.nn.attention.sdpa_kernel(SDPBackend.MATH): "
    "around the call in forward(); from torch.nn.attention import SDPBackend, sdpa_kernel",
    "_efficient_attention": "run attention in its plain form, with torch.nn.attention.sdpa_kernel(SDPBackend.MATH): "
    "around the call in forward(); from torch.nn.attention import SDPBackend, sdpa_kernel",
    "mkldnn": "switch the fused kernel off, with torch.backends.mkldnn.flags(enabled=False): around the call in "
    "forward()",
    "cudnn": "switch the fused kernel off, with torch.backends.cudnn.flags(enabled=False): around the call in "
    "forward()",
    "once_differentiable": "write backward() of your torch.autograd.Function in operations of torch and leave "
    "once_differentiable out, or build the layer of differentiable operations",
    "derivative": "build the layer of operations that torch can differentiate twice",
}
"""What the message of torch contains -> what helps; the first that fits."""


def _gradients(jacobian: Tensor, weights: Sequence[Tensor]) -> list[Tensor]:
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
