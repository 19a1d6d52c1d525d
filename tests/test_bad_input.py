"""Bad input: one line that says what is wrong, where, and what to do; never a traceback."""

from __future__ import annotations

import gzip
import json
import pickle
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from causalkit.errors import CausalkitError, DataError, WrongUsageError
from causalkit.io import ReadOptions, read, read_truth
from causalkit.io.panels.readers import read_text


@pytest.fixture
def refuse(tmp_path):
    """Return a function that reads a text and returns the error in one line, having checked that it is one."""

    def refused(content, *, name="data.csv", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(DataError) as caught:
            read(path, ReadOptions(**options))
        said = str(caught.value)
        assert "\n" not in said
        assert caught.value.hint
        assert str(path) in said
        return said.replace(str(path), name)

    return refused


def has(said, *words):
    missing = [word for word in words if word not in said]
    assert not missing, f"{missing} not in {said!r}"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ["empty"]),
        ("\n\n  \n", ["no row"]),
        ("a,b\n", ["header", "no row"]),
        ("a,b\n1,2\n", ["one row"]),
        ("3.5,4\n", ["one row"]),
        ("a,b,a\n1,2,3\n4,5,6\n", ["'a'", "line 1", "column 1", "column 3"]),
        ('x,"a, b",c,"a, b"\n1,2,3,4\n4,5,6,7\n', ["'a, b'", "column 2", "column 4"]),
        ("a,b\n1,2\n\n3,4,5\n6,7\n", ["line 4", "3 cells", "2"]),
        ("a,b\n1,2\n3\n6,7\n", ["line 3", "1 cell ", "2"]),
        ("a b\n1 2\n3\n6 7\n", ["line 3", "1 cell ", "2"]),
        ("a,b\n1,2,3\n3,4,5\n", ["header", "2 cells", "3"]),
        ("a,b,c\n1,2\n3,4\n", ["header", "line 1", "3 cells", "2"]),
        ("a,b\n1,2\n3,oops\n", ["line 3", "'b'", "'oops'", "--drop b", "--panel-column b"]),
        ('a\n""\n \t \n1\nx\n', ["line 5", "'x'"]),
        ("\n# x\na,b\n1,2\n\n3,oops\n", ["line 6", "'oops'"]),
        ('a,"my b"\n1,2\n"\n3",oops\n', ["line 3", "--drop 'my b'"]),
        ("a;b\n1,5;2\n2.5;3\n", ["line 2", "'1,5'", "--decimal ,"]),
        ("a,b\n1,2\n-inf,4\n", ["line 3", "'a'", "infinite"]),
        ("a,b\n1,2\nInfinity,x\n", ["'x'"]),
        ("a,b\n1,2\n1_000,4\n", ["line 3", "'1_000'"]),
        (b"a,b\n1,2\n3,\xe9\n", ["line 3", "UTF-8", "--encoding latin-1", "--encoding cp1252"]),
        (b"\x00\x01\x02,\x00", ["binary"]),
        (b"PK\x03\x04rest", ["zip"]),
        (b"PAR1rest", ["Parquet"]),
        (gzip.compress(b"a,b\n1,2\n" * 1000, mtime=0)[:40], ["cannot be read"]),
        (gzip.compress(b"a,b\n1,2\n" * 1000, mtime=0)[:20] + b"\xff" * 40, ["cannot be read", "damaged"]),
        ('a,b\n1,2\n3,"4\n5,6\n', ["quotation mark", "line 3"]),
        ("time,a\n0,1\n1,2\n2.5,3\n3.5,3\n", ["line 3", "line 4", "1.5", "irregular", "--irregular accept"]),
        ("date,a\n2024-01-01,1\n2024-01-02,2\n2024-01-03 07:00,3\n", ["line 3", "line 4", "irregular"]),
        ("time,a\n0,1\n1,2\n1,3\n", ["line 3", "line 4", "same time", "--panel-column"]),
        ("time,a\n3,1\n1,2\n2,3\n0,1\n1,1\n", ["no order", "sort"]),
        ("date,a\n2024-01-03,1\n2024-01-01,2\n2024-01-03,3\n", ["sort"]),
        ("time,a\n0,1\n,2\n2,3\n", ["line 3", "'time'", "time is missing"]),
        ("time,a\n0,1\n1,1\n2,1\n0,1\n2,1\n4,1\n6,1\n8,1\n10,1\n", ["irregular"]),
        ("time\n0\n1\n2\n", ["no column of measurements"]),
    ],
)
def test_table(refuse, content, words):
    has(refuse(content), *words)


