"""The one training loop of all neural methods."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from causalkit.core.run import Run
from causalkit.errors import TrainingError
from causalkit.neural.interfaces import Batch, Stage, squared_error
from causalkit.neural.modules.weight_mask import Sieve
from causalkit.neural.regularizers import PenaltySum
from causalkit.neural.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from causalkit.neural.training.interrupt import deferred_interrupt
from causalkit.neural.training.score_history import is_due, take_snapshot


class Training(BaseModel):
    """Settings of training; keys of ``--set training.KEY=VALUE``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(default=200, ge=1, description="passes over all windows")
    learning_rate: float = Field(default=0.01, gt=0, description="step size of the optimiser")
    batch_size: int | None = Field(default=None, ge=1, description="windows a step; none: all of them")
    optimizer: Literal["adam", "sgd"] = Field(
        default="adam", description="with sgd, penalties that have a proximal step take it (ISTA)"
    )
    schedule: Literal["constant", "cosine"] = Field(default="constant", description="of the learning rate")
    validation: float = Field(default=0.0, ge=0, le=0.5, description="share of windows held out to judge forecasts")
    patience: int | None = Field(default=None, ge=1, description="epochs without a better held-out error; none: all")
    snapshots: int | None = Field(
        default=None,
        ge=1,
        description="epochs between two readings of the scores, kept in the result; none: only the last",
    )


@dataclass(frozen=True)
class Domains:
    """What a stage of training on two domains knows beyond its own windows; see `Batch` for the fields.

    Attributes:
        stage: "train" is training on one domain.
        other: all windows (B', K, P) of the other domain; every step draws as many as its own batch has.
        reference: scores of the pre-trained forecaster.
        allowed, required: background knowledge, shape (cause, effect); None: there is none.
    """

    stage: Stage = "train"
    other: Tensor | None = None
    reference: Tensor | None = None
    allowed: Tensor | None = None
    required: Tensor | None = None

    def batch(
        self, x: Tensor, y: Tensor, generator: torch.Generator, progress: float, observed: Tensor | None = None
    ) -> Batch:
        """Return a batch, with windows of the other domain drawn at random."""
        other = self.other
        if other is not None and len(other) > len(x):
            other = other[torch.randperm(len(other), generator=generator, device=other.device)[: len(x)]]
        return Batch(
            x, y, generator, other, self.stage, progress, self.reference, observed, self.allowed, self.required
        )


ONE_DOMAIN = Domains()


@dataclass(frozen=True)
class Held:
    """Windows that training judges forecasts by and never learns from: x (B, K, P), y (B, P) and what is observed."""

    x: Tensor
    y: Tensor
    observed: Tensor | None = None


def train(
    model: nn.Module,
    penalties: PenaltySum,
    x: Tensor,
    y: Tensor,
    settings: Training,
    run: Run,
    *,
    held: Held | None = None,
    fingerprint: str = "",
    domains: Domains = ONE_DOMAIN,
    observed: Tensor | None = None,
    everything: Tensor | None = None,
) -> Progress:
    """Minimise mean squared forecast error + penalties over windows x (B, K, P) and next steps y (B, P).

    The error is the mean over windows and series, over what is ``observed`` (B, P) where that is given. With held-out
    windows the weights with the lowest held-out forecast error are kept in the end, and training ends early when it has
    not fallen for ``patience`` epochs. Weights that need no gradient stay as they are. First-layer weights that belong
    to one target each are exactly zero throughout where ``domains.allowed`` forbids them.

    With ``settings.snapshots`` the scores are read after every so many epochs and after the last one, which changes
    nothing of what is learned. Pre-training keeps none.

    Args:
        everything: windows (N, K, P) that scores are read off; default: ``x``.

    Returns:
        The history, the readings, and why training ended: "epochs", "patience" or "time limit". The model is changed in
        place.

    Raises:
        TrainingError: a loss is no longer finite.
    """
    generator = run.torch_generator()
    optimizer = _optimizer(model, settings)
    sieve = Sieve.of(model, domains.allowed)
    sieve.apply(model.named_parameters())
    progress = Progress()
    interval = None if domains.stage == "pretrain" else settings.snapshots
    shown = x if everything is None else everything
    if run.checkpoint and run.resume and run.checkpoint.exists():
        progress = load_checkpoint(run.checkpoint, fingerprint, model, optimizer, generator)
    run.start({"epochs": settings.epochs, "done": progress.epoch, "stage": domains.stage})
    saved = time.monotonic()
    with deferred_interrupt(active=run.checkpoint is not None) as interrupt:
        while not progress.stopped:
            progress.stopped = _reason_to_stop(progress, settings, run)
            if progress.stopped:
                break
            rate = learning_rate(settings, progress.epoch)
            for group in optimizer.param_groups:
                group["lr"] = rate
            losses = _epoch(
                model, penalties, (x, y, observed), settings, optimizer, generator, rate, domains, progress, sieve
            )
            progress.epoch += 1
            if held is not None:
                losses["validation"] = _judge(model, held, progress)
            _record(progress, losses, settings)
            if is_due(progress, interval):
                take_snapshot(model, penalties, shown, progress)
            run.epoch(progress.epoch, losses)
            due = time.monotonic() - saved >= run.checkpoint_every
            if run.checkpoint and (due or interrupt.asked):
                save_checkpoint(run.checkpoint, fingerprint, model, optimizer, generator, progress)
                saved = time.monotonic()
            if interrupt.asked:
                raise KeyboardInterrupt
    if run.checkpoint:
        # A time limit is not the end of training: a resumed run goes on from here.
        resumable = replace(progress, stopped="") if progress.stopped == "time limit" else progress
        save_checkpoint(run.checkpoint, fingerprint, model, optimizer, generator, resumable)
    if interval is not None:  # not before the checkpoint: the last epoch of a resumed run is another one
        take_snapshot(model, penalties, shown, progress)
    if progress.best:
        model.load_state_dict(progress.best)
    return progress


