"""The method ``grngc``: which parts it is made of when the user chooses none."""

from __future__ import annotations

from causalkit.model_selection import Lag
from causalkit.neural import ForecasterPart, NeuralMethod, PenaltySum, Prewhiten, Training

TRAINING = Training(epochs=200, learning_rate=0.01)


def grngc(
    forecaster: ForecasterPart,
    regularizer: PenaltySum,
    lag: Lag = "auto",
    training: Training = TRAINING,
    prewhiten: Prewhiten = "auto",
) -> NeuralMethod:
    """Return GRNGC: full-batch Adam on forecast error + gradient penalty (arXiv 2507.11178).

    Args:
        lag: K, how many past steps may act; auto: by held-out forecast error
        training: settings of the training loop
        prewhiten: steps of its own past from which each series is first forecast linearly, so that the network learns
            what is left; 0: none; auto: by held-out forecasts, where the own past explains most
    """
    return NeuralMethod(forecaster, regularizer, lag=lag, training=training, prewhiten=prewhiten)
