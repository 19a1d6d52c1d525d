"""Layouts: transposed, long and across tables give the same panel as the wide one, or a question with an answer."""

from __future__ import annotations

import re
import shlex

import click
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import causalkit
from causalkit.cli.options.data import data_options, reading
from causalkit.errors import DataError, WrongUsageError
from tests.wild import TRUE, chain, edges, noted

FRAME = chain()
DAYS = pd.date_range("2020-01-01", periods=len(FRAME))
YEARS = [str(year) for year in range(1960, 2020)]


def subjects(count=8, steps=60):
    """A table of several recordings of the system: subject, time and three series."""
    parts = [chain(steps, seed).assign(subject=seed + 1, time=range(steps)) for seed in range(count)]
    return pd.concat(parts, ignore_index=True)[["subject", "time", "a", "b", "c"]]


def turned(headings, steps=300, **labels):
    """The system with one row a series."""
    frame = FRAME[:steps].T.set_axis(headings, axis=1)
    for position, (name, cells) in enumerate(labels.items()):
        frame.insert(position, name, cells)
    return frame


def long(frame=None, key="variable", **ids):
    return (FRAME if frame is None else frame).assign(**ids).melt(list(ids), var_name=key)


@pytest.fixture
def file(tmp_path):
    def write(data, name="data.csv", **how):
        path = tmp_path / name
        text = data if isinstance(data, str) else data.to_csv(**{"index": False, **how})
        path.write_text(text)
        return path

    return write


def pasted(path, hint):
    """Return the first options in a hint, and the panel that they give."""
    words = re.search(r"add (--[^;]*)", hint)[1]
    given = {}

    @click.command()
    @data_options
    def command(**options):
        given.update(reading(options))

    command.main(shlex.split(words), standalone_mode=False)
    return words, causalkit.read(path, **given)


TRANSPOSED = {
    "genes": turned([f"t{step}" for step in range(300)]).rename_axis("gene"),
    "numbers": turned(range(300)),
    "dates": turned(DAYS.strftime("%Y-%m-%d")).rename_axis("channel"),
    "years": turned(YEARS, 60, **{"Country Code": ["A", "B", "C"], "Indicator": ["x"] * 3}).rename_axis("Country Name"),
    "years of the World Bank": turned([f"{year} [YR{year}]" for year in YEARS], 60).rename_axis("Series Name"),
    "years of R": turned([f"X{year}" for year in YEARS], 60).rename_axis("country"),
    "minutes": turned([f"{5 * step} min" for step in range(300)]).rename_axis("gene"),
    "a number beside names": turned([f"t{step}" for step in range(300)], length=[900, 300, 120]).rename_axis("gene"),
}


@pytest.mark.parametrize("name", TRANSPOSED)
def test_headings_that_are_times_show_that_rows_are_series(file, name):
    panel = causalkit.read(file(TRANSPOSED[name], index=True))
    assert panel.names == ("a", "b", "c")
    assert noted(panel, "--transpose", "--orientation time-series")
    assert edges(panel) == TRUE
    asked = causalkit.read(file(TRANSPOSED[name], index=True), orientation="series-time")
    assert np.array_equal(asked.realisations[0], panel.realisations[0])


def test_transposed_objects_in_memory():
    assert edges(FRAME.T) == TRUE
    assert edges(FRAME.set_index(DAYS).T) == TRUE
    assert edges(FRAME.T, orientation="series-time") == TRUE


def test_times_in_headings_are_the_axis_of_time(file):
    table = turned(DAYS.strftime("%Y-%m-%d")).rename_axis("channel")
    panel = causalkit.read(file(table.drop(columns=["2020-02-01", "2020-02-02"]), index=True))
    assert panel.lengths == (299,)
    assert noted(panel, "missing", "2020-01-31")


ARRAYS = {
    "channels x time": FRAME.to_numpy().T,
    "trials x channels x time": np.stack([chain(64, seed).to_numpy().T for seed in range(20)]),
    "recordings of several lengths": [chain(64 + seed, seed).to_numpy().T for seed in range(8)],
}


@pytest.mark.parametrize("name", list(ARRAYS)[:2])
def test_more_series_than_steps_are_a_question(name):
    with pytest.raises(DataError, match="more series than time steps") as caught:
        causalkit.Panel.of(ARRAYS[name])
    assert 'orientation="series-time"' in caught.value.hint
    assert 'orientation="time-series"' in caught.value.hint
    as_it_is = causalkit.Panel.of(ARRAYS[name], orientation="time-series")
    assert as_it_is.series == ARRAYS[name].shape[-1]


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_are_transposed_on_demand(name):
    assert edges(ARRAYS[name], names=["a", "b", "c"], orientation="series-time") == TRUE


