"""The contract checks find what authors get wrong, one mistake at a time, and say it in words."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import CliRunner
from torch import nn

from causalkit import (
    Dataset,
    Forecaster,
    Method,
    Metric,
    Operation,
    Panel,
    Reader,
    Regularizer,
    SelectionRule,
    Truth,
    Writer,
)
from causalkit.cli.check import check
from causalkit.core.shell import option_text
from causalkit.errors import DataError, PluginError, UnknownNameError
from causalkit.plugins.records import DatasetItem
from causalkit.testing import (
    CheckResult,
    assert_ok,
    check_dataset,
    check_forecaster,
    check_method,
    check_metric,
    check_operation,
    check_plugin,
    check_reader,
    check_regularizer,
    check_selection_rule,
    check_writer,
)
from tests.plugins_for_tests import mistaken_methods as methods
from tests.plugins_for_tests import mistaken_parts as parts
from tests.plugins_for_tests import mistaken_rules as rules
from tests.plugins_for_tests.installing import command, installed
from tests.systems import CURVED, GRADIENT, LINEAR, RIDGE


def failures(results: list[CheckResult]) -> dict[str, str]:
    return {result.check: result.message for result in results if not result.ok}


def remarks(results: list[CheckResult]) -> dict[str, str]:
    return {result.check: result.message for result in results if result.message}


def only_failure(results: list[CheckResult]) -> str:
    """Return the message of the one failed check: a mistake must not drown in follow-ups."""
    failed = failures(results)
    assert len(failed) == 1, failed
    return next(iter(failed.values()))


class TestMethod:
    def test_a_good_one_passes_everything(self):
        results = check_method(method(methods.Correlation))
        assert_ok(results)
        assert remarks(results) == {"p-values are small where the edge is": "does not apply: it has no p-values"}
        assert len({result.check for result in results}) == len(results) >= 10

    def test_honest_random_draws_and_honest_p_values_pass_everything(self):
        assert_ok(check_method(method(methods.Noisy)))
        assert_ok(check_method(method(methods.ConstantDetail)))
        assert_ok(check_method(method(methods.Whole)))
        assert_ok(check_method(method(methods.Cautious)))
        results = check_method(method(methods.Tested))
        assert_ok(results)
        assert not remarks(results)

    @pytest.mark.parametrize(
        ("factory", "said"),
        [
            (methods.Stitched, "panel.windows(lag)"),
            (methods.Seeding, "global generator of numpy"),
            (methods.Remembering, "must not change the object"),
            (methods.Filling, "has the largest score"),
            (methods.Crashing, "IndexError: list index out of range (mistaken_methods.py, line"),
            (methods.Exploding, "not a finite non-negative number"),
            (methods.Nameless, "returned no discovery of these series"),
            (methods.SayingOtherwise, "it chose lag=1, but the configuration says 2"),
            (methods.OneLagTooMany, "scores have 3 lags where lag=2 was asked for"),
            (methods.SeedZero, "with a seed of its own (0)"),
            (methods.LegacySeedZero, "with a seed of its own (0)"),
            (methods.PythonSeedZero, "with a seed of its own (0)"),
            (methods.TorchSeedZero, "use run.numpy_generator() or run.torch_generator()"),
            (methods.GeneratorSeedZero, "with a seed of its own (0)"),
            (methods.ImportedSeedZero, "with a seed of its own (0)"),
            (methods.ForestSeedZero, "give other libraries run.seed"),
            (methods.RunZero, "with a seed of its own (0)"),
            (methods.Symmetric, "do not average scores with their transpose"),
            (methods.NearlySymmetric, "do not average scores with their transpose"),
            (methods.LagTwo, "with lag=3 scores have 2 lags: it ignores lag"),
            (methods.LagTwoPadded, "it looks less far back than lag says"),
            (methods.LagTwoSparse, "it ignores lag"),
            (methods.InvertedP, "it may hand over 1 - p"),
            (methods.TransposedJoint, "p-values are [cause, effect, lag - 1]"),
            (methods.TransposedEffects, "effects are [cause, effect, lag - 1]"),
            (methods.TurnedSign, "its sign is wrong"),
            (methods.TransposedSelection, "selected is [cause, effect, lag - 1]"),
            (methods.TransposedP, "p-values are [cause, effect, lag - 1]"),
            (methods.OldestFirstP, "the p-value of 0 -> 1 is smallest at lag 1, not 2"),
            (methods.SmallP, "should be spread evenly between 0 and 1"),
            (methods.SameP, "and the smallest of the other pairs is 0.008"),
            (methods.DoublePrecision, "torch's default dtype from float32 to float64: pass dtype=run.torch_dtype()"),
            (methods.OneThread, "torch's number of threads from"),
            (methods.Silencing, "use warnings.catch_warnings()"),
            (methods.Logging, "the level of the root logger"),
            (methods.Printing, "it prints 'epoch 1: loss 0.3' on standard output"),
            (methods.PrintingBelow, "it prints 'iter 1 of 10' on standard output"),
            (methods.EarlyFirst, "it prefers some columns by their position"),
            (methods.EarlyFirstNoisy, "it prefers some columns by their position"),
            (methods.EarlyBonus, "it prefers some columns by their position"),
            (methods.FirstRecording, "where the last of two realisations has the edge"),
            (methods.LastRecording, "where the first of two realisations has the edge"),
        ],
    )
    def test_one_mistake_is_one_failure(self, factory, said):
        assert said in only_failure(check_method(method(factory)))

    def test_other_pairs_with_the_same_score_are_found(self):
        said = failures(check_method(method(methods.Constant)))["tells cause from effect"]
        assert said == "other pairs have the same score as 0 -> 1, the only edge"

    def test_settings_that_a_method_changed_are_put_back(self):
        before = torch.get_default_dtype(), torch.get_num_threads(), list(warnings.filters)
        for factory in (methods.DoublePrecision, methods.OneThread, methods.Silencing):
            check_method(method(factory))
        assert (torch.get_default_dtype(), torch.get_num_threads(), list(warnings.filters)) == before

    def test_what_it_printed_is_not_passed_on(self, capfd):
        check_method(method(methods.Printing))
        check_method(method(methods.PrintingBelow))
        assert capfd.readouterr().out == ""

    def test_a_method_without_a_parameter_for_the_lag_or_with_a_single_one_is_fine(self):
        check = "acts on lag"
        assert remarks(check_method(method(methods.NoLag)))[check] == "does not apply: it has no parameter lag"
        assert "it refuses lag=3" in remarks(check_method(method(methods.AtMostTwo)))[check]

    def test_a_transposed_matrix_is_called_so(self):
        failed = failures(check_method(method(methods.Transposed)))
        assert "this is the transposed edge" in failed["ranks 0 -> 1 at lag 2 first"]

    def test_lags_from_the_wrong_end_are_told(self):
        failed = failures(check_method(method(methods.OldestFirst)))
        assert "0 -> 1 is strongest at lag 1, not 2" in failed["ranks 0 -> 1 at lag 2 first"]

    def test_draws_from_a_global_generator_are_found_twice(self):
        failed = failures(check_method(method(methods.Drawing)))
        assert "same seed gives identical bytes" in failed
        assert "global generator of `random`" in failed["leaves global random numbers alone"]

    def test_writing_into_the_panel_is_found(self):
        assert "copy what you change" in failures(check_method(method(methods.Scaling)))["leaves the panel as it was"]

    def test_a_refusal_with_a_data_error_is_fine_and_said(self):
        results = check_method(method(methods.Refusing))
        assert_ok(results)
        refused = [result.message for result in results if "it refuses" in result.message]
        assert len(refused) == 3
        assert all("wants one complete recording" in remark for remark in refused)

    def test_a_method_that_claims_to_read_gaps_may_not_refuse_them(self):
        assert "wants one complete" in only_failure(check_method(method(methods.Refusing, missing=True)))

    def test_a_factory_that_cannot_be_imported_is_one_failed_check(self):
        assert "cannot be loaded from 'nowhere:thing'" in only_failure(check_method(method("nowhere:thing")))

    def test_test_params_that_the_factory_does_not_know_are_one_failed_check(self):
        said = only_failure(check_method(method(methods.Correlation, test_params={"lagg": 2})))
        assert "no parameter 'lagg'; did you mean lag?" in said

    def test_global_generators_are_as_before(self):
        np.random.seed(12)
        before = random.getstate(), np.random.get_state()[1].tobytes(), torch.get_rng_state()
        check_method(method(methods.Seeding))
        check_forecaster(LINEAR)
        assert random.getstate() == before[0]
        assert np.random.get_state()[1].tobytes() == before[1]
        assert torch.equal(torch.get_rng_state(), before[2])


def method(factory, **options) -> Method:
    return Method(name="trial", factory=factory, summary="on trial", **options)


class TestForecaster:
    @pytest.mark.parametrize("record", [LINEAR, CURVED])
    def test_good_ones_pass(self, record):
        assert_ok(check_forecaster(record))

    def test_one_with_every_capability_passes(self):
        results = check_forecaster(forecaster(parts.Affine))
        assert_ok(results)
        assert not any(result.message for result in results)

    @pytest.mark.parametrize(
        ("factory", "check", "said"),
        [
            (parts.BatchNormed, "windows do not influence each other", "in training mode"),
            (parts.HalfJacobian, "input Jacobian is exact", "the Jacobian of all targets is wrong by up to"),
            (parts.SameTargetsOnly, "input Jacobian of chosen targets is exact", "of each window's own"),
            (parts.DetachedJacobian, "input Jacobian can be differentiated", "do not detach"),
            (parts.FrozenSlope, "input Jacobian can be differentiated", "hidden.weight is wrong by up to"),
            (parts.SwappedAxes, "input weights are (target, hidden, K, P)", "the axes are"),
            (parts.FromNumpy, "same seed gives identical first weights", "head.weight differs"),
            (parts.WrongShape, "forecasts (B, K, P) -> (B, P), finite, in both precisions", "has the shape (6, 1, 2)"),
            (parts.SingleOnly, "forecasts (B, K, P) -> (B, P), finite, in both precisions", "Float"),
        ],
    )
    def test_a_mistake_is_found_by_its_check(self, factory, check, said):
        assert said in failures(check_forecaster(forecaster(factory)))[check]

    def test_attention_without_a_second_derivative_is_told_its_cure(self):
        said = only_failure(check_forecaster(Forecaster(name="trial", factory=parts.Attention, summary="")))
        assert "_scaled_dot_product_flash_attention" in said
        assert "has no second derivative" in said
        assert "torch.nn.attention.sdpa_kernel(SDPBackend.MATH)" in said
        assert_ok(check_forecaster(Forecaster(name="trial", factory=parts.PlainAttention, summary="")))

    def test_an_encoder_layer_of_torch_is_told_the_same(self):
        assert "sdpa_kernel(SDPBackend.MATH)" in only_failure(
            check_forecaster(Forecaster(name="trial", factory=parts.EncoderLayer, summary=""))
        )

    def test_a_kernel_for_single_precision_alone_is_found(self):
        said = only_failure(check_forecaster(Forecaster(name="trial", factory=parts.FastInSingle, summary="")))
        assert "in float32 the gradient of the Jacobian with respect to" in said

    def test_a_capability_without_its_method_is_found(self):
        record = Forecaster(name="trial", factory=LINEAR.factory, summary="", capabilities=frozenset({"features"}))
        assert "has no method features()" in failures(check_forecaster(record))["its capabilities are there"]

    def test_targets_that_share_weights_are_not_component_wise(self):
        record = Forecaster(name="trial", factory=CURVED.factory, summary="", layout="component-wise")
        assert "weights serve several targets" in only_failure(check_forecaster(record))
        assert_ok(check_forecaster(Forecaster(name="t", factory=LINEAR.factory, summary="", layout="component-wise")))

    def test_a_fused_network_that_cannot_be_differentiated_twice_fails_without_a_traceback(self):
        class Kernel(torch.autograd.Function):
            """As fused kernels are: its derivative is written by hand, and has none itself."""

            @staticmethod
            def forward(context, x):
                context.save_for_backward(x)
                return torch.tanh(x)

            @staticmethod
            @torch.autograd.function.once_differentiable
            def backward(context, gradient):
                (x,) = context.saved_tensors
                return gradient * (1 - torch.tanh(x) ** 2)

        class Fused(nn.Module):
            def __init__(self, series: int, lag: int) -> None:
                super().__init__()
                self.head = nn.Linear(series * lag, series)

            def forward(self, x):
                return Kernel.apply(self.head(x.flatten(1)))

        found = failures(check_forecaster(Forecaster(name="trial", factory=Fused, summary="")))
        assert "autograd.Function" in found["input Jacobian can be differentiated"]
        assert not any("\n" in message for message in found.values())


def forecaster(factory) -> Forecaster:
    capabilities = frozenset(
        {"jacobian", "features", "input-weights"} - ({"jacobian"} if not factory.jacobian else set())
    )
    return Forecaster(name="trial", factory=factory, summary="on trial", capabilities=capabilities)


class TestRegularizer:
    @pytest.mark.parametrize("record", [GRADIENT, RIDGE])
    def test_good_ones_pass(self, record):
        assert_ok(check_regularizer(record))

    def test_one_that_acts_by_its_proximal_step_passes(self):
        assert_ok(check_regularizer(regularizer(parts.Proximal)))

    @pytest.mark.parametrize(
        ("factory", "said"),
        [
            (parts.EffectsInRows, "the largest score is at 1 -> 0, lag 2"),
            (parts.LastLagFirst, "the largest score is at 0 -> 1, lag 3"),
            (parts.Signed, "a score is negative or not finite"),
            (parts.Unmoved, "no gradient flows from the penalty"),
            (parts.Boolean, "compatible() returned False"),
            (parts.SymmetricScores, "1 -> 0 at lag 2 has the same score as the only cause"),
            (parts.EarlyScores, "it prefers some columns by their position"),
        ],
    )
    def test_one_mistake_is_one_failure(self, factory, said):
        assert said in only_failure(check_regularizer(regularizer(factory)))

    def test_a_penalty_for_every_window_is_not_a_number(self):
        failed = failures(check_regularizer(regularizer(parts.ForEveryWindow)))
        assert "shape (12,)" in failed["penalty is one finite number"]

    def test_draws_from_torchs_global_generator_are_found(self):
        assert "global generator of torch" in only_failure(check_regularizer(regularizer(parts.Rolling)))

    def test_the_record_must_say_whether_causes_are_revealed(self):
        hidden = regularizer(parts.Penalty, reveals_causes=False)
        assert "declares reveals_causes=False" in " ".join(failures(check_regularizer(hidden)).values())
        promised = Regularizer(name="trial", factory=RIDGE.factory, summary="")
        assert "it has no scores()" in " ".join(failures(check_regularizer(promised)).values())

    def test_a_need_that_no_forecaster_meets_is_named(self):
        said = only_failure(check_regularizer(regularizer(parts.Penalty, needs=frozenset({"telepathy"}))))
        assert "telepathy" in said


def regularizer(factory, **options) -> Regularizer:
    return Regularizer(name="trial", factory=factory, summary="on trial", **options)


LOADED = "returns a panel and its truth"


def noise(steps: int = 40, seed: int = 0):
    x = np.random.default_rng(seed).standard_normal((steps, 2))
    return Panel.of(x), Truth.from_edges([("0", "1", 1)], names=("0", "1"))


def driven(steps: int = 300, seed: int = 0):
    """Return a panel in which 0 drives 1 and 2 at lags 2 and 3, and its truth."""
    x = np.random.default_rng(seed).standard_normal((steps, 3))
    x[2:, 1] += x[:-2, 0]
    x[3:, 2] += x[:-3, 0]
    return Panel.of(x), Truth.from_edges([("0", "1", 2), ("0", "2", 3)], names=("0", "1", "2"))


class TestDataset:
    def test_a_good_one_passes(self):
        assert_ok(check_dataset(dataset(noise, lagged_truth=True)))

    @pytest.mark.parametrize(
        ("factory", "lagged", "said"),
        [
            (lambda seed=0: noise(seed=0), True, "gave the same panel"),
            (lambda seed=0: (Panel.of(np.random.random((9, 2))), None), False, "gave two different panels"),
            (noise, False, "declare lagged_truth=True"),
            (lambda: (noise()[0], Truth.from_edges([("0", "1")])), True, "the truth has no lags"),
            (lambda: (noise()[0], Truth.from_edges([("0", "2")])), False, "'2'"),
            (lambda: (Panel.of(np.ones((9, 2))), None), False, "are constant"),
            (lambda: noise()[0], False, "it returned Panel, not (Panel, Truth)"),
        ],
    )
    def test_mistakes_are_found(self, factory, lagged, said):
        assert said in " ".join(failures(check_dataset(dataset(factory, lagged_truth=lagged))).values())

    @pytest.mark.parametrize("factory", [driven, lambda seed=0: driven(200, seed)])
    def test_a_truth_that_fits_its_data_passes(self, factory):
        results = check_dataset(dataset(factory, lagged_truth=True))
        assert_ok(results)
        assert not remarks(results)

    @pytest.mark.parametrize("steps", [60, 300])
    def test_a_transposed_truth_is_found(self, steps):
        def transposed(steps: int = steps, seed: int = 0):
            panel, truth = driven(steps, seed)
            return panel, Truth(truth.names, truth.edges.T)

        failed = only_failure(check_dataset(dataset(transposed)))
        assert "the truth looks transposed" in failed
        assert "edges[cause, effect]" in failed

    def test_a_transposed_truth_of_a_data_set_without_a_seed_is_found(self):
        def transposed():
            panel, truth = driven(300, 0)
            return panel, Truth(truth.names, truth.edges.T)

        assert "the truth looks transposed" in only_failure(check_dataset(dataset(transposed)))

    def test_lags_that_count_from_zero_are_found(self):
        def early(steps: int = 300, seed: int = 0):
            panel, truth = driven(steps, seed)
            edges = [(one["cause"], one["effect"], one["lag"] - 1) for one in truth.edge_list()]
            return panel, Truth.from_edges(edges, names=truth.names)

        assert "act at other lags than the truth says" in only_failure(check_dataset(dataset(early, lagged_truth=True)))

    def test_data_that_show_no_direction_are_no_failure(self):
        results = check_dataset(dataset(noise, lagged_truth=True))
        assert "do not show the direction" in remarks(results)["the data agree with the direction of the true edges"]

    def test_nothing_is_downloaded_unless_the_author_asks_for_it(self):
        def fetch(size: int):
            raise AssertionError("downloaded")

        results = check_dataset(dataset(fetch, kind="download"))
        assert_ok(results)
        assert "does not apply: it is downloaded" in remarks(results)[LOADED]
        assert "downloaded" in only_failure(check_dataset(dataset(fetch, kind="download", test_params={"size": 1})))

    def test_nothing_is_loaded_whose_files_are_not_here(self):
        here = False

        def family(item: str | None, seed: int = 0):
            assert here
            return noise(seed=seed)

        def catalogue():
            return [DatasetItem(name="trial:first", here=here), DatasetItem(name="trial:second")]

        options = {"lagged_truth": True, "kind": "download", "catalogue": catalogue, "test_params": {"item": "first"}}
        results = check_dataset(dataset(family, **options))
        assert_ok(results)
        assert "the files of trial:first are not on this machine" in remarks(results)[LOADED]
        here = True
        assert any(
            result.check == "same seed gives the same data and truth"
            for result in check_dataset(dataset(family, **options))
        )

    def test_files_of_the_user_are_not_made_up(self):
        def own(table: str):
            raise AssertionError("loaded")

        results = check_dataset(dataset(own, kind="file"))
        assert_ok(results)
        assert "it needs the parameter 'table'" in remarks(results)[LOADED]
        assert "table" in only_failure(check_dataset(dataset(own)))  # one that is simulated needs none

    def test_an_item_can_be_named_in_test_params(self):
        def family(item: str | None, seed: int = 0):
            assert item == "first"
            return noise(seed=seed)

        assert_ok(check_dataset(dataset(family, lagged_truth=True, test_params={"item": "first"})))


def dataset(factory, **options) -> Dataset:
    return Dataset(name="trial", factory=factory, summary="on trial", **options)


def spoil(evaluation):
    evaluation.scores[:] = 0
    return 1.0


def spoil_by_force(evaluation):
    evaluation.scores.flags.writeable = True
    return spoil(evaluation)


class TestMetric:
    @pytest.mark.parametrize(
        ("function", "said"),
        [
            (lambda e: -float(e.scores[e.truth].mean()), "declare greater_is_better=False"),
            (lambda e: float("nan"), "it is nan for perfect scores with diagonal='include'"),
            (lambda e: e.scores, "not one number"),
            (spoil, "assignment destination is read-only (test_testing.py, line"),
            (spoil, "copy what you change"),
            (lambda e: float(e.scores[0]), "with the series in reverse order: treat all pairs alike"),
            (spoil_by_force, "it writes into the arrays of the evaluation"),
        ],
    )
    def test_mistakes_are_found(self, function, said):
        record = Metric(name="trial", factory=function, summary="on trial")
        assert said in " ".join(failures(check_metric(record)).values())

    def test_a_distance_passes_when_it_says_so(self):
        record = Metric(
            name="trial", factory=lambda e: float((e.selected != e.truth).sum()), summary="", greater_is_better=False
        )
        assert_ok(check_metric(record))


def rule(factory, **options) -> SelectionRule:
    return SelectionRule(name="trial", factory=factory, summary="on trial", **options)


class TestSelectionRule:
    def test_good_ones_pass(self):
        results = check_selection_rule(rule(rules.above, test_params={"share": 0.3}))
        assert_ok(results)
        (last,) = remarks(results).values()
        assert "does not fit the method again" in last
        assert_ok(check_selection_rule(rule(rules.above, test_params={"self_edges": True})))
        results = check_selection_rule(rule(rules.again, needs="refits"))
        assert_ok(results)
        assert set(remarks(results)) == {"the order of the series does not matter"}

    @pytest.mark.parametrize("name", ["density", "fdr", "stability", "surrogate", "threshold", "top-k"])
    def test_those_of_causalkit_pass(self, name):
        for seed in range(2):
            assert_ok(check_selection_rule(name, seed))

    @pytest.mark.parametrize(
        ("factory", "options", "check", "said"),
        [
            (rules.above, {"test_params": {"shar": 1}}, "can be written", "no parameter 'shar'; did you mean share?"),
            (rules.several, {"test_params": {"lags": "1,2"}}, "can be written", "'2' in the selection rule"),
            (rules.pairs, {}, "returns boolean cells", "no boolean array of shape (4, 4, 2)"),
            (rules.numbers, {}, "returns boolean cells", "no boolean array of shape"),
            (rules.one_note, {}, "returns boolean cells", "notes are a tuple of sentences"),
            (rules.small_p_values, {}, "returns boolean cells", "joint_p_values have the shape (3,)"),
            (rules.self_edges_too, {}, "leaves self-edges out", "candidate_pairs"),
            (rules.unseeded, {}, "repeats itself", "two runs differ"),
            (rules.seeding, {}, "leaves global random numbers", "global generator of numpy"),
            (rules.scaling, {}, "leaves the discovery", "copy what you change"),
            (rules.by_p_value, {}, "needs no more", "it declares needs='scores'"),
            (rules.refitting, {"needs": "p-values"}, "needs no more", "it declares needs='p-values'"),
            (rules.by_name, {}, "selects by the data", "change the edges"),
            (rules.early, {}, "the order of the series", "never by the position of a series"),
            (rules.simulating_again, {}, "selects by the data", "change the edges"),
            (rules.silent, {"needs": "refits"}, "notifies observers", "it takes no `observers`"),
            (rules.unheard, {"needs": "refits"}, "notifies observers", "on_start was not called"),
            (rules.announcing_too_many, {"needs": "refits"}, "notifies observers", "it announced 5 fits, and made 1"),
        ],
    )
    def test_one_mistake_is_one_failure(self, factory, options, check, said):
        failed = failures(check_selection_rule(rule(factory, **options)))
        assert [one.startswith(check) for one in failed] == [True], failed
        assert said in next(iter(failed.values()))

    def test_what_it_raises_is_a_failed_check(self):
        assert "KeyError: 'x'" in only_failure(check_selection_rule(rule(lambda discovery: {}["x"])))


class TestOperation:
    def test_it_needs_an_argument(self):
        record = Operation(name="trial", factory=lambda discovery: 1, summary="")
        assert_ok(check_operation(record))
        record = Operation(name="trial", factory=lambda: 1, summary="")
        assert "it takes none" in only_failure(check_operation(record))


class TestFiles:
    def test_a_reader_that_drops_a_row_is_found(self):
        def forgetful(path, options):
            import causalkit

            return Panel.of([values[1:] for values in causalkit.read(path)])

        record = Reader(name="trial", factory=forgetful, summary="", suffixes=(".csv",))
        assert "reads what causalkit writes" in failures(check_reader(record))

    def test_the_example_file_of_a_reader_is_read(self, tmp_path):
        path = tmp_path / "example.raw"
        np.random.default_rng(0).random((9, 8)).tofile(path)

        def read_raw(path, options):
            frame = pd.DataFrame(np.fromfile(path).reshape(-1, 8))
            return Panel.from_frame(frame, source=str(path), **options.given())

        record = Reader(name="trial", factory=read_raw, summary="", suffixes=(".raw",), test_params={"path": str(path)})
        results = check_reader(record)
        assert_ok(results)
        assert list(remarks(results).values()) == ["does not apply: causalkit writes none of its formats"]
        path.write_bytes(b"abc")
        assert "reads its example file" not in failures(results)

    @pytest.mark.parametrize("ignored", ["drop", "panel_column", "time_column"])
    def test_a_reader_that_ignores_options_is_found(self, tmp_path, ignored):
        path = tmp_path / "example.raw"
        np.random.default_rng(0).random((50, 2)).tofile(path)

        def read_raw(path, options):
            given = {key: value for key, value in options.given().items() if key != ignored}
            return Panel.from_frame(pd.DataFrame(np.fromfile(path).reshape(-1, 2)), source=str(path), **given)

        record = Reader(name="trial", factory=read_raw, summary="", suffixes=(".raw",), test_params={"path": str(path)})
        assert f"ignores {option_text(ignored)}" in only_failure(check_reader(record))

    @pytest.mark.parametrize("ignored", ["panel_column", "time_column"])
    def test_a_reader_that_looks_for_a_column_and_does_nothing_with_it_is_found(self, tmp_path, ignored):
        path = tmp_path / "example.raw"
        np.random.default_rng(0).random((50, 2)).tofile(path)

        def read_raw(path, options):
            frame = pd.DataFrame(np.fromfile(path).reshape(-1, 2), columns=["a", "b"])
            given = options.given()
            if not set(np.atleast_1d(given.pop(ignored, "a"))) <= set(frame.columns):
                raise DataError("no such column")
            return Panel.from_frame(frame, source=str(path), **given)

        record = Reader(name="trial", factory=read_raw, summary="", suffixes=(".raw",), test_params={"path": str(path)})
        said = only_failure(check_reader(record))
        assert f"it ignores {option_text(ignored)} a: that column is still a series" in said
        assert "**options.given()" in said

    def test_a_reader_without_an_example_is_not_passed_unseen(self):
        record = Reader(name="trial", factory=lambda path, options: Panel.of(np.ones((9, 2))), summary="")
        record = dataclasses.replace(record, suffixes=(".raw",))
        assert "the record has no example" in failures(check_reader(record))["reads its example file"]

    def test_an_example_may_be_written_by_a_function(self, tmp_path):
        def example(path):
            np.random.default_rng(0).random((9, 8)).tofile(path)

        def read_raw(path, options):
            frame = pd.DataFrame(np.fromfile(path).reshape(-1, 8))
            return Panel.from_frame(frame, source=str(path), **options.given())

        options = {"suffixes": (".raw",), "test_params": {"example": example}}
        assert_ok(check_reader(Reader(name="trial", factory=read_raw, summary="", **options)))

    def test_a_writer_that_leaves_more_than_its_file_is_found(self):
        def messy(discovery, path):
            path.write_text("scores")
            path.with_suffix(".log").write_text("left behind")

        record = Writer(name="trial", factory=messy, summary="", suffixes=(".messy",))
        assert (
            only_failure(check_writer(record))
            == "asked to write a result.messy, it left ['a result.log', 'a result.messy']"
        )

    def test_a_writer_that_writes_nothing_is_found(self):
        record = Writer(name="trial", factory=lambda discovery, path: None, summary="", suffixes=(".none",))
        assert "it left nothing" in only_failure(check_writer(record))

    @pytest.mark.parametrize("suffixes", [(), ("raw",), (".RAW",)])
    def test_suffixes_that_match_no_file_are_found(self, suffixes):
        def write(discovery, path):
            path.write_text("scores")

        record = Writer(name="trial", factory=write, summary="", suffixes=suffixes)
        assert "suffixes are in order" in failures(check_writer(record))


class TestPlugin:
    def test_every_broken_promise_of_a_plugin_is_found(self):
        with installed("breaks-promises"):
            failed = {(result.subject, result.check) for result in check_plugin("breaks-promises") if not result.ok}
        assert {
            ("method careless", "ranks 0 -> 1 at lag 2 first"),
            ("method careless", "same seed gives identical bytes"),
            ("method absent", "can be imported"),
            ("method misfit", "can be built with its test_params"),
            ("forecaster mixing", "windows do not influence each other"),
            ("forecaster mixing", "its capabilities are there"),
            ("regularizer backwards", "scores of a model whose only cause is 0 -> 1 at lag 2 are largest there"),
            ("dataset moody", "same seed gives the same data and truth"),
            ("metric wrong-way", "perfect scores are at least as good as inverted ones"),
            ("selection rule greedy", "leaves self-edges out unless they are asked for"),
            ("operation idle", "takes an argument"),
            ("writer messy", "writes only the file that it is given"),
            ("plugin breaks-promises", "commands are new and say what they do"),
            ("plugin breaks-promises", "observers watch at least one event"),
        } <= failed

    def test_a_plugin_that_changes_the_process_on_import_is_found(self):
        with installed("loud-import"):
            failed = failures(check_plugin("loud-import"))
        said = failed["importing it prints nothing and changes no setting"]
        assert "it prints 'loud plugin, version 1'" in said
        assert "torch's default dtype from float32 to float64" in said

    def test_observers_are_called_as_a_run_does(self):
        with installed("loud-import"):
            said = failures(check_plugin("loud-import"))["observers survive a run, and a run in stages"]
        assert "Forecasting.on_epoch(1, {}) raised KeyError: 'forecast'" in said

    def test_the_help_of_commands_is_asked_for(self):
        with installed("loud-import"):
            said = failures(check_plugin("loud-import"))["commands are new and say what they do"]
        assert "causalkit shout --help ends with exit code 1" in said

    @pytest.mark.parametrize("name", ["healthy", "fake-healthy", "healthy@fake-healthy"])
    def test_a_plugin_is_found_by_its_name_and_by_its_distribution(self, name):
        with installed("healthy"):
            subjects = {result.subject for result in check_plugin(name)}
        assert subjects == {"plugin healthy", "method constant", "metric zero"}

    def test_a_broken_plugin_is_a_failed_check_and_its_surviving_records_are_checked(self):
        with installed("raises-midway", warns="raises-midway"):
            failed = {result.subject: result.message for result in check_plugin("raises-midway") if not result.ok}
        assert "the second record cannot be made" in failed["plugin raises-midway"]
        assert "cannot be loaded" in failed["method survivor"]

    def test_a_disabled_plugin_is_a_failed_check(self, monkeypatch):
        monkeypatch.setenv("CAUSALKIT_DISABLE_PLUGINS", "healthy")
        with installed("healthy"):
            assert "switched off" in only_failure(check_plugin("healthy"))

    def test_a_name_that_two_plugins_share_is_a_failed_check_of_both(self):
        with installed("twin-one", "twin-two"):
            failed = failures(check_plugin("twin-one"))
        assert "twin@fake-twin-two" in failed["name belongs to it alone"]

    def test_an_unknown_plugin_is_answered_with_the_nearest(self):
        with installed("healthy"), pytest.raises(UnknownNameError, match="did you mean healthy"):
            check_plugin("helthy")


class TestResults:
    def test_assert_ok_lists_what_failed(self):
        results = [CheckResult("method a", "one", True), CheckResult("method a", "two", False, "it is late")]
        with pytest.raises(AssertionError, match=r"1 of 2 .* failed:\nFAILED method a: two: it is late"):
            assert_ok(results)

    def test_nothing_checked_is_not_a_success(self):
        with pytest.raises(AssertionError, match="nothing was checked"):
            assert_ok([])


class TestCommand:
    def test_the_outcome_of_every_check_is_a_line_and_failures_give_exit_code_3(self):
        done = command("check", "fake-breaks-promises", cases=["breaks-promises"])
        assert done.returncode == 3
        assert "FAILED   method careless" in done.stdout
        assert "ok       metric wrong-way" in done.stdout
        assert done.stderr.startswith("causalkit: error: ")
        assert "contract checks of fake-breaks-promises failed" in done.stderr
        assert "Traceback" not in done.stdout + done.stderr

    def test_json_is_all_that_is_on_stdout(self):
        with installed("healthy"):
            done = CliRunner().invoke(check, ["healthy", "--json"])
        listed = json.loads(done.stdout)
        assert isinstance(done.exception, PluginError)  # constant scores rank no edge first
        assert {"subject", "check", "ok", "message"} == set(listed[0])
        assert {one["check"] for one in listed if not one["ok"]} >= {"ranks 0 -> 1 at lag 2 first"}

    def test_an_unknown_plugin_is_wrong_usage(self):
        with installed("healthy"):
            done = CliRunner().invoke(check, ["fake-helthy"])
        assert isinstance(done.exception, UnknownNameError)
        assert "did you mean fake-healthy" in str(done.exception)
        assert os.linesep not in str(done.exception)
