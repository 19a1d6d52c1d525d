"""The axis of time: every way in which people write it gives the same graph, or a refusal whose hint helps."""

from __future__ import annotations

import re
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from causalkit import Panel, io
from causalkit.errors import DataError
from causalkit.io import ReadOptions
from tests.wild import REVERSED, TRUE, chain, edges, noted

DAYS = pd.date_range("2020-01-01", periods=300)
HOURS = pd.date_range("2021-02-25 00:00", periods=300, freq="h")
MINUTES = pd.date_range("2021-02-28 22:10", periods=300, freq="min")
MONTHS = pd.period_range("1990-01", periods=300, freq="M")
QUARTERS = pd.period_range("1940Q1", periods=300, freq="Q")
YEARS = np.arange(1720, 2020)
GERMAN = ("Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez")
FRENCH = ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."]
SPANISH = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
]


@pytest.fixture
def file(tmp_path):
    def write(frame, **layout):
        path = tmp_path / "data.csv"
        frame.to_csv(path, index=False, **layout)
        return path

    return write


def with_time(times, name="when", **kind):
    frame = chain(**kind)
    frame.insert(0, name, list(times))
    return frame


def same(panel, steps=300):
    """Are these the values of the chain, in order and without a gap?"""
    return np.array_equal(panel.realisations[0], chain(steps).to_numpy())


