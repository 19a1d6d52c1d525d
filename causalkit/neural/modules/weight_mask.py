"""Weight masks: first-layer weights that background knowledge forbids stay exactly zero while a network learns."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from causalkit.neural.modules.averaged import members_of
from causalkit.neural.modules.candidates import candidates_of
from causalkit.neural.modules.forecaster import as_forecaster


@dataclass(frozen=True)
class WeightMask:
    """Which weights of a network have to stay zero.

    Attributes:
        masked: by name of the parameter, True where a weight belongs to a forbidden pair.
    """

    masked: Mapping[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, model: nn.Module, allowed: Tensor | None) -> WeightMask:
        """Return the weights of a model through which forbidden pairs would act.

        Only first layers of each target's own can be masked pair by pair: ``input_weights()`` of shape
        (target, hidden, K or 1, P). Other networks have none.

        Args:
            allowed: shape (cause, effect), or None: everything is.
        """
        if allowed is None or bool(allowed.all()) or not has_own_input_weights(model, len(allowed)):
            return cls()
        if candidates_of(model) is not None:  # which have no forbidden series among them
            return cls()
        marked = as_forecaster(copy.deepcopy(model))  # input_weights() may be a view of any parameter: see which
        with torch.no_grad():
            for weight in marked.parameters():
                weight.fill_(1.0)
            first = marked.input_weights()
            first.mul_(allowed.T[:, None, None, :].to(first))
            named = model.named_parameters()
            found = {name: one == 0 for (name, _), one in zip(named, marked.parameters(), strict=True)}
        return cls({name: mask for name, mask in found.items() if bool(mask.any())})

    @torch.no_grad()
    def apply(self, weights: Iterable[tuple[str, Tensor]]) -> None:
        """Set masked weights to zero, in place; weights of several networks are stacked along a first axis."""
        if self.masked:
            for name, weight in weights:
                if name in self.masked:
                    weight.masked_fill_(self.masked[name], 0.0)


def has_own_input_weights(model: nn.Module, series: int) -> bool:
    """Have all targets their own first-layer weights?"""
    for member in map(as_forecaster, members_of(model)):
        if "input-weights" not in member.capabilities or not len(member.input_weights()) == series > 1:
            return False
    return True
