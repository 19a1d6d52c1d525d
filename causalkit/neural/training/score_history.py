"""Readings of the scores in the course of training, for those who want to see them rise and fall.

A reading leaves no trace: training with readings ends in the same weights, byte for byte, as training without.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from causalkit.errors import TrainingError
from causalkit.neural.regularizers import PenaltySum
from causalkit.neural.training.checkpoint import Progress


def is_due(progress: Progress, interval: int | None) -> bool:
    """Is the epoch that was just finished one after which the scores are read?"""
    return interval is not None and progress.epoch % interval == 0


def take_snapshot(model: nn.Module, penalties: PenaltySum, x: Tensor, progress: Progress) -> None:
    """Read the scores off a forecaster as it is now, from windows x (N, K, P), unless it was done after this epoch.

    The forecaster is in evaluation mode meanwhile. What a regularizer draws, or adds to gradients, is undone.

    Raises:
        TrainingError: the scores are not finite.
    """
    if progress.epoch in progress.snapshots:
        return
    training, gradients = model.training, [weight.grad for weight in model.parameters()]
    model.eval()
    for weight in model.parameters():
        weight.grad = None  # a backward pass would add to the tensor itself
    with torch.random.fork_rng(devices=[x.device] if x.device.type == "cuda" else []):
        scores = penalties.scores(model, x).detach().cpu().double().clone()
    for weight, gradient in zip(model.parameters(), gradients, strict=True):
        weight.grad = gradient
    model.train(training)
    if not bool(torch.isfinite(scores).all()):
        raise TrainingError(
            f"training diverged: the scores are not finite after epoch {progress.epoch}",
            "try a smaller training.learning_rate",
        )
    progress.snapshots[progress.epoch] = scores


def snapshots_path(progress: Progress) -> dict[str, NDArray[np.float64]] | None:
    """Return the readings as `causalkit.Discovery.path` holds them; None where there are none.

    Returns:
        ``epochs`` (S,), ascending; ``scores`` (S, P, P, L); ``forecast`` (S,), the training error of each of these
        epochs.
    """
    if not progress.snapshots:
        return None
    epochs = sorted(progress.snapshots)
    errors = dict(zip(progress.history["epoch"], progress.history["forecast"], strict=True))
    return {
        "epochs": np.array(epochs, dtype=np.float64),
        "scores": np.stack([progress.snapshots[epoch].numpy() for epoch in epochs]),
        "forecast": np.array([errors[epoch] for epoch in epochs]),
    }