def test_files_of_bare_numbers_are_a_question_too(file, tmp_path):
    np.save(tmp_path / "data.npy", FRAME.to_numpy().T)
    for path in (tmp_path / "data.npy", file(FRAME.T, header=False)):
        with pytest.raises(DataError, match="more series than time steps") as caught:
            causalkit.read(path)
        options, panel = pasted(path, caught.value.hint)
        assert options == "--transpose"
        assert np.array_equal(panel.realisations[0], FRAME.to_numpy())


def test_many_named_series_need_an_axis_of_time(file):
    genes = pd.DataFrame(np.random.default_rng(0).standard_normal((21, 100))).add_prefix("G")
    with pytest.raises(DataError, match="100 columns and 21 rows"):
        causalkit.read(file(genes))
    assert causalkit.read(file(genes), orientation="time-series").series == 100
    assert causalkit.read(file(genes.assign(Time=range(21)))).series == 100
    assert causalkit.Panel.of(genes.to_numpy(), names=list(genes)).series == 100


def test_names_in_rows_are_no_reason_to_drop_them(file):
    table = turned([f"s{step % 7}_{step}" for step in range(300)]).rename_axis("gene")
    with pytest.raises(DataError, match="gene") as caught:
        causalkit.read(file(table, index=True))
    assert "--transpose" in caught.value.hint
    assert "--drop" not in caught.value.hint
    assert edges(causalkit.read(file(table, index=True), orientation="series-time")) == TRUE


def test_a_first_row_of_numbers_is_not_lost_as_headings(file):
    for options in ({}, {"orientation": "series-time"}):
        with pytest.raises(DataError, match="first row may contain measurements"):
            causalkit.read(file(FRAME.T, header=False, index=True), **options)


def test_the_odd_cell_of_a_transposed_table_has_its_place_in_the_file(file):
    table = turned([f"t{step}" for step in range(300)]).rename_axis("gene").astype(object)
    table.iloc[1, 4] = "oops"
    with pytest.raises(DataError, match=r"line 3, column 't4': 'oops'"):
        causalkit.read(file(table, index=True))


def test_names_of_series_in_rows_must_be_unique(file):
    table = turned([f"t{step}" for step in range(300)]).set_axis(["a", "b", "a"]).rename_axis("gene")
    with pytest.raises(DataError, match=r"line 2 and line 4 are both named 'a'"):
        causalkit.read(file(table, index=True))


def test_headings_that_run_backwards_are_sorted(file):
    table = turned(YEARS, 60).rename_axis("country")
    panel = causalkit.read(file(table.iloc[:, ::-1], index=True))
    assert np.array_equal(panel.realisations[0], FRAME[:60].to_numpy())


def test_transposed_recordings_in_a_list():
    assert edges([chain(64, seed).T for seed in range(8)]) == TRUE


def test_many_series_in_rows_are_not_guessed_from_numbers(file):
    genes = pd.DataFrame(np.random.default_rng(0).standard_normal((50, 8))).add_prefix("t")
    path = file(genes.assign(gene=[f"YAL{number:03}" for number in range(50)])[["gene", *genes]])
    with pytest.raises(DataError, match="count like times") as caught:
        causalkit.read(path)
    options, panel = pasted(path, caught.value.hint)
    assert options == "--transpose"
    assert panel.lengths == (8,)


def test_a_number_of_the_row_does_not_show_that_rows_are_time(file):
    values = pd.DataFrame(np.random.default_rng(0).standard_normal((5, 40)))
    for headings in ("t", "x"):
        path = file(values.add_prefix(headings).reset_index(names="id"))
        with pytest.raises(DataError, match="rows may be series|more series than time steps") as caught:
            causalkit.read(path)
        assert "--transpose" in caught.value.hint


def test_columns_named_like_sensors_are_series(file):
    named = FRAME.set_axis(["T1", "T2", "T3"], axis=1)
    assert causalkit.read(file(named)).names == ("T1", "T2", "T3")
    assert causalkit.read(file(named.assign(date=DAYS)[["date", *named]])).names == ("T1", "T2", "T3")


