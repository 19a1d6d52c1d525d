"""The forecaster that wins by its forecasts of held-out blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

import causalkit
from causalkit.errors import Interrupted
from causalkit.model_selection.strength import StrengthSearch
from causalkit.neural import forecaster_choice, network_choice
from causalkit.neural.forecaster_choice import ALL_BLOCKS, FIRST_BLOCK, Candidate, compete
from causalkit.neural.training.networks import Networks
from tests.systems import lagged_pair


class Stub:
    """A path that was traced, with given errors of the blocks under its best strength, .1.

    Args:
        finer: by how much errors are lower under the finer strength .05; None: the path ended before.
        cut_short: did the time limit end the path?
    """

    def __init__(self, errors: Sequence[float], finer: float | None = None, cut_short: bool = False) -> None:
        self.path, self.cut_short = self, cut_short
        self.search = StrengthSearch((0.1, 0.2), (0.05,), lambda strength: 0)
        more = {} if finer is None else {0.05: -finer}
        for strength, offset in {0.2: 0.1, 0.1: 0.0, **more}.items():
            self.search.tell(strength, np.array(errors) + offset)


def candidate(
    name: str,
    errors: Sequence[float],
    calls: list[Any],
    finer: float | None = None,
    cut_short: slice | None = None,
) -> Candidate:
    def trace(blocks: slice, strongest: float) -> Any:
        calls.append((name, blocks, strongest))
        return Stub(errors[blocks], finer, blocks == cut_short)

    return Candidate(name, trace)


FIRST = [0.50, 0.52, 0.48, 0.51, 0.49]


def outcome(errors: Sequence[float], **more: Any) -> tuple[Any, list[Any]]:
    calls: list[Any] = []
    return compete([candidate("one", FIRST, calls), candidate("other", errors, calls)], **more), calls


def test_who_does_no_better_on_the_first_block_is_out() -> None:
    found, calls = outcome([0.5, 0.1, 0.1, 0.1, 0.1])
    assert calls == [("one", ALL_BLOCKS, np.inf), ("other", FIRST_BLOCK, np.inf)]
    choice, curve = found.choices
    assert (found.winner, choice.chosen_label, choice.labels) == (0, "one", ("one", "other"))
    assert choice.held_out_error == (0.5, 0.5), "errors on the block that both have in common"
    assert "other forecast the first block no better" in choice.rule
    assert "it explains 50% of the held-out variance of the first block, other explains 50%" in choice.sentence()
    assert curve.within == "forecaster other"
    assert curve.first_block_only
    assert found.notes == ()


def test_who_is_better_on_all_blocks_wins() -> None:
    found, calls = outcome([0.40, 0.42, 0.38, 0.41, 0.39])
    assert calls[1:] == [("other", FIRST_BLOCK, np.inf), ("other", ALL_BLOCKS, 0.2)]
    choice, curve = found.choices
    assert (found.winner, choice.chosen_label) == (1, "other")
    assert choice.held_out_error == pytest.approx((0.5, 0.4))
    assert "first block" not in choice.sentence()
    assert curve.within == "forecaster one"
    assert not curve.first_block_only


def test_the_first_stays_where_the_difference_is_chance() -> None:
    found, _ = outcome([0.40, 0.60, 0.30, 0.65, 0.50])  # .01 lower in the mean
    assert found.winner == 0


def test_a_path_that_went_on_to_finer_strengths_has_no_advantage() -> None:
    """It ends where no more edges pass, though errors fall further; who has found the edges early ends early."""
    better = [error - 0.1 for error in FIRST]
    calls: list[Any] = []
    found = compete([candidate("one", FIRST, calls, finer=0.3), candidate("other", better, calls)])
    assert found.winner == 1
    assert found.choices[0].held_out_error == pytest.approx((0.5, 0.4))
    both = [candidate("one", FIRST, calls, finer=0.3), candidate("other", better, calls, finer=0.1)]
    assert compete(both).choices[0].held_out_error == pytest.approx((0.2, 0.3)), "at what both tried"
    assert compete(both).winner == 0


def test_without_time_nobody_else_is_tried() -> None:
    found, calls = outcome([0.1] * 5, out_of_time=lambda: True)
    assert calls == [("one", ALL_BLOCKS, np.inf)]
    assert np.isnan(found.choices[0].held_out_error[1])
    assert found.notes == ("the time limit left no time to compare forecaster other with what was used",)


@pytest.mark.parametrize("blocks", [FIRST_BLOCK, ALL_BLOCKS], ids=["one block", "all blocks"])
def test_who_was_cut_short_by_the_time_limit_and_did_not_win_counts_as_not_tried(blocks: slice) -> None:
    calls: list[Any] = []
    errors = [0.4, *[0.7] * 4] if blocks == ALL_BLOCKS else [0.7] * 5
    rivals = [candidate("other", errors, calls, cut_short=blocks), candidate("third", FIRST, calls)]
    found = compete([candidate("one", FIRST, calls), *rivals], lambda: len(calls) > 1 + (blocks == ALL_BLOCKS))
    (choice,) = found.choices
    assert (found.winner, choice.chosen_label) == (0, "one")
    assert choice.held_out_error == pytest.approx((0.5, np.nan, np.nan), nan_ok=True)
    assert "other (not tried)" in choice.sentence()
    assert "first block" not in choice.sentence()
    assert [f"forecaster {name}" in note for name, note in zip(("other", "third"), found.notes, strict=True)] == [
        True
    ] * 2


def test_who_was_cut_short_on_the_first_block_trains_no_further() -> None:
    calls: list[Any] = []
    compete([candidate("one", FIRST, calls), candidate("other", [0.1] * 5, calls, cut_short=FIRST_BLOCK)])
    assert calls[1:] == [("other", FIRST_BLOCK, np.inf)]


def test_who_was_cut_short_and_forecasts_better_all_the_same_wins() -> None:
    calls: list[Any] = []
    found = compete([candidate("one", FIRST, calls), candidate("other", [0.3] * 5, calls, cut_short=ALL_BLOCKS)])
    assert (found.winner, found.notes) == (1, ())
    assert found.choices[0].held_out_error == pytest.approx((0.5, 0.3))


QUICK = {"training.epochs": 40}


def products(steps: int = 300, targets: int = 12) -> np.ndarray:
    """Return series each of which is driven by a product of two others: too many for a few shared units."""
    generator = np.random.default_rng(0)
    x = 0.5 * generator.standard_normal((steps, targets))
    for t in range(1, steps):
        x[t] += np.tanh(1.5 * np.roll(x[t - 1], 1) * np.roll(x[t - 1], 2) * 4)
    return x


@pytest.mark.plugins
def test_the_winner_is_what_the_result_describes() -> None:
    found = causalkit.discover(products(), method="grngc", lag=1, params={"training.epochs": 100})
    choice = found.choices[0]
    assert choice.parameter == "forecaster.name"
    assert found.config["forecaster"]["name"] == choice.chosen_label
    strength = next(one for one in found.choices if one.parameter == "regularizer.strength" and not one.within)
    assert found.config["regularizer"][0]["strength"] == strength.chosen
    again = causalkit.discover(products(), method="grngc", lag=1, params={"training.epochs": 100})
    assert again.scores.tobytes() == found.scores.tobytes()


def mixed(steps: int = 120, seed: int = 0) -> np.ndarray:
    """Return series all of which follow the same one: a few shared units are enough."""
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((steps, 6))
    for t in range(1, steps):
        x[t] = 0.3 * x[t] + np.tanh(2 * x[t - 1, 0]) * np.array([0.8, 1, -1, 1, -1, 1])
    return x


@pytest.mark.plugins
@pytest.mark.parametrize(("data", "winner"), [(mixed(), "mlp"), (products(400, 20), "component-mlp")])
def test_shared_units_win_where_causes_are_shared_and_own_ones_where_each_target_has_its_products(
    data: np.ndarray, winner: str
) -> None:
    found = causalkit.discover(data, method="grngc", lag=1, params={"training.epochs": 100})
    assert found.config["forecaster"]["name"] == winner


@pytest.fixture
def component_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the last candidate win whatever its errors are."""
    monkeypatch.setattr(forecaster_choice, "beats", lambda errors, others: True)
    monkeypatch.setattr(
        forecaster_choice, "_lowest_errors", lambda traced: [np.full(5, 1 / (1 + n)) for n in range(len(traced))]
    )


