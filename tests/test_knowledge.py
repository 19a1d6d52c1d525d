"""Background knowledge: how it is said, and that methods keep to it while they learn."""

from __future__ import annotations

import json
from typing import ClassVar

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from sklearn.metrics import roc_auc_score
from statsmodels.regression.linear_model import OLS

import causalkit
from causalkit import Discovery, Knowledge, Panel, Run
from causalkit.builtin.methods.linear_var import LinearVar
from causalkit.errors import DataError, ParameterError, UnknownNameError
from causalkit.io import read_regulators
from causalkit.neural import Batch, mean_absolute_jacobian
from causalkit.neural.modules.input_mask import MAX_GROUPS, MaskedInputs, mask_inputs
from causalkit.neural.modules.weight_mask import WeightMask
from tests.systems import Curved

NAMES = ("A", "B", "C", "D")
SMALL = {"lag": 2, "forecaster.hidden": 12, "training.epochs": 40}


def place(allowed, cause, effect):
    return bool(allowed[NAMES.index(cause), NAMES.index(effect)])


def chain(steps=300, seed=0):
    """A -> B -> C at lag 1, D alone."""
    noise = np.random.default_rng(seed).standard_normal((steps, 4))
    x = noise.copy()
    for t in range(1, steps):
        x[t, 1] = 0.7 * x[t - 1, 0] + 0.5 * noise[t, 1]
        x[t, 2] = 0.7 * x[t - 1, 1] + 0.5 * noise[t, 2]
    return Panel((x,), NAMES)


class TestSaying:
    def test_one_edge(self):
        allowed = Knowledge.of({"forbid": "A->B"}).allowed(NAMES)
        assert np.argwhere(~allowed).tolist() == [[0, 1]]

    def test_wildcards_mean_other_series(self):
        allowed = Knowledge.of({"forbid": ["A->*", "* -> D"]}).allowed(NAMES)
        assert {tuple(pair) for pair in np.argwhere(~allowed)} == {(0, 1), (0, 2), (0, 3), (1, 3), (2, 3)}

    def test_own_past_is_forbidden_by_name_alone(self):
        assert not place(Knowledge.of({"forbid": [("A", "A")]}).allowed(NAMES), "A", "A")

    def test_regulators_act_and_all_keep_their_own_past(self):
        allowed = Knowledge.of({"regulators": ["A", "C"]}).allowed(NAMES)
        expected = np.eye(4, dtype=bool)
        expected[[0, 2]] = True
        assert (allowed == expected).all()

    def test_names_that_hold_an_arrow_go_as_pairs(self):
        allowed = Knowledge.of({"forbid": [["a->b", "c"]]}).allowed(("a->b", "c"))
        assert not allowed[0, 1]

    def test_survives_the_result(self):
        known = Knowledge.of({"forbid": ["A->*"], "require": ["B->C"], "regulators": ["A", "B"]})
        assert Knowledge.of(json.loads(json.dumps(known.describe()))) == known

    @pytest.mark.parametrize(
        ("given", "error", "said"),
        [
            ({"forbid": "A-B"}, ParameterError, "is not an edge"),
            ({"forbid": "A->B->C"}, ParameterError, "is not an edge"),
            ({"forbids": "A->B"}, ParameterError, "did you mean forbid"),
            ({"require": "A->*"}, ParameterError, "name both series"),
            ({"forbid": "A->B", "require": "A->B"}, ParameterError, "both forbidden and required"),
            ({"regulators": []}, ParameterError, "empty"),
            ({"regulators": "factors.txt"}, ParameterError, "causalkit.io.read_regulators"),
        ],
    )
    def test_refused_at_once(self, given, error, said):
        with pytest.raises(error, match=said):
            Knowledge.of(given)

    @pytest.mark.parametrize(
        ("given", "error", "said"),
        [
            ({"forbid": "gene1->B"}, UnknownNameError, "'gene1'"),
            ({"forbid": "A->*", "require": "A->B"}, ParameterError, "both forbidden and required"),
            ({"regulators": ["A"], "require": "B->C"}, ParameterError, "both forbidden and required"),
            ({"forbid": "*->*"}, ParameterError, "every edge"),
        ],
    )
    def test_refused_for_these_series(self, given, error, said):
        with pytest.raises(error, match=said):
            Knowledge.of(given).allowed(NAMES)

    def test_regulators_one_a_line(self, tmp_path):
        path = tmp_path / "factors.txt"
        path.write_text("# factors\nA\n\n C \n")
        assert read_regulators(path) == ("A", "C")

    def test_regulators_in_a_table(self, tmp_path):
        path = tmp_path / "factors.csv"
        path.write_text('gene,family\n"A",x\nC,y\n')
        assert read_regulators(path) == ("A", "C")

    def test_a_file_without_names_is_refused(self, tmp_path):
        (tmp_path / "none.txt").write_text("# nothing\n")
        with pytest.raises(DataError, match="no name"):
            read_regulators(tmp_path / "none.txt")


