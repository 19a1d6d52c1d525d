"""The training loop, checkpoints and the neural method around it."""

import os
import re
import signal
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from causalkit import Panel, Run
from causalkit.errors import DataError, ParameterError, TrainingError, WrongUsageError
from causalkit.model_selection.splits import hold_out
from causalkit.neural import ForecasterPart, NeuralMethod, PenaltySum, Training
from tests.systems import CURVED, LINEAR, GradientPenalty, Ridge, lagged_pair, penalties

FAST = Training(epochs=60, learning_rate=0.05)


def method(training: Training = FAST, forecaster=CURVED, sum_of: PenaltySum | None = None, lag: int = 2):
    return NeuralMethod(ForecasterPart(forecaster, {}), sum_of or penalties(GradientPenalty()), lag, training)


@pytest.fixture(scope="module")
def panel() -> Panel:
    return Panel.of(lagged_pair())


def test_finds_the_edge_and_its_lag(panel):
    discovery = method().fit(panel, Run())
    assert discovery.edges(top=1).iloc[0][["cause", "effect", "lag"]].tolist() == ["0", "1", 2]


def test_history_has_every_loss_part_and_falls(panel):
    history = method(sum_of=penalties(GradientPenalty(), Ridge())).fit(panel, Run()).history
    assert set(history) == {"epoch", "forecast", "gradient", "ridge"}
    assert history["epoch"] == list(range(1, 61))
    assert history["forecast"][-1] < history["forecast"][0]


@pytest.mark.parametrize("batch_size", [None, 32])
def test_one_seed_decides_everything(panel, batch_size):
    training = Training(epochs=5, batch_size=batch_size, validation=0.2)
    torch.manual_seed(1)
    first = method(training).fit(panel, Run(seed=3))
    torch.manual_seed(2)
    again = method(training).fit(panel, Run(seed=3))
    other = method(training).fit(panel, Run(seed=4))
    assert first.scores.tobytes() == again.scores.tobytes()
    assert first.scores.tobytes() != other.scores.tobytes()


def test_leaves_no_trace_in_the_process(panel):
    threads = torch.get_num_threads()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    method(Training(epochs=2)).fit(panel, Run(threads=1))
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads


class Interrupts:
    """Stops training from outside after some epochs, as Ctrl-C does."""

    def __init__(self, after: int) -> None:
        self.after = after

    def on_epoch(self, epoch, losses):
        if epoch == self.after:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("batch_size", [None, 50])
def test_resumed_training_gives_the_same_bytes(panel, tmp_path, batch_size):
    training = Training(epochs=12, batch_size=batch_size, validation=0.2, schedule="cosine")
    whole = method(training).fit(panel, Run(seed=1))
    path = tmp_path / "state.safetensors"
    with pytest.raises(KeyboardInterrupt):
        method(training).fit(panel, Run(seed=1, checkpoint=path, observers=[Interrupts(after=5)]))
    seen = []
    watcher = type("Watcher", (), {"on_epoch": lambda self, epoch, losses: seen.append(epoch)})()
    resumed = method(training).fit(panel, Run(seed=1, checkpoint=path, resume=True, observers=[watcher]))
    assert seen == list(range(6, 13))
    assert resumed.scores.tobytes() == whole.scores.tobytes()
    assert resumed.history == whole.history
    assert [file.name for file in tmp_path.iterdir()] == ["state.safetensors"]


def test_a_checkpoint_of_something_else_is_refused(panel, tmp_path):
    path = tmp_path / "state.safetensors"
    method(Training(epochs=2)).fit(panel, Run(checkpoint=path))
    with pytest.raises(DataError, match="other data, settings or seed"):
        method(Training(epochs=2)).fit(panel, Run(seed=9, checkpoint=path, resume=True))
    path.write_bytes(b"junk")
    with pytest.raises(DataError, match="is not a training checkpoint, or is damaged"):
        method(Training(epochs=2)).fit(panel, Run(checkpoint=path, resume=True))


@pytest.mark.usefixtures("ctrl_c")
def test_a_background_job_is_not_stopped_by_ctrl_c(panel, tmp_path):
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does for its background jobs
    run = Run(checkpoint=tmp_path / "state.safetensors", observers=[Interrupts(after=2)])
    assert len(method(Training(epochs=4)).fit(panel, run).history["epoch"]) == 4


def test_time_limit_ends_training_and_says_so(panel, tmp_path):
    slow = type("Slow", (), {"on_epoch": lambda self, epoch, losses: time.sleep(0.05)})()
    path = tmp_path / "state.safetensors"
    run = Run(time_limit=0.2, checkpoint=path, observers=[slow])
    cut = method(Training(epochs=500)).fit(panel, run)
    done = len(cut.history["epoch"])
    assert 1 <= done < 500
    assert f"after {done} of 500 epochs" in cut.notes[0]


def test_time_limited_training_can_be_resumed(panel, tmp_path):
    training, path = Training(epochs=8), tmp_path / "state.safetensors"
    slow = type("Slow", (), {"on_epoch": lambda self, epoch, losses: time.sleep(0.1)})()
    method(training).fit(panel, Run(time_limit=0.25, checkpoint=path, observers=[slow]))
    resumed = method(training).fit(panel, Run(checkpoint=path, resume=True))
    assert resumed.scores.tobytes() == method(training).fit(panel, Run()).scores.tobytes()