@pytest.mark.plugins
@pytest.mark.usefixtures("component_wins")
@pytest.mark.parametrize("lag", [1, "auto:2"])
def test_refits_keep_the_forecaster_and_choose_the_strength_again(lag: Any) -> None:
    data = products(120, 4)
    found = causalkit.discover(data, method="grngc", lag=lag, params=QUICK)
    assert found.config["forecaster"]["name"] == "component-mlp"
    assert found.refit is not None
    again = found.refit(causalkit.Panel.of(data[:100], names=found.names))
    assert again.config["forecaster"]["name"] == "component-mlp"
    chosen = [choice.parameter for choice in again.choices]
    assert chosen == ["lag", "regularizer.strength"][lag == 1 :]
    given = causalkit.discover(data, method="grngc", lag=found.lags, forecaster="component-mlp", params=QUICK)
    alike = found.refit(causalkit.Panel.of(data, names=found.names))
    assert alike.scores.tobytes() == given.scores.tobytes()


class _Stages:
    def __init__(self) -> None:
        self.stages: list[str] = []

    def on_start(self, info: Any) -> None:
        self.stages.append(info["stage"])


@pytest.mark.plugins
@pytest.mark.usefixtures("component_wins")
def test_observers_hear_which_candidate_is_trained() -> None:
    observer = _Stages()
    causalkit.discover(products(120, 4), method="grngc", lag=1, params=QUICK, observers=[observer])
    assert observer.stages == ["strength, mlp", "strength, component-mlp", "strength, component-mlp", "all windows"]


def _with_gaps() -> Any:
    data = products(160, 4)
    data[::9, 1] = np.nan
    return data