class TestLinear:
    def test_forbidden_regressors_are_absent(self):
        panel = chain()
        known = Knowledge.of({"forbid": ["A->B", "D->B"]})
        found = LinearVar(lag=2).fit(panel, Run(knowledge=known))
        values = panel.realisations[0]
        causes = [1, 2]  # what may act on B
        design = np.column_stack([values[1:-1, causes], values[:-2, causes], np.ones(len(values) - 2)])
        theirs = OLS(values[2:, 1], design).fit()
        assert np.allclose(found.p_values[causes, 1].T.ravel(), theirs.pvalues[:4], rtol=1e-6)
        joint = theirs.f_test(np.eye(5)[[0, 2]])
        assert found.joint_p_values[1, 1] == pytest.approx(float(joint.pvalue), rel=1e-6)
        assert (found.scores[[0, 3], 1] == 0).all()
        assert (found.p_values[[0, 3], 1] == 1).all()

    def test_other_effects_stay_as_they_were(self):
        plain = LinearVar(lag=1).fit(chain(), Run())
        found = LinearVar(lag=1).fit(chain(), Run(knowledge=Knowledge.of({"forbid": "A->B"})))
        assert np.allclose(found.scores[:, [0, 2, 3]], plain.scores[:, [0, 2, 3]])

    def test_forbidding_a_mediator_changes_the_test_of_the_source(self):
        panel = chain()
        found = [
            causalkit.discover(panel, method="var", lag=2, knowledge=given).joint_p_values[0, 2]
            for given in (None, {"forbid": ["B->C"]})
        ]
        assert found[0] > 0.01
        assert found[1] < 1e-6  # A stands in for B, two steps back

    def test_many_series_become_possible_with_few_regulators(self):
        x = Panel.of(np.random.default_rng(0).standard_normal((30, 40)), orientation="time-series")
        with pytest.raises(DataError, match="40 series"):
            causalkit.discover(x, method="var", lag=1)
        found = causalkit.discover(x, method="var", lag=1, knowledge={"regulators": ["0", "1"]})
        assert (found.pair_scores > 0).sum() == 2 * 40 + 38


@pytest.fixture(scope="module")
def found():
    known = {"forbid": ["A->B"], "require": ["D->A"]}
    return causalkit.discover(chain(), method="var", lag=1, knowledge=known, select="fdr:0.05")


