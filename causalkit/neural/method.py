"""A neural method: a forecaster + a regularizer + training settings."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import torch

from causalkit.discovery import Discovery
from causalkit.errors import TrainingError
from causalkit.neural.checkpoint import Progress
from causalkit.neural.holdout import hold_out
from causalkit.neural.parts import ForecasterPart
from causalkit.neural.penalties import PenaltySum
from causalkit.neural.training import Held, Training, train
from causalkit.panel import Panel, Windows
from causalkit.plain import plain
from causalkit.run import Run


class NeuralMethod:
    """Train a forecaster under a penalty and read the scores off it.

    Args:
        forecaster, regularizer: resolved by causalkit from the user's ``forecaster.*`` and ``regularizer.*``.
        lag: K, steps of a window.
        training: settings of the training loop.

    Raises:
        WrongUsageError: the pair cannot work together.
    """

    def __init__(self, forecaster: ForecasterPart, regularizer: PenaltySum, lag: int, training: Training) -> None:
        regularizer.check_records(forecaster.record)
        self.forecaster = forecaster
        self.regularizer = regularizer
        self.lag = lag
        self.training = training

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return the discovery of a panel.

        Raises:
            DataError: no complete window is left.
            TrainingError: training diverged.
        """
        windows = panel.windows(self.lag)
        with run.isolated():
            model = self.forecaster.build(series=panel.series, lag=self.lag)
            model = model.to(device=run.torch_device(), dtype=run.torch_dtype())
            self.regularizer.check_model(model)
            learning, held = windows, None
            if self.training.validation > 0:
                learning, aside = hold_out(windows, self.training.validation, run.numpy_generator())
                held = Held(*_tensors(aside, run))
            x, y = _tensors(learning, run)
            config = {
                "lag": self.lag,
                "forecaster": self.forecaster.config(),
                "regularizer": self.regularizer.config(model, panel.series),
                "training": plain(self.training),
            }
            fingerprint = _fingerprint(config, panel, run)
            progress = train(model, self.regularizer, x, y, self.training, run, held=held, fingerprint=fingerprint)
            model.eval()
            scores = self.regularizer.scores(model, x).cpu().numpy()
        if not bool((abs(scores) < float("inf")).all()):
            raise TrainingError(
                "training diverged: the scores are not finite",
                f"try --set training.learning_rate={self.training.learning_rate / 10:g}",
            )
        return Discovery(
            names=panel.names,
            scores=scores,
            history=progress.history,
            config=config,
            device=str(run.torch_device()),
            data={
                "windows": len(windows),
                "dropped": windows.dropped,
                "windows_held_out": len(windows) - len(learning),
            },
            notes=_notes(progress, self.training),
        )


def _tensors(windows: Windows, run: Run) -> tuple[torch.Tensor, torch.Tensor]:
    kind: dict[str, Any] = {"device": run.torch_device(), "dtype": run.torch_dtype()}
    return torch.as_tensor(windows.x, **kind), torch.as_tensor(windows.y, **kind)


def _fingerprint(config: dict[str, Any], panel: Panel, run: Run) -> str:
    """Digest all that a checkpoint must share with the run that goes on from it."""
    shared = [config, panel.sha256, run.seed, run.dtype]
    return hashlib.sha256(json.dumps(shared, sort_keys=True).encode()).hexdigest()


def _notes(progress: Progress, settings: Training) -> tuple[str, ...]:
    """Say what a user should know about how training ended."""
    notes = []
    if progress.stopped == "time limit":
        notes.append(f"the time limit ended training after {progress.epoch} of {settings.epochs} epochs")
    if progress.best:
        notes.append(f"weights are from epoch {progress.best_epoch}, where the held-out forecast error was lowest")
    return tuple(notes)
