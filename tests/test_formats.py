"""Formats of files: the same table gives the same panel in every format, compressed or not."""

from __future__ import annotations

import gzip
import json
import re
import sys

import numpy as np
import pandas as pd
import pytest

import causalkit
from causalkit import io
from causalkit.errors import DataError, PluginError, WrongUsageError
from tests.plugins_for_tests.installing import command, installed
from tests.wild import TRUE, chain, edges, noted

X = chain()
VALUES = X.to_numpy()
NUMBERED = {("0", "1", 1), ("1", "2", 1)}
RECORDINGS = [chain(80, seed) for seed in range(4)]
DATED = X.set_axis(pd.date_range("2020-01-01", periods=300, name="date"))


def library(name):
    return pytest.importorskip(name, reason=f"{name} is not installed")


def excel(path, **sheets):
    library("odf" if path.suffix == ".ods" else "openpyxl")
    with pd.ExcelWriter(str(path)) as writer:
        for name, frame in sheets.items():
            frame.to_excel(writer, sheet_name=name, index=frame.index.name is not None)
    return path


def parquet(path, frame):
    library("pyarrow")
    frame.to_parquet(path)
    return path


def feather(path, frame):
    library("pyarrow")
    frame.reset_index().to_feather(path)
    return path


def netcdf(path, frame):
    xarray = library("xarray")
    library("h5netcdf")
    frame.to_xarray().to_netcdf(path, engine="h5netcdf")
    assert xarray
    return path


def records(path, frame):
    frame.reset_index().to_json(path, orient="records", date_format="iso", double_precision=15)


def matlab(path, **variables):
    from scipy.io import savemat

    savemat(path, variables)
    return path


def cells(*parts):
    made = np.empty(len(parts), dtype=object)
    for number, part in enumerate(parts):
        made[number] = part
    return made


DATED_FILES = {
    ".xlsx": lambda path, frame: excel(path, data=frame),
    ".ods": lambda path, frame: excel(path, data=frame),
    ".parquet": parquet,
    ".feather": feather,
    ".nc": netcdf,
    ".json": lambda path, frame: frame.reset_index().to_json(
        path, orient="records", date_format="iso", double_precision=15
    ),
}


@pytest.mark.parametrize("suffix", DATED_FILES)
@pytest.mark.parametrize("compressed", [False, True])
def test_a_dated_table(tmp_path, suffix, compressed):
    path = tmp_path / f"data{suffix}"
    DATED_FILES[suffix](path, DATED)
    if compressed:
        path = tmp_path / f"data{suffix}.gz"
        path.write_bytes(gzip.compress((tmp_path / f"data{suffix}").read_bytes()))
    panel = causalkit.read(path)
    assert panel.names == ("a", "b", "c")
    assert noted(panel, "'date'", "time")
    np.testing.assert_allclose(panel.realisations[0], VALUES, rtol=1e-12)
    assert edges(panel) == TRUE
    assert causalkit.read(path, drop="b").names == ("a", "c")
    assert causalkit.read(path, drop="date", time_column="none").names == ("a", "b", "c")


@pytest.mark.parametrize("suffix", DATED_FILES)
def test_a_dated_table_with_the_newest_row_first(tmp_path, suffix):
    path = tmp_path / f"data{suffix}"
    DATED_FILES[suffix](path, DATED.iloc[::-1])
    assert edges(causalkit.read(path)) == TRUE


@pytest.mark.parametrize("suffix", [".xlsx", ".ods", ".parquet", ".feather", ".json"])
def test_realisations_in_a_column(tmp_path, suffix):
    frame = pd.concat(RECORDINGS, keys=list("uvwx"), names=["who", None]).reset_index(0)
    path = tmp_path / f"data{suffix}"
    DATED_FILES[suffix](path, frame)
    panel = causalkit.read(path, panel_column="who", drop=[n for n in ("index",) if suffix in (".feather", ".json")])
    assert panel.lengths == (80,) * 4
    assert edges(panel) == TRUE


@pytest.mark.parametrize("suffix", [".xlsx", ".ods"])
def test_several_sheets_are_a_question_with_an_answer(tmp_path, suffix):
    about = pd.DataFrame({"about": ["measured by us", "in 2020"]})
    path = excel(tmp_path / f"one{suffix}", readme=about, values=X)
    panel = causalkit.read(path)
    assert edges(panel) == TRUE
    assert noted(panel, "'values'", "not 'readme'")
    path = excel(tmp_path / f"two{suffix}", **{"first sheet": X, "second": RECORDINGS[0]})
    with pytest.raises(DataError, match=r"'first sheet' and 'second'.*--table 'first sheet'"):
        causalkit.read(path)
    assert causalkit.read(path, table="second").lengths == (80,)
    with pytest.raises(DataError, match=r"no sheet 'third'.*first sheet and second"):
        causalkit.read(path, table="third")


