"""Threat models of series, measures, and the report; on forecasters that are known by hand or quickly trained."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from causalkit_robust.attacks import frozen
from causalkit_robust.graphs import graph_change, is_smooth, jaccard, window_graphs, window_stability
from causalkit_robust.plot import figure
from causalkit_robust.robustness import PIECEWISE, measure
from causalkit_robust.threats import Threat, attack_series, attack_windows
from causalkit_robust.trial import Trial, split
from torch import nn

import causalkit
from causalkit import Method, Panel, Run
from causalkit.api import build_method
from causalkit.errors import DataError, WrongUsageError
from causalkit.plugins.registry import registry

NAMES = ("a", "b", "c")


class Linear(nn.Module):
    """y_i = sum_kj W[i, k, j] x[k, j]."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(torch.as_tensor(weight, dtype=torch.float32))

    def forward(self, x):
        return torch.einsum("bkj,ikj->bi", x, self.weight)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.fixture
def model():
    return Linear(drawn(3, 2, 3, seed=5))


@pytest.fixture
def panel():
    """Two realisations; a gap in the first."""
    first, second = drawn(30, 3), drawn(20, 3, seed=1)
    first[12, 1] = np.nan
    return Panel(realisations=(first, second), names=NAMES)


def trained(activation="elu", regularizer=None, seed=0, **data):
    """A method that has learned from a short Lorenz-96, and the truth."""
    panel, truth = causalkit.simulate("lorenz96", seed=0, series=5, steps=120, **data)
    params = {"forecaster": {"activation": activation, "hidden": 16}, "training": {"epochs": 60}}
    params |= regularizer or {"regularizer": {"strength": 0.1}}
    acting, _ = build_method(registry().get(Method, "grngc"), params)
    return Trial.of_method(acting, panel, Run(seed=seed, device="cpu")), truth


@pytest.fixture(scope="module")
def lorenz():
    return trained()


@pytest.mark.parametrize("threat", [Threat(), Threat(attack="fgsm"), Threat(attack="noise")])
def test_per_step_every_window_sees_the_same_perturbation_of_a_time_step(model, panel, threat):
    with frozen(model):
        moved = attack_series(model, panel, 2, 0.3, replace(threat, per="step"), seeded())
    assert [part.shape for part in moved] == [part.shape for part in panel]
    for before, after in zip(panel, moved, strict=True):
        assert np.array_equal(np.isnan(before), np.isnan(after))
        assert np.nanmax(np.abs(after - before)) == pytest.approx(0.3, abs=1e-6)
    change = moved.windows(2).x - panel.windows(2).x
    step, realisation = panel.windows(2).step, panel.windows(2).realisation
    follows = (np.diff(step) == 1) & (np.diff(realisation) == 0)
    assert follows.sum() > 30
    assert np.array_equal(change[1:][follows][:, 0], change[:-1][follows][:, 1])  # lag 2 of a window is lag 1 before


def test_per_window_a_time_step_is_perturbed_differently_in_each(model, panel):
    windows = panel.windows(2)
    x, y = (torch.tensor(part, dtype=torch.float32) for part in (windows.x, windows.y))
    with frozen(model):
        change = attack_windows(model, x, y, 0.3, Threat(), NAMES, seeded()) - x
    assert not torch.equal(change[1:10, 0], change[:9, 1])


def test_per_step_is_weaker_than_per_window_and_stronger_than_noise(model, panel):
    """One perturbation for all windows is a special case of one for each."""
    windows = panel.windows(2)
    x, y = (torch.tensor(part, dtype=torch.float32) for part in (windows.x, windows.y))

    def error(points):
        with torch.no_grad():
            return float((model(torch.tensor(points, dtype=torch.float32)) - y).square().mean())

    with frozen(model):
        per_window = attack_windows(model, x, y, 0.3, Threat(), NAMES, seeded())
        per_step = attack_series(model, panel, 2, 0.3, Threat(per="step"), seeded()).windows(2).x
        by_noise = attack_series(model, panel, 2, 0.3, Threat(attack="noise", per="step"), seeded()).windows(2).x
    assert error(x) < error(by_noise) < error(per_step) < error(per_window)