class TestResult:
    def test_required_edges_are_selected_and_marked(self, found):
        assert found.pair_selected[3, 0]
        assert found.selection["required"] == [["D", "A"]]
        assert any("background knowledge requires" in note for note in found.selection["notes"])

    def test_forbidden_edges_are_not(self, found):
        assert not found.pair_selected[0, 1]
        assert found.pair_selected[1, 2]

    @pytest.mark.parametrize("rule", ["top-k:16", "density:1", "threshold:0", "fdr:0.99"])
    def test_no_rule_selects_a_forbidden_pair(self, found, rule):
        chosen = found.select(rule)
        assert not chosen.pair_selected[0, 1]
        assert chosen.pair_selected[3, 0]

    def test_required_pairs_take_no_place_of_top_k(self, found):
        assert found.select("top-k:1").pair_selected.sum() == 2

    def test_rules_that_fit_again_keep_to_it(self, found):
        chosen = found.select("stability:subsamples=10,top=2")
        assert not chosen.pair_selected[0, 1]
        assert chosen.pair_selected[3, 0]
        again = found.refit(found.refit.panel)
        assert (again.scores[0, 1] == 0).all()
        assert (again.scores == found.scores).all()

    def test_recorded_and_said(self, found, tmp_path):
        found.save(tmp_path / "found.json")
        loaded = Discovery.load(tmp_path / "found.json")
        assert loaded.knowledge == Knowledge.of({"forbid": ["A->B"], "require": ["D->A"]})
        assert "background knowledge: 1 of 16 pairs are forbidden, 1 required" in loaded.notes
        assert not loaded.select("top-k:16").pair_selected[0, 1]

    def test_metrics_count_all_pairs_as_before(self, found):
        truth = causalkit.Truth.from_edges([("A", "B"), ("B", "C")], names=NAMES)
        plain = causalkit.discover(chain(), method="var", lag=1)
        assert plain.evaluate(truth)["auroc"] == 1.0
        assert found.evaluate(truth)["auroc"] < 1.0  # what was wrongly forbidden counts as missed

    def test_unknown_names_are_refused_before_the_work(self):
        with pytest.raises(UnknownNameError, match="did you mean"):
            causalkit.discover(
                Panel((chain().realisations[0],), ("gene1", "gene2", "gene3", "gene4")),
                method="var",
                knowledge={"forbid": "gen1->*"},
            )


class TestMaskedInputs:
    def test_forecasts_do_not_see_what_is_forbidden(self):
        torch.manual_seed(0)
        allowed = torch.tensor([[1, 0, 1], [0, 1, 1], [1, 1, 0]], dtype=torch.bool)
        network = MaskedInputs(Curved(3, 2), allowed)
        x = torch.randn(5, 2, 3)
        moved = x.clone()
        moved[:, :, 0] += 10
        change = (network(moved) - network(x)).abs().amax(0)
        assert change[1] == 0
        assert change[0] > 0
        scores = mean_absolute_jacobian(network, x)
        assert (scores[~allowed] == 0).all()
        assert (scores[allowed] > 0).all()

    def test_its_jacobian_is_that_of_its_forecasts(self):
        from causalkit.neural import autograd_jacobian

        torch.manual_seed(0)
        allowed = torch.tensor([[1, 0, 1], [0, 1, 1], [1, 1, 0]], dtype=torch.bool)
        network = MaskedInputs(Curved(3, 2).double(), allowed)
        x = torch.randn(5, 2, 3, dtype=torch.double)
        expected = autograd_jacobian(network, x)[1]
        assert torch.allclose(network.jacobian(x)[1], expected)
        assert torch.allclose(network.jacobian(x, torch.tensor([2, 0]))[1], expected[:, [2, 0]])
        own = torch.tensor([[0, 1], [2, 1], [1, 1], [0, 2], [2, 2]])
        drawn = network.jacobian(x, own)[1]
        assert torch.allclose(drawn, torch.stack([expected[b, own[b]] for b in range(5)]))

    def test_many_different_targets_are_not_masked(self):
        series = MAX_GROUPS + 1
        network = Curved(series, 1)
        assert mask_inputs(network, ~torch.diag(torch.ones(series)).bool()) is network


