"""Panels of many series: candidate causes of each target, and forecasters that see no others."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import causalkit
from causalkit import Panel, Run
from causalkit.model_selection import lag as lag_module
from causalkit.model_selection import screening
from causalkit.model_selection.lag import choose_lag
from causalkit.model_selection.screening import screen
from causalkit.neural import as_forecaster, as_scores, autograd_jacobian, candidates_of, input_jacobian, method
from causalkit.neural.average_derivative import average_derivatives
from causalkit.neural.conditional_mean import ConditionalMean
from causalkit.neural.effects import effects_of
from causalkit.neural.error_rises import rises_without
from causalkit.neural.held_out_test import HeldOutMembers
from causalkit.neural.modules.averaged import AveragedForecaster
from causalkit.neural.modules.candidates import forecasts_without, jacobian_size
from causalkit.neural.modules.jacobian import mean_absolute_jacobian
from causalkit.neural.modules.target_blocks import by_blocks, sum_by_blocks
from causalkit.neural.pair_arrays import pair_array
from causalkit.neural.prewhitening import Autoregression, Prewhitened
from causalkit.neural.training.data import TrainingData

QUICK = {"training.epochs": 20}
SERIES, LAG, WINDOWS = 7, 2, 40


@pytest.fixture
def many(monkeypatch):
    """Treat small panels as panels of many series, with few candidates."""
    monkeypatch.setattr(method, "is_large", lambda series, lag=1: True)
    monkeypatch.setattr(lag_module, "is_large", lambda series, lag=1: True)
    monkeypatch.setattr(screening, "MOST", 6)


def noise(windows: int = 800, series: int = 200, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((windows, 1, series))


class TestScreen:
    def test_a_cause_that_others_hide_comes_in(self):
        x, y = noise(), np.zeros((800, 1))
        x[:, 0, 5] = x[:, 0, 1] + 0.3 * noise(seed=2)[:, 0, 0]
        y[:, 0] = x[:, 0, 5] - x[:, 0, 1] + 0.1 * noise(seed=1)[:, 0, 0]  # so 1 correlates with nothing
        found = screen(x, y, targets=np.array([0]), most=8)
        assert {1, 5} <= set(found[0])

    def test_a_cause_that_acts_on_both_sides_alike_comes_in(self):
        x = noise()
        y = np.abs(x[:, 0, 9:10]) + noise(seed=1)[:, 0, :1]
        assert 9 in screen(x, y, targets=np.array([0]), most=8)

    def test_the_first_candidate_is_the_target_itself_and_all_differ(self):
        x = noise(series=30)
        found = screen(x, x[:, 0])
        assert found[:, 0].tolist() == list(range(30))
        assert all(len(set(row)) == len(row) for row in found)

    def test_causes_that_are_forbidden_are_no_candidates(self):
        x = noise(series=12)
        allowed = np.zeros((12, 12), dtype=bool)
        allowed[[2, 4]] = True
        found = screen(x, x[:, 0], allowed=allowed)
        assert set(found.ravel()) == {2, 4, 12}
        assert (np.sort(found, axis=1)[:, :2] == [2, 4]).all()

    def test_causes_that_are_required_are_always_candidates(self):
        x = noise()
        required = np.zeros((200, 200), dtype=bool)
        required[50:90, 7] = True
        found = screen(x, x[:, 0], required=required, most=8)
        assert set(range(50, 90)) <= set(found[7])

    def test_causes_that_one_target_requires_take_no_candidates_from_others(self):
        x = noise()
        required = np.zeros((200, 200), dtype=bool)
        required[1:80, 0] = True
        found, ranked = screen(x, x[:, 0], required=required), screen(x, x[:, 0])
        for target in (5, 150):
            assert set(found[target]) == {*ranked[target], 200}
        required[7:80, 0] = False
        found = screen(x, x[:, 0], required=required)
        assert found.shape == ranked.shape
        assert set(range(7)) <= set(found[0])
        assert (found < 200).all()

    def test_few_regulators_are_all_candidates_also_in_short_recordings(self):
        x = noise(windows=60)
        allowed = np.eye(200, dtype=bool)
        allowed[10:60] = True
        found = screen(x, x[:, 0], allowed=allowed)
        for target in (0, 20):
            assert set(found[target]) == {target, *range(10, 60), 200} - ({200} if target == 0 else set())
        knowledge = torch.as_tensor(allowed)
        data = TrainingData(torch.as_tensor(x), torch.as_tensor(x[:, 0]), torch.arange(60).repeat(2, 1))
        assert data.screened(knowledge).candidates.shape[2] == 51

    def test_steps_that_do_not_count_do_not_decide(self):
        x = noise()
        y = x[:, 0, 9:10].copy()
        seen = np.zeros((800, 1), dtype=bool)
        seen[:400] = True
        y[400:] = 100 * x[400:, 0, 4:5]
        y[:400] += noise(seed=1)[:400, 0, :1]
        found = screen(x, y, seen, targets=np.array([0]), most=8)
        ranked = screen(x[:400], y[:400], targets=np.array([0]), most=8)
        assert 9 in found
        assert (4 in found) == (4 in ranked)


def models(candidates: torch.Tensor | None, count: int = 1, seed: int = 0) -> list[torch.nn.Module]:
    from causalkit_grngc.component_mlp import ComponentMLP

    torch.manual_seed(seed)
    made = []
    for _ in range(count):
        model = ComponentMLP(SERIES, LAG, hidden=(5, 4), candidates=candidates).double()
        with torch.no_grad():
            for weight in model.parameters():
                weight.add_(0.3 * torch.randn_like(weight))
            if candidates is not None:
                model.input.mul_((candidates < SERIES)[:, None, None])
        made.append(model.eval())
    return made


def some(seed: int = 0, none: bool = True) -> torch.Tensor:
    """Four candidates of each target, its own series first."""
    generator = torch.Generator().manual_seed(seed)
    rows = [[i, *[int(j) for j in torch.randperm(SERIES, generator=generator) if j != i][:3]] for i in range(SERIES)]
    found = torch.tensor(rows)
    if none:
        found[2, 3] = SERIES
    return found


def as_dense(model: torch.nn.Module) -> torch.nn.Module:
    """Return the same forecaster with weights of all pairs."""
    from causalkit_grngc.component_mlp import ComponentMLP

    dense = ComponentMLP(SERIES, LAG, hidden=(5, 4)).double()
    state = model.state_dict()
    wide = torch.zeros(*state["input"].shape[:3], SERIES + 1, dtype=torch.float64)
    place = model.candidates[:, None, None].expand(state["input"].shape)
    state["input"] = wide.scatter(3, place, state["input"])[..., :SERIES]
    dense.load_state_dict(state)
    return dense.eval()


def windows() -> torch.Tensor:
    return torch.randn(WINDOWS, LAG, SERIES, dtype=torch.float64, generator=torch.Generator().manual_seed(3))


def data(members: int, missing: bool = False) -> TrainingData:
    x = windows()
    y = torch.randn(WINDOWS, SERIES, dtype=torch.float64, generator=torch.Generator().manual_seed(4)) + x[:, -1]
    held = torch.zeros(members, WINDOWS, dtype=torch.bool)
    for number, block in enumerate(torch.arange(WINDOWS).chunk(members)):
        held[number, block] = True
    rows = torch.stack([torch.nonzero(~mask).squeeze(1) for mask in held])
    seen = torch.rand(y.shape, generator=torch.Generator().manual_seed(5)) < 0.8
    return TrainingData(x, y, rows, held, seen.double() if missing else None)


@pytest.mark.plugins
class TestForecaster:
    """What a forecaster with candidates is, the same one with weights of all pairs, 0 but for candidates, must be."""

    @pytest.mark.parametrize("targets", [None, torch.tensor([4, 2]), torch.randint(SERIES, (WINDOWS, 2))])
    def test_forecast_and_jacobian(self, targets):
        model, x = models(some())[0], windows()
        dense = as_dense(model)
        assert torch.allclose(model(x), dense(x))
        for one, other in zip(input_jacobian(model, x, targets), autograd_jacobian(dense, x, targets), strict=True):
            assert torch.allclose(one, other)

    def test_size_of_the_jacobian_and_its_gradients(self):
        model, x = models(some())[0], windows()
        counts = torch.rand(SERIES, 4, dtype=torch.float64)
        size = jacobian_size(model, x, counts)[1]
        reference = (model.candidate_jacobian(x).abs() * counts[:, None]).sum()
        assert torch.allclose(size, reference)
        weights = [weight for name, weight in model.named_parameters() if "offset" not in name]
        for one, other in zip(torch.autograd.grad(size, weights), torch.autograd.grad(reference, weights), strict=True):
            assert torch.allclose(one, other)

    def test_gradients_of_a_forecast(self):
        model, x = models(some())[0], windows().requires_grad_()
        dense = as_dense(model)
        ours = torch.autograd.grad(model(x).square().sum(), [x, model.input])
        theirs = torch.autograd.grad(dense(x).square().sum(), [x, dense.input])
        assert torch.allclose(ours[0], theirs[0])
        place = model.candidates[:, None, None].expand(model.input.shape)
        padded = torch.cat([theirs[1], torch.zeros_like(theirs[1][..., :1])], 3)
        assert torch.allclose(ours[1], padded.gather(3, place))

    def test_mean_forecast_of_members_with_candidates_of_their_own(self):
        members = [models(some(seed), seed=seed)[0] for seed in range(3)]
        mean, reference = AveragedForecaster(members), AveragedForecaster([as_dense(one) for one in members])
        x = windows()
        sizes = mean_absolute_jacobian(mean, x)
        assert np.allclose(pair_array(sizes, candidates_of(mean)), mean_absolute_jacobian(reference, x))
        assert candidates_of(mean).shape[1] > 4

    @pytest.mark.parametrize("missing", [False, True])
    def test_tests_effects_and_signs(self, missing):
        members, known = [models(some(seed), seed=seed)[0] for seed in range(4)], data(4, missing)
        dense = [as_dense(one) for one in members]
        for lag in (None, 1, 2):
            ours, theirs = rises_without(members, known, lag=lag), rises_without(dense, known, lag=lag)
            rises = pair_array(ours.sums.mean, ours.candidates)
            assert np.allclose(rises, theirs.sums.mean)
            known_pairs = np.asarray(rises) != 0  # of others, rounding errors of 1e-17 rise
            p_values = np.asarray(pair_array(ours.p_values(0.01), ours.candidates, 1.0))
            assert np.allclose(p_values[known_pairs], theirs.p_values(0.01)[known_pairs])
            assert (p_values[~known_pairs] == 1).all()
        held = [torch.nonzero(mask).squeeze(1) for mask in known.held]
        ours, theirs = (average_derivatives(list(zip(each, held, strict=True)), known) for each in (members, dense))
        any_has = torch.zeros(SERIES, SERIES + 1, dtype=torch.bool)
        for seed in range(4):
            any_has.scatter_(1, some(seed), True)
        wanted = any_has[:, None, :SERIES].expand(-1, LAG, -1).flip(1).permute(2, 0, 1).numpy()
        for one, other in zip((ours.mean, ours.standard_errors), (theirs.mean, theirs.standard_errors), strict=True):
            assert np.allclose(pair_array(as_scores(one), ours.candidates), as_scores(other).numpy() * wanted)
        panel = Panel.of(np.random.default_rng(0).standard_normal((50, SERIES)))
        ours, theirs = (
            effects_of(AveragedForecaster(each), known, panel, HeldOutMembers(each, known)) for each in (members, dense)
        )
        assert np.allclose(np.asarray(ours.same_sign)[wanted], theirs.same_sign[wanted])

    def test_prewhitened(self):
        known, network = data(2), models(some())[0]
        own = Autoregression.of(known, 2)
        ours, theirs = Prewhitened(network, own), Prewhitened(as_dense(network), own)
        x = windows()
        for one, other in zip(input_jacobian(ours, x), autograd_jacobian(theirs, x), strict=True):
            assert torch.allclose(one, other)
        rises = rises_without([ours] * 2, known)
        assert np.allclose(pair_array(rises.sums.mean, rises.candidates), rises_without([theirs] * 2, known).sums.mean)

    def test_without_a_candidate(self):
        model, x = models(some())[0], windows()
        beyond = ConditionalMean(x).beyond(x)
        targets = torch.tensor([2, 6])
        for number, forecast in enumerate(forecasts_without(model, x, beyond, targets)):
            for place, target in enumerate(targets.tolist()):
                changed, cause = x.clone(), int(model.candidates[target, number])
                if cause < SERIES:
                    changed[..., cause] -= beyond[..., cause]
                assert torch.allclose(forecast[:, place], model(changed)[:, target])


@pytest.mark.parametrize("count", [9, 40])  # fewer windows than cells, and more
@pytest.mark.parametrize("lag", [None, 1, 2])
def test_what_a_series_has_beyond_others_is_the_same_in_both_forms(count, lag):
    x = windows()
    conditional = ConditionalMean(x[:count])
    beyond = conditional.beyond(x, lag)
    for cause in range(SERIES):
        replaced = conditional.replaced(x, cause, lag)
        assert torch.allclose(x[..., cause] - beyond[..., cause], replaced[..., cause])


def test_networks_that_learn_from_blocks_of_unequal_length_have_as_many_candidates():
    x = torch.as_tensor(noise(windows=90, series=40))
    rows = torch.arange(60).repeat(2, 1)
    rows[1, 30:] = rows[1, :30]  # one network sees half of the windows, twice
    found = TrainingData(x, x[:, 0], rows).screened()
    assert found.candidates.shape[:2] == (2, 40)


@pytest.mark.plugins
class TestDiscover:
    def test_finds_the_causes_and_says_what_was_screened(self, many):
        panel, truth = causalkit.simulate("var", seed=0, series=20, steps=400, lag=1, density=0.1)
        found = causalkit.discover(panel, lag=1, params=QUICK)
        assert found.evaluate(truth)["auroc"] > 0.97
        assert found.config["forecaster"]["name"] == "component-mlp"
        assert any("6 of 20 series" in note for note in found.notes)
        assert (found.scores > 0).any(axis=2).sum(axis=0).max() <= 3 * 6
        assert found.effects is not None
        outside = found.scores == 0
        assert outside.any()
        assert (found.effects.mean[outside] == 0).all()

    def test_unrelated_series_have_no_edges_and_nothing_is_explained(self, many):
        """Candidates that had been chosen on the blocks that are forecast would seem to explain something there."""
        panel = Panel.of(np.random.default_rng(100).standard_normal((150, 60)))
        found = causalkit.discover(panel, lag=1, params=QUICK)
        (strength,) = [one for one in found.choices if one.parameter == "regularizer.strength"]
        assert min(error for _, error in strength.tried) > 0.99
        assert not found.pair_selected[~np.eye(60, dtype=bool)].any()

    def test_keeps_to_knowledge(self, many):
        panel, _ = causalkit.simulate("var", seed=0, series=12, steps=300, lag=1, density=0.1)
        names = panel.names
        knowledge = {"regulators": list(names[:3]), "require": [f"{names[0]}->{names[5]}"]}
        found = causalkit.discover(panel, lag=1, params=QUICK, knowledge=knowledge)
        others = ~np.eye(12, dtype=bool)
        others[:3] = False
        assert (found.scores[others] == 0).all()
        assert (found.scores[0, 5] > 0).all()
        assert "each network of an effect sees all series that may act on it" in found.notes

    def test_missing_cells(self, many):
        panel, truth = causalkit.simulate("var", seed=0, series=12, steps=600, lag=1, density=0.1)
        values = np.array(panel.realisations[0])
        values[np.random.default_rng(0).random(values.shape) < 0.01] = np.nan
        found = causalkit.discover(values, lag=1, params=QUICK)
        truth = type(truth)(found.names, truth.edges, truth.lags)
        assert found.evaluate(truth)["auroc"] > 0.95

    def test_a_given_strength(self, many):
        panel, truth = causalkit.simulate("var", seed=0, series=20, steps=400, lag=1, density=0.1)
        found = causalkit.discover(panel, lag=1, params={**QUICK, "training.epochs": 100, "regularizer.strength": 0.1})
        assert found.evaluate(truth)["auroc"] > 0.97
        assert ((found.scores > 0).any(axis=2).sum(axis=0) <= 6).all()

    def test_a_forecaster_that_is_named_and_has_no_candidates_is_trained_as_ever(self, many):
        panel, _ = causalkit.simulate("var", seed=0, series=20, steps=200, lag=1, density=0.1)
        found = causalkit.discover(panel, lag=1, forecaster="mlp", params=QUICK)
        assert candidates_of(as_forecaster(found.fitted.model)) is None
        assert (found.scores > 0).all()


@pytest.mark.parametrize(("system", "lag"), [("var", 2), ("tanh-var", 1)])
def test_the_lag_is_chosen_from_candidate_causes(many, system, lag):
    panel, _ = causalkit.simulate(system, seed=0, series=40, steps=500, lag=lag, density=0.05)
    choice = choose_lag(panel, Run())
    assert choice.chosen == lag
    assert "32 candidate causes" in choice.judge


def test_panels_of_few_series_are_not_screened():
    assert not screening.is_large(300)
    assert screening.is_large(1000)


@pytest.mark.parametrize("size", [1, 3, 50])
def test_blocks_of_targets_have_the_results_and_gradients_of_all_targets_at_once(size):
    generator = torch.Generator().manual_seed(0)
    weights = [
        torch.randn(7, *shape, generator=generator, dtype=torch.float64).requires_grad_()
        for shape in ((3, 2), (3,), (4,))
    ]  # the last one is of no use
    x = torch.randn(2, 5, generator=generator, dtype=torch.float64)

    def compute(part, mine):
        return ((mine[0] @ x).tanh() * mine[1][:, :, None]).sum(1)

    whole = compute(slice(None), weights)
    assert torch.allclose(by_blocks(compute, weights, size), whole)
    assert torch.allclose(sum_by_blocks(compute, weights, size), whole.sum())
    for found, expected in (
        (by_blocks(compute, weights, size).square().sum(), whole.square().sum()),
        (3 * sum_by_blocks(compute, weights, size), 3 * whole.sum()),
    ):
        gradients = torch.autograd.grad(found, weights)
        for one, other in zip(gradients, torch.autograd.grad(expected, weights[:2], retain_graph=True), strict=False):
            assert torch.allclose(one, other)
        assert not gradients[2].any()
