"""Metrics against values worked out by hand, for both policies on self-edges."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalkit.builtin import causalkit_metrics
from causalkit.builtin.metrics.ranking import average_precision
from causalkit.core.discovery import Discovery
from causalkit.core.truth import Truth
from causalkit.errors import WrongUsageError
from causalkit.evaluation import Evaluation

RECORDS = {record.name: record for record in causalkit_metrics()}
NAMES = ("a", "b", "c")


def metric(name, evaluation):
    return RECORDS[name].load()(evaluation)


def graph_of(*edges):
    matrix = np.zeros((3, 3), dtype=bool)
    for cause, effect in edges:
        matrix[NAMES.index(cause), NAMES.index(effect)] = True
    return matrix


def compared(truth, chosen, diagonal="exclude"):
    """Evaluation of a selected graph; scores are 1 where an edge was chosen."""
    scores = chosen[:, :, None].astype(float)
    found = Discovery(names=NAMES, scores=scores, selected=scores > 0)
    return Evaluation.of(found, Truth(names=NAMES, edges=truth), diagonal)


def ranked(truth, scores, diagonal="exclude"):
    names = tuple(str(position) for position in range(len(truth)))
    scores = np.asarray(scores, dtype=float)
    scores = scores if scores.ndim == 3 else scores[:, :, None]
    lags = truth if truth.ndim == 3 else None
    known = Truth(names=names, edges=truth.any(axis=2) if truth.ndim == 3 else truth, lags=lags)
    return Evaluation.of(Discovery(names=names, scores=scores), known, diagonal)


CHAIN = graph_of(("a", "b"), ("b", "c"))


class TestRanking:
    @pytest.mark.parametrize("weighted", [False, True])
    def test_average_precision_is_that_of_scikit_learn(self, weighted):
        from sklearn.metrics import average_precision_score

        for seed in range(50):
            random = np.random.default_rng(seed)
            truth, scores = random.random(40) < 0.3, random.integers(0, 9, 40) / 8
            weights = random.integers(1, 90, 40).astype(float) if weighted else None
            truth[0] = True
            assert average_precision(truth, scores, weights) == pytest.approx(
                average_precision_score(truth, scores, sample_weight=weights)
            )

    def test_a_perfect_ranking_of_many_pairs_has_exactly_1(self):
        truth = np.random.default_rng(1).random((12, 12)) < 0.3
        for scores, name in ((truth * 1.0, "auprc"), (truth[:, :, None] * np.ones(2), "lagged-auprc")):
            noise = np.random.default_rng(2).random(scores.shape) * 0.5
            known = truth if scores.ndim == 2 else truth[:, :, None] & np.ones(2, dtype=bool)
            for policy in ("include", "exclude"):
                assert metric(name, ranked(known, scores + noise, policy)) == 1.0

    # pairs off the diagonal, strongest first: a->c (no), a->b (yes), c->a (no), b->c (yes), b->a, c->b (no)
    scores = np.array([[9.0, 0.8, 0.9], [0.3, 9.0, 0.5], [0.6, 0.1, 9.0]])

    def test_by_hand(self):
        evaluation = ranked(CHAIN, self.scores)
        assert metric("auroc", evaluation) == pytest.approx(5 / 8)  # a->b beats 3 of 4, b->c beats 2 of 4
        assert metric("auprc", evaluation) == pytest.approx(0.5 * (1 / 2) + 0.5 * (2 / 4))
        assert metric("f1-oracle", evaluation) == pytest.approx(2 / 3)  # cut after b->c: 2 found, 2 false

    def test_self_edges_count_when_included(self):
        evaluation = ranked(CHAIN, self.scores, "include")  # three false pairs on top
        assert metric("auroc", evaluation) == pytest.approx(5 / 14)
        assert metric("auprc", evaluation) == pytest.approx(0.5 * (1 / 5) + 0.5 * (2 / 7))

    def test_perfect_and_inverted(self):
        perfect, inverted = ranked(CHAIN, CHAIN + 0.5), ranked(CHAIN, 1.5 - CHAIN)
        assert [metric(name, perfect) for name in ("auroc", "auprc", "f1-oracle")] == [1, 1, 1]
        assert metric("auroc", inverted) == 0
        assert metric("auprc", inverted) == pytest.approx(1 / 3)

    def test_equal_scores_are_a_guess(self):
        evaluation = ranked(CHAIN, np.ones((3, 3)))
        assert metric("auroc", evaluation) == 0.5
        assert metric("auprc", evaluation) == pytest.approx(2 / 6)

    def test_a_transposed_truth_is_worse(self):
        assert metric("auroc", ranked(CHAIN.T, CHAIN + 0.0)) < 0.5 < metric("auroc", ranked(CHAIN, CHAIN + 0.0))

    @given(st.integers(0, 10_000))
    def test_only_the_order_of_scores_matters(self, seed):
        scores = np.random.default_rng(seed).random((3, 3))
        for name in ("auroc", "auprc", "f1-oracle"):
            assert metric(name, ranked(CHAIN, scores)) == pytest.approx(metric(name, ranked(CHAIN, np.exp(5 * scores))))

    @given(st.integers(0, 10_000), st.floats(0, 1))
    def test_no_threshold_beats_the_oracle(self, seed, cut):
        scores = np.random.default_rng(seed).random((3, 3))
        assert metric("f1", compared(CHAIN, scores > cut)) <= metric("f1-oracle", ranked(CHAIN, scores)) + 1e-12


class TestGraph:
    def test_by_hand(self):
        # of six pairs: a->b found, b->c missed, a->c false, three rightly empty
        evaluation = compared(CHAIN, graph_of(("a", "b"), ("a", "c")))
        expected = {"precision": 1 / 2, "recall": 1 / 2, "f1": 1 / 2, "accuracy": 4 / 6}
        assert {name: metric(name, evaluation) for name in expected} == pytest.approx(expected)
        assert metric("balanced-accuracy", evaluation) == pytest.approx((1 / 2 + 3 / 4) / 2)

    def test_self_edges_count_when_included(self):
        chosen = graph_of(("a", "b"), ("a", "a"))
        assert metric("precision", compared(CHAIN, chosen, "exclude")) == 1
        assert metric("precision", compared(CHAIN, chosen, "include")) == 0.5
        assert metric("accuracy", compared(CHAIN, chosen, "include")) == pytest.approx(7 / 9)

    def test_perfect(self):
        evaluation = compared(CHAIN, CHAIN)
        for name in ("precision", "recall", "f1", "accuracy", "balanced-accuracy"):
            assert metric(name, evaluation) == 1
        assert metric("shd", evaluation) == metric("normalized-shd", evaluation) == 0

    @pytest.mark.parametrize(("truth", "chosen"), [(graph_of(), CHAIN), (CHAIN, graph_of()), (graph_of(), graph_of())])
    def test_empty_graphs_give_zero_and_no_warning(self, truth, chosen):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            values = {name: metric(name, compared(truth, chosen)) for name in RECORDS if RECORDS[name].needs == "graph"}
        assert values["precision"] == values["recall"] == values["f1"] == 0
        assert all(math.isfinite(value) for value in values.values())

    def test_balanced_accuracy_of_an_empty_truth_is_the_share_of_non_edges(self):
        assert metric("balanced-accuracy", compared(graph_of(), CHAIN)) == pytest.approx(4 / 6)

    def test_without_a_selection_they_say_so(self):
        with pytest.raises(WrongUsageError, match="--select"):
            metric("f1", ranked(CHAIN, np.ones((3, 3))))


class TestStructuralHammingDistance:
    @pytest.mark.parametrize(
        ("truth", "chosen", "distance"),
        [
            ([("a", "b")], [("b", "a")], 1),  # reversed
            ([("a", "b")], [("a", "b"), ("b", "a")], 1),  # one too many
            ([("a", "b"), ("b", "a")], [], 2),  # both missing
            ([("a", "b"), ("b", "a")], [("a", "b")], 1),
            ([("a", "b"), ("b", "c")], [("b", "a"), ("c", "b")], 2),  # two reversals
            ([("a", "b")], [("b", "c")], 2),  # one missing, one too many
        ],
    )
    @pytest.mark.parametrize("diagonal", ["include", "exclude"])
    def test_conventions(self, truth, chosen, distance, diagonal):
        evaluation = compared(graph_of(*truth), graph_of(*chosen), diagonal)
        assert metric("shd", evaluation) == distance
        assert metric("normalized-shd", evaluation) == pytest.approx(distance / (9 if diagonal == "include" else 6))

    def test_self_edges_count_only_when_included(self):
        assert metric("shd", compared(graph_of(), graph_of(("a", "a")), "include")) == 1
        assert metric("shd", compared(graph_of(), graph_of(("a", "a")), "exclude")) == 0

    @given(st.integers(2, 7), st.integers(0, 10_000), st.sampled_from(["include", "exclude"]))
    def test_is_a_symmetric_bounded_distance(self, size, seed, diagonal):
        names = tuple(map(str, range(size)))
        first, second = np.random.default_rng(seed).random((2, size, size)) < 0.4

        def distance(truth, chosen):
            scores = chosen[:, :, None]
            found = Discovery(names=names, scores=scores.astype(float), selected=scores)
            return metric("normalized-shd", Evaluation.of(found, Truth(names=names, edges=truth), diagonal))

        assert distance(first, second) == distance(second, first)
        assert 0 <= distance(first, second) <= 1
        assert distance(first, first) == 0

    def test_fewer_is_better(self):
        assert not RECORDS["shd"].greater_is_better
        assert not RECORDS["normalized-shd"].greater_is_better


class TestLags:
    truth = np.zeros((2, 2, 2), dtype=bool)
    truth[0, 1, 1] = truth[1, 0, 0] = truth[0, 0, 0] = True

    def test_lag_accuracy_by_hand(self):
        scores = np.full((2, 2, 2), 0.1)
        scores[0, 1] = 0.2, 0.9  # right
        scores[1, 0] = 0.2, 0.9  # wrong: acts at lag 1
        scores[0, 0] = 0.5, 0.4  # right, a self-edge
        assert metric("lag-accuracy", ranked(self.truth, scores, "exclude")) == 0.5
        assert metric("lag-accuracy", ranked(self.truth, scores, "include")) == pytest.approx(2 / 3)

    def test_an_edge_without_any_score_was_not_found(self):
        assert metric("lag-accuracy", ranked(self.truth, np.zeros((2, 2, 2)))) == 0

    def test_ranking_of_cells_by_hand(self):
        scores = np.zeros((2, 2, 2))
        scores[0, 1] = 0.7, 0.9  # lag 2 is true
        scores[1, 0] = 0.5, 0.6  # lag 1 is true
        evaluation = ranked(self.truth, scores)  # in order: yes, no, no, yes
        assert metric("lagged-auroc", evaluation) == pytest.approx(2 / 4)
        assert metric("lagged-auprc", evaluation) == pytest.approx(0.5 * 1 + 0.5 * (2 / 4))

    def test_cells_in_perfect_order(self):
        evaluation = ranked(self.truth, self.truth + 0.1, "include")
        assert [metric(name, evaluation) for name in ("lag-accuracy", "lagged-auroc", "lagged-auprc")] == [1, 1, 1]

    def test_lags_out_of_reach_count_as_missed(self):
        truth = np.zeros((3, 3, 4), dtype=bool)
        truth[0, 1, 0] = truth[1, 2, 3] = True
        scores = truth[:, :, :2] + np.linspace(0.1, 0.2, 18).reshape(3, 3, 2)
        evaluation = ranked(truth, scores)
        assert evaluation.lost_lags == 1
        assert metric("lag-accuracy", evaluation) == 0.5
        # the edge at lag 4 ranks below all 11 cells without an edge, the other one above
        assert metric("lagged-auroc", evaluation) == pytest.approx(0.5)
        assert metric("lagged-auprc", evaluation) == pytest.approx(0.5 * 1 + 0.5 * (2 / 13))

    def test_a_truth_without_lags_is_refused(self):
        with pytest.raises(WrongUsageError, match="no lags"):
            metric("lagged-auroc", ranked(CHAIN, np.ones((3, 3))))


def test_every_metric_prefers_the_truth_to_its_transpose():
    truth = np.zeros((4, 4, 2), dtype=bool)
    truth[0, 1, 1] = truth[1, 2, 0] = truth[2, 3, 1] = True
    names = tuple("0123")
    known = Truth(names=names, edges=truth.any(axis=2), lags=truth)
    found = []
    for cells in (truth, truth.transpose(1, 0, 2)):
        path = {"epochs": np.ones(1), "scores": cells[None] + 0.1}
        discovery = Discovery(names=names, scores=cells + 0.1, selected=cells, path=path)
        found.append(Evaluation.of(discovery, known, "exclude"))
    for record in RECORDS.values():
        good, bad = (record.load()(evaluation) for evaluation in found)
        assert (good > bad) if record.greater_is_better else (good < bad), record.name
