"""Training in two stages: what carries over, what is refused, and that saved or interrupted it gives the same bytes."""

import numpy as np
import pytest
import torch

import causalkit
from causalkit import Panel, Regularizer, Run
from causalkit.errors import DataError, ParameterError, WrongUsageError
from causalkit.neural import Batch, ForecasterPart, NeuralMethod, PenaltySum, Pretrained, Training, TwoStage
from causalkit.neural.interfaces import as_regularizer
from causalkit.neural.modules.head import body_weights
from causalkit.neural.regularizers import Term
from tests.systems import CURVED, GRADIENT, GradientPenalty, lagged_pair, penalties

SHORT = Training(epochs=12, learning_rate=0.02)


def source_panel(names=("a", "b", "c"), steps=300, seed=1) -> Panel:
    return Panel.of(lagged_pair(steps, len(names), seed), names=names, source="source")


def target_panel(names=("a", "b", "c"), steps=60, seed=2) -> Panel:
    return Panel.of(lagged_pair(steps, len(names), seed), names=names, source="target").standardized()[0]


class Spy:
    """A regularizer that acts where it is told to, and remembers what it has seen."""

    def __init__(self, stage="both", compares=False, choices=None, strength=0.0) -> None:
        self.stage, self.compares_domains, self.choices, self.strength = stage, compares, choices, strength
        self.seen: list[Batch] = []

    def penalty(self, model, batch):
        self.seen.append(batch)
        return self.strength * sum(weight.square().sum() for weight in model.parameters())

    def compatible(self, model):
        return None

    def with_strength(self, strength):
        return Spy(self.stage, self.compares_domains, None, strength)


def spied(spy: Spy, record_stage="train") -> PenaltySum:
    record = Regularizer(name="spy", factory=Spy, summary="a spy", stage=record_stage, reveals_causes=False)
    return PenaltySum([Term(GRADIENT, {}, as_regularizer(GradientPenalty())), Term(record, {}, as_regularizer(spy))])


class WithFeatures(torch.nn.Module):
    """A body of two weights and a head of two."""

    def __init__(self, series, lag, hidden=6) -> None:
        super().__init__()
        self.body = torch.nn.Linear(lag * series, hidden)
        self.head = torch.nn.Linear(hidden, series)

    def features(self, x):
        return torch.tanh(self.body(x.flatten(1)))

    def forward(self, x):
        return self.head(self.features(x))


def two_stage(*sources, sum_of=None, forecaster=CURVED, training=SHORT, lag=2, **transfer) -> TwoStage:
    method = NeuralMethod(ForecasterPart(forecaster, {}), sum_of or penalties(GradientPenalty()), lag, training)
    return TwoStage("two", method, sources, training, **transfer)


# What carries over


def test_pretraining_lowers_the_error_on_a_short_target():
    target = target_panel(steps=40)
    alone = two_stage(source_panel()).method.fit(target, Run())
    found = two_stage(source_panel()).fit(target, Run())
    assert found.history["forecast"][0] < 0.8 * alone.history["forecast"][0]
    assert found.edges(top=1).iloc[0][["cause", "effect", "lag"]].tolist() == ["a", "b", 2]


def test_the_result_says_what_it_was_pretrained_on():
    found = two_stage(source_panel()).fit(target_panel(), Run())
    assert found.pretraining["sources"][0]["source"] == "source"
    assert len(found.pretraining["history"]["forecast"]) == SHORT.epochs
    assert found.config["pretrain"]["source"] == ["source"]
    assert any("pre-trained on source: 298 windows" in note for note in found.notes)
    assert any("fine-tuned all layers on target" in note for note in found.notes)


def test_units_of_the_source_do_not_matter():
    plain = source_panel()
    scaled = Panel.of(plain.realisations[0] * [1e3, 1e-3, 7] + 5, names=plain.names, source="source")
    first, second = (two_stage(one).fit(target_panel(), Run(dtype="float64")).scores for one in (plain, scaled))
    np.testing.assert_allclose(first, second, rtol=1e-6)


def test_several_sources_are_standardised_each_by_itself():
    low, high = source_panel(seed=1), source_panel(seed=3)
    high = Panel.of(high.realisations[0] + 1000, names=high.names, source="high")
    shifted = two_stage(low, high).fit(target_panel(), Run(dtype="float64"))
    plain = Panel.of(high.realisations[0] - 1000, names=high.names, source="high")
    np.testing.assert_allclose(
        shifted.scores, two_stage(low, plain).fit(target_panel(), Run(dtype="float64")).scores, rtol=1e-6
    )