@pytest.mark.plugins
@pytest.mark.usefixtures("component_wins")
@pytest.mark.parametrize(
    ("data", "more"),
    [
        (_with_gaps(), {}),
        ([products(60, 4), products(50, 4)], {}),
        (products(120, 4), {"params": {**QUICK, "training.batch_size": 32}}),
        (products(120, 4), {"device": "cpu", "dtype": "float64"}),
    ],
    ids=["missing cells", "realisations", "batches", "float64"],
)
def test_whatever_the_data_and_the_run_are_the_winner_has_scores(data: Any, more: dict[str, Any]) -> None:
    panel = causalkit.Panel.of(data)
    found = causalkit.discover(panel, **{"method": "grngc", "lag": 1, "params": QUICK, **more})
    assert found.config["forecaster"]["name"] == "component-mlp"
    assert np.isfinite(found.scores).all()
    assert found.scores.max() > 0
    assert found.standard_errors is not None


@pytest.mark.plugins
@pytest.mark.usefixtures("component_wins")
def test_forbidden_edges_of_the_winner_have_no_score() -> None:
    panel = causalkit.Panel.of(products(120, 4), names=tuple("abcd"))
    found = causalkit.discover(panel, method="grngc", lag=1, params=QUICK, knowledge={"forbid": ["a->b"]})
    assert found.config["forecaster"]["name"] == "component-mlp"
    assert found.scores[0, 1, 0] == 0 < found.scores[1, 0, 0]
    assert any("exactly zero throughout training" in note for note in found.notes)


@pytest.mark.plugins
def test_too_few_windows_to_choose_leave_the_first_candidate_and_say_so() -> None:
    found = causalkit.discover(products(10, 2), method="grngc", lag=4, params=QUICK)
    assert found.config["forecaster"]["name"] == "mlp"
    assert "the forecaster was not chosen: it is mlp" in found.notes
    assert found.choices == ()


@pytest.mark.plugins
def test_a_given_strength_leaves_the_first_candidate_and_says_so() -> None:
    found = causalkit.discover(lagged_pair(), method="grngc", lag=2, params={"regularizer.strength": 0.1, **QUICK})
    assert found.config["forecaster"]["name"] == "mlp"
    assert "the forecaster was not chosen: it is mlp" in found.notes


@pytest.mark.plugins
def test_a_candidate_with_very_many_weights_does_not_compete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_choice, "MOST_WEIGHTS", 100)
    found = causalkit.discover(lagged_pair(), method="grngc", lag=2, params=QUICK)
    assert found.config["forecaster"]["name"] == "mlp"
    assert any("component-mlp did not compete" in note for note in found.notes)
    assert [choice.parameter for choice in found.choices] == ["regularizer.strength"]


class _StopIn:
    """Interrupts a run in the fifth epoch of one of its stages."""

    def __init__(self, stage: int) -> None:
        self.stages, self.epochs = stage, 5

    def on_start(self, *_: Any) -> None:
        self.stages -= 1

    def on_epoch(self, *_: Any) -> None:
        self.epochs -= self.stages == 0
        if self.epochs == 0:
            raise KeyboardInterrupt


@pytest.mark.plugins
@pytest.mark.usefixtures("component_wins")
@pytest.mark.parametrize("stage", [1, 2, 3, 4], ids=["first", "one block", "second", "all windows"])
def test_a_run_that_was_interrupted_goes_on_with_whichever_candidate_it_had(tmp_path: Any, stage: int) -> None:
    kept: dict[str, Any] = {"method": "grngc", "lag": 1, "params": QUICK}
    whole = causalkit.discover(products(120, 6), **kept)
    file = tmp_path / "state.safetensors"
    with pytest.raises((KeyboardInterrupt, Interrupted)):
        causalkit.discover(products(120, 6), **kept, checkpoint=file, observers=[_StopIn(stage)])
    resumed = causalkit.discover(products(120, 6), **kept, checkpoint=file, resume=True)
    assert resumed.scores.tobytes() == whole.scores.tobytes()


class _Seen(torch.nn.Module):
    """A forecaster that counts the windows that it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(3))
        self.windows: list[int] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.windows.append(len(x))
        return x[:, -1] * self.weight


@pytest.mark.plugins
def test_an_epoch_on_a_long_recording_is_one_step_on_some_of_its_windows() -> None:
    from causalkit.core.run import Run
    from causalkit.neural import Training
    from causalkit.neural.parts import penalty_sum
    from causalkit.neural.training.data import TrainingData
    from causalkit.neural.training.networks import Epoch

    data = TrainingData.of(causalkit.Panel.of(lagged_pair(steps=80)).windows(2), Run())
    for batch_size, expected in ((None, 30), (39, 39)):
        model = _Seen()
        networks = Networks(
            [model],
            penalty_sum("gradient-l1", {"strength": 0.0, "estimator": "sampled"}),
            data,
            Training(batch_size=batch_size),
            Run(),
        )
        losses = networks.epoch(Epoch(0.01, 0.0, most_windows=30))
        assert set(model.windows) == {expected}
        assert losses["forecast"] == pytest.approx(float(data.y.square().mean()), rel=0.5)
