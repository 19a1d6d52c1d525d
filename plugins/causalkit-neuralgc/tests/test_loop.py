"""The batched computation walks the path of a plain loop over small networks: the same losses and the same zeros."""

import pytest
import torch
from causalkit_neuralgc.clstm import CLSTM
from causalkit_neuralgc.cmlp import CMLP
from causalkit_neuralgc.group_lasso import GroupLasso, GroupSparseGroupLasso, HierarchicalGroupLasso
from causalkit_neuralgc.groups import lag_norms
from causalkit_neuralgc.problem import Problem
from causalkit_neuralgc.proximal import descend
from causalkit_neuralgc.solver import Solver

from benchmarks.loop_of_networks import GROUPS, iterate, networks_of, objective
from causalkit import Panel, Run
from tests.systems import lagged_pair

PENALTIES = {
    "group-lasso": GroupLasso,
    "group-sparse-group-lasso": GroupSparseGroupLasso,
    "hierarchical-group-lasso": HierarchicalGroupLasso,
}
ITERATIONS, RIDGE, STEP = 150, 0.01, 0.05
CASES = [
    (CMLP, {"hidden": (8,)}, "group-lasso", 0.2),
    (CMLP, {"hidden": (8,)}, "group-sparse-group-lasso", 0.08),
    (CMLP, {"hidden": (8,)}, "hierarchical-group-lasso", 0.08),
    (CMLP, {"hidden": (8, 5)}, "hierarchical-group-lasso", 0.08),
    (CLSTM, {"hidden": 5}, "group-lasso", 0.15),
]


def setting(network, size, lag=4, series=5):
    """A model and its windows; a recurrent one forecasts after every step of contexts that do not overlap."""
    torch.manual_seed(0)
    model = network(series, lag, **size).double()
    windows = Panel.of(lagged_pair(200, series)).windows(lag)
    x, y = torch.tensor(windows.x).double(), torch.tensor(windows.y).double()
    if network is CLSTM:
        x, y = x[::lag], torch.cat([x[::lag, 1:], y[::lag].unsqueeze(1)], dim=1)
    return model, x, y


def problem_of(model, x, y, name, strength):
    penalty = PENALTIES[name]
    return Problem(model.forecast, x, y, RIDGE, strength, penalty.value, penalty.shrink)


def walk_the_loop(model, x, y, name, strength):
    """Return objectives (iterations, P) and the groups that are not zero (P, K, P) after the loop."""
    found, used = [], []
    for target, network in enumerate(networks_of(model)):
        mine = y[..., target]
        arguments = GROUPS[name], strength, RIDGE
        path = []
        for _ in range(ITERATIONS):
            iterate(network, x, mine, *arguments, STEP)
            path.append(objective(network, x, mine, *arguments))
        found.append(path)
        used.append(network.input_weights().detach().norm(dim=0).T > 0)
    return torch.tensor(found, dtype=torch.float64).T, torch.stack(used)


@pytest.mark.parametrize(("network", "size", "name", "strength"), CASES, ids=str)
def test_same_losses_and_same_zeros_as_the_loop(network, size, name, strength):
    model, x, y = setting(network, size)
    losses, used = walk_the_loop(model, x, y, name, strength)
    ours = []
    state, _ = descend(
        problem_of(model, x, y, name, strength),
        dict(model.named_parameters()),
        torch.full((5,), STEP, dtype=torch.float64),
        iterations=ITERATIONS,
        tolerance=1e-300,
        line_search=False,
        watch=lambda state: bool(ours.append(state.objective.clone())),
    )
    torch.testing.assert_close(torch.stack(ours), losses, rtol=1e-5, atol=0)
    assert torch.equal(lag_norms(state.parameters["input"]) > 0, used)
    assert 0 < used.sum() < used.numel()


@pytest.mark.parametrize(("network", "size", "name", "strength"), CASES, ids=str)
def test_same_result_as_the_loop_with_active_sets(network, size, name, strength):
    model, x, y = setting(network, size)
    losses, used = walk_the_loop(model, x, y, name, strength)
    solver = Solver(iterations=ITERATIONS, tolerance=1e-300, line_search=False, step=STEP, gentle=False)
    parameters, progress = solver.solve(problem_of(model, x, y, name, strength), dict(model.named_parameters()), Run())
    objectives = progress.error + progress.penalty + progress.ridge
    torch.testing.assert_close(objectives, losses[-1], rtol=1e-5, atol=0)
    assert torch.equal(lag_norms(parameters["input"]) > 0, used)
    total = [sum(progress.history[part][-1] for part in ("forecast", "ridge", "penalty"))]
    assert total == pytest.approx([losses[-1].mean().item()], rel=1e-5)


def test_networks_of_the_loop_forecast_what_the_batched_model_does():
    for network, size in ((CMLP, {"hidden": (8, 5)}), (CLSTM, {"hidden": 5})):
        model, x, _ = setting(network, size)
        forecast = model.forecast(dict(model.named_parameters()), x)
        for target, one in enumerate(networks_of(model)):
            torch.testing.assert_close(one(x).view_as(forecast[..., target]), forecast[..., target])