# Saved forecasters


def test_a_saved_forecaster_gives_the_bytes_of_the_two_stages_at_once(tmp_path):
    at_once = two_stage(source_panel()).fit(target_panel(), Run())
    path, beside = two_stage(source_panel()).pretrain(Run()).save(tmp_path / "model.safetensors")
    assert beside.exists()
    later = two_stage(path).fit(target_panel(), Run())
    assert later.scores.tobytes() == at_once.scores.tobytes()
    assert later.pretraining["sources"] == at_once.pretraining["sources"]


def test_a_saved_forecaster_comes_back_whole(tmp_path):
    found = two_stage(source_panel()).pretrain(Run(seed=3))
    path, _ = found.save(tmp_path / "model.safetensors")
    loaded = Pretrained.load(path)
    assert loaded.facts() == found.facts()
    assert loaded.scores.tobytes() == found.scores.tobytes()
    assert all(torch.equal(loaded.weights[name], value) for name, value in found.weights.items())
    assert len(repr(loaded)) < 200


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"", "is empty"), (b"no forecaster at all", "is not a pre-trained forecaster, or is damaged")],
)
def test_a_damaged_forecaster_is_refused(tmp_path, content, what):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(DataError, match=what):
        two_stage(path).fit(target_panel(), Run())


def test_another_safetensors_file_is_refused(tmp_path):
    from safetensors.torch import save_file

    save_file({"weight": torch.ones(2)}, tmp_path / "other.safetensors")
    with pytest.raises(DataError, match="not a pre-trained forecaster"):
        two_stage(tmp_path / "other.safetensors").fit(target_panel(), Run())


def test_a_forecaster_of_another_shape_is_refused():
    given = two_stage(source_panel(), lag=3).pretrain(Run())
    with pytest.raises(WrongUsageError, match="has lag 3, and 2 is asked for"):
        two_stage(given).fit(target_panel(), Run())


def test_two_forecasters_are_refused():
    given = two_stage(source_panel()).pretrain(Run())
    with pytest.raises(WrongUsageError, match="two pre-trained forecasters"):
        two_stage(given, given).fit(target_panel(), Run())


# Which series stands for which


def shuffled(panel: Panel, order: list[int]) -> Panel:
    names = tuple(panel.names[i] for i in order)
    return Panel.of(panel.realisations[0][:, order], names=names, source=panel.source)


def test_series_are_matched_by_name_where_the_names_agree():
    straight = two_stage(source_panel()).fit(target_panel(), Run())
    mixed = two_stage(shuffled(source_panel(), [2, 0, 1])).fit(target_panel(), Run())
    assert mixed.scores.tobytes() == straight.scores.tobytes()


def test_a_target_in_another_order_than_the_forecasters_gets_its_own_order_back():
    given = two_stage(source_panel()).pretrain(Run())
    straight = two_stage(given).fit(target_panel(), Run())
    order = [2, 0, 1]
    mixed = two_stage(given).fit(shuffled(target_panel(), order), Run())
    assert mixed.names == ("c", "a", "b")
    np.testing.assert_array_equal(mixed.scores, straight.scores[order][:, order])


def test_matching_by_position_goes_by_order_whatever_the_names():
    given = two_stage(source_panel()).pretrain(Run())
    target = Panel.of(target_panel().realisations[0], names=("b", "c", "a"), source="target")
    for start in (given, source_panel()):
        found = two_stage(start, match="position").fit(target, Run())
        assert found.names == target.names
        assert any("matched" in note and "order" in note for note in found.notes)
        np.testing.assert_array_equal(found.scores, two_stage(given).fit(target_panel(), Run()).scores)


def test_spare_series_of_the_source_are_left_out_and_this_is_said():
    wide = source_panel(("a", "x", "b", "c"))
    found = two_stage(wide).fit(target_panel(), Run())
    assert any("1 series of source are not in target and were left out" in note for note in found.notes)


@pytest.mark.parametrize(
    ("names", "match", "said"),
    [
        (("a", "b", "d"), "name", "no series 'c'"),
        (("a", "b"), "auto", "2 series"),
        (("a", "b", "c", "d"), "position", "4 series"),
    ],
)
def test_series_that_cannot_be_matched_are_refused(names, match, said):
    source = source_panel(names)
    with pytest.raises(DataError, match=said):
        two_stage(source, match=match).fit(target_panel(), Run())
    with pytest.raises(DataError, match=r"series"):
        two_stage(two_stage(source).pretrain(Run()), match=match).fit(target_panel(), Run())


# Partial fine-tuning

