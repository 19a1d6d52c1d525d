"""Metrics of the ranking that the scores give to pairs; no threshold is involved."""

from __future__ import annotations

from typing import Any

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
    return average_precision(evaluation.truth, evaluation.scores, evaluation.weights)


def average_precision(truth: Any, scores: Any, weights: Any = None) -> float:
    """Return the average precision, which is exactly 1 for a perfect ranking.

    scikit-learn's function adds differences of shares, whose rounding errors take it to 1.0000000000000002. Here
    counts are added and divided at the end.
    """
    truth, scores = np.asarray(truth, dtype=bool), np.asarray(scores)
    weights = np.ones(len(truth)) if weights is None else np.asarray(weights)
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)  # of each group of equal scores
    right = np.cumsum((weights * truth)[order])[last]
    precision = right / np.cumsum(weights[order])[last]
    return float(np.sum(np.diff(right, prepend=0.0) * precision) / right[-1]) if right[-1] else 0.0


def f1_oracle(evaluation: Evaluation) -> float:
    """Return the largest F1 over all thresholds, ``2 TP / (2 TP + FP + FN)``.

    The threshold is chosen by looking at the truth, which nobody has in practice: an upper bound, not a result.
    """
    from sklearn.metrics import precision_recall_curve

    precision, recall, _ = precision_recall_curve(evaluation.truth, evaluation.scores, sample_weight=evaluation.weights)
    both = precision + recall
    return float(np.max(2 * precision * recall / np.where(both > 0, both, 1.0)))
