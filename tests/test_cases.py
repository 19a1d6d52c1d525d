"""Data as people have them: each kind is read, with a note that says how, or refused with an option that works.

No case may end with a wrong graph and no note. `docs/data-as-people-have-it.md` has a row for each of them.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import causalkit
from causalkit.errors import CausalkitError
from causalkit.io.results.record import from_record
from tests.data_files import FOLDER
from tests.wild import TRUE, chain

Edges = set[tuple[str, str, int]]
PAGE = Path(__file__).parents[1] / "docs" / "data-as-people-have-it.md"
RULE = "fdr:0.001"


@dataclass(frozen=True)
class Case:
    """One kind of data.

    Attributes:
        kind: the row of the table in the documentation.
        make: writes the file below a folder and returns its path, or returns an object.
        said: what a note says, or the error where the data are refused.
        option: that a note or the error names and with which the true edges are found; "": they are found without.
        refused: is nothing read without the option?
        names: of the series a, b and c in these data.
        edges: the true edges, by a, b and c.
        given: options that the user gives anyway.
    """

    kind: str
    make: Callable[[Path], Any]
    said: str = ""
    option: str = ""
    refused: bool = False
    names: tuple[str, ...] = ("a", "b", "c")
    edges: frozenset[tuple[str, str, int]] = frozenset(TRUE)
    given: str = ""

    def expected(self) -> Edges:
        called = dict(zip("abc", self.names, strict=False))
        return {(called[cause], called[effect], lag) for cause, effect, lag in self.edges}


def written(name: str, text: Callable[[], str], encoding: str = "utf-8") -> Callable[[Path], Path]:
    """Return a maker of one file."""

    def make(folder: Path) -> Path:
        path = folder / name
        path.write_text(text(), encoding=encoding)
        return path

    return make


def csv(frame: pd.DataFrame, *, top: str = "", bottom: str = "", index: bool = False, **options: Any) -> str:
    """Return a table as text, with lines above and below it."""
    return top + frame.to_csv(index=index, **options) + bottom


def with_first(name: str, values: Any, steps: int = 300) -> pd.DataFrame:
    """Return the chain, with a column before it."""
    frame = chain(steps).round(6)
    frame.insert(0, name, list(values))
    return frame


def axis(name: str, values: Callable[[int], Any], steps: int = 300) -> Callable[[Path], Path]:
    """Return a maker of the chain with a column that is time."""
    return written("data.csv", lambda: csv(with_first(name, (values(i) for i in range(steps)), steps)))


def dated(steps: int = 300, freq: str = "D") -> pd.DataFrame:
    frame = chain(steps)
    frame.index = pd.date_range("2020-01-01", periods=steps, freq=freq)
    return frame


def day(i: int) -> pd.Timestamp:
    return pd.Timestamp("2021-03-01") + pd.Timedelta(days=i)


def hour(i: int) -> pd.Timestamp:
    return pd.Timestamp("2021-03-01") + pd.Timedelta(hours=i)


def month(i: int) -> pd.Period:
    return pd.Period("1990-01", "M") + i


def quarter(i: int) -> pd.Period:
    return pd.Period("1940Q1", "Q") + i


def coded(code: float, date: str = "%Y-%m-%d") -> str:
    """Return the chain with six cells that are a code."""
    frame = chain().round(4)
    for row, column in ((20, "a"), (21, "a"), (90, "b"), (150, "c"), (151, "c"), (220, "b")):
        frame.loc[row, column] = code
    frame.insert(0, "date", [day(i).strftime(date) for i in range(300)])
    return csv(frame)


def long(keys: tuple[str, str, str], numbers: bool, steps: int = 120) -> str:
    """Return the chain with a row for each series and step."""
    frame = chain(steps).round(4)
    rows = [
        (number if numbers else name, step, frame[name][step])
        for number, name in enumerate(frame)
        for step in range(steps)
    ]
    return csv(pd.DataFrame(rows, columns=list(keys)))


def across(steps: int = 240) -> str:
    """Return one series with a row a year and a column a month."""
    values = chain(steps)["a"].to_numpy().reshape(-1, 12).round(3)
    months = [pd.Timestamp(2000, number, 1).strftime("%b").upper() for number in range(1, 13)]
    frame = pd.DataFrame(values, columns=months)
    frame.insert(0, "YEAR", range(1950, 1950 + len(frame)))
    return csv(frame)


def wide(header: bool = True) -> str:
    """Return the chain with a row for each series."""
    frame = chain().round(4).T
    frame.columns = [f"t{i}" for i in range(frame.shape[1])]
    frame.insert(0, "gene", ["YAL001C", "YAL002W", "YAL003W"])
    return csv(frame, header=header)


def business(steps: int = 300) -> str:
    frame = chain(steps).round(5)
    frame.insert(0, "Date", pd.bdate_range("2020-01-01", periods=steps).strftime("%Y-%m-%d"))
    return csv(frame)


def european(steps: int = 300) -> str:
    """Return a table as a spreadsheet with a comma as decimal separator saves it, with empty rows and columns."""
    frame = chain(steps).round(2)
    lines = ["Date;Time;a;b;c;;"]
    for i, row in enumerate(frame.to_numpy()):
        cells = ";".join(f"{value:.2f}".replace(".", ",") for value in row)
        lines.append(f"{hour(i):%d/%m/%Y};{hour(i):%H.%M.%S};{cells};;")
    return "\n".join([*lines, *[";;;;;;"] * 20]) + "\n"


def dotted_thousands(steps: int = 300) -> str:
    """Return whole numbers around 1,000, those above with a dot."""
    frame = (chain(steps) * 200 + 900).round().astype(int)
    lines = ["date;a;b;c"]
    for i, row in enumerate(frame.to_numpy()):
        lines.append(f"{day(i):%Y-%m-%d};" + ";".join(f"{value:,}".replace(",", ".") for value in row))
    return "\n".join(lines) + "\n"


def stocks() -> str:
    frame = chain().round(4)
    lines = ["Price,Close,Close,Close", "Ticker,AAPL,MSFT,GOOG", "Date,,,"]
    lines += [f"{day(i):%Y-%m-%d}," + ",".join(map(str, row)) for i, row in enumerate(frame.to_numpy())]
    return "\n".join(lines) + "\n"


def season(seed: int = 0) -> pd.DataFrame:
    draw, t = np.random.default_rng(seed).standard_normal((240, 3)), np.arange(240)
    return pd.DataFrame(
        {
            "a": 10 * np.sin(2 * np.pi * t / 12) + draw[:, 0],
            "b": 5 * np.sin(2 * np.pi * (t - 2) / 12) + draw[:, 1],
            "c": draw[:, 2],
        }
    )


def subjects(seed: int = 0) -> pd.DataFrame:
    draw, parts = np.random.default_rng(seed), []
    for number in range(8):
        x, noise = np.zeros((110, 3)), draw.standard_normal((110, 3))
        for t in range(1, 110):
            x[t] = 0.3 * x[t - 1] + noise[t]
        part = pd.DataFrame(x[50:] + 3 * draw.standard_normal(3), columns=list("abc"))
        part.insert(0, "subject", f"sub-{number:02d}")
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def spikes() -> str:
    values = np.zeros((40, 2), dtype=int)
    values[1, 1], values[2, 0] = 1, 1
    return csv(pd.DataFrame(values, columns=list("ab")))


def trials() -> dict[str, pd.DataFrame]:
    return {f"s{seed}": chain(80, seed) for seed in range(5)}


NONE: frozenset[tuple[str, str, int]] = frozenset()
FILES = [
    Case("an age before present", axis("age_ka", lambda i: (299 - i) / 2), "age_ka"),
    Case("an age before present, oldest row last", written(
        "age.csv", lambda: csv(with_first("age_ka", ((299 - i) / 2 for i in range(300))).iloc[::-1])), "age_ka"),
    Case("newest row first", written("new.csv", lambda: csv(
        with_first("date", (day(i).strftime("%Y-%m-%d") for i in range(300))).iloc[::-1])), "date"),
    Case("a common season", written("season.csv", lambda: csv(season())), "season", "--detrend seasonal:12",
         edges=NONE),
    Case("subjects at other levels", written("subjects.csv", lambda: csv(subjects())), "level",
         edges=NONE, given="--panel-column subject"),
    *[Case(f"{code} as missing", written("coded.csv", lambda code=code: coded(float(code))), code, f"--missing {code}")
      for code in ("-999", "-99.99", "-9999")],
    Case("1e20 as missing", written("coded.csv", lambda: coded(1e20)), "1e\\+20", "--missing 1e+20"),
    Case("-9999 as missing, and dates with dots", written("jena.csv", lambda: coded(-9999, "%d.%m.%Y %H:%M:%S")),
         "-9999", "--missing -9999"),
    Case("dates with dots, day first", axis("Datum", lambda i: hour(i).strftime("%d.%m.%Y %H:%M"), 288), "Datum"),
    Case("dates with slashes, day first", axis("date", lambda i: day(i).strftime("%d/%m/%Y")), "date"),
    Case("dates with slashes, month first", axis("date", lambda i: day(i).strftime("%m/%d/%Y")), "date"),
    Case("1990M01", axis("TIME_PERIOD", lambda i: f"{month(i).year}M{month(i).month:02d}"), "TIME_PERIOD"),
    Case("Q1 1940", axis("Date", lambda i: f"Q{quarter(i).quarter} {quarter(i).year}"), "Date"),
    Case("1940:1", axis("obs", lambda i: f"{quarter(i).year}:{quarter(i).quarter}"), "obs"),
    Case("1974Q1", axis("period", lambda i: f"{quarter(i)}", 200), "period"),
    Case("Jan-90", axis("Month", lambda i: month(i).strftime("%b-%y")), "Month"),
    Case("2010-W01", axis("week", lambda i: "{}-W{:02d}".format(*(day(7 * i)).isocalendar()[:2])), "week"),
    Case("year and quarter", written("parts.csv", lambda: csv(pd.concat([
        pd.DataFrame({"year": [quarter(i).year for i in range(300)],
                      "quarter": [quarter(i).quarter for i in range(300)]}),
        chain().round(5)], axis=1))), "year"),
    Case("date and time in two columns", written("parts.txt", lambda: csv(pd.concat([
        pd.DataFrame({"Date": [hour(i).strftime("%d/%m/%Y") for i in range(300)],
                      "Time": [hour(i).strftime("%H:%M:%S") for i in range(300)]}),
        chain().round(5)], axis=1), sep=";")), "Date"),
    *[Case(f"a time axis called {name}", axis(name, values), re.escape(name)) for name, values in (
        ("Zeit", lambda i: i / 2), ("No", lambda i: i + 1), ("Sample", lambda i: i), ("frame", lambda i: i + 100),
        ("step", lambda i: 10 * i), ("elapsed_s", lambda i: round(0.1 * i, 1)),
        ("decimal date", lambda i: round(1958 + (i + 0.5) / 12, 4)), ("datenum", lambda i: 737000 + i))],
    Case("256 Hz in rounded milliseconds", axis("time", lambda i: round(i / 256, 3)), "time"),
    Case("dots that separate thousands", written("thousands.csv", dotted_thousands), "thousands", "--thousands .",
         refused=True),
    Case("a constant up to rounding", written("near.csv", lambda: csv(chain().assign(
        setpoint=[0.3 if i % 3 else 0.1 + 0.2 for i in range(300)]))), "'setpoint' is constant", "--drop setpoint",
         refused=True),
    Case("one event after another", written("spikes.csv", spikes), "rests on|perfect", edges=NONE),
    Case("a long table of numbers", written("long.csv", lambda: long(("roi", "t", "value"), True)), "long",
         names=("0", "1", "2")),
    Case("a long table of names", written("long.csv", lambda: long(("variable", "time", "value"), False)), "long"),
    Case("genes in rows", written("genes.csv", wide), "transposed",
         names=("YAL001C", "YAL002W", "YAL003W")),
    Case("months across a row a year", written("across.csv", across), "month|series", refused=True),
    Case("empty rows and columns at the end, comma as decimal separator", written("air.csv", european), "empty"),
    Case("empty columns from trailing separators", written("trailing.csv", lambda: csv(
        with_first("date", (day(i).strftime("%Y-%m-%d") for i in range(300)))).replace("\n", ",,,\n")), "empty"),
    Case("two rows of names", written("stocks.csv", stocks), "joined to the names",
         names=("Close/AAPL", "Close/MSFT", "Close/GOOG")),
    Case("business days", written("business.csv", business), "Saturdays and Sundays"),
]  # fmt: skip
OBJECTS = [
    Case("DataFrame, oldest row first", lambda _: dated()),
    Case("DataFrame, newest row first", lambda _: dated().iloc[::-1], "turn|sort|order"),
    Case("DataFrame, rows in random order", lambda _: dated().sample(frac=1, random_state=0), "sort"),
    Case("DataFrame with 70 days cut out", lambda _: dated().drop(dated().index[50:120]), "gap|missing"),
    Case("DataFrame with a column time", lambda _: chain().assign(time=np.arange(300.0)), "time"),
    Case("DataFrame with a column of dates", lambda _: dated().reset_index(names="date"), "date"),
    Case("DataFrame with an index of subject and time",
         lambda _: pd.concat(trials(), names=["subject", "t"]), "subject"),
    Case("array of channels and time", lambda _: chain().to_numpy().T, "orientation",
         'orientation="series-time"', refused=True, names=("0", "1", "2")),
    Case("array of trials, channels and time", lambda _: np.stack([chain(64, s).to_numpy().T for s in range(20)]),
         "orientation", 'orientation="series-time"', refused=True, names=("0", "1", "2")),
    Case("DataFrame with a common season", lambda _: season(), "season", 'preparation="seasonal:12"', edges=NONE),
    Case("DataFrames at other levels",
         lambda _: [part.drop(columns="subject").reset_index(drop=True) for _, part in subjects().groupby("subject")],
         "level", edges=NONE),
    Case("DataFrame of random walks", lambda _: pd.DataFrame(
        np.random.default_rng(0).standard_normal((100, 3)).cumsum(0), columns=list("abc")), "unit root",
         'preparation={"difference": 1}', edges=NONE),
    Case("dictionary of DataFrames", lambda _: trials()),
    Case("masked array", lambda _: np.ma.masked_less(chain().to_numpy(), -4.0), names=("0", "1", "2")),
]  # fmt: skip


def test_the_page_has_a_row_for_every_kind():
    rows = re.findall(r"^\| (.+?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(row for row in rows if row != "data") == sorted(case.kind for case in [*FILES, *OBJECTS])


@dataclass(frozen=True)
class Outcome:
    """What a user sees: the selected edges, None where the data were refused, and the words."""

    edges: Edges | None
    words: str


@pytest.fixture
def discovered(run: Callable[..., tuple[int, str, str]]) -> Callable[..., Outcome]:
    """Find edges in a file by the command, or in an object by the function; options as their user writes them."""

    def call(data: Any, options: str = "") -> Outcome:
        if isinstance(data, Path):
            rest = ["-m", "var", "--lag", "1", "--select", RULE, "--json", *shlex.split(options)]
            code, out, err = run("discover", data, *rest)
            if code:
                assert code in (2, 3), err
                assert "internal error" not in err
                return Outcome(None, err)
            found = from_record(json.loads(out), "the output")
        else:
            try:
                found = causalkit.discover(data, method="var", lag=1, select=RULE, **eval(f"dict({options})"))
            except CausalkitError as error:
                return Outcome(None, str(error))
        table = found.edges(self_edges=False, selected_only=True)
        return Outcome(set(zip(table.cause, table.effect, table.lag, strict=True)), "\n".join(found.notes))

    return call


def check(case: Case, data: Any, discovered: Callable[..., Outcome]) -> None:
    """Assert that the true edges are found, and that a note or the error says what was done or what to do."""
    first = discovered(data, case.given)
    assert re.search(case.said, first.words, re.IGNORECASE), first
    if case.refused:
        assert first.edges is None, first
    elif not case.option:
        assert first.edges == case.expected(), first.words
    if case.option:
        assert case.option in first.words, first.words
        second = discovered(data, f"{case.given} {case.option}".strip())
        assert second.edges == case.expected(), second.words


@pytest.mark.parametrize("case", FILES, ids=lambda case: case.kind)
def test_file(case, tmp_path, discovered):
    check(case, case.make(tmp_path), discovered)


@pytest.mark.parametrize("case", OBJECTS, ids=lambda case: case.kind)
def test_object(case, discovered):
    check(case, case.make(Path()), discovered)


REAL = [
    ("age_axis/P_age.csv", "age_ka", "", TRUE),
    ("season/season.csv", "season", "--detrend seasonal:12", {("noise", "icecream", 1)}),  # by chance, r = -0.26
    ("subjects_baseline/subjects_baseline.csv", "level", "", set()),
    ("sentinel_999/L_m999.csv", "-999", "--missing -999", TRUE),
    ("jena_9999_and_date/R_jena.csv", "-9999", "--missing -9999", None),
    ("ddmm/P_ddmm.csv", "Datum", "", TRUE),
    ("period_dates/eu_m.csv", "TIME_PERIOD", "", TRUE),
    ("period_dates/q3.csv", "Date", "", TRUE),
    ("period_dates/q4.csv", "obs", "", TRUE),
    ("period_dates/monyy.csv", "Month", "", TRUE),
    ("year_quarter/E6.csv", "quarter", "", None),
    ("year_quarter/macrodata.csv", "quarter", "", None),
    ("year_quarter/danish.csv", "period", "", None),
    ("date_plus_time/R_house.txt", "Date.*Time", "", None),
    ("time_axis_unknown/zeit.csv", "Zeit", "", TRUE),
    ("time_axis_unknown/R_mlo.csv", "decimal date|month", "", None),
    ("rounded_times/eeg_ms.csv", "time", "", TRUE),
    ("thousands_dot/L_thou_dot_mixed.csv", "thousands", "--thousands .", TRUE),
    ("near_constant/Q_near_const.csv", "'setpoint' is constant", "--drop setpoint", TRUE),
    ("spikes/spikes.csv", "rests on|perfect", "", set()),
    ("long_numeric/L_long_num2.csv", "long", "", {("0", "1", 1), ("1", "2", 1)}),
    ("transposed/Q_chan_time.npy", "transpose", "--transpose", {("0", "1", 1), ("1", "2", 1)}),
    ("genes_in_rows/L_genes_rows_named.csv", "transpose", "", {("YAL001C", "YAL002W", 1), ("YAL002W", "YAL003W", 1)}),
    ("trailing_empty_rows/R_airq.csv", "empty", "", None),
    ("hint_not_quoted/L_trailing_sep3.csv", "empty", "", TRUE),
    ("yfinance/L_yf.csv", "joined to the names", "", None),
    ("bizday_lag5/bizday.csv", "Saturdays and Sundays", "", TRUE),
]
"""File, what is said, the option that it names, and the true edges; None: the file has no known ones."""


def test_one_series_in_a_published_form(discovered):
    """The table is understood as one series, which has no graph."""
    path = published("year_by_month/elnino.csv")
    assert "has only 1 series" in discovered(path).words
    assert causalkit.read(path).lengths == (732,)


def published(name: str) -> Path:
    path = FOLDER.parent / "cases" / name
    if not path.exists():
        reason = f"{path} is not there; its kind is tested on a file of the same form"
        if os.environ.get("CAUSALKIT_REQUIRE_DATA") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.mark.parametrize(("name", "said", "option", "true"), REAL, ids=[name for name, *_ in REAL])
def test_published_form(name, said, option, true, discovered):
    """The files in which the kinds were found, where they are."""
    path = published(name)
    first = discovered(path)
    assert re.search(said, first.words, re.IGNORECASE | re.DOTALL), first
    if option:
        assert option in first.words, first
        first = discovered(path, option)
    assert first.edges is not None, first.words
    assert true is None or first.edges == true, first
