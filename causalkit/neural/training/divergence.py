"""Training that diverged: a forecast that is worse than the mean of each series.

A step size that is too large does not always lead to infinite weights. Adam moves every weight by about the step size
at each step, whatever the gradient, so that losses can stay finite and huge. A forecaster that has learned anything is
at least as good as the mean on the windows that it learns from; so where it is clearly worse in the end, and worse than
with its first weights, training has failed, and its scores mean nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch

from causalkit.core.run import Run
from causalkit.errors import TrainingError
from causalkit.neural.training.data import TrainingData
from causalkit.neural.training.settings import Training

T = TypeVar("T")

WORSE = 1.5
"""Times the error of the mean that an error may be. Under a strong penalty a forecast is the mean, and sampled
penalties and few windows in a step make it tremble about it."""
LITTLE = 0.01
"""Share of the variance that counts as nothing."""
USUAL = 0.01
"""A step size that most systems learn with; larger ones are no advice."""
SMALLER = 10
"""What the step size is divided by where training diverged."""


class DivergenceError(TrainingError):
    """Training diverged; it may succeed with smaller steps.

    Args:
        what: the evidence.
        rate: step size of the settings.
        stage: of two-stage training, whose stages have settings of their own.
        otherwise: what may help as well.
    """

    def __init__(
        self, what: str, rate: float, stage: str = "train", *, otherwise: str = "a weaker regularizer.strength"
    ) -> None:
        self.what, self.rate = what, rate
        self.parameter = f"{stage if stage in ('pretrain', 'finetune') else 'training'}.learning_rate"
        super().__init__(
            f"training diverged with {self.parameter}={rate:g}: {what}",
            f"try --set {self.parameter}={min(rate / SMALLER, USUAL):g}, or {otherwise}",
        )


def repeated(train: Callable[[Training, Run], T], settings: Training, run: Run) -> tuple[T, tuple[str, ...]]:
    """Train, and once more with smaller steps where training diverged.

    Args:
        train: takes settings and run, and starts afresh at each call.
        settings: of the first attempt.
        run: of the first attempt; the second one has a checkpoint of its own.

    Returns:
        What was trained, and notes about what diverged.

    Raises:
        TrainingError: it diverged again.
    """
    try:
        return train(settings, run), ()
    except DivergenceError as error:
        first = error
    rate = first.rate / SMALLER
    smaller = settings.model_copy(update={"learning_rate": rate})
    try:
        found = train(smaller, run.with_own_checkpoint("smaller-steps"))
    except DivergenceError as second:
        raise TrainingError(
            f"training diverged with {first.parameter}={first.rate:g} and with {rate:g}: {second.what}", second.hint
        ) from second
    note = (
        f"training diverged with {first.parameter}={first.rate:g} ({first.what}), so it was repeated with "
        f"{first.parameter}={rate:g}"
    )
    return found, (note,)


def check_converged(error: float, first: float, data: TrainingData, settings: Training, stage: str = "train") -> None:
    """Refuse a forecast error that is clearly above that of the mean, and above that of the first weights.

    Args:
        error: mean squared error in the end.
        first: before the first step.
        data: that the error is of.
        stage: of two-stage training.

    Raises:
        DivergenceError: with a smaller step size to try.
    """
    of_mean = error_of_mean(data)
    if error > max(WORSE * of_mean, first):
        raise DivergenceError(
            f"the squared error of the forecasts is {error:.3g}, that of the mean of each series {of_mean:.3g}",
            settings.learning_rate,
            stage,
        )


@torch.no_grad()
def error_of_mean(data: TrainingData) -> float:
    """Return the mean squared error of the mean of each series as a forecast, over windows and networks."""
    errors = []
    for rows in data.rows:
        y = data.y[rows]
        seen = torch.ones_like(y) if data.observed is None else data.observed[rows].to(y)
        mean = (y * seen).sum(0) / seen.sum(0).clamp(min=1)
        errors.append(((y - mean).square() * seen).sum() / seen.sum().clamp(min=1))
    return float(torch.stack(errors).mean())


def about_explained(error: float, data: TrainingData) -> tuple[str, ...]:
    """Say that a forecast with this error explains next to nothing of the windows that it learned from."""
    if error < (1 - LITTLE) * error_of_mean(data):
        return ()
    return (
        f"the forecaster explains less than {LITTLE:.0%} of the variance that it learned from, so its scores say "
        "next to nothing",
    )
