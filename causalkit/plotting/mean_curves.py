"""ROC and precision-recall curves of several methods on one data set: the mean over seeds, and its spread as a band.

Curves are averaged vertically: at each false positive rate the true positive rates of all seeds, at each recall the
precisions (Fawcett, An introduction to ROC analysis, Pattern Recognition Letters 27, 2006, section 9.1). Precision
between two thresholds is that of the lower one, as in the average precision, so the area under the mean curve is the
mean AUPRC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.core.truth import Diagonal, Truth
from causalkit.display.labels import shorten
from causalkit.evaluation import Evaluation
from causalkit.plotting import style
from causalkit.plotting.method_looks import Look, method_looks

Array = NDArray[np.float64]
Runs = Mapping[str, Sequence[tuple[Discovery, Truth]]]
_GRID: Array = np.linspace(0.0, 1.0, 501)
_WIDTH, _SIDE, _LINE_HEIGHT = 4.7, 4.5, 0.2


def plot_roc_curves(
    runs: Runs, *, diagonal: Diagonal = "exclude", looks: Mapping[str, Look] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the mean ROC curve of each method; the band is one standard deviation over its runs.

    Args:
        runs: for each method its discoveries on one data set, one a seed, each with its truth.
        diagonal: are self-edges counted?
        looks: of the methods; default: by their order.
        ax: where to draw; default: a new figure.
    """
    return _plot(runs, "roc", diagonal, looks, ax)


def plot_precision_recall(
    runs: Runs, *, diagonal: Diagonal = "exclude", looks: Mapping[str, Look] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the mean precision-recall curve of each method; arguments and band as in `plot_roc_curves`."""
    return _plot(runs, "recall", diagonal, looks, ax)


def roc_values(found: Evaluation) -> tuple[Array, float]:
    """Return the true positive rate at 501 equally spaced false positive rates, and the area under the curve."""
    from sklearn.metrics import roc_auc_score, roc_curve

    false_rate, true_rate, _ = roc_curve(found.truth, found.scores, sample_weight=found.weights)
    # Where the curve rises vertically, interp takes the upper end on the spot and the lower end just before it.
    values: Array = np.interp(_GRID, false_rate, true_rate)
    return values, float(roc_auc_score(found.truth, found.scores, sample_weight=found.weights))


def recall_values(found: Evaluation) -> tuple[Array, float]:
    """Return the precision at 501 equally spaced recalls, and the average precision."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    precision, recall, _ = precision_recall_curve(found.truth, found.scores, sample_weight=found.weights)
    # From the highest threshold on; the point that sklearn adds at recall 0 belongs to no threshold.
    precision, recall = precision[::-1][1:], recall[::-1][1:]
    place = np.searchsorted(recall, _GRID - 1e-12)
    values: Array = precision[np.minimum(place, len(precision) - 1)]
    return values, float(average_precision_score(found.truth, found.scores, sample_weight=found.weights))


def _plot(
    runs: Runs, kind: Literal["roc", "recall"], diagonal: Diagonal, looks: Mapping[str, Look] | None, ax: Axes | None
) -> Axes:
    roc = kind == "roc"
    looks = looks or method_looks(runs)
    # The legend is below, where it hides no curve; the figure grows with it.
    ax = style.new_axes(ax, (_WIDTH, _SIDE + _LINE_HEIGHT * (len(runs) + 1)))
    shares: list[float] = []
    for method, found in runs.items():
        evaluated = [Evaluation.of(discovery, truth, diagonal) for discovery, truth in found]
        evaluated = [one for one in evaluated if not one.lacks("scores")]
        look, name = looks[method], shorten(method, 34)
        if not evaluated:
            ax.plot([], [], color=look.color, linestyle=look.dash, label=f"{name}: no curve")
            continue
        shares += [float(np.mean(one.truth)) for one in evaluated]
        pairs = [roc_values(one) if roc else recall_values(one) for one in evaluated]
        curves, areas = np.array([curve for curve, _ in pairs]), np.array([one for _, one in pairs])
        mean = curves.mean(axis=0)
        spread = curves.std(axis=0, ddof=1) if len(curves) > 1 else np.zeros_like(mean)
        area = f"{areas.mean():.3f}" + (f" ± {areas.std(ddof=1):.3f}" if len(areas) > 1 else "")
        bent = _bends(mean)
        x, y = _GRID[bent], mean[bent]
        if roc:
            x, y = np.insert(x, 0, 0.0), np.insert(y, 0, 0.0)
        ax.plot(x, y, color=look.color, linestyle=look.dash, linewidth=style.LINE + 0.3, label=f"{name}: {area}")
        if len(curves) > 1:
            low, high = np.clip(mean - spread, 0, 1), np.clip(mean + spread, 0, 1)
            bent = _bends(low) | _bends(high)
            ax.fill_between(_GRID[bent], low[bent], high[bent], color=look.color, alpha=0.16, linewidth=0)
    if roc:
        ax.plot([0, 1], [0, 1], color=style.MUTED, linestyle=":", linewidth=1.2, label="chance: 0.500")
    elif shares:
        share = float(np.mean(shares))
        ax.axhline(share, color=style.MUTED, linestyle=":", linewidth=1.2, label=f"chance: {share:.3f}")
    if roc:
        style.unit_square(ax, "ROC curve, AUROC", "false positive rate", "true positive rate")
    else:
        style.unit_square(ax, "Precision-recall curve, AUPRC", "recall", "precision")
    style.legend(ax, loc="upper left", bbox_to_anchor=(0, -0.15), borderaxespad=0, frameon=False, handlelength=2.8)
    if not shares:
        ax.text(0.5, 0.5, "no curve", ha="center", va="center", **style.text(style.LABEL, style.MUTED))
    return ax


def _bends(values: Array) -> NDArray[np.bool_]:
    """Return which points of a curve on the grid it needs: its ends, and where it is not straight."""
    straight = np.abs(values[:-2] - 2 * values[1:-1] + values[2:]) < 1e-12
    bends: NDArray[np.bool_] = np.concatenate([[True], ~straight, [True]])
    return bends
