"""Members of a given strength, trained side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from causalkit.core.run import Run
from causalkit.neural.regularizers import PenaltySum
from causalkit.neural.training.loop import ONE_DOMAIN, Domains, Training, learning_rate
from causalkit.neural.training.members import Best, Members, Split

JUDGE_EVERY = 4
"""Epochs between two looks at the held-out forecast error."""


@dataclass(frozen=True)
class TrainedMembers:
    """What training leaves of E members.

    Attributes:
        models: the members, each at its lowest held-out error, or at the end where nothing was held out.
        errors: held-out forecast error of each at that point, shape (E,); training error where nothing was held out.
        epochs: epoch of that point, shape (E,).
        history: means over members, one entry an epoch.
    """

    models: Sequence[nn.Module]
    errors: Tensor
    epochs: Tensor
    history: Mapping[str, list[float]] = field(default_factory=dict)


def train_members(
    models: Sequence[nn.Module],
    penalties: PenaltySum,
    x: Tensor,
    y: Tensor,
    split: Split,
    settings: Training,
    run: Run,
    *,
    scale: Tensor | None = None,
    domains: Domains = ONE_DOMAIN,
    observed: Tensor | None = None,
) -> TrainedMembers:
    """Minimise forecast error + penalties for every member; see `causalkit.neural.train` for one.

    Args:
        scale: shape (E,), what the penalty that supplies the scores is multiplied by for each member; None: 1.

    Other arguments are those of `Members`.

    Raises:
        TrainingError: a loss is no longer finite.
    """
    members = Members(models, penalties, x, y, split, settings, run, domains=domains, observed=observed)
    scale = torch.ones(len(models), device=x.device, dtype=x.dtype) if scale is None else scale
    best = Best(members)
    history: dict[str, list[float]] = {"epoch": []}
    run.start({"epochs": settings.epochs, "done": 0, "stage": domains.stage})
    for epoch in range(settings.epochs):
        losses, errors = members.epoch(learning_rate(settings, epoch), epoch / settings.epochs, scale)
        last = epoch + 1 == settings.epochs or (run.expired and epoch > 0)
        if split.held is not None and (last or epoch % JUDGE_EVERY == 0):
            best.judge(members.held_out_errors(), members.averaged, epoch + 1)
        if split.held is not None:
            losses["validation"] = float(best.latest.mean())
        record(history, losses, epoch + 1)
        run.epoch(epoch + 1, losses)
        if last:
            break
    if split.held is None:
        best.judge(errors, members.averaged, epoch + 1)
    return TrainedMembers(members.with_weights(best.weights), best.errors, best.epochs, history)


def record(history: dict[str, list[float]], losses: Mapping[str, float], epoch: int) -> None:
    """Append the losses of an epoch to a history."""
    for name, value in losses.items():
        history.setdefault(name, []).append(value)
    history.setdefault("epoch", []).append(epoch)
