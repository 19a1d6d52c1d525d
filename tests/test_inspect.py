"""``causalkit inspect``: what a user sees of data before a method learns from them."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import causalkit
from causalkit.cli.inspect import commands_for, together
from causalkit.cli.main import cli
from causalkit.core.sampling import Sampling
from causalkit.display.formats import MISSING
from causalkit.display.health import page
from causalkit.health import Finding, Health, SeriesHealth
from tests.wild import TRUE, chain


@pytest.fixture
def shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(cli, list(words), catch_exceptions=False)


def series(name="a", **fields):
    return SeriesHealth(
        **{"name": name, "missing": 0, "mean": 0, "deviation": 1, "smallest": -2, "largest": 2, "kind": "continuous"}
        | fields
    )


def health(*parts, **fields):
    parts = parts or (series("a"), series("b"))
    given = {"source": "data.csv", "sampling": None, "lengths": (100,), "series": parts, "windows": {1: (99, 99)}}
    return Health(**given | fields)


def season():
    return Finding("season", "season of period 12 in a, b", ("a", "b"), options=("--detrend seasonal:12",))


# The page


def test_the_page_says_what_was_taken_as_time_and_realisation():
    sampling = Sampling(
        time=("day", "hour"),
        first="2020-01-01",
        last="2020-04-30",
        step="1 day",
        calendar="business-days",
        gaps=2,
        realisations="mouse",
        left_out=("id",),
    )
    text = str(health(sampling=sampling, lengths=(40, 60)))
    for words in (
        "data.csv: 2 series, 2 realisations of 40 to 60 steps, no missing cell",
        "columns 'day' and 'hour', 2020-01-01 to 2020-04-30",
        "1 day, business days: Monday follows Friday",
        "2 of 40 to 60 steps, by mouse",
        "rows are missing at 2 places",
        "left out      id",
    ):
        assert words in text


def test_restarts_of_time_are_named():
    assert "begins where time restarts" in str(health(sampling=Sampling(realisations="restarts"), lengths=(40, 60)))


def test_windows_of_every_lag_and_of_the_effect_with_the_fewest():
    text = str(health(windows={1: (99, 99), 5: (95, 40)}))
    assert [line.split() for line in text.splitlines() if line.startswith(("lag ", "windows ", "fewest "))] == [
        ["lag", "1", "5"],
        ["windows", "99", "95"],
        ["fewest", "99", "40"],
    ]
    assert "fewest" not in str(health(windows={1: (99, 99)}))
    assert "no lag leaves a complete window" in str(health(windows={}))


def test_the_table_has_what_concerns_these_series_only():
    plain = str(health())
    assert "season:" not in plain
    assert "outliers" not in plain
    assert "kind" not in plain
    full = str(health(series("a", period=12, outliers=3, missing=7, trend=0.5), series("b", kind="constant", trend=0)))
    table = full.partition("\n\nseries ")[2].splitlines()
    head, a, b = (line.split() for line in table[:3])
    assert head == ["kind", "missing", "smallest", "largest", "trend", "season", "outliers"]
    assert a == ["a", "continuous", "7", "-2", "2", "50%", "12", "3"]
    assert b == ["b", "constant", "0", "-2", "2", MISSING, MISSING, MISSING]


def test_a_series_that_was_not_examined_has_no_trend():
    text = str(health(series("a"), series("b", persistence=0.3)))
    assert [line.split()[-1] for line in text.splitlines() if line[:2] in ("a ", "b ")] == [MISSING, "0%"]


def test_a_unit_root_is_what_the_findings_say():
    found = Finding("unit-root", "a wanders", ("a",))
    text = str(health(series("a", adf=0.5), series("b", adf=0.001), series("c", adf=0.2), findings=(found,)))
    assert [line.split()[-1] for line in text.splitlines() if line[:2] in ("a ", "b ", "c ")] == [
        "yes",
        "no",
        "unclear",
    ]


def test_of_many_series_those_with_findings_are_listed():
    many = [series(f"g{number}") for number in range(1000)]
    found = Finding("outliers", "outliers in g700, g900", ("g700", "g900"))
    text = str(health(*many, findings=(found,)))
    listed = [line.split()[0] for line in text.splitlines() if line.startswith("g")]
    assert len(listed) == 20
    assert listed[-2:] == ["g700", "g900"]
    assert "and 980 more series, without findings" in text
    assert "and 999 more series, 1 of them with findings" in health(*many, findings=(found,)).summary(top=1)


@pytest.mark.parametrize("name", ["x" * 300, "日本語" * 30, "two\nlines", "\x1b[31mred", ""])
def test_the_page_fits_80_columns_whatever_the_names(name):
    from causalkit.display.labels import cells

    long = replace(season(), message=f"season in {name}: " + "words " * 60, series=(name,))
    one = series(name, kind="continuous", missing=12345, smallest=-1.2345e-5, largest=9.87e300, adf=0.1, period=365)
    text = str(health(one, series("b", outliers=99), source="s" * 200, findings=(long,), notes=("note " * 50,)))
    assert max(map(cells, text.splitlines())) <= 80
    assert "\x1b" not in text


def test_findings_stand_with_their_options_and_only_warnings_have_a_colour():
    fact = Finding("outliers", "outliers in a", ("a",), "fact")
    shift = Finding("level-shift", "the level changes", options=("--detrend shift:50", "--prepare auto"))
    made = page(health(findings=(season(), shift, fact)).describe())
    for words in ("! season of period 12", "    --detrend shift:50\n    or  --prepare auto", "- outliers in a"):
        assert words in made.plain
    yellow = [made.plain[part.start : part.end].strip() for part in made.spans if part.style == "yellow"]
    assert yellow == ["! season of period 12 in a, b", "! the level changes"]
    assert "Findings: none" in str(health())


def test_a_notebook_shows_the_same_and_escapes_names():
    evil = "<script>"
    found = replace(season(), message=f"season in {evil}")
    html = health(series(evil), findings=(found,), notes=(evil,))._repr_html_()
    assert "&lt;script&gt;" in html
    assert evil not in html
    assert "<code>--detrend seasonal:12</code>" in html


def test_objects_in_memory_get_arguments_of_python_and_whole_names():
    name = "temperature of the surface of the sea"
    found = replace(season(), options=("--difference", "--clip 3"))
    made = replace(health(series(name), findings=(found,)), source="data")
    assert "<code>preparation={&quot;difference&quot;: 1}</code> or <code>preparation={&quot;clip&quot;: 3}" in (
        made._repr_html_()
    )
    assert f"<td>{name}</td>" in made._repr_html_()
    assert 'preparation={"difference": 1}\n' in made.summary()
    assert "--difference" not in made.summary()


# What to paste


def test_options_of_several_findings_become_one_command():
    options = ["--missing -999", "--detrend seasonal:12", "--detrend linear", "--missing -999,1e20", "--difference"]
    joined = ["--missing -999,1e20", "--detrend seasonal:12+linear", "--difference"]
    assert list(together(options).values()) == joined
    assert together(["--drop 'a b' --drop c", "--drop c --drop d"]) == {"--drop": "--drop 'a b' --drop c --drop d"}
    assert commands_for("x.csv", [replace(season(), options=())], 3) == [("To go on", "causalkit discover x.csv")]
    either = replace(season(), options=("--detrend seasonal:12", "--difference"))
    first, second = (command for _, command in commands_for("x.csv", [either], 3))
    assert first == "causalkit discover x.csv --detrend seasonal:12"
    assert second == "causalkit discover x.csv --prepare auto"
    constant = replace(season(), options=("--drop k",))
    assert commands_for("x.csv", [constant, season()], 3)[1][1] == "causalkit discover x.csv --drop k --prepare auto"
    assert len(commands_for("x.csv", [constant], 3)) == 1
    assert [command for _, command in commands_for("x.csv", [constant], 2)] == [""]


def pasted(output):
    """The commands at the end of a page, as arguments of causalkit."""
    return [shlex.split(line)[1:] for line in output.splitlines() if line.startswith("  causalkit ")]


def selected(shell, command):
    answer = shell(*command, "-m", "var", "--lag", "1", "--select", "fdr:0.001", "--json")
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    return {tuple(edge) for edge in causalkit_edges(found)}


def causalkit_edges(record):
    names, chosen = record["names"], np.array(record["selected"])
    return [(names[c], names[e], k + 1) for c, e, k in np.argwhere(chosen) if c != e]


def messy():
    """The chain with codes of missing cells, a constant and a column that repeats another, and awkward names."""
    frame = chain().round(6)
    frame.iloc[[10, 50], 0] = frame.iloc[[90, 200], 1] = -999
    return frame.assign(**{"set point": 5.0, "c'": 2 * frame["c"] + 1}).rename(columns={"a": "a b"})


def test_pasted_commands_find_the_true_edges(shell, tmp_path):
    messy().to_csv(tmp_path / "my data.csv", index=False)
    page = shell("inspect", "my data.csv", "--time-column", "none")
    commands = pasted(page.stdout)
    assert len(commands) == 2
    for command in commands:
        assert command[:2] == ["discover", "my data.csv"]
        assert selected(shell, command) == {("a b", "b", 1), ("b", "c", 1)}


def test_a_clean_table_has_no_warning_and_a_command_that_works(shell, tmp_path):
    chain().to_csv(tmp_path / "data.csv", index=False)
    answer = shell("inspect", "data.csv")
    assert answer.exit_code == 0
    assert "!" not in answer.stdout
    (command,) = pasted(answer.stdout)
    assert selected(shell, command) == TRUE


def test_options_of_reading_are_obeyed_and_repeated_in_the_command(shell, tmp_path):
    chain().assign(d=chain(seed=1)["a"], id=np.repeat([1, 2], 150)).to_csv(tmp_path / "data.csv", index=False)
    answer = shell("inspect", "data.csv", "--panel-column", "id", "--drop", "b", "--drop", "c")
    assert "2 series, 2 realisations of 150 steps" in answer.stdout
    command = ["discover", "data.csv", "--panel-column", "id", "--drop", "b", "--drop", "c"]
    assert pasted(answer.stdout)[0] == command
    answer = shell("inspect", "--dataset", "var[series=4]", "--seed", "3")
    assert pasted(answer.stdout)[0] == ["discover", "--dataset", "var[series=4]", "--seed", "3"]


# The command


def test_json_is_the_description_and_nothing_else(shell, tmp_path):
    frame = chain().assign(empty=np.nan, constant=1.0)
    frame.to_csv(tmp_path / "data.csv", index=False)
    answer = shell("inspect", "data.csv", "--json")
    assert answer.exit_code == 0
    assert json.loads(answer.stdout) == causalkit.read("data.csv").health().describe()
    assert "NaN" not in answer.stdout


@pytest.mark.parametrize("count", [1, 1000])
def test_one_series_and_a_thousand(shell, tmp_path, count):
    values = np.random.default_rng(0).standard_normal((40, count))
    pd.DataFrame(values, columns=[f"g{number}" for number in range(count)]).to_csv(tmp_path / "data.csv", index=False)
    answer = shell("inspect", "data.csv", "--orientation", "time-series")
    assert answer.exit_code == 0
    assert f"{count:,} series, 1 realisation of 40 steps" in answer.stdout
    assert len(answer.stdout.splitlines()) < 80
    assert ("Fewer than two series" in answer.stdout) == (count == 1)
    assert len(pasted(answer.stdout)) == (count > 1)


def test_what_stops_a_method_is_a_finding_here(shell, tmp_path):
    chain().assign(constant=1.0, empty=np.nan).to_csv(tmp_path / "data.csv", index=False)
    answer = shell("inspect", "data.csv")
    assert answer.exit_code == 0
    assert "constant" in answer.stdout.partition("Findings")[2]
    assert "empty" in answer.stdout.partition("Findings")[2]


def test_a_picture_is_drawn(shell, tmp_path):
    chain().to_csv(tmp_path / "data.csv", index=False)
    answer = shell("inspect", "data.csv", "--plot", "series.png")
    assert (tmp_path / "series.png").stat().st_size > 10_000
    assert answer.stderr.strip() == "wrote series.png"


def test_errors_are_those_of_discover(shell, tmp_path):
    runner = CliRunner()
    for words in (["missing.csv"], [], ["data.csv", "--drop", "x"], ["data.csv", "--plot", "x.gif"]):
        chain().to_csv(tmp_path / "data.csv", index=False)
        answer = runner.invoke(cli, ["inspect", *words])
        assert isinstance(answer.exception, causalkit.errors.CausalkitError)
        assert answer.stdout == ""