def test_an_error_in_a_sheet_names_its_row(tmp_path):
    frame = X.astype(object)
    frame.loc[6, "b"] = "broken"
    path = excel(tmp_path / "data.xlsx", data=frame)
    with pytest.raises(DataError, match=r"data\.xlsx: row 8, column 'b': 'broken' is not a number"):
        causalkit.read(path)


def test_empty_rows_and_columns_of_a_sheet_are_layout(tmp_path):
    library("openpyxl")
    rows = [
        [None] * 5,
        [None, "a", None, "b", "c"],
        *([None, a, None, b, c] for a, b, c in VALUES.tolist()),
        [None] * 5,
    ]
    pd.DataFrame(rows).to_excel(tmp_path / "data.xlsx", header=False, index=False)
    panel = causalkit.read(tmp_path / "data.xlsx")
    assert panel.lengths == (300,)
    assert edges(panel) == TRUE


WILD_SHEETS = {
    "title": lambda rows: [["Measurements of 2020"], [], ["date", "a", "b", "c"], *rows],
    "units": lambda rows: [["date", "a", "b", "c"], ["", "mV", "mV", "mV"], *rows],
    "footer": lambda rows: [["date", "a", "b", "c"], *rows, [], ["Source: us"]],
    "text": lambda rows: [
        ["date", "a", "b", "c"],
        *([day.strftime("%d.%m.%Y"), *(str(cell).replace(".", ",") for cell in cells)] for day, *cells in rows),
    ],
    "missing": lambda rows: [["date", "a", "b", "c"], [rows[0][0], None, "n/a", "#N/A"], *rows[1:]],
}


@pytest.mark.parametrize("suffix", [".xlsx", ".ods"])
@pytest.mark.parametrize("kind", WILD_SHEETS)
def test_sheets_as_people_write_them(tmp_path, kind, suffix):
    library("odf" if suffix == ".ods" else "openpyxl")
    rows = [[day.to_pydatetime(), *cells] for day, *cells in DATED.reset_index().itertuples(index=False)]
    path = tmp_path / f"data{suffix}"
    pd.DataFrame(WILD_SHEETS[kind](rows)).to_excel(str(path), header=False, index=False)
    panel = causalkit.read(path)
    assert edges(panel) == TRUE
    assert not any(re.search(r"\bline \d", note) for note in panel.notes)


def test_cells_of_a_sheet_keep_every_digit(tmp_path):
    path = excel(tmp_path / "data.xlsx", data=X)
    np.testing.assert_allclose(causalkit.read(path).realisations[0], VALUES, rtol=1e-14)


MATLAB_FILES = {
    "time x channels": {"data": VALUES},
    "another name": {"signal": VALUES},
    "with names": {"data": VALUES, "names": cells("a", "b", "c")},
    "names of equal length": {"data": VALUES, "labels": np.array(["a", "b", "c"])},
    "channels x time with names": {"data": VALUES.T, "labels": cells("a", "b", "c")},
    "channels x time with times": {"data": VALUES.T, "t": np.arange(300) / 256},
    "vectors": {**{name: X[name].to_numpy()[:, None] for name in X}, "t": np.arange(300.0)[:, None]},
    "trials in cells": {"data": cells(*(x.to_numpy() for x in RECORDINGS))},
    "one variable a trial": {f"trial{n}": x.to_numpy() for n, x in enumerate(RECORDINGS)},
    "structure": {"recording": {"values": VALUES, "labels": cells("a", "b", "c"), "fs": 256}},
    "EEGLAB": {
        "EEG": {
            "data": np.stack([x.to_numpy().T for x in RECORDINGS], axis=2),
            "nbchan": 3,
            "pnts": 80,
            "trials": 4,
            "srate": 100,
            "times": np.arange(80) * 10.0,
            "chanlocs": np.array([(name, 1.0) for name in "abc"], dtype=[("labels", object), ("X", object)]),
        }
    },
    "FieldTrip": {
        "data": {
            "label": cells("a", "b", "c"),
            "trial": cells(*(x.to_numpy().T for x in RECORDINGS)),
            "time": cells(*(np.arange(80) / 100 for _ in RECORDINGS)),
            "fsample": 100,
        }
    },
    "sparse": {"data": __import__("scipy.sparse").sparse.csc_matrix(VALUES)},
}


