"""Metrics of lags, which ask whether an edge is found at the delay at which it acts.

True lags beyond the largest lag of the scores (`Evaluation.lost_lags`) were never in reach of the method. They count
as not found, so that a smaller lag cannot make the task easier.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causalkit.builtin.metrics.ranking import average_precision
from causalkit.errors import WrongUsageError
from causalkit.evaluation import Evaluation


def lag_accuracy(evaluation: Evaluation) -> float:
    """Return the share of true edges whose strongest lag is a true lag.

    An edge all of whose scores are 0 was not found and counts as wrong. Among equal scores the smallest lag is taken.
    """
    lag_truth = _lag_truth(evaluation)[evaluation.truth]  # (edges, L)
    scores = evaluation.lag_scores[evaluation.truth]
    right = lag_truth[np.arange(len(scores)), scores.argmax(axis=1)] & (scores.max(axis=1) > 0)
    return float(right.mean())


def lagged_auroc(evaluation: Evaluation) -> float:
    """Return the area under the ROC curve over all cells of pair and lag; NaN when every cell is an edge."""
    from sklearn.metrics import roc_auc_score

    truth, scores, weights = _cells(evaluation)
    return float("nan") if truth.all() else float(roc_auc_score(truth, scores, sample_weight=weights))


def lagged_auprc(evaluation: Evaluation) -> float:
    """Return the average precision over all cells of pair and lag."""
    truth, scores, weights = _cells(evaluation)
    return average_precision(truth, scores, weights)


def _cells(evaluation: Evaluation) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64] | None]:
    """Return truth, scores and weights of every cell; a lost true lag is a true cell with the smallest score, 0."""
    lost = evaluation.lost_lags
    truth = np.concatenate([_lag_truth(evaluation).ravel(), np.ones(lost, dtype=bool)])
    scores = np.concatenate([evaluation.lag_scores.ravel(), np.zeros(lost)])
    if evaluation.weights is None:
        return truth, scores, None
    weights = np.repeat(evaluation.weights, evaluation.lag_scores.shape[1])
    return truth, scores, np.concatenate([weights, np.ones(lost)])


def _lag_truth(evaluation: Evaluation) -> NDArray[np.bool_]:
    if evaluation.lag_truth is None:
        raise WrongUsageError("the truth has no lags", "give a truth with a column lag")
    return evaluation.lag_truth
