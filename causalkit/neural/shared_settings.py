"""Settings that all neural methods share beside those of their factories: ensembles and training in two stages."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from causalkit.neural.training.settings import Training
from causalkit.neural.transfer.settings import finetune_settings, pretrain_settings
from causalkit.plugins.params import signature_of


def _no_pair(members: int) -> int:
    if members == 2:
        raise ValueError("1, or a number of members from 3 on")
    return members


Members = Annotated[
    int,
    Field(
        ge=1,
        description="networks, each of which leaves another block of the recording out; 1: one network, or 5 where a "
        "strength is chosen",
    ),
    AfterValidator(_no_pair),
]


def shared_settings(factory: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return ``ensemble``, ``pretrain`` and ``finetune`` as parameters, for the factory of a neural method."""
    training = signature_of(factory).get("training")
    settings = type(training.default) if training and isinstance(training.default, Training) else Training
    pretrain, finetune = pretrain_settings(settings), finetune_settings(settings)
    return {
        "ensemble": _parameter("ensemble", Members, 1),
        "pretrain": _parameter("pretrain", pretrain, pretrain()),
        "finetune": _parameter("finetune", finetune, finetune()),
    }


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