def learning_rate(settings: Training, epoch: int) -> float:
    """Return the step size of an epoch, counted from 0."""
    if settings.schedule == "constant":
        return settings.learning_rate
    phase = torch.pi * epoch / settings.epochs
    return 0.5 * settings.learning_rate * (1 + float(torch.cos(torch.tensor(phase))))


def _optimizer(model: nn.Module, settings: Training) -> torch.optim.Optimizer:
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    if settings.optimizer == "sgd":
        return torch.optim.SGD(weights, lr=settings.learning_rate)
    return torch.optim.Adam(weights, lr=settings.learning_rate, fused=True)


def _reason_to_stop(progress: Progress, settings: Training, run: Run) -> str:
    if progress.epoch >= settings.epochs:
        return "epochs"
    if settings.patience and progress.best and progress.epoch - progress.best_epoch >= settings.patience:
        return "patience"
    if run.expired and progress.epoch:  # at least one epoch, so that there is something to read off
        return "time limit"
    return ""


def _epoch(
    model: nn.Module,
    penalties: PenaltySum,
    data: tuple[Tensor, Tensor, Tensor | None],
    settings: Training,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
    rate: float,
    domains: Domains,
    progress: Progress,
    sieve: Sieve,
) -> dict[str, float]:
    """Take one pass over the windows; return the mean of each loss part."""
    done = progress.epoch / settings.epochs
    model.train()
    # The step size of adam differs by weight, so it has no proximal step; and that would move weights that stay.
    proximal = settings.optimizer == "sgd" and all(weight.requires_grad for weight in model.parameters())
    sums: dict[str, float] = {}
    windows = len(data[0])
    for rows in _batches(windows, settings.batch_size, generator):
        mine, target, seen = data if rows is None else _chosen(data, rows)
        batch = domains.batch(mine, target, generator, done, seen)
        forecast = squared_error(model(batch.x), batch.y, batch.observed)
        parts = {"forecast": forecast, **penalties.losses(model, batch, proximal=proximal)}
        optimizer.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if proximal:
            penalties.prox(model, rate)
        sieve.apply(model.named_parameters())
        share = len(batch.x) / windows
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + share * value.item()
    return sums


def _chosen(data: tuple[Tensor, Tensor, Tensor | None], rows: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
    x, y, observed = data
    return x[rows], y[rows], None if observed is None else observed[rows]


def _batches(windows: int, size: int | None, generator: torch.Generator) -> Iterator[Tensor | None]:
    """Yield shuffled rows for each mini-batch; None stands for all windows at once."""
    if size is None or size >= windows:
        yield None
        return
    order = torch.randperm(windows, generator=generator, device=generator.device)
    yield from torch.split(order, size)


@torch.no_grad()
def _judge(model: nn.Module, held: Held, progress: Progress) -> float:
    """Return the held-out forecast error, and keep the weights when it is the lowest so far."""
    model.eval()
    loss = float(squared_error(model(held.x), held.y, held.observed))
    if loss < progress.best_loss:
        progress.best_loss, progress.best_epoch = loss, progress.epoch
        progress.best = {name: value.detach().clone() for name, value in model.state_dict().items()}
    return loss


def _record(progress: Progress, losses: dict[str, float], settings: Training) -> None:
    """Append the losses of an epoch, and refuse to go on when one is not finite."""
    for name, value in losses.items():
        if value != value or abs(value) == float("inf"):
            raise TrainingError(
                f"training diverged: the {name} loss is {value} in epoch {progress.epoch} "
                f"(training.learning_rate={settings.learning_rate:g})",
                f"try --set training.learning_rate={settings.learning_rate / 10:g}, or a weaker regularizer.strength",
            )
        progress.history.setdefault(name, []).append(value)
    progress.history.setdefault("epoch", []).append(progress.epoch)
