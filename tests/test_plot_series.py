"""The picture of the series: what is there, what is missing, and where a realisation ends."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from matplotlib.dates import num2date

import causalkit
from causalkit.cli.main import cli
from causalkit.core.panel import Panel
from causalkit.core.sampling import Sampling
from causalkit.errors import WrongUsageError
from causalkit.plotting import plot_series, save_figure
from tests.wild import chain

WEIRD = ("$x_1^2$", "<b>&", "_hidden", "two\nlines", "", "x" * 300, "x" * 299 + "y", "\ufffe", "% \\ {")


def panel(*realisations, names=None, **fields):
    names = names or tuple(f"s{column}" for column in range(realisations[0].shape[1]))
    return Panel(tuple(realisations), names, **fields)


def noise(steps, series, seed=0):
    return np.random.default_rng(seed).standard_normal((steps, series))


def row_labels(figure):
    return [ax.get_ylabel() for ax in figure.axes]


def said(figure):
    return figure.axes[0].get_title()


def marks(ax, gid):
    return [artist for artist in (*ax.patches, *ax.collections, *ax.lines) if artist.get_gid() == gid]


def drawn(ax):
    """The points of all lines with the look of a series, one array (N, 2) a line."""
    return [line.get_xydata() for line in ax.lines if line.get_linestyle() == "-" and len(line.get_xdata())]


def test_every_series_has_a_row_with_its_values():
    values = noise(30, 3)
    figure = plot_series(panel(values, names=("a", "b", "c")))
    assert row_labels(figure) == ["a", "b", "c"]
    for ax, series in zip(figure.axes, values.T, strict=True):
        (line,) = drawn(ax)
        np.testing.assert_array_equal(line, np.column_stack([np.arange(1, 31), series]))


def test_of_many_series_the_first_are_drawn_and_the_title_says_so():
    figure = plot_series(panel(noise(20, 1000)))
    assert len(figure.axes) == 40
    assert "first 40 of 1,000 series" in said(figure)
    assert len(plot_series(panel(noise(20, 1000)), top=3).axes) == 3
    with pytest.raises(WrongUsageError, match="top=0"):
        plot_series(panel(noise(20, 2)), top=0)


def test_missing_cells_break_the_line_and_are_marked_where_they_are():
    values = noise(50, 2)
    values[10:13, 1] = np.nan
    first, second = plot_series(panel(values)).axes
    assert not marks(first, "series-missing")
    (strip,) = marks(second, "series-missing")
    (segment,) = strip.get_segments()
    assert [segment[0][0], segment[1][0]] == [10.5, 13.5]  # steps 11 to 13
    (line,) = drawn(second)
    assert np.isnan(line[10:13, 1]).all()


def test_missing_rows_are_shaded_for_the_time_that_they_take():
    values = noise(11, 2)
    values[5] = np.nan
    values[:, 0] = np.nan  # a series without values has the same axis
    times = pd.date_range("2020-01-01", periods=11).to_numpy().copy()
    times[6:] += np.timedelta64(30, "D")
    times[5] = np.datetime64("NaT")
    figure = plot_series(panel(values, sampling=Sampling(time=("day",), times=(times,))))
    assert figure.axes[-1].get_xlabel() == "day"
    assert not marks(figure.axes[1], "series-missing")
    for ax in figure.axes:
        (band,) = marks(ax, "series-gap")
        ends = [num2date(x).strftime("%m-%d %H") for x in sorted(set(band.get_paths()[0].vertices[:, 0]))]
        assert ends == ["01-05 12", "02-05 12"]
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["missing cell", "missing rows"]


def test_few_realisations_have_places_of_their_own_with_borders():
    figure = plot_series(panel(*(noise(20, 2, seed) for seed in range(8))))
    for ax in figure.axes:
        lines = drawn(ax)
        assert len(lines) == 8
        assert all(before[-1, 0] < after[0, 0] for before, after in pairwise(lines))
        assert len(marks(ax, "series-border")) == 7
    assert figure.axes[-1].get_xlabel() == "realisation (20 steps each)"


def test_many_realisations_are_overlaid_with_their_mean():
    parts = [noise(20 + seed % 2, 1, seed) for seed in range(50)]
    (ax,) = plot_series(panel(*parts)).axes
    *lines, mean = drawn(ax)
    assert len(lines) == 50
    assert {line[0, 0] for line in lines} == {1.0}
    np.testing.assert_allclose(mean[:20, 1], np.mean([part[:20, 0] for part in parts], axis=0))
    assert mean[20, 1] == pytest.approx(np.mean([part[20, 0] for part in parts if len(part) == 21]))
    figure = plot_series(panel(*(noise(5, 1, seed) for seed in range(300))))
    assert "first 100 of 300 realisations" in said(figure)


def test_an_age_falls_to_the_right_as_time_does():
    values = noise(5, 2)
    values[2, 0] = np.nan
    ax = plot_series(panel(values, sampling=Sampling(time=("age",), times=(np.arange(4.0, -1, -1),)))).axes[0]
    assert ax.get_xlim()[0] > 4 > 0 > ax.get_xlim()[1]
    (strip,) = marks(ax, "series-missing")
    assert sorted(strip.get_segments()[0][:, 0]) == [1.5, 2.5]


def test_the_times_of_a_table_are_on_the_axis(tmp_path):
    frame = chain(60).assign(day=pd.date_range("2020-01-01", periods=60)).drop(index=range(20, 50))
    frame.to_csv(tmp_path / "data.csv", index=False)
    figure = plot_series(causalkit.read(tmp_path / "data.csv"))
    assert figure.axes[-1].get_xlabel() == "day"
    assert [num2date(x).strftime("%m-%d") for x in drawn(figure.axes[0])[0][[0, -1], 0]] == ["01-01", "02-29"]
    (band,) = marks(figure.axes[0], "series-gap")
    assert np.ptp(band.get_paths()[0].vertices[:, 0]) == 30
    frame.to_csv(tmp_path / "other.csv", index=False)
    both = causalkit.read([tmp_path / "data.csv", tmp_path / "other.csv"], resample="1D")
    assert [len(times) for times in both.sampling.times] == list(both.lengths) == [60, 60]


def test_recordings_at_different_times_lie_at_their_times():
    starts = ("2020-01-01", "2020-06-01")
    times = tuple(pd.date_range(start, periods=20).to_numpy() for start in starts)
    figure = plot_series(panel(noise(20, 2), noise(20, 2), sampling=Sampling(time=("day",), times=times)))
    shown = [num2date(line[0, 0]).strftime("%Y-%m-%d") for line in drawn(figure.axes[0])]
    assert shown == list(starts)


def test_times_that_do_not_fit_the_rows_are_not_used():
    sampling = Sampling(time=("day",), times=(np.arange(30.0),))
    figure = plot_series(panel(noise(29, 2), sampling=sampling))  # after differences
    assert figure.axes[-1].get_xlabel() == "time step"


def test_a_long_series_keeps_its_extremes_and_its_gaps():
    values = noise(100_000, 2)
    values[70_003, 0], values[3, 0], values[50_000, 0] = 99, -99, np.nan
    first, second = plot_series(panel(values)).axes
    (line,) = drawn(first)
    assert len(line) < 10_000
    assert {(70_004, 99), (4, -99)} <= set(map(tuple, line))
    assert np.isnan(line[list(line[:, 0]).index(50_001), 1])
    assert not np.isnan(drawn(second)[0]).any()


def test_a_value_between_missing_cells_is_a_point():
    values = noise(9, 2)
    values[:6:2, 0] = np.nan
    ax = plot_series(panel(values)).axes[0]
    points = next(line for line in ax.lines if line.get_marker() == ".")
    assert list(points.get_xdata()) == [2, 4]


def test_in_a_single_series_a_missing_row_is_a_missing_cell():
    values = noise(9, 1)
    values[4] = np.nan
    (ax,) = plot_series(panel(values)).axes
    assert marks(ax, "series-missing")
    assert not marks(ax, "series-gap")


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_whatever_can_be_a_panel_can_be_drawn(suffix, tmp_path):
    values = noise(20, len(WEIRD))
    values[:, 0], values[:, 1] = 5, np.nan
    save_figure(plot_series(panel(values, names=WEIRD)), tmp_path / f"weird{suffix}")
    save_figure(plot_series(panel(np.zeros((1, 1)))), tmp_path / f"cell{suffix}")
    save_figure(plot_series(panel(np.full((3, 2), np.nan))), tmp_path / f"empty{suffix}")


def test_the_same_panel_gives_the_same_bytes(tmp_path):
    for name in "ab":
        save_figure(plot_series(panel(noise(20, 2))), tmp_path / f"{name}.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@pytest.fixture
def shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chain().to_csv("data.csv", index=False)
    return lambda *words: CliRunner().invoke(cli, ["plot", *words])


def test_plot_draws_the_series_of_files_with_the_options_of_reading(shell, tmp_path):
    assert shell("data.csv", "--kind", "series", "-o", "series.svg", "--drop", "b").exit_code == 0
    assert (tmp_path / "series.svg").stat().st_size > 10_000
    assert shell("data.csv", "data.csv", "--kind", "series", "-o", "two.png").exit_code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["result.json", "--drop", "a"], "--drop has no effect on the picture overview"),
        (["result.json", "--transpose"], "--transpose has no effect on the picture overview"),
        (["data.csv", "--kind", "series", "--select", "top-k:2"], "--select has no effect on the picture series"),
        (["result.json", "result.json"], "2 files are given"),
        (["data.csv"], "--kind series"),
        (["data.csv", "--kind", "series", "-o", "x.gif"], "no picture format '.gif'"),
    ],
)
def test_plot_refuses_what_the_kind_of_picture_has_no_use_for(shell, words, message):
    answer = shell(*words, *([] if "-o" in words else ["-o", "picture.png"]))
    assert message in str(answer.exception)
