"""First-layer weights that background knowledge forbids: kept at exactly zero while a network learns."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from causalkit.neural.modules.averaged import Averaged


@dataclass(frozen=True)
class Sieve:
    """Which weights of a network have to stay zero.

    Attributes:
        closed: by name of the parameter, True where a weight belongs to a forbidden pair.
    """

    closed: Mapping[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, model: nn.Module, allowed: Tensor | None) -> Sieve:
        """Return the weights of a model that forbidden pairs would act through.

        Only first layers of each target's own can be closed pair by pair: ``input_weights()`` of shape
        (target, hidden, K or 1, P). Other networks have none.

        Args:
            allowed: shape (cause, effect), or None: everything is.
        """
        if allowed is None or bool(allowed.all()) or not closes(model, len(allowed)):
            return cls()
        marked = copy.deepcopy(model)  # input_weights() may be a view of any parameter: see which ones it reaches
        with torch.no_grad():
            for weight in marked.parameters():
                weight.fill_(1.0)
            first: Tensor = marked.input_weights()  # type: ignore[operator]
            first.mul_(allowed.T[:, None, None, :].to(first))
            found = {name: weight == 0 for name, weight in marked.named_parameters()}
        return cls({name: mask for name, mask in found.items() if bool(mask.any())})

    @torch.no_grad()
    def apply(self, weights: Iterable[tuple[str, Tensor]]) -> None:
        """Set closed weights to zero, in place; weights of several members are stacked along a first axis."""
        if self.closed:
            for name, weight in weights:
                if name in self.closed:
                    weight.masked_fill_(self.closed[name], 0.0)


def closes(model: nn.Module, series: int) -> bool:
    """Has every target first-layer weights of its own?"""
    if isinstance(model, Averaged):
        return all(closes(member, series) for member in model.members)
    weights = getattr(model, "input_weights", None)
    return weights is not None and len(weights()) == series > 1
