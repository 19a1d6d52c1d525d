"""The solver: active sets, optimality, targets that stop on their own, and steps that diverge."""

import math
from itertools import pairwise

import pytest
import torch
from causalkit_neuralgc import solver
from causalkit_neuralgc.active import active_series, choose_series, violations
from causalkit_neuralgc.cmlp import CMLP
from causalkit_neuralgc.group_lasso import GroupLasso, GroupSparseGroupLasso, HierarchicalGroupLasso
from causalkit_neuralgc.groups import lag_norms
from causalkit_neuralgc.problem import Problem
from causalkit_neuralgc.proximal import PATIENCE, descend
from causalkit_neuralgc.solver import Solver

from causalkit import Panel, Run
from causalkit.errors import TrainingError
from tests.systems import lagged_pair

PENALTIES = [GroupLasso, GroupSparseGroupLasso, HierarchicalGroupLasso]
LAG = 3


def problem_and_start(penalty=HierarchicalGroupLasso, strength=0.2, series=8, x=None):
    windows = Panel.of(lagged_pair(200, series) if x is None else x).windows(LAG)
    torch.manual_seed(0)
    model = CMLP(series, LAG, (8,)).double()
    x, y = torch.tensor(windows.x).double(), torch.tensor(windows.y).double()
    problem = Problem(model.forecast, x, y, 0.01, strength, penalty.value, penalty.shrink)
    return problem, {name: value.detach() for name, value in model.named_parameters()}


def solve(problem, parameters, **settings):
    chosen = {"iterations": 2000, "tolerance": 1e-6, "line_search": True, "step": 0.05} | settings
    return Solver(**chosen).solve(problem, parameters, Run())


def objectives(problem, parameters):
    return problem.smooth(parameters)[1] + problem.penalty(parameters)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_active_sets_find_solutions_as_good(penalty):
    """The objective is not convex: a target may end in another local minimum, but not in worse ones on the whole."""
    problem, start = problem_and_start(penalty)
    screened, how = solve(problem, start)
    whole, _ = solve(problem, start, active_sets=False)
    assert objectives(problem, screened).mean() <= 1.01 * objectives(problem, whole).mean()
    used, used_whole = (lag_norms(found["input"]) > 0 for found in (screened, whole))
    assert used[1, LAG - 2, 0]
    assert used_whole[1, LAG - 2, 0]
    assert (used == used_whole).double().mean() > 0.95
    assert how.stopped == "converged"


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("strength", [0.05, 0.2])
def test_no_series_left_out_wants_back_in(penalty, strength):
    problem, start = problem_and_start(penalty, strength)
    found, _ = solve(problem, start)
    assert not violations(problem, found).any()


def test_a_series_that_was_wrongly_left_out_comes_back(monkeypatch):
    """Hide the only cause of series 1 from it until the optimality condition is asked."""
    problem, start = problem_and_start()
    asked = []

    def blind(active):
        return choose_series(active) if asked else torch.tensor([[2, 5]]).expand(len(active), -1)

    def watched(*arguments):
        asked.append(violations(*arguments))
        return asked[-1]

    monkeypatch.setattr(solver, "choose_series", blind)
    monkeypatch.setattr(solver, "violations", watched)
    found, progress = solve(problem, start)
    assert any(one.shape == (8, 8) and one[1, 0] for one in asked)
    assert active_series(found)[1, 0]
    assert progress.stopped == "converged"
    assert not violations(problem, found).any()


def test_choice_of_series_covers_what_every_target_uses():
    active = torch.zeros(4, 10, dtype=torch.bool)
    active[0, [2, 7]] = True
    active[1, 9] = True
    active[3, [0, 1, 2]] = True
    chosen = choose_series(active)
    assert chosen.shape == (4, 3)
    assert all(len(set(row)) == 3 for row in chosen.tolist())
    for target in range(4):
        assert set(active[target].nonzero().flatten().tolist()) <= set(chosen[target].tolist())
    assert choose_series(torch.ones(4, 10, dtype=torch.bool)) is None
    assert choose_series(torch.zeros(4, 10, dtype=torch.bool)).shape == (4, 1)