STYLES = {
    "iso": DAYS.strftime("%Y-%m-%d"),
    "iso with T": HOURS.strftime("%Y-%m-%dT%H:%MZ"),
    "iso with seconds": MINUTES.strftime("%Y-%m-%d %H:%M:%S"),
    "iso with offset": HOURS.strftime("%Y-%m-%dT%H:%M:%S+01:00"),
    "iso with milliseconds": [f"2020-01-01 00:00:{k // 100:02}.{k % 100:02}0" for k in range(300)],
    "iso basic": DAYS.strftime("%Y%m%dT000000Z"),
    "year first, slashes": DAYS.strftime("%Y/%m/%d"),
    "year first, dots": DAYS.strftime("%Y.%m.%d"),
    "ordinal": DAYS.strftime("%Y-%j"),
    "Chinese": DAYS.strftime("%Y年%m月%d日"),
    "dots": DAYS.strftime("%d.%m.%Y"),
    "dots, two digits": DAYS.strftime("%d.%m.%y"),
    "dots with time": HOURS.strftime("%d.%m.%Y %H:%M"),
    "day first, slashes": DAYS.strftime("%d/%m/%Y"),
    "month first, slashes": DAYS.strftime("%m/%d/%Y"),
    "month first without zeros": [f"{d.month}/{d.day}/{d.year}" for d in DAYS],
    "month first, two digits": DAYS.strftime("%m/%d/%y"),
    "day first, dashes": DAYS.strftime("%d-%m-%Y"),
    "day first with comma and time": HOURS.strftime("%d/%m/%Y, %H:%M:%S"),
    "month first, half days": HOURS.strftime("%m/%d/%Y %I:%M:%S %p"),
    "24:00": [f"{d:%Y-%m-%d} {d.hour + 1:02}:00" for d in HOURS],
    "hour only": HOURS.strftime("%Y-%m-%d %H"),
    "day Mon year": DAYS.strftime("%d %b %Y"),
    "day-Mon-yy": DAYS.strftime("%d-%b-%y"),
    "SAS": [f"{d:%d%b%Y}".upper() for d in DAYS],
    "Month day, year": [f"{d:%B} {d.day}, {d.year}" for d in DAYS],
    "weekday": DAYS.strftime("%a, %d %b %Y"),
    "day of German month": [f"{d.day}. {GERMAN[d.month - 1]} {d.year}" for d in DAYS],
    "months": MONTHS.strftime("%Y-%m"),
    "months, slash": MONTHS.strftime("%Y/%m"),
    "months first": MONTHS.strftime("%m/%Y"),
    "months, dash": MONTHS.strftime("%m-%Y"),
    "1990M01": MONTHS.strftime("%YM%m"),
    "1990m1": [f"{m.year}m{m.month}" for m in MONTHS],
    "1990-M01": MONTHS.strftime("%Y-M%m"),
    "1990:01": MONTHS.strftime("%Y:%m"),
    "1990:1 as months": [f"{m.year}:{m.month}" for m in MONTHS],
    "Jan-90": MONTHS.strftime("%b-%y"),
    "Jan 1990": MONTHS.strftime("%b %Y"),
    "January 1990": MONTHS.strftime("%B %Y"),
    "1990-Jan": MONTHS.strftime("%Y-%b"),
    "90-Jan": MONTHS.strftime("%y-%b"),
    "1990Jan": MONTHS.strftime("%Y%b"),
    "JAN1990": [f"{m:%b%Y}".upper() for m in MONTHS],
    "German months": [f"{GERMAN[m.month - 1]} {m.year}" for m in MONTHS],
    "French months": [f"{FRENCH[m.month - 1]} {m.year}" for m in MONTHS],
    "Spanish months": [f"{SPANISH[m.month - 1]} {m.year}" for m in MONTHS],
    "first of month, day first": [f"01/{m.month:02}/{m.year}" for m in MONTHS],
    "first of month, month first": [f"{m.month}/1/{m.year}" for m in MONTHS],
    "end of month": [f"{m.to_timestamp('D', 'end'):%Y-%m-%d}" for m in MONTHS],
    "Q1 1940": [f"Q{q.quarter} {q.year}" for q in QUARTERS],
    "1940Q1": [f"{q.year}Q{q.quarter}" for q in QUARTERS],
    "1940-Q1": [f"{q.year}-Q{q.quarter}" for q in QUARTERS],
    "1940 q1": [f"{q.year} q{q.quarter}" for q in QUARTERS],
    "1940K1": [f"{q.year}K{q.quarter}" for q in QUARTERS],
    "1Q1940": [f"{q.quarter}Q{q.year}" for q in QUARTERS],
    "Q1-40": [f"Q{q.quarter}-{q.year % 100:02}" for q in QUARTERS],
    "1940:1 as quarters": [f"{q.year}:{q.quarter}" for q in QUARTERS],
    "half-years": [f"{1850 + k // 2}H{k % 2 + 1}" for k in range(300)],
    "half-years of Eurostat": [f"{1850 + k // 2}-S{k % 2 + 1}" for k in range(300)],
    "weeks": [
        f"{w.isocalendar().year}-W{w.isocalendar().week:02}"
        for w in pd.date_range("2010-01-04", periods=300, freq="7D")
    ],
    "weeks, short": [
        f"{w.isocalendar().year}W{w.isocalendar().week}" for w in pd.date_range("2010-01-04", periods=300, freq="7D")
    ],
    "German weeks": [
        f"KW {w.isocalendar().week}/{w.isocalendar().year}" for w in pd.date_range("2010-01-04", periods=300, freq="7D")
    ],
    "fiscal years": [f"FY{year}" for year in YEARS],
    "1990/91": [f"{year}/{(year + 1) % 100:02}" for year in YEARS],
    "1990-1991": [f"{year}-{year + 1}" for year in YEARS],
    "time of day": [f"13:{k // 60:02}:{k % 60:02}" for k in range(300)],
    "time of day with dots": [f"18.{k // 60:02}.{k % 60:02}" for k in range(300)],
    "hours and minutes": [f"{k // 60:02}:{k % 60:02}" for k in range(300)],
    "minutes and seconds": [f"{k // 600:02}:{k // 10 % 60:02}.{k % 10}" for k in range(300)],
    "durations": [str(step) for step in pd.to_timedelta(np.arange(300), unit="min")],
    "last business days": pd.date_range("1995-01-01", periods=300, freq="BME").strftime("%Y-%m-%d"),
    "first business days": pd.date_range("1995-01-01", periods=300, freq="BMS").strftime("%d.%m.%Y"),
    "last days of years": [f"{year}-12-31" for year in YEARS],
    "labels": [f"t{k}" for k in range(300)],
}


@pytest.mark.parametrize("style", STYLES)
def test_dates_in_every_style(file, style):
    panel = io.read(file(with_time(STYLES[style])))
    assert panel.names == ("a", "b", "c")
    assert panel.lengths == (300,)
    assert same(panel)
    assert panel.sampling.time == ("when",)
    assert panel.sampling.gaps == 0


@pytest.mark.parametrize("style", STYLES)
def test_dates_in_every_style_newest_first(file, style):
    panel = io.read(file(with_time(STYLES[style], name="date").iloc[::-1]))
    assert same(panel)
    assert noted(panel, "newest first")


