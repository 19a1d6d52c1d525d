"""The score history: scores that are read in the course of training, for those who want to see them rise and fall.

Reading leaves no trace: training with a score history ends in the same weights, byte for byte, as training without.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from causalkit.core.pairs import rows_of
from causalkit.errors import TrainingError
from causalkit.neural.pair_arrays import pair_array
from causalkit.neural.training.networks import Networks
from causalkit.neural.training.state import TrainingState


def is_due(state: TrainingState, interval: int | None) -> bool:
    """Is the epoch that was just finished one after which the scores are read?"""
    return interval is not None and state.epoch % interval == 0


def take_snapshot(networks: Networks, state: TrainingState) -> None:
    """Read the scores off a single network as it is now, from all windows, unless it was done after this epoch.

    The network is in evaluation mode meanwhile. What a regularizer draws, or adds to gradients, is undone.

    Raises:
        TrainingError: the scores are not finite.
    """
    if state.epoch in state.snapshots:
        return
    (model,), x = networks.models, networks.data.x
    training, gradients = model.training, [weight.grad for weight in model.parameters()]
    model.eval()
    for weight in model.parameters():
        weight.grad = None  # a backward pass would add to the tensor itself
    with torch.random.fork_rng(devices=[x.device] if x.device.type == "cuda" else []):
        scores = networks.penalties.scores(model, x, networks.data.inputs_complete).detach().cpu().double().clone()
    for weight, gradient in zip(model.parameters(), gradients, strict=True):
        weight.grad = gradient
    model.train(training)
    if not bool(torch.isfinite(scores).all()):
        raise TrainingError(
            f"training diverged: the scores are not finite after epoch {state.epoch}",
            "try a smaller training.learning_rate",
        )
    state.snapshots[state.epoch] = scores


def score_history(state: TrainingState, candidates: Tensor | None) -> dict[str, NDArray[np.float64]] | None:
    """Return the score history as `causalkit.Discovery.path` holds them; None where there are none.

    Args:
        candidates: of the targets of the network, or None.

    Returns:
        ``epochs`` (S,), ascending; ``scores`` (S, P, P, L), of candidate pairs (S, N, L); ``forecast`` (S,), the
        training error of each of these epochs.
    """
    if not state.snapshots:
        return None
    epochs = sorted(state.snapshots)
    errors = dict(zip(state.history["epoch"], state.history["forecast"], strict=True))
    return {
        "epochs": np.array(epochs, dtype=np.float64),
        "scores": np.stack([rows_of(pair_array(state.snapshots[epoch], candidates)) for epoch in epochs]),
        "forecast": np.array([errors[epoch] for epoch in epochs]),
    }