@pytest.mark.plugins
class TestNetworks:
    KNOWN = Knowledge.of({"forbid": ["A->B", "C->*"]})
    ADAM: ClassVar = {"training.optimizer": "adam", "regularizer.strength": 0.1}  # given: one network, not an ensemble

    @pytest.mark.parametrize(
        ("method", "params"),
        [
            ("cmlp", {"forecaster.hidden": 6, "training.epochs": 60}),
            ("cmlp", {"forecaster.hidden": 6, "training.epochs": 20, **ADAM}),
            ("cmlp", {"forecaster.hidden": 6, "training.epochs": 60, "regularizer.strength": "path"}),
            ("clstm", {"forecaster.hidden": 4, "training.epochs": 30, "lag": 5}),
            ("clstm", {"forecaster.hidden": 4, "training.epochs": 5, "lag": 3, **ADAM}),
        ],
        ids=["cmlp", "cmlp-adam", "cmlp-path", "clstm", "clstm-adam"],
    )
    def test_first_layer_weights_are_zero(self, method, params):
        found = causalkit.discover(chain(120), method=method, params={"lag": 2, **params}, knowledge=self.KNOWN)
        closed = torch.as_tensor(~self.KNOWN.allowed(NAMES)).T
        for member in getattr(found.fitted.model, "members", [found.fitted.model]):
            weights = member.input_weights().detach()  # (target, hidden, K, cause)
            bits = weights.movedim(3, 1)[closed]
            assert set(bits.numpy().tobytes()) == {0}
            assert weights.movedim(3, 1)[~closed].abs().sum() > 0
        assert any("exactly zero throughout training" in note for note in found.notes)

    def test_weights_of_an_ensemble_are_zero(self):
        params = {"forecaster.hidden": 6, "training.epochs": 5, "training.optimizer": "adam", "ensemble": 3, "lag": 1}
        found = causalkit.discover(
            chain(120), method="cmlp", regularizer="gradient-l1", params=params, knowledge=self.KNOWN
        )
        closed = torch.as_tensor(~self.KNOWN.allowed(NAMES)).T
        for member in found.fitted.model.members:
            assert (member.input_weights().movedim(3, 1)[closed] == 0).all()

    def test_weights_of_a_checkpoint_are_its_own(self, tmp_path):
        path = tmp_path / "state.safetensors"
        causalkit.discover(chain(100), params=SMALL, checkpoint=path, knowledge=self.KNOWN)
        with pytest.raises(DataError, match="other data, settings or seed"):
            causalkit.discover(chain(100), params=SMALL, checkpoint=path, resume=True)

    @pytest.mark.parametrize("forecaster", ["mlp", "kan", "lstm", "tcn", "residual-mlp"])
    def test_joint_networks_do_not_see_what_is_forbidden(self, forecaster):
        params = {"lag": 2, "training.epochs": 2}
        found = causalkit.discover(chain(60), forecaster=forecaster, params=params, knowledge=self.KNOWN)
        x = torch.tensor(Panel.of(chain(60)).windows(2).x, dtype=torch.float32)
        moved = x.clone()
        moved[:, :, 0] += 5
        change = (found.fitted.model(moved) - found.fitted.model(x)).abs().amax(0)
        assert change[1] == 0
        assert change[2] > 0
        assert (found.scores[~self.KNOWN.allowed(NAMES)] == 0).all()

    def test_true_edges_that_are_forbidden_change_what_is_learned(self):
        plain, found = (
            causalkit.discover(chain(), params=SMALL | {"training.epochs": 150}, knowledge=given)
            for given in (None, {"forbid": ["B->C"]})
        )
        # without its cause, C is forecast from A, which acts on it through B
        assert found.scores[0, 2].max() > 3 * plain.scores[0, 2].max()

    def test_half_of_the_absent_edges_help_to_find_the_others(self):
        before, after = [], []
        for seed in range(3):
            panel, truth = causalkit.simulate("lorenz96", seed=seed, series=20, steps=200, forcing=40)
            others = ~np.eye(20, dtype=bool)
            absent = np.argwhere(~truth.edges & others)
            chosen = np.random.default_rng(seed).permutation(absent)[: len(absent) // 2]
            known = Knowledge(forbid=tuple((panel.names[a], panel.names[b]) for a, b in chosen))
            left = others & known.allowed(panel.names)
            for given, found in ((None, before), (known, after)):
                result = causalkit.discover(
                    panel, params={"lag": 1, "regularizer.strength": 0.3}, knowledge=given, seed=seed
                )
                found.append(roc_auc_score(truth.edges[left], result.pair_scores[left]))
        assert np.mean(after) > np.mean(before)

    def test_required_gradients_cost_nothing_and_forbidden_ones_more(self):
        from causalkit_grngc.gradient_l1 import FORBIDDEN, GradientL1

        torch.manual_seed(0)
        model, x = Curved(3, 2), torch.randn(40, 2, 3)
        sizes = mean_absolute_jacobian(model, x).sum(2)
        allowed, required = torch.ones(3, 3, dtype=torch.bool), torch.zeros(3, 3, dtype=torch.bool)
        allowed[0, 1], required[2, 0] = False, True
        expected = sizes.sum() + (FORBIDDEN - 1) * sizes[0, 1] - sizes[2, 0]
        batch = Batch(x, torch.zeros(40, 3), torch.Generator().manual_seed(0), allowed=allowed, required=required)
        exact = GradientL1(1.0, "exact").penalty(model, batch)
        assert exact.item() == pytest.approx(expected.item() / 3, rel=1e-5)
        drawn = [GradientL1(1.0, "sampled", 8).penalty(model, batch).item() for _ in range(60)]
        assert np.mean(drawn) == pytest.approx(expected.item() / 3, rel=0.03)

    def test_a_required_series_is_kept_by_proximal_descent(self):
        params = {"lag": 1, "forecaster.hidden": 6, "training.epochs": 200, "regularizer.strength": 0.6}
        plain, found = (
            causalkit.discover(chain(), method="cmlp", params=params, knowledge=given)
            for given in (None, {"require": ["D->A"]})
        )
        assert plain.pair_scores[3, 0] == 0
        assert found.pair_scores[3, 0] > 0

    def test_other_parts_say_that_they_only_mask(self, monkeypatch):
        monkeypatch.setattr("causalkit.neural.modules.input_mask.MAX_GROUPS", 1)
        found = causalkit.discover(chain(60), regularizer="frobenius", params=SMALL, knowledge=self.KNOWN)
        assert "scores of forbidden pairs were masked after training, not in training" in found.notes
        assert (found.scores[~self.KNOWN.allowed(NAMES)] == 0).all()

    def test_both_stages_keep_to_it(self):
        found = causalkit.discover(
            chain(80), pretrain=chain(80, seed=1), params=SMALL | {"training.epochs": 3}, knowledge=self.KNOWN
        )
        assert (found.scores[~self.KNOWN.allowed(NAMES)] == 0).all()
        assert "in training, every target saw only the series that may act on it" in found.notes


def test_a_weight_mask_is_for_networks_with_weights_of_each_target():
    assert not WeightMask.of(Curved(3, 2), torch.zeros(3, 3, dtype=torch.bool)).masked


class TestCommand:
    @pytest.fixture
    def data(self, tmp_path):
        path = tmp_path / "data.csv"
        causalkit.io.write_panel(chain(), path)
        return path

    def run(self, *words):
        from causalkit.cli.discover import discover

        found = CliRunner().invoke(discover, [*map(str, words), "--json"])
        if found.exception and not isinstance(found.exception, SystemExit):
            raise found.exception
        return json.loads(found.stdout)

    def test_options_and_file_add_up(self, data, tmp_path):
        config = tmp_path / "run.toml"
        config.write_text('method = "var"\n[knowledge]\nforbid = ["D->A"]\nregulators = ["A", "B", "D"]\n')
        (tmp_path / "factors.txt").write_text("A\nB\nC\nD\n")
        found = self.run(
            data, "--config", config, "--forbid", "A->B", "--require", "B->C", "--regulators", tmp_path / "factors.txt"
        )
        assert found["config"]["knowledge"] == {
            "forbid": [["D", "A"], ["A", "B"]],
            "require": [["B", "C"]],
            "regulators": ["A", "B", "C", "D"],
        }
        assert max(found["scores"][0][1]) == 0

    def test_contradictions_are_refused(self, data):
        with pytest.raises(ParameterError, match="both forbidden and required"):
            self.run(data, "--method", "var", "--forbid", "A->*", "--require", "A->B")

    def test_show_says_what_a_method_does_with_it(self):
        from causalkit.cli.show import show

        said = CliRunner().invoke(show, ["var"]).stdout
        assert "background knowledge: used in training" in said
