"""A quarterly column in a monthly table, and other series of lower frequency."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import causalkit
from causalkit import Knowledge, Panel
from causalkit.core.lower_frequency import recognised
from causalkit.errors import DataError
from tests.wild import TRUE, chain, edges


def every(table: pd.DataFrame, columns: str, steps: int, first: int) -> pd.DataFrame:
    """Return the table with values of some columns at every so many steps only."""
    table = table.copy()
    table.loc[np.arange(len(table)) % steps != first, list(columns)] = np.nan
    return table


def monthly(table: pd.DataFrame) -> pd.DataFrame:
    table = table.copy()
    table.insert(0, "month", pd.date_range("1980-01-01", periods=len(table), freq="MS").strftime("%Y-%m"))
    return table


class TestRecognised:
    @pytest.mark.parametrize(
        ("steps", "first"), [(2, 0), (3, 2), (3, 0), (5, 4), (7, 3), (12, 11)], ids=lambda value: str(value)
    )
    @pytest.mark.parametrize("series", ["a", "c"])
    def test_the_chain_is_found(self, steps, first, series):
        table = every(chain(600), series, steps, first)
        panel = Panel.of(monthly(table))
        assert panel.lower_frequency == {series: steps}
        found = edges(monthly(table))
        if series == "a" and steps > 3:  # a value that is many steps old says little of what acts now
            assert found == TRUE - {("a", "b", 1)}
        else:
            assert found == TRUE
        (note,) = [note for note in panel.notes if "lower frequency" in note]
        assert f"{series} ({table[series].count()} values, one every {steps} steps)" in note
        assert 'lower_frequency="missing"' in note

    def test_several_frequencies_in_one_table(self):
        table = every(every(chain(600), "a", 3, 2), "c", 12, 11)
        assert Panel.of(table).lower_frequency == {"a": 3, "c": 12}
        assert edges(table) == TRUE

    def test_months_in_days_and_weeks_in_business_days(self):
        days = pd.date_range("2001-01-01", periods=2500, freq="D")
        table = chain(2500)
        table.loc[~days.is_month_end, "c"] = np.nan
        assert Panel.of(table.set_index(days)).lower_frequency == {"c": 31}
        assert edges(table.set_index(days)) == TRUE
        week = every(chain(300), "c", 5, 4)
        week.loc[[104, 103], "c"] = [np.nan, 0.5]  # a holiday
        assert Panel.of(week).lower_frequency == {"c": 6}

    def test_values_that_begin_late_and_skipped_ones(self):
        table = every(chain(600), "c", 3, 2)
        table.loc[:200, "c"] = np.nan
        table.loc[[302, 401], "c"] = np.nan
        panel = Panel.of(table)
        assert panel.lower_frequency == {"c": 3}
        assert edges(table) == TRUE
        # A value that was due and is missing is not replaced by an older one.
        counts = panel.window_counts(1).describe(panel.names)
        assert counts["a"]["missing_inputs"] == 203 + 2 * 3

    @pytest.mark.parametrize("kind", ["random", "in turn", "few", "half of the time", "alone"])
    def test_other_missing_cells_stay_missing(self, kind):
        table = chain(300)
        if kind == "random":
            table.loc[np.random.default_rng(0).random(300) < 0.5, "c"] = np.nan
        elif kind == "in turn":
            table = every(every(every(table, "a", 3, 0), "b", 3, 1), "c", 3, 2)
        elif kind == "few":
            table = every(table[:24], "c", 3, 2)
        elif kind == "half of the time":
            table.loc[np.arange(300) % 3 != 2, "c"] = np.nan
            table.loc[150:, "c"] = 0.5
        else:
            table = every(table, "abc", 3, 2)
        assert not recognised([table.to_numpy()], list("abc"))

    def test_a_gap_in_time_is_not_crossed(self):
        values = every(chain(120), "c", 3, 2).to_numpy().copy()
        values[60] = np.nan
        panel = Panel.of(values)
        assert panel.lower_frequency == {"2": 3}
        (inputs,) = panel.recordings.inputs()
        assert not np.isnan(inputs[59, 2])
        assert np.isnan(inputs[60:62, 2]).all()
        assert not np.isnan(inputs[62, 2])


class TestUse:
    def test_the_last_value_acts_and_measured_steps_are_targets(self):
        values = np.arange(20.0)[:, None] + [0, 100]
        values[np.arange(20) % 4 != 3, 1] = np.nan
        panel = Panel((values,), ("a", "b"), lower_frequency={"b": 4})
        windows = panel.windows(1, by_effect=True)
        assert windows.step[0] == 4
        assert windows.x[:5, 0, 1].tolist() == [103, 103, 103, 103, 107]
        assert windows.step[windows.observed[:, 1]].tolist() == [7, 11, 15, 19]
        assert windows.observed[:, 0].all()
        # Complete windows have a measured next step of all series.
        assert panel.windows(1).step.tolist() == [7, 11, 15, 19]

    def test_without_carrying_the_cells_are_missing(self, tmp_path):
        path = tmp_path / "q.csv"
        monthly(every(chain(), "c", 3, 2)).to_csv(path, index=False)
        assert edges(path) == TRUE
        with pytest.raises(
            DataError, match="no window of 2 rows is left to learn the causes of 'c'|complete"
        ) as caught:
            edges(path, lower_frequency="missing")
        assert "--lower-frequency carry" in caught.value.hint
        assert edges(path, lower_frequency="carry") == TRUE

    def test_files_are_looked_at_together(self, tmp_path):
        for number in range(3):
            every(chain(24, seed=number), "c", 3, 2).to_csv(tmp_path / f"{number}.csv", index=False)
        assert not Panel.of(pd.read_csv(tmp_path / "0.csv")).lower_frequency
        panel = causalkit.read(tmp_path)
        assert panel.lower_frequency == {"c": 3}
        assert any("c (24 values, one every 3 steps)" in note for note in panel.notes)

    def test_lags_with_the_same_value_count_once(self):
        found = causalkit.discover(every(chain(600), "c", 3, 2), method="var", lag=4, select="fdr:0.001")
        assert {("a", "b", 1), ("b", "c", 1)} <= {
            (row.cause, row.effect, row.lag) for row in found.edges(self_edges=False, selected_only=True).itertuples()
        }
        assert (found.scores[2, 2, 1:3] == 0).all()
        assert (found.p_values[2, 2, 1:3] == 1).all()
        assert found.scores[2, 2, 3] > 0
        assert any("the smallest lag stands for all" in note for note in found.notes)

    @pytest.mark.plugins
    @pytest.mark.parametrize("method", ["grngc", "cmlp"])
    def test_networks_find_the_chain(self, method):
        params = {"forecaster.hidden": 16, "training.epochs": 150, "regularizer.strength": 0.05}
        found = causalkit.discover(every(chain(500), "c", 3, 2), method=method, lag=2, params=params)
        table = found.edges(self_edges=False)
        pairs = list(dict.fromkeys(zip(table.cause, table.effect, strict=True)))
        assert set(pairs[:2]) == {("a", "b"), ("b", "c")}
        assert found.data["windows_by_effect"]["c"]["learned"] == 165

    def test_a_forbidden_series_of_lower_frequency_costs_nothing(self):
        table = every(chain(), "c", 3, 2)
        table.loc[:150, "c"] = np.nan
        panel = Panel.of(table)
        knowledge = Knowledge.of({"regulators": ["a", "b"]})
        assert panel.window_counts(1, knowledge).learned[0] == 299

    def test_differences_are_those_of_successive_values(self):
        level = chain(600).cumsum()
        table = every(level, "c", 3, 2)
        prepared = causalkit.Preparation(difference=1).apply(Panel.of(table))
        changes = prepared.realisations[0][:, 2]
        measured = table["c"].dropna().to_numpy()
        np.testing.assert_allclose(changes[~np.isnan(changes)], np.diff(measured))
        assert np.flatnonzero(~np.isnan(changes))[:3].tolist() == [4, 7, 10]

    def test_the_lag_is_chosen(self):
        table = every(chain(600), "c", 3, 2)
        found = causalkit.discover(table, method="var", lag="auto")
        assert found.lags <= 2
        assert found.choices[0].error < 1
