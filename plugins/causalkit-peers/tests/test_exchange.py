"""Results of the packages themselves, converted: their axes are where causalkit.exchange says."""

import numpy as np
import pytest

import causalkit
from causalkit import exchange


@pytest.fixture(scope="module")
def x():
    """White noise whose only edge is 0 -> 1 at lag 2."""
    x = np.random.default_rng(1).laplace(size=(400, 3))
    x[2:, 1] -= 0.9 * x[:-2, 0]
    return x


def strongest(found):
    return np.unravel_index(found.scores.argmax(), found.scores.shape)


def test_tigramite(x):
    pytest.importorskip("tigramite")
    from tigramite.data_processing import DataFrame
    from tigramite.independence_tests.parcorr import ParCorr
    from tigramite.pcmci import PCMCI

    results = PCMCI(dataframe=DataFrame(x), cond_ind_test=ParCorr(), verbosity=0).run_pcmciplus(tau_max=3)
    found = exchange.from_tigramite(results)
    assert strongest(found) == (0, 1, 1)
    assert found.selected[0, 1, 1]
    assert found.p_values[0, 1, 1] < 0.001
    mine = exchange.to_tigramite(causalkit.discover(x, method="var", lag=3))
    assert mine["graph"].shape == results["graph"].shape
    assert mine["graph"][0, 1, 2] == results["graph"][0, 1, 2] == "-->"
    assert mine["val_matrix"][0, 1, 2] * results["val_matrix"][0, 1, 2] > 0  # the same sign


def test_lingam(x):
    lingam = pytest.importorskip("lingam")
    model = lingam.VARLiNGAM(lags=2, criterion=None).fit(x)
    found = exchange.from_lingam(model, data=x)
    assert strongest(found) == (0, 1, 1)
    assert found.effects.in_units[0, 1, 1] == pytest.approx(-0.9, abs=0.1)
    mine = exchange.to_lingam(causalkit.discover(x, method="var", lag=2))
    assert mine.shape == np.shape(model.adjacency_matrices_)
    assert mine[2, 1, 0] == pytest.approx(model.adjacency_matrices_[2, 1, 0], abs=0.1)


def test_causal_learn(x):
    granger = pytest.importorskip("causallearn.search.Granger.Granger")
    coefficients = granger.Granger(maxlag=2).granger_lasso(x.copy())
    found = exchange.from_causal_learn(coefficients, data=x)
    assert strongest(found) == (0, 1, 1)
    discovery = causalkit.discover(x, method="var", lag=2, names=["a", "b", "c"])
    mine = exchange.to_causal_learn(discovery)
    assert mine.shape == coefficients.shape
    assert mine[1, 3] == pytest.approx(coefficients[1, 3], abs=0.1)
    graph = exchange.to_causal_learn_graph(discovery)
    edge = {node.get_name(): node for node in graph.get_nodes()}
    assert graph.is_parent_of(edge["a(t-2)"], edge["b(t)"])
    assert graph.get_num_edges() == discovery.selected.sum()
    again = exchange.from_causal_learn(graph)
    np.testing.assert_array_equal(again.selected, discovery.selected)
