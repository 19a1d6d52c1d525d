"""The result and its orientation."""

from dataclasses import replace

import numpy as np
import pytest

from causalkit import Discovery, Truth
from causalkit.errors import PluginError


@pytest.fixture
def discovery() -> Discovery:
    scores = np.zeros((3, 3, 2))
    scores[0, 1, 1] = 0.9  # a -> b at lag 2
    scores[2, 0, 0] = 0.4  # c -> a at lag 1
    scores[1, 1, 0] = 0.6  # b drives itself
    return Discovery(names=("a", "b", "c"), scores=scores)


def test_edges_are_sorted_and_name_cause_effect_lag(discovery):
    frame = discovery.edges(top=3)
    assert frame[["cause", "effect", "lag"]].to_numpy().tolist() == [["a", "b", 2], ["b", "b", 1], ["c", "a", 1]]
    assert discovery.edges(top=2, self_edges=False)["cause"].tolist() == ["a", "c"]
    assert len(discovery.edges()) == 18


def test_graph_points_from_cause_to_effect(discovery):
    graph = discovery.graph()
    assert set(graph.edges) == {("a", "b"), ("c", "a"), ("b", "b")}
    assert graph.edges["a", "b"] == {"score": 0.9, "lag": 2}
    chosen = discovery.select("top-k:1").graph()
    assert list(chosen.edges) == [("a", "b")]


def test_pair_p_values_correct_for_the_number_of_lags(discovery):
    p_values = np.full((3, 3, 2), 0.8)
    p_values[0, 1, 1] = 0.01
    tested = Discovery(names="abc", scores=discovery.scores, p_values=p_values)
    assert tested.pair_p_values[0, 1] == pytest.approx(0.02)
    assert tested.pair_p_values[1, 0] == 1.0


@pytest.mark.parametrize(
    "scores", [np.zeros((3, 3)), np.full((3, 3, 1), np.nan), np.full((3, 3, 1), -1.0), np.zeros((2, 2, 1))]
)
def test_scores_that_are_no_scores_are_refused(scores):
    with pytest.raises(PluginError):
        Discovery(names=("a", "b", "c"), scores=scores)


def test_evaluate_both_diagonal_policies(discovery):
    truth = Truth.from_edges([("a", "b", 2), ("c", "a", 1)], names="abc")
    assert discovery.evaluate(truth, diagonal="exclude")["auroc"] == 1.0
    assert discovery.evaluate(truth, diagonal="include")["auroc"] < 1.0


def test_pairs_outside_the_scope_of_a_truth_change_no_metric(discovery):
    small = Discovery(names=("a", "b"), scores=discovery.scores[:2, :2]).select("top-k:1")
    truth = Truth.from_edges([("a", "b", 2)], names=("a", "b"))
    wide = discovery.select("threshold:0.3,self-edges=true")  # also finds c -> a and b -> b
    known = replace(truth, scope=("a", "b"))
    for diagonal in ("include", "exclude"):
        assert wide.evaluate(known, diagonal=diagonal)["auroc"] == small.evaluate(truth, diagonal=diagonal)["auroc"]
    assert wide.evaluate(known)["precision"] == 1.0
    assert wide.evaluate(truth)["precision"] < 1.0
    assert wide.evaluate(known)["shd"] == small.evaluate(truth)["shd"] == 0


def test_without_a_policy_the_truth_decides_whether_self_edges_count(discovery):
    truth = Truth.from_edges([("a", "b", 2), ("c", "a", 1)], names="abc")
    assert discovery.evaluate(truth) == discovery.evaluate(truth, diagonal="exclude")
    counted = replace(truth, diagonal="include")
    assert discovery.evaluate(counted) == discovery.evaluate(truth, diagonal="include")
    assert discovery.evaluate(counted, diagonal="exclude") == discovery.evaluate(truth)