def test_patience_keeps_the_best_held_out_weights(panel):
    training = Training(epochs=300, learning_rate=0.3, validation=0.3, patience=3)
    discovery = method(training, sum_of=penalties(GradientPenalty(strength=0.0))).fit(panel, Run())
    judged = discovery.history["validation"]
    best = int(np.argmin(judged)) + 1
    assert len(judged) == best + 3
    assert f"epoch {best}" in discovery.notes[0]
    assert discovery.data["windows_held_out"] > 0


def test_diverging_training_names_the_setting_and_a_better_value(panel):
    training = Training(epochs=50, learning_rate=1e6, optimizer="sgd")
    with pytest.raises(TrainingError, match=r"learning_rate=1e\+06 and with 100000"):
        method(training, forecaster=LINEAR).fit(panel, Run())


def test_proximal_step_follows_every_optimiser_step(panel):
    class Proximal(GradientPenalty):
        def prox(self, model, step):
            steps.append(step)
            with torch.no_grad():
                model.map.weight.copy_(
                    torch.sign(model.map.weight) * (model.map.weight.abs() - 0.4 * step).clamp(min=0)
                )

    steps = []
    training = Training(epochs=200, learning_rate=0.1, optimizer="sgd")
    discovery = method(training, forecaster=LINEAR, sum_of=penalties(Proximal(strength=0.0))).fit(panel, Run())
    assert steps == [0.1] * 200
    assert (discovery.scores == 0).sum() > 9  # exact zeros
    assert discovery.pair_scores[0, 1] > 0.1


def test_observer_that_raises_is_dropped_and_the_run_goes_on(panel):
    class Bad:
        def on_epoch(self, epoch, losses):
            raise RuntimeError("no disk")

    run = Run(observers=[Bad()])
    with pytest.warns(RuntimeWarning, match="Bad failed in on_epoch.*no disk"):
        discovery = method(Training(epochs=3)).fit(panel, run)
    assert discovery.history["epoch"] == [1, 2, 3]
    assert not run.observers


def test_exactly_one_regularizer_supplies_the_scores():
    with pytest.raises(WrongUsageError, match="no scores can be read off 'ridge'"):
        penalties(Ridge())
    with pytest.raises(WrongUsageError, match="would both supply the scores"):
        penalties(GradientPenalty(), GradientPenalty())


def test_incompatible_pair_is_refused_before_training(panel):
    class Picky(GradientPenalty):
        def compatible(self, model):
            return "needs a forecaster that sings"

    with pytest.raises(WrongUsageError, match="needs a forecaster that sings.*forecasters that fit"):
        method(sum_of=penalties(Picky())).fit(panel, Run())


def test_double_precision_reaches_the_scores(panel):
    single = method(Training(epochs=3)).fit(panel, Run(dtype="float32"))
    double = method(Training(epochs=3)).fit(panel, Run(dtype="float64"))
    assert 0 < abs(single.scores - double.scores).max() < 1e-4


def test_training_works_outside_the_main_thread(panel, tmp_path):
    found = []
    run = Run(checkpoint=tmp_path / "state.safetensors")
    thread = threading.Thread(target=lambda: found.append(method(Training(epochs=2)).fit(panel, run)))
    thread.start()
    thread.join()
    assert len(found) == 1


def test_hold_out_shares_no_time_step_with_training():
    windows = Panel.of([np.random.default_rng(0).normal(size=(30, 2)) for _ in range(2)]).windows(3)
    kept, held = hold_out(windows, 0.25, np.random.default_rng(0))
    for number in (0, 1):
        last_learned = kept.step[kept.realisation == number].max()
        first_seen = held.step[held.realisation == number].min() - 3
        assert first_seen >= last_learned
    assert len(held) > 0


def test_hold_out_takes_whole_realisations_when_there_are_many():
    windows = Panel.of([np.random.default_rng(0).normal(size=(10, 2)) for _ in range(8)]).windows(2)
    kept, held = hold_out(windows, 0.25, np.random.default_rng(0))
    assert not set(kept.realisation) & set(held.realisation)
    assert len(set(held.realisation)) == 2


def test_hold_out_from_too_little_is_refused():
    windows = Panel.of(np.random.default_rng(0).normal(size=(6, 2))).windows(3)
    with pytest.raises(ParameterError, match="training.validation=0.5"):
        hold_out(windows, 0.5, np.random.default_rng(0))


def test_cosine_schedule_falls_to_nothing():
    settings = Training(epochs=100, learning_rate=0.1, schedule="cosine")
    rates = [settings.rate(epoch) for epoch in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 0.001


@pytest.mark.parametrize(
    ("rows", "lag", "words"),
    [
        (3, 2, "only 1 complete window of 3 rows is left, and 6 are needed; record more time steps"),
        (6, 1, "only 5 complete windows of 2 rows are left, and 6 are needed; record more time steps"),
        (8, 3, "only 5 complete windows of 4 rows are left, and 6 are needed; choose lag=2 or less"),
    ],
)
def test_so_few_windows_that_a_ranking_is_chance_are_refused(rows, lag, words):
    panel = Panel.of(np.random.default_rng(0).normal(size=(rows, 2)))
    with pytest.raises(DataError, match=re.escape(words)):
        method(lag=lag).fit(panel, Run())


def test_an_effect_with_too_few_windows_is_named():
    panel = Panel.of(np.random.default_rng(0).normal(size=(40, 2)), names=["flow", "level"])
    set_from_outside = np.zeros((40, 2), dtype=bool)
    set_from_outside[5:, 1] = True
    panel = replace(panel, intervened=(set_from_outside,))
    words = "only 4 windows of 2 rows are left to learn the causes of 'level' from: 35 are under intervention next"
    with pytest.raises(DataError, match=words):
        method(lag=1).fit(panel, Run())
