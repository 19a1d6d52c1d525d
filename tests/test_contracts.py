"""Everything that is installed keeps the promises that plugin authors are asked to keep."""

from __future__ import annotations

import pytest

from causalkit.plugins.records import Dataset, Method, Metric, Reader, Writer
from causalkit.plugins.registry import KINDS, registry
from causalkit.testing import assert_ok
from causalkit.testing.method import _Trial
from causalkit.testing.plugin import check_contribution
from tests.data_files import FOLDER

pytestmark = pytest.mark.installed

# The methods of causalkit-peers need packages of other people; its own tests check them where these are installed.
ELSEWHERE = {"causalkit-peers"}
INSTALLED = [one for kind in KINDS for one in registry().all(kind) if one.plugin.distribution not in ELSEWHERE]
METHODS = [one for one in INSTALLED if isinstance(one.record, Method)]


@pytest.fixture(autouse=True)
def published_files(monkeypatch, tmp_path):
    """Data sets of kind download are loaded where their files are at hand, and never from the network."""
    monkeypatch.setenv("CAUSALKIT_CACHE", str(tmp_path / "cache"))
    if FOLDER.is_dir():
        monkeypatch.setenv("CAUSALKIT_MIRROR", str(FOLDER))


@pytest.mark.parametrize("provided", INSTALLED, ids=lambda one: f"{one.record.noun}-{one.qualified}")
def test_contract(provided):
    assert_ok(check_contribution(provided))


@pytest.mark.parametrize("provided", METHODS, ids=lambda one: one.qualified)
def test_every_method_ranks_the_only_edge_first_whatever_the_seed(provided):
    """`test_contract` asks the same once; orientation is worth more than one draw."""
    for seed in (1, 2):
        trial = _Trial(provided, seed)
        for step in (trial.build, trial.first_fit, trial.edge_comes_first):
            step()


@pytest.mark.parametrize("kind", [Method, Dataset, Metric, Reader, Writer])
def test_the_core_itself_is_among_what_is_checked(kind):
    assert any(one.plugin.distribution == "causalkit" for one in INSTALLED if isinstance(one.record, kind))


def test_no_plugin_of_this_environment_is_broken():
    assert [(plugin.key, plugin.error) for plugin in registry().plugins if plugin.status == "broken"] == []
