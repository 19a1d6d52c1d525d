"""The optimisers of the training loop: Adam and plain gradient descent on stacked weights.

They are those of torch, by its functions: the first step of the classes of ``torch.optim`` imports torch's compiler,
which takes a second and 90 MiB and is not used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.optim.adam import adam

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


class GradientDescent:
    """Steps along the gradient."""

    def __init__(self, weights: Sequence[Tensor]) -> None:
        self.weights = list(weights)

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Move all weights that have a gradient."""
        for weight in self.weights:
            if weight.grad is not None:
                weight.add_(weight.grad, alpha=-rate)

    def zero_grad(self) -> None:
        """Leave all weights without a gradient."""
        for weight in self.weights:
            weight.grad = None

    def restart(self) -> None:
        """Forget past steps."""

    def state_dict(self) -> dict[str, Tensor]:
        """Return what is known of past steps, for a checkpoint."""
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take what a checkpoint knows of past steps."""


class Adam(GradientDescent):
    """Adam (Kingma and Ba, arXiv 1412.6980)."""

    NAMES = ("step", "exp_avg", "exp_avg_sq")

    def __init__(self, weights: Sequence[Tensor]) -> None:
        super().__init__(weights)
        self.state: dict[int, tuple[Tensor, Tensor, Tensor]] = {}

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Move all weights that have a gradient."""
        moved = [(number, weight) for number, weight in enumerate(self.weights) if weight.grad is not None]
        for number, weight in moved:
            if number not in self.state:
                count = torch.zeros((), dtype=torch.float32, device=weight.device)
                self.state[number] = count, torch.zeros_like(weight), torch.zeros_like(weight)
        states = [self.state[number] for number, _ in moved]
        adam(
            [weight for _, weight in moved],
            [weight.grad for _, weight in moved if weight.grad is not None],
            [mean for _, mean, _ in states],
            [square for _, _, square in states],
            [],
            [count for count, _, _ in states],
            fused=True,
            amsgrad=False,
            beta1=BETA_1,
            beta2=BETA_2,
            lr=rate,
            weight_decay=0.0,
            eps=EPSILON,
            maximize=False,
        )

    def restart(self) -> None:
        """Forget past steps."""
        self.state.clear()

    def state_dict(self) -> dict[str, Tensor]:
        """Return the moments of each weight, for a checkpoint."""
        return {
            f"{number}.{name}": value
            for number, values in self.state.items()
            for name, value in zip(self.NAMES, values, strict=True)
        }

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take the moments of a checkpoint.

        Raises:
            ValueError: they are those of other weights.
        """
        for number, weight in enumerate(self.weights):
            if f"{number}.step" in state:
                count, *moments = (state[f"{number}.{name}"] for name in self.NAMES)
                if any(moment.shape != weight.shape for moment in moments) or count.shape:
                    raise ValueError("moments of other weights")
                mean, square = (torch.empty_like(weight).copy_(moment) for moment in moments)
                self.state[number] = count.to(weight.device), mean, square