@pytest.mark.parametrize(
    ("style", "step", "first"),
    [
        ("iso", "1 day", "2020-01-01"),
        ("dots with time", "1 hour", "2021-02-25"),
        ("iso with seconds", "1 minute", "2021-02-28T22:10:00"),
        ("1990M01", "1 month", "1990-01"),
        ("Jan-90", "1 month", "1990-01"),
        ("end of month", "1 month", "1990-01-31"),
        ("Q1 1940", "1 quarter", "1940-Q1"),
        ("half-years", "6 months", "1850-H1"),
        ("weeks", "7 days", "2010-01-04"),
        ("1990/91", "1 year", "1720"),
        ("last days of years", "1 year", "1720-12-31"),
        ("last business days", "1 month", "1995-01-31"),
        ("time of day", "1 second", "13:00:00"),
    ],
)
def test_sampling_says_step_and_beginning(file, style, step, first):
    sampling = io.read(file(with_time(STYLES[style]))).sampling
    assert (sampling.step, sampling.first) == (step, first)


NUMBERS = {
    "Zeit": np.arange(300) / 2,
    "No": np.arange(1, 301),
    "No.": np.arange(1, 301),
    "Nr": np.arange(1, 301),
    "Sample": np.arange(300),
    "frame": np.arange(300) * 2,
    "step": np.arange(300),
    "elapsed_s": np.arange(300) * 0.25,
    "decimal date": np.round(1958 + (np.arange(300) + 0.5) / 12, 4),
    "datenum": 730486 + np.arange(300),
    "temps": np.arange(300),
    "tiempo": np.arange(300),
    "Jahr": YEARS,
    "año": YEARS,
    "Année": YEARS,
    "日期": np.arange(20200101, 20200101 + 300) % 1000,
    "id": np.arange(300),
    "row": np.arange(300),
    "TimeUTC": np.arange(300),
    "dose": np.arange(300) * 0.1,
    "nobody knows": 5000 + 3 * np.arange(300),
    "": np.arange(300),
    "excel": 43831 + np.arange(300),
    "unix time": 1577836800 + 3600 * np.arange(300),
    "timestamp": (1577836800 + 3600 * np.arange(300)) * 1000,
    "TIMESTAMP_NS": (1577836800 + 3600 * np.arange(300)) * 10**9,
    "yyyymmdd": DAYS.strftime("%Y%m%d").astype(int),
    "Datum": MONTHS.strftime("%Y%m").astype(int),
    "datetime": HOURS.strftime("%Y%m%d%H%M").astype(int),
    "Date": [float(f"{m.year}.{m.month:02}") for m in MONTHS],
    "Quarter": [float(f"{q.year}.{q.quarter}") for q in QUARTERS],
    "year": np.round(
        1990
        + np.array([(m.to_timestamp() - pd.Timestamp(m.year, 1, 1)).days + 15 for m in MONTHS]) / 365
        + np.array([m.year - 1990 for m in MONTHS]),
        4,
    ),
    "datenum of months": [(m.to_timestamp() - pd.Timestamp("1970-01-01")).days + 719529 for m in MONTHS],
    "date of excel months": [(m.to_timestamp() - pd.Timestamp("1970-01-01")).days + 25569 for m in MONTHS],
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_that_count(file, name):
    header = {"datenum of months": "datenum", "date of excel months": "date"}.get(name, name)
    panel = io.read(file(with_time(NUMBERS[name], name=header)))
    assert panel.names == ("a", "b", "c")
    assert same(panel)
    assert noted(panel, "time")
    assert panel.sampling.gaps == 0


def test_an_unknown_name_is_said_with_the_option_that_keeps_the_column(file):
    path = file(with_time(NUMBERS["dose"], name="dose"))
    assert noted(io.read(path), "'dose'", "counts evenly", "--time-column none", "--drop dose")
    assert io.read(path, ReadOptions(time_column="none")).names == ("dose", "a", "b", "c")
    assert io.read(path, ReadOptions(drop="dose")).names == ("a", "b", "c")


def test_an_unknown_name_that_counts_down_is_refused(file):
    path = file(with_time(NUMBERS["dose"][::-1], name="dose"))
    with pytest.raises(DataError, match="counts down") as caught:
        io.read(path)
    assert "--time-column dose" in caught.value.hint
    assert "--time-column none" in caught.value.hint
    assert noted(io.read(path, ReadOptions(time_column="dose")), "newest first")


@pytest.mark.parametrize("name", ["days_before_event", "countdown", "time_remaining", "cycles until failure"])
@pytest.mark.parametrize("turned", [True, False])
def test_time_that_counts_down_to_an_event(file, name, turned):
    frame = with_time(np.arange(300)[::-1], name=name)
    panel = io.read(file(frame.iloc[::-1] if turned else frame))
    assert same(panel)
    assert noted(panel, "counts back", "--time-direction forward")


def test_two_digits_of_the_year_may_come_first(file):
    days = pd.date_range("2021-03-01", periods=300)
    panel = io.read(file(with_time(days.strftime("%y/%m/%d"))))
    assert same(panel)
    assert panel.sampling.first == "2021-03-01"
    assert noted(panel, "year first", "--date-format %d/%m/%y")
    assert same(io.read(file(with_time(days.strftime("%d/%m/%y")))))


def test_an_array_with_a_column_that_counts_is_refused():
    values = with_time(np.arange(300)).to_numpy()
    with pytest.raises(DataError, match="counts evenly") as caught:
        Panel.of(values)
    assert 'time_column="0"' in caught.value.hint
    assert Panel.of(values, time_column="0").names == ("1", "2", "3")
    assert Panel.of(values, time_column="none").names == ("0", "1", "2", "3")


class TestOrder:
    def test_newest_first_in_every_form(self, file):
        frame = chain()
        dated = frame.set_index(DAYS)
        for data in (
            dated.iloc[::-1],
            dated.rename_axis("date").reset_index().iloc[::-1].reset_index(drop=True),
            dated.assign(date=DAYS.astype(str)).reset_index(drop=True).iloc[::-1].reset_index(drop=True),
            frame.assign(time=np.arange(300)).iloc[::-1].reset_index(drop=True),
            frame.set_index(MONTHS).iloc[::-1],
            frame.set_index(pd.to_timedelta(np.arange(300), unit="s")).iloc[::-1],
            frame.set_index(DAYS.tz_localize("Europe/Berlin")).iloc[::-1],
            frame.set_index(DAYS.strftime("%Y-%m-%d")).iloc[::-1],
            frame.set_index(pd.Index(YEARS, name="year")).iloc[::-1],
            [dated.iloc[::-1], dated.iloc[::-1]],
            file(with_time(DAYS).iloc[::-1]),
        ):
            panel = io.read(data) if not isinstance(data, pd.DataFrame | list) else Panel.of(data)
            assert edges(panel) == TRUE
            assert noted(panel, "newest first")

    def test_shuffled_rows_with_equal_steps_are_sorted(self, file):
        frame = chain().set_index(DAYS)
        for data in (frame, frame.drop(DAYS[50:120]), frame.rename_axis("date").reset_index()):
            panel = Panel.of(
                data.sample(frac=1, random_state=0)
                .reset_index(drop="date" in data.columns)
                .set_index("date" if "date" in data.columns else "index")
            )
            assert edges(panel) == TRUE
            assert noted(panel, "sorted")
        for time in (np.arange(300), np.arange(300) * 0.1):
            panel = io.read(file(with_time(time, name="time").sample(frac=1, random_state=1)))
            assert edges(panel) == TRUE
            assert noted(panel, "sorted")

    def test_shuffled_rows_at_unequal_times_are_refused(self, file):
        times = np.cumsum(np.random.default_rng(0).uniform(0.5, 1.5, 300))
        with pytest.raises(DataError, match="no order") as caught:
            io.read(file(with_time(times, name="time").sample(frac=1, random_state=1)))
        assert "--time-column none" in caught.value.hint

    def test_index_that_pandas_numbered_may_be_the_old_order(self):
        frame = chain()
        for wrong in (frame.iloc[::-1], frame.sample(frac=1, random_state=0)):
            with pytest.raises(DataError, match="either the rows or the index") as caught:
                Panel.of(wrong)
            assert 'time_column="index"' in caught.value.hint
            assert 'drop="index"' in caught.value.hint
            assert edges(wrong, time_column="index") == TRUE
        assert edges(frame.iloc[::-1], drop="index") == REVERSED

    def test_rows_left_out_of_a_numbered_frame_are_gaps(self):
        panel = Panel.of(chain().drop(range(50, 120)))
        assert panel.sampling.gaps == 1
        assert edges(panel) == TRUE

    def test_text_index_is_not_dropped_silently(self):
        frame = chain()
        frame.index = [f"{'abcdefghij'[k % 10]}{(k * 7919) % 1009}" for k in range(300)]
        panel = Panel.of(frame)
        assert panel.names == ("a", "b", "c")
        assert noted(panel, "index", "left out", "order")
        assert panel.sampling.left_out == ("index",)
        frame.index = ["x", "y"] * 150
        with pytest.raises(DataError, match="index") as caught:
            Panel.of(frame)
        assert "panel_column=" in caught.value.hint

    def test_levels_of_an_index(self):
        parts = {who: chain(60, seed).set_index(DAYS[:60].rename("day")) for seed, who in enumerate("uvwxy")}
        frame = pd.concat(parts, names=["subject"])
        for data in (frame, frame.swaplevel(), frame.swaplevel().sort_index(), frame.iloc[::-1], frame.sample(frac=1)):
            panel = Panel.of(data)
            assert panel.lengths == (60,) * 5
            assert edges(panel) == TRUE
            assert panel.sampling.realisations == "subject"
            assert panel.sampling.time == ("day",)

    def test_frames_put_together_keep_their_beginnings(self):
        assert Panel.of(pd.concat([chain(60, seed) for seed in range(5)])).lengths == (60,) * 5

    def test_one_subject_newest_first_and_another_not(self):
        one, two = (chain(150, seed).assign(who=seed, time=np.arange(150)) for seed in (1, 2))
        panel = Panel.of(pd.concat([one, two.iloc[::-1]], ignore_index=True), panel_column="who")
        assert edges(panel) == TRUE

    def test_realisations_that_restart_newest_first(self):
        parts = [chain(100, seed).assign(time=np.arange(100)).iloc[::-1] for seed in range(3)]
        panel = Panel.of(pd.concat(parts, ignore_index=True))
        assert panel.lengths == (100,) * 3
        assert np.array_equal(panel.realisations[1], chain(100, 1).to_numpy())


class TestDirection:
    @pytest.mark.parametrize(
        "name",
        [
            "age_ka",
            "age BP",
            "Age (cal yr BP)",
            "kyr BP",
            "Ma",
            "age_Ma",
            "years ago",
            "BP",
            "yr_BP",
            "before present",
            "age (ka)",
            "time (ka BP)",
        ],
    )
    @pytest.mark.parametrize("onward", [True, False])
    def test_ages_are_counted_back(self, file, name, onward):
        ages = np.arange(300) * 0.5
        panel = io.read(file(with_time(ages[::-1], name=name).iloc[:: 1 if onward else -1]))
        assert edges(panel) == TRUE
        assert noted(panel, "back from the present")
        assert panel.sampling.first == "149.5"

    def test_direction_can_be_set(self, file):
        path = file(with_time(np.arange(300), name="age_ka"))
        assert edges(io.read(path)) == REVERSED
        assert edges(io.read(path, ReadOptions(time_direction="forward"))) == TRUE
        assert (
            edges(io.read(file(with_time(np.arange(300), name="time")), ReadOptions(time_direction="backward")))
            == REVERSED
        )

    @pytest.mark.parametrize("name", ["age", "Age (years)", "depth_m", "age_years"])
    def test_an_age_alone_is_asked_about(self, file, name):
        path = file(with_time(np.arange(300)[::-1], name=name))
        with pytest.raises(DataError) as caught:
            io.read(path)
        for way in ("--time-direction forward", "--time-direction backward", "--time-column none"):
            assert way in caught.value.hint
        assert edges(io.read(path, ReadOptions(time_direction="backward"))) == TRUE
        assert edges(io.read(path, ReadOptions(time_direction="forward"))) == REVERSED

    def test_ages_that_are_no_time_are_series(self, file):
        frame = with_time(DAYS, name="date").assign(age=np.random.default_rng(0).integers(20, 60, 300))
        assert io.read(file(frame)).names == ("a", "b", "c", "age")

    def test_direction_without_a_time_is_refused(self, file):
        with pytest.raises(DataError, match="no time column"):
            io.read(file(chain()), ReadOptions(time_direction="backward"))


class TestFormats:
    def test_format_that_fits(self, file):
        path = file(with_time(DAYS.strftime("%d|%m|%Y"), name="x"))
        panel = io.read(path, ReadOptions(date_format="%d|%m|%Y"))
        assert same(panel)
        assert panel.sampling.step == "1 day"

    def test_format_that_does_not_fit_names_the_first_cell(self, file):
        with pytest.raises(DataError, match=r"line 2, column 'when': '2020-01-01'.*%d.%m.%Y"):
            io.read(file(with_time(STYLES["iso"])), ReadOptions(date_format="%d.%m.%Y"))
        with pytest.raises(DataError, match=r"line 14, column 'when': '13/01/2020'"):
            io.read(file(with_time(STYLES["day first, slashes"])), ReadOptions(date_format="%m/%d/%Y"))

    def test_format_without_dates_is_refused(self, file):
        with pytest.raises(DataError, match="no column of dates"):
            io.read(file(chain()), ReadOptions(date_format="%Y"))

    def test_both_orders_possible_with_different_results_are_refused(self, file):
        dates = [f"{d:02}/{m:02}/2020" for d in range(1, 13) for m in range(1, 13)]
        path = file(with_time(np.random.default_rng(0).permutation(dates), steps=144))
        with pytest.raises(DataError, match="both are possible") as caught:
            io.read(path)
        for layout in re.findall(r"--date-format (\S+)", caught.value.hint):
            assert io.read(path, ReadOptions(date_format=layout)).names == ("a", "b", "c")

    def test_both_orders_possible_with_the_same_result_are_said(self, file):
        panel = io.read(file(with_time([f"{k:02}/01/2020" for k in range(1, 13)], steps=12)))
        assert noted(panel, "first", "--date-format")
        assert panel.lengths == (12,)

    def test_odd_cell_is_named(self, file):
        cells = list(STYLES["dots"])
        cells[100] = "2020"
        with pytest.raises(DataError, match=r"line 102, column 'when': '2020'.*01.01.2020"):
            io.read(file(with_time(cells)))

    def test_two_digit_years_cross_the_century(self, file):
        months = pd.period_range("1995-01", periods=300, freq="M")
        assert io.read(file(with_time(months.strftime("%b-%y")))).sampling.first == "1995-01"


class TestParts:
    def test_year_and_quarter(self, file):
        frame = chain()
        frame.insert(0, "quarter", QUARTERS.quarter)
        frame.insert(0, "year", QUARTERS.year)
        panel = io.read(file(frame))
        assert same(panel)
        assert panel.sampling.time == ("year", "quarter")
        assert panel.sampling.step == "1 quarter"
        assert edges(io.read(file(frame.iloc[::-1]))) == TRUE

    @pytest.mark.parametrize(
        "columns",
        [
            {"year": "%Y", "month": "%m"},
            {"Jahr": "%Y", "Monat": "%m"},
            {"yr": "%Y", "mon": "%b"},
            {"YEAR": "%Y", "MO": "%m", "DY": "%d"},
            {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H"},
            {"YY": "%Y", "MM": "%m", "DD": "%d", "hh": "%H", "mm": "%M"},
            {"Date": "%d/%m/%Y", "Time": "%H:%M:%S"},
            {"Datum": "%d.%m.%Y", "Uhrzeit": "%H:%M"},
            {"date": "%Y-%m-%d", "hour": "%H"},
            {"Date": "%d/%m/%Y", "Time": "%H.%M.%S"},
            {"date": "%Y%m%d", "time": "%H%M"},
            {"year": "%Y", "doy": "%j", "hour": "%H"},
            {"year": "%G", "week": "%V"},
        ],
        ids=str,
    )
    def test_parts(self, file, columns):
        layout = "".join(columns.values())
        freq = "min" if "M:" in layout or "%M" in layout else "h" if "%H" in layout else "D" if "%d" in layout else "MS"
        times = pd.date_range("2010-01-04", periods=300, freq="7D" if "%V" in layout else freq)
        frame = chain()
        for column, (name, part) in enumerate(columns.items()):
            frame.insert(column, name, times.strftime(part))
        panel = io.read(file(frame))
        assert panel.sampling.time == tuple(columns)
        assert same(panel)
        if len(columns) == 2 or "year" in columns:
            assert same(io.read(file(frame), ReadOptions(time_column=tuple(columns))))

    def test_every_other_column_of_time_is_left_out(self, file):
        frame = with_time(MONTHS.strftime("%Y-%m-15"), name="date")
        frame.insert(1, "year", MONTHS.year)
        frame.insert(2, "month", MONTHS.month)
        frame.insert(3, "decimal date", np.round(MONTHS.year + (MONTHS.month - 0.5) / 12, 3))
        frame.insert(4, "id", np.arange(300))
        panel = io.read(file(frame))
        assert panel.names == ("a", "b", "c")
        assert set(panel.sampling.left_out) | set(panel.sampling.time) == {
            "date",
            "year",
            "month",
            "decimal date",
            "id",
        }
        assert noted(panel, "decimal date")

    @pytest.mark.parametrize(("name", "period"), [("month", 12), ("hour", 24), ("quarter", 4), ("weekday", 7)])
    def test_a_part_alone_is_a_question_with_an_answer(self, file, name, period):
        path = file(with_time(np.arange(300) % period, name=name))
        with pytest.raises(DataError, match="again and again") as caught:
            io.read(path)
        assert f"--drop {name}" in caught.value.hint
        assert io.read(path, ReadOptions(drop=name)).lengths == (300,)
        assert len(io.read(path, ReadOptions(time_column=name)).lengths) > 10

    def test_parts_that_are_none_are_refused(self, file):
        with pytest.raises(DataError, match="together are no date"):
            io.read(file(with_time(np.random.default_rng(0).normal(size=300))), ReadOptions(time_column=("when", "a")))


class TestCalendars:
    BUSINESS = pd.bdate_range("2019-06-03", periods=300)

    def test_weekends_are_no_gaps(self, file):
        panel = io.read(file(with_time(self.BUSINESS, name="Date")))
        assert same(panel)
        assert panel.sampling.calendar == "business-days"
        assert noted(panel, "Saturdays and Sundays", "--calendar every-day")
        every = io.read(file(with_time(self.BUSINESS, name="Date")), ReadOptions(calendar="every-day"))
        assert every.sampling.gaps == 59
        assert every.sampling.calendar == ""

    def test_holidays_are_gaps(self, file):
        panel = io.read(file(with_time(self.BUSINESS, name="Date").drop([20, 77, 78, 200])))
        assert panel.sampling.gaps == 3
        assert panel.lengths == (299,)
        assert noted(panel, "3 gaps", "holidays")
        assert edges(panel) == TRUE

    def test_other_weekends(self, file):
        days = pd.date_range("2019-06-02", periods=430)
        for week, name in (([0, 1, 2, 3, 6], "Friday"), ([0, 1, 2, 3, 4, 5], "Sunday")):
            panel = io.read(file(with_time(days[days.day_of_week.isin(week)][:300], name="Date")))
            assert same(panel)
            assert noted(panel, name)

    def test_business_days_with_a_weekend_are_refused(self, file):
        with pytest.raises(DataError, match="Saturday"):
            io.read(file(with_time(DAYS)), ReadOptions(calendar="business-days"))

    def test_newest_first(self, file):
        assert same(io.read(file(with_time(self.BUSINESS, name="Date").iloc[::-1])))

    @pytest.mark.parametrize("step", ["5min", "7min", "1h"])
    def test_nights_are_gaps(self, file, step):
        times = pd.DatetimeIndex(
            [
                t
                for day in self.BUSINESS[:60]
                for t in pd.date_range(day + pd.Timedelta("9.5h"), day + pd.Timedelta("16h"), freq=step)
            ]
        )[:300]
        panel = io.read(file(with_time(times, name="date")))
        assert panel.sampling.gaps == len(np.unique(times.date)) - 1
        assert noted(panel, "night")
        assert edges(panel) == TRUE

    def test_hours_of_local_time(self, file):
        local = pd.date_range("2020-10-20", periods=300, freq="h", tz="Europe/Berlin").tz_localize(None)
        assert local.has_duplicates
        assert same(io.read(file(with_time(local, name="date"))))
        assert same(io.read(file(with_time(local, name="date").iloc[::-1])))
        aware = pd.date_range("2020-10-20", periods=300, freq="h", tz="Europe/Berlin")
        assert same(Panel.of(chain().set_index(aware)))

    def test_days_of_local_time(self):
        for start in ("2020-01-01", "2020-08-01"):
            days = pd.date_range(start, periods=300, tz="America/New_York")
            panel = Panel.of(chain().set_index(days))
            assert same(panel)
            assert panel.sampling.step == "1 day"
        assert same(Panel.of(chain().set_index(pd.Index([day.isoformat() for day in days], name="date"))))

    def test_period_indices(self):
        for kind, step in (
            ("M", "1 month"),
            ("Q", "1 quarter"),
            ("Y", "1 year"),
            ("D", "1 day"),
            ("W", "7 days"),
            ("h", "1 hour"),
        ):
            panel = Panel.of(chain().set_index(pd.period_range("1800-01-01", periods=300, freq=kind)))
            assert same(panel)
            assert panel.sampling.step == step


class TestRounding:
    @pytest.mark.parametrize(("rate", "digits"), [(256, 3), (30, 2), (30, 3), (512, 3), (600, 3), (250, 3), (7, 2)])
    @pytest.mark.parametrize("offset", [0.0, 1234.5])
    def test_rounded_times_are_even(self, file, rate, digits, offset):
        panel = io.read(file(with_time(np.round(offset + np.arange(300) / rate, digits), name="time")))
        assert same(panel)
        assert panel.sampling.gaps == 0

    @pytest.mark.parametrize("unit", ["ms", "us"])
    def test_rounded_moments_are_even(self, unit):
        moments = (pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(300) / 256, unit="s")).round(unit)
        assert same(Panel.of(chain().set_index(moments)))

    def test_drift_is_allowed(self, file):
        times = np.round(np.cumsum(1 / 256 * (1 + 0.002 * np.sin(np.arange(300) / 40))), 3)
        assert same(io.read(file(with_time(times, name="time"))))

    def test_gaps_in_rounded_times_are_gaps(self, file):
        frame = with_time(np.round(np.arange(300) / 256, 3), name="time").drop(range(100, 130))
        panel = io.read(file(frame))
        assert panel.sampling.gaps == 1
        assert edges(panel) == TRUE

    @pytest.mark.parametrize("digits", [2, 3, 9])
    def test_jitter_is_irregular(self, file, digits):
        times = np.round(np.arange(300) * 0.1 + np.random.default_rng(0).uniform(-0.03, 0.03, 300), digits)
        with pytest.raises(DataError, match="irregular") as caught:
            io.read(file(with_time(times, name="time")))
        assert re.search(r"--resample [0-9.]+,", caught.value.hint)
        assert "--irregular accept" in caught.value.hint
        assert same(io.read(file(with_time(times, name="time")), ReadOptions(irregular="accept")))
        assert io.read(file(with_time(times, name="time")), ReadOptions(resample="0.1")).names == ("a", "b", "c")

    def test_days_that_alternate_are_irregular(self, file):
        days = pd.date_range("2020-01-06", periods=700)
        with pytest.raises(DataError, match="irregular"):
            io.read(file(with_time(days[days.day_of_week.isin([0, 2, 4])][:300], name="date")))

    def test_a_pause_of_any_length_is_a_gap(self, file):
        times = np.arange(300) * 0.5
        times[140:] += 77.123
        panel = io.read(file(with_time(times, name="time")))
        assert panel.sampling.gaps == 1
        assert panel.lengths == (301,)

    def test_options_work_in_memory(self):
        frame = chain().set_index(pd.Index(np.cumsum(np.random.default_rng(0).uniform(0.8, 1.2, 300)), name="time"))
        with pytest.raises(DataError) as caught:
            Panel.of(frame)
        assert 'irregular="accept"' in caught.value.hint
        assert same(Panel.of(frame, irregular="accept"))
        assert Panel.of(frame, resample=1).sampling.step == "1"


def written(moment, style):
    return {
        "iso": f"{moment:%Y-%m-%d %H:%M:%S}",
        "dots": f"{moment:%d.%m.%Y %H:%M:%S}",
        "day first": f"{moment:%d/%m/%Y %H:%M:%S}",
        "month first": f"{moment:%m/%d/%Y %H:%M:%S}",
        "month first, short": f"{moment:%m/%d/%y %I:%M:%S %p}",
        "names": f"{moment:%d %b %Y %H:%M:%S}",
        "basic": f"{moment:%Y%m%dT%H%M%S}",
    }[style]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.datetimes(min_value=pd.Timestamp("1930-01-01"), max_value=pd.Timestamp("2020-01-01")).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    step=st.sampled_from([1, 10, 60, 900, 3600, 10800, 86400, 7 * 86400]),
    style=st.sampled_from(["iso", "dots", "day first", "month first", "month first, short", "names", "basic"]),
    rows=st.integers(6, 80),
    order=st.sampled_from(["onward", "newest first", "shuffled"]),
    seed=st.integers(0, 9),
)
def test_any_start_step_style_and_order_is_read_or_refused(start, step, style, rows, order, seed):
    frame = chain(rows)
    frame.insert(0, "date", [written(start + timedelta(seconds=k * step), style) for k in range(rows)])
    if order != "onward":
        frame = frame.iloc[::-1] if order == "newest first" else frame.sample(frac=1, random_state=seed)
    try:
        panel = Panel.of(frame.reset_index(drop=True))
    except DataError as refused:
        if "both are possible" not in refused.message:
            raise
        return
    assert np.array_equal(panel.realisations[0], chain(rows).to_numpy())


@pytest.mark.parametrize("rows", [3, 5, 20])
def test_a_few_days_within_one_month_are_days(rows):
    frame = pd.DataFrame(np.random.default_rng(0).random((rows, 2)), index=DAYS[:rows], columns=["a", "b"])
    assert Panel.of(frame).sampling.describe()["step"] == "1 day"
