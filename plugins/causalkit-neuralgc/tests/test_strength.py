"""A strength that held-out forecasts choose: it is said, it never sees the block, and it is what a user could set."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from causalkit_neuralgc import strength
from causalkit_neuralgc.cmlp import CMLP
from causalkit_neuralgc.frobenius import Frobenius
from causalkit_neuralgc.group_lasso import GroupLasso, GroupSparseGroupLasso, HierarchicalGroupLasso
from causalkit_neuralgc.problem import Problem
from causalkit_neuralgc.solver import Solver

import causalkit
from causalkit import Choice, Knowledge, Panel, Run
from causalkit.errors import WrongUsageError
from causalkit.model_selection.splits import fold_masks
from tests.systems import lagged_pair

SMALL = {"forecaster.hidden": 8, "training.epochs": 150}


def discovered(panel=None, method="cmlp", **params):
    panel = causalkit.simulate("lagged-pair", seed=1)[0] if panel is None else panel
    lag = params.pop("lag", 3)
    knowledge = params.pop("knowledge", None)
    return causalkit.discover(panel, method=method, lag=lag, params=SMALL | params, knowledge=knowledge)


def strength_of(discovery) -> Choice:
    (choice,) = [one for one in discovery.choices if one.parameter == "regularizer.strength"]
    return choice


@pytest.mark.parametrize(("method", "lag"), [("cmlp", 3), ("clstm", 5)])
def test_the_choice_is_in_the_result_and_is_what_a_user_could_have_set(method, lag):
    found = discovered(method=method, lag=lag, **{"regularizer.strength": "auto", "training.epochs": 60})
    choice = strength_of(found)
    assert found.config["regularizer"][0]["strength"] == choice.chosen
    assert choice.best <= choice.chosen
    assert 1 - choice.error >= 0.95 * (1 - min(error for _, error in choice.tried)) or choice.hopeless
    given = discovered(method=method, lag=lag, **{"regularizer.strength": choice.chosen, "training.epochs": 60})
    assert given.choices == ()
    assert given.scores.tobytes() == found.scores.tobytes()


def test_one_seed_decides_the_choice():
    first, again = (discovered(**{"regularizer.strength": "auto"}) for _ in range(2))
    assert first.choices == again.choices
    assert first.scores.tobytes() == again.scores.tobytes()


def problems_of(x, masks):
    windows = Panel.of(x).windows(2)
    torch.manual_seed(0)
    model = CMLP(x.shape[1], 2, (6,)).double()
    penalty = HierarchicalGroupLasso
    whole = Problem(
        model.forecast, torch.tensor(windows.x), torch.tensor(windows.y), 0.01, 0.1, penalty.value, penalty.shrink
    )
    kept, held = ([strength.rows_of(whole, torch.as_tensor(mask)) for mask in part] for part in masks)
    return kept, held, {name: value.detach() for name, value in model.named_parameters()}


def test_networks_never_see_the_block_that_they_are_validated_on():
    x = lagged_pair(150, 4).astype(float)
    windows = Panel.of(x).windows(2)
    masks = fold_masks(windows, 3, np.random.default_rng(0))
    steps = windows.step[masks[1][1]]
    shaken = x.copy()
    shaken[steps.min() : steps.max() + 1] *= 1e3
    solver = Solver(iterations=40, tolerance=1e-2, line_search=True, step=0.05)
    (learned, held, start), (other, spoiled, _) = problems_of(x, masks), problems_of(shaken, masks)
    before, errors = strength.solve_folds(learned, held, [start] * 3, solver, Run())
    after, large = strength.solve_folds(other, spoiled, [start] * 3, solver, Run())
    assert all(torch.equal(before[1][name], after[1][name]) for name in start)
    assert any(not torch.equal(before[0][name], after[0][name]) for name in start)
    assert large[1] > 100 * errors[1]


def test_a_recording_without_edges_gets_no_edges():
    noise = np.random.default_rng(0).standard_normal((300, 5))
    found = discovered(Panel.of(noise), **{"regularizer.strength": "auto"})
    assert (found.scores.max(2) > 0).mean() <= 0.1


def test_knowledge_holds_at_a_chosen_strength():
    panel = causalkit.simulate("lagged-pair", seed=1)[0]
    first, second, third = panel.names
    known = Knowledge.of({"forbid": [f"{first}->{second}"], "require": [f"{third}->{second}"]})
    found = discovered(panel, knowledge=known, **{"regularizer.strength": "auto"})
    weights = found.fitted.model.input_weights().detach()
    assert (weights[1, :, :, 0] == 0).all()
    assert (weights[1, :, :, 2] != 0).any()
    assert strength_of(found).chosen == found.config["regularizer"][0]["strength"]


def test_too_few_windows_take_the_fallback_and_say_so():
    panel = Panel.of(np.random.default_rng(0).standard_normal((9, 3)))
    found = discovered(panel, **{"regularizer.strength": "auto"})
    assert found.choices == ()
    assert found.config["regularizer"][0]["strength"] == 0.1
    assert any("too few" in note for note in found.notes)


def test_a_path_of_strengths_is_no_choice():
    found = discovered(**{"regularizer.strength": "path"})
    assert found.choices == ()
    assert found.config["regularizer"][0]["strength"] == "path"


def test_what_a_user_intervened_on_is_neither_learned_nor_validated_on():
    x = lagged_pair(150, 4).astype(float)
    _, held, start = problems_of(x, fold_masks(Panel.of(x).windows(2), 3, np.random.default_rng(0)))
    seen = torch.ones_like(held[0].y)
    seen[5, 1] = 0
    wild = held[0].y.clone()
    wild[5, 1] = 1e6
    masked = replace(held[0], observed=seen)
    assert strength.error_of(masked, start) == strength.error_of(replace(masked, y=wild), start)
    assert strength.variance(masked) == strength.variance(replace(masked, y=torch.where(seen > 0, wild, 0.0)))


@pytest.mark.parametrize("penalty", ["group-lasso", "hierarchical-group-lasso", "frobenius"])
def test_the_common_loop_chooses_too(penalty):
    params = {"regularizer.strength": "auto", "forecaster.hidden": 8, "training.epochs": 30}
    panel = causalkit.simulate("lagged-pair", seed=1)[0]
    found = causalkit.discover(panel, method="grngc", regularizer=penalty, lag=2, params=params)
    assert strength_of(found).chosen == found.config["regularizer"][0]["strength"]


def test_parts_without_a_proximal_step_choose_in_the_common_loop():
    params = {"forecaster.hidden": 8, "training.epochs": 30, "regularizer.strength": "auto"}
    panel = causalkit.simulate("lagged-pair", seed=1)[0]
    found = causalkit.discover(panel, method="cmlp", regularizer="frobenius", lag=2, params=params)
    assert strength_of(found).chosen == found.config["regularizer"][0]["strength"]
    assert any("no proximal step" in note for note in found.notes)


@pytest.mark.parametrize("penalty", [GroupLasso, GroupSparseGroupLasso, HierarchicalGroupLasso, Frobenius])
def test_an_unset_strength_has_candidates_and_a_default(penalty):
    unset, given = penalty("auto"), penalty(0.3)
    assert unset.strength is None
    assert min(unset.candidates) < unset.default_strength < max(unset.candidates)
    assert unset.weight == unset.default_strength
    assert type(unset.with_strength(0.2)) is penalty
    assert (unset.with_strength(0.2).strength, given.weight) == (0.2, 0.3)
    assert unset.strength is None, "the regularizer itself does not change"


@pytest.mark.parametrize(("method", "lag"), [("cmlp", 3), ("clstm", 5)])
def test_the_networks_that_chose_the_strength_test_edges_on_blocks_that_they_have_not_seen(method, lag, monkeypatch):
    problems, solved = [], []
    solve = strength.solve_folds

    def solve_folds(learned, held, *others):
        problems.append((learned, held))
        found = solve(learned, held, *others)
        solved.append(found[0])
        return found

    monkeypatch.setattr(strength, "solve_folds", solve_folds)
    found = discovered(method=method, lag=lag, **{"regularizer.strength": "auto", "training.epochs": 60})
    tested = found.select("heldout:0.05")
    assert np.argwhere(tested.pair_selected).tolist() == [[0, 1]]
    assert found.effects.standard_errors is not None
    assert found.effects.standard_errors[0, 1, 1] > 0

    members, data = found.held_out.members, found.held_out.data
    for number, (member, held) in enumerate(zip(members, data.held, strict=True)):
        own, left_out = (windows_in(part[number].x) for part in problems[0])
        assert left_out <= windows_in(data.x[held])
        assert not own & windows_in(data.x[held])
        assert any(torch.equal(member.input, solutions[number]["input"]) for solutions in solved)
        assert member(data.x[held]).shape == data.y[held].shape
        error = (member(data.x[held]) - data.y[held])[:, 1].square().mean()
        assert error < 0.5 * data.y[held][:, 1].var(), "series 1 follows series 0, and is forecast after any window"


def windows_in(x) -> set[bytes]:
    return {window.numpy().tobytes() for window in x}


@pytest.mark.parametrize(("method", "lag"), [("cmlp", 3), ("clstm", 5)])
def test_at_a_given_strength_nothing_was_left_out_and_the_way_out_works(method, lag):
    found = discovered(method=method, lag=lag, **{"regularizer.strength": 0.1, "training.epochs": 20})
    assert found.held_out is None
    assert found.effects.standard_errors is None
    with pytest.raises(WrongUsageError, match=r"-s regularizer\.strength=auto"):
        found.select("heldout:0.05")
    way_out = discovered(method=method, lag=lag, **{"regularizer.strength": "auto", "training.epochs": 20})
    assert way_out.select("heldout:0.05").selection["name"] == "heldout"


def test_refits_at_what_was_chosen_solve_once_and_give_the_scores_of_the_fit():
    panel = causalkit.simulate("lagged-pair", seed=1)[0]
    found = discovered(panel, lag="auto", **{"regularizer.strength": "auto", "training.epochs": 40})
    again = found.refit.at_choices(panel)
    assert again.choices == ()
    assert again.scores.tobytes() == found.scores.tobytes()
