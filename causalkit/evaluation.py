"""Compare a discovery with a truth: what metrics see, and the loop over all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from causalkit.core.pairs import Pairs
from causalkit.core.read_only import make_read_only
from causalkit.core.truth import Diagonal, Truth, checked_truth
from causalkit.errors import WrongUsageError
from causalkit.plugins.records import Metric
from causalkit.plugins.registry import registry

if TYPE_CHECKING:
    from causalkit.core.discovery import Discovery
    from causalkit.core.fitted import Fitted

__all__ = ["Diagonal", "Evaluation", "evaluate"]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a metric reads: flat arrays over the M pairs that the scope of the truth and the diagonal policy leave.

    The arrays are read-only, since all metrics read the same ones.

    Attributes:
        truth: shape (M,), is the pair a true edge? No pair is where no truth is known.
        scores: shape (M,), largest score over lags.
        selected: shape (M,), was the pair selected? None when no edges were selected.
        lag_scores: shape (M, L).
        lag_truth: shape (M, L), padded or cut to the lags of the scores; None when the truth has no lags.
        lost_lags: true lagged edges beyond the largest lag of the scores.
        diagonal: the policy for self-edges.
        fitted: the trained forecaster, where the method has one and ran in this process; or None.
        known: is a truth known? Without one, only metrics of the forecaster apply.
        epochs: shape (S,), after which epochs of training scores were read; None where none were kept.
        epoch_scores: shape (S, M), largest score over lags after each of them; None where none were kept.
        weights: shape (M,), how many pairs an entry stands for; None: each for one. Where only candidate pairs have
            scores, entries are the candidates and the true edges, and one more stands for all other pairs: no true
            edges, not selected, score 0.
        pairs: of the entries but this last one; None where there are no weights.
    """

    truth: NDArray[np.bool_]
    scores: NDArray[np.float64]
    selected: NDArray[np.bool_] | None
    lag_scores: NDArray[np.float64]
    lag_truth: NDArray[np.bool_] | None
    lost_lags: int
    diagonal: Diagonal
    fitted: Fitted | None = None
    known: bool = True
    epochs: NDArray[np.float64] | None = None
    epoch_scores: NDArray[np.float64] | None = None
    weights: NDArray[np.float64] | None = None
    pairs: Pairs | None = None

    def __post_init__(self) -> None:
        arrays = ("truth", "scores", "selected", "lag_scores", "lag_truth", "epochs", "epoch_scores", "weights")
        make_read_only(self, *arrays)

    @classmethod
    def of(cls, discovery: Discovery, truth: Truth | None, diagonal: Diagonal) -> Evaluation:
        """Bring a truth into the order of the discovery and keep the pairs that its scope and the policy leave."""
        if diagonal not in get_args(Diagonal):
            raise WrongUsageError(f"the diagonal policy {diagonal!r} is unknown", 'choose "include" or "exclude"')
        known = truth is not None
        truth = truth.align(discovery.names) if truth is not None else Truth.from_edges([], names=discovery.names)
        if discovery.sparse:
            return cls._of_candidates(discovery, truth, diagonal, known)
        keep = truth.evaluated_pairs(diagonal)
        lag_truth = truth.lags_up_to(discovery.lags)
        selected = discovery.pair_selected
        path = discovery.path or {}
        epochs = path.get("epochs")
        return cls(
            truth=truth.edges[keep],
            scores=discovery.pair_scores[keep],
            selected=None if selected is None else selected[keep],
            lag_scores=discovery.scores[keep],
            lag_truth=None if lag_truth is None else lag_truth[keep],
            lost_lags=0 if truth.lags is None else int(truth.lags[keep][:, discovery.lags :].sum()),
            diagonal=diagonal,
            fitted=discovery.fitted,
            known=known,
            epochs=epochs,
            epoch_scores=None if epochs is None else path["scores"].max(axis=3)[:, keep],
        )

    @classmethod
    def _of_candidates(cls, discovery: Discovery, truth: Truth, diagonal: Diagonal, known: bool) -> Evaluation:
        """Return the entries of candidate pairs and true edges, and one for all other pairs; truth is aligned."""
        size = len(discovery.names)
        inside = np.isin(discovery.names, truth.scope) if truth.scope is not None else np.ones(size, dtype=bool)
        cause, effect = np.nonzero(truth.edges)
        candidates = discovery.pairs
        keys = np.unique(np.concatenate([candidates.cause * size + candidates.effect, cause * size + effect]))
        cause, effect = np.divmod(keys, size)
        kept = inside[cause] & inside[effect] & ((cause != effect) | (diagonal == "include"))
        pairs = Pairs(size, cause[kept], effect[kept])
        total = int(inside.sum()) ** 2 - (int(inside.sum()) if diagonal == "exclude" else 0)
        rest = total - len(pairs)
        place = (pairs.cause, pairs.effect)

        def with_rest(values: Any) -> Any:  # the last entry is 0
            return np.concatenate([values, np.zeros((1, *values.shape[1:]), dtype=values.dtype)]) if rest else values

        lags = None
        if truth.lags is not None:
            lags = truth.lags[place][:, : discovery.lags]
            lags = with_rest(np.pad(lags, ((0, 0), (0, discovery.lags - lags.shape[1]))))
        lag_scores = with_rest(discovery.scores[place])
        chosen, path = discovery.pair_selected, discovery.path or {}
        epochs, epoch_scores = path.get("epochs"), None
        if epochs is not None:
            row = candidates.find(*place)
            at_epochs = np.where(row >= 0, path["scores"].max(axis=2)[:, row], 0.0)
            epoch_scores = np.ascontiguousarray(with_rest(at_epochs.T).T)
        return cls(
            truth=with_rest(truth.edges[place]),
            scores=lag_scores.max(axis=1),
            selected=None if chosen is None else with_rest(chosen[place]),
            lag_scores=lag_scores,
            lag_truth=lags,
            lost_lags=0 if truth.lags is None else int(truth.lags[place][:, discovery.lags :].sum()),
            diagonal=diagonal,
            fitted=discovery.fitted,
            known=known,
            epochs=epochs,
            epoch_scores=epoch_scores,
            weights=np.append(np.ones(len(pairs)), [float(rest)] if rest else []),
            pairs=pairs,
        )

    def lacks(self, needs: str, weighted: bool = True) -> str:
        """Return why a metric with these needs does not apply, or "" when it does.

        Args:
            needs: as `causalkit.Metric.needs`.
            weighted: does it use `weights`?
        """
        if needs == "forecaster":
            return "" if self.fitted is not None else "there is no trained forecaster in memory"
        if not self.known:
            return "no true graph is known"
        if self.weights is not None and not weighted:
            return "only candidate pairs have scores, and the metric does not use weights"
        if needs == "graph" and self.selected is None:
            return "no edges were selected; choose some with --select"
        if needs == "lags" and self.lag_truth is None:
            return "the truth has no lags"
        if needs == "epochs" and self.epochs is None:
            return "no scores of single epochs were kept; train with --set training.snapshots=5"
        if needs in ("scores", "lags", "epochs") and (self.truth.all() or not self.truth.any()):
            return "ranking needs pairs with and without an edge"
        return ""


def evaluate(
    discovery: Discovery,
    truth: Truth | None,
    *,
    diagonal: Diagonal | None = None,
    metrics: Iterable[str] | None = None,
) -> dict[str, float]:
    """Return the metrics of a discovery.

    Args:
        diagonal: are self-edges counted? Default: as the truth says, and not where it says nothing.
        metrics: names; default: every installed metric that applies, without those that train the forecaster again.

    Raises:
        WrongUsageError: a metric that was asked for by name does not apply, or the truth is no `causalkit.Truth`.
        DataError: truth and discovery have different series.
    """
    truth = truth if truth is None else checked_truth(truth)
    evaluation = Evaluation.of(discovery, truth, diagonal or (truth and truth.diagonal) or "exclude")
    if metrics is None:
        records = [provided.record for provided in registry().all(Metric)]
        records = [
            record
            for record in records
            if not record.by_name_only and not evaluation.lacks(record.needs, record.weighted)
        ]
    else:
        records = [registry().get(Metric, name).record for name in metrics]
        for record in records:
            if reason := evaluation.lacks(record.needs, record.weighted):
                raise WrongUsageError(f"the metric {record.name} does not apply", reason)
    return {record.name: float(record.load()(evaluation)) for record in records}
