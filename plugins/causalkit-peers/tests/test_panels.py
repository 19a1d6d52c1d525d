"""Several recordings and missing cells: read properly, or refused with a reason."""

import numpy as np
import pytest

import causalkit
from causalkit.errors import DataError
from causalkit.testing import systems

pytest.importorskip("causalkit_peers", reason="the plugin causalkit-peers is not installed")


def recordings(lengths=(150, 90, 60), seed=0):
    """Recordings of unequal length with the edge 0 -> 1 at lag 2 in each."""
    generator = np.random.default_rng(seed)
    made = []
    for length in lengths:
        x = generator.laplace(size=(length, 3))
        x[2:, 1] += 0.9 * x[:-2, 0]
        made.append(x)
    return made


def with_gaps(values, share=0.02, seed=1):
    values = values.copy()
    values[np.random.default_rng(seed).random(values.shape) < share] = np.nan
    return values


@pytest.mark.parametrize("name", ["pcmci", "pcmci-plus", "varlingam"])
def test_recordings_of_unequal_length_and_gaps_are_read(name, request):
    request.getfixturevalue(name.replace("-", "_"))
    for data in (recordings(), [with_gaps(part) for part in recordings()], with_gaps(recordings((400,))[0])):
        found = causalkit.discover(data, method=name, lag=3)
        assert np.unravel_index(found.scores.argmax(), found.scores.shape) == (0, 1, 1)


@pytest.mark.parametrize("name", ["pcmci", "pcmci-plus", "varlingam"])
def test_order_of_recordings_does_not_matter(name, request):
    """Were windows to cross borders, other pairs of steps would become neighbours."""
    request.getfixturevalue(name.replace("-", "_"))
    parts = recordings()
    forward, backward = (causalkit.discover(order, method=name, lag=2) for order in (parts, parts[::-1]))
    assert np.allclose(forward.scores, backward.scores, atol=1e-9)


def test_pcmci_never_crosses_a_border(pcmci):
    """2 -> 1 exists across borders only, 0 -> 1 inside; tigramite needs recordings of 2 * lag + 1 steps."""
    found = causalkit.discover(systems.borders(length=5, lag=2), method=pcmci, lag=2)
    assert found.pair_scores[0, 1] > 3 * found.pair_scores[2, 1]


def test_pcmci_says_what_it_left_out(pcmci):
    found = causalkit.discover([*recordings(), np.ones((3, 3)) * [[1], [2], [3]]], method=pcmci, lag=2)
    assert any("left out 1 of 4 realisations" in note for note in found.notes)
    assert found.data["windows"] == 150 + 90 + 60 - 3 * 4
    gaps = causalkit.discover(with_gaps(recordings()[0]), method=pcmci, lag=2)
    assert any("left out the time steps" in note for note in gaps.notes)


def test_pcmci_refuses_recordings_that_tigramite_would_leave_out(pcmci):
    with pytest.raises(DataError, match="needs 2 \\* lag \\+ 1 = 7 rows.*lag=2 or less"):
        causalkit.discover(recordings((6, 5)), method=pcmci, lag=3)


def test_pcmci_does_not_change_the_data(pcmci):
    data = [with_gaps(part) for part in recordings()]
    copies = [part.copy() for part in data]
    causalkit.discover(data, method=pcmci, standardize=False)
    assert all(np.array_equal(one, other, equal_nan=True) for one, other in zip(data, copies, strict=True))


@pytest.mark.parametrize("prune", [True, False])
def test_pooled_varlingam_is_lingams_on_one_recording(varlingam, prune):
    from causalkit_peers.pooled import pooled_varlingam
    from causalkit_peers.varlingam import PACKAGE
    from lingam import VARLiNGAM

    panel, _ = causalkit.simulate("var", series=5, steps=400, seed=0)
    panel, _ = panel.standardized()
    theirs = VARLiNGAM(lags=3, criterion=None, prune=prune).fit(panel.realisations[0]).adjacency_matrices_
    assert np.allclose(pooled_varlingam(PACKAGE, panel.windows(3), prune, seed=0), theirs, atol=1e-8)


def test_varlingam_keeps_effects_within_one_time_step_apart(varlingam):
    x = np.random.default_rng(0).laplace(size=(600, 3))
    x[:, 2] += 0.8 * x[:, 0]
    x[1:, 1] += 0.8 * x[:-1, 0]
    found = causalkit.discover(x, method=varlingam, lag=1)
    present = np.array(found.data["contemporaneous"])
    assert np.unravel_index(present.argmax(), present.shape) == (0, 2)
    assert np.unravel_index(found.scores.argmax(), found.scores.shape) == (0, 1, 0)
    assert found.scores[0, 2, 0] < 0.1
    assert any("strongest 0 -> 2" in note for note in found.notes)
    joined = causalkit.discover(x, method=varlingam, lag=1, params={"contemporaneous": "with-lag-1"})
    assert np.array_equal(joined.scores[:, :, 0], np.maximum(found.scores[:, :, 0], present))


@pytest.mark.parametrize("name", ["granger-lasso", "srngc", "cedar", "grace"])
@pytest.mark.parametrize(
    ("data", "reason"),
    [(recordings(), "3 realisations"), (with_gaps(recordings()[0]), "cells are missing")],
    ids=["recordings", "gaps"],
)
def test_what_a_package_would_read_wrongly_is_refused(name, data, reason, request):
    request.getfixturevalue(name.replace("-", "_"))
    with pytest.raises(DataError, match=f"{name} reads .*{reason}.*method var, pcmci or varlingam"):
        causalkit.discover(data, method=name)