def test_lines_are_counted_as_an_editor_does(refuse):
    has(refuse("# one\n# two\n\na,b\n\n1,2\n\n\n3,oops\n"), "line 9")


@pytest.mark.parametrize("option", ["drop", "panel_column", "time_column"])
def test_unknown_column_suggests(refuse, option):
    name = ("presure",) if option == "drop" else "presure"
    has(refuse("pressure,b\n1,2\n3,4\n", **{option: name}), "'presure'", "did you mean pressure?")


def test_time_column_with_text(refuse):
    has(refuse("clock,a\n0,1\nnoon,2\n", time_column="clock"), "line 3", "'clock'", "'noon'")


def test_one_column_cannot_be_both(refuse):
    has(refuse("x,a\n0,1\n1,2\n", time_column="x", panel_column="x"), "'x'")


def test_panel_column_with_a_hole(refuse):
    has(refuse("who,a\nx,1\n,2\n", panel_column="who"), "line 3", "'who'")


def test_two_rates_in_one_panel(refuse):
    said = refuse("who,time,a\nx,0,1\nx,1,1\nx,2,1\nx,3,1\ny,0,2\ny,2,2\ny,4,2\n", panel_column="who")
    has(said, "irregular", "line 6", "line 7")


def test_missing_file_suggests_neighbours(tmp_path):
    (tmp_path / "trial.csv").write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(DataError, match=r"no file .*trail.csv; did you mean .*trial.csv\?"):
        read(tmp_path / "trail.csv")
    with pytest.raises(DataError, match=r"did you mean .*trial.csv\?"):
        read(tmp_path / "trial.parquet")
    with pytest.raises(DataError, match="no folder"):
        read(tmp_path / "nowhere" / "trial.csv")


def test_unknown_suffix_lists_known(tmp_path):
    (tmp_path / "data.xyz").write_text("1")
    with pytest.raises(DataError, match=r"'\.xyz'.*\.csv.*\.npz.*\.parquet"):
        read(tmp_path / "data.xyz")
    (tmp_path / "data").write_text("1")
    with pytest.raises(DataError, match="no suffix"):
        read(tmp_path / "data")


def test_folder_without_data(tmp_path):
    (tmp_path / "readme.md").write_text("1")
    with pytest.raises(DataError, match=r"no data file; known suffixes: .*\.csv"):
        read(tmp_path)
    with pytest.raises(DataError, match="no file"):
        read([])


def test_files_with_other_series(tmp_path):
    (tmp_path / "1.csv").write_text("a,b\n1,2\n3,4\n")
    (tmp_path / "2.csv").write_text("a,c\n1,2\n3,4\n")
    with pytest.raises(DataError) as caught:
        read([tmp_path / "1.csv", tmp_path / "2.csv"])
    has(str(caught.value), "2.csv has the columns 'c'", "does not have the columns 'b'")


def test_python_objects_are_never_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return sys.exit, (99,)

    for name in ("trap.npy", "trap.npz"):
        (np.save if name.endswith("y") else np.savez)(tmp_path / name, np.array([Trap()], dtype=object))
        with pytest.raises(DataError, match="Python objects"):
            read(tmp_path / name)
    (tmp_path / "pickle.npy").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(DataError, match=r"neither an \.npy"):
        read(tmp_path / "pickle.npy")


