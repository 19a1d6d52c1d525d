"""Members of an ensemble: networks of one architecture, trained side by side as one batched computation.

The weights of all members are stacked, and one step is one vectorised forward and backward pass (`torch.func.vmap`).
Adam works weight by weight, so each member is trained exactly as it would be alone; what is saved is the overhead of a
step, which dominates small networks.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from causalkit.errors import TrainingError
from causalkit.neural.penalties import PenaltySum
from causalkit.neural.protocols import squared_error
from causalkit.neural.sieve import Sieve
from causalkit.neural.training import ONE_DOMAIN, Domains, Training, learning_rate
from causalkit.run import Run

JUDGE_EVERY = 4
"""Epochs between two looks at the held-out forecast error."""


@dataclass(frozen=True)
class Split:
    """Which windows each of E members learns from, and which it is judged by.

    Attributes:
        rows: indices of windows, shape (E, B): a member may see a window twice (bootstrap).
        held: shape (E, N), or None where nothing is held out.
    """

    rows: Tensor
    held: Tensor | None = None


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
        models: E networks of one architecture with their first weights.
        x, y: all windows (N, K, P) and next steps (N, P).
        split: which of them each member sees.
        observed: shape (N, P), which next steps are learned from and judged; None: all.
        scale: shape (E,), what the penalty that supplies the scores is multiplied by for each member.

    Raises:
        TrainingError: a loss is no longer finite.
    """
    count = len(models)
    scale = torch.ones(count, device=x.device, dtype=x.dtype) if scale is None else scale
    weights, buffers = stack_module_state([_Objective(model, penalties) for model in models])
    objective = _Objective(copy.deepcopy(models[0]), penalties)
    optimizer = torch.optim.Adam(weights.values(), lr=settings.learning_rate, fused=True)
    generator = run.torch_generator()
    sieve = Sieve({f"model.{name}": mask for name, mask in Sieve.of(models[0], domains.allowed).closed.items()})
    sieve.apply(weights.items())
    best = _Best(count, weights, x)
    history: dict[str, list[float]] = {"epoch": []}
    run.start({"epochs": settings.epochs, "done": 0, "stage": domains.stage})
    inputs, targets = x[split.rows], y[split.rows]  # (E, B, K, P), (E, B, P)
    seen = None if observed is None else observed[split.rows]
    mapped = (0, 0, 0, 0, None if seen is None else 0)
    for epoch in range(settings.epochs):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(settings, epoch)
        done = epoch / settings.epochs

        def step(
            state: dict[str, Tensor], mine: Tensor, next_step: Tensor, weight: Tensor, said: Tensor | None
        ) -> dict[str, Tensor]:
            arguments = (mine, next_step, weight, domains, generator, done, said)  # noqa: B023 - called at once
            found: dict[str, Tensor] = functional_call(objective, (state, buffers), arguments)
            return found

        parts = vmap(step, in_dims=mapped, randomness="different")(weights, inputs, targets, scale, seen)
        optimizer.zero_grad(set_to_none=True)
        torch.stack([part.sum() for part in parts.values()]).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        sieve.apply(weights.items())
        losses = {name: float(part.detach().mean()) for name, part in parts.items()}
        last = epoch + 1 == settings.epochs or (run.expired and epoch > 0)
        if split.held is not None and (last or epoch % JUDGE_EVERY == 0):
            best.judge(_held_out_errors(objective, weights, buffers, x, y, split.held, observed), weights, epoch + 1)
        if split.held is not None:
            losses["validation"] = float(best.latest.mean())
        _record(history, losses, epoch + 1, settings)
        run.epoch(epoch + 1, losses)
        if last:
            break
    if split.held is None:
        best.judge(parts["forecast"].detach(), weights, epoch + 1)
    return TrainedMembers(_unstacked(models, best.weights), best.errors, best.epochs, history)


class _Objective(nn.Module):
    """Forecast error and penalties as the output of a module, so that all weights can be replaced by stacked ones."""

    def __init__(self, model: nn.Module, penalties: PenaltySum) -> None:
        super().__init__()
        self.model = model
        self.penalties = penalties

    def forward(
        self,
        x: Tensor,
        y: Tensor,
        scale: Tensor,
        domains: Domains,
        generator: torch.Generator,
        done: float,
        observed: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Return the loss parts of one member."""
        losses = self.penalties.losses(self.model, domains.batch(x, y, generator, done, observed))
        name = self.penalties.scoring.record.name
        if name in losses:
            losses[name] = scale * losses[name]
        return {"forecast": squared_error(self.model(x), y, observed), **losses}


class _Best:
    """The weights of each member where its held-out error was lowest."""

    def __init__(self, count: int, weights: Mapping[str, Tensor], x: Tensor) -> None:
        self.errors = torch.full((count,), math.inf, device=x.device, dtype=x.dtype)
        self.latest = torch.full_like(self.errors, math.nan)
        self.epochs = torch.zeros(count, dtype=torch.long, device=x.device)
        self.weights = {name: value.detach().clone() for name, value in weights.items()}

    def judge(self, errors: Tensor, weights: Mapping[str, Tensor], epoch: int) -> None:
        """Keep the weights of the members whose error is the lowest so far."""
        self.latest = errors
        better = errors < self.errors
        self.errors = torch.where(better, errors, self.errors)
        self.epochs[better] = epoch
        for name, value in weights.items():
            self.weights[name][better] = value.detach()[better]


@torch.no_grad()
def _held_out_errors(
    objective: _Objective,
    weights: Mapping[str, Tensor],
    buffers: Mapping[str, Tensor],
    x: Tensor,
    y: Tensor,
    held: Tensor,
    observed: Tensor | None = None,
) -> Tensor:
    """Return the mean squared forecast error of each member on its own held-out windows, shape (E,)."""
    objective.eval()
    prefix = "model."
    state = {name.removeprefix(prefix): value for name, value in {**weights, **buffers}.items()}

    def forecast(mine: dict[str, Tensor]) -> Tensor:
        made: Tensor = functional_call(objective.model, mine, (x,))
        return made

    squares = (vmap(forecast, randomness="different")(state) - y).square()  # (E, N, P)
    objective.train()
    mask = held.to(squares.dtype)
    if observed is not None:
        cells = mask.unsqueeze(2) * observed
        return (squares * cells).sum((1, 2)) / cells.sum((1, 2)).clamp(min=1)
    judged: Tensor = (squares.mean(2) * mask).sum(1) / mask.sum(1)
    return judged


def _unstacked(models: Sequence[nn.Module], weights: Mapping[str, Tensor]) -> list[nn.Module]:
    """Return the members with the weights that were found."""
    members = []
    for index, model in enumerate(models):
        member = copy.deepcopy(model)
        with torch.no_grad():
            for name, weight in member.named_parameters():
                weight.copy_(weights[f"model.{name}"][index])
        members.append(member.eval())
    return members


def _record(history: dict[str, list[float]], losses: Mapping[str, float], epoch: int, settings: Training) -> None:
    for name, value in losses.items():
        if name != "validation" and not math.isfinite(value):
            raise TrainingError(
                f"training diverged: the {name} loss is {value} in epoch {epoch} "
                f"(training.learning_rate={settings.learning_rate:g})",
                f"try --set training.learning_rate={settings.learning_rate / 10:g}, or a weaker regularizer.strength",
            )
        history.setdefault(name, []).append(value)
    history["epoch"].append(epoch)