FEATURED = causalkit.Forecaster(
    name="featured", factory=WithFeatures, summary="tanh", capabilities=frozenset({"features"})
)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_fine_tuning_the_head_leaves_every_byte_of_the_body(monkeypatch, optimizer):
    trained = {}

    def keep(self, model, *arguments):
        trained.update({name: value.clone() for name, value in model.state_dict().items()})
        return original(self, model, *arguments)

    original = NeuralMethod.read_off
    monkeypatch.setattr(NeuralMethod, "read_off", keep)
    training = SHORT.model_copy(update={"optimizer": optimizer})
    given = two_stage(source_panel(), forecaster=FEATURED, training=training).pretrain(Run())
    found = two_stage(given, forecaster=FEATURED, training=training, layers="head").fit(target_panel(), Run())
    same = {name: torch.equal(value, given.weights[name]) for name, value in trained.items()}
    assert same == {"body.weight": True, "body.bias": True, "head.weight": False, "head.bias": False}
    assert any("fine-tuned the last layer" in note for note in found.notes)


def test_the_head_of_a_forecaster_without_features_is_unknown():
    with pytest.raises(WrongUsageError, match=r"has no features\(\)"):
        two_stage(source_panel(), layers="head").fit(target_panel(), Run())


def test_a_forecaster_that_is_all_body_is_refused():
    class AllBody(WithFeatures):
        def features(self, x):
            return self.forward(x)

        def forward(self, x):
            return self.head(torch.tanh(self.body(x.flatten(1))))

    with pytest.raises(WrongUsageError, match="no weights above its features"):
        body_weights(AllBody(3, 2), 2, 3)


# Regularizers by stage


@pytest.mark.parametrize(
    ("stage", "expected"),
    [("pretrain", {"pretrain"}), ("finetune", {"finetune"}), ("both", {"pretrain", "finetune"})],
)
def test_a_regularizer_acts_in_its_stages(stage, expected):
    spy = Spy(stage)
    two_stage(source_panel(), sum_of=spied(spy)).fit(target_panel(), Run())
    assert {batch.stage for batch in spy.seen} == expected
    for batch in spy.seen:
        assert (batch.reference is not None) == (batch.stage == "finetune")
        assert batch.other is None  # it does not compare domains


def test_one_that_compares_domains_sees_the_other_one():
    spy = Spy(compares=True)
    two_stage(source_panel(), sum_of=spied(spy)).fit(target_panel(), Run())
    assert {(batch.stage, len(batch.x), len(batch.other)) for batch in spy.seen} == {
        ("pretrain", 298, 58),
        ("finetune", 58, 58),
    }


def test_progress_runs_from_0_to_1_in_each_stage():
    spy = Spy()
    two_stage(source_panel(), sum_of=spied(spy)).fit(target_panel(), Run())
    for stage in ("pretrain", "finetune"):
        done = [batch.progress for batch in spy.seen if batch.stage == stage]
        assert done == [epoch / SHORT.epochs for epoch in range(SHORT.epochs)]


def test_the_reference_is_the_mean_absolute_gradient_on_the_source():
    spy = Spy("finetune")
    given = two_stage(source_panel()).pretrain(Run())
    two_stage(given, sum_of=spied(spy)).fit(target_panel(), Run())
    torch.testing.assert_close(spy.seen[0].reference, torch.tensor(given.scores).float())
    assert given.scores.argmax() == np.ravel_multi_index((0, 1, 1), (3, 3, 2))


def test_what_acts_on_two_domains_is_refused_on_one_before_training():
    spy = Spy("both", compares=True)
    method = two_stage(source_panel(), sum_of=spied(spy, "pretrain")).method
    with pytest.raises(WrongUsageError, match=r"spy acts in training on two domains.*--pretrain"):
        method.fit(target_panel(), Run())
    assert spy.seen == []


@pytest.mark.parametrize(("compares", "said"), [(True, "and the source is not there"), (False, "")])
def test_comparing_needs_the_source_beside_a_saved_forecaster(compares, said):
    given = two_stage(source_panel()).pretrain(Run())
    spy = Spy("finetune", compares)
    if not said:
        two_stage(given, sum_of=spied(spy)).fit(target_panel(), Run())
        return
    with pytest.raises(WrongUsageError, match=said):
        two_stage(given, sum_of=spied(spy)).fit(target_panel(), Run())
    two_stage(given, source_panel(), sum_of=spied(spy)).fit(target_panel(), Run())
    assert all(batch.other is not None for batch in spy.seen)


