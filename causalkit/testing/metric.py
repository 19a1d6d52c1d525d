"""Contract of a metric: one finite number, oriented as its record says."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.core.panel import Panel
from causalkit.core.run import Run
from causalkit.core.truth import Truth
from causalkit.evaluation import Diagonal, Evaluation
from causalkit.plugins.records import Metric
from causalkit.plugins.registry import Provided
from causalkit.testing.checklist import Checks
from causalkit.testing.result import CheckResult, require
from causalkit.testing.subject import checked

NAMES = ("a", "b", "c", "d")
TRUTH = Truth.from_edges([("a", "b", 2), ("b", "c", 1), ("c", "c", 1), ("d", "a", 2)], names=NAMES)
"""A ring with a gap and one self-edge, so that both policies for the diagonal see edges and non-edges."""
POLICIES: tuple[Diagonal, ...] = ("include", "exclude")


def check_metric(subject: str | Metric | Provided[Metric], seed: int = 0) -> list[CheckResult]:
    """Check a metric on perfect, inverted and random scores.

    Args:
        subject: the name of an installed metric, or its record.
        seed: of the random scores.

    Returns:
        One result for each promise.
    """
    return checked(Metric, subject, lambda provided: _Trial(provided.record, seed).checks())


class _Trial:
    """One metric and three discoveries."""

    def __init__(self, record: Metric, seed: int) -> None:
        self.record = record
        assert TRUTH.lags is not None  # for the type checker
        edges = TRUTH.lags.astype(float)
        rise = np.linspace(0.0, 0.1, edges.size).reshape(edges.shape)  # no ties
        pairs = np.broadcast_to(TRUTH.edges[:, :, None], edges.shape)
        self.perfect = _trained(edges + rise, TRUTH.lags)
        # True pairs come last, and within each of them the true lag does.
        self.inverted = _trained(1.1 - 0.5 * pairs - 0.5 * edges - rise, ~pairs)
        self.draws = np.random.default_rng(seed)
        draws = self.draws.random(edges.shape)
        self.drawn = _trained(draws, draws > 0.6)

    def checks(self) -> Checks:
        if self.record.needs == "forecaster":
            yield "is one finite number, twice the same, and needs no truth", self.of_a_forecaster
            return
        yield "is one finite number under both policies for self-edges", self.is_a_number
        yield "perfect scores are at least as good as inverted ones", self.orientation
        yield "leaves the evaluation as it was, and repeats itself", self.is_pure
        yield "the order of the series does not matter", self.order_does_not_matter

    def value(self, discovery: Discovery, policy: Diagonal) -> float:
        value = self.record.load()(Evaluation.of(discovery, TRUTH, policy))
        require(not isinstance(value, bool | str) and np.ndim(value) == 0, f"it returned {value!r}, not one number")
        return float(value)

    def of_a_forecaster(self) -> None:
        from causalkit.testing.linear import HandMadeMethod

        panel = Panel.of(self.draws.normal(size=(60, 3)))
        evaluation = Evaluation.of(HandMadeMethod().fit(panel, Run(device="cpu")), None, "exclude")
        first, second = (float(self.record.load()(evaluation)) for _ in range(2))
        require(math.isfinite(first), f"it is {first}")
        require(first == second, f"it gave {first:g} and then {second:g} for the same forecaster")

    def is_a_number(self) -> None:
        for policy in POLICIES:
            for what in ("perfect", "inverted", "drawn"):
                value = self.value(getattr(self, what), policy)
                require(math.isfinite(value), f"it is {value} for {what} scores with diagonal={policy!r}")

    def orientation(self) -> None:
        for policy in POLICIES:
            good, bad = self.value(self.perfect, policy), self.value(self.inverted, policy)
            require(
                good >= bad if self.record.greater_is_better else good <= bad,
                f"perfect scores get {good:g} and inverted ones {bad:g} with diagonal={policy!r}: declare "
                f"greater_is_better={not self.record.greater_is_better}",
            )

    def order_does_not_matter(self) -> None:
        assert TRUTH.lags is not None  # for the type checker
        edges = [(NAMES[cause], NAMES[effect], int(lag) + 1) for cause, effect, lag in np.argwhere(TRUTH.lags)]
        truth = Truth.from_edges(edges, names=NAMES[::-1])
        scores, selected = self.drawn.scores[::-1, ::-1], self.drawn.selected
        assert selected is not None
        turned = _trained(scores, selected[::-1, ::-1], NAMES[::-1])
        for policy in POLICIES:
            value = self.value(self.drawn, policy)
            other = float(self.record.load()(Evaluation.of(turned, truth, policy)))
            require(
                abs(value - other) <= 1e-9 * max(abs(value), 1.0),
                f"it is {value:g}, and {other:g} with the series in reverse order: treat all pairs alike",
            )

    def is_pure(self) -> None:
        evaluation = Evaluation.of(self.drawn, TRUTH, "exclude")
        before = _bytes(evaluation)
        first, second = (float(self.record.load()(evaluation)) for _ in range(2))
        require(first == second, f"it gave {first:g} and then {second:g} for the same evaluation")
        require(_bytes(evaluation) == before, "it writes into the arrays of the evaluation: copy what you change")


def _trained(scores: NDArray[np.float64], selected: NDArray[np.bool_], names: tuple[str, ...] = NAMES) -> Discovery:
    """Return a discovery whose scores were the same after each of two epochs."""
    path = {"epochs": np.array([1.0, 2.0]), "scores": np.stack([scores, scores]), "forecast": np.ones(2)}
    return Discovery(names, scores, selected=selected, path=path)


def _bytes(evaluation: Evaluation) -> list[bytes]:
    ranked = (evaluation.truth, evaluation.scores, evaluation.selected, evaluation.lag_scores, evaluation.lag_truth)
    arrays = (*ranked, evaluation.epochs, evaluation.epoch_scores)
    return [array.tobytes() for array in arrays if array is not None]
