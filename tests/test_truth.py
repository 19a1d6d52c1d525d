"""Known graphs, and the one place that transposes."""

from dataclasses import replace

import numpy as np
import pytest

from causalkit import Truth
from causalkit.errors import DataError, WrongUsageError


def test_rows_are_causes():
    truth = Truth.from_edges([("a", "b", 2)], names=["a", "b", "c"])
    assert truth.edges[0, 1]
    assert truth.count == 1
    assert truth.lags.shape == (3, 3, 2)
    assert truth.lags[0, 1].tolist() == [False, True]
    assert list(truth.graph().edges) == [("a", "b")]
    assert truth.graph().edges["a", "b"]["lags"] == [2]


def test_matrix_needs_an_orientation_and_obeys_it():
    matrix = [[0, 1], [0, 0]]
    assert Truth.from_matrix(matrix, orientation="cause-effect").edge_list() == [{"cause": "0", "effect": "1"}]
    assert Truth.from_matrix(matrix, orientation="effect-cause").edge_list() == [{"cause": "1", "effect": "0"}]
    with pytest.raises(WrongUsageError, match="truth-orientation"):
        Truth.from_matrix(matrix, orientation=None)


def test_lagged_matrix_keeps_lags_in_either_orientation():
    matrix = np.zeros((2, 2, 3))
    matrix[0, 1, 2] = 1
    flipped = Truth.from_matrix(matrix, orientation="effect-cause")
    assert flipped.edge_list() == [{"cause": "1", "effect": "0", "lag": 3}]


def test_align_reorders_and_fills():
    truth = Truth.from_edges([("a", "b"), ("b", "c")])
    aligned = truth.align(["c", "x", "b", "a"])
    assert aligned.edge_list() == [{"cause": "b", "effect": "c"}, {"cause": "a", "effect": "b"}]


def test_align_names_what_does_not_match():
    with pytest.raises(DataError, match=r"'gene_A'.*did you mean geneA") as caught:
        Truth.from_edges([("gene_A", "geneB")]).align(["geneA", "geneB"])
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("edges", "said"),
    [
        ([("a", "b", 1), ("b", "a")], "some edges have a lag"),
        ([("a", "b", 0)], "edge at lag 0"),
        ([("a", "z")], "unknown series 'z'"),
    ],
)
def test_bad_edges(edges, said):
    with pytest.raises(DataError, match=said):
        Truth.from_edges(edges, names=["a", "b"])


def test_matrix_must_be_square_and_complete():
    with pytest.raises(DataError, match="shape"):
        Truth.from_matrix(np.zeros((2, 3)), orientation="cause-effect")
    with pytest.raises(DataError, match="missing"):
        Truth.from_matrix([[np.nan, 0], [0, 0]], orientation="cause-effect")


def test_only_pairs_within_the_scope_are_evaluated_whatever_the_order_of_the_data():
    truth = Truth.from_edges([("a", "b"), ("b", "c")], names=["a", "b", "c"])
    known = replace(truth, scope=("a", "b"), diagonal="include").align(["c", "b", "x", "a"])
    assert (known.scope, known.diagonal) == (("a", "b"), "include")
    assert {(known.names[c], known.names[e]) for c, e in np.argwhere(known.evaluated_pairs("include"))} == {
        ("a", "a"),
        ("a", "b"),
        ("b", "a"),
        ("b", "b"),
    }
    assert known.evaluated_pairs("exclude").sum() == 2
    assert truth.evaluated_pairs("include").all()
    assert "2 of them in scope" in repr(known)


@pytest.mark.parametrize(
    ("changes", "said"), [({"scope": ("a", "q")}, "'q'"), ({"scope": ()}, "empty"), ({"diagonal": "maybe"}, "maybe")]
)
def test_bad_scopes_and_policies_are_refused(changes, said):
    with pytest.raises(DataError, match=said):
        replace(Truth.from_edges([("a", "b")]), **changes)