def test_gista_reaches_an_objective_about_as_low_as_ista():
    """Within a hundredth: they may end in different local minima."""
    problem, start = problem_and_start()
    fast, how = solve(problem, start)
    slow, reference = solve(problem, start, line_search=False)
    assert objectives(problem, fast).mean() <= objectives(problem, slow).mean() * 1.01
    assert how.iterations < reference.iterations


def test_an_easy_target_stops_while_a_hard_one_goes_on():
    """The last series is constant: its target is done as soon as its offset is."""
    x = lagged_pair(200, 4)
    x[:, 3] = 0
    problem, start = problem_and_start(strength=0.05, series=4, x=x)
    seen = []
    descend(
        problem,
        start,
        torch.full((4,), 0.05, dtype=torch.float64),
        iterations=600,
        tolerance=1e-4,
        line_search=True,
        watch=lambda state: bool(seen.append({name: value.clone() for name, value in state.parameters.items()})),
    )
    last_move = []
    for target in range(4):
        moves = [
            number
            for number, (before, after) in enumerate(pairwise(seen))
            if any(not torch.equal(before[name][target], after[name][target]) for name in before)
        ]
        last_move.append(max(moves, default=0))
    assert max(last_move) > min(last_move) + PATIENCE


def test_a_converged_target_no_longer_moves():
    problem, start = problem_and_start(series=4)
    found, _ = solve(problem, start)
    held = {name: value.clone() for name, value in found.items()}
    for name, value in start.items():
        held[name][1] = value[1]  # only target 1 has anything left to do
    moved_late = []

    def watch(state):
        if state.iterations > PATIENCE + 1:
            moved_late.append({name: value.clone() for name, value in state.parameters.items()})
        return False

    descend(
        problem,
        held,
        torch.full((4,), 0.05, dtype=torch.float64),
        iterations=200,
        tolerance=1e-4,
        line_search=True,
        watch=watch,
    )
    assert len(moved_late) > 5
    for target in (0, 2, 3):
        assert all(torch.equal(state["input"][target], moved_late[0]["input"][target]) for state in moved_late)
    assert not torch.equal(moved_late[0]["input"][1], moved_late[-1]["input"][1])


def test_solving_leaves_the_starting_point_alone():
    problem, start = problem_and_start(series=4)
    before = {name: value.clone() for name, value in start.items()}
    solve(problem, start, iterations=40)
    assert all(torch.equal(start[name], value) for name, value in before.items())


def test_history_is_the_mean_over_targets_and_ends_at_the_solution():
    problem, start = problem_and_start(series=4)
    found, progress = solve(problem, start, iterations=120, tolerance=1e-12)
    history = progress.history
    assert history["epoch"] == list(range(1, 121))
    assert progress.stopped == "iterations"
    total = history["forecast"][-1] + history["ridge"][-1] + history["penalty"][-1]
    assert total == pytest.approx(objectives(problem, found).mean().item(), rel=1e-9)


def test_a_time_limit_ends_descent():
    problem, start = problem_and_start(series=4)
    endless = Solver(iterations=10**6, tolerance=1e-300, line_search=True, step=0.05)
    found, progress = endless.solve(problem, start, Run(time_limit=0.2))
    assert progress.stopped == "time limit"
    assert torch.isfinite(objectives(problem, found)).all()


@pytest.mark.parametrize("step", [1e3, 1e30])
def test_a_step_that_is_too_long_is_named(step):
    problem, start = problem_and_start(series=4)
    with pytest.raises(
        TrainingError, match=r"training\.learning_rate=.*the objective|objective is not finite"
    ) as error:
        solve(problem, start, line_search=False, step=step)
    assert "training.learning_rate" in str(error.value)
    assert "gista" in error.value.hint


def test_the_line_search_recovers_from_any_first_step():
    problem, start = problem_and_start(series=4)
    usual, _ = solve(problem, start)
    for step in (1e-7, 1e3):
        found, progress = solve(problem, start, step=step)
        assert progress.stopped == "converged"
        assert all(math.isfinite(value) for values in progress.history.values() for value in values)
        torch.testing.assert_close(objectives(problem, found), objectives(problem, usual), rtol=0.02, atol=0)
