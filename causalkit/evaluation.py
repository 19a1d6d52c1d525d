"""Compare a discovery with a truth: what metrics see, and the loop over all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from causalkit.contributions import Metric
from causalkit.errors import WrongUsageError
from causalkit.registry import registry

if TYPE_CHECKING:
    from causalkit.discovery import Discovery
    from causalkit.truth import Truth

Diagonal = Literal["include", "exclude"]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a metric reads: flat arrays over the M pairs that the diagonal policy leaves.

    Attributes:
        truth: shape (M,), is the pair a true edge?
        scores: shape (M,), largest score over lags.
        selected: shape (M,), was the pair selected? None when no edges were selected.
        lag_scores: shape (M, L).
        lag_truth: shape (M, L), padded or cut to the lags of the scores; None when the truth has no lags.
        lost_lags: true lagged edges beyond the largest lag of the scores.
        diagonal: the policy for self-edges.
    """

    truth: NDArray[np.bool_]
    scores: NDArray[np.float64]
    selected: NDArray[np.bool_] | None
    lag_scores: NDArray[np.float64]
    lag_truth: NDArray[np.bool_] | None
    lost_lags: int
    diagonal: Diagonal

    @classmethod
    def of(cls, discovery: Discovery, truth: Truth, diagonal: Diagonal) -> Evaluation:
        """Bring a truth into the order of the discovery and keep the pairs that the policy leaves."""
        if diagonal not in get_args(Diagonal):
            raise WrongUsageError(f"the diagonal policy {diagonal!r} is unknown", 'choose "include" or "exclude"')
        truth = truth.align(discovery.names)
        size, depth = len(discovery.names), discovery.lags
        keep = np.ones((size, size), dtype=bool) if diagonal == "include" else ~np.eye(size, dtype=bool)
        lag_truth, lost = None, 0
        if truth.lags is not None:
            padded = np.zeros((size, size, depth), dtype=bool)
            shared = min(depth, truth.lags.shape[2])
            padded[:, :, :shared] = truth.lags[:, :, :shared]
            lag_truth = padded[keep]
            lost = int(truth.lags[keep][:, shared:].sum())
        selected = discovery.pair_selected
        return cls(
            truth=truth.edges[keep],
            scores=discovery.pair_scores[keep],
            selected=None if selected is None else selected[keep],
            lag_scores=discovery.scores[keep],
            lag_truth=lag_truth,
            lost_lags=lost,
            diagonal=diagonal,
        )

    def lacks(self, needs: str) -> str:
        """Return why a metric with these needs does not apply, or "" when it does."""
        if needs == "graph" and self.selected is None:
            return "no edges were selected; choose some with --select"
        if needs == "lags" and self.lag_truth is None:
            return "the truth has no lags"
        if needs in ("scores", "lags") and (self.truth.all() or not self.truth.any()):
            return "ranking needs pairs with and without an edge"
        return ""


def evaluate(
    discovery: Discovery, truth: Truth, *, diagonal: Diagonal = "exclude", metrics: Iterable[str] | None = None
) -> dict[str, float]:
    """Return the metrics of a discovery.

    Args:
        diagonal: are self-edges counted?
        metrics: names; default: every installed metric that applies.

    Raises:
        WrongUsageError: a metric that was asked for by name does not apply.
        DataError: truth and discovery have different series.
    """
    evaluation = Evaluation.of(discovery, truth, diagonal)
    if metrics is None:
        records = [provided.record for provided in registry().all(Metric)]
        records = [record for record in records if not evaluation.lacks(record.needs)]
    else:
        records = [registry().get(Metric, name).record for name in metrics]
        for record in records:
            if reason := evaluation.lacks(record.needs):
                raise WrongUsageError(f"the metric {record.name} does not apply", reason)
    return {record.name: float(record.load()(evaluation)) for record in records}
