r"""Attacks: the perturbation of at most ``epsilon`` in every cell that raises a loss most. Pure functions on tensors.

``loss(x) -> (B,)`` is one number for each sample and is maximised; what it measures is the caller's business, so that
forecasters and classifiers are attacked alike. Sources: Goodfellow et al., Explaining and harnessing adversarial
examples, arXiv 1412.6572 (FGSM); Madry et al., Towards deep learning models resistant to adversarial attacks,
arXiv 1706.06083 (PGD).

Three rules that attacks are often wrong about, all of which make a network look safer than it is:
the gradient is taken at the projected point, never through the projection; a step is projected to the ball first and
then to the box; the network is in evaluation mode, which `frozen` takes care of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn

Loss = Callable[[Tensor], Tensor]
Box = tuple[float, float]
Attack = Literal["pgd", "fgsm", "noise"]

STEPS = 20
REACH = 2.5
"""How far all steps together could carry, in units of epsilon: far enough to get from any start to any corner."""


def fgsm(loss: Loss, x: Tensor, epsilon: float, box: Box | None = None, mask: Tensor | None = None) -> Tensor:
    """Return ``x`` after one step of size epsilon along the sign of the gradient.

    Args:
        loss: (B, ...) -> (B,), maximised.
        x: samples, (B, ...).
        epsilon: largest change of a cell, in the units of x; for series these are training standard deviations.
        box: smallest and largest value that a cell may take, or None.
        mask: cells that may be changed, of a shape that broadcasts to that of x, or None for all of them.
    """
    moved = x + epsilon * _masked(_gradient(loss, x)[1].sign(), mask)
    return _into_box(moved.detach(), box)


def pgd(
    loss: Loss,
    x: Tensor,
    epsilon: float,
    steps: int = STEPS,
    step: float | None = None,
    generator: torch.Generator | None = None,
    box: Box | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """Return for each sample the point of the ball with the highest loss that projected gradient ascent has met.

    The sample itself and what `fgsm` makes of it count as met, so that no loss is below theirs.

    Args:
        loss: (B, ...) -> (B,), maximised. A sample's loss must not depend on other samples.
        x: samples, (B, ...).
        epsilon: largest change of a cell, in the units of x; for series these are training standard deviations.
        steps: how many gradients are taken.
        step: size of a step; default: 2.5 epsilon / steps.
        generator: draws the start within the ball; None starts at x itself, where a loss that compares with the clean
            output has no gradient.
        box: smallest and largest value that a cell may take, or None.
        mask: cells that may be changed, of a shape that broadcasts to that of x, or None for all of them.
    """
    x = x.detach()
    size = REACH * epsilon / max(1, steps) if step is None else step
    point = x
    highest, gradient = _gradient(loss, x)
    leap = _into_box(x + epsilon * _masked(gradient.sign(), mask), box)
    best, highest = _higher(x, highest, leap, _value(loss, leap))
    if generator is not None:
        drawn = 2 * torch.rand(x.shape, generator=generator, device=generator.device, dtype=x.dtype).to(x.device) - 1
        point = _into_box(x + epsilon * _masked(drawn, mask), box)
    for _ in range(steps):
        value, gradient = _gradient(loss, point)
        best, highest = _higher(best, highest, point, value)
        moved = point + size * _masked(gradient.sign(), mask)
        point = _into_box(x + (moved - x).clamp(-epsilon, epsilon), box)
    return _higher(best, highest, point, _value(loss, point))[0]


def noise(
    x: Tensor, epsilon: float, generator: torch.Generator, box: Box | None = None, mask: Tensor | None = None
) -> Tensor:
    """Return ``x`` with every cell moved by epsilon up or down at random: as large as an attack, and without aim."""
    drawn = torch.rand(x.shape, generator=generator, device=generator.device, dtype=x.dtype).to(x.device)
    signs = torch.where(drawn < 0.5, -1.0, 1.0).to(x.dtype)
    return _into_box(x.detach() + epsilon * _masked(signs, mask), box)


def attacked(
    kind: Attack,
    loss: Loss,
    x: Tensor,
    epsilon: float,
    generator: torch.Generator,
    *,
    steps: int = STEPS,
    box: Box | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """Return ``x`` under the attack of this name; ``steps`` are those of PGD."""
    if kind == "noise":
        return noise(x, epsilon, generator, box, mask)
    if kind == "fgsm":
        return fgsm(loss, x, epsilon, box, mask)
    return pgd(loss, x, epsilon, steps, generator=generator, box=box, mask=mask)


@contextmanager
def frozen(model: nn.Module) -> Iterator[nn.Module]:
    """Within the block the network is in evaluation mode and its weights take no gradient; then as it was before."""
    training = {module: module.training for module in model.modules()}
    wanted = [weight for weight in model.parameters() if weight.requires_grad]
    model.eval()
    for weight in wanted:
        weight.requires_grad_(False)
    try:
        # The recurrent layers of cudnn have no gradient in evaluation mode.
        with torch.backends.cudnn.flags(enabled=False):
            yield model
    finally:
        for weight in wanted:
            weight.requires_grad_(True)
        for module, mode in training.items():
            module.training = mode


def _gradient(loss: Loss, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the losses and their gradients at x, which is a point of its own: nothing before it is differentiated."""
    point = x.detach().clone().requires_grad_(True)
    with torch.enable_grad():
        values = loss(point)
        (gradient,) = torch.autograd.grad(values.sum(), point)
    return values.detach(), gradient


@torch.no_grad()
def _value(loss: Loss, x: Tensor) -> Tensor:
    return loss(x).detach()


def _higher(best: Tensor, highest: Tensor, point: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Return for each sample the better of two points and its loss."""
    better = value > highest
    chosen = better.view(-1, *(1,) * (point.dim() - 1))
    return torch.where(chosen, point, best), torch.where(better, value, highest)


def _masked(change: Tensor, mask: Tensor | None) -> Tensor:
    return change if mask is None else change * mask


def _into_box(x: Tensor, box: Box | None) -> Tensor:
    return x if box is None else x.clamp(*box)
