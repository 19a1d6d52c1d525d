"""The regularizer ``ridge``: the squared weights behind the first layer."""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from causalkit.neural import Batch, RegularizerObject, as_forecaster
from causalkit_neuralgc.problem import is_offset


class Ridge(RegularizerObject):
    """A small penalty on later weights, so that they cannot grow to undo a penalty on the first ones.

    Reveals no causes; add it to a regularizer that does: ``--regularizer gradient-l1+ridge``.

    Args:
        weight: of the mean over targets of the squared weights.
    """

    def __init__(self, weight: Annotated[float, Field(ge=0)] = 0.01) -> None:
        self.strength = weight

    def penalty(self, model: nn.Module, batch: Batch) -> Tensor:
        """Return weight / P * squared norm of all weight matrices but the first; offsets are left out."""
        squares = torch.stack([value.square().sum() for value in later_weights(model)])
        return self.weight * squares.sum() / batch.y.shape[1]

    def compatible(self, model: nn.Module) -> str | None:
        """Return None for a network with more than one layer."""
        return None if later_weights(model) else "needs weights behind the first layer; this forecaster has none"


def later_weights(model: nn.Module) -> list[Tensor]:
    """Return all weights but those that ``input_weights`` shows and the offsets.

    The first layer is the first parameter of its size: stacked networks have no addresses by which to compare.
    """
    weights = [value for name, value in model.named_parameters() if not is_offset(name)]
    forecaster = as_forecaster(model)
    if "input-weights" in forecaster.capabilities:
        size = forecaster.input_weights().numel()
        first = next((number for number, value in enumerate(weights) if value.numel() == size), None)
        weights = [value for number, value in enumerate(weights) if number != first]
    return weights
