"""The rule ``heldout``: edges without whose cause held-out steps are forecast worse."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

import causalkit
from causalkit import Discovery
from causalkit.cli.main import cli
from causalkit.cli.results import show_discovery
from causalkit.core.held_out import HeldOutTest
from causalkit.errors import WrongUsageError

JOINT = np.array([[0.5, 0.001, 0.5], [0.9, 0.5, 0.004], [0.03, 1.0, 1e-9]])


class Answers:
    """Held-out forecasts with p-values of their own, which remember what was asked of them."""

    asked: float | None = None

    def test(self, least: float) -> HeldOutTest:
        self.asked = least
        by_lag = np.stack([JOINT, np.ones((3, 3))], axis=2)
        return HeldOutTest(JOINT, by_lag, np.where(JOINT < 0.05, 0.2, 0.0), np.full(3, 90))


def found(held_out: object = None) -> Discovery:
    scores = np.ones((3, 3, 2))
    scores[:, :, 1] = 0.5
    return Discovery(names=("A", "B", "C"), scores=scores, method="m", held_out=held_out)  # type: ignore[arg-type]


def test_pairs_are_selected_by_corrected_p_values_and_self_edges_are_not_tested() -> None:
    answers = Answers()
    selected = found(answers).select("heldout:0.05")
    assert selected.edges(selected_only=True)[["cause", "effect", "lag"]].values.tolist() == [
        ["A", "B", 1],
        ["B", "C", 1],
    ]
    q = np.array(selected.selection["q_values"], dtype=float)
    assert q[0, 1] == pytest.approx(6 * 0.001)
    assert q[1, 2] == pytest.approx(3 * 0.004)
    assert np.isnan(np.diag(q)).all()
    assert np.isnan(np.diag(selected.joint_p_values)).all()
    assert selected.joint_p_values[2, 0] == 0.03
    assert answers.asked == 0.01


def test_the_least_worth_of_an_edge_reaches_the_test() -> None:
    answers = Answers()
    note = found(answers).select("heldout:0.05,least=0").selection["notes"][0]
    assert answers.asked == 0
    assert "by more than" not in note


def test_only_what_background_knowledge_leaves_open_is_tested() -> None:
    known = replace(found(Answers()), config={"knowledge": {"forbid": [["A", "B"]]}})
    selected = known.select("heldout:0.05")
    assert selected.pair_selected is not None
    assert not selected.pair_selected[0, 1]
    assert selected.pair_selected[1, 2]
    assert float(selected.selection["q_values"][1][2]) == pytest.approx(5 * 0.004)  # five pairs are left


def test_without_held_out_forecasts_the_rule_says_what_to_do() -> None:
    with pytest.raises(WrongUsageError, match="a saved result has none"):
        found().select("heldout:0.05")
    panel, _ = causalkit.simulate("lagged-pair")
    with pytest.raises(WrongUsageError, match=r"fit of var has none.*fdr:0.05"):
        causalkit.discover(panel, method="var", lag=2).select("heldout:0.05")


def test_the_test_of_a_discovery_is_that_on_held_out_forecasts_else_the_own_one() -> None:
    assert found(Answers()).test(0.05).selection["name"] == "heldout"
    panel, _ = causalkit.simulate("lagged-pair")
    own = causalkit.discover(panel, method="var", lag=2).test(0.01)
    assert (own.selection["name"], own.selection["level"]) == ("fdr", 0.01)
    with pytest.raises(WrongUsageError, match="p-values"):
        found().test()
    for level in ("x", True, None):
        with pytest.raises(WrongUsageError, match="is not allowed"):
            found(Answers()).test(level)


@pytest.mark.plugins
def test_the_default_method_finds_the_edges_of_a_linear_system_and_their_lags() -> None:
    panel, truth = causalkit.simulate("var", series=5, steps=400, lag=2, seed=3)
    tested = causalkit.discover(panel, method="grngc", seed=0).select("heldout:0.05")
    others = ~np.eye(5, dtype=bool)
    assert tested.pair_selected is not None
    true = truth.edges
    assert (tested.pair_selected & others)[true].sum() >= 0.8 * (true & others).sum()
    assert not (tested.pair_selected & others & ~true).any()
    loss = np.array(tested.selection["loss"])
    assert loss[true & others].min() > loss[~true & others].max()


@pytest.mark.plugins
def test_a_saved_result_keeps_the_p_values_and_is_tested_by_them(tmp_path) -> None:
    panel, _ = causalkit.simulate("var", series=4, steps=200, lag=1, seed=0)
    tested = causalkit.discover(panel, method="grngc", seed=0, lag=1).test()
    tested.save(tmp_path / "found.json")
    loaded = Discovery.load(tmp_path / "found.json")
    assert loaded.held_out is None
    again = loaded.select("fdr:0.05")
    assert np.array_equal(again.pair_selected, tested.pair_selected)


@pytest.mark.plugins
def test_an_ensemble_of_a_given_strength_is_tested_on_the_command_line() -> None:
    words = ["discover", "--dataset", "lagged-pair", "--lag", "2", "-s", "regularizer.strength=0.1"]
    quick = ["-s", "training.epochs=100", "--select", "heldout:0.05", "--json"]
    alone = CliRunner().invoke(cli, [*words, *quick])
    assert isinstance(alone.exception, WrongUsageError)
    together = CliRunner().invoke(cli, [*words, *quick, "-s", "ensemble=5"])
    assert together.exit_code == 0, together.output
    record = json.loads(together.stdout)
    assert record["selection"]["edges"] == 1
    assert np.array(record["selected"])[0, 1].any()


@pytest.mark.plugins
@pytest.mark.parametrize(
    "params", [{"regularizer.strength": 0.1}, {"pretrain.epochs": 5}, {}], ids=["given", "two stages", "short"]
)
def test_a_network_without_held_out_forecasts_says_when_there_are_some(params) -> None:
    panel, _ = causalkit.simulate("lagged-pair", steps=10 if not params else 120)
    options = {"pretrain": panel} if "pretrain.epochs" in params else {}
    lag = 2 if params else 4
    bare = causalkit.discover(panel, lag=lag, params={"training.epochs": 5, **params}, select="none", **options)
    with pytest.raises(WrongUsageError, match=r"regularizer\.strength=auto\) without --pretrain, in recordings"):
        bare.select("heldout:0.05")


def test_effects_with_too_few_held_out_steps_are_not_tested_and_named() -> None:
    class Few(Answers):
        def test(self, least: float) -> HeldOutTest:
            return replace(super().test(least), windows=np.array([7, 90, 90]), fewest=30)

    selected = found(Few()).select("heldout:0.05")
    assert selected.selection["notes"][1].startswith("Edges into A were not tested")
    assert np.isnan(selected.joint_p_values[:, 0]).all()
    assert np.isnan(selected.p_values[:, 0]).all()
    assert float(selected.selection["q_values"][1][2]) == pytest.approx(2 * 0.004)  # four pairs are tested
    assert "It was not tested" in selected.explain("C", "A")
    words = selected.explain("A", "C")
    assert "not selected by heldout:0.05" in words
    assert "helps to forecast" not in words


def test_where_nothing_was_tested_the_table_does_not_say_that_nothing_was_found(capsys) -> None:
    class Nothing(Answers):
        def test(self, least: float) -> HeldOutTest:
            return replace(super().test(least), windows=np.full(3, 7), fewest=30)

    data = {"source": "short.csv", "series": 3, "realisations": 1, "steps": [9], "missing_cells": 0}
    show_discovery(replace(found(Nothing()), data=data).select("heldout:0.05"), 5, quiet=True)
    shown = capsys.readouterr().out
    assert "No edge was tested by heldout:0.05" in shown
    assert "nan" not in shown


def test_an_explanation_says_why_an_edge_was_not_tested() -> None:
    known = replace(found(Answers()), config={"knowledge": {"forbid": [["A", "B"]], "require": [["C", "A"]]}})
    selected = known.within(known.knowledge).select("heldout:0.05")
    assert "knowledge forbids it" in selected.explain("A", "B")
    assert "does not use" not in selected.explain("A", "B")
    assert "knowledge requires it" in selected.explain("C", "A")
    assert "heldout:0.05 leaves self-edges out" in selected.explain("A", "A")


def test_an_edge_that_the_test_finds_and_the_scores_do_not_is_shown() -> None:
    scores = np.ones((3, 3, 2))
    scores[0, 1] = 0
    selected = replace(found(Answers()), scores=scores).select("heldout:0.05")
    assert "It was selected by heldout:0.05" in selected.explain("A", "B")


@pytest.mark.plugins
@pytest.mark.parametrize(("series", "steps"), [(6, 8), (6, 20), (5, 40)])
def test_a_few_steps_of_noise_give_no_edges(series: int, steps: int) -> None:
    for seed in range(3):
        noise = np.random.default_rng(seed).standard_normal((steps, series)).cumsum(axis=0) * 0.1
        noise += np.random.default_rng(seed + 50).standard_normal((steps, series))
        tested = causalkit.discover(noise, method="grngc", lag=1, seed=0)
        assert tested.selected is None or not tested.selected.any()
