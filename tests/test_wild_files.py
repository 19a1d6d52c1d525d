"""Tables as programs and offices export them: each is read with the edges that are in it, or refused with a way out."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from causalkit.cli.main import cli
from causalkit.errors import DataError
from causalkit.health.values import codes_of
from causalkit.io import read
from causalkit.io.options import ReadOptions
from tests.wild import TRUE, chain, edges

MONTHS = pd.period_range("1990-01", periods=300, freq="M")
DAYS = pd.date_range("2019-03-05", periods=300, freq="D")
HOURS = pd.date_range("2021-06-05 08:00", periods=300, freq="h")


@pytest.fixture
def write(tmp_path):
    def to_file(*lines, name="data.csv"):
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n")
        return path

    return to_file


def rows(times=None, form="{:.3f}".format, between=",", steps=300):
    """Return the lines of the chain, each with its time in front."""
    cells = [[form(value) for value in row] for row in chain(steps).to_numpy()]
    return [between.join(row if times is None else [str(times[n]), *row]) for n, row in enumerate(cells)]


REMARKS = {
    "abs": [
        ",a,b,c",
        "Unit,Percent,Percent,Percent",
        "Collection Month,1,1,1",
        "Series Start,Jan-1990,Jan-1990,Jan-1990",
        "Series End,Dec-2014,Dec-2014,Dec-2014",
        "No. Obs,300,300,300",
        "Series ID,A1,A2,A3",
    ],
    "ons": [
        '"Title","a","b","c"',
        '"CDID","X","Y","Z"',
        '"PreUnit","","",""',
        '"Release Date","12-02-2024","12-02-2024","12-02-2024"',
    ],
    "fred-md": ["sasdate,a,b,c", "Transform:,5,5,2"],
}


@pytest.mark.parametrize("top", REMARKS.values(), ids=REMARKS)
def test_remarks_between_the_names_and_the_first_date_are_left_out(write, top):
    panel = read(write(*top, *rows([month.strftime("%b-%Y") for month in MONTHS])))
    assert panel.names == ("a", "b", "c")
    assert panel.steps == 300
    assert edges(panel) == TRUE
    assert any("remarks between the names and the first date" in note for note in panel.notes)


def test_a_row_of_names_above_rows_of_names_is_no_remark(write):
    times = ",".join(f"{hour}h" for hour in range(0, 80, 2))
    lines = [f"{name}," + ",".join(f"{value:.3f}" for value in chain(40)["a"]) for name in ("ctrl", "g1", "g2")]
    assert read(write(f"gene,{times}", *lines)).names == ("ctrl", "g1", "g2")


def test_units_behind_numbers(write):
    panel = read(write("time,a,b,c", *rows(HOURS, "{:.4f} ms".format)))
    assert edges(panel) == TRUE
    assert any("'ms' was left out of the numbers in 'a', 'b' and 'c'" in note for note in panel.notes)


def test_numbers_with_different_units_are_refused(write):
    lines = rows(form="{:.2f} k".format)
    lines[5] = lines[5].replace("k", "M")
    with pytest.raises(DataError, match="not a number|text"):
        read(write("a,b,c", *lines))


def test_brackets_of_bookkeeping_are_negative(write):
    path = write("date,a,b,c", *rows(DAYS, lambda value: f"({-value:.2f})" if value < 0 else f"{value:.2f}"))
    assert edges(read(path)) == TRUE
    assert np.allclose(read(path).realisations[0], chain().round(2))


def test_brackets_beside_a_minus_are_a_question(write):
    lines = rows(form=lambda value: f"{value:.2f}")
    for at in range(3, 40, 5):
        lines[at] = "(0.11),(0.22),(0.33)"
    with pytest.raises(DataError, match="is not a number"):
        read(write("a,b,c", *lines))


def test_a_long_table_without_names(write):
    lines = [
        f"US1,{day:%Y%m%d},{name},{value * 100:.0f},W"
        for day, row in zip(DAYS, chain().to_numpy(), strict=True)
        for name, value in zip("abc", row, strict=True)
    ]
    assert edges(read(write(*lines), ReadOptions(long=("2", "3"), drop=("1",)))) == TRUE
    with pytest.raises(DataError):  # and never with the first measurements as names
        read(write(*lines))


def test_a_second_table_below_is_named(write):
    with pytest.raises(DataError, match="line 303 has text in every column, such as 'x'"):
        read(write("a,b,c", *rows(), "", "x,y,z", "1,2,3", "4,5,6"))


@pytest.mark.parametrize(
    "lines",
    [
        rows(form=lambda value: f"{value:.2f}".replace(".", ",")),
        rows(range(300), lambda value: f"{value:.1f}".replace(".", ",")),
    ],
)
def test_decimal_commas_between_commas_are_a_question(write, lines):
    path = write(*lines)
    with pytest.raises(DataError, match="can be one number with a decimal comma, or two numbers") as error:
        read(path)
    assert "--decimal ." in str(error.value.hint)
    assert read(path, ReadOptions(decimal=".")).series == 6


def test_whole_numbers_without_names_are_read(write):
    draws = np.random.default_rng(0).integers(-99, 99, (100, 4))
    assert read(write(*(",".join(map(str, row)) for row in draws))).series == 4


@pytest.mark.parametrize("name", ["<DATE>", "DATE"])
def test_a_date_and_a_clock_as_whole_numbers(write, name):
    moments = pd.date_range("2021-06-05 23:30", periods=300, freq="min")
    panel = read(
        write(f"{name},{name.replace('DATE', 'TIME')},a,b,c", *rows([f"{moment:%Y%m%d,%H%M%S}" for moment in moments]))
    )
    assert edges(panel) == TRUE
    assert panel.sampling is not None
    assert panel.sampling.gaps == 0
    midnight = read(write("<DATE>,<TIME>,a,b,c", *rows([f"{day:%Y%m%d},000000" for day in DAYS])))
    assert midnight.names == ("a", "b", "c")


def test_a_clock_with_single_digits(write):
    moments = [f"{t.day}.{t.month}.{t.year},{t.hour}:{t.minute}:{t.second}.5" for t in HOURS]
    assert edges(read(write("Date,Time,a,b,c", *rows(moments)))) == TRUE


def test_years_and_months_without_names(write):
    panel = read(write(*rows([f"{month.year} {month.month}" for month in MONTHS], between=" "), name="data.txt"))
    assert panel.names == ("2", "3", "4")
    assert panel.sampling is not None
    assert panel.sampling.time == ("0", "1")


def test_overlapping_seasons_are_months(write):
    seasons = ["DJF", "JFM", "FMA", "MAM", "AMJ", "MJJ", "JJA", "JAS", "ASO", "SON", "OND", "NDJ"]
    times = [f"{seasons[month.month - 1]} {month.year}" for month in MONTHS]
    assert edges(read(write("SEAS YR a b c", *rows(times, between=" "), name="data.txt"))) == TRUE


def test_rows_of_totals_between_months(write):
    lines = []
    for n, line in enumerate(rows([f"{month.year},{month.month}" for month in MONTHS])):
        lines += [line, *([f"{MONTHS[n].year},Total,55,66,77"] if n % 12 == 11 else [])]
    panel = read(write("Year,Month,a,b,c", *lines))
    assert panel.steps == 300
    assert edges(panel) == TRUE
    assert any("25 rows with 'Total'" in note for note in panel.notes)


@pytest.mark.parametrize("visit", ["{}", "V{}"])
def test_visits_of_patients(write, visit):
    many = [(p, v, chain(15, p).iloc[v]) for p in range(30) for v in range(15)]
    if visit == "{}":
        path = write(
            "id,wave,a,b,c", *(f"{100 + p},{v + 1}," + ",".join(f"{x:.3f}" for x in row) for p, v, row in many)
        )
    else:
        path = write(
            "patient_id,visit,variable,value",
            *(f"P{p},V{v + 1},{name},{row[name]:.3f}" for p, v, row in many for name in "abc"),
        )
    assert len(read(path).realisations) == 30
    assert edges(read(path)) == TRUE


def test_tag_is_a_sensor_beside_dates(write):
    lines = [f"{n};{t:%d-%b-%y %H:%M:%S};{x:.4f};Good" for n in "abc" for t, x in zip(HOURS, chain()[n], strict=True)]
    assert edges(read(write("Tag;Time;Value;Status", *lines))) == TRUE


def test_a_date_that_is_the_same_in_every_row_is_not_time(write):
    panel = read(write("LAST UPDATE,TIME_PERIOD,a,b,c", *rows([f"01/02/2024 11:00,{month}" for month in MONTHS])))
    assert panel.names == ("a", "b", "c")
    assert edges(panel) == TRUE


def test_a_counter_that_begins_again_beside_dates_is_no_series(write):
    panel = read(write("Sample Index,date,a,b,c", *rows([f"{n % 256},{day:%Y-%m-%d}" for n, day in enumerate(DAYS)])))
    assert panel.names == ("a", "b", "c")


def test_remarks_to_the_right_of_years(write):
    years = ",".join(str(1800 + n) for n in range(200))
    lines = [f"Chad,{name}," + ",".join(f"{x:.3f}" for x in chain(200)[name]) + ",2020" for name in "abc"]
    panel = read(write(f"Country,Subject,{years},Estimates Start After", *lines))
    assert panel.steps == 200
    assert edges(panel) == TRUE


def test_flags_of_eurostat(write):
    def cell(n, value, name):
        if n < 3 or (n == 50 and name == "b"):
            return ": c" if n == 1 else ": "
        return f"{value:.2f} " + ("p" if n > 290 else "b" if n == 100 and name == "a" else "")

    corner = "freq,unit,geo\\TIME_PERIOD"
    lines = ["\t".join([f"M,PC,{name}", *(cell(n, x, name) for n, x in enumerate(chain()[name]))]) for name in "abc"]
    panel = read(write("\t".join([corner, *(f"{month} " for month in MONTHS)]), *lines, name="data.tsv"))
    assert edges(panel) == {(f"M,PC,{cause}", f"M,PC,{effect}", lag) for cause, effect, lag in TRUE}
    assert any("31 flags of Eurostat were left out: 'b', 'c' and 'p'" in note for note in panel.notes), panel.notes


def test_dates_above_names_in_the_first_column(write):
    lines = [f"{name}," + ",".join(f"{x:.3f}" for x in chain()[name]) for name in "abc"]
    assert edges(read(write("," + ",".join(f"{day:%Y-%m-%d}" for day in DAYS), *lines))) == TRUE


def test_a_row_a_subject_is_a_note(write):
    names = ",".join(f"{name}_{wave}" for name in "abc" for wave in (1, 2, 3, 4))
    lines = [f"{p}," + ",".join(f"{x:.3f}" for x in chain(4, p).T.to_numpy().ravel()) for p in range(100)]
    assert any("pandas.wide_to_long" in note for note in read(write(f"id,{names}", *lines)).notes)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_how_a_table_was_read_is_said_before_an_error_on_it(write, options):
    lines = [f"{1950 + n // 12},{','.join(['1.5', '2.5'] * 6)}" for n in range(0, 240, 12)]
    path = write("YEAR,JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC", *lines)
    result = CliRunner().invoke(cli, ["discover", str(path), "-m", "var", "--lag", "1", *options])
    assert result.exit_code
    assert "note     time runs across the rows" in result.stderr
    assert "only 1 series" in str(result.exception)


def test_a_code_far_away_is_named_among_rounded_values():
    values = np.round(np.random.default_rng(0).uniform(1, 3, 480), 1)
    assert codes_of(values) == []
    values[::80] = -200
    assert codes_of(values) == [-200]


def test_widths_of_columns_below_the_names(write):
    top = ["# USGS", "agency_cd\tdatetime\ta\ta_cd\tb\tc", "5s\t20d\t14n\t10s\t14n\t14n"]
    lines = rows([f"USGS\t{hour:%Y-%m-%d %H:%M}" for hour in HOURS], between="\t")
    lines = ["\t".join([*line.split("\t")[:3], "A", *line.split("\t")[3:]]) for line in lines]
    assert edges(read(write(*top, *lines, name="data.txt"))) == TRUE


def test_a_minus_behind_the_number(write):
    panel = read(write("a,b,c", *rows(form=lambda value: f"{-value:.2f}-" if value < 0 else f"{value:.2f}")))
    assert np.allclose(panel.realisations[0], chain().round(2))
    assert any("were taken as negative" in note for note in panel.notes)


def test_text_in_a_transposed_table_is_no_fault_of_the_program(write):
    lines = [f"r{n},{line}" for n, line in enumerate(rows(steps=40))]
    lines[5] = "r5,1.5,2.5,n/e"
    with pytest.raises(DataError, match="'n/e'"):
        read(write("name,a,b,c", *lines), ReadOptions(orientation="series-time"))


@pytest.mark.parametrize("name", ["hr", "Anfang"])
def test_a_date_and_its_hour_beside_numbers_of_years_and_months(write, name):
    times = [f"{t:%Y-%m-%d},0,{t.month},{t.hour if name == 'hr' else f'{t:%H:%M}'}" for t in HOURS]
    assert edges(read(write(f"dteday,yr,mnth,{name},a,b,c", *rows(times)), ReadOptions(drop=("yr",)))) == TRUE


@pytest.mark.parametrize(("form", "length"), [("%d.%m.%Y %H:%M", "1h"), ("%Y-%m-%d", "6D")])
def test_a_period_is_taken_at_its_beginning(write, form, length):
    times = pd.date_range("2021-06-05 08:00", periods=300, freq="1h" if length == "1h" else "7D")
    panel = read(write("period,a,b,c", *rows([f"{t:{form}} - {t + pd.Timedelta(length):{form}}" for t in times])))
    assert edges(panel) == TRUE
    assert panel.sampling is not None
    assert panel.sampling.time == ("period",)
    assert panel.sampling.gaps == 0


@pytest.mark.parametrize("start", [0, 1622880000])
def test_the_usual_step_can_be_pasted(write, start):
    jitter = np.random.default_rng(0).uniform(-0.02, 0.02, 300)
    path = write("timestamp,a,b,c", *rows([f"{start + n + jitter[n]:.3f}" for n in range(300)]))
    with pytest.raises(DataError) as error:
        read(path)
    step = re.search(r"--resample (\S+), take", str(error.value.hint))
    assert step is not None
    assert 298 <= sum(read(path, ReadOptions(resample=step[1])).lengths) <= 301
