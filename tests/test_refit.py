"""A refit is the same method with the same settings on another panel: equal to a direct fit in every respect."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import causalkit
from causalkit import api
from causalkit.cli.results import confidence
from causalkit.core.discovery import Discovery
from causalkit.core.knowledge import Knowledge
from causalkit.core.panel import Panel
from causalkit.core.refit import Refit
from causalkit.core.run import Run
from causalkit.errors import DataError
from causalkit.plugins.records import Method as MethodRecord
from causalkit.plugins.registry import Plugin, Provided
from causalkit.selection import refitted


class Recording:
    """A method whose scores depend on all values of the panel and on the seed; it keeps what it was given."""

    def __init__(self):
        self.panels, self.runs = [], []

    def fit(self, panel, run):
        self.panels.append(panel)
        self.runs.append(run)
        values = np.concatenate(panel.realisations)
        scores = np.abs(values.T @ values)[:, :, None] + np.random.default_rng(run.seed).random((2, 2, 1))
        return Discovery(panel.names, scores)


def panel(seed, steps=30):
    """Two series with means and deviations far from 0 and 1."""
    return Panel.of(5 + 3 * np.random.default_rng(seed).normal(size=(steps, 2)), names=("a", "b"))


def refit(standardize=True, **run):
    method = Recording()
    return method, Refit.of(method, panel(0), Run(**{"seed": 3, **run}), standardize)


@pytest.mark.parametrize("standardize", [True, False])
def test_another_panel_gives_the_scores_of_a_direct_fit(standardize):
    method, again = refit(standardize)
    found = again(panel(1))
    (given,) = method.panels
    expected = panel(1).standardized()[0] if standardize else panel(1)
    assert np.array_equal(given.realisations[0], expected.realisations[0])
    assert np.array_equal(found.scores, Recording().fit(expected, Run(seed=3)).scores)
    assert not np.array_equal(found.scores, again(panel(0)).scores)


def test_the_seed_is_that_of_the_first_fit_unless_another_is_given():
    method, again = refit(seed=3)
    first, same, other = again(panel(1)), again(panel(1), 3), again(panel(1), 0)
    assert [run.seed for run in method.runs] == [3, 3, 0]
    assert np.array_equal(first.scores, same.scores)
    assert not np.array_equal(first.scores, other.scores)


def test_forbidden_pairs_score_nothing():
    _, again = refit(knowledge=Knowledge.of({"forbid": ["a->b"]}))
    found = again(panel(1))
    assert found.scores[0, 1, 0] == 0 < found.scores[1, 0, 0]
    assert found.knowledge is not None


def test_the_settings_of_the_run_stay_but_its_observers_and_checkpoint_do_not(tmp_path):
    method, again = refit(
        dtype="float64", threads=2, time_limit=60.0, observers=[object()], checkpoint=tmp_path / "c", resume=True
    )
    again(panel(1))
    (run,) = method.runs
    assert (run.dtype, run.threads, run.time_limit) == ("float64", 2, 60.0)
    assert (run.observers, run.checkpoint, run.resume) == ([], None, False)


def test_a_time_limit_counts_anew():
    method, again = refit(time_limit=60.0, started=-1000.0)
    assert again.run.expired
    again(panel(1))
    assert not method.runs[0].expired


def test_a_panel_that_cannot_be_used_is_refused_before_the_fit():
    method, again = refit()
    with pytest.raises(DataError, match="constant"):
        again(Panel.of(np.ones((30, 2)), names=("a", "b")))
    assert not method.panels


@pytest.mark.parametrize("standardize", [True, False])
def test_the_refit_of_a_discovery_is_discover_on_another_panel(standardize):
    options = {"method": "var", "lag": 2, "standardize": standardize, "params": {"trend": "ct"}}
    found = causalkit.discover(panel(0), **options)
    assert np.array_equal(found.refit(panel(0)).scores, found.scores)
    direct = causalkit.discover(panel(1), **options)
    assert np.array_equal(found.refit(panel(1)).scores, direct.scores)
    assert not np.array_equal(direct.scores, found.scores)


@pytest.mark.plugins
def test_the_refit_of_a_network_is_discover_with_that_seed():
    data, _ = causalkit.simulate("lagged-pair", steps=60)
    other, _ = causalkit.simulate("lagged-pair", steps=60, seed=1)
    options = {"method": "grngc", "lag": 2, "params": {"training.epochs": 3, "regularizer.strength": 0.1}}
    found = causalkit.discover(data, seed=4, **options)
    assert np.array_equal(found.refit(other).scores, causalkit.discover(other, seed=4, **options).scores)
    assert np.array_equal(found.refit(other, 5).scores, causalkit.discover(other, seed=5, **options).scores)
    assert not np.array_equal(found.refit(other).scores, found.refit(other, 5).scores)


class TestTimeOfFits:
    """Estimates count the fits, with a clock of our own."""

    @pytest.fixture
    def clock(self, monkeypatch):
        now = [0.0]
        monkeypatch.setattr("time.monotonic", lambda: now[0])
        return now

    def found(self, clock, monkeypatch, fit):
        def wait(seconds):
            clock[0] += seconds

        class Slow(Recording):
            def fit(self, panel, run):
                wait(fit)
                return super().fit(panel, run)

        provided = Provided(MethodRecord(name="slow", factory=Slow, summary="slow"), Plugin("slow", "made", "1"))
        monkeypatch.setattr(api, "versions", lambda provided: {})
        return api.fit(Slow(), provided, {"lag": 1}, panel(0), Run(seed=3))

    def test_estimates_are_for_the_fits_of_a_rule(self, clock, monkeypatch):
        found = self.found(clock, monkeypatch, fit=2.0)
        assert found.refit.seconds == 2
        (said,) = [line for line in confidence(found) if "To test" in line]
        assert "99 fits, about 3.3 min at the pace of this one" in said
        assert "50 fits, about 100 s at the pace of this one" in said

    def test_short_times_are_not_estimated(self, clock, monkeypatch):
        said = " ".join(confidence(self.found(clock, monkeypatch, fit=0.05)))
        assert "(99 fits)" in said

    def test_a_rule_measures_its_first_fit(self, clock, monkeypatch):
        found = self.found(clock, monkeypatch, fit=2.0)
        heard = []
        observer = SimpleNamespace(on_start=heard.append)
        list(refitted(found.refit, [panel(1)] * 3, 3, rule="trial", observers=[observer]))
        assert [info["seconds"] for info in heard] == [6]