def test_per_step_gradients_are_summed_over_windows():
    """Lag 1 pulls a forecast that is too high up by 1, lag 2 pulls it down by 3: a step that is both must go down."""
    model = Linear(np.array([[[-3.0, 0.0], [1.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]]))
    panel = Panel.of(np.column_stack([np.full(6, -1.0), np.arange(6)]))
    with frozen(model):
        moved = attack_series(model, panel, 2, 0.1, Threat(per="step", attack="fgsm"), seeded())
    change = moved.realisations[0] - panel.realisations[0]
    assert np.allclose(change[:, 0], [-0.1, -0.1, -0.1, -0.1, 0.1, 0], atol=1e-6)
    assert (change[:, 1] == 0).all()


@pytest.mark.parametrize(
    ("threat", "free"),
    [
        (Threat(last=1), np.array([[0, 0, 0], [1, 1, 1]])),
        (Threat(series=("a", "c")), np.array([[1, 0, 1], [1, 0, 1]])),
        (Threat(last=1, series=("b",)), np.array([[0, 0, 0], [0, 1, 0]])),
    ],
)
def test_last_steps_and_chosen_series(model, panel, threat, free):
    windows = panel.windows(2)
    x, y = (torch.tensor(part, dtype=torch.float32) for part in (windows.x, windows.y))
    with frozen(model):
        change = (attack_windows(model, x, y, 0.3, threat, NAMES, seeded()) - x).abs().amax(0).numpy()
        series = None
        if threat.last is None:
            moved = attack_series(model, panel, 2, 0.3, replace(threat, per="step"), seeded())
            series = np.nanmax(np.abs(moved.realisations[0] - panel.realisations[0]), axis=0)
    assert np.allclose(change, 0.3 * free, atol=1e-6)
    assert series is None or np.allclose(series, 0.3 * free[0], atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"last": 1, "per": "step"}, "every step is the last of some window"),
        ({"last": 0}, "at least one"),
        ({"steps": 0}, "at least one"),
    ],
)
def test_senseless_threats_are_refused(settings, message):
    with pytest.raises(WrongUsageError, match=message):
        Threat(**settings)


def test_a_mask_that_does_not_fit_is_refused():
    with pytest.raises(WrongUsageError, match="did you mean"):
        Threat(series=("aa",)).mask(NAMES, 2, torch.zeros(()))
    with pytest.raises(WrongUsageError, match="a window has 2"):
        Threat(last=3).mask(NAMES, 2, torch.zeros(()))


def test_errors_and_bound_of_a_linear_forecaster_are_exact(model, panel):
    """One series is attacked alone through one target, so that one perturbation is the worst for all that is seen."""
    weight = model.weight.detach().clone()
    weight[1:] = 0
    single = Linear(weight)
    trial = Trial(single, 2, panel, Run(device="cpu"))
    with torch.no_grad():
        errors = (single(trial.x) - trial.y).abs()
    most = 0.2 * weight[0].abs().sum()
    worst = errors.clone()
    worst[:, 0] += most
    found, bound = trial.errors(0.2, Threat()), trial.bound(0.2, Threat())
    assert found.clean == pytest.approx(float(errors.square().mean()), rel=1e-5)
    assert found.perturbed == pytest.approx(float(worst.square().mean()), rel=1e-5)
    assert found.change == pytest.approx(float(most) / 3, rel=1e-5)
    assert found.increase == pytest.approx(found.perturbed - found.clean)
    assert found.relative == pytest.approx(found.perturbed / found.clean)
    assert bound.error == pytest.approx(found.perturbed, rel=1e-5)
    assert bound.change == pytest.approx(found.change, rel=1e-5)
    masked = trial.bound(0.2, Threat(series=("b",)))
    assert masked.change == pytest.approx(0.2 * float(weight[0, :, 1].abs().sum()) / 3, rel=1e-5)


