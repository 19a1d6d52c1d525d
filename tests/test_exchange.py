"""Results in the forms of other packages: every axis where that package has it, there and back."""

import numpy as np
import pandas as pd
import pytest

import causalkit
from causalkit import Discovery, exchange
from causalkit.errors import DataError, WrongUsageError

NAMES = ("a", "b", "c")
# Everywhere the only edge is a -> b at lag 2, -0.8 in the data: [cause, effect, lag - 1] = [0, 1, 1].
SIZE = 0.8


def series(steps=300):
    x = np.random.default_rng(0).standard_normal((steps, 3))
    x[2:, 1] -= SIZE * x[:-2, 0]
    return x * [1.0, 10.0, 1.0]


@pytest.fixture(scope="module")
def found():
    return causalkit.discover(series(), method="var", lag=3, names=NAMES)


def ranking():
    scores = np.zeros((3, 3, 2))
    scores[0, 1, 1] = 0.5
    return Discovery(NAMES, scores)


def test_adjacency_has_causes_in_rows(found):
    matrix = found.adjacency()
    assert (matrix.index.name, matrix.columns.name) == ("cause", "effect")
    assert matrix.to_numpy().nonzero() == (np.array([0]), np.array([1]))
    assert found.adjacency("lag").loc["a", "b"] == 2
    assert found.adjacency("lag").to_numpy().sum() == 2
    assert found.adjacency("effect").loc["a", "b"] == pytest.approx(found.effects.mean[0, 1, 1])
    assert found.adjacency("score").loc["a", "b"] == found.pair_scores[0, 1]
    assert found.adjacency("p_value").loc["a", "b"] == found.pair_p_values[0, 1] < 1e-9


def test_the_lag_of_an_edge_is_that_of_a_selected_cell():
    scores = np.array([[[0.0, 0.0], [0.9, 0.5]], [[0.0, 0.0], [0.0, 0.0]]])
    chosen = np.zeros((2, 2, 2), dtype=bool)
    chosen[0, 1, 1] = True
    assert Discovery(("x", "y"), scores, selected=chosen).adjacency("lag").loc["x", "y"] == 2


def test_what_a_method_does_not_have_is_an_error():
    with pytest.raises(WrongUsageError, match="no p-values"):
        ranking().adjacency("p_value")
    with pytest.raises(WrongUsageError, match="no effects"):
        ranking().adjacency("effect")
    with pytest.raises(WrongUsageError, match="did you mean score"):
        ranking().adjacency("scores")


def test_xarray_has_names(found):
    pytest.importorskip("xarray")
    data = found.to_xarray()
    assert float(data.scores.sel(cause="a", effect="b", lag=2)) == found.scores[0, 1, 1]
    assert bool(data.selected.sel(cause="a", effect="b").any())
    assert not bool(data.selected.sel(cause="b", effect="a").any())
    assert float(data.joint_p_values.sel(cause="a", effect="b")) < 1e-9
    assert float(data.effects_in_units.sel(cause="a", effect="b", lag=2)) == pytest.approx(-10 * SIZE, rel=0.2)
    assert data.attrs["method"] == "var"
    assert set(ranking().to_xarray().data_vars) == {"scores"}


def test_to_tigramite(found):
    result = exchange.to_tigramite(found)
    assert result["graph"].shape == result["val_matrix"].shape == result["p_matrix"].shape == (3, 3, 4)
    assert np.argwhere(result["graph"] == "-->").tolist() == [[0, 1, 2]]  # cause, effect, lag with lag 0 first
    assert result["val_matrix"][0, 1, 2] < -0.5
    assert result["p_matrix"][0, 1, 2] < 1e-9
    assert result["var_names"] == ["a", "b", "c"]
    assert "p_matrix" not in exchange.to_tigramite(ranking())


def test_from_tigramite():
    graph = np.zeros((3, 3, 3), dtype="<U3")
    graph[0, 1, 2] = "-->"
    graph[1, 2, 0], graph[2, 1, 0] = "-->", "<--"
    values, p_values = np.zeros((3, 3, 3)), np.ones((3, 3, 3))
    values[0, 1, 2], p_values[0, 1, 2] = -0.7, 0.001
    values[1, 2, 0] = values[2, 1, 0] = 0.4
    got = exchange.from_tigramite({"graph": graph, "val_matrix": values, "p_matrix": p_values}, names=NAMES)
    assert got.scores.shape == (3, 3, 2)
    assert got.scores[0, 1, 1] == 0.7
    assert got.p_values[0, 1, 1] == 0.001
    assert list(got.graph().edges) == [("a", "b")]
    assert got.data["contemporaneous"][1][2] == 0.4
    assert got.data["contemporaneous"][2][1] == 0
    assert any("signs" in note for note in got.notes)


def test_tigramite_there_and_back(found):
    again = exchange.from_tigramite(exchange.to_tigramite(found))
    assert again.names == found.names
    np.testing.assert_array_equal(again.selected, found.selected)
    np.testing.assert_array_equal(again.p_values, found.p_values)
    np.testing.assert_array_equal(again.scores, np.abs(found.effects.mean))


def test_same_step_links_of_tigramite_are_undirected():
    x = series()
    x[:, 2] += x[:, 0]
    result = exchange.to_tigramite(causalkit.discover(x, method="var", lag=1))
    assert result["graph"][0, 2, 0] == result["graph"][2, 0, 0] == "o-o"
    assert result["graph"][0, 1, 0] == ""
    assert (result["val_matrix"][:, :, 0] == result["val_matrix"][:, :, 0].T).all()
    without = exchange.to_tigramite(causalkit.discover(x, method="var", lag=1), same_step=False)
    assert not (without["graph"] == "o-o").any()
    assert not without["val_matrix"][:, :, 0].any()


