"""Metrics of the ranking that the scores give to pairs; no threshold is involved."""

from __future__ import annotations

import numpy as np

from causalkit.evaluation import Evaluation


def auroc(evaluation: Evaluation) -> float:
    """Return the area under the ROC curve: the chance that a true edge outranks a non-edge, ties counting one half.

    1 is perfect, 0.5 is guessing, below 0.5 is often a sign of a transposed graph.
    """
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(evaluation.truth, evaluation.scores, sample_weight=evaluation.weights))


def auprc(evaluation: Evaluation) -> float:
    """Return the average precision, ``sum_n (recall_n - recall_{n-1}) precision_n`` over descending thresholds.

    Unlike the trapezoid under the precision-recall curve, this does not interpolate between points, which would
    flatter. Guessing gives the share of true edges.
    """
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(evaluation.truth, evaluation.scores, sample_weight=evaluation.weights))


def f1_oracle(evaluation: Evaluation) -> float:
    """Return the largest F1 over all thresholds, ``2 TP / (2 TP + FP + FN)``.

    The threshold is chosen by looking at the truth, which nobody has in practice: an upper bound, not a result.
    """
    from sklearn.metrics import precision_recall_curve

    precision, recall, _ = precision_recall_curve(evaluation.truth, evaluation.scores, sample_weight=evaluation.weights)
    both = precision + recall
    return float(np.max(2 * precision * recall / np.where(both > 0, both, 1.0)))
