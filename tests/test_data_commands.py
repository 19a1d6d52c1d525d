"""``causalkit datasets``, ``show`` of data sets, and ``fetch``, with invented data sets: no plugin, no network."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from causalkit import Dataset, Panel, Truth
from causalkit.builtin import causalkit_datasets
from causalkit.cli.catalogue import items_of
from causalkit.errors import DataError, NotOfferedError
from causalkit.plugins.records import DatasetItem
from causalkit.plugins.registry import Plugin, Provided, registry

PLUGIN = Plugin("invented", "causalkit-invented", "3.2.1")


def load(item: str | None = None, doubled: bool = False):
    """Load an invented data set.

    Args:
        doubled: twice the values.
    """
    values = np.random.default_rng(7).standard_normal((40, 2)) * (2 if doubled else 1)
    return Panel.of(values, names=("a", "b")), Truth.from_edges([("a", "b")], names=("a", "b"))


class Depot:
    """Where the invented data sets are fetched; remembers what it was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str | None] = []
        self.errors: dict[str | None, BaseException] = {}
        self.environment: dict[str, str | None] = {}

    def fetch(self, item):
        self.asked.append(item)
        self.environment = {name: os.environ.get(name) for name in ("CAUSALKIT_CACHE", "CAUSALKIT_ALLOW_UNVERIFIED")}
        if item in self.errors:
            raise self.errors[item]
        yield self.folder / f"{item}.csv"
        yield self.folder / "shared.csv"


@pytest.fixture
def depot(tmp_path, monkeypatch):
    """Make the invented data sets the only ones: a family of five, one without items, a simulator, a user's own."""
    depot = Depot(tmp_path)

    def catalogue():
        for number in range(5):
            yield DatasetItem(
                name=f"family:item{number}",
                series=10 * (number + 1),
                realisations=4,
                steps=21,
                edges=None if number else 7,
                licence="CC0",
                here=number < 2,
            )

    def broken():
        raise RuntimeError("boom")

    common = {"factory": load, "summary": "Invented", "reference": "Nobody, 2020"}
    records = [
        Dataset(name="family", kind="download", catalogue=catalogue, fetch=depot.fetch, **common),
        Dataset(name="single", kind="download", fetch=depot.fetch, **common),
        Dataset(name="simulator", **common),
        Dataset(name="own", kind="file", **common),
        Dataset(name="faulty", kind="download", catalogue=broken, **common),
    ]
    monkeypatch.setitem(registry()._found, Dataset, [Provided(record, PLUGIN) for record in records])
    return depot


def row_of(listing: str, name: str) -> list[str]:
    return next(line.split() for line in listing.splitlines() if line.startswith(name))


@pytest.mark.filterwarnings("ignore:plugin invented")
def test_listing_has_one_row_a_family_with_ranges(run, depot):
    code, out, _ = run("datasets")
    assert code == 0
    row = row_of(out, "family")
    assert row[:10] == ["family", "download", "5", "10-50", "4", "21", "7", "CC0", "2", "of"]
    assert "Invented" in row
    assert next(line for line in out.splitlines() if line.startswith("simulator")).split()[1:4] == [
        "synthetic",
        "1",
        "yes",
    ]


def test_listing_of_a_family_has_one_row_an_item(run, depot):
    out = run("datasets", "family")[1]
    rows = [line.split() for line in out.splitlines() if line.startswith("family:")]
    assert rows[0] == ["family:item0", "10", "4", "21", "7", "CC0", "yes"]
    assert rows[4] == ["family:item4", "50", "4", "21", "CC0", "no"]
    code, _, err = run("datasets", "famiy")
    assert code == 2
    assert "did you mean family?" in err


@pytest.mark.filterwarnings("ignore:plugin invented")
def test_json_has_every_item_with_every_field(run, depot):
    rows = json.loads(run("datasets", "--json")[1])
    assert len(rows) == 9
    first = next(row for row in rows if row["name"] == "family:item0")
    assert first == {
        "name": "family:item0",
        "family": "family",
        "summary": "Invented",
        "plugin": "invented",
        "distribution": "causalkit-invented",
        "version": "3.2.1",
        "aliases": [],
        "reference": "Nobody, 2020",
        "kind": "download",
        "lagged_truth": False,
        "series": 10,
        "realisations": 4,
        "steps": 21,
        "edges": 7,
        "licence": "CC0",
        "here": True,
    }
    assert {row["name"] for row in json.loads(run("datasets", "single", "own", "--json")[1])} == {"single", "own"}


def test_a_catalogue_that_fails_takes_no_listing_down(run, depot):
    with pytest.warns(UserWarning, match="cannot list the data set faulty: RuntimeError: boom"):
        code, out, _ = run("datasets")
    assert code == 0
    assert next(line for line in out.splitlines() if line.startswith("faulty")).split()[:4] == [
        "faulty",
        "download",
        "1",
        "no",
    ]


def test_show_tells_source_licence_and_whether_it_is_here(run, depot):
    code, out, _ = run("show", "family")
    assert code == 0
    for said in ("source: Nobody, 2020", "licence: CC0", "here: 2 of 5", "5 items", "series 10-50", "dataset.doubled"):
        assert said in out
    out = run("show", "family:item0")[1]
    assert "here: yes" in out
    assert "edges 7" in out
    assert run("show", "family:itme0")[2].count("did you mean item0") == 1
    assert run("show", "single:x")[0] == 2
    assert [item["name"] for item in json.loads(run("show", "family:item3", "--json")[1])[0]["items"]] == [
        "family:item3"
    ]


