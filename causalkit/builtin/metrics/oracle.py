"""Metrics at the best of several epochs, as most published figures of neural Granger methods have it.

The epoch is chosen by looking at the truth, which nobody has in practice: upper bounds, not results. They need readings
in the course of training (``training.snapshots``), and choose among these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from causalkit.builtin.metrics.ranking import auprc, auroc
from causalkit.errors import WrongUsageError
from causalkit.evaluation import Evaluation


def auroc_oracle_epoch(evaluation: Evaluation) -> float:
    """Return the largest area under the ROC curve over the epochs whose scores were kept."""
    return _best(auroc, evaluation)


def auprc_oracle_epoch(evaluation: Evaluation) -> float:
    """Return the largest average precision over the epochs whose scores were kept.

    The epoch need not be the one with the largest area under the ROC curve.
    """
    return _best(auprc, evaluation)


def _best(metric: Callable[[Evaluation], float], evaluation: Evaluation) -> float:
    if evaluation.epoch_scores is None:
        raise WrongUsageError("no scores of single epochs were kept", "train with --set training.snapshots=5")
    return max(metric(replace(evaluation, scores=scores)) for scores in evaluation.epoch_scores)