def named(kind):
    return (
        TRUE
        if any(word in kind for word in ("names", "EEG", "Field", "vec", "struct"))
        else {("0", "1", 1), ("1", "2", 1)}
    )


@pytest.mark.parametrize("kind", MATLAB_FILES)
def test_matlab(tmp_path, kind):
    assert edges(causalkit.read(matlab(tmp_path / "data.mat", **MATLAB_FILES[kind]))) == named(kind)


@pytest.mark.parametrize("kind", MATLAB_FILES)
def test_matlab_in_hdf5(tmp_path, kind):
    path = hdf5(tmp_path / "data.mat", MATLAB_FILES[kind])
    assert edges(causalkit.read(path)) == named(kind)


def hdf5(path, variables):
    """Write variables as MATLAB 7.3 does: HDF5 with dimensions in reverse order and references in cells."""
    h5py = library("h5py")
    with h5py.File(path, "w", userblock_size=512) as file:
        refs = file.create_group("#refs#")

        def put(group, name, value):
            if isinstance(value, dict):
                inner = group.create_group(name)
                inner.attrs["MATLAB_class"] = np.bytes_("struct")
                for key, part in value.items():
                    put(inner, key, part)
            elif hasattr(value, "tocsc"):
                inner = group.create_group(name)
                inner.attrs["MATLAB_sparse"] = np.uint64(value.shape[0])
                for key, part in (("data", value.data), ("ir", value.indices), ("jc", value.indptr)):
                    inner.create_dataset(key, data=part)
            elif isinstance(value, np.ndarray) and value.dtype.names:
                put(group, name, {key: cells(*value[key]) for key in value.dtype.names})
            elif isinstance(value, np.ndarray) and value.dtype == object:
                made = []
                for part in value:
                    put(refs, str(len(refs)), part)
                    made.append(refs[str(len(refs) - 1)].ref)
                data = group.create_dataset(
                    name, data=np.array(made, dtype=h5py.ref_dtype)[:, None], dtype=h5py.ref_dtype
                )
                data.attrs["MATLAB_class"] = np.bytes_("cell")
            elif isinstance(value, str) or (isinstance(value, np.ndarray) and value.dtype.kind == "U"):
                rows = [value] if isinstance(value, str) else list(value)
                data = group.create_dataset(name, data=np.array([[ord(c) for c in row] for row in rows], np.uint16).T)
                data.attrs["MATLAB_class"] = np.bytes_("char")
            else:
                data = group.create_dataset(name, data=np.atleast_2d(np.asarray(value)).T)
                data.attrs["MATLAB_class"] = np.bytes_("double")

        for name, value in variables.items():
            put(file, name, value)
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"
    with path.open("r+b") as stream:
        stream.write(head)
    return path


def test_matlab_names_what_is_read_and_what_is_not(tmp_path):
    panel = causalkit.read(matlab(tmp_path / "data.mat", data=VALUES, fs=256.0, comment="by hand"))
    assert noted(panel, "'data' was read", "'fs'", "'comment'")


def test_matlab_with_several_candidates_is_a_question_with_an_answer(tmp_path):
    path = matlab(tmp_path / "data.mat", raw=VALUES, filtered=VALUES * 2)
    with pytest.raises(DataError, match=r"'raw' \(300, 3\) and 'filtered' \(300, 3\).*--table raw"):
        causalkit.read(path)
    assert edges(causalkit.read(path, table="filtered")) == NUMBERED
    path = matlab(tmp_path / "nested.mat", s={"raw": VALUES, "other": VALUES}, more=np.eye(3))
    assert causalkit.read(path, table="s.raw").lengths == (300,)
    with pytest.raises(DataError, match=r"no variable 's\.nothing'.*'raw' \(300, 3\)"):
        causalkit.read(path, table="s.nothing")


def test_three_dimensions_of_matlab_are_a_question_with_an_answer(tmp_path):
    trials = np.stack([x.to_numpy() for x in RECORDINGS], axis=2)
    path = matlab(tmp_path / "data.mat", data=trials)
    with pytest.raises(DataError, match=r"\(80, 3, 4\).*--orientation series-time.*--orientation time-series"):
        causalkit.read(path)
    assert np.array_equal(causalkit.read(path, orientation="time-series").realisations[1], RECORDINGS[1].to_numpy())
    path = matlab(tmp_path / "turned.mat", data=trials.transpose(1, 0, 2))
    assert np.array_equal(causalkit.read(path, orientation="series-time").realisations[1], RECORDINGS[1].to_numpy())
    path = matlab(tmp_path / "named.mat", data=trials.transpose(1, 0, 2), labels=cells("a", "b", "c"))
    assert edges(causalkit.read(path)) == TRUE


