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
        ("pcmci", {"test": "gpdc"}),
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
