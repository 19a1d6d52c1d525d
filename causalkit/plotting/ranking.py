"""ROC and precision-recall curves: how well scores rank true edges above the others."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
from matplotlib.axes import Axes

from causalkit.core.discovery import Discovery
from causalkit.core.truth import Truth
from causalkit.display.labels import POLICIES
from causalkit.evaluation import Diagonal, Evaluation
from causalkit.plotting import style


def plot_ranking(discovery: Discovery, truth: Truth, *, axes: tuple[Axes, Axes] | None = None) -> tuple[Axes, Axes]:
    """Draw both curves for both policies on self-edges, with the areas under them in the legend.

    AUPRC is the average precision. Where all pairs or none are true, there is no curve but a message.

    Args:
        axes: where to draw the ROC and the precision-recall curve; default: a new figure.

    Returns:
        The axes of the ROC curve and of the precision-recall curve.
    """
    from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

    if axes is None:
        pair = style.new_figure(9.6, 4.8).subplots(1, 2)
        axes = (pair[0], pair[1])
    roc, recall = axes
    roc.plot([0, 1], [0, 1], color=style.MUTED, linestyle=":", linewidth=1.2, label="chance")
    reasons: list[str] = []
    for number, policy in enumerate(reversed(get_args(Diagonal))):
        found = Evaluation.of(discovery, truth, policy)
        name = POLICIES[policy]
        look: dict[str, Any] = {
            "color": style.LINES[number],
            "linestyle": style.DASHES[number],
            "linewidth": style.LINE + 0.4,
        }
        if reason := found.lacks("scores"):
            reasons.append(reason)
            for ax in axes:
                ax.plot([], [], label=f"{name}: no curve", **look)
            continue
        false_rate, true_rate, _ = roc_curve(found.truth, found.scores, sample_weight=found.weights)
        roc.plot(
            false_rate,
            true_rate,
            label=f"{name}: AUROC {roc_auc_score(found.truth, found.scores, sample_weight=found.weights):.3f}",
            **look,
        )
        precision, hits, _ = precision_recall_curve(found.truth, found.scores, sample_weight=found.weights)
        area = average_precision_score(found.truth, found.scores, sample_weight=found.weights)
        recall.plot(hits, precision, drawstyle="steps-post", label=f"{name}: AUPRC {area:.3f}", **look)
        share = float(np.average(found.truth, weights=found.weights))
        recall.axhline(share, color=look["color"], linestyle=":", linewidth=1.2, label=f"chance {name}: {share:.3f}")
    if reasons:
        look = style.text(style.TICK, style.MUTED, backgroundcolor=style.PAPER)
        for ax in axes:
            ax.text(0.5, 0.5, f"no curve:\n{reasons[0]}", ha="center", va="center", **look)
    style.unit_square(roc, "ROC curve", "false positive rate", "true positive rate")
    style.unit_square(recall, "Precision-recall curve", "recall", "precision")
    style.legend(roc, loc="lower right", handlelength=2.6)
    style.legend(recall, loc="best", handlelength=2.6)
    return axes