def test_bad_arrays(tmp_path):
    cases = {
        "flat": {"data": np.zeros(5)},
        "text": {"data": np.array([["a", "b"]])},
        "complex": {"data": np.zeros((3, 2), dtype=complex)},
        "none": {"labels": np.zeros(3)},
        "widths": {"a": np.zeros((3, 2)), "b": np.zeros((3, 4))},
        "names": {"data": np.zeros((3, 2)), "names": np.array(list("abcd"))},
        "twice": {"data": np.zeros((3, 2)), "names": np.array(["a", "a"])},
        "infinite": {"data": np.array([[1.0, np.inf], [1, 2]])},
        "short": {"data": np.zeros((1, 2))},
    }
    for name, arrays in cases.items():
        path = tmp_path / f"{name}.npz"
        np.savez(path, **arrays)
        with pytest.raises(DataError) as caught:
            read(path)
        assert str(path) in str(caught.value), name
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes((tmp_path / "flat.npz").read_bytes()[:60])
    with pytest.raises(DataError, match="damaged"):
        read(damaged)


def test_archives_that_zipfile_and_numpy_refuse_each_in_its_own_way(tmp_path, run):
    """As data, as a result and as a known graph: one line, and never an internal error."""
    good = tmp_path / "good.npz"
    np.savez(good, data=np.zeros((3, 2)))
    whole = good.read_bytes()
    encrypted, unknown = bytearray(whole), bytearray(whole)
    for start in (whole.index(b"PK\x03\x04") + 6, whole.index(b"PK\x01\x02") + 8):
        encrypted[start] |= 1
        unknown[start + 2 : start + 4] = b"\x63\x00"  # a method of compression that does not exist
    np.savetxt(
        tmp_path / "data.csv", np.random.default_rng(0).normal(size=(30, 2)), delimiter=",", header="a,b", comments=""
    )
    for name, content in {"encrypted": encrypted, "unknown": unknown}.items():
        path = tmp_path / f"{name}.npz"
        path.write_bytes(bytes(content))
        for words in (
            ["discover", path],
            ["report", path, "-o", "r.html"],
            ["discover", tmp_path / "data.csv", "--truth", path],
        ):
            code, _, err = run(*words, *(["-m", "var"] if words[0] == "discover" else []))
            assert code == 3
            assert f"{path}: the member 'data.npy' is " in err
    with zipfile.ZipFile(tmp_path / "text.npz", "w") as archive:
        archive.writestr("data.txt", "no array")
    with pytest.raises(DataError, match="the member 'data.txt' is not an array"):
        read(tmp_path / "text.npz")


def test_a_configuration_with_an_endless_number(tmp_path, run):
    path = tmp_path / "settings.toml"
    path.write_text("lag = " + "1" * 5000 + "\n")
    code, _, err = run("discover", "--dataset", "lagged-pair", "--config", path)
    assert (code, "not a readable TOML file" in err) == (3, True)


def test_bad_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    (tmp_path / "data.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        read(tmp_path / "data.parquet")


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "data.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="pip install pyarrow"):
        read(tmp_path / "data.parquet")


def test_unknown_way_to_treat_irregular_sampling():
    with pytest.raises(WrongUsageError, match="refuse"):
        ReadOptions(irregular="ignore")


# Whatever stands in a file, reading it ends in a panel or in one line.
_JUNK = st.one_of(
    st.binary(max_size=200),
    st.lists(
        st.lists(
            st.sampled_from(
                ["1", "2.5", "", "a", "time", "t", '"', "2024-01-01", "inf", "NA", "1,5", "#", " ", "é", "-1"]
            ),
            max_size=4,
        ),
        max_size=6,
    ).map(lambda rows: "\n".join(",".join(row) for row in rows).encode()),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=_JUNK)
@example(content=b'\x01,time,,\n,0,,\n""')
def test_junk_never_ends_in_a_traceback(tmp_path, content):
    path = tmp_path / "junk.csv"
    path.write_bytes(content)
    for attempt in (lambda: read_text(path), lambda: read_truth(path, names=("a", "b"))):
        try:
            attempt()
        except CausalkitError as error:
            assert "\n" not in str(error)  # noqa: PT017 - most junk, not all, is refused


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    record=st.recursive(
        st.none() | st.integers(-2, 3) | st.floats() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(st.sampled_from(["schema", "names", "scores", "history", "notes", "config"]), inner)
        ),
        max_leaves=8,
    )
)
def test_junk_is_no_discovery(tmp_path, record):
    from causalkit.io import load

    path = tmp_path / "junk.json"
    path.write_text(json.dumps(record))
    with pytest.raises(DataError):
        load(path)