def test_the_graph_of_a_linear_forecaster_cannot_be_attacked(model, panel):
    trial = Trial(model, 2, panel, Run(device="cpu"))
    assert trial.graph_stability(0.5, Threat()) == (pytest.approx(1.0), 1.0)
    assert not trial.smooth


def test_graphs_of_windows_name_cause_and_effect(model, panel):
    graphs = window_graphs(model, Trial(model, 2, panel, Run(device="cpu")).x)
    assert torch.allclose(graphs, model.weight.detach().abs().amax(1).T.expand(len(graphs), -1, -1))


def test_the_attack_on_the_graph_changes_it_more_than_noise_and_than_the_attack_on_prediction(lorenz):
    trial, _ = lorenz
    assert trial.smooth
    aimed, by_noise = (trial.graph_stability(0.3, threat) for threat in (Threat(), Threat(attack="noise")))
    assert aimed[0] < by_noise[0] < 1
    assert aimed[1] <= by_noise[1]
    with frozen(trial.model):
        moved = attack_windows(trial.model, trial.x, trial.y, 0.3, Threat(), trial.held.names, seeded())
        by_prediction = window_stability(
            window_graphs(trial.model, trial.x), window_graphs(trial.model, moved), trial.k
        )
    assert aimed[0] < by_prediction[0]


def test_relu_is_searched_and_the_report_says_so():
    trial, _ = trained("relu")
    assert not trial.smooth
    with frozen(trial.model):
        assert not is_smooth(trial.model, trial.x)
        assert (graph_change(trial.model, trial.x)(trial.x) == 0).all()
    aimed, by_noise = (trial.graph_stability(0.3, threat)[0] for threat in (Threat(), Threat(attack="noise")))
    assert aimed < by_noise
    report = measure(trial, method="grngc", data="lorenz96", epsilons=(0.3,), refit=False)
    assert PIECEWISE in report.notes


def test_jaccard_of_the_strongest_pairs():
    a = np.array([5.0, 4.0, 3.0, 2.0, 0.0, 0.0])
    assert jaccard(a, a[::-1].copy(), 2) == 0
    assert jaccard(a, np.array([4.0, 0.0, 5.0, 0.0, 0.0, 0.0]), 2) == pytest.approx(1 / 3)
    assert jaccard(np.zeros(6), np.zeros(6), 3) == 1
    assert jaccard(np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]), 3) == 0  # what is 0 is no edge


@pytest.mark.parametrize("realisations", [1, 5])
def test_units_are_those_of_the_training_part_and_nothing_of_it_is_judged(realisations):
    rows = np.arange(realisations * 60 * 3, dtype=float).reshape(realisations, 60, 3) + drawn(realisations, 60, 3)
    training, held = split(Panel.of(rows), 2, Run())
    stacked = np.concatenate(training.realisations)
    assert np.allclose(stacked.mean(0), 0)
    assert np.allclose(stacked.std(0), 1)
    assert len(held.realisations) == 1
    judged = {tuple(row) for part in held for row in part.round(9)}
    assert not judged & {tuple(row) for row in stacked.round(9)}
    assert not np.allclose(np.concatenate(held.realisations).std(0), 1, atol=0.1)  # not standardised by itself


def test_too_short_data_are_refused_in_words():
    with pytest.raises(DataError, match="too short to hold out 20%"):
        split(Panel.of(drawn(6, 3)), 4, Run())


def test_a_report_holds_everything_and_repeats_itself(lorenz):
    trial, truth = lorenz
    said = []

    def report(of):
        return measure(of, method="grngc", data="lorenz96", epsilons=(0.2, 0.05), truth=truth, said=said.append)

    found = report(trial)
    assert [level.epsilon for level in found.levels] == [0.05, 0.2]
    assert len(said) == 4
    small, large = found.levels
    assert max(found.clean_error, small.noise.error) < small.attack.error < large.attack.error
    assert 1 < small.attack.relative < large.attack.relative
    assert large.attack.increase < large.bound_increase
    assert large.attack.change < large.bound_change
    assert large.attack.graph_correlation < small.attack.graph_correlation < 1
    for level in found.levels:
        for part in (level.attack, level.noise):
            assert 0 <= part.refit_jaccard <= 1
            assert 0.5 < part.refit_auroc <= 1
    assert found.auroc == trial.discovery.evaluate(truth)["auroc"]
    assert found.k == 2  # of 20 pairs
    assert found.clean_error < found.mean_error
    assert report(trained()[0]).to_json() == found.to_json()


