"""NetSim on the real files, and on invented ones in the same format for what these do not show."""

from __future__ import annotations

import numpy as np
import pytest
from causalkit_benchmarks.catalogue import Facts, facts
from causalkit_benchmarks.netsim import choose, netsim, read_netsim
from scipy.io import savemat

from causalkit.errors import DataError, ParameterError, UnknownNameError

pytestmark = pytest.mark.usefixtures("published")

EDGES = {"sim1": 5, "sim2": 11, "sim3": 18, "sim4": 61, "sim8": 5, "sim10": 5, "sim15": 5}


@pytest.mark.parametrize("item", EDGES)
def test_shapes_edges_and_the_two_protocols(item):
    panel, truth = netsim(item)
    nodes = facts("netsim", item).series
    assert panel.lengths == (200,) * 50
    assert panel.names == tuple(f"node{number}" for number in range(1, nodes + 1))
    assert (truth.count, truth.diagonal) == (EDGES[item], "exclude")
    _, counted = netsim(item, protocol="published")
    assert (counted.count, counted.diagonal) == (EDGES[item] + nodes, "include")
    assert counted.edges.diagonal().all()


def test_first_and_last_values_are_those_of_the_file(published):
    from scipy.io import loadmat

    signals = loadmat(published / "netsim" / "sim3.mat")["ts"]
    panel, _ = netsim("sim3")
    assert panel.realisations[0][0, 0] == pytest.approx(-1.12856357, abs=1e-8)
    assert np.array_equal(np.concatenate(panel.realisations), signals)
    assert np.array_equal(panel.realisations[7], signals[1400:1600])


def test_subjects_are_counted_from_zero():
    everyone, _ = netsim("sim1")
    some, _ = netsim("sim1", subjects="3:5")
    assert np.array_equal(some.realisations[0], everyone.realisations[3])
    assert len(some.realisations) == 2
    one, _ = netsim("sim1", subjects=49)
    assert np.array_equal(one.realisations[0], everyone.realisations[49])
    assert "subject 49" in one.source
    assert len(some.windows(2)) == 2 * 198  # none crosses from one subject to the next


@pytest.mark.parametrize(
    ("text", "chosen"),
    [("all", [0, 1, 2, 3, 4]), ("3", [3]), (3, [3]), ("0:2", [0, 1]), ("3:", [3, 4]), (":2", [0, 1]), ("4, 0", [4, 0])],
)
def test_choosing_subjects(text, chosen):
    assert choose(text, 5) == chosen


@pytest.mark.parametrize("text", ["5", "-1", "0:9", "2:2", "a", "", "1,1", "0:4:2", "3.0"])
def test_subjects_that_are_not_there(text):
    with pytest.raises(ParameterError, match="0 to 4"):
        choose(text, 5)


def test_rows_of_the_network_are_causes():
    _, truth = netsim("sim1")
    ring = [("node1", "node2"), ("node1", "node5"), ("node2", "node3"), ("node3", "node4"), ("node4", "node5")]
    assert [(edge["cause"], edge["effect"]) for edge in truth.edge_list()] == ring
    _, turned = netsim("sim1", protocol="published-reversed")
    assert not turned.edges[0, 1]
    assert turned.edges[1, 0]
    assert "REVERSED" in turned.source


@pytest.mark.parametrize("item", ["sim2", "sim3", "sim4"])
def test_the_data_themselves_support_the_orientation(item):
    """The inputs are skewed. Where x drives y, x is the more skewed of the two (Hyvarinen and Smith, 2013)."""
    panel, truth = netsim(item)
    leaning = np.zeros(truth.edges.shape)
    for values in panel:
        scaled = (values - values.mean(axis=0)) / values.std(axis=0)
        scaled *= np.sign((scaled**3).mean(axis=0))
        leaning += (scaled.T @ scaled) * ((scaled**2).T @ scaled - scaled.T @ scaled**2)
    assert (leaning[truth.edges] > 0).mean() > 0.7


def test_unknown_simulation():
    with pytest.raises(UnknownNameError, match="netsim:sim2"):
        netsim("sim29")


class TestInventedFiles:
    known = Facts(item="sim99", realisations=3)

    def write(self, path, **changes):
        networks = np.repeat((np.triu(np.ones((4, 4)), 1) - np.eye(4))[None], 3, axis=0)
        content = {"ts": np.random.default_rng(0).standard_normal((60, 4)), "net": networks, **changes}
        savemat(path, {name: value for name, value in content.items() if value is not None})
        return path

    def test_a_simulation_that_nobody_has_described_is_read_by_the_same_code(self, tmp_path):
        panel, truth = read_netsim(self.write(tmp_path / "sim99.mat"), self.known, "all", "default")
        assert (panel.lengths, panel.series, truth.count) == ((20, 20, 20), 4, 6)

    def test_subjects_with_different_networks_are_refused_together(self, tmp_path):
        networks = np.repeat(-np.eye(4)[None], 3, axis=0)
        networks[2, 0, 1] = 0.4
        path = self.write(tmp_path / "sim99.mat", net=networks)
        with pytest.raises(DataError, match="subjects 0 and 2 have different networks"):
            read_netsim(path, self.known, "all", "default")
        assert read_netsim(path, self.known, "2", "default")[1].count == 1

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"ts": np.zeros((61, 4))}, "rows left over"),
            ({"ts": np.zeros((60, 5))}, "nodes in ts: 5 instead of 4"),
            ({"ts": np.full((60, 4), np.nan)}, r"'ts' has no finite number at \(1, 1\)"),
            ({"net": np.zeros((3, 4, 5))}, "net"),
            ({"net": np.zeros((2, 4, 4))}, "number of subjects: 2 instead of 3"),
            ({"net": None}, "has no variable 'net'"),
            ({"ts": np.array(["text"])}, "instead of numbers"),
        ],
    )
    def test_files_that_do_not_fit(self, tmp_path, changes, said):
        with pytest.raises(DataError, match=said):
            read_netsim(self.write(tmp_path / "sim99.mat", **changes), self.known, "all", "default")

    def test_a_file_that_is_no_matlab_file(self, tmp_path):
        path = tmp_path / "sim99.mat"
        path.write_text("<html>not found</html>")
        with pytest.raises(DataError, match=r"sim99\.mat: not a readable MATLAB file"):
            read_netsim(path, self.known, "all", "default")
