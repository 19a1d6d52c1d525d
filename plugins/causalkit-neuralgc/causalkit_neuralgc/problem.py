"""The objective of component-wise networks, target by target, over any choice of targets and series.

    F_i = mean squared error of target i + ridge ||later weights of i||^2 + strength * penalty(input weights of i)

Nothing couples two targets, so M of them are solved at once as M problems: every parameter, loss, step size and
stopping decision has the target as its first axis.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

INPUT = "input"
Stacked = dict[str, Tensor]
"""Parameters by name, first axis the target."""


@dataclass(frozen=True)
class Problem:
    """A set of targets, each seeing its own choice of series.

    Attributes:
        forecast: ``forecast(parameters, x)`` of the model, (B, M) or (B, Q, M).
        x: windows (B, K, P) for all targets, or (M, B, K, S).
        y: what is to be forecast, (B, M) or (B, Q, M).
        ridge: weight of the squared later weights.
        strength: of the penalty.
        value, shrink: of the penalty, see `causalkit_neuralgc.groups`.
        closed: which series a target must not use, (M, S); or None: it may use all.
        free: which series a target uses without a penalty, (M, S); or None.
        observed: 1 where ``y`` is to be forecast and 0 where not, of the shape of ``y``; or None: everywhere.
    """

    forecast: Callable[[Stacked, Tensor], Tensor]
    x: Tensor
    y: Tensor
    ridge: float
    strength: float
    value: Callable[[Tensor], Tensor]
    shrink: Callable[[Tensor, Tensor], Tensor]
    closed: Tensor | None = None
    free: Tensor | None = None
    observed: Tensor | None = None

    def of_targets(self, targets: Tensor, strength: float) -> Problem:
        """Return the problem of some targets, under another strength."""
        return replace(
            self,
            y=self.y[..., targets],
            strength=strength,
            closed=None if self.closed is None else self.closed[targets],
            free=None if self.free is None else self.free[targets],
            observed=None if self.observed is None else self.observed[..., targets],
        )

    def opened(self, parameters: Stacked) -> Stacked:
        """Return parameters whose input weights are zero for every series that its target must not use."""
        if self.closed is None:
            return parameters
        return {**parameters, INPUT: parameters[INPUT].masked_fill(self.closed[:, None, None, :], 0.0)}

    def shrunk(self, weight: Tensor, amount: Tensor) -> Tensor:
        """Return input weights after the proximal step of the penalty, by an amount for each target (M,)."""
        smaller = self.shrink(weight, amount)
        if self.free is not None:
            smaller = torch.where(self.free[:, None, None, :], weight, smaller)
        return smaller if self.closed is None else smaller.masked_fill(self.closed[:, None, None, :], 0.0)

    def smooth(self, parameters: Stacked) -> tuple[Tensor, Tensor, Stacked]:
        """Return squared error (M,), error + ridge (M,) and the gradient of the latter."""
        leaves = {name: value.detach().requires_grad_() for name, value in parameters.items()}
        error = self._error(self.forecast(leaves, self.x))
        loss = error + self.ridge * later_squares(leaves)
        gradients = torch.autograd.grad(loss.sum(), list(leaves.values()))
        return error.detach(), loss.detach(), dict(zip(leaves, gradients, strict=True))

    def penalty(self, parameters: Stacked) -> Tensor:
        """Return strength * penalty of each target: (M,)."""
        weight = parameters[INPUT]
        if self.free is not None:
            weight = weight.masked_fill(self.free[:, None, None, :], 0.0)
        return self.strength * self.value(weight)

    def proximal(self, parameters: Stacked, gradient: Stacked, step: Tensor) -> Stacked:
        """Return the point after a gradient step of each target's own size (M,) and the proximal step."""
        moved = {name: value - along(step, value) * gradient[name] for name, value in parameters.items()}
        moved[INPUT] = self.shrunk(moved[INPUT], step * self.strength)
        return moved

    def _error(self, forecast: Tensor) -> Tensor:
        """Return the mean squared error of each target over what is observed of it: (M,)."""
        squares = (forecast - self.y).square().flatten(0, -2)
        if self.observed is None:
            return squares.mean(0)
        seen = self.observed.flatten(0, -2)
        return (squares * seen).sum(0) / seen.sum(0).clamp(min=1)


def later_squares(parameters: Stacked) -> Tensor:
    """Return the squared norm of all weights behind the first layer, biases left out: (M,)."""
    weights = [value for name, value in parameters.items() if name != INPUT and not is_offset(name)]
    return torch.stack([value.flatten(1).square().sum(1) for value in weights]).sum(0)


def is_offset(name: str) -> bool:
    """Is a parameter of a network, by its dotted name, an offset, which no penalty touches?"""
    return "bias" in name.rsplit(".", 1)[-1] or "biases" in name or name == "offset"


def along(per_target: Tensor, like: Tensor) -> Tensor:
    """Return a value for each target (M,) in a shape that multiplies ``like`` (M, ...)."""
    return per_target.view(-1, *[1] * (like.ndim - 1))


def dot(a: Stacked, b: Stacked) -> Tensor:
    """Return the inner product of two stacks for each target: (M,)."""
    return torch.stack([(a[name] * b[name]).reshape(len(a[name]), -1).sum(1) for name in a]).sum(0)


def take(stack: Stacked, targets: Tensor) -> Stacked:
    """Return the rows of some targets."""
    return {name: value[targets] for name, value in stack.items()}


def choose(mask: Tensor, new: Stacked, old: Stacked) -> Stacked:
    """Return ``new`` for the targets in a mask (M,) and ``old`` for the others."""
    return {name: torch.where(along(mask, value), new[name], value) for name, value in old.items()}
