"""The result and its orientation."""

import re
from dataclasses import replace

import numpy as np
import pytest

from causalkit import Discovery, Panel, Truth
from causalkit.errors import PluginError, UnknownNameError, WrongUsageError


@pytest.fixture
def discovery() -> Discovery:
    scores = np.zeros((3, 3, 2))
    scores[0, 1, 1] = 0.9  # a -> b at lag 2
    scores[2, 0, 0] = 0.4  # c -> a at lag 1
    scores[1, 1, 0] = 0.6  # b drives itself
    return Discovery(names=("a", "b", "c"), scores=scores)


def test_edges_are_sorted_and_name_cause_effect_lag(discovery):
    frame = discovery.edges(top=3, self_edges=True)
    assert frame[["cause", "effect", "lag"]].to_numpy().tolist() == [["a", "b", 2], ["b", "b", 1], ["c", "a", 1]]
    assert discovery.edges(top=2)["cause"].tolist() == ["a", "c"]
    assert len(discovery.edges(self_edges=True)) == 18


def test_self_edges_are_left_out_of_edges_unless_asked_for_or_selected(discovery):
    assert len(discovery.edges()) == 12
    chosen = discovery.select("top-k:2,self-edges=true")
    assert chosen.edges(selected_only=True)["cause"].tolist() == ["a", "b"]
    assert chosen.edges(selected_only=True, self_edges=False)["cause"].tolist() == ["a"]
    assert [*zip(*chosen.edges(top=3)[["cause", "effect"]].to_numpy().T, strict=True)] == [
        ("a", "b"),
        ("b", "b"),
        ("c", "a"),
    ]


@pytest.mark.parametrize("top", [-1, 2.5, "2", True])
def test_what_is_no_number_of_edges_is_refused(discovery, top):
    for method in (discovery.edges, discovery.summary):
        with pytest.raises(WrongUsageError, match="is not allowed; give a whole number, 0 or more"):
            method(top)


def test_a_summary_shows_selected_edges_first_whatever_their_scores(discovery):
    selected = np.zeros((3, 3, 2), dtype=bool)
    selected[1, 2, 0] = True  # its score is 0
    text = replace(discovery, selected=selected).summary(top=2)
    assert "Edges between different series, selected ones first (2 of 12):" in text
    first, second = (line.split() for line in text.splitlines() if "->" in line)
    assert (first[:3], first[-1]) == (["b", "->", "c"], "selected")
    assert second[:3] == ["a", "->", "b"]
    assert "Strongest edges between different series (2 of 12):" in discovery.summary(top=2)
    assert "<table" in replace(discovery, selected=selected)._repr_html_()


def test_a_rule_that_leaves_self_edges_out_rejects_none(discovery):
    tested = replace(discovery, joint_p_values=np.full((3, 3), 0.001))
    words = tested.select("fdr:0.05").explain("b", "b")
    assert "The rule fdr:0.05 leaves self-edges out. Without any correction" in words
    assert "not selected" not in words
    assert "The rule top-k:1 leaves self-edges out." in discovery.select("top-k:1").explain("b", "b")
    assert "It was not selected by top-k:1,self-edges=true." in (
        discovery.select("top-k:1,self-edges=true").explain("b", "b")
    )
    assert "It was selected by fdr:0.05,self-edges=true" in (
        tested.select("fdr:0.05,self-edges=true").explain("b", "b")
    )


def test_a_series_is_named_by_text():
    found = Discovery(names=("0", "1"), scores=np.ones((2, 2, 1)))
    with pytest.raises(UnknownNameError, match="unknown series 1; write its name as text: '1'"):
        found.explain(1, "0")
    with pytest.raises(UnknownNameError, match="unknown series 7; known: 0, 1"):
        found.explain("0", 7)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("none:3", "'none' takes no value, but the selection is 'none:3'; write none"),
        ("auto:0.1", "'auto' takes no value, but the selection is 'auto:0.1'; write auto"),
        ("none", "'none' is for causalkit.discover and --select, and is not a rule; a discovery without a rule is"),
        ("auto", "'auto' is for causalkit.discover and --select, and is not a rule; call discovery.test()"),
    ],
)
def test_words_in_the_place_of_a_rule_are_explained(discovery, text, said):
    with pytest.raises(WrongUsageError, match=re.escape(said)):
        discovery.select(text)


def test_panels_and_truths_count_in_the_singular():
    panel = Panel.of(np.array([[1.0, 2.0], [np.nan, 3.0]]))
    assert "2 series, 1 realisation of 2 steps, 1 missing cell>" in repr(panel)
    assert "2 realisations of 2 steps, 2 missing cells>" in repr(Panel.of([*panel, *panel]))
    assert "1 edge," in repr(Truth.from_edges([("a", "b", 2)], names="ab"))


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
