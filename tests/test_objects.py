"""Objects in memory: whatever a table comes in, the same graph comes out as from the same table in a file."""

from __future__ import annotations

import io as text_io
import subprocess
import sys
from collections import deque
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import causalkit
from causalkit import Panel
from causalkit.errors import DataError, WrongUsageError
from tests.wild import TRUE, chain, edges

X = chain()
VALUES = X.to_numpy()
RECORDINGS = [chain(80, seed) for seed in range(5)]


def dated(**index):
    return X.set_axis(pd.date_range("2020-01-01", periods=len(X), **index))


def stacked(names=("subject", "t")):
    return pd.concat(dict(enumerate(RECORDINGS)), names=list(names))


def named(*names):
    """Return the edges of the chain under other names of a, b and c."""
    a, b, c = names
    return {(a, b, 1), (b, c, 1)}


def structured():
    return np.rec.fromarrays(VALUES.T, names="a,b,c")


FRAMES = {
    "counting rows": lambda: X,
    "dates": dated,
    "newest first": lambda: dated().iloc[::-1],
    "shuffled": lambda: dated().sample(frac=1, random_state=0),
    "time zone with a change of hour": lambda: dated(freq="h", tz="Europe/Berlin"),
    "months": lambda: X.set_axis(pd.period_range("1990-01", periods=300, freq="M")),
    "quarters": lambda: X.set_axis(pd.period_range("1940Q1", periods=300, freq="Q")),
    "quarters, newest first": lambda: X.set_axis(pd.period_range("1940Q1", periods=300, freq="Q")).iloc[::-1],
    "weeks": lambda: X.set_axis(pd.period_range("1990-01", periods=300, freq="W")),
    "elapsed": lambda: X.set_axis(pd.timedelta_range(0, periods=300, freq="4ms")),
    "seconds": lambda: X.set_axis(pd.Index(np.arange(300) / 256, name="seconds")),
    "text dates": lambda: X.set_axis(dated().index.strftime("%Y-%m-%d")),
    "every second row": lambda: chain(600).set_axis(range(0, 1200, 2)),
    "a column of dates": lambda: dated().reset_index(names="date"),
    "a column of periods": lambda: X.assign(month=pd.period_range("1990-01", periods=300, freq="M")),
    "a column of numbers called time": lambda: X.assign(time=np.arange(300.0)),
    "subject and time": stacked,
    "subject and time without names": lambda: stacked((None, None)),
    "time and subject": lambda: stacked().swaplevel().sort_index(),
    "dates and subject": lambda: pd.concat(
        {name: x.set_axis(pd.date_range("2020-01-01", periods=80)) for name, x in zip("uvwxy", RECORDINGS, strict=True)}
    ).swaplevel(),
    "site, subject and dates": lambda: pd.concat(
        {
            ("north" if n < 3 else "south", n): x.set_axis(pd.date_range("2020-01-01", periods=80))
            for n, x in enumerate(RECORDINGS)
        }
    ),
    "subject and time, newest first": lambda: stacked().iloc[::-1],
    "subject and time, shuffled": lambda: stacked().sample(frac=1, random_state=0),
    "groups": lambda: pd.concat(RECORDINGS, keys=range(5), names=["subject", None]).reset_index(0).groupby("subject"),
    "nullable": lambda: dated().convert_dtypes(),
    "arrow": lambda: X.convert_dtypes(dtype_backend="pyarrow"),
    "objects": lambda: X.astype(object),
    "text": lambda: X.astype(str),
    "decimals": lambda: X.map(lambda cell: Decimal(repr(cell))),
    "single precision": lambda: X.astype("float32"),
    "categories": lambda: X.round(1).astype("category"),
    "dates as categories": lambda: dated().reset_index(names="date").astype({"date": "category"}),
    "sparse": lambda: X.astype(pd.SparseDtype(float)),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_frames(kind):
    assert edges(FRAMES[kind]()) == TRUE


@pytest.mark.parametrize(
    "frame",
    [
        X.iloc[::-1],
        X.sample(frac=1, random_state=0),
        X.sort_values("a"),
        chain(600).set_axis(range(0, 1200, 2)).iloc[::-1],
    ],
    ids=["newest first", "shuffled", "sorted by a series", "every second row, newest first"],
)
def test_numbered_rows_in_another_order_are_a_question_with_an_answer(frame):
    with pytest.raises(DataError, match='drop="index".*time_column="index"'):
        Panel.of(frame)
    assert edges(frame, time_column="index") == TRUE


OBJECTS = {
    "series by name": lambda: dict(X.items()),
    "arrays by name": lambda: {name: X[name].to_numpy() for name in X},
    "lists by name": lambda: X.to_dict("list"),
    "columns of cells by row": lambda: X.to_dict(),
    "records": lambda: X.to_dict("records"),
    "records with a date": lambda: dated().reset_index(names="date").to_dict("records"),
    "records, newest first": lambda: dated().reset_index(names="date").to_dict("records")[::-1],
    "list of series": lambda: [X[name] for name in X],
    "list of dated series, newest first": lambda: [dated()[name][::-1] for name in X],
    "list of frames": lambda: RECORDINGS,
    "tuple of frames": lambda: tuple(RECORDINGS),
    "deque of frames": lambda: deque(RECORDINGS),
    "values of a dictionary": lambda: dict(enumerate(RECORDINGS)).values(),
    "frames by key": lambda: {f"s{n}": x for n, x in enumerate(RECORDINGS)},
    "frames that are cut out of one": lambda: [part for _, part in stacked().reset_index("subject").groupby("subject")],
    "columns by key": lambda: [x.to_dict("list") for x in RECORDINGS],
    "rows below names": lambda: [["a", "b", "c"], *VALUES.tolist()],
    "rows of text below names": lambda: [list("abc"), *VALUES.astype(str).tolist()],
    "structured": structured,
    "structured, of two realisations": lambda: np.stack([structured(), structured()]),
    "series of dates and levels": lambda: X.stack().unstack(),
}


@pytest.mark.parametrize("kind", OBJECTS)
def test_objects_with_names(kind):
    assert edges(OBJECTS[kind]()) == TRUE


class Wrapped:
    """An object that numpy can turn into an array."""

    def __array__(self, dtype=None, copy=None):
        return VALUES.astype(dtype or float)


ARRAYS = {
    "array": lambda: VALUES,
    "half precision": lambda: VALUES.astype(np.float16),
    "other byte order": lambda: VALUES.astype(">f8"),
    "whole numbers": lambda: (VALUES * 1000).astype(int),
    "objects": lambda: VALUES.astype(object),
    "matrix": lambda: np.asmatrix(VALUES),
    "nested lists": lambda: VALUES.tolist(),
    "rows": lambda: list(VALUES),
    "three dimensions": lambda: np.stack([x.to_numpy() for x in RECORDINGS]),
    "nested lists of three dimensions": lambda: np.stack([x.to_numpy() for x in RECORDINGS]).tolist(),
    "list of arrays": lambda: [x.to_numpy() for x in RECORDINGS],
    "arrays by key": lambda: {n: x.to_numpy() for n, x in enumerate(RECORDINGS)},
    "array of arrays": lambda: np.array([*(x.to_numpy() for x in RECORDINGS), None], dtype=object)[:-1],
    "anything with __array__": Wrapped,
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_arrays(kind):
    assert edges(ARRAYS[kind]()) == named("0", "1", "2")
    assert edges(ARRAYS[kind](), names=["a", "b", "c"]) == TRUE


def test_masked_cells_are_missing_and_not_what_lies_beneath():
    values = np.ma.masked_array(VALUES.copy(), mask=False)
    values[5, 0] = 1e9
    values[5, 0] = np.ma.masked
    panel = Panel.of(values)
    assert np.isnan(panel.realisations[0][5, 0])
    assert panel.missing == 1
    assert Panel.of(np.ma.stack([values, values])).missing == 2
    assert Panel.of([values, VALUES]).missing == 1
    assert Panel.of({"a": values[:, 0], "b": values[:, 1]}).missing == 1
    assert Panel.of(list(values)).missing == 1


def test_missing_cells_of_every_kind():
    assert Panel.of([[1, None], [2, 3], [4.5, 6]]).missing == 1
    assert Panel.of([{"a": 1, "b": 2}, {"a": 3}, {"a": 4, "b": None}]).missing == 2
    assert Panel.of({"a": [1, pd.NA, 3], "b": [None, float("nan"), 2]}).missing == 3
    assert Panel.of(pd.DataFrame({"a": [True, None, False], "b": [1, 2, 4]})).missing == 1


@pytest.mark.parametrize("form", ["rows", "names of rows", "realisations"])
def test_series_in_rows(form):
    if form == "rows":
        assert edges(VALUES.T, orientation="series-time", names=["a", "b", "c"]) == TRUE
    elif form == "names of rows":
        panel = Panel.of(VALUES.T, names=["a", "b", "c"])
        assert edges(panel) == TRUE
        assert any("rows are series" in note for note in panel.notes)
    else:
        trials = np.stack([x.to_numpy().T for x in RECORDINGS])
        assert edges(trials, orientation="series-time") == named("0", "1", "2")


def test_a_gap_in_an_index_that_counts_rows_is_a_gap():
    panel = Panel.of(X.drop(X.index[50:120]))
    assert np.isnan(panel.realisations[0][50]).all()
    assert any("missing at 1 place" in note for note in panel.notes)


def test_labels_that_are_no_times_are_left_out_aloud():
    panel = Panel.of(X.set_axis([f"row {n}" for n in np.random.default_rng(0).permutation(300)]))
    assert panel.names == ("a", "b", "c")
    assert any("'index'" in note and "left out" in note and "order" in note for note in panel.notes)


def test_numbers_in_no_order_are_a_question_with_an_answer():
    sample = X.sample(200, random_state=0)
    with pytest.raises(DataError, match=r'in no order.*sort_index\(\).*drop="index"'):
        Panel.of(sample)
    assert Panel.of(sample.sort_index()).missing
    assert Panel.of(sample, drop="index").lengths == (200,)
    assert edges(dated().reset_index(names="date").set_axis(X.sample(300, random_state=0).index)) == TRUE


def test_labels_that_repeat_are_a_question_with_an_answer():
    frame = pd.concat(RECORDINGS).set_axis(np.repeat(list("uvwxy"), 80))
    with pytest.raises(DataError, match='repeat.*panel_column="index"'):
        Panel.of(frame)
    assert edges(frame, panel_column="index") == TRUE


def test_an_index_is_never_a_series():
    frame = dated().reset_index(names="date").set_axis(np.random.default_rng(0).permutation(300))
    assert Panel.of(frame, time_column="date").names == ("a", "b", "c")
    assert edges(frame, time_column="date") == TRUE


def test_two_levels_of_dates_are_a_question_with_an_answer():
    frame = dated()
    frame.index = pd.MultiIndex.from_arrays([frame.index, frame.index + pd.Timedelta("1D")], names=["made", "valid"])
    with pytest.raises(DataError, match='made.*valid.*time_column="valid"'):
        Panel.of(frame)


def test_levels_without_time_are_a_question_with_an_answer():
    frame = stacked()
    frame.index = pd.MultiIndex.from_arrays(
        [frame.index.get_level_values(0).map("s{}".format), [f"x{n * 7919 % 1009}" for n in range(len(frame))]],
        names=["who", "what"],
    )
    with pytest.raises(DataError, match='no level.*panel_column="who".*drop="what"'):
        Panel.of(frame)
    assert edges(frame, panel_column="who", drop="what") == TRUE


def test_names_of_columns_in_levels():
    frame = X.set_axis(pd.MultiIndex.from_tuples([("price", "a"), ("price", "b"), ("volume", "")]), axis=1)
    assert Panel.of(frame).names == ("price/a", "price/b", "volume")


def test_crossed_levels_of_columns_are_said_aloud():
    frame = pd.concat({"s1": RECORDINGS[0], "s2": RECORDINGS[1]}, axis=1)
    panel = Panel.of(frame)
    assert panel.names == ("s1/a", "s1/b", "s1/c", "s2/a", "s2/b", "s2/c")
    assert any("two levels" in note and "realisations" in note for note in panel.notes)
    assert Panel.of({key: frame[key] for key in frame.columns.levels[0]}).lengths == (80, 80)


def test_keys_of_a_dictionary_are_named():
    panel = Panel.of({"s1": RECORDINGS[0], "s2": RECORDINGS[1]})
    assert any("'s1' and 's2'" in note for note in panel.notes)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (lambda: "data.csv", "text 'data.csv'.*causalkit.read"),
        (lambda: None, "None"),
        (lambda: (row for row in VALUES), "only once.*list"),
        (lambda: text_io.StringIO("a,b"), "open file"),
        (lambda: {1.0, 2.0}, "set"),
        (lambda: 3.0, "float"),
        (lambda: object(), "object"),
        (list, "empty"),
        (dict, "empty"),
        (lambda: np.zeros((0, 3)), "empty"),
        (lambda: X.iloc[:0], "no row"),
        (lambda: VALUES * 1j, "complex"),
        (lambda: X * 1j, "'a' contains complex"),
        (lambda: np.zeros((2, 2, 2, 2)), "4 dimensions"),
        (lambda: np.array(["2020-01-01"], dtype="datetime64[D]"), "times, not numbers"),
        (lambda: [[1, 2], [3]], "different lengths"),
        (lambda: [1, [2, 3]], "item 1"),
        (lambda: [X, None], "item 2.*None"),
        (lambda: [X, "text"], "item 2.*text"),
        (lambda: {"a": [1, 2], "b": [1, 2, 3]}, "different lengths: 'a' 2 and 'b' 3"),
        (lambda: {"a": [1, 2], "b": 3}, "'b'"),
        (lambda: {"a": X, "b": [1, 2]}, "neither columns nor tables"),
        (lambda: {"a": [X, X], "b": [X, X]}, "'a' contains several tables"),
        (lambda: {"__header__": b"MATLAB", "data": VALUES, "fs": 3}, "variables of a file: __header__, data"),
        (lambda: [X, X.rename(columns={"c": "d"})], "realisation 2: 'c' and 'd'"),
        (lambda: np.array([["a", "b"], ["c", "d"]]), "columns '0' and '1' contain text, not numbers .row 1: 'a'."),
        (lambda: pd.DataFrame({"a": [X, X]}), "not numbers"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(data, words):
    with pytest.raises(DataError, match=words) as caught:
        Panel.of(data())
    assert "\n" not in str(caught.value)


def test_no_library_is_imported_to_look_at_objects():
    code = "import sys, numpy, causalkit; causalkit.Panel.of({'a': [1, 2, 4], 'b': numpy.arange(3)});"
    code += "print({'torch', 'xarray', 'polars', 'pyarrow', 'h5py'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() in ("set()", "{'pyarrow'}")  # pandas imports pyarrow itself where it is installed


def test_torch():
    import torch

    assert edges(torch.tensor(VALUES, requires_grad=True), names=list("abc")) == TRUE
    assert edges(torch.tensor(VALUES).to(torch.bfloat16), names=list("abc")) == TRUE
    assert edges([torch.tensor(x.to_numpy()) for x in RECORDINGS], names=list("abc")) == TRUE


def test_scipy_sparse():
    from scipy import sparse

    assert edges(sparse.csr_matrix(VALUES), names=list("abc")) == TRUE


def test_polars():
    polars = pytest.importorskip("polars", reason="polars is not installed")
    frame = polars.from_dict(dated().reset_index(names="date").to_dict("list"))
    assert edges(frame) == TRUE
    assert edges(frame.reverse()) == TRUE
    assert edges(frame.lazy()) == TRUE
    assert edges([frame["a"], frame["b"], frame["c"]]) == TRUE
    assert edges({"one": frame, "two": frame}) == TRUE
    assert Panel.of(polars.DataFrame({"a": [1, None, 3], "b": [True, False, None]})).missing == 2


def test_dask():
    dataframe = pytest.importorskip("dask.dataframe", reason="dask is not installed", exc_type=ImportError)
    assert edges(dataframe.from_pandas(dated(), npartitions=3)) == TRUE


def test_objects_that_offer_to_be_exchanged():
    class Exchanged:
        def __dataframe__(self, *given, **options):
            return X.__dataframe__(*given, **options)

    assert edges(Exchanged()) == TRUE


def test_h5py():
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    with h5py.File("data.h5", "w", driver="core", backing_store=False) as file:
        assert edges(file.create_dataset("data", data=VALUES), names=list("abc")) == TRUE


def test_pyarrow():
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    table = pyarrow.Table.from_pandas(dated().iloc[::-1])
    assert edges(table) == TRUE
    assert edges(table.to_batches()[0]) == TRUE
    assert edges({name: table[name] for name in "abc"} | {"date": table["__index_level_0__"]}) == TRUE


@pytest.fixture
def xarray():
    return pytest.importorskip("xarray", reason="xarray is not installed")


def test_xarray_by_names_of_dimensions(xarray):
    array = xarray.DataArray(VALUES, dims=("time", "channel"), coords={"channel": list("abc")})
    assert edges(array) == TRUE
    assert edges(array.T) == TRUE
    assert edges(array.assign_coords(time=dated().index)[::-1]) == TRUE
    assert edges(array.assign_coords(time=np.arange(300) / 256)) == TRUE
    assert edges(array.rename(time="sample", channel="roi")) == TRUE
    trials = xarray.DataArray(
        np.stack([x.to_numpy() for x in RECORDINGS]),
        dims=("trial", "time", "channel"),
        coords={"channel": list("abc"), "time": np.arange(80) / 100},
    )
    assert edges(trials) == TRUE
    panel = Panel.of(trials.transpose("channel", "trial", "time"))
    assert panel.lengths == (80,) * 5
    assert np.array_equal(panel.realisations[2], RECORDINGS[2].to_numpy())
    assert edges(trials.to_dataset("channel")) == TRUE


def test_dimensions_that_say_nothing_are_named(xarray):
    with pytest.raises(DataError, match=r"dim_0 300, dim_1 3.*time_column"):
        Panel.of(xarray.DataArray(VALUES))
    assert edges(xarray.DataArray(VALUES), time_column="dim_0") == named("0", "1", "2")
    grid = xarray.DataArray(np.random.default_rng(0).normal(size=(30, 2, 3)), dims=("time", "lat", "lon"))
    with pytest.raises(DataError, match=r"time 30, lat 2, lon 3.*stack\(series=\(\"lat\", \"lon\"\)\)"):
        Panel.of(grid)
    assert Panel.of(grid.stack(series=("lat", "lon"))).names[1] == "0/1"


def test_a_point_of_a_grid_needs_no_word(xarray):
    data = xarray.Dataset(
        {name: (("time", "lat", "lon"), X[name].to_numpy()[:, None, None]) for name in X}
        | {"time_bnds": (("time", "bnds"), np.zeros((300, 2))), "crs": ((), 3)},
        coords={"time": ("time", dated().index, {"bounds": "time_bnds"}), "lat": [51.0], "lon": [13.0]},
    )
    assert edges(data) == TRUE


def test_calendars_of_climate_models(xarray):
    pytest.importorskip("cftime", reason="cftime is not installed")
    times = xarray.date_range("2000-01-01", periods=300, calendar="noleap", use_cftime=True)
    array = xarray.DataArray(VALUES, dims=("time", "channel"), coords={"channel": list("abc"), "time": times})
    assert edges(array[::-1]) == TRUE
    assert not any("missing" in note for note in Panel.of(array).notes)


def test_a_panel_neither_changes_nor_follows_what_it_was_made_of():
    values = VALUES.copy()
    panel = Panel.of(values)
    values[:] = 0
    assert np.array_equal(panel.realisations[0], VALUES)


def test_months_and_days_without_a_year_are_no_series():
    days = pd.date_range("1973-05-01", periods=300)
    frame = X.assign(Month=days.month, Day=days.day)
    panel = Panel.of(frame.rename_axis("row").reset_index())
    assert panel.names == ("a", "b", "c")
    assert any("'Month' and 'Day'" in note for note in panel.notes)
    assert edges(panel) == TRUE


def test_durations_are_times_in_files_too(tmp_path):
    frame = X.set_axis(pd.timedelta_range(0, periods=300, freq="4ms", name="elapsed"))
    frame.iloc[::-1].to_csv(tmp_path / "data.csv")
    frame.reset_index().to_json(tmp_path / "data.json", orient="records", date_format="iso", double_precision=15)
    for path in (tmp_path / "data.csv", tmp_path / "data.json"):
        panel = causalkit.read(path)
        assert edges(panel) == TRUE
        assert panel.sampling.step == "0.004 seconds"


def test_options_act_on_panels_or_are_refused():
    panel = Panel.of(X)
    assert Panel.of(panel, drop="b").names == ("a", "c")
    assert causalkit.discover(panel, drop="b", method="var", lag=1).names == ("a", "c")
    with pytest.raises(WrongUsageError, match="panel_column means nothing for a Panel"):
        Panel.of(panel, panel_column="a")
    with pytest.raises(WrongUsageError, match="names means nothing for a Panel"):
        Panel.of(panel, names=["x", "y", "z"])
    with pytest.raises(WrongUsageError, match="encoding means nothing for an object in memory"):
        Panel.of(X, encoding="latin-1")
    with pytest.raises(DataError, match="names of its own, 'a', 'b' and 'c'"):
        Panel.of(X, names=["x", "y", "z"])
    with pytest.raises(WrongUsageError, match="names are of arrays in memory"):
        causalkit.discover("data.csv", names=["x", "y", "z"], method="var")


def test_what_is_read_from_memory_is_what_a_file_gives(tmp_path):
    frame = dated().iloc[::-1].drop(dated().index[50:60])
    frame.to_csv(tmp_path / "data.csv", index_label="date")
    from_file, from_memory = causalkit.read(tmp_path / "data.csv"), Panel.of(frame.rename_axis("date"))
    assert from_file.sha256 == from_memory.sha256


def test_long_frames_in_any_order_keep_no_number_of_the_row():
    frame = chain()
    frame.index = pd.date_range("2020-01-01", periods=len(frame), name="date")
    long = frame.reset_index().melt("date")
    for form in (long.sort_values("date"), long.sort_values("date", ascending=False), long.sample(frac=1)):
        assert edges(form) == TRUE


def test_pairs_of_key_and_frame_are_realisations():
    frame = pd.concat({key: chain(80, seed) for seed, key in enumerate("uvw")}, names=["subject", "t"]).reset_index()
    assert edges(list(frame.groupby("subject"))) == TRUE
    assert edges(list(frame.groupby(["subject"]))) == TRUE


def test_numbered_labels_of_an_index_that_fall_are_asked_about():
    frame = chain()
    frame.index = [f"scan {number}" for number in range(len(frame))]
    assert edges(frame) == TRUE
    with pytest.raises(DataError, match="decreases") as raised:
        edges(frame.iloc[::-1])
    assert 'time_column="index"' in str(raised.value)
    assert edges(frame.iloc[::-1], time_column="index") == TRUE


def test_arrays_with_time_on_the_first_axis_are_asked_about():
    array = np.stack([chain(100, seed).to_numpy() for seed in range(8)])
    assert causalkit.Panel.of(array).realisations[0].shape == (100, 3)
    turned = np.swapaxes(array, 0, 1)
    with pytest.raises(DataError, match="depend on the realisation before"):
        causalkit.Panel.of(turned)
    assert len(causalkit.Panel.of(turned, orientation="time-series").realisations) == 100
    # Levels and responses that all realisations share say nothing about the axes.
    draws = np.random.default_rng(0)
    levels = draws.standard_normal((60, 20, 3)) + draws.standard_normal((60, 1, 3)).cumsum(0)
    assert len(causalkit.Panel.of(levels + 5 * np.sin(np.arange(20))[:, None]).realisations) == 60


def test_cells_with_lists_and_the_text_of_a_file_are_refused():
    with pytest.raises(DataError, match="'a' contains a list in a cell"):
        causalkit.Panel.of(pd.DataFrame({"a": [[1.0, 2.0]] * 30, "b": np.arange(30.0)}), panel_column="a")
    with pytest.raises(DataError, match="the text of a file"):
        causalkit.discover(chain().to_csv(), method="var")


def test_arrays_with_a_column_of_subjects_are_asked_about():
    values = np.column_stack([np.repeat(np.arange(1, 6), 80), np.vstack([part.to_numpy() for part in RECORDINGS])])
    with pytest.raises(DataError, match="'0' has the same value in blocks") as raised:
        Panel.of(values)
    assert 'panel_column="0"' in str(raised.value)
    assert edges(values, panel_column="0") == named("1", "2", "3")
    assert Panel.of(values, panel_column="none").series == 4