LONG = {
    "numeric": long(FRAME.set_axis([0, 1, 2], axis=1), "roi", t=range(300)),
    "by variable": long(time=range(300)),
    "by ticker and date": long(key="ticker", date=DAYS).rename(columns={"value": "price"}),
    "sorted by time": long(key="sensor_id", t=range(300)).sort_values(["t", "sensor_id"]),
    "with numbers of rows": long(key="station", date=DAYS).reset_index(),
    "with a description": long(key="Entity", Year=range(1000, 1300)).assign(Code=lambda x: x.Entity.str.upper()),
    "stacked": FRAME.stack().reset_index(),
    "without time": FRAME.melt(),
    "the time in two columns": long(key="Area", Year=range(1000, 1300)).assign(**{"Year Code": lambda x: x.Year + 7}),
    "with an index": FRAME.melt(ignore_index=False).reset_index(),
    "year and month": long(year=[1990 + t // 12 for t in range(300)], month=[1 + t % 12 for t in range(300)]),
}


@pytest.mark.parametrize("name", LONG)
def test_long_tables_are_recognised_aloud(file, name):
    panel = causalkit.read(file(LONG[name]))
    assert noted(panel, "--long", "--orientation time-series")
    assert np.array_equal(panel.realisations[0], FRAME.to_numpy())
    wide = dict(zip(panel.names, "abc", strict=True))
    assert {(wide[cause], wide[effect], lag) for cause, effect, lag in edges(panel)} == TRUE


@pytest.mark.parametrize("key", ["channel", "variable"])
@pytest.mark.parametrize("order", [["subject", "time"], ["subject", "channel", "time"], ["time", "channel", "subject"]])
def test_long_tables_of_several_subjects(file, order, key):
    table = subjects().melt(["subject", "time"], var_name="channel").sort_values(order)
    panel = causalkit.read(file(table.rename(columns={"channel": key})))
    assert panel.names == ("a", "b", "c")
    assert panel.lengths == (60,) * 8
    assert edges(panel) == TRUE


def test_long_tables_in_memory():
    assert edges(long(t=range(300))) == TRUE
    assert edges(long(date=DAYS).set_index(["date", "variable"])) == TRUE
    assert edges(FRAME.set_index(DAYS).stack()) == TRUE
    assert edges(subjects().melt(["subject", "time"]).set_index(["subject", "variable", "time"])) == TRUE
    assert edges([chain(64, seed).assign(t=range(64)).melt("t") for seed in range(8)]) == TRUE


def test_epochs_beside_a_time_are_realisations(file):
    table = subjects().rename(columns={"subject": "epoch"}).assign(condition=lambda x: np.where(x.epoch % 2, "u", "v"))
    for data in (table, table.melt(["epoch", "time", "condition"], var_name="channel").assign(ch_type="eeg")):
        panel = causalkit.read(file(data))
        assert panel.lengths == (60,) * 8
        assert edges(panel) == TRUE


def test_a_column_of_flags_is_a_question_with_an_answer(file):
    flags = np.random.default_rng(0).choice(["A", "E"], 900)
    path = file(long(key="Area", Year=range(1000, 1300)).assign(Flag=flags))
    with pytest.raises(DataError, match="looks like a long table") as caught:
        causalkit.read(path)
    options, panel = pasted(path, caught.value.hint)
    assert options == "--long Area value --drop Flag"
    assert edges(panel) == TRUE


def test_a_long_table_in_doubt_is_a_question_with_an_answer(file):
    for key in ("id", "subject"):
        path = file(long(key=key, t=range(300)))
        with pytest.raises(DataError, match="looks like a long table") as caught:
            causalkit.read(path)
        options, panel = pasted(path, caught.value.hint)
        assert options == f"--long {key} value"
        assert edges(panel) == TRUE
        assert f"--panel-column {key}" in caught.value.hint


def test_two_keys_without_a_usual_name(file):
    path = file(subjects().rename(columns={"subject": "who"}).melt(["who", "time"], var_name="what"))
    with pytest.raises(DataError, match="looks like a long table") as caught:
        causalkit.read(path)
    options, panel = pasted(path, caught.value.hint)
    assert options == "--long what value --panel-column who"
    assert edges(panel) == TRUE


def test_several_columns_of_values(file):
    table = long(key="ticker", date=DAYS).rename(columns={"value": "close"})
    table["open"] = table.close + np.random.default_rng(0).standard_normal(len(table))
    path = file(table)
    with pytest.raises(DataError, match="ticker") as caught:
        causalkit.read(path)
    options, panel = pasted(path, caught.value.hint)
    assert options == "--long ticker close --drop open"
    assert edges(panel) == TRUE
    with pytest.raises(DataError) as caught:
        causalkit.Panel.of(table.rename(columns={"ticker": "firm"}))
    assert caught.value.hint.endswith('add long=("firm", "close"), drop="open"')
    assert 'panel_column="firm"' in caught.value.hint
    assert edges(causalkit.read(path, long=("ticker", "close"), drop="open")) == TRUE
    with pytest.raises(DataError, match="'open'") as caught:
        causalkit.read(path, long=("ticker", "close"))
    assert "--drop open" in caught.value.hint


def test_missing_combinations_are_missing_cells(file):
    panel = causalkit.read(file(long(t=range(300)).drop([0, 3, 340])))
    assert panel.names == ("a", "b", "c")
    assert [tuple(place) for place in np.argwhere(np.isnan(panel.realisations[0]))] == [(0, 0), (3, 0), (40, 1)]


def test_a_value_that_occurs_twice_names_both_rows(file):
    table = long(t=range(300))
    path = file(pd.concat([table, table.iloc[[5]]]))
    for options in ({}, {"long": ("variable", "value")}):
        with pytest.raises(DataError, match=r"line 7 and line 902 .* 'a'"):
            causalkit.read(path, **options)


def test_the_odd_cell_of_a_long_table_has_its_place_in_the_file(file):
    table = long(t=range(300)).astype(object)
    table.iloc[310, 2] = "x1"
    with pytest.raises(DataError, match=r"line 312, column 'value': 'x1'"):
        causalkit.read(file(table))


def test_columns_that_long_names_must_exist(file):
    with pytest.raises(DataError, match=r"no column 'variabel'.*--long") as caught:
        causalkit.read(file(long(t=range(300))), long=("variabel", "value"))
    assert "variable" in caught.value.hint


def test_series_of_a_long_table_can_be_left_out(file):
    panel = causalkit.read(file(long(t=range(300))), drop="c")
    assert panel.names == ("a", "b")


PANELS = {
    "in blocks": subjects(),
    "interleaved": subjects().sort_values(["time", "subject"]),
    "without time": subjects().drop(columns="time"),
    "text": subjects().assign(subject=lambda x: "sub-" + x.subject.astype(str)),
    "text without time": subjects().assign(subject=lambda x: "sub-" + x.subject.astype(str)).drop(columns="time"),
    "of no usual name": subjects().rename(columns={"subject": "who"}),
    "trials of sessions": subjects().assign(session=lambda x: x.subject // 5, trial=lambda x: x.subject % 4),
}


@pytest.mark.parametrize("name", PANELS)
def test_identifiers_of_realisations_are_no_series(file, name):
    table = PANELS[name]
    if name == "trials of sessions":
        table = table.drop(columns="subject")
    panel = causalkit.read(file(table))
    assert panel.names == ("a", "b", "c")
    assert panel.lengths == (60,) * 8
    assert noted(panel, "--panel-column", "realisations")
    assert edges(panel) == TRUE


@pytest.mark.parametrize("text", [False, True])
def test_an_identifier_in_doubt_is_a_question_with_an_answer(file, text):
    table = subjects().drop(columns="time").rename(columns={"subject": "who"})
    path = file(table.assign(who="s" + table.who.astype(str)) if text else table)
    with pytest.raises(DataError, match="'who'") as caught:
        causalkit.read(path)
    options, panel = pasted(path, caught.value.hint)
    assert options == "--panel-column who"
    assert panel.lengths == (60,) * 8


def test_runs_that_begin_again_with_every_subject_identify_with_it(file):
    parts = [chain(60, seed).assign(subject=seed // 2, run=seed % 2) for seed in range(6)]
    panel = causalkit.read(file(pd.concat(parts)[["subject", "run", "a", "b", "c"]]))
    assert (panel.names, panel.lengths) == (("a", "b", "c"), (60,) * 6)
    assert noted(panel, "'subject' and 'run' identify the realisations")


def test_no_identifier_on_demand(file):
    path = file(subjects().drop(columns="time").rename(columns={"subject": "dose"}))
    assert causalkit.read(path, panel_column="none").names == ("dose", "a", "b", "c")


def test_a_series_in_steps_is_no_identifier(file):
    rate = np.repeat([0.25, 0.5, 0.75, 1.0], 75)
    assert causalkit.read(file(FRAME.assign(rate=rate))).names == ("a", "b", "c", "rate")
    rate = np.repeat([4, 5, 3, 7], [50, 80, 100, 70])
    assert causalkit.read(file(FRAME.assign(rate=rate))).names == ("a", "b", "c", "rate")


def test_a_series_that_repeats_is_no_identifier(file):
    turns = FRAME.assign(time=range(300), phase=np.arange(300) * 2 % 5)
    assert causalkit.read(file(turns)).names == ("a", "b", "c", "phase")
    assert causalkit.read(file(turns.drop(columns="time"))).names == ("a", "b", "c", "phase")


def test_descriptions_of_subjects_are_no_series(file):
    table = subjects().assign(age=lambda x: 20 + 3 * x.subject, group=lambda x: x.subject % 2)
    path = file(table.assign(sex=np.where(table.subject % 2, "m", "f")))
    with pytest.raises(DataError, match="'age' and 'group' are constant within each of 8 realisations") as caught:
        causalkit.read(path)
    assert "--drop age --drop group" in caught.value.hint
    panel = causalkit.read(path, drop=("age", "group"))
    assert panel.names == ("a", "b", "c")
    assert noted(panel, "'sex'", "left out")


def test_descriptions_in_files_of_one_subject_each(file):
    paths = [file(chain(60, seed).assign(age=seed), f"{seed}.csv") for seed in (20, 30)]
    with pytest.raises(DataError, match="'age' is constant within each of 2 realisations"):
        causalkit.read(paths)


def test_a_series_that_rests_in_one_realisation_is_a_series(file):
    table = subjects(2)
    table.loc[table.subject == 1, "c"] = 0
    assert causalkit.read(file(table)).names == ("a", "b", "c")


def test_a_text_that_is_the_same_in_every_row_is_left_out(file):
    panel = causalkit.read(file(FRAME.assign(station="Lincoln", date=DAYS)))
    assert panel.names == ("a", "b", "c")
    assert noted(panel, "'station'", "left out")


def test_an_hour_of_the_day_is_no_identifier(file):
    table = FRAME[:288].assign(hour=[t % 24 for t in range(288)], dayofyear=[1 + t // 24 for t in range(288)])
    with pytest.raises(DataError):
        causalkit.read(file(table), time_column="hour")


def across(series, rows, headings, period, label):
    frame = pd.DataFrame(np.asarray(series)[: rows * len(headings)].reshape(rows, -1), columns=headings)
    frame.insert(0, period, label)
    return frame


MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
CYCLES = {
    "months": (25, MONTHS, "YEAR", range(1950, 1975)),
    "full names": (
        25,
        list(pd.date_range("2000-01-01", periods=12, freq="MS").month_name()),
        "Year",
        range(1950, 1975),
    ),
    "quarters": (75, ["Q1", "Q2", "Q3", "Q4"], "year", range(1900, 1975)),
    "hours": (12, [f"H{hour:02}" for hour in range(1, 25)], "date", DAYS[:12].strftime("%Y-%m-%d")),
    "clock": (12, [f"{hour}:00" for hour in range(24)], "date", DAYS[:12].strftime("%Y-%m-%d")),
    "half hours": (6, [f"{m // 60:02}:{m % 60:02}" for m in range(0, 1440, 30)], "day", range(1, 7)),
    "weekdays": (42, ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], "week", range(1, 43)),
}


@pytest.mark.parametrize("name", CYCLES)
def test_time_that_runs_across_the_rows(file, name):
    rows, headings, period, label = CYCLES[name]
    steps = rows * len(headings)
    tables = [across(FRAME[column], rows, headings, period, label) for column in "abc"]
    panel = causalkit.read(file(tables[0]))
    assert panel.realisations[0].ravel().tolist() == FRAME.a[:steps].tolist()
    assert noted(panel, "--orientation across", "--orientation time-series")
    several = pd.concat([table.assign(station=column) for column, table in zip("abc", tables, strict=True)])
    panel = causalkit.read(file(several))
    assert panel.names == ("a", "b", "c")
    assert np.array_equal(panel.realisations[0], FRAME[:steps].to_numpy())
    if steps > 250:
        assert edges(panel) == TRUE


def test_one_series_across_the_rows_needs_others(file):
    path = file(across(FRAME.a, *CYCLES["months"]))
    with pytest.raises(DataError, match="only 1 series") as caught:
        edges(path)
    assert "join it with others" in caught.value.hint
    assert causalkit.read(path, orientation="time-series").series == 12


def test_columns_that_summarise_a_year_are_left_out_aloud(file):
    table = across(FRAME.a, *CYCLES["months"])
    panel = causalkit.read(file(table.assign(**{"J-D": 1.5, "DJF": 2.5, "Annual": 3.5})))
    assert panel.names == ("value",)
    assert noted(panel, "'J-D', 'DJF' and 'Annual'")


def test_a_year_that_is_missing_is_a_gap(file):
    panel = causalkit.read(file(across(FRAME.a, *CYCLES["months"]).drop(index=3)))
    assert np.isnan(panel.realisations[0]).any()
    assert noted(panel, "missing", "1952-12")


@pytest.mark.parametrize("headings", [True, False])
def test_numbers_of_months_are_a_question(file, headings):
    table = across(FRAME.a, 25, range(1, 13), "year", range(1950, 1975))
    path = file(table, header=headings)
    with pytest.raises(DataError, match="months") as caught:
        causalkit.read(path)
    options, panel = pasted(path, caught.value.hint)
    assert options == "--orientation across"
    assert panel.realisations[0].ravel().tolist() == FRAME.a.tolist()


def test_months_in_rows_and_years_in_columns_are_one_series(file):
    table = pd.DataFrame(np.arange(120).reshape(10, 12).T, columns=range(2001, 2011))
    months = pd.date_range("2000-01-01", periods=12, freq="MS").month_name()
    panel = causalkit.read(file(table.assign(Month=months)[["Month", *table]]))
    assert panel.realisations[0].ravel().tolist() == list(range(120))
    with pytest.raises(DataError, match="one series"):
        causalkit.read(file(table.assign(Month=range(1, 13))[["Month", *table]]))


def test_layouts_that_contradict_each_other(file):
    with pytest.raises(WrongUsageError, match="orientation"):
        causalkit.read(file(long(t=range(300))), long=("variable", "value"), orientation="series-time")


def test_an_option_that_does_not_fit_is_refused(file):
    with pytest.raises(DataError, match="not the months"):
        causalkit.read(file(FRAME), orientation="across")


@st.composite
def recordings(draw):
    """Random numbers with names of series and of subjects, as a list of (T, P) arrays."""
    letters = st.text("abcdefgh", min_size=1, max_size=4)
    names = draw(st.lists(letters, min_size=2, max_size=5, unique=True))
    count = draw(st.integers(1, 4))
    lengths = [draw(st.integers(8, 14)) for _ in range(count)]
    values = np.random.default_rng(draw(st.integers(0, 1000))).standard_normal((max(lengths), len(names), count))
    return names, [values[:length, :, number].round(4) for number, length in enumerate(lengths)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    recordings(),
    st.sampled_from(["wide", "long", "transposed"]),
    st.sampled_from(["number", "date"]),
    st.booleans(),
    st.booleans(),
)
def test_round_trips_come_back_equal_or_are_refused(tmp_path, recorded, style, clock, shuffled, asked):
    names, values = recorded
    starts = [pd.DataFrame(part, columns=names) for part in values]
    times = [range(len(part)) if clock == "number" else DAYS[: len(part)].strftime("%Y-%m-%d") for part in values]
    parts = [p.assign(time=t, subject=n) for n, (p, t) in enumerate(zip(starts, times, strict=True), start=1)]
    table = pd.concat(parts, ignore_index=True)
    options = {}
    if style == "transposed":
        table = parts[0].drop(columns=["time", "subject"]).T.set_axis(list(times[0]), axis=1)
        table = table.rename_axis("name").reset_index()
        values, options = values[:1], {"orientation": "series-time"} if asked else {}
    elif style == "long":
        table = table.melt(["subject", "time"], var_name="channel")
        table = table.sample(frac=1, random_state=1) if shuffled else table
        options = {"long": ("channel", "value"), "panel_column": "subject"} if asked else {}
    elif asked:
        options = {"panel_column": "subject"}
    if len(values) == 1 and "subject" in table:
        table = table.drop(columns="subject")
        options.pop("panel_column", None)
    path = tmp_path / "data.csv"
    table.to_csv(path, index=False)
    try:
        panel = causalkit.read(path, **options)
    except DataError:
        assert not asked or min(map(len, values)) < len(names)
        return
    assert sorted(panel.names) == sorted(names)
    order = [panel.names.index(name) for name in names]
    found = sorted((part[:, order].tolist() for part in panel), key=str)
    assert found == sorted((part.tolist() for part in values), key=str)
