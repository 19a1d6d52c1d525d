"""What an examination finds in a panel: each finding where it is, and not where it is not."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.signal import lfilter
from statsmodels.tsa import stattools

import causalkit
from causalkit import Panel
from causalkit.core.sampling import Sampling
from causalkit.health import unit_root
from causalkit.health.pieces import Piece
from tests.wild import TRUE, chain, edges


def noise(steps=200, series=4, seed=0, own=0.3):
    draws = np.random.default_rng(seed).standard_normal((steps + 100, series))
    return lfilter([1.0], [1.0, -own], draws, axis=0)[100:]


def warned(values, names=None, **options):
    """Return the warnings of a panel by kind."""
    panel = values if isinstance(values, Panel) else Panel.of(values, names=names, **options)
    return {one.kind: one for one in panel.health().findings if one.severity == "warning"}


def test_ordinary_panels_have_no_warning():
    for seed in range(10):
        assert warned(noise(seed=seed, own=0.6)) == {}
        assert warned(noise(60, 3, seed=seed)) == {}
    assert warned(chain()) == {}
    assert warned([noise(50, seed=seed) for seed in range(8)]) == {}


def test_subjects_that_vary_more_than_others_have_no_season_and_no_change_of_level():
    for seed in range(5):
        found = warned([noise(100, 3, 10 * seed + one, 0.5) * (10 if one == 0 else 1) for one in range(6)])
        assert found.keys() <= {"heavy-tails"}


def test_series_of_lower_frequency_have_no_season():
    kinds = set()
    for seed in range(30):
        values = noise(300, 3, seed)
        values[np.arange(300) % 3 != 0, 2] = np.nan
        kinds |= warned(values).keys()
    assert "season" not in kinds


def test_only_facts_may_be_left_out_of_the_notes():
    values = noise()
    values[50, 2] = 60
    found = Panel.of(values).health()
    assert {one.kind for one in found.findings if one.severity == "fact"} >= {"outliers"}
    notes = causalkit.discover(values, method="var", lag=1).notes
    assert not any("outliers" in note for note in notes)


class TestValues:
    def test_constant_up_to_rounding(self):
        values = noise()
        values[:, 1] = np.where(np.arange(200) % 2, 0.3, 0.1 + 0.2)
        found = warned(values, names=["a", "set point", "c", "d"])["constant"]
        assert found.series == ("set point",)
        assert found.options == ("--drop 'set point'",)

    @pytest.mark.parametrize("size", [1e-6, 1e6])
    def test_small_changes_are_changes(self, size):
        assert "constant" not in warned(size * (1 + 1e-6 * noise()))

    def test_kinds(self):
        values = noise()
        values[:, 1] = np.round(5 * values[:, 1])
        values[:, 2] = values[:, 2] > 0
        assert [one.kind for one in Panel.of(values).health().series] == [
            "continuous",
            "integer",
            "binary",
            "continuous",
        ]

    @pytest.mark.parametrize("code", [-999, -99.99, -9999, 1e20, 9999, 99999])
    def test_codes(self, code):
        values = noise()
        values[[20, 21, 100], 0] = values[150, 3] = code
        found = warned(values)["codes"]
        assert found.series == ("0", "3")
        assert found.options == (f"--missing {code:.10g}",)

    def test_repeated_values_far_away_without_a_known_code(self):
        values = 300 + noise()
        values[[5, 6, 90, 91], 1] = 0
        assert warned(values)["codes"].options == ("--missing 0",)

    def test_a_code_of_one_series_is_one_where_the_range_is_wider(self):
        values = noise()
        values[:, 1] *= 150
        values[[20, 50, 120], 0] = values[[30, 90, 91], 1] = -999
        assert warned(values)["codes"].series == ("0", "1")
        values[[30, 90, 91], 1] = -99
        assert warned(values)["codes"].series == ("0",)

    def test_two_codes_of_one_series(self):
        values = noise()
        values[[5, 50], 1] = -999
        values[[6, 60], 1] = -9999
        assert warned(values)["codes"].values["codes"] == {"1": [-9999.0, -999.0]}

    @pytest.mark.parametrize(
        "column",
        [
            np.random.default_rng(0).poisson(3, 200).astype(float),
            np.random.default_rng(0).standard_cauchy(200),
            np.clip(noise()[:, 0], -1, 1),
            np.repeat(noise(50)[:, 0], 4),
            1000 * noise()[:, 0].round(1) - 999,
        ],
    )
    def test_values_that_are_no_codes(self, column):
        values = noise()
        values[:, 2] = column
        assert "codes" not in warned(values)

    def test_what_codes_hide_is_found_as_well(self):
        values = noise() + 3 * np.sin(2 * np.pi * np.arange(200) / 12)[:, None]
        values[[20, 21, 100], 0] = -999
        assert {"codes", "season"} <= warned(values).keys()


class TestPartners:
    def test_equal_up_to_scale_and_shift(self):
        values = noise()
        values[:, 2] = 32 - 1.8 * values[:, 0]
        found = warned(values, names=["a", "b", "b c", "d"])["duplicate"]
        assert found.values["pairs"] == [["a", "b c"]]
        assert found.options == ("--drop 'b c'",)

    def test_missing_cells_do_not_hide_a_duplicate(self):
        values = noise()
        values[:, 2] = values[:, 0]
        values[10:40, 2] = np.nan
        assert "duplicate" in warned(values)

    def test_a_share_that_adds_up(self):
        values = noise()
        values[:, 3] = 100 - values[:, :3].sum(axis=1)
        found = warned(values)["collinear"]
        assert set(found.series) == {"0", "1", "2", "3"}
        assert found.options == ("--drop 3",)

    def test_related_series_are_not_collinear(self):
        values = noise()
        values[:, 3] = values[:, 0] + 0.01 * values[:, 1]
        values[:, 3] += 0.02 * np.random.default_rng(1).standard_normal(200)
        assert not {"collinear", "duplicate"} & warned(values).keys()

    def test_a_perfect_fit(self):
        values = noise()
        values[1:, 1] = values[:-1, 0]
        found = warned(values)["perfect-fit"]
        assert found.series == ("1",)
        assert found.values["causes"] == {"1": ["0"]}
        values[1:, 1] += 1e-3 * noise()[1:, 2]
        assert "perfect-fit" not in warned(values)

    def test_one_event_and_no_edge_on_it(self):
        values = np.zeros((40, 2))
        values[1, 1] = values[2, 0] = 1
        assert warned(values).keys() == {"few-events", "perfect-fit"}
        assert edges(values) == set()


class TestSeasons:
    @pytest.mark.parametrize("period", [3, 4, 7, 12, 24, 52])
    def test_period(self, period):
        time = np.arange(max(120, 5 * period))
        values = noise(len(time))
        for column, strength in ((0, 1.5), (2, 4)):
            values[:, column] += strength * np.sin(2 * np.pi * (time + column) / period)
        found = warned(values)["season"]
        assert {"0", "2"} <= set(found.series)
        assert len(found.series) < 4
        assert found.values["periods"] == [period]
        assert f":{period}" in found.options[0]

    def test_a_season_that_is_no_wave(self):
        values = noise(240)
        values[::24, 1] += 8
        assert warned(values)["season"].values["periods"] == [24]

    def test_the_calendar_decides_between_neighbours(self):
        time = np.arange(60)
        values = noise(60) + 5 * np.sin(2 * np.pi * time / 7.1)[:, None]
        panel = Panel.of(values)
        dated = Panel(panel.realisations, panel.names, sampling=Sampling(step="1 day", seconds=86400.0))
        assert warned(dated)["season"].values["periods"] == [7]

    def test_oscillations_that_lose_their_phase_are_no_season(self):
        random = np.random.default_rng(0)
        for seed in range(5):
            draws = np.random.default_rng(seed).standard_normal((600, 3))
            assert "season" not in warned(lfilter([1.0], [1.0, -1.6, 0.9], draws, axis=0)[200:])
        assert "season" not in warned(random.standard_normal((300, 3)))
        assert "season" not in warned(causalkit.simulate("lorenz96", seed=1)[0])

    @pytest.mark.parametrize("seed", [22, 24])
    def test_one_that_no_single_series_has_is_none(self, seed):
        random = np.random.default_rng(seed)
        rare = np.where(random.random((200, 40)) < 0.9, 0, np.abs(random.standard_normal((200, 40))))
        assert "season" not in warned(rare)

    def test_the_option_removes_it(self):
        values = noise(240) + 4 * np.sin(2 * np.pi * np.arange(240) / 12)[:, None]
        panel = Panel.of(values)
        option = warned(panel)["season"].options[0]
        assert option == "--detrend seasonal:12"
        prepared = causalkit.Preparation.of(option.split()[1]).apply(panel)
        assert "season" not in warned(prepared)


class TestUnitRoots:
    """The tests that are written out give the statistics and p-values of statsmodels."""

    @pytest.mark.parametrize("line", [False, True])
    @pytest.mark.parametrize("own", [-0.5, 0.6, 0.95, 1.0])
    @pytest.mark.parametrize("steps", [12, 60, 500])
    @pytest.mark.filterwarnings("ignore")
    def test_agree_with_statsmodels(self, steps, own, line):
        values = lfilter([1.0], [1.0, -own], np.random.default_rng(steps).standard_normal(steps))
        pieces, regression = [Piece(0, 0, values)], "ct" if line else "c"
        for order in (0, 1, 3):
            lags = max(order - 1, 0)
            expected = stattools.adfuller(values, maxlag=lags, autolag=None, regression=regression)[1]
            assert unit_root.adf(pieces, order, line=line) == pytest.approx(max(expected, 1e-300), rel=1e-6)
        expected = stattools.kpss(values, regression=regression, nlags="auto")[1]
        assert unit_root.kpss(pieces, line=line) == pytest.approx(expected)


class TestCourse:
    def test_random_walks(self):
        values = noise(200)
        values[:, [1, 3]] = np.random.default_rng(4).standard_normal((200, 2)).cumsum(0)
        found = warned(values)["unit-root"]
        assert found.series == ("1", "3")
        assert found.options == ("--difference",)
        record = Panel.of(values).health().series
        assert record[1].adf > 0.05
        assert record[1].kpss < 0.05
        assert record[0].adf < 0.01

    def test_near_unit_roots(self):
        found = [warned(noise(500, 4, seed, own=0.96)).keys() & {"near-unit-root", "unit-root"} for seed in range(10)]
        assert sum(map(bool, found)) == 10
        assert any("near-unit-root" in kinds for kinds in found)
        assert not any("near-unit-root" in warned(noise(500, 4, seed, own=0.7)) for seed in range(10))

    def test_trend(self):
        values = noise()
        values[:, 1] += 0.02 * np.arange(200)
        found = warned(values)
        assert found.keys() == {"trend"}
        assert found["trend"].series == ("1",)
        assert found["trend"].options == ("--detrend linear",)

    @pytest.mark.parametrize("row", [40, 120, 170])
    def test_a_change_of_level(self, row):
        values = noise()
        values[row - 1 :, 2] += 5
        found = warned(values)
        assert found.keys() == {"level-shift"}
        assert found["level-shift"].values["rows"] == {"2": [[1, row]]}
        assert found["level-shift"].options[0] == f"--detrend shift:{row}"

    def test_two_changes(self):
        values = noise(300)
        values[100:, 1] += 5
        values[200:, 1] -= 8
        assert warned(values)["level-shift"].values["rows"] == {"1": [[1, 101], [1, 201]]}

    def test_variance(self):
        values = noise(400)
        values[200:, 1] *= 3
        kinds = {one.kind: one.series for one in Panel.of(values).health().findings}
        assert kinds["variance"] == ("1",)
        assert "variance" not in {one.kind for one in Panel.of(noise(400)).health().findings}

    def test_heavy_tails(self):
        values = noise(200)
        values[:, 1] = np.random.default_rng(1).standard_t(3, 200)
        found = warned(values)["heavy-tails"]
        assert found.series == ("1",)
        assert found.options == ("--clip 3",)

    def test_nothing_is_found_in_a_gap(self):
        values = noise(300)
        values[100:160, 1] = np.nan
        values[np.random.default_rng(0).integers(0, 300, 30), 2] = np.nan
        assert warned(values) == {}


class TestLevels:
    def subjects(self, count=8, steps=60, spread=3.0):
        random = np.random.default_rng(0)
        return [noise(steps, 3, seed) + spread * random.standard_normal(3) for seed in range(count)]

    @pytest.mark.parametrize(("count", "steps"), [(2, 120), (8, 60), (20, 40)])
    def test_centred_and_said(self, count, steps):
        panel = Panel.of(self.subjects(count, steps))
        assert warned(panel)["levels"].options == ("--levels center",)
        found = causalkit.discover(panel, method="var", lag=1)
        assert found.data["preparation"]["levels"] in ("center", *([[*"01"], [*"02"], [*"12"]] if count == 2 else []))
        assert sum('preparation={"levels": "keep"}' in note for note in found.notes) == 1
        assert not any("different levels" in note for note in found.notes)

    def test_kept_as_asked_and_said(self):
        found = causalkit.discover(self.subjects(), method="var", lag=1, preparation={"levels": "keep"})
        assert any('preparation={"levels": "center"}' in note for note in found.notes)
        plain = causalkit.discover(self.subjects(spread=0), method="var", lag=1)
        assert "preparation" not in plain.data

    def test_false_edges_go(self):
        kept = causalkit.discover(self.subjects(), method="var", lag=1, preparation={"levels": "keep"})
        centred = causalkit.discover(self.subjects(), method="var", lag=1)
        others = ~np.eye(3, dtype=bool)
        assert kept.joint_p_values[others].min() < 1e-3 < centred.joint_p_values[others].min()

    def test_systems_that_return_to_one_state_have_no_levels(self):
        decay = 5 * 0.8 ** np.arange(60)[:, None]
        starts = np.random.default_rng(5).standard_normal((8, 1, 3))
        panel = Panel.of([noise(60, 3, seed) + decay * start for seed, start in enumerate(starts)])
        assert "levels" not in warned(panel)

    def test_short_realisations_are_kept_and_said(self):
        found = causalkit.discover(self.subjects(10, 15, 6.0), method="var", lag=1)
        assert "preparation" not in found.data
        assert any('preparation={"levels": "center"}' in note for note in found.notes)


class TestPrepareAuto:
    def test_nothing_to_do(self):
        found = causalkit.discover(noise(), method="var", lag=1, preparation="auto")
        assert "preparation" not in found.data

    def test_every_series_gets_what_it_needs(self):
        values = noise(300)
        values[:, 0] += 4 * np.sin(2 * np.pi * np.arange(300) / 12)
        values[:, 1] = np.random.default_rng(9).standard_normal(300).cumsum()
        values[150:, 2] += 6
        values[[30, 31, 80], 3] = -999
        found = causalkit.discover(values, method="var", lag=1, preparation="auto")
        applied = found.data["preparation"]
        assert applied["missing"] == {"3": [-999.0]}
        own = {name: applied["series"].get(name, applied) for name in "0123"}
        assert "12" in own["0"]["detrend"]
        assert own["1"]["difference"] == 1
        assert "shift:151" in own["2"]["detrend"]
        assert "difference" not in own["2"]
        assert sum(note.startswith("as the findings propose") for note in found.notes) == 1
        assert json.loads(json.dumps(applied)) == applied

    def test_heavy_tails_are_clipped(self):
        values = noise(200)
        values[:, 1] = np.random.default_rng(1).standard_t(3, 200)
        found = causalkit.discover(values, method="var", lag=1, preparation="auto")
        assert found.data["preparation"] == {"series": {"1": {"clip": 3.0}}}
        assert found.data["health"]["findings"] == []

    def test_what_was_applied_can_be_applied_again(self):
        values = noise(300) + 4 * np.sin(2 * np.pi * np.arange(300) / 12)[:, None]
        values[:, 1] = np.random.default_rng(9).standard_normal(300).cumsum()
        first = causalkit.discover(values, method="var", lag=1, preparation="auto")
        again = causalkit.discover(values, method="var", lag=1, preparation=first.data["preparation"])
        assert np.array_equal(first.scores, again.scores)
        assert again.data["preparation"] == first.data["preparation"]

    def test_true_edges_stay(self):
        frame = chain()
        frame += 4 * np.sin(2 * np.pi * np.arange(300) / 12)[:, None]
        assert edges(frame, preparation="auto") == TRUE

    def test_differenced_and_other_series_keep_their_rows_together(self):
        values = noise(100, 2)
        preparation = causalkit.Preparation(series={"0": causalkit.Preparation(difference=1)})
        left = preparation.apply(Panel.of(values)).realisations[0]
        assert np.allclose(left, np.column_stack([np.diff(values[:, 0]), values[1:, 1]]))


def test_the_result_records_the_health_of_what_was_learned_from():
    values = noise(240) + 4 * np.sin(2 * np.pi * np.arange(240) / 12)[:, None]
    found = causalkit.discover(values, method="var", lag=1)
    assert [one["kind"] for one in found.data["health"]["findings"]] == ["season"]
    json.dumps(found.data["health"])
    prepared = causalkit.discover(values, method="var", lag=1, preparation="seasonal:12")
    assert prepared.data["health"]["findings"] == []


def test_many_series_have_one_note_a_kind():
    walks = np.random.default_rng(0).standard_normal((300, 40)).cumsum(0)
    found = causalkit.discover(walks, method="var", lag=1)
    said = [note for note in found.notes if "without a level" in note]
    assert len(said) == 1
    assert len(said[0]) < 300
