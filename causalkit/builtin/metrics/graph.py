"""Metrics of the selected graph: which pairs were chosen, whatever their scores and lags."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from causalkit.core.pairs import Pairs
from causalkit.errors import WrongUsageError
from causalkit.evaluation import Evaluation

Flags = NDArray[np.bool_]


def f1(evaluation: Evaluation) -> float:
    """Return ``2 TP / (2 TP + FP + FN)``; 0 when there is neither a true nor a selected edge."""
    from sklearn.metrics import f1_score

    return float(f1_score(evaluation.truth, _selected(evaluation), sample_weight=evaluation.weights, zero_division=0))


def precision(evaluation: Evaluation) -> float:
    """Return ``TP / (TP + FP)``, the share of selected edges that are true; 0 when none was selected."""
    from sklearn.metrics import precision_score

    return float(
        precision_score(evaluation.truth, _selected(evaluation), sample_weight=evaluation.weights, zero_division=0)
    )


def recall(evaluation: Evaluation) -> float:
    """Return ``TP / (TP + FN)``, the share of true edges that were selected; 0 when there is no true edge."""
    from sklearn.metrics import recall_score

    return float(
        recall_score(evaluation.truth, _selected(evaluation), sample_weight=evaluation.weights, zero_division=0)
    )


def accuracy(evaluation: Evaluation) -> float:
    """Return the share of pairs that were decided rightly; high for an empty graph wherever edges are rare."""
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(evaluation.truth, _selected(evaluation), sample_weight=evaluation.weights))


def balanced_accuracy(evaluation: Evaluation) -> float:
    """Return the mean of the share of edges and the share of non-edges decided rightly; guessing gives 0.5.

    Where the truth has only edges, or only non-edges, the share of these alone.
    """
    from sklearn.metrics import balanced_accuracy_score

    if evaluation.truth.all() or not evaluation.truth.any():
        return accuracy(evaluation)  # the same number, without scikit-learn's warning about the absent class
    return float(balanced_accuracy_score(evaluation.truth, _selected(evaluation), sample_weight=evaluation.weights))


def shd(evaluation: Evaluation) -> float:
    """Return the structural Hamming distance: how many edges must be added, deleted or reversed.

    The convention: a reversed edge (``a -> b`` is true and alone, ``b -> a`` was selected and alone) counts once.
    Every other difference between truth and selection counts once for each ordered pair, so that two missing
    edges ``a -> b`` and ``b -> a`` count twice. Self-edges count where the diagonal policy includes them.
    """
    if evaluation.pairs is not None:
        return _shd_of_candidates(evaluation, evaluation.pairs)
    true, chosen = _matrix(evaluation, evaluation.truth), _matrix(evaluation, _selected(evaluation))
    only_true, only_chosen = true & ~chosen, chosen & ~true
    # A reversal shows as a missing edge whose opposite was selected wrongly; counted once, at the missing edge.
    reversals = int((only_true & only_chosen.T).sum())
    return float(int((true != chosen).sum()) - reversals)


def normalized_shd(evaluation: Evaluation) -> float:
    """Return the structural Hamming distance divided by the number of ordered pairs, between 0 and 1."""
    pairs = len(evaluation.truth) if evaluation.weights is None else float(evaluation.weights.sum())
    return shd(evaluation) / pairs


def _shd_of_candidates(evaluation: Evaluation, pairs: Pairs) -> float:
    """Return the structural Hamming distance where entries are pairs; the others are neither true nor selected."""
    true, chosen = evaluation.truth[: len(pairs)], _selected(evaluation)[: len(pairs)]
    opposite = pairs.find(pairs.effect, pairs.cause)
    only_true, only_chosen = true & ~chosen, chosen & ~true
    reversals = int((only_true & (opposite >= 0) & only_chosen[opposite]).sum())
    return float(int((true != chosen).sum()) - reversals)


def _selected(evaluation: Evaluation) -> Flags:
    if evaluation.selected is None:
        raise WrongUsageError("no edges were selected", "choose some with --select")
    return evaluation.selected


def _matrix(evaluation: Evaluation, flags: Flags) -> Flags:
    """Return flat pairs as a matrix (P, P); the diagonal is False where the policy leaves it out.

    The flat arrays are row-major over P * P pairs, or over the P * (P - 1) off the diagonal.
    """
    if evaluation.diagonal == "include":
        size = math.isqrt(len(flags))
        return flags.reshape(size, size)
    size = (1 + math.isqrt(1 + 4 * len(flags))) // 2
    matrix = np.zeros((size, size), dtype=bool)
    matrix[~np.eye(size, dtype=bool)] = flags
    return matrix