@pytest.mark.parametrize("record", list(causalkit_datasets()), ids=lambda record: record.name)
def test_built_in_simulators_are_listed_as_they_are(record):
    (item,) = items_of(Provided(record, PLUGIN))
    panel, truth = record.load()()
    lengths = {len(one) for one in panel.realisations}
    assert (item.name, item.series, item.realisations) == (record.name, len(panel.names), len(panel.realisations))
    assert {item.steps} == lengths
    assert item.edges in (None, truth.count)
    if item.edges is None:
        others = [record.load()(seed=seed)[1] for seed in range(1, 4)]
        assert any((other.edges != truth.edges).any() for other in others)


def test_fetch_prints_each_path_once_on_stdout(run, depot):
    code, out, err = run("fetch", "family:item1", "family:item3")
    assert code == 0
    assert out.splitlines() == [str(depot.folder / name) for name in ("item1.csv", "shared.csv", "item3.csv")]
    assert "family:item3 is here" in err
    assert run("fetch", "family:item1", "-q")[2] == ""


def test_fetch_of_a_family_is_all_its_items(run, depot):
    assert run("fetch", "family", "single")[0] == 0
    assert depot.asked == ["item0", "item1", "item2", "item3", "item4", None]


def test_what_is_not_offered_is_skipped_in_a_family_and_refused_by_name(run, depot):
    depot.errors["item2"] = NotOfferedError("item2 cannot be verified", "accept it")
    code, out, err = run("fetch", "family")
    assert code == 0
    assert "skipped family:item2: item2 cannot be verified" in err
    assert "item4.csv" in out
    code, out, err = run("fetch", "--all")
    assert code == 0
    assert depot.asked[-1] is None
    code, out, err = run("fetch", "family:item2")
    assert code == 3
    assert "item2 cannot be verified; accept it" in err


def test_one_failure_does_not_keep_the_others(run, depot):
    depot.errors["item1"] = DataError("no network")
    code, out, err = run("fetch", "family")
    assert code == 3
    assert "family:item1: no network" in err
    assert "1 of 5 data sets could not be fetched;" in err
    assert "item4.csv" in out


def test_three_failures_in_a_row_end_it(run, depot):
    depot.errors |= {f"item{number}": DataError("no network") for number in range(5)}
    code, _, err = run("fetch", "family")
    assert code == 3
    assert depot.asked == ["item0", "item1", "item2"]
    assert "3 of 5 data sets could not be fetched, 2 were not tried" in err


def test_an_interrupted_fetch_says_how_to_go_on(run, depot):
    depot.errors["item1"] = KeyboardInterrupt()
    code, _, err = run("fetch", "family")
    assert code == 130
    assert "the same command continues" in err


def test_options_reach_the_plugin_while_the_command_runs(run, depot, tmp_path, monkeypatch):
    monkeypatch.setenv("CAUSALKIT_CACHE", "before")
    monkeypatch.delenv("CAUSALKIT_ALLOW_UNVERIFIED", raising=False)
    run("fetch", "single", "--data-home", tmp_path / "home", "--unverified")
    assert depot.environment == {"CAUSALKIT_CACHE": str(tmp_path / "home"), "CAUSALKIT_ALLOW_UNVERIFIED": "1"}
    run("fetch", "single")
    assert depot.environment == {"CAUSALKIT_CACHE": "before", "CAUSALKIT_ALLOW_UNVERIFIED": None}


@pytest.mark.parametrize("command", ["discover", "simulate", "fetch", "datasets", "show"])
def test_every_command_that_reads_data_sets_has_a_data_home_and_examples(run, command):
    assert f"causalkit {command}" in run(command, "--help")[1].split("Example")[1]
    assert "--data-home" in run(command, "--help")[1]


def test_fetch_writes_what_discover_reads(run, depot, tmp_path):
    data, truth = tmp_path / "d.csv", tmp_path / "t.csv"
    code, _, err = run("fetch", "family:item0", "-s", "doubled=true", "-o", data, "--truth", truth)
    assert code == 0
    assert f"wrote {data}" in err
    assert len(data.read_text().splitlines()) == 41
    code, out, _ = run("discover", data, "-m", "var", "--lag", 1, "--truth", truth, "--json")
    assert code == 0
    assert "evaluation" in json.loads(out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give --all"),
        (["family", "--all"], "both data sets and --all"),
        (["simulator"], "causalkit simulate simulator"),
        (["own"], "your own files"),
        (["famiy"], "did you mean family?"),
        (["family", "--truth", "t.csv"], "-o"),
        (["family", "single", "-o", "d.csv"], "-o writes one data set"),
        (["family:item0", "-o", "no/such/d.csv"], "mkdir -p"),
        (["family:item0", "-o", "d.csv", "-s", "dubled=true"], "doubled"),
    ],
)
def test_wrong_usage_of_fetch_is_one_line_with_a_way_out(run, depot, arguments, said):
    code, out, err = run("fetch", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1
    assert depot.asked == []


def test_without_a_plugin_there_is_nothing_to_fetch(run, monkeypatch):
    monkeypatch.setitem(registry()._found, Dataset, [])
    code, _, err = run("fetch", "--all")
    assert code == 2
    assert "causalkit-benchmarks" in err
