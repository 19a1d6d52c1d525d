"""Whatever stands where a command takes a value: it works, or it is refused in one sentence with exit code 2 or 3."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.strategies.commands import VALID, Place, outcome, places, prepare
from tests.strategies.values import option_values

pytestmark = pytest.mark.plugins  # options of the plugins' commands count
QUICK = ("inspect", "discover", "compare", "compare merge", "evaluate", "simulate", "explain", "datasets", "show")
"""Commands that neither train networks nor draw pictures, unless a value makes them."""
PLACES = [place for place in places() if place.command in QUICK]


def test_every_command_with_values_is_tried():
    assert {place.command for place in places()} == set(VALID)
    assert len(places()) > 200


@settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(place=st.sampled_from(PLACES), value=option_values())
def test_any_value_works_or_is_refused_in_one_sentence(place, value, tmp_path_factory):
    found = tried(place, value, tmp_path_factory)
    assert found.sound, found


def tried(place, value, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("options") / "inside" / "here"
        prepare(folder)
        patch.chdir(folder)
        patch.setenv("CAUSALKIT_CACHE", str(folder / "cache"))
        return outcome(place, value)


LONG = "a b" * 3000


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (Place("discover", "DATA", position=0), "a" * 5000),
        (Place("discover", "--output"), "a" * 300 + ".json"),
        (Place("discover", "--checkpoint"), "a" * 300),
        (Place("discover", "--threads"), LONG),
        (Place("discover", "--" + "x" * 5000), "1"),
        (Place("compare", "--data"), "var" + "9" * 3000),
        (Place("report", "SOURCE", position=0), "a" * 5000),
        (Place("pretrain", "SOURCES", position=0), "a" * 5000),
        (Place("datasets", "--data-home"), "~nobody->b"),
    ],
    ids=str,
)
def test_values_that_were_not_refused_in_one_sentence(place, value, tmp_path_factory):
    found = tried(place, value, tmp_path_factory)
    assert found.sound, found
