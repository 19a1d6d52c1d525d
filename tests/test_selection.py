"""From scores to edges: each rule, how it is written, and what it refuses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from types import ModuleType

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import causalkit
from causalkit import SelectionRule, hookimpl
from causalkit.builtin.methods.linear_var import LinearVar
from causalkit.builtin.simulators.lagged_pair import lagged_pair
from causalkit.builtin.simulators.linear_var import linear_var
from causalkit.cli.main import cli
from causalkit.core.discovery import Discovery
from causalkit.core.panel import Panel
from causalkit.core.run import Run
from causalkit.errors import ConflictError, PluginError, WrongUsageError
from causalkit.plugins.registry import GROUP
from causalkit.selection import Outcome, parse_rule, select
from tests.plugins_for_tests.installing import REAL, installed


def made(scores, **fields):
    scores = np.asarray(scores, dtype=float)
    scores = scores if scores.ndim == 3 else scores[:, :, None]
    return Discovery(names=tuple("abcdefgh"[: len(scores)]), scores=scores, **fields)


def chosen(discovery):
    """Selected edges as ``"ab1"``: cause, effect, lag."""
    return {
        f"{discovery.names[cause]}{discovery.names[effect]}{lag + 1}"
        for cause, effect, lag in np.argwhere(discovery.selected)
    }


LAGGED = made([[[9, 9], [1, 4], [0, 0]], [[3, 2], [9, 9], [2, 1]], [[0, 1], [0.5, 0], [9, 9]]])


class TestTopK:
    def test_takes_the_strongest_pairs_at_their_strongest_lag(self):
        assert chosen(select(LAGGED, "top-k:3")) == {"ab2", "ba1", "bc1"}

    def test_self_edges_only_when_asked_for(self):
        assert chosen(select(LAGGED, "top-k:3,self-edges=true")) == {"aa1", "bb1", "cc1"}

    def test_never_takes_a_score_of_zero(self):
        assert chosen(select(LAGGED, "top-k:100")) == {"ab2", "ba1", "bc1", "ca2", "cb1"}

    def test_ties_are_broken_by_position(self):
        assert chosen(select(made(np.ones((3, 3))), "top-k:2")) == {"ab1", "ac1"}

    @given(st.integers(2, 6), st.integers(1, 40), st.integers(0, 1000))
    def test_larger_selections_contain_smaller_ones(self, size, k, seed):
        discovery = made(np.random.default_rng(seed).integers(0, 4, size=(size, size, 2)))
        smaller, larger = chosen(select(discovery, f"top-k:{k}")), chosen(select(discovery, f"top-k:{k + 1}"))
        assert smaller <= larger
        assert len(larger) <= k + 1

    @pytest.mark.parametrize("k", ["0", "-3"])
    def test_nothing_to_select_is_refused(self, k):
        with pytest.raises(WrongUsageError, match=f"k={k} .*greater than or equal to 1"):
            parse_rule(f"top-k:{k}")


class TestDensity:
    @pytest.mark.parametrize(("share", "edges"), [("0.5", 3), ("0.34", 2), ("0.01", 1), ("1", 5)])
    def test_share_of_the_pairs(self, share, edges):
        assert select(LAGGED, f"density:{share}").selection["edges"] == edges

    def test_with_self_edges_the_share_is_of_all_pairs(self):
        assert select(LAGGED, "density:0.33,self-edges=true").selection["edges"] == 3

    @pytest.mark.parametrize("share", ["0", "1.5", "-1", "nan"])
    def test_what_is_no_share_is_refused(self, share):
        with pytest.raises(WrongUsageError, match=f"share={share} .*(greater than 0|equal to 1|finite)"):
            parse_rule(f"density:{share}")


class TestThreshold:
    def test_takes_every_cell_above_it(self):
        assert chosen(select(LAGGED, "threshold:1")) == {"ab2", "ba1", "ba2", "bc1"}

    def test_self_edges_only_when_asked_for(self):
        assert chosen(select(LAGGED, "threshold:4,self-edges=true")) == {"aa1", "aa2", "bb1", "bb2", "cc1", "cc2"}

    def test_may_select_nothing(self):
        nothing = select(LAGGED, "threshold:100")
        assert chosen(nothing) == set()
        assert nothing.selection["edges"] == 0

    @pytest.mark.parametrize("value", ["-1", "nan", "inf"])
    def test_what_no_score_can_be_is_refused(self, value):
        with pytest.raises(WrongUsageError, match=f"value={value} .*(equal to 0|finite)"):
            parse_rule(f"threshold:{value}")


class TestFdr:
    # six pairs off the diagonal; at level 0.06, Benjamini-Hochberg compares with 0.01, 0.02, ..., 0.06
    joint = np.array([[0.0, 0.005, 0.9], [0.019, 0.0, 0.029], [0.5, 0.045, 0.0]])
    by_lag = np.stack([joint, np.full((3, 3), 0.028)], axis=2)
    discovery = made(1 - by_lag, p_values=by_lag, joint_p_values=joint)

    def test_benjamini_hochberg_by_hand(self):
        assert {edge[:2] for edge in chosen(select(self.discovery, "fdr:0.06"))} == {"ab", "ba", "bc"}

    def test_lags_need_a_p_value_as_small_as_the_largest_selected(self):
        # largest selected is 0.029, and 0.028 at lag 2 is below it
        assert chosen(select(self.discovery, "fdr:0.06")) == {"ab1", "ab2", "ba1", "ba2", "bc1", "bc2"}
        # at level 0.04 only 0.005 is left, and 0.028 is above it
        assert chosen(select(self.discovery, "fdr:0.04")) == {"ab1"}

    def test_a_selected_pair_keeps_its_strongest_lag(self):
        joint = np.array([[1, 1e-9], [1, 1]])
        weak = np.full((2, 2, 2), 0.2)  # jointly significant, no lag on its own
        discovery = made([[[0, 0], [1, 2]], [[1, 1], [0, 0]]], p_values=weak, joint_p_values=joint)
        assert chosen(select(discovery, "fdr:0.05")) == {"ab2"}

    def test_yekutieli_is_more_cautious(self):
        # 1 + 1/2 + ... + 1/6 = 2.45, so that the comparisons shrink to 0.0041, 0.0082, ...
        assert chosen(select(self.discovery, "fdr:0.06,method=by")) == set()
        assert {edge[:2] for edge in chosen(select(self.discovery, "fdr:level=0.08,method=by"))} == {"ab"}

    def test_self_edges_are_tested_only_when_asked_for(self):
        assert not select(self.discovery, "fdr:0.06").selected[np.arange(3), np.arange(3)].any()
        assert select(self.discovery, "fdr:0.06,self-edges=true").selected[np.arange(3), np.arange(3)].any(axis=1).all()

    def test_p_values_by_lag_alone_are_corrected_for_the_number_of_lags(self):
        by_lag = np.full((2, 2, 4), 0.9)
        by_lag[0, 1, 2], by_lag[1, 0, 0] = 0.001, 0.02  # 0.02 * 4 lags is above any level used here
        assert chosen(select(made(1 - by_lag, p_values=by_lag), "fdr:0.05")) == {"ab3"}

    def test_a_joint_test_alone_is_enough(self):
        discovery = made([[0, 1], [1, 0]], joint_p_values=np.array([[1, 0.001], [0.9, 1]]))
        assert chosen(select(discovery, "fdr:0.05")) == {"ab1"}

    def test_a_test_that_could_not_be_computed_selects_nothing_and_hides_nothing(self):
        joint = np.array([[1, 0.001], [np.nan, 1]])
        assert chosen(select(made([[0, 1], [1, 0]], joint_p_values=joint), "fdr:0.05")) == {"ab1"}

    def test_without_p_values_it_says_what_to_do(self):
        with pytest.raises(WrongUsageError, match=r"method cmlp has none.*top-k"):
            select(made(np.ones((3, 3)), method="cmlp"), "fdr:0.05")

    @pytest.mark.parametrize("level", ["0", "1", "5"])
    def test_what_is_no_level_is_refused(self, level):
        with pytest.raises(WrongUsageError, match=f"level={level} .*(greater than 0|less than 1)"):
            parse_rule(f"fdr:{level}")

    def test_null_data_rarely_give_any_edge(self):
        found = 0
        for seed in range(60):
            panel = Panel.of(np.random.default_rng(seed).normal(size=(150, 6)))
            found += bool(select(LinearVar(lag=2).fit(panel, Run()), "fdr:0.1").selected.any())
        assert found <= 14  # expected 6; more than 14 of 60 has a chance below 0.001 at a rate of 0.1

    def test_the_share_of_false_edges_is_near_the_level(self):
        false = []
        for seed in range(20):
            panel, truth = linear_var(series=8, steps=400, lag=2, seed=seed)
            pairs = select(LinearVar(lag=2).fit(panel, Run()), "fdr:0.1").pair_selected
            false.append((pairs & ~truth.edges).sum() / max(1, pairs.sum()))
        assert np.mean(false) < 0.15

    def test_finds_the_only_edge(self):
        panel, _ = lagged_pair()
        assert "01" in {edge[:2] for edge in chosen(select(LinearVar(lag=3).fit(panel, Run()), "fdr:0.001"))}


class TestRules:
    def test_what_was_done_is_recorded(self):
        selection = select(LAGGED, "top-k:2").selection
        assert selection == {"rule": "top-k:2", "name": "top-k", "k": 2, "self_edges": False, "edges": 2}
        json.dumps(selection)

    def test_scores_are_left_alone_and_the_original_unselected(self):
        selected = select(LAGGED, "top-k:2")
        assert LAGGED.selected is None
        assert np.array_equal(selected.scores, LAGGED.scores)

    def test_a_second_rule_replaces_the_first(self):
        assert chosen(select(select(LAGGED, "top-k:1"), "top-k:2")) == chosen(select(LAGGED, "top-k:2"))

    def test_a_discovery_selects_by_itself(self):
        assert chosen(LAGGED.select("top-k:1")) == {"ab2"}

    @pytest.mark.parametrize("text", ["fdr:0.1,method=by", "fdr:level=0.1,method=by", "fdr: method=by, level=0.1"])
    def test_ways_to_write_one_rule(self, text):
        rule = parse_rule(text)
        assert rule.name == "fdr"
        assert dict(rule.parameters) == {"level": 0.1, "method": "by", "self_edges": False}

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("topk:3", "did you mean top-k"),
            ("", "known: density"),
            ("top-k", "has no value.*top-k:K"),
            ("top-k:", "has no value"),
            ("top-k:self-edges=true", "has no value"),
            ("top-k:x", "k=x does not fit"),
            ("top-k:2.5", "k=2.5 does not fit"),
            ("top-k:3,selfedges=true", "did you mean self-edges"),
            ("top-k:3,4", "'4'.*has no parameter name.*top-k:K"),
            ("top-k:3,k=4", "duplicate parameter 'k'"),
            ("fdr:0.05,method=holm", "'bh' or 'by'"),
        ],
    )
    def test_mistakes_are_explained(self, text, said):
        with pytest.raises(WrongUsageError, match=said) as caught:
            select(LAGGED, text)
        assert caught.value.exit_code == 2


@contextmanager
def contributed(factory, name="mine", **options):
    """Install a plugin with one selection rule."""
    module = ModuleType("fake_rule")
    record = SelectionRule(name=name, factory=factory, summary="on trial", **options)
    module.causalkit_selection_rules = hookimpl(lambda: [record], specname="causalkit_selection_rules")
    sys.modules[module.__name__] = module
    try:
        with installed(beside=[*REAL, EntryPoint("fake-rule", module.__name__, GROUP)], strict=True) as registry:
            yield registry
    finally:
        sys.modules.pop(module.__name__, None)


def everything(found: Discovery) -> np.ndarray:
    return np.ones(found.scores.shape, dtype=bool)


class TestRulesOfPlugins:
    """Rules come from plugins, those of causalkit itself included."""

    def test_a_rule_of_a_plugin_selects_and_is_recorded_with_its_version(self):
        def weakest(found, pairs: int, self_edges: bool = False):
            return Outcome(found.scores == 0.5, {"ranks": np.arange(2)}, (f"{pairs} asked for",))

        with contributed(weakest, aliases=("other",)):
            selected = select(LAGGED, "other:3")
        assert chosen(selected) == {"cb1"}
        assert selected.selection == {
            "rule": "other:3",
            "name": "mine",
            "pairs": 3,
            "self_edges": False,
            "edges": 1,
            "ranks": [0, 1],
            "notes": ["3 asked for"],
        }
        assert selected.versions == {"unknown": "0"}
        assert select(LAGGED, "top-k:1").versions == {"causalkit": causalkit.__version__}

    def test_a_rule_without_parameters(self):
        with contributed(everything):
            assert select(LAGGED, "mine").selected.all()
            with pytest.raises(WrongUsageError, match="'3' in the selection rule 'mine:3'.*write mine$"):
                parse_rule("mine:3")
            with pytest.raises(WrongUsageError, match="no parameter 'found'"):
                parse_rule("mine:found=3")

    def test_a_near_name_of_a_plugins_rule_is_suggested(self):
        with contributed(everything, "strongest-cause"), pytest.raises(WrongUsageError, match="mean strongest-cause"):
            parse_rule("strongest-causes:3")

    def test_of_two_rules_with_one_name_the_distribution_chooses(self):
        with installed("twin-one", "twin-two"):
            with pytest.raises(ConflictError, match="choose one: twin@fake-twin-one, twin@fake-twin-two"):
                parse_rule("twin:0.5")
            rule = parse_rule("twin@fake-twin-two:0.5")
        assert rule.provided.plugin.name == "twin-two"
        assert dict(rule.parameters) == {"share": 0.5}

    def test_a_broken_plugin_breaks_no_rule_and_is_named(self):
        with installed("import-error", warns="import-error"):
            assert chosen(select(LAGGED, "top-k:1")) == {"ab2"}
            with pytest.raises(WrongUsageError, match="Broken plugins may have provided it: import-error"):
                parse_rule("absent:1")

    @pytest.mark.parametrize(
        "cells",
        [
            pytest.param(np.ones((3, 3), dtype=bool), id="pairs"),
            pytest.param(np.ones((3, 3, 2)), id="numbers"),
            pytest.param([[True]], id="list"),
            pytest.param(None, id="nothing"),
        ],
    )
    def test_what_is_no_selection_is_the_plugins_fault(self, cells):
        with (
            contributed(lambda found: cells),
            pytest.raises(PluginError, match=r"mine of fake-rule@unknown.*\(3, 3, 2\)"),
        ):
            select(LAGGED, "mine")

    def test_background_knowledge_holds_for_every_rule(self):
        known = causalkit.Knowledge.of({"forbid": ["a->b"], "require": ["c->b"]})
        with contributed(everything):
            selected = select(LAGGED.within(known), "mine")
        assert not selected.selected[0, 1].any()
        assert selected.selection["edges"] == 8
        with contributed(lambda found: ~everything(found)):
            assert chosen(select(LAGGED.within(known), "mine")) == {"cb1"}

    @pytest.mark.parametrize(
        ("needs", "said"), [("p-values", "mine needs p-values"), ("refits", "--select mine:x=1,y=2")]
    )
    def test_what_a_rule_needs_is_refused_before_it_is_called(self, needs, said):
        def never(found, x: int = 0, y: int = 0):
            raise AssertionError("called")

        with contributed(never, needs=needs), pytest.raises(WrongUsageError, match=said):
            select(LAGGED, "mine:x=1,y=2")

    def test_the_listing_has_all_rules(self):
        with contributed(everything, controls="nothing at all"):
            shown = CliRunner().invoke(cli, ["rules"]).stdout
            listed = json.loads(CliRunner().invoke(cli, ["rules", "--json"]).stdout)
        assert re.search("mine +scores +nothing at all +on trial +unknown 0", shown)
        assert [one["name"] for one in listed] == [
            "density", "fdr", "heldout", "mine", "stability", "surrogate", "threshold", "top-k"
        ]  # fmt: skip
        assert {one["name"]: one["needs"] for one in listed if one["name"] != "mine"} == {
            "density": "scores",
            "fdr": "p-values",
            "heldout": "held-out",
            "stability": "refits",
            "surrogate": "refits",
            "threshold": "scores",
            "top-k": "scores",
        }

    @pytest.mark.parametrize("name", ["density", "fdr", "heldout", "stability", "surrogate", "threshold", "top-k"])
    def test_show_explains_every_parameter(self, name):
        (shown,) = json.loads(CliRunner().invoke(cli, ["show", name, "--json"]).stdout)
        assert shown["kind_of_part"] == "selection rule"
        assert all(parameter["description"] for parameter in shown["parameters"])
        keys = [parameter["key"] for parameter in shown["parameters"]]
        assert "discovery" not in keys
        assert "observers" not in keys
        assert ("self-edges" in keys) == (name not in ("heldout", "surrogate"))

    def test_show_says_how_a_rule_is_written(self):
        assert "--select fdr:LEVEL[,method=...][,self-edges=...]\n" in CliRunner().invoke(cli, ["show", "fdr"]).stdout
        assert "--select stability[:ERRORS][,threshold=...]" in CliRunner().invoke(cli, ["show", "stability"]).stdout

    def test_listing_rules_imports_neither_numpy_nor_a_rule(self):
        code = (
            "import sys; from causalkit.cli.main import main\n"
            "try: main(['rules'])\n"
            "except SystemExit: pass\n"
            "print(sorted({'numpy', 'causalkit.builtin.rules', 'causalkit.selection'} & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout.splitlines()[-1] == "[]"