def test_a_report_of_noise_alone_does_the_work_once(lorenz):
    trial, _ = lorenz
    said = []
    threat = Threat(attack="noise")
    found = measure(trial, method="m", data="d", epsilons=(0.2,), threat=threat, refit=False, said=said.append)
    assert said == ["noise, epsilon 0.2"]
    assert found.levels[0].attack == found.levels[0].noise
    assert found.levels[0].attack.refit_jaccard is None


def test_a_forecaster_no_better_than_the_mean_is_named_as_such(panel):
    trial = Trial(Linear(np.zeros((3, 2, 3))), 2, panel, Run(device="cpu"))
    report = measure(trial, method="m", data="d", epsilons=(0.1,))
    assert "no better than the mean" in report.notes[-1]
    assert report.levels[0].attack.graph_correlation == 1  # frozen, empty and wrong


@pytest.mark.parametrize("epsilons", [(), (0.0,), (0.1, -1.0)])
def test_epsilons_must_be_positive(lorenz, epsilons):
    with pytest.raises(WrongUsageError, match="epsilon must be above 0"):
        measure(lorenz[0], method="m", data="d", epsilons=epsilons)


def test_refits_learn_from_perturbed_data_in_the_order_of_the_series(lorenz):
    trial, _ = lorenz
    found = trial.refitted(0.3, Threat())
    assert found.names == trial.discovery.names
    assert not np.array_equal(found.scores, trial.discovery.scores)
    turned = replace(found, names=found.names[::-1], scores=np.ascontiguousarray(found.scores[::-1, ::-1]), fitted=None)
    assert trial.refit_stability(turned) == trial.refit_stability(found)


def test_a_method_without_forecaster_is_refused():
    panel, _ = causalkit.simulate("lagged-pair", seed=0)
    acting, _ = build_method(registry().get(Method, "var"), {"lag": 2})
    with pytest.raises(WrongUsageError, match="no forecaster to attack"):
        Trial.of_method(acting, panel, Run())


@pytest.mark.parametrize("threat", [Threat(), Threat(attack="noise", per="step")])
def test_the_picture_shows_every_measure(lorenz, threat):
    trial, truth = lorenz
    report = measure(trial, method="grngc", data="lorenz96", epsilons=(0.1, 0.2), threat=threat, truth=truth)
    left, right = figure(report).axes
    lines = {line.get_label(): line.get_ydata() for line in left.get_lines()}
    aimed = threat.attack != "noise"
    by_noise = lines["noise of that size" if aimed else "noise"]
    assert list(by_noise) == [report.clean_error, *(level.noise.error for level in report.levels)]
    assert ("PGD" in lines) == aimed
    assert len([line for line in right.get_lines() if len(line.get_xdata())]) == 6


def test_a_carried_value_is_attacked_where_it_was_measured():
    values = np.random.default_rng(0).standard_normal((60, 2))
    values[np.arange(60) % 3 != 2, 1] = np.nan
    panel = Panel((values,), ("a", "b"), lower_frequency={"b": 3})
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 2)).eval()
    with frozen(model):
        moved = attack_series(model, panel, 2, 0.3, Threat(per="step"), seeded())
    assert np.array_equal(np.isnan(moved.realisations[0]), np.isnan(values))
    change = moved.windows(2).x - panel.windows(2).x
    assert np.abs(change).max() == pytest.approx(0.3)
    assert (np.abs(change[:, :, 1]) > 0.29).all()
