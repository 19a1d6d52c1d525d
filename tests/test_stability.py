"""Stability selection: halves of the data, frequencies, the bound on false edges, and what it refuses."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from click.testing import CliRunner

import causalkit
from causalkit.builtin.methods.linear_var import LinearVar
from causalkit.builtin.rules.stability import error_bound, largest_q
from causalkit.builtin.rules.subsamples import complementary_halves
from causalkit.cli.main import cli
from causalkit.core.discovery import Discovery
from causalkit.core.panel import Panel
from causalkit.core.refit import Refit
from causalkit.core.run import Run
from causalkit.errors import DataError, Interrupted, WrongUsageError
from causalkit.selection import parse_rule, select


def generator(seed=0):
    return np.random.default_rng(seed)


def rows(panel):
    """Return which rows a half consists of; the first series counts them."""
    return [int(value) for values in panel for value in values[:, 0]]


def counted(lengths):
    """Return a panel whose first series counts the steps of all realisations."""
    total = sum(lengths)
    values = np.column_stack([np.arange(total), np.zeros(total)])
    return Panel.of(np.split(values, np.cumsum(lengths)[:-1]), time_column="none")


class Coin:
    """A method whose strongest pair is always 0 -> 1 and whose other scores depend on the seed alone."""

    def __init__(self):
        self.seeds = []
        self.panels = []

    def fit(self, panel, run):
        self.seeds.append(run.seed)
        self.panels.append(panel)
        scores = np.random.default_rng(run.seed).uniform(0, 1, (panel.series, panel.series, 2))
        scores[0, 1, 1] = 2.0
        return Discovery(names=panel.names, scores=scores)


def coin(series=5, steps=100):
    panel = Panel.of(np.random.default_rng(0).normal(size=(steps, series)))
    method, run = Coin(), Run()
    found = method.fit(panel, run)
    return method, Discovery(names=panel.names, scores=found.scores, refit=Refit.of(method, panel, run, True))


class TestHalves:
    @pytest.mark.parametrize("lengths", [[500], [120, 80, 333], [21] * 12, [40] * 5])
    def test_together_they_are_the_panel_and_share_nothing(self, lengths):
        panel = counted(lengths)
        for seed in range(20):
            one, other = (rows(half) for half in complementary_halves(panel, 2, generator(seed)))
            assert sorted(one + other) == list(range(sum(lengths)))
            assert 0.35 < len(one) / sum(lengths) < 0.65

    def test_whole_realisations_where_there_are_enough(self):
        panel = counted([21] * 12)
        whole = [tuple(values[:, 0]) for values in panel]
        for half in complementary_halves(panel, 2, generator()):
            assert len(half.realisations) == 6
            assert all(tuple(values[:, 0]) in whole for values in half)

    def test_blocks_of_one_recording_are_stretches_in_the_order_of_time(self):
        for half in complementary_halves(counted([400]), 3, generator()):
            assert len(half.realisations) > 1
            for values in half:
                assert (np.diff(values[:, 0]) == 1).all()
            starts = [values[0, 0] for values in half]
            ends = [values[-1, 0] for values in half]
            assert all(start > end + 1 for start, end in zip(starts[1:], ends[:-1], strict=True))  # neighbours joined

    def test_few_windows_are_lost(self):
        panel = counted([400])
        windows = sum(len(half.windows(3)) for half in complementary_halves(panel, 3, generator()))
        assert windows > 0.8 * len(panel.windows(3))

    def test_splits_differ(self):
        draws = generator()
        assert len({tuple(rows(complementary_halves(counted([200]), 2, draws)[0])) for _ in range(10)}) == 10

    def test_too_short_to_be_cut(self):
        with pytest.raises(DataError, match="20 steps in 1 realisations are too few.*40 steps.*smaller lag"):
            complementary_halves(counted([20]), 4, generator())


class TestBound:
    def test_by_hand(self):
        assert error_bound(6, 0.75, 90) == pytest.approx(36 / (0.5 * 90))

    @pytest.mark.parametrize(
        ("errors", "threshold", "pairs"), [(1, 0.75, 90), (2, 0.9, 20), (0.5, 0.6, 9900), (4, 1, 6)]
    )
    def test_q_is_the_largest_that_keeps_it(self, errors, threshold, pairs):
        q = largest_q(errors, threshold, pairs)
        assert error_bound(q, threshold, pairs) <= errors + 1e-9 or q == 1
        assert error_bound(q + 1, threshold, pairs) > errors

    def test_exact_roots_are_not_lost_to_rounding(self):
        assert largest_q(0.1, 0.6, 50) == 1  # 0.1 * 0.2 * 50 = 1
        assert largest_q(0.5, 0.9, 90) == 6  # 36

    def test_q_is_chosen_and_said(self):
        selection = select(coin()[1], "stability:errors=2,threshold=0.8").selection
        assert selection["pairs"] == 20
        assert selection["q"] == 4  # 16 / (0.6 * 20) = 1.33 <= 2 < 25 / 12
        assert selection["bound"] == pytest.approx(16 / 12)
        assert "1.3 of them are expected to be false" in selection["notes"][0]

    def test_a_bound_that_cannot_be_kept_is_said(self):
        selection = select(coin(series=2)[1], "stability:errors=0.2").selection
        assert selection["q"] == 1
        assert "above errors=0.2" in selection["notes"][1]

    def test_a_bound_that_says_nothing_is_said(self):
        assert "says nothing" in select(coin()[1], "stability:top=15").selection["notes"][-1]

    def test_null_data_hardly_ever_give_an_edge(self):
        false = 0
        for seed in range(25):
            panel = Panel.of(np.random.default_rng(seed).normal(size=(150, 6)))
            false += causalkit.discover(panel, method="var", select="stability:subsamples=20").selection["edges"]
        assert false <= 25  # one a panel is the bound


class TestFrequencies:
    def test_what_is_always_strong_has_frequency_one_and_is_selected_at_its_lag(self):
        chosen = select(coin()[1], "stability")
        assert chosen.selection["frequencies"][0][1] == 1.0
        assert np.argwhere(chosen.selected).tolist() == [[0, 1, 1]]

    def test_they_are_shares_of_the_halves(self):
        frequencies = np.array(select(coin()[1], "stability:subsamples=10,top=3").selection["frequencies"])
        assert frequencies.sum() == pytest.approx(3)
        assert np.allclose(frequencies * 10, np.rint(frequencies * 10))
        assert not np.diag(frequencies).any()

    def test_self_edges_only_when_asked_for(self):
        selection = select(coin()[1], "stability:self-edges=true").selection
        assert selection["pairs"] == 25
        assert np.diag(selection["frequencies"]).any()

    def test_every_fit_has_its_seed_and_half_of_the_data(self):
        method, discovery = coin()
        method.seeds.clear()
        method.panels.clear()
        select(discovery, "stability:subsamples=11")
        assert len(set(method.seeds)) == len(method.seeds) == 12  # complementary halves come in pairs
        assert all(30 <= panel.steps <= 70 for panel in method.panels)
        assert all(np.concatenate(panel.realisations).mean(axis=0) == pytest.approx(0) for panel in method.panels)

    def test_the_same_seed_gives_the_same_frequencies(self):
        panel, _ = causalkit.simulate("var", series=4, steps=200)
        first, second = (causalkit.discover(panel, method="var", select="stability").selection for _ in range(2))
        assert first["frequencies"] == second["frequencies"]

    def test_the_only_edge_is_found(self):
        panel, _ = causalkit.simulate("lagged-pair")
        chosen = causalkit.discover(panel, method="var", lag=3, select="stability")
        assert np.argwhere(chosen.selected).tolist() == [[0, 1, 1]]

    def test_observers_hear_of_every_fit(self):
        heard = []

        class Ear:
            def on_start(self, info):
                heard.append((info["stage"], info["epochs"], info["seconds"] > 0))

            def on_epoch(self, number, losses):
                heard.append(number)

        select(coin()[1], "stability:subsamples=10", observers=[Ear()])
        assert heard == [("stability", 10, True), *range(1, 11)]


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("stability:threshold=0.5", "threshold=0.5.*greater than 0.5"),
            ("stability:errors=0", "errors=0"),
            ("stability:subsamples=5", "subsamples=5.*greater than or equal to 10"),
            ("stability:top=0", "top=0"),
            ("stability:thresold=0.8", "did you mean threshold"),
        ],
    )
    def test_mistakes_show_before_any_work(self, text, said):
        with pytest.raises(WrongUsageError, match=said):
            parse_rule(text)

    def test_a_loaded_result_says_why_not_and_what_to_do(self, tmp_path):
        discovery = coin()[1]
        discovery.save(tmp_path / "result.json")
        for lost in (Discovery.load(tmp_path / "result.json"), pickle.loads(pickle.dumps(discovery))):
            with pytest.raises(WrongUsageError, match="neither the method nor its data.*causalkit discover"):
                lost.select("stability")

    def test_a_half_that_the_method_cannot_be_fitted_to(self):
        panel = Panel.of(np.random.default_rng(0).normal(size=(40, 8)))
        discovery = causalkit.discover(panel, method="var", lag=2)
        with pytest.raises(DataError, match=r"could not be fitted again, to \d+ of 40 steps.*coefficients"):
            discovery.select("stability")


class TestCommandLine:
    def test_frequencies_in_the_table_and_in_json(self, tmp_path):
        base = ["discover", "--dataset", "lagged-pair", "--method", "var", "--select", "stability"]
        shown = CliRunner().invoke(cli, base)
        assert shown.exit_code == 0, shown.output
        assert "frequency" in shown.stdout
        assert "expected to be false" in shown.stderr
        record = json.loads(CliRunner().invoke(cli, [*base, "--json"]).stdout)
        assert record["selection"]["frequencies"][0][1] == 1.0
        assert record["selection"]["edges"] == 1

    def test_scores_are_kept_where_the_selection_fails(self, tmp_path):
        np.savetxt(tmp_path / "short.csv", np.random.default_rng(0).normal(size=(40, 8)), delimiter=",", fmt="%.6f")
        out = tmp_path / "result.json"
        words = ["discover", str(tmp_path / "short.csv"), "--method", "var", "--select", "stability", "-o", str(out)]
        failed = CliRunner().invoke(cli, words)
        assert isinstance(failed.exception, DataError)
        assert Discovery.load(out).scores.shape == (8, 8, 2)

    def test_scores_are_kept_where_the_selection_is_interrupted(self, tmp_path, monkeypatch):
        def interrupted(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(Refit, "__call__", interrupted)
        out = tmp_path / "result.json"
        words = ["discover", "--dataset", "lagged-pair", "--method", "var", "--select", "stability", "-o", str(out)]
        ended = CliRunner().invoke(cli, words)
        assert isinstance(ended.exception, Interrupted)
        assert ended.exception.hint == "the files of -o contain the scores alone"
        assert Discovery.load(out).selected is None

    @pytest.mark.parametrize("written", [True, False])
    def test_an_interrupt_before_there_are_scores_says_how_to_go_on(self, tmp_path, monkeypatch, written):
        """By a checkpoint, if there is one: an interrupt before training leaves none."""

        def interrupted(*_):
            if written:
                (tmp_path / "c.safetensors").write_bytes(b"state")
            raise KeyboardInterrupt

        monkeypatch.setattr(LinearVar, "fit", interrupted)
        words = ["discover", "--dataset", "lagged-pair", "--method", "var", "--select", "stability"]
        out, checkpoint = str(tmp_path / "result.json"), str(tmp_path / "c.safetensors")
        ended = CliRunner().invoke(cli, [*words, "-o", out, "--checkpoint", checkpoint])
        assert isinstance(ended.exception, Interrupted)
        assert ended.exception.hint == (f"continue with --checkpoint {checkpoint} --resume" if written else "")
        assert not (tmp_path / "result.json").exists()

    def test_the_hint_on_self_edges_is_a_rule(self):
        words = ["discover", "--dataset", "lagged-pair", "--method", "var", "--select", "stability:subsamples=10"]
        assert "--select stability:subsamples=10,self-edges=true" in CliRunner().invoke(cli, words).stderr
        assert "--select stability:self-edges=true" in CliRunner().invoke(cli, [*words[:-1], "stability"]).stderr
        words[-1] = "surrogate:count=20"
        assert "self-edges=true" not in CliRunner().invoke(cli, words).stderr
