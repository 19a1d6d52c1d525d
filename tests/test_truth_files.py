"""Known graphs from files: the right direction, every series, and an error where a file does not say."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from causalkit.core.truth import Truth
from causalkit.errors import DataError, WrongUsageError
from causalkit.io import read, read_truth, write_truth
from tests.data_files import real


@pytest.fixture
def file(tmp_path):
    def write(text, name="truth.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def edges(truth):
    return [tuple(edge.values()) for edge in truth.edge_list()]


@pytest.mark.parametrize(
    "text",
    [
        "cause,effect\na,b\nc,a\n",
        "effect,cause\nb,a\na,c\n",
        "Source;Target\na;b\nc;a\n",
        "from\tto\na\tb\nc\ta\n",
        "regulator target edge\na b 1\nb c 0\nc a 1\n",
        ",cause,effect\n0,a,b\n1,c,a\n",
        '"a","b"\n"c","a"\n',
        "a b\nc a\n",
        "a\tb\t1\nb\tc\t0\nc\ta\t1\n",
        "a,b,1.0\nc,a,1.0\nb,a,0.0\n",
        "cause\\effect,a,b,c\na,0,1,0\nb,0,0,0\nc,1,0,0\n",
        "cause\\effect,c,a,b\na,0,0,1\nb,0,0,0\nc,0,1,0\n",
        "effect\\cause,a,b,c\na,0,0,1\nb,1,0,0\nc,0,0,0\n",
        "cause/effect\ta\tb\tc\na\t0\t1\t0\nb\t0\t0\t0\nc\t2.5\t0\t0\n",
    ],
)
def test_one_graph_in_many_forms(file, text):
    truth = read_truth(file(text), names=("a", "b", "c"))
    assert truth.names == ("a", "b", "c")
    assert edges(truth) == [("a", "b"), ("c", "a")]


def test_lags(file):
    truth = read_truth(file("cause,effect,lag\na,b,2\na,b,3\nb,b,1\n"))
    assert edges(truth) == [("a", "b", 2), ("a", "b", 3), ("b", "b", 1)]
    assert truth.lags.shape == (2, 2, 3)


def test_zeros_name_series(file):
    truth = read_truth(file("x y 1\nz x 0\n"))
    assert truth.names == ("x", "y", "z")
    assert edges(truth) == [("x", "y")]


def test_numeric_names_stay_names(file):
    truth = read_truth(file("cause,effect\n1,0\n01,2\n"))
    assert truth.names == ("1", "0", "01", "2")
    assert edges(read_truth(file("0 1 1\n1 2 1\n2 0 0\n"))) == [("0", "1"), ("1", "2")]


def test_series_that_the_truth_never_mentions(file):
    truth = read_truth(file("cause,effect\nb,a\n"), names=("a", "b", "c"))
    assert truth.edges.shape == (3, 3)
    assert edges(truth) == [("b", "a")]


@pytest.mark.parametrize("name", ["truth.csv", "truth.txt", "truth.npy", "truth.npz"])
def test_bare_matrix_needs_its_orientation(tmp_path, name):
    matrix = np.array([[0, 1, 0], [0, 0, 0], [0, 0, 0]])
    path = tmp_path / name
    if path.suffix == ".npy":
        np.save(path, matrix)
    elif path.suffix == ".npz":
        np.savez(path, graph=matrix)
    else:
        np.savetxt(path, matrix, fmt="%d", delimiter="," if path.suffix == ".csv" else " ")
    with pytest.raises(WrongUsageError, match="--truth-orientation cause-effect"):
        read_truth(path)
    names = ("a", "b", "c")
    assert edges(read_truth(path, names=names, orientation="cause-effect")) == [("a", "b")]
    assert edges(read_truth(path, names=names, orientation="effect-cause")) == [("b", "a")]
    assert read_truth(path, orientation="cause-effect").names == ("0", "1", "2")
    with pytest.raises(DataError, match="3 series and the data has 4"):
        read_truth(path, names=("a", "b", "c", "d"), orientation="cause-effect")


def test_matrix_written_by_pandas(tmp_path):
    frame = pd.DataFrame([[0, 0, 1], [0, 0, 0], [0, 1, 0]], index=list("abc"), columns=list("abc"))
    frame.to_csv(tmp_path / "labelled.csv")
    frame.to_csv(tmp_path / "columns.csv", index=False)
    pd.DataFrame(frame.to_numpy()).to_csv(tmp_path / "bare.csv", index=False)
    for name in ("labelled.csv", "columns.csv"):
        with pytest.raises(WrongUsageError, match="--truth-orientation"):
            read_truth(tmp_path / name)
        assert edges(read_truth(tmp_path / name, orientation="effect-cause")) == [("b", "c"), ("c", "a")]
    assert edges(read_truth(tmp_path / "bare.csv", orientation="cause-effect")) == [("0", "2"), ("2", "1")]


def test_lagged_matrix(tmp_path):
    lags = np.zeros((2, 2, 3))
    lags[0, 1, 1] = 1
    np.savez(tmp_path / "truth.npz", truth=lags, names=["a", "b"])
    assert edges(read_truth(tmp_path / "truth.npz", orientation="cause-effect")) == [("a", "b", 2)]
    assert edges(read_truth(tmp_path / "truth.npz", orientation="effect-cause")) == [("b", "a", 2)]


def test_corner_and_orientation_must_agree(file):
    path = file("cause\\effect,a,b\na,0,1\nb,0,0\n")
    assert edges(read_truth(path, orientation="cause-effect")) == [("a", "b")]
    with pytest.raises(WrongUsageError, match="corner"):
        read_truth(path, orientation="effect-cause")


def test_four_numbers_are_a_matrix_or_two_edges(file):
    path = file("0,1\n1,0\n")
    with pytest.raises(WrongUsageError, match="matrix or two edges"):
        read_truth(path)
    assert edges(read_truth(path, orientation="cause-effect")) == [("0", "1"), ("1", "0")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty"]),
        ("\n\n", ["no row"]),
        ("a b 1\nb c 2\n", ["line 2", "'2'", "0 (no edge)", "cause,effect,lag"]),
        ("gene1,gene2,weight\na,b,1\n", ["line 1", "'weight'"]),
        ("cause,effect,lag\na,b,0\n", ["line 2", "'0' is not a lag"]),
        ("cause,effect,lag\na,b,1\nb,c,1.5\n", ["line 3", "'1.5' is not a lag"]),
        ("cause,effect,lag\na,b,1\nb,c,1e12\n", ["line 3", "not a lag"]),
        ("cause,effect,lag\na,b,1\nb,c,\n", ["line 3", "no lag"]),
        ("cause,effect,colour\na,b,red\n", ["line 1", "'colour'"]),
        ("cause,effect,lag,score,p_value,selected\na,b,1,0.5,,\n", ["result"]),
        ("cause,source,effect\na,b,c\n", ["line 1", "two columns"]),
        ("cause,effect\na\n", ["line 2", "1 cell"]),
        ("cause,effect\na,\n", ["line 2", "empty name"]),
        ("a,b\nc\n", ["line 2", "1 cell"]),
        ("cause\\effect,a,b\na,0,1\nb,0\n", ["line 3", "2 cells", "3"]),
        ("cause\\effect\n", ["neither a list of edges nor a square matrix"]),
        ("cause\\effect,a,b\na,0,1\nc,0,0\n", ["different names", "'b'"]),
        ("cause\\effect,a,b\na,0,x\nb,0,0\n", ["line 2", "column 3", "'x'"]),
        ("0,1,0,0\n0,0,1,0\n", ["shape (2, 4)"]),
        ("a,b,c,d,e\n1,x,2,3,4\n", ["neither a list of edges nor a square matrix"]),
    ],
)
def test_malformed(file, text, words):
    path = file(text)
    with pytest.raises(DataError) as caught:
        read_truth(path, orientation=None)
    said = str(caught.value)
    assert [word for word in words if word not in said] == []
    assert str(path) in said
    assert "\n" not in said


def test_foreign_name_is_named_with_its_line_and_a_suggestion(file):
    with pytest.raises(DataError, match=r"line 3: 'presure' is not a series of the data; did you mean pressure\?"):
        read_truth(file("cause,effect\ntemperature,pressure\ntemperature,presure\n"), names=("pressure", "temperature"))
    with pytest.raises(DataError, match="'c'"):
        read_truth(file("cause\\effect,a,c\na,0,1\nc,0,0\n"), names=("a", "b"))


def test_missing_file_suggests(file, tmp_path):
    file("cause,effect\n")
    with pytest.raises(DataError, match=r"did you mean .*truth\.csv\?"):
        read_truth(tmp_path / "thruth.csv")


_NAMES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1), min_size=1, unique=True
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=_NAMES.filter(lambda names: len(names) < 6), lags=st.integers(0, 3), data=st.data())
def test_round_trip(tmp_path, names, lags, data):
    shape = (len(names), len(names), max(lags, 1))
    cells = data.draw(st.lists(st.booleans(), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    matrix = np.array(cells).reshape(shape)
    truth = Truth(tuple(names), matrix.any(axis=2), matrix if lags else None)
    write_truth(truth, tmp_path / "truth.csv")
    back = read_truth(tmp_path / "truth.csv", names=names)
    assert back.edge_list() == truth.edge_list()


def test_yeast_network():
    data = read(real("yeast/DDGni_Yeast.txt"))
    truth = read_truth(real("yeast/DDGni_Yeast_network.txt"), names=data.names)
    lines = [line.split() for line in real("yeast/DDGni_Yeast_network.txt").read_text().splitlines()]
    expected = nx.DiGraph((cause, effect) for cause, effect, present in lines if present == "1")
    assert len(lines) == 56
    assert set(edges(truth)) == set(expected.edges)
    assert truth.names == data.names


def test_dream_gold_standards_name_every_series():
    truth = read_truth(real("dream4/insilico_size100_1_goldstandard.tsv"))
    assert len(truth.names) == 100
    assert read_truth(real("dream3/dream3_10_0_true.txt")).count == sum(
        line.endswith("\t1") for line in real("dream3/dream3_10_0_true.txt").read_text().splitlines()
    )
