"""A path of strengths, from strong to weak: members are trained under each from where the one before has led them.

Under the strongest penalty hardly any input pays; as it weakens, inputs come in one after another, in the order of what
they are worth. The whole path takes little more than one training, because every strength starts from a good point, and
it ends where held-out forecasts no longer gain by what comes in.

Adam's steps make gradients tremble by about (step size) x (strength). So steps are small while the penalty is strong
and grow as it weakens, and what is judged and kept is the mean of the weights over the latest steps.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from causalkit.core.run import Run
from causalkit.neural.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from causalkit.neural.training.interrupt import deferred_interrupt
from causalkit.neural.training.loop import Training
from causalkit.neural.training.members import Best, Members, Stacked
from causalkit.neural.training.side_by_side import record

KEEP = 0.95
"""Share of the best explained held-out variance that is enough; see `causalkit.neural.choose`."""
AVERAGING = 0.9
"""Of the mean of the weights: about the latest ten steps."""
STEADY, SLOWING = 1.5, 0.8
"""The step size is that of the settings up to STEADY times the weakest strength, then falls as strength^-SLOWING."""
FIRST, LEAST, MOST, LOOK, JUDGE, ALL, AGAIN = 0.15, 0.1, 0.3, 0.05, 0.025, 1.5, 0.25
"""In units of ``training.epochs``: what the first strength gets at least; what each gets at least, and at most; how
long between two looks at whether it still helps to go on, and at the held-out error; what all get together; and how
long members learn from all windows in the end."""
GAIN = 0.01
"""Share of the explained held-out variance that has to be gained between two looks."""


@dataclass(frozen=True)
class Point:
    """Where members stand under one strength.

    Attributes:
        strength: of the penalty.
        errors: lowest held-out forecast error of each member, shape (E,).
        weights: mean weights of each member at that point, stacked.
    """

    strength: float
    errors: Tensor
    weights: Stacked


@dataclass
class Trace:
    """Points of a path, strongest first, the history of all epochs, and why it ended: "path" or "time limit"."""

    points: list[Point] = field(default_factory=list)
    history: dict[str, list[float]] = field(default_factory=dict)
    stopped: str = ""


def trace(
    members: Members, strengths: Sequence[float], settings: Training, run: Run, *, fingerprint: str = ""
) -> Trace:
    """Train members along a path of strengths.

    Args:
        strengths: descending.
        fingerprint: what a checkpoint must share with the run that goes on from it.

    Raises:
        TrainingError: a loss is no longer finite.
        DataError: the checkpoint is of another run.
    """
    walk = _Walk(members, strengths, settings, run, fingerprint)
    run.start({"epochs": walk.span(ALL), "done": walk.epoch, "stage": "strength"})
    saved = time.monotonic()
    with deferred_interrupt(active=run.checkpoint is not None) as interrupt:
        while not walk.found.stopped:
            walk.step()
            ends = bool(walk.found.stopped) or run.expired
            if run.checkpoint and (ends or time.monotonic() - saved >= run.checkpoint_every or interrupt.asked):
                walk.save()
                saved = time.monotonic()
            if interrupt.asked:
                raise KeyboardInterrupt
            if run.expired and not walk.found.stopped:  # not before the checkpoint: a resumed run goes on from there
                walk.leave()
                walk.found.stopped = "time limit"
    return walk.found


def learn_from_all(members: Members, point: Point, strengths: Sequence[float], settings: Training, run: Run) -> Stacked:
    """Go on from a point with nothing left out, for a while, and return the mean weights that this leads to.

    What a block that was left out has to say is learned in the end, and members remain as different as the blocks made
    them.
    """
    members.restart(point.weights)
    scale = point.errors.new_full((len(members.models),), point.strength)
    count = max(1, round(AGAIN * settings.epochs))
    run.start({"epochs": count, "done": 0, "stage": "all windows"})
    for epoch in range(count):
        losses, _ = members.epoch(step_size(settings, point.strength, strengths), 1.0, scale)
        run.epoch(epoch + 1, losses)
        if run.expired:
            break
    return members.averaged


def step_size(settings: Training, strength: float, strengths: Sequence[float]) -> float:
    """Return the step size under one of several strengths."""
    steady = STEADY * min(strengths)
    return settings.learning_rate * min(1.0, (steady / strength) ** SLOWING if strength else 1.0)


class _Walk:
    """The state of a path while it is walked.

    Attributes:
        epoch: epochs done, of all strengths.
        here: epochs done under the present strength.
        looked: held-out error at the latest look.
    """

    def __init__(
        self, members: Members, strengths: Sequence[float], settings: Training, run: Run, fingerprint: str
    ) -> None:
        self.members, self.strengths, self.settings, self.run = members, strengths, settings, run
        self.fingerprint = fingerprint
        self.found = Trace()
        self.epoch, self.here, self.looked = 0, 0, float("inf")
        self.best = Best(members)
        if run.checkpoint and run.resume and run.checkpoint.exists():
            self._restore()

    def span(self, share: float) -> int:
        """Return so many times ``training.epochs`` as whole epochs."""
        return max(1, round(share * self.settings.epochs))

    def step(self) -> None:
        """Take one epoch, and go on to the next strength where this one has given what it has."""
        strength = self.strengths[len(self.found.points)]
        scale = self.best.errors.new_full((len(self.members.models),), strength)
        rate = step_size(self.settings, strength, self.strengths)
        losses, _ = self.members.epoch(rate, min(1.0, self.epoch / self.span(ALL)), scale)
        self.epoch += 1
        self.here += 1
        due = self._look_is_due()
        if due or self.here == 1 or self.here % self.span(JUDGE) == 0 or self.run.expired:
            self.best.judge(self.members.held_out_errors(), self.members.averaged, self.epoch)
        error = float(self.best.latest.mean())
        record(self.found.history, {**losses, "validation": error, "strength": strength}, self.epoch)
        self.run.epoch(self.epoch, {**losses, "validation": error})
        if due and self._has_settled(error):
            self.leave()
        elif due:
            self.looked = error

    def _look_is_due(self) -> bool:
        least = self.span(LEAST if self.found.points else FIRST)
        return self.here >= least and (self.here - least) % self.span(LOOK) == 0

    def _has_settled(self, error: float) -> bool:
        """Is another stretch under this strength not worth its time?"""
        lowest = min([1.0, error, *(float(point.errors.mean()) for point in self.found.points)])
        gained = self.looked - error
        return self.here >= self.span(MOST) or self.epoch >= self.span(ALL) or gained < GAIN * (1 - lowest)

    def leave(self) -> None:
        """Keep what was found under the present strength, and say whether the path ends here."""
        points = self.found.points
        points.append(Point(self.strengths[len(points)], self.best.errors, self.best.weights))
        self.here, self.looked = 0, float(self.best.latest.mean())
        self.best = Best(self.members)
        explained = [1 - float(point.errors.mean()) for point in points]
        worse = max(explained) > 0 and explained[-1] < KEEP * max(explained) and explained[-1] < max(explained[:-1])
        if len(points) == len(self.strengths) or self.epoch >= self.span(ALL) or worse:
            self.found.stopped = "path"

    def save(self) -> None:
        """Write the checkpoint; a time limit is not the end of a path."""
        assert self.run.checkpoint is not None
        standing = {"here": torch.tensor(float(self.here)), "looked": torch.tensor(self.looked)}
        present = Point(0.0, self.best.errors, self.best.weights)
        for number, point in enumerate([*self.found.points, present]):
            standing[f"{number}.errors"] = point.errors
            standing |= {f"{number}.weights.{name}": value for name, value in point.weights.items()}
        progress = Progress(self.epoch, self.found.history, best=standing, stopped=self.found.stopped)
        members = self.members
        save_checkpoint(self.run.checkpoint, self.fingerprint, members, members.optimizer, members.generator, progress)

    def _restore(self) -> None:
        """Bring everything to the state of the checkpoint."""
        assert self.run.checkpoint is not None
        members = self.members
        progress = load_checkpoint(self.run.checkpoint, self.fingerprint, members, members.optimizer, members.generator)
        standing = progress.best
        self.epoch, self.found.history, self.found.stopped = progress.epoch, progress.history, progress.stopped
        self.here, self.looked = int(standing["here"]), float(standing["looked"])
        kept = [
            Point(0.0, standing[f"{number}.errors"], _below(standing, f"{number}.weights."))
            for number in range(sum(name.endswith(".errors") for name in standing))
        ]
        self.found.points = [replace(p, strength=s) for p, s in zip(kept[:-1], self.strengths, strict=False)]
        self.best.errors, self.best.weights = kept[-1].errors, kept[-1].weights
        self.best.latest = torch.full_like(self.best.errors, self.found.history["validation"][-1])


def _below(tensors: Stacked, prefix: str) -> Stacked:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