def test_what_acts_in_no_stage_of_a_run_is_refused():
    given = two_stage(source_panel()).pretrain(Run())
    with pytest.raises(WrongUsageError, match="this one is already"):
        two_stage(given, sum_of=spied(Spy("pretrain"), "pretrain")).fit(target_panel(), Run())
    with pytest.raises(WrongUsageError, match="fine-tuned on a target, and there is none"):
        two_stage(source_panel(), sum_of=spied(Spy("finetune"), "finetune")).pretrain(Run())
    with pytest.raises(WrongUsageError, match="and the target is not there"):
        two_stage(source_panel(), sum_of=spied(Spy("pretrain", compares=True), "pretrain")).pretrain(Run())


# Strengths that are chosen


def test_a_strength_that_does_harm_is_switched_off():
    """The spy's penalty is a ridge; these strengths leave nothing of the forecast."""
    found = two_stage(source_panel(), sum_of=spied(Spy("finetune", choices=(0.0, 10.0)))).fit(target_panel(), Run())
    plain = two_stage(source_panel()).fit(target_panel(), Run())
    assert any("spy was switched off: it does not lower" in note for note in found.notes)
    assert found.scores.tobytes() == plain.scores.tobytes()
    assert found.config["regularizer"][1]["strength"] == 0


class Stepper(Spy):
    """Pulls all weights to those of a forecaster that is right; its control pulls them to 0."""

    def __init__(self, weights, right=True, choices=None, strength=0.0) -> None:
        super().__init__("finetune", choices=choices, strength=strength)
        self.weights, self.right = weights, right

    def penalty(self, model, batch):
        pairs = zip(model.parameters(), self.weights, strict=True)
        return self.strength * sum((mine - (goal if self.right else 0)).square().sum() for mine, goal in pairs)

    def with_strength(self, strength):
        return Stepper(self.weights, self.right, None, strength)


class Controlled(Stepper):
    def control(self, strength):
        return Stepper(self.weights, True, None, strength)


def test_a_strength_that_helps_is_taken_unless_its_control_does_as_well():
    long = two_stage(training=Training(epochs=200, learning_rate=0.02)).method
    with Run().isolated():
        right = long.build(3, Run())
        long.train(right, target_panel(steps=2000).windows(2), Run())
    goal = [weight.detach() for weight in right.parameters()]
    start = two_stage(source_panel(seed=9, steps=30)).pretrain(Run())
    for kind, expected in ((Stepper, 3.0), (Controlled, 0.0)):
        stepper = kind(goal, choices=(3.0,))
        found = two_stage(start, sum_of=spied(stepper), training=SHORT.model_copy(update={"epochs": 80})).fit(
            target_panel(steps=40), Run()
        )
        assert found.config["regularizer"][1]["strength"] == expected
        said = "has strength 3" if expected else "a penalty without the source forecasts the target as well"
        assert any(said in note for note in found.notes)


# Interrupted and resumed


class Interrupts:
    """Stops a stage from outside after some epochs, as Ctrl-C does."""

    def __init__(self, stage: str, after: int) -> None:
        self.stage, self.after, self.now = stage, after, ""

    def on_start(self, info):
        self.now = info["stage"]

    def on_epoch(self, epoch, losses):
        if self.now == self.stage and epoch == self.after:
            import os
            import signal

            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("stage", ["pretrain", "finetune"])
def test_a_run_that_was_interrupted_in_either_stage_goes_on_to_the_same_bytes(tmp_path, stage):
    training = SHORT.model_copy(update={"batch_size": 20})
    whole = two_stage(source_panel(), training=training).fit(target_panel(), Run())
    path = tmp_path / "state.safetensors"
    with pytest.raises(KeyboardInterrupt):
        two_stage(source_panel(), training=training).fit(
            target_panel(), Run(checkpoint=path, observers=[Interrupts(stage, 5)])
        )
    assert path.with_suffix(".pretrain.safetensors").exists()
    resumed = two_stage(source_panel(), training=training).fit(target_panel(), Run(checkpoint=path, resume=True))
    assert resumed.scores.tobytes() == whole.scores.tobytes()
    assert resumed.history == whole.history


