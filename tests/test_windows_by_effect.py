"""Each effect learns from the windows in which its inputs and its next step are there."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS

import causalkit
from causalkit import Discovery, Knowledge, Panel, Run
from causalkit.errors import DataError, WrongUsageError
from causalkit.neural import NeuralMethod, TrainingContext
from causalkit.neural.modules import input_mask
from causalkit.neural.transfer.strengths import _validation_errors
from tests.systems import penalties
from tests.wild import TRUE, chain, edges

NAMES = ("a", "b", "c")
QUICK = {"lag": 1, "forecaster.hidden": 8, "training.epochs": 10}


def holes(values, column, share=0.2, seed=0):
    """Return values with random cells of one column missing."""
    values = np.array(values, dtype=float)
    values[np.random.default_rng(seed).random(len(values)) < share, column] = np.nan
    return values


def strongest(found: Discovery, count: int) -> set[tuple[str, str]]:
    table = found.edges(self_edges=False)
    pairs = list(dict.fromkeys(zip(table.cause, table.effect, strict=True)))
    return set(pairs[:count])


class TestWindows:
    @given(
        missing=st.lists(st.tuples(st.integers(0, 19), st.integers(0, 2)), max_size=15),
        forbidden=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=4),
        lag=st.integers(1, 3),
    )
    def test_they_match_a_plain_loop(self, missing, forbidden, lag):
        values = np.random.default_rng(0).standard_normal((20, 3))
        for cell in missing:
            values[cell] = np.nan
        knowledge = Knowledge.of({"forbid": [(NAMES[cause], NAMES[effect]) for cause, effect in forbidden]})
        allowed = np.ones((3, 3), dtype=bool)
        for pair in forbidden:
            allowed[pair] = False
        if not allowed[~np.eye(3, dtype=bool)].any():
            return
        expected = {}
        for step in range(lag, 20):
            for effect in range(3):
                inputs = values[step - lag : step, allowed[:, effect]]
                expected[step, effect] = not np.isnan(inputs).any() and not np.isnan(values[step, effect])
        panel = Panel((values,), NAMES)
        try:
            windows = panel.windows(lag, by_effect=True, knowledge=knowledge)
        except DataError:
            learned = [sum(expected[step, effect] for step in range(lag, 20)) for effect in range(3)]
            assert any(not count for count, own in zip(learned, allowed.T, strict=True) if own.any())
            return
        kept = [step for step in range(lag, 20) if any(expected[step, effect] for effect in range(3))]
        assert windows.step.tolist() == kept
        assert windows.dropped == 20 - lag - len(kept)
        observed = np.ones((len(windows), 3), dtype=bool) if windows.observed is None else windows.observed
        assert observed.tolist() == [[expected[step, effect] for effect in range(3)] for step in kept]
        for x, y, step in zip(windows.x, windows.y, kept, strict=True):
            for found, cells in ((x, values[step - lag : step]), (y, values[step])):
                there = ~np.isnan(cells)
                assert (found[there] == cells[there]).all()
                assert np.isfinite(found).all()
        counts = windows.counts.describe(NAMES)
        for effect, name in enumerate(NAMES):
            assert sum(counts[name].values()) == 20 - lag
            assert counts[name]["learned"] == sum(expected[step, effect] for step in range(lag, 20))

    def test_without_asking_they_are_complete(self):
        panel = Panel((holes(chain(60), 2),), NAMES)
        windows = panel.windows(2)
        assert windows.observed is None
        assert len(windows) < len(panel.windows(2, by_effect=True))

    def test_knowledge_needs_windows_by_effect(self):
        with pytest.raises(WrongUsageError, match="of no use to complete windows"):
            Panel((chain(30).to_numpy(),), NAMES).windows(1, knowledge=Knowledge.of({"forbid": "a->b"}))

    def test_complete_data_have_no_masks(self):
        windows = Panel((chain(30).to_numpy(),), NAMES).windows(2, by_effect=True)
        assert windows.observed is windows.unmeasured is windows.inputs_complete is None


class TestVar:
    @pytest.mark.parametrize("knowledge", [None, {"forbid": ["c->a", "c->b"]}], ids=["all", "forbidden"])
    def test_each_effect_is_a_regression_on_its_complete_rows(self, knowledge):
        values = holes(holes(chain(), 2), 0, share=0.1, seed=1)
        found = causalkit.discover(
            Panel((values,), NAMES),
            method="var",
            lag=2,
            params={"score": "t"},
            knowledge=knowledge,
            standardize=False,
        )
        for effect in range(3):
            causes = [0, 1] if knowledge and effect < 2 else [0, 1, 2]
            y = values[2:, effect]
            x = np.column_stack([values[2 - back : len(values) - back, causes] for back in (1, 2)] + [np.ones(len(y))])
            rows = ~np.isnan(x).any(axis=1) & ~np.isnan(y)
            by_hand = OLS(y[rows], x[rows]).fit()
            size = len(causes)
            for position, cause in enumerate(causes):
                for back in (0, 1):
                    term = back * size + position
                    assert found.scores[cause, effect, back] == pytest.approx(abs(by_hand.tvalues[term]))
                    assert found.p_values[cause, effect, back] == pytest.approx(by_hand.pvalues[term])
            assert found.data["windows_by_effect"][NAMES[effect]]["learned"] == rows.sum()

    def test_a_missing_cell_of_a_forbidden_cause_changes_nothing(self):
        whole = chain().to_numpy()
        options = {"method": "var", "lag": 2, "knowledge": {"forbid": ["c->a", "c->b"]}, "standardize": False}
        complete = causalkit.discover(Panel((whole,), NAMES), **options)
        found = causalkit.discover(Panel((holes(whole, 2, 0.5),), NAMES), **options)
        np.testing.assert_allclose(found.scores[:, :2], complete.scores[:, :2], rtol=1e-9)
        assert found.data["windows_by_effect"]["a"]["learned"] == 298
        assert found.data["windows_by_effect"]["c"]["learned"] < 100


FORBIDDEN = {"forbid": ["c->a", "c->b"]}
FIXED = {**QUICK, "regularizer.strength": 0.05}
PATHS = {
    "var": {"method": "var", "lag": 1},
    "plain": {"params": FIXED},
    "batches": {"params": {**FIXED, "training.batch_size": 32}},
    "descent": {"params": {**FIXED, "training.optimizer": "sgd"}},
    "validation": {"params": {**FIXED, "training.validation": 0.3, "training.patience": 2}},
    "ensemble": {"params": {**FIXED, "ensemble": 3}},
    "one by one": {"params": {**FIXED, "ensemble": 3}, "forecaster": "lstm"},
    "path": {"params": QUICK},
    "two stages": {"params": FIXED, "pretrain": "source"},
    "chosen lag": {"method": "var", "lag": "auto"},
    "proximal": {"method": "cmlp", "params": FIXED},
    "proximal path": {"method": "cmlp", "params": QUICK},
    "contexts": {"method": "clstm", "params": {**FIXED, "lag": 4}},
    "forbidden var": {"method": "var", "lag": "auto", "knowledge": FORBIDDEN},
    "forbidden proximal": {"method": "cmlp", "params": FIXED, "knowledge": FORBIDDEN},
    "forbidden contexts": {"method": "clstm", "params": {**FIXED, "lag": 4}, "knowledge": FORBIDDEN},
}


@pytest.mark.plugins
@pytest.mark.parametrize("path", PATHS)
def test_what_a_missing_cell_is_filled_with_does_not_matter(path, monkeypatch):
    """Every loss leaves it out; where it is an input, every effect that sees it is left out."""
    panel = Panel((holes(chain(160), 2, 0.3),), NAMES)
    options = dict(PATHS[path])
    if options.get("pretrain"):
        options["pretrain"] = Panel((holes(chain(160, seed=1), 1, 0.3),), NAMES, source="other")
    before = causalkit.discover(panel, **options)
    monkeypatch.setattr("causalkit.core.windows._means", lambda realisations: np.array([50.0, -30.0, 70.0]))
    after = causalkit.discover(panel, **options)
    assert (before.scores > 0).any()
    np.testing.assert_array_equal(after.scores, before.scores)
    assert after.history == before.history
    assert [choice.held_out_error for choice in after.choices] == [choice.held_out_error for choice in before.choices]


@pytest.mark.plugins
def test_the_validation_of_a_strength_in_fine_tuning_leaves_it_out():
    method = causalkit.build_method("grngc", {"lag": 1, "forecaster": {"hidden": 4}, "training": {"epochs": 3}})[0]
    method, _ = method.with_default_strength()
    windows = Panel((holes(chain(100), 2, 0.3),), NAMES).windows(1, by_effect=True)
    other = replace(windows, y=np.where(windows.observed, windows.y, 99.0))
    run, context = Run(), TrainingContext("finetune")
    with run.isolated():
        model = method.build(3, run)
        errors = [_validation_errors(method, model, given_, run, context) for given_ in (windows, other)]
    assert (errors[0] > 0).all()
    np.testing.assert_array_equal(*errors)


class TestNetworks:
    @pytest.mark.plugins
    @pytest.mark.parametrize("method", ["grngc", "cmlp"])
    def test_the_chain_is_found_with_a_fifth_of_a_series_missing(self, method):
        data = Panel((holes(chain(400), 2),), NAMES)
        params = {"forecaster.hidden": 16, "training.epochs": 150, "regularizer.strength": 0.05}
        found = causalkit.discover(data, method=method, lag=3, params=params)
        assert strongest(found, 2) == {(cause, effect) for cause, effect, _ in TRUE}
        assert found.data["windows"] > len(data.windows(3))

    def test_a_rarely_measured_effect_weighs_as_much_as_others(self):
        values = chain(200).to_numpy().copy()
        values[np.arange(200) % 4 != 0, 2] = np.nan
        panel = Panel((values,), NAMES, lower_frequency={"c": 4})
        from causalkit.neural.training.data import observed

        weights = observed(panel.windows(1, by_effect=True), Run())
        assert weights.sum(0).tolist() == pytest.approx([weights[:, 0].sum().item()] * 3, rel=1e-5)

    @pytest.mark.plugins
    def test_a_network_that_cannot_hide_a_cause_does_not_learn_where_it_is_missing(self, monkeypatch):
        panel = Panel((holes(chain(100), 2),), NAMES)
        run = Run(knowledge=Knowledge.of(FORBIDDEN))
        method = causalkit.build_method("grngc", {"lag": 1, "forecaster": {"hidden": 4}})[0]
        assert isinstance(method, NeuralMethod)
        hidden = method.windows(panel, run)
        monkeypatch.setattr(input_mask, "MAX_GROUPS", 1)
        seen = method.windows(panel, run)
        assert hidden.counts.learned[0] == 99
        assert seen.counts.learned[0] < 90

    def test_the_scores_of_an_effect_are_read_off_its_own_windows(self):
        class MeanInput:
            def penalty(self, model, batch):
                return batch.x.sum() * 0

            def scores(self, model, x):
                return x.mean().abs().expand(2, 2, 1)

        x = torch.tensor([1.0, 2.0, 6.0]).view(3, 1, 1).expand(3, 1, 2)
        complete = torch.tensor([[True, True], [True, True], [True, False]])
        found = penalties(MeanInput()).scores(torch.nn.Linear(2, 2), x, complete)
        assert found[0, :, 0].tolist() == pytest.approx([3.0, 1.5])


class TestCounts:
    def test_a_result_says_why_windows_were_of_no_use(self, tmp_path):
        values = chain(100).to_numpy().copy()
        values[[10, 50], 2] = np.nan
        given_ = [{"series": "b", "from": 21, "to": 25}]
        found = causalkit.discover(Panel((values,), NAMES), method="var", lag=1, interventions=given_)
        expected = {
            "a": {"learned": 97, "missing_inputs": 2, "missing_next_step": 0, "intervention": 0},
            "b": {"learned": 92, "missing_inputs": 2, "missing_next_step": 0, "intervention": 5},
            "c": {"learned": 95, "missing_inputs": 2, "missing_next_step": 2, "intervention": 0},
        }
        assert found.data["windows_by_effect"] == expected
        assert "fewest for b: 92 (2 lack an input, 5 are under intervention)" in found.summary()
        found.save(tmp_path / "found.json")
        assert json.loads((tmp_path / "found.json").read_text())["data"]["windows_by_effect"] == expected
        assert Discovery.load(tmp_path / "found.json").data["windows_by_effect"] == expected

    def test_nothing_is_shown_where_effects_do_not_differ(self):
        assert "fewest" not in causalkit.discover(Panel((chain(100).to_numpy(),), NAMES), method="var", lag=1).summary()

    def test_an_effect_with_few_windows_is_noted(self):
        values = chain(200).to_numpy().copy()
        values[:170:2, 2] = np.nan
        values[1:170:2, 2] = np.nan
        values[185:, 2] = np.nan
        found = causalkit.discover(Panel((values,), NAMES), method="var", lag=1, knowledge={"forbid": ["c->a", "c->b"]})
        assert any("c was learned from 14 windows only" in note for note in found.notes)


class TestTooFew:
    @pytest.mark.plugins
    @pytest.mark.parametrize("method", ["var", "grngc"])
    def test_the_effect_is_named_and_the_option_works(self, method, tmp_path):
        table = chain(60)
        table["c"] = np.nan
        table.loc[[3, 20, 41], "c"] = [1.0, 3.0, 2.0]
        path = tmp_path / "few.csv"
        table.to_csv(path, index=False)
        with pytest.raises(DataError, match="no complete window") as caught:
            causalkit.discover(path, method=method, lag=2, params=QUICK | {"lag": 2} if method == "grngc" else {})
        assert "--drop c" in caught.value.hint
        words = shlex.split(caught.value.hint.split(" or use")[0])
        dropped = words[words.index("--drop") + 1].strip(",")
        assert ("a", "b", 1) in edges(path, drop=dropped)

    def test_an_effect_without_a_window_is_refused(self):
        values = chain(60).to_numpy().copy()
        values[:, 2] = np.nan
        values[[0, 30], 2] = [1.0, 2.0]
        values[29, 0] = np.nan
        panel = Panel((values,), NAMES)
        knowledge = Knowledge.of({"forbid": ["c->a", "c->b", ("c", "c")]})
        with pytest.raises(DataError, match="to learn the causes of 'c' from: 1 lacks an input, 58 lack the next") as e:
            panel.windows(1, by_effect=True, knowledge=knowledge)
        assert 'drop="c"' in e.value.hint

    def test_a_smaller_lag_is_proposed_where_it_suffices(self):
        values = chain(60).to_numpy().copy()
        values[2::4, 2] = np.nan
        with pytest.raises(DataError, match="no complete window of 6 rows") as caught:
            Panel((values,), NAMES).windows(5, by_effect=True)
        assert "lag=2 or less" in caught.value.hint
        assert len(Panel((values,), NAMES).windows(2, by_effect=True))