def test_to_lingam(found):
    matrices = exchange.to_lingam(found)
    assert matrices.shape == (4, 3, 3)
    assert np.argwhere(matrices).tolist() == [[2, 1, 0]]  # lag, effect, cause
    assert matrices[2, 1, 0] == pytest.approx(-10 * SIZE, rel=0.2)


def test_from_lingam():
    matrices = np.zeros((3, 3, 3))
    matrices[2, 1, 0] = -8.0
    matrices[0, 2, 1] = 0.3  # b -> c within one step
    got = exchange.from_lingam(matrices, data=series(), names=NAMES)
    assert got.scores[0, 1, 1] == 8
    assert np.argwhere(got.selected).tolist() == [[0, 1, 1]]
    assert got.effects.in_units[0, 1, 1] == pytest.approx(-8)
    assert got.data["contemporaneous"][1][2] == 0.3
    model = type("VARLiNGAM", (), {"adjacency_matrices_": matrices})()
    assert exchange.from_lingam(model).scores[0, 1, 1] == 8
    mixed = type("VARMALiNGAM", (), {"adjacency_matrices_": (matrices, matrices[1:2])})()
    assert exchange.from_lingam(mixed).scores.shape == (3, 3, 2)


def test_lingam_there_and_back(found):
    again = exchange.from_lingam(exchange.to_lingam(found), data=series(), names=NAMES)
    np.testing.assert_array_equal(again.selected, found.selected)
    np.testing.assert_allclose(again.effects.mean[found.selected], found.effects.mean[found.selected])


def test_to_causal_learn(found):
    matrix = exchange.to_causal_learn(found)
    assert matrix.shape == (3, 9)
    assert np.argwhere(matrix).tolist() == [[1, 3]]  # row: effect; columns: all causes at lag 1, then at lag 2
    assert matrix[1, 3] == pytest.approx(-10 * SIZE, rel=0.2)


def test_from_causal_learn():
    matrix, p_values = np.zeros((3, 6)), np.ones((3, 6))
    matrix[1, 3], p_values[1, 3] = -8.0, 0.01
    got = exchange.from_causal_learn(matrix, names=NAMES, data=series(), p_values=p_values)
    assert np.argwhere(got.selected).tolist() == [[0, 1, 1]]
    assert got.effects.in_units[0, 1, 1] == pytest.approx(-8)
    assert got.p_values[0, 1, 1] == 0.01


class LaggedGraph:
    """A graph as causal-learn has it: graph[j, i] = 1 and graph[i, j] = -1 for i -> j."""

    def __init__(self, names, edges):
        self.names = names
        self.graph = np.zeros((len(names), len(names)), dtype=int)
        for cause, effect in edges:
            i, j = names.index(cause), names.index(effect)
            self.graph[j, i], self.graph[i, j] = 1, -1

    def get_node_names(self):
        return self.names


def test_from_a_graph_of_causal_learn():
    names = ["a(t-2)", "b(t-2)", "a(t-1)", "b(t-1)", "a(t)", "b(t)"]
    edges = [("a(t-2)", "b(t)"), ("a(t)", "b(t)"), ("a(t-2)", "a(t-1)")]
    got = exchange.from_causal_learn(LaggedGraph(names, edges))
    assert got.names == ("a", "b")
    assert np.argwhere(got.selected).tolist() == [[0, 1, 1]]
    with pytest.raises(WrongUsageError, match="'x' of the graph is at no time step"):
        exchange.from_causal_learn(LaggedGraph(["x", "y"], []))


@pytest.mark.parametrize(
    ("convert", "message"),
    [
        (lambda: exchange.from_tigramite({}), "no result of tigramite"),
        (lambda: exchange.from_tigramite({"val_matrix": np.zeros((3, 3))}), "shape"),
        (lambda: exchange.from_tigramite({"val_matrix": np.zeros((3, 3, 1))}), "shape"),
        (
            lambda: exchange.from_tigramite({"val_matrix": np.zeros((3, 3, 2)), "p_matrix": np.zeros((3, 3, 3))}),
            "p_matrix has the shape",
        ),
        (lambda: exchange.from_lingam("x"), "no result of lingam"),
        (lambda: exchange.from_lingam(np.zeros((3, 3))), "shape"),
        (lambda: exchange.from_lingam(type("DirectLiNGAM", (), {"adjacency_matrix_": 1})()), "no lags"),
        (lambda: exchange.from_causal_learn(np.zeros((3, 4))), "shape"),
        (lambda: exchange.from_causal_learn(object()), "no result of causal-learn"),
    ],
)
def test_what_is_no_result(convert, message):
    with pytest.raises(WrongUsageError, match=message):
        convert()


def test_names_and_numbers_that_do_not_fit():
    with pytest.raises(DataError, match="of 3 series, and names of 2"):
        exchange.from_lingam(np.zeros((2, 3, 3)), names=["a", "b"])
    with pytest.raises(DataError, match="not finite"):
        exchange.from_lingam(np.full((2, 3, 3), np.nan))


def test_names_of_a_frame_are_names():
    matrices = exchange.to_lingam(causalkit.discover(series(), method="var", lag=2, names=["a", "b", "c"]))
    names = pd.Index(["a", "b", "c"])
    assert exchange.from_lingam(matrices, names=names).names == ("a", "b", "c")
    with pytest.raises(DataError, match="duplicate series name 'a'"):
        exchange.from_lingam(matrices, names=["a", "a", "b"])
