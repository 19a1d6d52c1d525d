"""CausalTime on the real files: which columns, which orientation, what is judged."""

from __future__ import annotations

import numpy as np
import pytest
from causalkit_benchmarks.catalogue import Facts
from causalkit_benchmarks.causaltime import causaltime, read_causaltime

import causalkit
from causalkit.errors import DataError, UnknownNameError

pytestmark = pytest.mark.usefixtures("published")


@pytest.fixture
def arrays(published):
    folder = published / "causaltime" / "medical"
    return np.load(folder / "gen_data.npy"), np.load(folder / "graph.npy")


def test_default_is_the_observed_columns_and_no_diagonal(arrays):
    values, graph = arrays
    panel, truth = causaltime("medical")
    assert panel.names == tuple(f"x{number}" for number in range(1, 21))
    assert panel.lengths == (40,) * 480
    assert np.array_equal(np.stack(panel.realisations), values[:, :, :20].astype(float))
    assert (truth.count, truth.diagonal, truth.scope) == (int(graph.sum()) - 20, "exclude", None)
    assert truth.count == 133
    assert panel.realisations[0][0, 0] == pytest.approx(0.30449829)
    assert panel.realisations[-1][-1, -2] == pytest.approx(0.1515508)
    assert len(panel.windows(2)) == 480 * 38


def test_rows_of_the_graph_are_effects(arrays):
    """The authors' generator multiplies the inputs of output i by row i of the mask."""
    _, graph = arrays
    assert graph[0, 19] == 1
    assert graph[19, 0] == 0
    _, truth = causaltime("medical")
    assert {"cause": "x20", "effect": "x1"} in truth.edge_list()
    assert {"cause": "x1", "effect": "x20"} not in truth.edge_list()


def test_published_protocol_learns_from_all_columns_and_evaluates_the_observed_ones():
    panel, truth = causaltime("medical", protocol="published")
    assert panel.series == 40
    assert panel.lengths == (480 * 40,)
    assert panel.names[20:22] == ("x1-residual", "x2-residual")
    assert (truth.count, truth.diagonal, truth.scope) == (153, "include", panel.names[:20])
    assert truth.evaluated_pairs("include").sum() == 400
    found = causalkit.discover(panel, method="var", lag=1, select="none")
    observed = causalkit.Discovery(names=panel.names[:20], scores=found.scores[:20, :20])
    _, plain = causaltime("medical")
    assert found.evaluate(truth, diagonal="exclude") == observed.evaluate(plain)


def test_measured_rows_are_said_aloud_and_can_be_left_out(arrays):
    values, _ = arrays
    assert (values[:, :20, 20:] == 0).all()
    assert np.array_equal(values[:, 19, :20], values[:, 20, :20])
    panel, _ = causaltime("medical")
    assert any("first 20 of 40 rows" in note for note in panel.notes)
    panel, _ = causaltime("medical", rows="generated")
    assert np.array_equal(np.stack(panel.realisations), values[:, 20:, :20].astype(float))
    assert panel.notes == ()


def test_items():
    with pytest.raises(UnknownNameError, match="causaltime:traffic"):
        causaltime("trafic")


@pytest.mark.parametrize(
    ("values", "graph", "said"),
    [
        (np.zeros((3, 5, 7)), np.eye(4), "number of columns: 7 instead of 8"),
        (np.zeros((3, 5)), np.eye(4), "has the shape"),
        (np.zeros((3, 5, 8)), np.zeros((4, 3)), "the shape"),
        (np.zeros((3, 5, 8)), np.eye(4) * 2, "values other than 0 and 1"),
        (np.full((3, 5, 8), np.inf), np.eye(4), r"no finite number at \(0, 0, 0\)"),
        (np.array([["a"]]), np.eye(4), "is not an array of numbers"),
    ],
)
def test_files_that_do_not_fit(tmp_path, values, graph, said):
    np.save(tmp_path / "gen_data.npy", values)
    np.save(tmp_path / "graph.npy", graph)
    with pytest.raises(DataError, match=said):
        read_causaltime(tmp_path / "gen_data.npy", tmp_path / "graph.npy", Facts(item="t"), "default", "all")


def test_a_file_that_is_no_array(tmp_path):
    for name in ("gen_data.npy", "graph.npy"):
        (tmp_path / name).write_text("<html>")
    with pytest.raises(DataError, match="not a readable NumPy file"):
        read_causaltime(tmp_path / "gen_data.npy", tmp_path / "graph.npy", Facts(item="t"), "default", "all")
