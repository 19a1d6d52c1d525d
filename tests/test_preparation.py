"""Data as they are: trends, seasons, differences, steps under intervention, irregular times."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from scipy import stats
from statsmodels.regression.linear_model import OLS

import causalkit
from causalkit import Intervention, Panel, Preparation, io
from causalkit.core.interventions import with_interventions
from causalkit.errors import DataError, ParameterError, UnknownNameError, WrongUsageError
from causalkit.io.background import interventions_of, read_interventions
from causalkit.io.time.resampling import on_equal_grid
from causalkit.neural import squared_error

NAMES = ("A", "B", "C")


def noise(steps=200, series=3, seed=0):
    return np.random.default_rng(seed).standard_normal((steps, series))


def driven(steps=300, seed=0):
    """A -> B at lag 1; C alone."""
    x = noise(steps, seed=seed)
    for t in range(1, steps):
        x[t, 1] = 0.8 * x[t - 1, 0] + 0.5 * x[t, 1]
    return x


class TestPreparation:
    def test_lines_of_every_realisation_go(self):
        parts = [noise(80, seed=seed) for seed in (0, 1)]
        step = np.arange(80)[:, None]
        sloped = Panel((parts[0] + 0.3 * step + 5, parts[1] - 0.2 * step), NAMES)
        left = Preparation("linear").apply(sloped)
        expected = Preparation("linear").apply(Panel(tuple(parts), NAMES))
        for one, other in zip(left, expected, strict=True):
            assert np.allclose(one, other)
            assert abs(np.polyfit(np.arange(80), one, 1)).max() < 1e-10

    def test_seasons_go(self):
        season = np.tile([3.0, -1.0, 0.0, 7.0], 30)[:, None]
        plain, sloped = noise(120), noise(120) + season + 0.1 * np.arange(120)[:, None]
        left = Preparation("linear+seasonal:4").apply(Panel.of(sloped)).realisations[0]
        assert np.allclose(left, Preparation("linear+seasonal:4").apply(Panel.of(plain)).realisations[0])
        for phase in range(4):
            assert np.allclose(Preparation("seasonal:4").apply(Panel.of(plain)).realisations[0][phase::4].mean(0), 0)

    def test_waves_of_a_season_go(self):
        time = np.arange(120)[:, None]
        season = 3 * np.sin(2 * np.pi * time / 24 + 1) + np.cos(4 * np.pi * time / 24)
        left = Preparation("fourier:24:2").apply(Panel.of(noise(120) + season)).realisations[0]
        assert np.allclose(left, Preparation("fourier:24:2").apply(Panel.of(noise(120))).realisations[0])
        one = Preparation("fourier:24:1").apply(Panel.of(noise(120) + season)).realisations[0]
        assert one.var() > left.var() + 0.3

    def test_steps_go(self):
        step = 7.0 * (np.arange(100) >= 40)[:, None]
        left = Preparation("shift:41").apply(Panel.of(noise(100) + step)).realisations[0]
        assert np.allclose(left[:40].mean(0), 0)
        assert np.allclose(left[40:].mean(0), 0)
        assert abs(left[:30].mean(0)).max() > 1e-3  # the mean of all 40 rows before went, not another one
        second = Preparation("shift:41@2").apply(Panel((noise(100), noise(100) + step), NAMES))
        assert np.allclose(second.realisations[1], left)
        assert np.allclose(second.realisations[0], noise(100) - noise(100).mean(0))

    def test_levels(self):
        panel = Panel((noise(50), noise(40, seed=1) + 1000), NAMES)
        left = Preparation(levels="center").apply(panel)
        for values in left:
            assert np.allclose(values.mean(0), 0)
        assert "the mean of every series in every realisation was removed" in left.notes[0]
        kept = Preparation(levels="keep").apply(panel)
        assert np.array_equal(kept.realisations[1], panel.realisations[1])
        assert kept.notes == ()

    def test_single_series(self):
        own = {"series": {"B": {"difference": 1}}, "detrend": "linear", "missing": {"C": [noise(60)[5, 2]]}}
        preparation = Preparation.of(own)
        assert preparation.describe() == own
        left = preparation.apply(Panel((noise(60),), NAMES)).realisations[0]
        line = Preparation("linear").apply(Panel((noise(60),), NAMES)).realisations[0]
        assert np.allclose(left[:, 0], line[1:, 0])
        assert np.allclose(left[:, 1], np.diff(noise(60)[:, 1]))
        assert np.isnan(left[4, 2])
        assert np.isnan(left).sum() == 1

    def test_outliers_move_to_the_border(self):
        x = noise(200)
        x[50, 1] = 80
        left = Preparation(clip=3).apply(Panel((x,), NAMES)).realisations[0]
        low, middle, high = np.percentile(x[:, 1], [25, 50, 75])
        assert left[50, 1] == pytest.approx(middle + 3 * (high - low) / 1.349)
        inside = np.abs(x[:, 1] - middle) < 2.5
        assert np.array_equal(left[inside, 1], x[inside, 1])

    def test_an_unknown_series(self):
        with pytest.raises(DataError, match="no series 'X'"):
            Preparation.of({"series": {"X": {"difference": 1}}}).apply(Panel((noise(60),), NAMES))

    def test_missing_cells_stay_missing_and_count_nowhere(self):
        x = noise(60) + 0.5 * np.arange(60)[:, None]
        x[10:20, 1] = np.nan
        left = Preparation("linear").apply(Panel.of(x)).realisations[0]
        assert np.isnan(left[10:20, 1]).all()
        assert np.isnan(left).sum() == 10
        there = ~np.isnan(x[:, 1])
        line = np.polyfit(np.flatnonzero(there), x[there, 1], 1)
        assert np.allclose(left[there, 1], x[there, 1] - np.polyval(line, np.flatnonzero(there)))

    def test_differences_stay_within_realisations(self):
        parts = (noise(50), noise(40, seed=1) + 1000)
        left = Preparation(difference=2).apply(Panel(parts, NAMES))
        assert left.lengths == (48, 38)
        assert np.allclose(left.realisations[1], np.diff(parts[1], n=2, axis=0))
        assert np.abs(np.concatenate(left.realisations)).max() < 50

    @pytest.mark.parametrize(
        "wrong",
        [
            "cubic",
            "seasonal:1",
            "seasonal",
            "linear+linear",
            "constant+linear",
            "fourier:12:7",
            "shift:1",
            {"difference": "often"},
            {"levels": "up"},
            {"clip": 0},
            {"series": "A"},
            {"missing": {"A": "x"}},
            3,
        ],
    )
    def test_refused(self, wrong):
        with pytest.raises(ParameterError):
            Preparation.of(wrong)

    def test_too_short(self):
        with pytest.raises(DataError, match="realisation 2: 20 rows are too few"):
            Preparation("seasonal:12").apply(Panel((noise(50), noise(20)), NAMES))

    def test_a_series_that_is_nothing_but_a_line(self):
        x = noise(50)
        x[:, 2] = 3 * np.arange(50) + 1
        for what in (Preparation("linear"), Preparation(difference=2)):
            with pytest.raises(DataError, match="the series 'C' is constant after"):
                what.apply(Panel((x,), NAMES))

    def test_common_trends_no_longer_look_like_edges(self):
        x = noise(150, seed=3) + 0.1 * np.arange(150)[:, None]
        panel = Panel((x,), NAMES)
        plain = causalkit.discover(panel, method="var", lag=2)
        found = causalkit.discover(panel, method="var", lag=2, preparation={"detrend": "linear"})
        others = ~np.eye(3, dtype=bool)
        assert plain.joint_p_values[others].min() < 1e-3
        assert found.joint_p_values[others].min() > 0.01

    def test_recorded_and_said(self):
        panel = Panel((noise(),), NAMES)
        found = causalkit.discover(panel, method="var", lag=1, preparation={"detrend": "linear", "difference": 1})
        assert found.data["preparation"] == {"detrend": "linear", "difference": 1}
        assert found.data["sha256"] == panel.sha256  # of the data as they were given
        assert found.data["windows"] == 198
        said = [note for note in found.notes if note.startswith("as asked")]
        assert said == [
            "as asked, a straight line was removed and values were replaced by their differences from the step before, "
            "in every series and realisation by itself"
        ]

    @pytest.mark.parametrize(
        ("detrend", "said"),
        [
            ("shift:301", "no level changes at row 301"),
            ("shift:5@3", "no realisation 3"),
            ("shift:90@2", "has 80 rows"),
        ],
    )
    def test_a_change_of_level_where_there_is_no_row_is_refused(self, detrend, said):
        random = np.random.default_rng(0)
        panel = Panel.of([random.standard_normal((300, 2)), random.standard_normal((80, 2))])
        with pytest.raises(DataError, match=said):
            Preparation.of({"detrend": detrend}).apply(panel)


class TestTrends:
    def trends(self, panel):
        return [finding.series for finding in panel.health().findings if finding.kind == "trend"]

    def test_names_the_series(self):
        x = noise(100)
        x[:, 1] += 0.1 * np.arange(100)
        x[5:9, 1] = np.nan
        assert self.trends(Panel((x,), NAMES)) == [("B",)]

    def test_opposite_trends_of_realisations_are_trends(self):
        slope = 0.1 * np.arange(60)[:, None]
        assert self.trends(Panel((noise(60) + slope, noise(60) - slope), NAMES)) == [NAMES]

    def test_levels_of_realisations_are_none(self):
        assert self.trends(Panel((noise(60), noise(60) + 50), NAMES)) == []

    def test_one_note_and_no_change(self):
        x = noise(100) + 0.1 * np.arange(100)[:, None]
        found = causalkit.discover(x, method="var", lag=1)
        assert sum("trend in" in note and 'preparation="linear"' in note for note in found.notes) == 1
        assert "preparation" not in found.data
        prepared = causalkit.discover(x, method="var", lag=1, preparation="linear")
        assert not any("trend in" in note for note in prepared.notes)

    def test_published_systems_have_none(self):
        panel, _ = causalkit.simulate("lorenz96", seed=0)
        assert self.trends(panel) == []


class TestInterventions:
    def table(self, tmp_path, text):
        path = tmp_path / "done.csv"
        path.write_text(text)
        return path

    def test_masks(self, tmp_path):
        path = self.table(tmp_path, "series,from,to,realisation,kind\nB,2,4,,knockdown\nA,1,1,2,\n")
        panel = with_interventions(Panel((noise(10), noise(8)), NAMES), read_interventions(path))
        assert np.argwhere(panel.intervened[0]).tolist() == [[1, 1], [2, 1], [3, 1]]
        assert np.argwhere(panel.intervened[1]).tolist() == [[0, 0], [1, 1], [2, 1], [3, 1]]
        assert panel.drop(["A"]).intervened[1][:, 0].sum() == 3

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("series,from\nB,1\n", "no column 'to'"),
            ("series,from,to\nB,x,2\n", "line 2: from is 'x'"),
            ("series,from,to\n", "no intervention"),
            ("series,from,to\n,1,2\n", "line 2: the series is missing"),
            ("series,from,to\nB,1,inf\n", "to is 'inf'"),
            (
                "series,from,to,realization\nB,1,2,1\n",
                "line 1: 'realization' is no part of an intervention; did you mean",
            ),
            ("series,from,series,to\nB,1,A,2\n", "line 1 has two columns 'series'"),
        ],
    )
    def test_malformed_files(self, tmp_path, text, said):
        with pytest.raises(DataError, match=said):
            read_interventions(self.table(tmp_path, text))

    @pytest.mark.parametrize(
        ("given", "error", "said"),
        [
            ({"series": "b", "from": 1, "to": 2}, UnknownNameError, "'b'"),
            ({"series": "B", "from": 0, "to": 2}, DataError, "counted from 1"),
            ({"series": "B", "from": 5, "to": 11}, DataError, "has 10 steps"),
            ({"series": "B", "from": 1, "to": 2, "realisation": 2}, DataError, "has 1"),
            ({"series": "B", "from": 1, "to": 10}, DataError, "every step"),
        ],
    )
    def test_what_is_not_there(self, given, error, said):
        with pytest.raises(error, match=said):
            with_interventions(Panel((noise(10),), NAMES), interventions_of(given))

    def test_windows_know_what_is_observed(self):
        panel = with_interventions(Panel((noise(10),), NAMES), [Intervention("B", 4, 5)])
        windows = panel.windows(2)
        assert np.argwhere(~windows.observed).tolist() == [[1, 1], [2, 1]]  # next steps 4 and 5, counted from 1
        assert np.argwhere(~windows.subset(np.arange(2, 8)).observed).tolist() == [[0, 1]]

    def test_differences_and_halves_keep_the_mask_in_step(self):
        from causalkit.builtin.rules.subsamples import complementary_halves

        x = noise(200)
        x[50:60, 1] = 99.0
        panel = with_interventions(Panel((x,), NAMES), [Intervention("B", 51, 60)])
        later = Preparation(difference=1).apply(panel)
        assert np.flatnonzero(later.intervened[0][:, 1]).tolist() == list(range(49, 59))
        for half in complementary_halves(panel, 1, np.random.default_rng(0)):
            for values, mask in zip(half.realisations, half.intervened, strict=True):
                assert (mask[:, 1] == (values[:, 1] == 99.0)).all()

    def test_var_leaves_the_steps_out_for_that_series_only(self):
        x = driven()
        x[100:160, 1] = 5.0
        given = [{"series": "B", "from": 101, "to": 160}]
        found = causalkit.discover(Panel((x,), NAMES), method="var", lag=1, interventions=given, standardize=False)
        design = np.column_stack([x[:-1], np.ones(len(x) - 1)])
        rows = np.r_[0:99, 159 : len(x) - 1]  # next steps that are not 100 to 159
        assert np.allclose(found.p_values[:, 1, 0], OLS(x[1:, 1][rows], design[rows]).fit().pvalues[:3])
        assert np.allclose(found.p_values[:, 2, 0], OLS(x[1:, 2], design).fit().pvalues[:3])
        assert found.data["interventions"] == [{"series": "B", "first": 101, "last": 160}]
        assert any("60 steps of B are under intervention" in note for note in found.notes)

    def test_error_counts_observed_cells_only(self):
        y, seen = torch.tensor([[1.0, 100.0], [2.0, 3.0]]), torch.tensor([[1.0, 0.0], [1.0, 1.0]])
        assert squared_error(torch.zeros(2, 2), y, seen).item() == pytest.approx((1 + 4 + 9) / 3)

    @pytest.mark.plugins
    @pytest.mark.parametrize(
        ("method", "params"),
        [
            ("grngc", {"training.epochs": 30, "lag": 1}),
            ("grngc", {"training.epochs": 30, "lag": 1, "training.batch_size": 50}),
            ("grngc", {"training.epochs": 30, "lag": 1, "training.validation": 0.2, "regularizer.strength": 0.1}),
            ("grngc", {"training.epochs": 30, "lag": 1, "regularizer.strength": 0.1}),
            ("grngc", {"training.epochs": 12, "lag": 1, "ensemble": 3, "regularizer.strength": 0.1}),
            ("cmlp", {"training.epochs": 60, "lag": 2, "forecaster.hidden": 6}),
            ("clstm", {"training.epochs": 20, "lag": 5, "forecaster.hidden": 4}),
        ],
        ids=["path", "batches", "validation", "loop", "ensemble", "cmlp", "clstm"],
    )
    def test_networks_do_not_learn_from_these_steps(self, method, params):
        """A series whose set values never enter a window as causes may be set to anything."""
        results = []
        for value in (0.0, 3.0):
            x = driven()
            x[-1, 1] = value  # the last step is in no window but as the next step
            panel = Panel((x,), NAMES)
            given = {"series": "B", "from": 300, "to": 300}
            results.append(
                causalkit.discover(panel, method=method, params=params, interventions=given, standardize=False).scores
            )
        assert (results[0] == results[1]).all()

    @pytest.mark.plugins
    def test_without_being_told_they_do(self):
        params, scores = {"training.epochs": 30, "lag": 1}, []
        for value in (0.0, 3.0):
            x = driven()
            x[-1, 1] = value
            scores.append(causalkit.discover(Panel((x,), NAMES), params=params, standardize=False).scores)
        assert (scores[0] != scores[1]).any()

    @pytest.mark.plugins
    def test_a_checkpoint_is_of_its_interventions(self, tmp_path):
        params, panel = {"training.epochs": 2, "lag": 1}, Panel((driven(60),), NAMES)
        causalkit.discover(panel, params=params, checkpoint=tmp_path / "state.safetensors")
        with pytest.raises(DataError, match="other data"):
            causalkit.discover(
                panel,
                params=params,
                checkpoint=tmp_path / "state.safetensors",
                resume=True,
                interventions={"series": "B", "from": 3, "to": 4},
            )


class TestResampling:
    def test_straight_lines(self):
        grid, values = on_equal_grid(np.array([0.0, 1, 2.5, 4]), np.array([[0.0], [1], [2.5], [4]]), 0.5)
        assert np.allclose(grid, np.arange(0, 4.1, 0.5))
        assert np.allclose(values[~np.isnan(values)], grid[~np.isnan(values[:, 0])])
        # the stretch from 1 to 2.5 is three steps long
        assert grid[np.isnan(values[:, 0])].tolist() == [1.5, 2.0, 3.0, 3.5]

    def test_missing_cells_are_bridged_up_to_two_steps(self):
        times = np.arange(8.0)
        values = np.column_stack([times, times])
        values[2, 0] = np.nan
        values[2:5, 1] = np.nan
        found = on_equal_grid(times, values, 1.0)[1]
        assert np.allclose(found[:, 0], times)
        assert np.isnan(found[:, 1]).sum() == 3

    def file(self, tmp_path, times, values):
        path = tmp_path / "data.csv"
        rows = "\n".join(f"{time},{a},{b}" for time, (a, b) in zip(times, values, strict=True))
        path.write_text(f"time,a,b\n{rows}\n")
        return path

    def test_of_a_file(self, tmp_path):
        times = np.r_[np.cumsum([0, 1, 1.5, 0.5, 1, 2]), np.cumsum([20, 1, 1, 1.5])]
        path = self.file(tmp_path, times, np.column_stack([times, 2 * times + 1]))
        with pytest.raises(DataError, match="--resample 1, "):
            io.read(path)
        panel = io.read(path, io.ReadOptions(resample="1"))
        values = panel.realisations[0]
        there = ~np.isnan(values[:, 0])
        assert np.allclose(values[there, 0], np.arange(24)[there])
        assert np.flatnonzero(~there).tolist() == list(range(7, 20))  # 6 to 20 is too wide to be bridged
        assert any("10 rows were interpolated to 24 equal steps" in note for note in panel.notes)
        assert any("26 cells between samples more than 2 steps apart are missing" in note for note in panel.notes)

    def test_dates(self, tmp_path):
        days = ["2024-01-01", "2024-01-02", "2024-01-04", "2024-01-05", "2024-01-06"]
        path = self.file(tmp_path, days, np.arange(10.0).reshape(5, 2))
        panel = io.read(path, io.ReadOptions(resample="12h"))
        assert panel.lengths == (11,)
        assert panel.realisations[0][1].tolist() == [1.0, 2.0]

    @pytest.mark.parametrize(
        ("step", "said"), [("0", "not a step"), ("2h", "not a step"), ("0.0001", "more than 100 steps")]
    )
    def test_steps_that_make_no_sense(self, tmp_path, step, said):
        path = self.file(tmp_path, [0, 1, 2.5, 4], noise(4, 2))
        with pytest.raises(WrongUsageError, match=said):
            io.read(path, io.ReadOptions(resample=step))

    def test_needs_a_time_column(self, tmp_path):
        path = tmp_path / "data.csv"
        path.write_text("a,b\n1,2\n3,5\n0,1\n")
        with pytest.raises(DataError, match="time column"):
            io.read(path, io.ReadOptions(resample="1"))
        np.save(tmp_path / "data.npy", noise())
        with pytest.raises(DataError, match="time column"):
            io.read(tmp_path / "data.npy", io.ReadOptions(resample="1"))

    def test_not_together_with_accept(self):
        with pytest.raises(WrongUsageError, match="not both"):
            io.ReadOptions(resample="1", irregular="accept")


class TestCommand:
    def run(self, *words):
        from causalkit.cli.discover import discover

        found = CliRunner().invoke(discover, [*map(str, words), "--method", "var", "--lag", "1", "--json"])
        if found.exception and not isinstance(found.exception, SystemExit):
            raise found.exception
        return json.loads(found.stdout)

    @pytest.fixture
    def data(self, tmp_path):
        path = tmp_path / "data.csv"
        io.write_panel(Panel((driven(),), NAMES), path)
        return path

    def test_options(self, data, tmp_path):
        (tmp_path / "done.csv").write_text("series,from,to\nB,10,20\n")
        found = self.run(data, "--detrend", "linear", "--intervention", tmp_path / "done.csv", "--difference")
        assert found["data"]["preparation"] == {"detrend": "linear", "difference": 1}
        assert found["data"]["interventions"] == [{"series": "B", "first": 10, "last": 20}]
        assert self.run(data, "--levels", "keep")["data"]["preparation"] == {"levels": "keep"}
        assert self.run(data, "--difference", "2")["data"]["preparation"] == {"difference": 2}

    def test_file(self, data, tmp_path):
        config = tmp_path / "run.toml"
        config.write_text('[preparation]\ndetrend = "constant"\n[[interventions]]\nseries = "A"\nfrom = 1\nto = 5\n')
        found = self.run(data, "--config", config, "--difference")
        assert found["data"]["preparation"] == {"detrend": "constant", "difference": 1}
        assert found["data"]["interventions"] == [{"series": "A", "first": 1, "last": 5}]

    def test_comparisons_take_them_too(self, tmp_path):
        from causalkit.compare import run_grid

        folder = tmp_path / "runs"
        (plain,) = run_grid(["var"], ["lagged-pair"], out=folder)
        (found,) = run_grid(["var"], ["lagged-pair"], out=folder, difference=1)
        assert plain.ok
        assert found.discovery["data"]["preparation"] == {"difference": 1}
        assert "preparation" not in plain.cell.settings  # cells of earlier versions stay valid


def test_what_a_preparation_estimates_counts_as_parameters():
    """As in a regression with seasonal means among its regressors (Frisch-Waugh-Lovell theorem)."""
    period = 12
    values = np.random.default_rng(0).standard_normal((60, 2))
    found = causalkit.discover(values, method="var", lag=1, params={"score": "t"}, preparation=f"seasonal:{period}")
    season = (np.arange(1, 60)[:, None] % period == np.arange(period)).astype(float)
    degrees = OLS(values[1:, 1], np.hstack([values[:-1], season])).fit().df_resid
    assert found.p_values[0, 1, 0] == pytest.approx(2 * stats.t.sf(found.scores[0, 1, 0], degrees), rel=1e-9)
    panel = causalkit.Preparation(detrend=f"seasonal:{period}").apply(causalkit.Panel.of(values))
    assert panel.removed == period - 1
    centred = causalkit.Preparation(levels="center").apply(causalkit.Panel.of([values, values + 1]))
    assert centred.removed == 1