def test_objects_of_matlab_are_refused_in_one_line(tmp_path):
    h5py = library("h5py")
    path = tmp_path / "table.mat"
    with h5py.File(path, "w") as file:
        file.create_dataset("T", data=np.zeros(6)).attrs["MATLAB_object_decode"] = 3
    with pytest.raises(DataError, match=r"objects of MATLAB \('T'\).*writetable"):
        causalkit.read(path)


def test_names_of_rows_in_numpy_archives(tmp_path):
    np.savez(tmp_path / "data.npz", data=VALUES.T, names=list("abc"))
    panel = causalkit.read(tmp_path / "data.npz")
    assert edges(panel) == TRUE
    assert noted(panel, "rows are series")
    np.savez(tmp_path / "two.npz", one=VALUES, other=X.to_numpy()[:50, :2])
    assert causalkit.read(tmp_path / "two.npz", table="other").lengths == (50,)
    with pytest.raises(DataError, match=r"no array 'third'; arrays: one and other"):
        causalkit.read(tmp_path / "two.npz", table="third")


def test_netcdf_of_a_model(tmp_path):
    xarray = library("xarray")
    data = xarray.Dataset(
        {name: (("time", "lat", "lon"), X[name].to_numpy()[:, None, None]) for name in X},
        coords={"time": pd.date_range("1850-01-01", periods=300, freq="MS"), "lat": [51.0], "lon": [13.0]},
    )
    data.to_netcdf(tmp_path / "classic.nc", engine="scipy")
    assert edges(causalkit.read(tmp_path / "classic.nc")) == TRUE
    grid = xarray.Dataset({"t2m": (("time", "lat", "lon"), np.random.default_rng(0).normal(size=(9, 2, 2)))})
    grid.to_netcdf(tmp_path / "grid.nc", engine="scipy")
    with pytest.raises(DataError, match="time 9, lat 2, lon 2"):
        causalkit.read(tmp_path / "grid.nc")


def edf(path, rates=(100, 100, 100)):
    pyedflib = library("pyedflib")
    low, high = float(VALUES.min()), float(VALUES.max())
    writer = pyedflib.EdfWriter(
        str(path), 3, file_type=pyedflib.FILETYPE_BDFPLUS if path.suffix == ".bdf" else pyedflib.FILETYPE_EDFPLUS
    )
    writer.setSignalHeaders(
        [
            {"label": name, "dimension": "uV", "sample_frequency": rate, "physical_min": low, "physical_max": high,
             "digital_min": -32768, "digital_max": 32767, "transducer": "", "prefilter": ""}
            for name, rate in zip("abc", rates, strict=True)
        ]
    )  # fmt: skip
    writer.writeSamples([np.ascontiguousarray(X[name][: 3 * rate]) for name, rate in zip("abc", rates, strict=True)])
    writer.close()
    return path


@pytest.mark.parametrize("suffix", [".edf", ".bdf"])
def test_a_recording_that_is_cut_off_is_refused_and_nothing_is_printed(tmp_path, suffix, capfd):
    path = edf(tmp_path / f"data{suffix}")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"has [\d,]+ bytes, and its header claims"):
        causalkit.read(path)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("suffix", [".edf", ".bdf"])
def test_recordings(tmp_path, suffix):
    panel = causalkit.read(edf(tmp_path / f"data{suffix}"))
    assert panel.names == ("a", "b", "c")
    np.testing.assert_allclose(panel.realisations[0], VALUES, atol=2e-4)
    assert edges(panel) == TRUE


def test_recordings_with_different_rates_are_a_question_with_an_answer(tmp_path):
    path = edf(tmp_path / "data.edf", rates=(100, 100, 50))
    with pytest.raises(DataError, match=r"100 Hz, but 'c' 50 Hz; .*--drop c"):
        causalkit.read(path)
    panel = causalkit.read(path, drop="c")
    assert (panel.names, panel.lengths) == (("a", "b"), (300,))


JSON_FILES = {
    "records": X.to_dict("records"),
    "columns": X.to_dict("list"),
    "split": json.loads(X.to_json(orient="split", double_precision=15)),
    "table": json.loads(X.to_json(orient="table", double_precision=15)),
    "cells by column": json.loads(X.to_json(double_precision=15)),
}


