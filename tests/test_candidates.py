"""Results on very many series, which have scores of candidate pairs only."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import EntryPoint
from types import ModuleType

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import causalkit
from causalkit import Discovery, Effects, Knowledge, Metric, Pairs, Truth, hookimpl
from causalkit.cli.main import cli
from causalkit.cli.results import show_discovery
from causalkit.core.correction import corrected
from causalkit.core.held_out import HeldOutTest
from causalkit.core.pairs import SparseArray
from causalkit.errors import DataError, PluginError, WrongUsageError
from causalkit.evaluation import Evaluation
from causalkit.plotting import plot_graph, plot_heatmap, plot_lags
from causalkit.plugins.registry import GROUP
from causalkit.report import report_discovery
from tests.plugins_for_tests.installing import REAL, installed

MANY = 9000  # an array of all pairs is refused, so that whatever needs one fails
WIDE = ("--orientation", "time-series")
BY_PAIR = ("scores", "p_values", "standard_errors", "joint_p_values", "selected")


def sparse(series: int = 12, candidates: int = 4, lags: int = 2, seed: int = 0) -> Discovery:
    """Return a result with scores of random candidates, some of them 0."""
    generator = np.random.default_rng(seed)
    causes = np.stack([generator.choice(min(series, 500), candidates, replace=False) for _ in range(series)])
    causes[1, 2:] = -1
    pairs = Pairs.candidates(causes)

    def drawn(values, fill=0):
        return pairs.array(pairs.by_effect(values), fill)

    shape = (series, candidates, lags)
    scores = generator.exponential(size=shape) * (generator.random(shape) < 0.8)
    effects = Effects(
        drawn(generator.normal(size=shape)),
        np.arange(1.0, series + 1),
        np.zeros(series),
        drawn(generator.random(shape)),
        drawn(0.5 + generator.random(shape) / 2, 1),
    )
    return Discovery(
        names=tuple(f"G{number}" for number in range(series)),
        scores=drawn(scores),
        p_values=drawn(generator.random(shape) ** 3, 1),
        standard_errors=drawn(0.1 * scores),
        effects=effects,
        method="toy",
    )


def dense(found: Discovery) -> Discovery:
    """Return the same result with arrays of all pairs."""

    def full(value):
        return np.asarray(value) if isinstance(value, SparseArray) else value

    effects = found.effects
    parts = {name: full(getattr(effects, name)) for name in ("mean", "standard_errors", "same_sign")}
    return replace(found, **{name: full(getattr(found, name)) for name in BY_PAIR}, effects=replace(effects, **parts))


def pairs_selected(found: Discovery) -> set[tuple[str, str, int]]:
    rows = found.edges(selected_only=True)
    return set(zip(rows["cause"], rows["effect"], rows["lag"], strict=True))


class TestPairs:
    def test_candidates_of_effects_become_cells_of_cause_and_effect(self):
        pairs = Pairs.candidates(np.array([[2, 1], [0, -1], [-1, -1]]))
        array = pairs.array(pairs.by_effect(np.array([[20.0, 10.0], [1.0, 9.0], [9.0, 9.0]])))
        assert np.array_equal(np.asarray(array), [[0, 1, 0], [10, 0, 0], [20, 0, 0]])
        assert (array[2, 0], array[0, 2]) == (20, 0)

    def test_single_cells_are_read_as_of_an_array(self):
        scores = sparse().scores
        full = np.asarray(scores)
        cause, effect = np.indices((12, 12))
        assert np.array_equal(scores[cause, effect], full)
        assert np.array_equal(scores[cause, effect, 1], full[:, :, 1])
        assert scores[-1, 3, 0] == full[-1, 3, 0]
        with pytest.raises(IndexError):
            scores[12, 0, 0]

    def test_code_that_knows_only_arrays_works_while_there_is_room(self):
        scores = sparse().scores
        full = np.asarray(scores)
        assert np.array_equal(scores > 0.5, full > 0.5)
        assert np.array_equal(scores.max(axis=2), full.max(axis=2))
        assert np.array_equal(np.where(scores > 1, scores, 0), np.where(full > 1, full, 0))

    def test_an_array_of_all_pairs_is_refused_where_it_is_too_large(self):
        with pytest.raises(WrongUsageError, match="9,000 x 9,000 pairs"):
            sparse(MANY, lags=1).scores > 0.5  # noqa: B015

    @pytest.mark.parametrize("causes", [[[1, 1], [0, -1]], [[2, 0], [0, 1]]])
    def test_candidates_that_cannot_be(self, causes):
        with pytest.raises(PluginError):
            Pairs.candidates(np.array(causes))


@pytest.mark.parametrize("rule", ["top-k:7", "threshold:1", "density:0.05", "top-k:30,self-edges=true"])
def test_a_rule_selects_what_it_selects_of_all_pairs(rule):
    found, full = sparse().select(rule), dense(sparse()).select(rule)
    assert pairs_selected(found) == pairs_selected(full)
    assert found.selection == full.selection
    assert len(pairs_selected(found)) > 0


@pytest.mark.parametrize("rule", ["fdr:0.3", "fdr:0.5,method=by"])
def test_pairs_that_were_no_candidates_count_as_tests(rule):
    found, full = sparse().select(rule), dense(sparse()).select(rule)
    assert pairs_selected(found) == pairs_selected(full)
    assert 0 < found.selection["edges"] < len(sparse().pairs) - 12
    rows = found.pairs.of(np.array(full.selection["q_values"], dtype=float))
    assert np.allclose(np.array(found.selection["q_values"], dtype=float), rows, equal_nan=True)


def test_the_test_on_held_out_forecasts_counts_them_too():
    found = sparse()

    class Held:
        def __init__(self, p_values):
            self.p_values = p_values

        def test(self, least):
            pairs = causalkit.core.pairs.pairs_of(self.p_values)
            joint = pairs.array(pairs.of(self.p_values).min(axis=1), 1)
            return HeldOutTest(joint, self.p_values, joint, np.full(12, 100.0))

    one = replace(found, held_out=Held(found.p_values), p_values=None).test(0.2)
    other = replace(dense(found), held_out=Held(np.asarray(found.p_values)), p_values=None).test(0.2)
    assert pairs_selected(one) == pairs_selected(other)
    assert len(pairs_selected(one)) > 0
    assert one.selection["name"] == "heldout"


def test_a_rule_that_returns_an_array_of_all_pairs_is_understood_but_not_outside_the_candidates():
    found = sparse()
    outside = np.argwhere(np.asarray(found.pairs.array(np.ones(len(found.pairs), dtype=bool), False)) == 0)[0]
    selected = np.zeros(found.scores.shape, dtype=bool)
    selected[found.pairs.cause[0], found.pairs.effect[0], 0] = True
    assert len(pairs_selected(replace(found, selected=selected))) == 1
    selected[(*outside, 0)] = True
    with pytest.raises(PluginError, match="no candidate"):
        replace(found, selected=selected)


class TestKnowledge:
    def test_forbidden_candidates_are_never_selected(self):
        found = sparse()
        first = found.edges(1, self_edges=False).iloc[0]
        known = Knowledge.of({"forbid": f"{first.cause}->{first.effect}"})
        kept = found.within(known).select("threshold:0")
        assert (first.cause, first.effect) not in {pair[:2] for pair in pairs_selected(kept)}
        assert pairs_selected(kept) == pairs_selected(dense(found).within(known).select("threshold:0"))

    def test_a_required_edge_is_selected(self):
        found = sparse()
        weakest = found.edges(self_edges=False).iloc[-1]
        known = Knowledge.of({"require": f"{weakest.cause}->{weakest.effect}"})
        kept = found.within(known).select("top-k:1")
        assert (weakest.cause, weakest.effect) in {pair[:2] for pair in pairs_selected(kept)}
        assert len(pairs_selected(kept)) == 2

    def test_a_required_edge_that_is_no_candidate_is_an_error(self):
        found = sparse()
        missing = next((a, b) for a in range(12) for b in range(12) if a != b and found.pairs.find(a, b) < 0)
        known = Knowledge.of({"require": [tuple(found.names[end] for end in missing)]})
        with pytest.raises(PluginError, match="is no candidate"):
            found.within(known)

    def test_pairs_of_many_series_are_counted_without_a_matrix(self):
        names = [f"G{number}" for number in range(60)]
        known = Knowledge.of({"regulators": names[:5], "forbid": ["G1->G2", "G3->*", "*->G7"], "require": "G0->G9"})
        allowed = known.allowed(names)
        cause, effect = np.indices(allowed.shape)
        assert np.array_equal(known.allowed_pairs(names, cause.ravel(), effect.ravel()), allowed.ravel())
        assert known.count(names) == allowed.sum() - 1
        assert known.count(names, self_edges=False) == allowed.sum() - 60 - 1


class TestReading:
    def test_edges_are_those_of_all_pairs_without_the_others(self):
        found = sparse().select("fdr:0.2")
        full = dense(sparse()).select("fdr:0.2").edges()
        ends = zip(full["cause"], full["effect"], strict=True)
        index = {name: number for number, name in enumerate(found.names)}
        rows = np.array([found.pairs.find(index[cause], index[effect]) >= 0 for cause, effect in ends])
        pd.testing.assert_frame_equal(found.edges(), full[rows].reset_index(drop=True))

    def test_the_graph_is_that_of_all_pairs(self):
        for rule in ("fdr:0.2", None):
            found, full = (one.select(rule) if rule else one for one in (sparse(), dense(sparse())))
            assert nx.utils.graphs_equal(found.graph(), full.graph())

    def test_the_page_says_that_other_pairs_have_no_scores(self):
        shown = repr(sparse())
        assert "46 candidate pairs of 144" in shown
        assert "by construction" in shown
        assert "by construction" in sparse()._repr_html_()

    def test_an_explanation_tells_a_pair_without_score_from_a_score_of_zero(self):
        found = sparse()
        missing = next((a, b) for a in range(12) for b in range(12) if a != b and found.pairs.find(a, b) < 0)
        assert "no candidate" in found.explain(*(found.names[end] for end in missing))
        first = found.edges(1, self_edges=False).iloc[0]
        assert "number 1 among" in found.explain(first.cause, first.effect)


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_a_file_gives_the_same_result_back(suffix, tmp_path):
    found = replace(sparse().select("fdr:0.2"), joint_p_values=sparse().pair_p_values)
    found.save(tmp_path / f"result{suffix}")
    again = Discovery.load(tmp_path / f"result{suffix}")
    assert again.sparse
    assert again.pairs == found.pairs
    for name in BY_PAIR:
        assert np.array_equal(getattr(again, name).values, getattr(found, name).values), name
    assert np.array_equal(again.effects.in_units.values, found.effects.in_units.values)
    assert again.selection == found.selection
    assert repr(again) == repr(found)
    pd.testing.assert_frame_equal(again.edges(), found.edges())


def test_an_older_causalkit_refuses_the_file(tmp_path):
    sparse().save(tmp_path / "result.json")
    record = json.loads((tmp_path / "result.json").read_text())
    assert record["schema"] == 2
    assert len(record["scores"]) == len(record["pairs"]["cause"]) == 46


TRUE = [(f"G{cause}", f"G{effect}", lag) for cause, effect, lag in np.random.default_rng(3).integers(1, 4, (9, 3))]


@pytest.mark.parametrize(
    "change",
    [
        {"pairs": {"cause": [0, 5], "effect": [1, 1]}},
        {"pairs": {"cause": [0, 0], "effect": [1, 1]}},
        {"pairs": {"cause": [0, 1], "effect": [1]}},
        {"pairs": {"cause": [0, 1], "effect": [1, "x"]}},
        {"pairs": {"cause": [0, 1]}},
        {"scores": [[1.0]]},
        {"scores": [1.0, 2.0]},
        {"scores": [[[1.0]], [[2.0]]]},
        {"scores": [[1.0], [-2.0]]},
        {"selected": [[True], [True], [True]]},
        {"path": {"scores": [[[1.0]]], "strengths": [1.0]}},
    ],
)
def test_a_damaged_file_is_an_error_of_one_line(change, tmp_path):
    record = {"schema": 2, "names": ["a", "b"], "pairs": {"cause": [0, 1], "effect": [1, 0]}, "scores": [[1.0], [2.0]]}
    (tmp_path / "result.json").write_text(json.dumps(record))
    assert Discovery.load(tmp_path / "result.json").scores[1, 0, 0] == 2.0
    (tmp_path / "result.json").write_text(json.dumps(record | change))
    with pytest.raises(DataError):
        Discovery.load(tmp_path / "result.json")


class TestTruth:
    @pytest.mark.parametrize("diagonal", ["include", "exclude"])
    @pytest.mark.parametrize("scope", [None, tuple(f"G{number}" for number in range(9))])
    def test_metrics_are_those_of_all_pairs(self, diagonal, scope):
        strongest = sparse().select("fdr:0.2").edges(20, self_edges=False, selected_only=True)
        turned = [(effect, cause, 1) for cause, effect in zip(strongest["cause"], strongest["effect"], strict=True)]
        truth = replace(Truth.from_edges([*TRUE, *turned], sparse().names), scope=scope)
        found, full = sparse().select("fdr:0.2"), dense(sparse()).select("fdr:0.2")
        one, other = (each.evaluate(truth, diagonal=diagonal) for each in (found, full))
        assert set(one) == set(other) >= {"auroc", "auprc", "f1", "shd", "lagged-auroc", "lag-accuracy"}
        assert one == pytest.approx(other, abs=1e-12)
        assert Evaluation.of(found, truth, diagonal).lost_lags == Evaluation.of(full, truth, diagonal).lost_lags

    def test_a_metric_without_weights_is_not_computed(self):
        def mean_score(evaluation):
            return float(evaluation.scores.mean())

        module = ModuleType("fake_metric")
        record = Metric(name="mean-score", factory=mean_score, summary="Mean score")
        module.causalkit_metrics = hookimpl(lambda: [record], specname="causalkit_metrics")
        sys.modules[module.__name__] = module
        truth = Truth.from_edges(TRUE, sparse().names)
        with installed(beside=[*REAL, EntryPoint("metric", module.__name__, GROUP)], strict=True):
            assert "mean-score" in dense(sparse()).evaluate(truth)
            assert "mean-score" not in sparse().evaluate(truth)
            with pytest.raises(WrongUsageError, match="candidate pairs"):
                sparse().evaluate(truth, metrics=["mean-score"])
        del sys.modules[module.__name__]


class Toy:
    """Lagged products of each series with the two before it."""

    def fit(self, panel, run):
        values = panel.realisations[0]
        each = np.arange(panel.series)
        causes = np.stack([each, each - 1, each - 2], axis=1)  # -1: none
        causes[causes < 0] = -1
        products = np.abs((values[:-1, causes] * values[1:, each][:, :, None]).mean(axis=0))
        pairs = Pairs.candidates(causes)
        scores = pairs.array(pairs.by_effect(products[:, :, None]))
        return Discovery(names=panel.names, scores=scores, p_values=pairs.array(1 / (1 + 100 * scores.values), 1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    values = np.random.default_rng(0).normal(size=(20, MANY)).round(3)
    values[1:, 5] += 2 * values[:-1, 4]
    np.savetxt(folder / "data.csv", values, delimiter=",", fmt="%.3f", header=",".join(f"G{n}" for n in range(MANY)))
    text = (folder / "data.csv").read_text().removeprefix("# ")
    (folder / "data.csv").write_text(text)
    return folder


def test_a_result_without_any_test_is_shown(capsys):
    found = sparse(MANY)

    class Untested:
        def test(self, least):
            known = found.pairs
            ones = known.array(np.ones((len(known), 2)), 1)
            return HeldOutTest(known.array(np.ones(len(known)), 1), ones, found.pair_scores, np.full(MANY, 7), 80)

    data = {"source": "short.csv", "series": MANY, "realisations": 1, "steps": [9], "missing_cells": 0}
    show_discovery(replace(found, held_out=Untested(), data=data).select("heldout:0.05"), 5, quiet=True)
    assert "No edge was tested by heldout:0.05" in capsys.readouterr().out


def test_the_correction_for_any_dependence_needs_no_list_of_all_tests():
    p_values = np.array([1e-12, 0.5])
    tested = np.ones(2, dtype=bool)
    few, many = (corrected(p_values, tested, 0.05, "by", tests)[1] for tests in (1000, 1001))
    assert many[0] == pytest.approx(few[0] * 1.001, rel=2e-4)
    exact = 10**6 * (1 / np.arange(1, 10**6 + 1)).sum() * 1e-12
    assert corrected(p_values, tested, 0.05, "by", 10**6)[1][0] == pytest.approx(exact, rel=1e-12)
    assert 0 < corrected(p_values, tested, 0.05, "by", 10**12)[1][1] <= 1


class TestManySeries:
    """Whatever a command does with a result; nothing may need an array of all pairs."""

    @staticmethod
    @contextmanager
    def toy():
        module = ModuleType("fake_toy")
        record = causalkit.Method(name="toy", factory=Toy, summary="Lagged products")
        module.causalkit_methods = hookimpl(lambda: [record], specname="causalkit_methods")
        sys.modules[module.__name__] = module
        try:
            with installed(beside=[*REAL, EntryPoint("toy", module.__name__, GROUP)], strict=True):
                yield
        finally:
            del sys.modules[module.__name__]

    def test_from_the_command_line_to_every_file(self, folder):
        names = [str(folder / f"result.{suffix}") for suffix in ("json", "npz", "csv", "graphml", "png")]
        outputs = [word for name in names[:-1] for word in ("-o", name)]
        (folder / "regulators.txt").write_text("".join(f"G{number}\n" for number in range(100)))
        words = [
            "discover",
            str(folder / "data.csv"),
            "-m",
            "toy",
            *WIDE,
            "--regulators",
            str(folder / "regulators.txt"),
        ]
        more = ["--plot", names[-1], "--report", str(folder / "report.html"), "--select", "top-k:3"]
        with self.toy():
            done = CliRunner().invoke(cli, [*words, *outputs, *more], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        assert "by construction" in done.output
        found = Discovery.load(names[0])
        assert ("G4", "G5", 1) in pairs_selected(found)
        rows = found.edges()
        assert len(rows) < 300 + MANY  # of regulators, and of each series from itself
        assert (rows["cause"].str[1:].astype(int) < 100)[rows["cause"] != rows["effect"]].all()
        assert nx.read_graphml(names[3]).number_of_edges() == 3
        report = (folder / "report.html").read_text(encoding="utf-8")
        assert "Only the series of the strongest edges are shown" in report
        assert "by construction" in report

    def test_a_terminal_shows_the_strongest_of_very_many_selected_edges(self, folder):
        words = ["discover", str(folder / "data.csv"), "-m", "toy", *WIDE, "--select", "top-k:5000"]
        with self.toy():
            done = CliRunner().invoke(cli, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        assert "The strongest 1,000 edges of 5,000 selected by top-k:5000" in done.stdout
        assert done.stdout.count("\nG") == 1000
        assert "\nG4 " in done.stdout[:500]

    def test_a_loaded_result_is_shown_and_drawn(self, folder, tmp_path):
        found = sparse(MANY).select("top-k:200")
        found.save(tmp_path / "result.npz")
        for command in (["plot"], ["report"]):
            target = tmp_path / ("x.png" if command == ["plot"] else "x.html")
            done = CliRunner().invoke(cli, [*command, str(tmp_path / "result.npz"), "-o", str(target)])
            assert done.exit_code == 0, done.output
        assert "of 9,000 series, those of the strongest edges" in plot_graph(found).get_title()
        assert "the first 60 of 9,000 series" in plot_graph(found.select("threshold:1e9")).get_title()
        heat = plot_heatmap(found)
        assert "of 9,000 series" in heat.get_title()
        assert float(heat.images[0].get_array().max()) == float(found.edges(1, self_edges=False)["score"].iloc[0])
        assert "of 9000 series have a row" in plot_lags(found).get_title()

    def test_a_truth_is_compared(self, tmp_path):
        found = sparse(MANY).select("top-k:200")
        best = found.edges(50, self_edges=False)
        truth = Truth.from_edges(zip(best["cause"], best["effect"], strict=True), found.names)
        values = found.evaluate(truth)
        assert values["auroc"] > 0.999
        assert values["precision"] == pytest.approx(len(set(map(tuple, best[["cause", "effect"]].to_numpy()))) / 200)
        report_discovery(found, tmp_path / "report.html", truth=truth)
