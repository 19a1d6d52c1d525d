"""Readings of the scores in the course of training, and the metrics that choose among them by the truth."""

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, roc_auc_score

import causalkit
from causalkit import Discovery, Panel, Run, Truth
from causalkit.compare import run_grid
from causalkit.core.knowledge import Knowledge
from causalkit.errors import CausalkitError, DataError, ParameterError, TrainingError, WrongUsageError
from causalkit.evaluation import Evaluation, evaluate
from causalkit.neural import ForecasterPart, NeuralMethod, PenaltySum, Training, TrainingContext
from tests.systems import CURVED, GradientPenalty, lagged_pair, penalties
from tests.test_training import Interrupts

ORACLES = ("auroc-oracle-epoch", "auprc-oracle-epoch")


@pytest.fixture(scope="module")
def panel() -> Panel:
    return Panel.of(lagged_pair())


def method(sum_of: PenaltySum | None = None, **training) -> NeuralMethod:
    settings = Training(**{"epochs": 12, "learning_rate": 0.05, **training})
    return NeuralMethod(ForecasterPart(CURVED, {}), sum_of or penalties(GradientPenalty()), 2, settings)


class Restless(GradientPenalty):
    """A regularizer whose scores draw random numbers and leave gradients behind."""

    def scores(self, model, x):
        torch.rand(3)
        with torch.enable_grad():
            model(x).sum().backward()
        return super().scores(model, x)


class TestReadings:
    def test_are_taken_every_so_many_epochs_and_at_the_last(self, panel):
        found = method(snapshots=5).fit(panel, Run())
        assert found.path["epochs"].tolist() == [5, 10, 12]
        assert found.path["scores"].shape == (3, 3, 3, 2)
        assert found.path["scores"][-1].tobytes() == found.scores.tobytes()
        assert found.path["forecast"].tolist() == [found.history["forecast"][epoch - 1] for epoch in (5, 10, 12)]

    def test_are_what_a_shorter_training_gives(self, panel):
        found = method(snapshots=5).fit(panel, Run(seed=2))
        assert found.path["scores"][0].tobytes() == method(epochs=5).fit(panel, Run(seed=2)).scores.tobytes()

    @pytest.mark.parametrize("penalty", [GradientPenalty, Restless])
    @pytest.mark.parametrize("more", [{}, {"batch_size": 40}, {"validation": 0.2, "batch_size": 40}])
    def test_change_nothing(self, panel, more, penalty):
        without = method(penalties(penalty()), **more).fit(panel, Run(seed=1))
        with_them = method(penalties(penalty()), snapshots=1, **more).fit(panel, Run(seed=1))
        assert with_them.scores.tobytes() == without.scores.tobytes()
        assert with_them.history == without.history
        assert without.path is None

    def test_are_of_all_windows_where_some_are_held_out(self, panel):
        held = method(epochs=1, validation=0.3, snapshots=1).fit(panel, Run())
        assert held.path["scores"][0].tobytes() == held.scores.tobytes()  # read_off reads in all windows

    def test_leave_the_gradients_of_the_last_step(self, panel):
        kept = []
        for snapshots in (None, 1):
            found = method(penalties(Restless()), epochs=2, snapshots=snapshots)
            model = found.build(3, Run())
            torch.manual_seed(0)
            with torch.no_grad():
                for weight in model.parameters():
                    weight.uniform_(-0.5, 0.5)
            found.train(model, panel.windows(2), Run())
            kept.append([weight.grad.clone() for weight in model.parameters()])
        assert all(torch.equal(one, other) for one, other in zip(*kept, strict=True))

    def test_know_what_is_forbidden(self, panel):
        knowledge = Knowledge.of({"forbid": ["0->1"]})
        method_, run = method(snapshots=4), Run(knowledge=knowledge)
        found = method_.fit(panel, run).within(knowledge)
        assert (found.path["scores"][:, 0, 1] == 0).all()
        assert (found.path["scores"][:, 1, 0] > 0).all()

    def test_scores_that_are_not_finite_are_refused(self, panel):
        class Broken(GradientPenalty):
            def scores(self, model, x):
                return super().scores(model, x) * float("nan")

        with pytest.raises(TrainingError, match="epoch 3"):
            method(penalties(Broken()), snapshots=3).fit(panel, Run())

    def test_pre_training_keeps_none(self, panel):
        learning = method(snapshots=1)
        model = learning.build(3, Run())
        assert learning.train(model, panel.windows(2), Run(), context=TrainingContext("pretrain")).path is None

    @pytest.mark.parametrize("suffix", [".json", ".npz"])
    def test_are_saved(self, panel, tmp_path, suffix):
        found = method(snapshots=5).fit(panel, Run())
        found.save(tmp_path / f"result{suffix}")
        loaded = Discovery.load(tmp_path / f"result{suffix}").path
        assert {name: loaded[name].tolist() for name in loaded} == {k: v.tolist() for k, v in found.path.items()}


