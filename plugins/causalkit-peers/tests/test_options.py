"""Options reach the packages, and wrong ones are refused before any data is read."""

import numpy as np
import pytest

import causalkit
from causalkit.errors import ParameterError

pytest.importorskip("causalkit_peers", reason="the plugin causalkit-peers is not installed")


def system(seed=0):
    x = np.random.default_rng(seed).laplace(size=(300, 4))
    x[1:, 1] += 0.5 * x[:-1, 0]
    x[1:, 2] += 0.5 * x[:-1, 1]
    return x


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("pcmci", {"test": "robust-par-corr"}),
        ("pcmci", {"pc_alpha": 0.001}),
        ("pcmci", {"pc_alpha": "none"}),
        ("pcmci", {"conditions": 0}),
        ("varlingam", {"prune": "false"}),
        ("granger-lasso", {"folds": 3}),
    ],
)
def test_option_has_an_effect(name, params, request):
    request.getfixturevalue(name.replace("-", "_"))
    usual = causalkit.discover(system(), method=name)
    other = causalkit.discover(system(), method=name, params=params)
    assert not np.array_equal(usual.scores, other.scores)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("pcmci", {"test": "cmi"}),
        ("pcmci", {"draws": 18}),
        ("pcmci-plus", {"pc_alpha": 0}),
        ("srngc", {"q": 1}),
        ("cedar", {"test": "gpdc"}),
        ("grace", {"threshold": 0}),
        ("pcmci", {"pc_alpha": 2}),
        ("pcmci", {"lag": 0}),
        ("varlingam", {"lag": 0}),
        ("varlingam", {"contemporaneous": "lag-1"}),
        ("granger-lasso", {"folds": 1}),
    ],
)
def test_wrong_option_is_refused(name, params):
    with pytest.raises(ParameterError):
        causalkit.discover(system(), method=name, params=params)


def test_pcmci_scores_are_sizes_of_partial_correlations_with_their_p_values(pcmci):
    found = causalkit.discover(system(), method=pcmci)
    assert (found.scores <= 1).all()
    assert ((found.p_values >= 0) & (found.p_values <= 1)).all()
    strong = found.scores > 0.3
    assert found.p_values[strong].max() < 1e-4 < found.p_values[~strong].min()


def test_pcmci_edges_are_selected_by_their_p_values(pcmci):
    found = causalkit.discover(system(), method=pcmci, select="fdr:0.05")
    assert set(map(tuple, np.argwhere(found.pair_selected))) == {(0, 1), (1, 2)}


def test_what_a_package_warns_about_becomes_a_note(granger_lasso, monkeypatch):
    import warnings

    from causallearn.search.Granger.Granger import Granger

    usual = Granger.granger_lasso

    def loud(self, data):
        print("progress")
        warnings.warn("gap 2.5e-03\nand a lot more", RuntimeWarning, stacklevel=1)
        warnings.warn("gap 1.25e-02", RuntimeWarning, stacklevel=1)
        warnings.warn("old name", FutureWarning, stacklevel=1)
        return usual(self, data)

    monkeypatch.setattr(Granger, "granger_lasso", loud)
    found = causalkit.discover(system(), method=granger_lasso)
    assert [note for note in found.notes if "warned" in note] == ["causal-learn warned: gap 2.5e-03"]


def test_pcmci_leaves_forbidden_links_out_as_conditions_too(pcmci):
    """In the chain 0 -> 1 -> 2, the first acts on the third through the second; forbid that, and it stands in."""
    plain = causalkit.discover(system(), method=pcmci)
    found = causalkit.discover(system(), method=pcmci, knowledge={"forbid": ["1->2"]})
    assert (found.scores[1, 2] == 0).all()
    assert (found.p_values[1, 2] == 1).all()
    assert found.p_values[0, 2].min() < 0.01 < 0.1 < plain.p_values[0, 2].min()
    assert not any("masked" in note for note in found.notes)


def test_pcmci_plus_keeps_links_within_one_time_step_apart(pcmci_plus):
    """0 -> 1 at lag 1, 0 -> 2 within the step: its orientation follows from 1, which acts on 2 within the step too."""
    x = np.random.default_rng(0).standard_normal((500, 4))
    x[1:, 1] += 0.8 * x[:-1, 0]
    x[:, 2] += 0.8 * x[:, 3] + 0.8 * x[:, 1]
    found = causalkit.discover(x, method=pcmci_plus, lag=1)
    present = np.array(found.data["contemporaneous"])
    assert set(map(tuple, np.argwhere(present > 0))) == {(1, 2), (3, 2)}
    assert np.unravel_index(found.scores.argmax(), found.scores.shape) == (0, 1, 0)
    assert any("found 2 links within one time step" in note for note in found.notes)


def test_pcmci_plus_leaves_forbidden_links_out_within_the_step_too(pcmci_plus):
    x = np.random.default_rng(0).standard_normal((300, 3))
    x[:, 2] += 0.8 * x[:, 0]
    plain = causalkit.discover(x, method=pcmci_plus, lag=1)
    assert np.argwhere(np.array(plain.data["contemporaneous"])).tolist() == [[0, 2], [2, 0]]  # no orientation follows
    one_way = causalkit.discover(x, method=pcmci_plus, lag=1, knowledge={"forbid": ["2->0"]})
    assert np.argwhere(np.array(one_way.data["contemporaneous"])).tolist() == [[0, 2]]
    neither = causalkit.discover(x, method=pcmci_plus, lag=1, knowledge={"forbid": ["2->0", "0->2"]})
    assert not np.array(neither.data["contemporaneous"]).any()
    assert not any("masked" in note for note in neither.notes)


@pytest.mark.parametrize("name", ["cedar", "grace", "srngc"])
def test_what_a_method_selects_by_itself_is_the_graph_of_the_result(name, request, quick):
    request.getfixturevalue(name)
    params = {"q": 0.2} if name == "srngc" else {}
    x = np.random.default_rng(2).standard_normal((400, 6))
    for cause in range(5):
        x[2:, cause + 1] += 0.9 * x[:-2, cause]
    found = quick(x, name, params=params)
    true = np.zeros((6, 6, 2), bool)
    true[range(5), range(1, 6), 1] = True
    assert found.selected[true].all()
    assert found.selection["edges"] == found.pair_selected.sum()
    if name != "srngc":  # whose knockoffs let most pairs through
        assert found.selection["edges"] < 18
    assert "selected by" in found.summary()
    assert found.selection["rule"] in found.summary()
    own = np.eye(6, dtype=bool)[:, :, None]
    assert (found.scores[found.selected & ~own] > 0).all()
    if name == "cedar":
        assert found.selected[range(6), range(6), 0].all()
        assert (found.p_values[~found.selected] == 1).all()
        assert found.p_values[true].max() < 1e-6


def test_a_forbidden_edge_is_never_selected(cedar):
    found = causalkit.discover(system(), method=cedar, knowledge={"forbid": ["0->1"]})
    assert not found.pair_selected[0, 1]
    assert found.pair_selected[1, 2]


def test_srngc_selects_nothing_without_a_level(srngc, quick):
    assert quick(system(), srngc).selected is None
