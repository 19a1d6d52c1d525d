"""Reading data: what users have must come out as the panel that they mean, and what was assumed must be said."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from causalkit import io
from causalkit.core.names import natural
from causalkit.io import ReadOptions, read
from causalkit.io.panels.readers import read_text
from tests.data_files import real
from tests.wild import noted


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a,b\n1,2\n3,4\n", "comma.csv"),
        ("a;b\n1;2\n3;4\n", "semicolon.csv"),
        ("a\tb\n1\t2\n3\t4\n", "tab.tsv"),
        ("a b\n1 2\n3 4\n", "blank.txt"),
        ("  a   b\n  1   2\n 3\t 4 \n", "aligned.txt"),
        ("a, b\n1, 2\n3, 4\n", "comma_blank.csv"),
        ("a,b\r\n1,2\r\n3,4\r\n", "windows.csv"),
        ("\ufeffa,b\n1,2\n3,4\n", "byte_order_mark.csv"),
        ("a,b\n1,2\n\n3,4\n\n", "blank_lines.csv"),
        ('"a","b"\n1,2\n3,4\n', "quoted.csv"),
        ("a,b,\n1,2,\n3,4,\n", "trailing.csv"),
        ("a,b\n1,2,\n3,4,\n", "trailing_below.csv"),
        ("# a b\n1 2.0\n3 4.0\n", "savetxt.txt"),
        ("# made by hand\na,b\n1,2\n3,4\n", "comment.csv"),
        ('"a" "b"\n"1" 1 2\n"2" 3 4\n', "written_by_r.txt"),
        (",a,b\n0,1,2\n1,3,4\n", "written_by_pandas.csv"),
        ("a,b\n1,2\n3,4\n".encode("utf-16"), "utf16.csv"),
    ],
)
def test_the_same_table_in_many_dialects(file, text, name):
    panel = read(file(text, name))
    assert panel.names == ("a", "b")
    assert [values.tolist() for values in panel] == [[[1, 2], [3, 4]]]


def test_gzip(tmp_path):
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n3,4\n"))
    assert read_text(path).realisations[0].tolist() == [[1, 2], [3, 4]]


def test_first_row_of_numbers_is_data_and_said_so(file):
    panel = read(file("0.5,7\n1,2\n3,4\n"))
    assert panel.names == ("0", "1")
    assert panel.lengths == (3,)
    assert noted(panel, "first row is data")


@pytest.mark.parametrize("start", [0, 1])
def test_counting_header_of_pandas_is_a_header(file, start):
    header = f"{start},{start + 1},{start + 2}"
    panel = read(file(f"{header}\n5,6,7\n8,9,10\n"), ReadOptions(orientation="time-series"))
    assert panel.names == tuple(header.split(","))
    assert panel.lengths == (2,)
    assert noted(panel, "line 1", "names")


def test_array_written_by_pandas_with_its_index(tmp_path):
    values = np.random.default_rng(0).standard_normal((6, 3))
    pd.DataFrame(values).to_csv(tmp_path / "data.csv")
    panel = read(tmp_path / "data.csv")
    assert panel.names == ("0", "1", "2")
    assert np.array_equal(panel.realisations[0], values)


@pytest.mark.parametrize("name", ["time", "Time", "t", "Date", "timestamp", "index", "Hours", "Time (s)", "day", ""])
def test_time_is_recognised_and_no_variable(file, name):
    panel = read(file(f"{name},a,b\n0,5,1\n0.5,3,2\n1,4,1\n"))
    assert panel.names == ("a", "b")
    assert noted(panel, "taken as time")


def test_column_called_like_a_time_that_fluctuates_stays_a_variable(file):
    panel = read(file("t,a\n20.1,1\n19.5,2\n21,3\n20.5,1\n22,2\n21.5,3\n"))
    assert panel.names == ("t", "a")
    assert noted(panel, "'t'", "kept as a variable")


def test_increasing_variable_without_a_time_name_stays_a_variable(file):
    assert read(file("dose,a\n0,1\n1,2\n2,1\n")).names == ("dose", "a")


def test_time_column_none_keeps_it(file):
    assert read(file("t,a\n0,1\n1,2\n2,1\n"), ReadOptions(time_column="none")).names == ("t", "a")


def test_named_time_column(file):
    panel = read(file("clock,a,b\n0,1,1\n1,2,5\n3,1,2\n4,1,2\n5,1,2\n"), ReadOptions(time_column="clock"))
    assert panel.names == ("a", "b")
    assert panel.lengths == (6,)


def test_index_beside_a_date_is_no_variable_either(file):
    rows = "\n".join(f"{row},2024-01-0{row + 1},{row % 3}" for row in range(6))
    assert read(file(f",date,a\n{rows}\n")).names == ("a",)


def test_hour_of_day_does_not_cut_what_a_date_holds_together(file):
    stamps = pd.date_range("2024-01-01", periods=72, freq="h")
    frame = pd.DataFrame({"hour": stamps.hour, "when": stamps, "a": np.arange(72) % 5})
    panel = read(file(frame.to_csv(index=False)))
    assert panel.names == ("a",)
    assert panel.lengths == (72,)
    assert noted(panel, "'hour'", "repeats a part")


@pytest.mark.parametrize(
    "dates",
    [
        ["2024-01-30", "2024-01-31", "2024-02-01", "2024-02-02"],
        ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"],
        ["2023-01-15", "2023-02-15", "2023-03-15", "2023-04-15"],
        ["2023-01-01", "2023-04-01", "2023-07-01", "2023-10-01"],
        ["2020", "2021", "2022", "2023"],
        ["31/12/2023", "01/01/2024", "02/01/2024", "03/01/2024"],
        ["20231230", "20231231", "20240101", "20240102"],
        ["202311", "202312", "202401", "202402"],
        ["2024-01-01 00:00:00", "2024-01-01 00:00:10", "2024-01-01 00:00:20", "2024-01-01 00:00:30"],
        [f"2024-01-01T00:00:0{second}+01:00" for second in ("0.0", "0.5", "1", "1.5")],
    ],
)
def test_regular_dates_leave_no_gap(file, dates):
    panel = read(file("date,a\n" + "".join(f"{date},{row % 2}\n" for row, date in enumerate(dates))))
    assert panel.names == ("a",)
    assert panel.realisations[0].tolist() == [[0], [1], [0], [1]]


def test_dates_need_no_name_and_no_header(file):
    assert read(file("when it was,a\n2024-01-01,1\n2024-01-02,2\n")).names == ("a",)
    panel = read(file("2024-01-01,1.5,2\n2024-01-02,2,3\n"))
    assert panel.names == ("1", "2")
    assert panel.lengths == (2,)


def test_missing_rows_become_one_gap_that_no_window_crosses(file):
    panel = read(file("time,a,b\n0,0,1\n1,1,0\n2,2,1\n6,6,1\n7,7,0\n8,8,2\n"))
    assert panel.lengths == (7,)
    assert np.isnan(panel.realisations[0][3]).all()
    assert noted(panel, "missing", "after 2")
    windows = panel.windows(1)
    assert sorted(windows.y[:, 0]) == [1, 2, 7, 8]


def test_missing_months_become_a_gap(file):
    panel = read(file("date,a\n2024-01-31,0\n2024-02-29,1\n2024-03-31,2\n2024-06-30,3\n2024-07-31,4\n"))
    assert np.flatnonzero(np.isnan(panel.realisations[0][:, 0])).tolist() == [3]


def test_rounded_times_are_regular(file):
    times = [0, 0.333, 0.667, 1.0, 1.333, 1.667, 2.0]
    assert read(file("time,a\n" + "".join(f"{time},{time}\n" for time in times))).lengths == (7,)


def test_time_that_goes_back_starts_a_realisation(file):
    panel = read(file("time,a\n0,1\n1,2\n2,3\n0,4\n1,5\n2,6\n3,7\n"))
    assert [values.ravel().tolist() for values in panel] == [[1, 2, 3], [4, 5, 6, 7]]
    assert noted(panel, "2 realisations")


def test_irregular_sampling_is_accepted_on_demand(file):
    path = file("time,a\n0,1\n1,2\n2.5,3\n")
    panel = read(path, ReadOptions(irregular="accept"))
    assert panel.lengths == (3,)
    assert noted(panel, "unequal")


def test_panel_column_groups_interleaved_rows(file):
    path = file("who,time,a\ny,0,1\nx,0,5\ny,1,2\nx,1,6\nx,2,7\n")
    panel = read(path, ReadOptions(panel_column="who"))
    assert panel.names == ("a",)
    assert [values.ravel().tolist() for values in panel] == [[1, 2], [5, 6, 7]]


def test_column_realisation_groups_by_itself(file):
    panel = read(file("realisation,a\n1,5\n1,6\n2,7\n2,8\n"))
    assert panel.lengths == (2, 2)
    assert noted(panel, "realisation")


def test_drop_takes_text_columns_out_of_the_way(file):
    path = file("a,note,b\n1,fine,2\n3,bad,4\n")
    assert read(path, ReadOptions(drop=("note",))).names == ("a", "b")
    assert read(path, ReadOptions(drop="note")).names == ("a", "b")


@pytest.mark.parametrize("cell", ["", "NA", "NaN", "nan", "null", "None", "?", "N/A", " NA ", "."])
def test_missing_cells_are_nan_and_counted(file, cell):
    panel = read(file(f"a,b,c\n1,2,3\n4,{cell},6\n"), ReadOptions(orientation="time-series"))
    assert np.isnan(panel.realisations[0]).tolist() == [[False] * 3, [False, True, False]]
    assert noted(panel, "1 missing cell", "b")


def test_true_and_false_are_numbers(file):
    assert np.array_equal(
        read(file("a,b\nTrue,1\n,2\nFalse,3\n")).realisations[0][:, 0], [1, np.nan, 0], equal_nan=True
    )


def test_every_digit_is_kept(file):
    values = np.random.default_rng(1).standard_normal((50, 2)) * 10.0 ** np.random.default_rng(2).integers(
        -300, 300, (50, 2)
    )
    text = "a,b\n" + "".join(f"{one!r},{two!r}\n" for one, two in values.tolist())
    assert np.array_equal(read(file(text)).realisations[0], values)


def test_several_files_match_series_by_name(file):
    first, second = file("a,b\n1,2\n3,4\n", "1.csv"), file("b,a\n6,5\n8,7\n", "2.csv")
    panel = read([first, second])
    assert panel.names == ("a", "b")
    assert [values.tolist() for values in panel] == [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
    assert panel.source == f"2 files, first {first}"


def test_folder_in_natural_order(file, tmp_path):
    for number in (10, 2, 1):
        file(f"a,b\n{number},0\n1,1\n", f"trial{number}.csv")
    file("not data", "readme.md")
    panel = read(tmp_path)
    assert [values[0, 0] for values in panel] == [1, 2, 10]
    assert panel.source == str(tmp_path)


def test_natural_order():
    assert sorted(["b1", "a10", "a9", "1", "a"], key=natural) == ["1", "a", "a9", "a10", "b1"]


def test_npy_and_npz(tmp_path):
    cube = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    np.save(tmp_path / "cube.npy", cube)
    np.savez(tmp_path / "named.npz", X=cube[0], names=["a", "b"], labels=[1, 2])
    np.savez(tmp_path / "trials.npz", one=cube[0], two=cube[1, :2])
    assert read(tmp_path / "cube.npy").lengths == (3, 3)
    named = read(tmp_path / "named.npz", ReadOptions(drop=("a",)))
    assert named.names == ("b",)
    assert noted(named, "labels")
    assert read(tmp_path / "trials.npz").lengths == (3, 2)


def test_npz_time_only_where_asked_for(tmp_path):
    np.savez(tmp_path / "data.npz", data=np.array([[0.0, 5], [1, 6], [3, 7], [4, 7]]), names=["time", "a"])
    assert read(tmp_path / "data.npz").names == ("time", "a")
    asked = read(tmp_path / "data.npz", ReadOptions(time_column="time"))
    assert asked.names == ("a",)
    assert asked.lengths == (5,)


def test_columns_of_npz_realisations_are_used_where_the_options_name_them(tmp_path):
    first = np.array([[0.0, 5, 1], [1, 6, 1], [3, 7, 1]])
    second = np.array([[0.0, 1, 1], [1, 2, 1], [0, 3, 2], [1, 4, 2]])
    np.savez(tmp_path / "trials.npz", realisation_1=first, realisation_2=second, names=["time", "a", "who"])
    assert read(tmp_path / "trials.npz").names == ("time", "a", "who")
    panel = read(tmp_path / "trials.npz", ReadOptions(time_column="time", panel_column="who"))
    assert panel.names == ("a",)
    values = [part.ravel().tolist() for part in panel]
    assert np.isnan(values[0].pop(2))  # the gap
    assert values == [[5, 6, 7], [1, 2], [3, 4]]


def test_parquet_follows_the_rules_of_tables(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame(
        {"who": ["x", "x", "y", "y"], "a": pd.array([1, None, 3, 4], dtype="Int64"), "b": [0.1, 0.2, 0.3, 0.4]},
        index=pd.DatetimeIndex(["2024-01-01", "2024-01-02"] * 2, name="when"),
    )
    frame.to_parquet(tmp_path / "data.parquet")
    panel = read(tmp_path / "data.parquet", ReadOptions(panel_column="who"))
    assert panel.names == ("a", "b")
    assert panel.lengths == (2, 2)
    assert panel.missing == 1


def test_many_rows(tmp_path):
    values = np.random.default_rng(0).standard_normal((100_000, 5))
    frame = pd.DataFrame(values, columns=list("abcde"))
    frame.insert(0, "time", np.arange(len(frame)) * 0.1)
    frame.to_csv(tmp_path / "data.csv", index=False)  # 10 MB
    panel = read(tmp_path / "data.csv")
    assert np.array_equal(panel.realisations[0], values)


def test_importing_io_is_cheap():
    code = "import sys, causalkit.io; print(sorted({'pandas', 'numpy', 'torch', 'networkx'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_every_name_in_the_documentation_can_be_imported():
    pages = [path.read_text(encoding="utf-8") for path in (Path(__file__).parents[1] / "docs").rglob("*.md")]
    documented = set(re.findall(r"causalkit\.io\.(\w+)", "\n".join(pages)))
    assert {"ReadOptions", "read_truth", "write_panel", "write_truth"} <= documented
    assert documented <= set(io.__all__)
    assert {getattr(io, name).__name__ for name in io.__all__} == set(io.__all__)


def test_yeast():
    panel = read(real("yeast/DDGni_Yeast.txt"))
    assert panel.lengths == (30,)
    assert panel.names[:2] == ("ACE2", "ASH1")
    assert panel.series == 8


def test_dream3_trajectories():
    panel = read(real("dream3/dream3_10_0.tsv"))
    assert panel.lengths == (21,) * 4
    assert panel.names == tuple(f"G{number}" for number in range(1, 11))
    assert noted(panel, "4 realisations")


def test_dream4_has_no_time():
    panel = read(real("dream4/insilico_size10_1_timeseries.tsv"))
    assert panel.lengths == (105,)
    assert panel.series == 10


@pytest.mark.parametrize("names", [("²", "³", "x"), ("①", "٣", "1")])
def test_digits_that_are_no_numbers_are_names(tmp_path, names):
    """Found by round trips: Python calls a superscript a digit, and makes no number of it."""
    values = np.random.default_rng(1).normal(size=(20, 3))
    pd.DataFrame(values, columns=list(names)).to_csv(tmp_path / "a.csv", index=False)
    assert io.read(tmp_path / "a.csv").names == names
