"""Known graphs, and the one place that transposes."""

from dataclasses import replace

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from causalkit import Discovery, Truth
from causalkit.errors import DataError, WrongUsageError
from causalkit.io import read_truth


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


def test_what_is_no_truth_is_refused_with_the_call_that_makes_one(tmp_path):
    discovery = Discovery(names=("a", "b"), scores=np.array([[[0.0], [1.0]], [[0.5], [0.0]]]))
    edges = [("a", "b")]
    path = tmp_path / "truth.csv"
    path.write_text("cause,effect\na,b\n")
    matrix = np.array([[0, 1], [0, 0]])
    means = {
        "read_truth": (path, str(path)),
        "from_matrix": (matrix, pd.DataFrame(matrix)),
        "graph.edges": (nx.DiGraph(edges),),
        "(pairs": (edges,),
    }
    for call, wrong in means.items():
        for truth in wrong:
            for use in (
                lambda given: discovery.evaluate(given),
                lambda given: discovery.plot("heatmap", truth=given),
                lambda given: discovery.report(tmp_path / "report.html", truth=given),
            ):
                with pytest.raises(WrongUsageError, match=r"not a causalkit\.Truth") as refused:
                    use(truth)
                assert call in refused.value.hint

    def from_hint(value, **known):
        """What the hint says, run as it is."""
        with pytest.raises(WrongUsageError) as refused:
            discovery.evaluate(value)
        call = refused.value.hint.partition(": ")[2].partition(" where")[0]
        return eval(call, {"causalkit": __import__("causalkit"), "discovery": discovery, **known})

    made = [
        from_hint(str(path)),
        from_hint(matrix, matrix=matrix),
        from_hint(nx.DiGraph(edges), graph=nx.DiGraph(edges)),
        from_hint(edges, pairs=edges),
    ]
    for truth in made:
        assert truth.edge_list() == read_truth(path).edge_list()
        assert discovery.evaluate(truth)["auroc"] == 1


@pytest.mark.parametrize(
    "edges",
    [
        pd.DataFrame({"cause": ["a"], "effect": ["b"]}),
        nx.DiGraph([("ab", "cd")]),
        nx.DiGraph([("a", "b")]).edges(data=True),
        ["ab"],
        [("a",)],
        [("a", "b", 1.5)],
        [("a", "b", "soon")],
        [{"cause": "a", "effect": "b"}],
    ],
)
def test_what_is_no_edge_is_not_taken_for_one(edges):
    with pytest.raises(DataError, match="is not an edge"):
        Truth.from_edges(edges)


def test_edges_in_every_form():
    frame = pd.DataFrame({"cause": ["a"], "effect": ["b"], "lag": [2]})
    for edges in (frame.to_numpy(), frame.itertuples(index=False), np.array([["a", "b", "2"]]), [["a", "b", 2.0]]):
        assert Truth.from_edges(edges).edge_list() == [{"cause": "a", "effect": "b", "lag": 2}]
    assert Truth.from_edges(nx.DiGraph([("a", "b")]).edges).edge_list() == [{"cause": "a", "effect": "b"}]


def test_a_frame_keeps_its_names_whatever_the_order_of_its_rows():
    frame = pd.DataFrame([[0, 1, 0], [0, 0, 0], [0, 0, 0]], index=["a", "b", "c"], columns=["a", "b", "c"])
    known = [{"cause": "a", "effect": "b"}]
    for given in (frame, frame.loc[["c", "a", "b"]], frame[["b", "c", "a"]]):
        for names in (None, ["a", "b", "c"], ["c", "b", "a"]):
            truth = Truth.from_matrix(given, orientation="cause-effect", names=names)
            assert truth.edge_list() == known
            assert names is None or list(truth.names) == names
    turned = Truth.from_matrix(frame.T.loc[["b", "a", "c"]], orientation="effect-cause")
    assert turned.edge_list() == known
    unnamed = Truth.from_matrix(pd.DataFrame(frame.to_numpy()), orientation="cause-effect", names=["a", "b", "c"])
    assert unnamed.edge_list() == known
    with pytest.raises(DataError, match="rows and columns"):
        Truth.from_matrix(frame.rename(index={"a": "z"}), orientation="cause-effect")
    with pytest.raises(DataError, match="other names"):
        Truth.from_matrix(frame, orientation="cause-effect", names=["x", "y", "z"])