class TestResume:
    @pytest.mark.usefixtures("ctrl_c")
    def test_keeps_what_was_read_before(self, panel, tmp_path):
        whole = method(snapshots=3, validation=0.2).fit(panel, Run(seed=1))
        state = tmp_path / "state.safetensors"
        with pytest.raises(KeyboardInterrupt):
            method(snapshots=3, validation=0.2).fit(panel, Run(seed=1, checkpoint=state, observers=[Interrupts(7)]))
        resumed = method(snapshots=3, validation=0.2).fit(panel, Run(seed=1, checkpoint=state, resume=True))
        assert resumed.path["epochs"].tolist() == [3, 6, 9, 12]
        assert resumed.path["scores"].tobytes() == whole.path["scores"].tobytes()

    def test_of_finished_training_reads_the_last_epoch_again(self, panel, tmp_path):
        state = tmp_path / "state.safetensors"
        first = method(snapshots=5).fit(panel, Run(checkpoint=state))
        again = method(snapshots=5).fit(panel, Run(checkpoint=state, resume=True))
        assert again.path["epochs"].tolist() == [5, 10, 12]
        assert again.path["scores"].tobytes() == first.path["scores"].tobytes()

    def test_goes_on_after_a_time_limit_as_if_there_had_been_none(self, panel, tmp_path):
        state = tmp_path / "state.safetensors"
        cut = method(snapshots=5).fit(panel, Run(checkpoint=state, time_limit=1e-9))
        assert cut.path["epochs"].tolist() == [1]
        resumed = method(snapshots=5).fit(panel, Run(checkpoint=state, resume=True))
        assert resumed.path["epochs"].tolist() == [5, 10, 12]

    def test_with_another_interval_is_refused(self, panel, tmp_path):
        state = tmp_path / "state.safetensors"
        method().fit(panel, Run(checkpoint=state))
        with pytest.raises(DataError, match="other data, settings or seed"):
            method(snapshots=5).fit(panel, Run(checkpoint=state, resume=True))


NAMES = ("a", "b", "c")
TRUTH = Truth.from_edges([("a", "b"), ("b", "c"), ("c", "c")], names=NAMES)


def discovery_of(*readings: np.ndarray) -> Discovery:
    scores = np.stack(readings)
    path = {"epochs": np.arange(1.0, len(scores) + 1), "scores": scores, "forecast": np.ones(len(scores))}
    return Discovery(NAMES, scores[-1], path=path)


class TestMetrics:
    @pytest.mark.parametrize("diagonal", ["include", "exclude"])
    def test_are_the_best_over_the_epochs(self, diagonal):
        draws = np.random.default_rng(0).random((6, 3, 3, 2))
        found = discovery_of(*draws)
        keep = np.ones((3, 3), bool) if diagonal == "include" else ~np.eye(3, dtype=bool)
        pairs = draws.max(axis=3)[:, keep]
        true = TRUTH.edges[keep]
        values = evaluate(found, TRUTH, diagonal=diagonal)
        assert values["auroc-oracle-epoch"] == max(roc_auc_score(true, scores) for scores in pairs)
        best = max(average_precision_score(true, scores) for scores in pairs)
        assert values["auprc-oracle-epoch"] == pytest.approx(best, rel=1e-12)
        assert values["auroc-oracle-epoch"] > values["auroc"]

    def test_without_readings_they_are_left_out(self):
        found = Discovery(NAMES, np.random.default_rng(0).random((3, 3, 1)))
        assert not set(ORACLES) & set(evaluate(found, TRUTH))

    def test_a_path_of_strengths_is_no_path_of_epochs(self):
        scores = np.random.default_rng(0).random((2, 3, 3, 1))
        path = {"strengths": np.array([0.1, 0.2]), "scores": scores, "forecast": np.ones(2)}
        found = Discovery(NAMES, scores[0], path=path)
        assert not set(ORACLES) & set(evaluate(found, TRUTH))
        assert Evaluation.of(found, TRUTH, "exclude").lacks("epochs")

    @pytest.mark.parametrize("name", ORACLES)
    def test_by_name_they_say_what_is_lacking(self, name):
        found = Discovery(NAMES, np.random.default_rng(0).random((3, 3, 1)))
        with pytest.raises(WrongUsageError, match="does not apply") as caught:
            evaluate(found, TRUTH, metrics=[name])
        assert "training.snapshots" in caught.value.hint

    def test_a_truth_without_a_non_edge_has_none(self):
        found = discovery_of(np.random.default_rng(0).random((3, 3, 1)))
        full = Truth(names=NAMES, edges=np.ones((3, 3), dtype=bool))
        with pytest.raises(WrongUsageError):
            evaluate(found, full, metrics=[ORACLES[0]])


@pytest.mark.plugins
class TestThroughTheInterface:
    SMALL = "training.epochs=4,training.snapshots=2,forecaster.hidden=4,regularizer.strength=0.1"

    def test_a_comparison_computes_them_where_it_can(self, tmp_path):
        records = run_grid([f"grngc[{self.SMALL}]", "var"], ["lagged-pair[steps=80]"], [0], out=tmp_path)
        by_name = {record.cell.method_name: record for record in records}
        for diagonal in ("include", "exclude"):
            assert by_name["grngc"].metric(ORACLES[0], diagonal) >= by_name["grngc"].metric("auroc", diagonal)
        assert by_name["var"].metric(ORACLES[0]) is None
        assert by_name["var"].ok

    def test_proximal_descent_keeps_none(self):
        panel, _ = causalkit.simulate("lagged-pair", steps=60)
        with pytest.raises(ParameterError, match=r"training\.snapshots"):
            causalkit.discover(panel, method="cmlp", params={"training.snapshots": 5})

    def test_nor_does_pre_training(self):
        panel, _ = causalkit.simulate("lagged-pair", steps=60)
        with pytest.raises(CausalkitError, match="pre-training keeps no scores"):
            causalkit.discover(panel, pretrain=panel, params={"pretrain.snapshots": 5})

    def test_a_zero_interval_is_refused(self):
        panel, _ = causalkit.simulate("lagged-pair", steps=60)
        with pytest.raises(ParameterError, match="snapshots"):
            causalkit.discover(panel, params={"training.snapshots": 0})