@pytest.mark.parametrize("change", ["source", "layers", "start"])
def test_a_checkpoint_of_another_run_is_refused(tmp_path, change):
    path = tmp_path / "state.safetensors"
    given = two_stage(source_panel(), forecaster=FEATURED).pretrain(Run())
    start = source_panel() if change == "source" else given
    two_stage(start, forecaster=FEATURED).fit(target_panel(), Run(checkpoint=path))
    other = {
        "source": lambda: two_stage(source_panel(seed=8), forecaster=FEATURED),
        "layers": lambda: two_stage(given, forecaster=FEATURED, layers="head"),
        "start": lambda: two_stage(
            two_stage(source_panel(seed=8), forecaster=FEATURED).pretrain(Run()), forecaster=FEATURED
        ),
    }[change]()
    with pytest.raises(DataError, match="belongs to other data, settings or seed"):
        other.fit(target_panel(), Run(checkpoint=path, resume=True))


def test_fine_tuning_from_half_trained_weights_leaves_no_checkpoint(tmp_path):
    path = tmp_path / "state.safetensors"
    found = two_stage(source_panel()).fit(target_panel(), Run(checkpoint=path, time_limit=1e-9))
    assert any("time limit" in note for note in found.notes)
    assert not path.exists()
    resumed = two_stage(source_panel()).fit(target_panel(), Run(checkpoint=path, resume=True))
    assert resumed.scores.tobytes() == two_stage(source_panel()).fit(target_panel(), Run()).scores.tobytes()


# With whatever is installed


@pytest.mark.plugins
@pytest.mark.parametrize("name", ["mlp", "component-mlp", "kan", "lstm", "tcn", "residual-mlp", "cmlp", "clstm"])
@pytest.mark.parametrize("layers", ["all", "head"])
def test_every_forecaster_carries_over(tmp_path, name, layers):
    width = "channels" if name == "tcn" else "hidden"
    params = {f"forecaster.{width}": 6, "training.epochs": 3}
    arguments = {"lag": 2, "forecaster": name}
    raw = Panel.of(lagged_pair(80, 3, 2), names=("a", "b", "c"))
    at_once = causalkit.discover(
        raw, pretrain=source_panel(), params={**params, "finetune.layers": layers}, **arguments
    )
    given = causalkit.pretrain(source_panel(), params=params, **arguments)
    path, _ = given.save(tmp_path / "model.safetensors")
    # Lag and forecaster come with the file.
    later = causalkit.discover(raw, pretrain=path, params={"training.epochs": 3, "finetune.layers": layers})
    assert later.scores.tobytes() == at_once.scores.tobytes()


@pytest.mark.plugins
@pytest.mark.parametrize("method", ["grngc", "cmlp", "clstm", "jrngc"])
def test_every_neural_method_can_be_pretrained(method):
    params = {"forecaster.hidden": 6, "training.epochs": 4, "pretrain.epochs": 6}
    found = causalkit.discover(
        lagged_pair(80, 3, 2), method=method, lag=2, pretrain=lagged_pair(200, 3, 1), params=params
    )
    assert found.config["pretrain"]["epochs"] == 6
    assert found.pretraining["config"]["training"]["epochs"] == 6
    assert found.pretraining["names"] == list(found.names)


@pytest.mark.plugins
def test_the_gradient_penalty_acts_in_both_stages_by_default():
    found = causalkit.discover(lagged_pair(80, 3, 2), pretrain=lagged_pair(100, 3, 1), params={"training.epochs": 3})
    assert "gradient-l1" in found.history
    assert "gradient-l1" in found.pretraining["history"]


@pytest.mark.plugins
@pytest.mark.parametrize(
    ("params", "error", "said"),
    [
        ({"finetune.layers": "head"}, ParameterError, "no source to pre-train on"),
        ({"pretrain.source": "nothing.csv"}, DataError, "there is no such file"),
        ({"pretrain.source": "lorenz96", "pretrain.epoch": 3}, ParameterError, "did you mean pretrain.epochs"),
        ({"pretrain.source": "lorenz96", "pretrain.epochs": None}, ParameterError, "valid integer"),
        ({"pretrain.source": "lorenz96", "finetune.layers": "body"}, ParameterError, "'all' or 'head'"),
    ],
)
def test_what_cannot_be_meant_is_refused(params, error, said):
    with pytest.raises(error, match=said):
        causalkit.discover(lagged_pair(80, 3), params=params)


@pytest.mark.plugins
def test_units_cannot_be_kept_where_a_forecaster_carries_over():
    with pytest.raises(WrongUsageError, match="standardised each by itself"):
        causalkit.discover(lagged_pair(80, 3), pretrain=lagged_pair(80, 3), standardize=False)


@pytest.mark.plugins
def test_a_method_without_a_forecaster_cannot_be_pretrained():
    with pytest.raises(WrongUsageError, match="method var cannot be pre-trained"):
        causalkit.discover(lagged_pair(80, 3), method="var", pretrain=lagged_pair(80, 3))