@pytest.mark.parametrize("kind", JSON_FILES)
def test_json(tmp_path, kind):
    path = tmp_path / "data.json"
    path.write_text(json.dumps(JSON_FILES[kind]))
    panel = causalkit.read(path, drop=["index"] if kind == "table" else [])
    assert edges(panel) == TRUE


def test_results_are_not_data(tmp_path):
    causalkit.discover(X, method="var", lag=1).save(tmp_path / "out.json")
    with pytest.raises(DataError, match="contains a discovery, not data"):
        causalkit.read(tmp_path / "out.json")
    X.to_csv(tmp_path / "data.csv", index=False)
    assert causalkit.read(tmp_path).names == ("a", "b", "c")  # the result beside the data is not a realisation


@pytest.mark.parametrize(
    "suffix",
    [".xlsx", ".ods", ".parquet", ".feather", ".arrow", ".nc", ".mat", ".edf", ".bdf", ".json", ".npz", ".npy"],
)
@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"PK\x03\x04 broken", b"\x89HDF\r\n\x1a\n broken", b"ARROW1", b"\x1f\x8b"]
)
@pytest.mark.parametrize("gz", ["", ".gz"])
def test_damaged_files_are_one_line(tmp_path, suffix, content, gz):
    path = tmp_path / f"data{suffix}{gz}"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"data\.") as caught:
        causalkit.read(path)
    assert "\n" not in str(caught.value)
    assert "report this to the author" not in str(caught.value)


@pytest.mark.parametrize(
    ("suffix", "module", "package"),
    [
        (".xlsx", "openpyxl", "openpyxl"),
        (".ods", "odf", "odfpy"),
        (".xls", "xlrd", "xlrd"),
        (".parquet", "pyarrow", "pyarrow"),
        (".feather", "pyarrow", "pyarrow"),
        (".nc", "xarray", "xarray"),
        (".edf", "pyedflib", "pyEDFlib"),
    ],
)
def test_a_missing_library_is_named_with_its_installation(tmp_path, monkeypatch, suffix, module, package):
    path = tmp_path / f"data{suffix}"
    path.write_bytes(b"anything")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DataError, match=f"needs {package}, which is not installed; run: pip install {package}"):
        causalkit.read(path)


def test_options_that_mean_nothing_for_a_format_are_refused(tmp_path):
    path = matlab(tmp_path / "data.mat", data=VALUES)
    with pytest.raises(WrongUsageError, match="--header-rows means nothing"):
        causalkit.read(path, header_rows=2)
    X.to_csv(tmp_path / "data.csv", index=False)
    with pytest.raises(WrongUsageError, match="--table means nothing"):
        causalkit.read(tmp_path / "data.csv", table="x")


def test_options_reach_readers_of_plugins(tmp_path):
    stacked = pd.concat(RECORDINGS, keys=list("uvwx"), names=["who", "when"]).reset_index()
    for suffix in (".pipes", ".bars"):
        stacked.to_csv(tmp_path / f"data{suffix}", sep="|", index=False)
    with installed("reads-frames"):
        path = tmp_path / "data.pipes"
        panel = causalkit.read(path, panel_column="who", time_column="when")
        assert panel.lengths == (80,) * 4
        assert edges(panel) == TRUE
        assert causalkit.read(path, panel_column="who", drop=["when", "b"]).names == ("a", "c")
        with pytest.raises(DataError, match=r"data\.pipes has no column 'x', which --drop names"):
            causalkit.read(path, panel_column="who", drop="x")
        X.to_csv(tmp_path / "data.bars", sep="|", index=False)
        with pytest.raises(PluginError, match=r"fake-reads-frames.* does not act on --drop b"):
            causalkit.read(tmp_path / "data.bars", drop="b")


def test_files_of_several_formats_are_one_panel(tmp_path):
    matlab(tmp_path / "one.mat", data=RECORDINGS[0].to_numpy(), names=cells("a", "b", "c"))
    RECORDINGS[1].to_csv(tmp_path / "two.csv", index=False)
    (tmp_path / "three.json").write_text(json.dumps(RECORDINGS[2].to_dict("records")))
    panel = io.read([tmp_path / "one.mat", tmp_path / "two.csv", tmp_path / "three.json"])
    assert panel.lengths == (80,) * 3
    assert noted(panel, "one.mat", "'data'")
    assert edges(panel) == TRUE


def test_options_of_reading_mean_nothing_for_a_data_set():
    found = command("discover", "--dataset", "lagged-pair", "-m", "var", "--panel-column", "x")
    assert found.returncode == 2
    assert "--panel-column means nothing for a data set" in found.stderr
