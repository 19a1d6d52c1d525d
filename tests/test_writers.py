"""Results and panels in files: nothing is lost, and other programs can read them."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from causalkit.core.discovery import Discovery
from causalkit.core.panel import Panel
from causalkit.core.truth import Truth
from causalkit.errors import DataError, WrongUsageError
from causalkit.io import load, read, write, write_panel, write_truth, writer_for
from causalkit.io.results.record import from_record, to_record

NASTY = ('quote"d', "back\\slash\\", "comma, and\ttab", "ünï→")


def discovery(**changes):
    generator = np.random.default_rng(0)
    fields = {
        "names": NASTY,
        "scores": generator.random((4, 4, 2)) / 3,
        "p_values": generator.random((4, 4, 2)),
        "joint_p_values": generator.random((4, 4)),
        "selected": generator.random((4, 4, 2)) > 0.5,
        "selection": {"rule": "top-k", "k": 3},
        "history": {"epoch": [1, 2], "forecast": [0.5, float("nan")]},
        "method": "grngc",
        "config": {"lag": 2, "layers": [1, 2], "nested": {"rate": 1e-3, "none": None}},
        "seed": 7,
        "device": "cuda:0",
        "versions": {"torch": "2"},
        "data": {"sha256": "ab", "steps": [10, 20]},
        "seconds": 1.25,
        "notes": ("one", "two"),
    } | changes
    return Discovery(**fields)


def same(one, other):
    for name in ("scores", "p_values", "joint_p_values", "selected"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert (mine is None) == (theirs is None)
        if mine is not None:
            assert mine.dtype == theirs.dtype
            assert np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f")
    for name in ("names", "selection", "method", "config", "seed", "device", "versions", "data", "seconds", "notes"):
        assert getattr(one, name) == getattr(other, name), name
    assert list(one.history) == list(other.history)
    assert all(np.array_equal(one.history[key], other.history[key], equal_nan=True) for key in one.history)


@pytest.mark.parametrize("suffix", [".json", ".npz"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"p_values": None, "joint_p_values": None, "selected": None, "selection": None, "seed": None},
        {"p_values": np.full((4, 4, 2), np.nan)},
    ],
)
def test_round_trip(tmp_path, suffix, changes):
    found = discovery(**changes)
    path = tmp_path / f"result{suffix}"
    write(found, path)
    same(load(path), found)
    same(Discovery.load(path), found)


_FLOATS = st.floats(0, 1e300)
_PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(),
    size=st.integers(1, 3),
    lags=st.integers(1, 3),
    config=st.dictionaries(st.text(), _PLAIN, max_size=3),
)
def test_any_discovery_survives(tmp_path, data, size, lags, config):
    shape = (size, size, lags)
    p_values = data.draw(st.none() | arrays.arrays(np.float64, shape, elements=st.floats(0, 1) | st.just(float("nan"))))
    found = Discovery(
        names=tuple(data.draw(st.lists(st.text(), min_size=size, max_size=size, unique=True))),
        scores=data.draw(arrays.arrays(np.float64, shape, elements=_FLOATS)),
        p_values=p_values,
        selected=data.draw(st.none() | arrays.arrays(np.bool_, shape)),
        history={"epoch": [1.0], "forecast": [data.draw(st.floats())]},
        config=config,
        notes=tuple(data.draw(st.lists(st.text(), max_size=2))),
    )
    for suffix in (".json", ".npz"):
        write(found, tmp_path / f"result{suffix}")
        same(load(tmp_path / f"result{suffix}"), found)


def test_json_is_strict_and_documented(tmp_path):
    write(discovery(p_values=np.full((4, 4, 2), np.nan), data={"largest": float("inf")}), tmp_path / "result.json")

    def refuse(token):
        raise AssertionError(token)

    record = json.loads((tmp_path / "result.json").read_text(), parse_constant=refuse)
    assert record["schema"] == 1
    assert {
        *("names", "lags", "scores", "selected", "p_values", "joint_p_values", "selection", "history", "method"),
        *("config", "seed", "device", "versions", "data", "seconds", "notes", "choices", "standard_errors"),
    } <= set(record)
    assert record["lags"] == 2
    assert record["p_values"][0][0] == [None, None]


def test_record_of_numpy_and_odd_values():
    found = discovery(config={"rate": np.float32(0.5), "sizes": (np.int64(3), 4), "set": {2, 1}, "nan": np.nan})
    record = to_record(found)
    assert record["config"] == {"rate": 0.5, "sizes": [3, 4], "set": [1, 2], "nan": None}
    json.dumps(record, allow_nan=False)
    assert from_record(record, "here").config["sizes"] == [3, 4]


def test_npz_needs_no_pickle(tmp_path):
    write(discovery(), tmp_path / "result.npz")
    with np.load(tmp_path / "result.npz", allow_pickle=False) as archive:
        assert {"scores", "metadata"} <= set(archive)
        assert all(archive[key].dtype != object for key in archive)


@pytest.mark.parametrize("suffix", [".json", ".npz", ".csv", ".graphml", ".gexf", ".dot"])
def test_same_discovery_same_bytes(tmp_path, suffix):
    write(discovery(), tmp_path / f"1{suffix}")
    write(discovery(), tmp_path / f"2{suffix}")
    assert (tmp_path / f"1{suffix}").read_bytes() == (tmp_path / f"2{suffix}").read_bytes()
    assert sorted(os.listdir(tmp_path)) == [f"1{suffix}", f"2{suffix}"]


def test_csv_is_sorted_and_exact(tmp_path):
    found = discovery()
    write(found, tmp_path / "result.csv")
    with (tmp_path / "result.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0])[:6] == ["cause", "effect", "lag", "score", "p_value", "selected"]
    assert list(rows[0])[6:] == ["effect_size", "effect_se", "same_sign", "effect_in_units"]
    assert len(rows) == 32
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    for row in rows:
        place = NASTY.index(row["cause"]), NASTY.index(row["effect"]), int(row["lag"]) - 1
        assert float(row["score"]) == found.scores[place]
        assert float(row["p_value"]) == found.p_values[place]
        assert row["selected"] == str(found.selected[place])


def test_csv_leaves_unknown_cells_empty(tmp_path):
    write(discovery(p_values=None, selected=None), tmp_path / "result.csv")
    frame = pd.read_csv(tmp_path / "result.csv")
    assert frame["p_value"].isna().all()
    assert frame["selected"].isna().all()


@pytest.mark.parametrize(("suffix", "read_graph"), [(".graphml", nx.read_graphml), (".gexf", nx.read_gexf)])
def test_graph_files_come_back_with_direction_and_facts(tmp_path, suffix, read_graph):
    found = discovery(names=("a", "b", 'c "&<', "ü"))
    write(found, tmp_path / f"graph{suffix}")
    graph, expected = read_graph(tmp_path / f"graph{suffix}"), found.graph()
    assert graph.is_directed()
    assert set(graph.nodes) == set(expected.nodes)
    assert set(graph.edges) == set(expected.edges)
    for cause, effect, facts in expected.edges(data=True):
        assert {key: graph.edges[cause, effect][key] for key in facts} == facts


@pytest.mark.parametrize("suffix", [".graphml", ".gexf"])
def test_names_that_xml_cannot_hold(tmp_path, suffix):
    with pytest.raises(DataError, match="control character"):
        write(discovery(names=("a", "b", "c", "d\x01")), tmp_path / f"graph{suffix}")
    assert os.listdir(tmp_path) == []


def test_dot_quotes_names(tmp_path):
    scores = np.zeros((4, 4, 2))
    scores[0, 1, 1] = 0.5
    write(Discovery(names=NASTY, scores=scores), tmp_path / "graph.dot")
    text = (tmp_path / "graph.dot").read_text(encoding="utf-8")
    assert text.startswith("digraph")
    assert r'"quote\"d" -> "back\\slash\\" [label="lag 2", score="0.5", lag="2"];' in text
    assert text.count("->") == 1
    assert '"ünï→";' in text
    if shutil.which("dot"):
        subprocess.run(["dot", "-Tsvg", tmp_path / "graph.dot", "-o", tmp_path / "graph.svg"], check=True)


def test_writer_is_known_before_work_starts(tmp_path):
    assert writer_for(tmp_path / "a.JSON").record.name == "json"
    with pytest.raises(WrongUsageError, match=r"'\.xlsx'.*known suffixes: .*\.csv.*\.json"):
        writer_for("a.xlsx")
    with pytest.raises(WrongUsageError, match="no suffix"):
        write(discovery(), tmp_path / "result")
    with pytest.raises(WrongUsageError, match="no folder"):
        write(discovery(), tmp_path / "nowhere" / "result.json")


def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "result.json"
    write(discovery(), path)
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("causalkit.io.results.writers.to_record", full)
    with pytest.raises(DataError, match="No space left"):
        write(discovery(), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["result.json"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("not json", "not JSON"),
        ("[]", "not a discovery"),
        ('{"a": 1}', "not a discovery"),
        ('{"schema": 3, "names": [], "scores": []}', "upgrade"),
        ('{"schema": "x", "names": [], "scores": []}', "schema"),
        ('{"schema": 1, "names": ["a"], "scores": [[["x"]]]}', "damaged"),
        ('{"schema": 1, "names": ["a"], "scores": [[[NaN]]]}', "damaged"),
        ('{"schema": 1, "names": ["a", "b"], "scores": [[[1]]]}', "damaged"),
        ('{"schema": 1, "names": ["a"], "scores": [[[1], [2, 3]]]}', "damaged"),
    ],
)
def test_loading_something_else(tmp_path, content, words):
    (tmp_path / "result.json").write_text(content)
    with pytest.raises(DataError, match=words) as caught:
        load(tmp_path / "result.json")
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_loading_other_files(tmp_path):
    write_panel(Panel.of(np.ones((3, 2))), tmp_path / "panel.npz")
    write(discovery(), tmp_path / "result.npz")
    write(discovery(), tmp_path / "result.csv")
    with pytest.raises(DataError, match="not a discovery; it contains names and data"):
        load(tmp_path / "panel.npz")
    with pytest.raises(DataError, match=r"only \.json and \.npz"):
        load(tmp_path / "result.csv")
    with pytest.raises(DataError, match=r"did you mean .*result\.npz"):
        load(tmp_path / "resul.npz")
    with pytest.raises(DataError, match="contains a discovery, not data"):
        read(tmp_path / "result.npz")


_NAME = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=6) | st.sampled_from(
    ["0", "1", "2", "7", "1e5", "nan", "2024-01-01", 'a"b', "a,b", "a b", "t", "time", "x;y", "True", "'"]
)
_COMMENTS = ("#", "%", "!", "//", ";")  # names that begin so are refused
_CELLS = st.floats(allow_nan=True, allow_infinity=False) | st.sampled_from([0.1, -0.0, 5e-324, 1.7976931348623157e308])


@st.composite
def panels(draw, shortest=2):
    names = draw(
        st.lists(_NAME.filter(lambda name: not name.startswith(_COMMENTS)), min_size=1, max_size=4, unique=True)
    )
    lengths = draw(st.lists(st.integers(shortest, 5), min_size=1, max_size=3))
    parts = [draw(arrays.arrays(np.float64, (length, len(names)), elements=_CELLS)) for length in lengths]
    return Panel(tuple(parts), tuple(names))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(panel=panels(), suffix=st.sampled_from([".csv", ".tsv", ".npz"]))
def test_any_panel_survives(tmp_path, panel, suffix):
    path = tmp_path / f"panel{suffix}"
    try:
        write_panel(panel, path)
    except DataError as error:
        assert "counts evenly" in str(error) and suffix != ".npz"  # noqa: PT017, PT018
        return
    try:
        back = read(path)
    except DataError:  # too small to say what is a series and what is time
        stacked = np.concatenate(panel.realisations)
        unchanging = [len({*map(str, series)}) < len(series) for part in panel for series in part.T]
        assert len(stacked) <= panel.series + 1 or any(unchanging)
        return
    assert back.names == panel.names
    assert back.lengths == panel.lengths
    for mine, theirs in zip(panel, back, strict=True):
        assert np.array_equal(mine, theirs, equal_nan=True)
        assert np.array_equal(np.signbit(mine), np.signbit(theirs) | (np.isnan(mine) & np.signbit(mine)))


def test_panel_in_a_table_is_plain_to_others(tmp_path):
    panel = Panel.of([np.array([[1.0, 2], [3, np.nan]]), np.array([[5.0, 6]])], names=["a", "b"])
    write_panel(panel, tmp_path / "panel.csv")
    assert (tmp_path / "panel.csv").read_text() == "realisation,a,b\n1,1.0,2.0\n1,3.0,NaN\n2,5.0,6.0\n"


def test_series_called_like_a_time_is_not_taken_for_time(tmp_path):
    values = np.array([[0, 1.0], [1, 5], [2.5, 2], [3, 8]])
    write_panel(Panel.of(values, names=["t", "a"]), tmp_path / "panel.csv")
    back = read(tmp_path / "panel.csv")
    assert back.names == ("t", "a")
    assert np.array_equal(back.realisations[0], values)


@pytest.mark.parametrize("name", ["realisation", " a", "a\nb", "#a"])
def test_names_that_a_table_cannot_hold(tmp_path, name):
    panel = Panel.of(np.ones((3, 2)), names=[name, "b"])
    with pytest.raises(DataError, match=r"write an \.npz file"):
        write_panel(panel, tmp_path / "panel.csv")
    write_panel(panel, tmp_path / "panel.npz")
    assert read(tmp_path / "panel.npz").names == (name, "b")


def test_panel_with_unknown_suffix(tmp_path):
    with pytest.raises(WrongUsageError, match=r"known suffixes: \.csv, \.tsv, \.npz"):
        write_panel(Panel.of(np.ones((3, 2))), tmp_path / "panel.xlsx")


def test_truth_as_text(tmp_path):
    truth = Truth.from_edges([("a", "b", 2), ("b", "a,c", 1)])
    write_truth(truth, tmp_path / "truth.csv")
    assert (tmp_path / "truth.csv").read_text() == 'cause,effect,lag\na,b,2\nb,"a,c",1\n'
