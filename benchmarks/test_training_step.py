"""One training step at P = 100, 965 windows, H = 128, against the loop of P backward passes of the paper's code.

    python -m pytest benchmarks

Loss and gradient of one full-batch step, without the optimiser; the same parameters, windows and thread for all ways.

* plain: the forecast error alone.
* sampled, exact: causalkit's two estimators.
* loop: the forward pass is differentiated once for every target, then the sum of the penalties once more, as the
  public scripts of the paper do. For the KAN the scripts evaluate splines by recursion; "own-loop" is the same loop
  over causalkit's own, faster, spline evaluation.
"""

from __future__ import annotations

from functools import partial

import pytest
import torch
from causalkit_grngc.gradient_l1 import GradientL1
from causalkit_grngc.kan import KAN
from causalkit_grngc.mlp import MLP

from benchmarks.recursive_kan import recursive_forward
from causalkit.neural import Batch

SERIES, WINDOWS, HIDDEN, STRENGTH = 100, 965, 128, 0.15
NETWORKS = {"mlp": MLP, "kan": KAN}


def setting(network: str):
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(WINDOWS, 1, SERIES), torch.randn(WINDOWS, SERIES)
    return NETWORKS[network](SERIES, 1, (HIDDEN,)), Batch(x=x, y=y, generator=generator)


def loop_penalty(model, batch, forward):
    """The paper's penalty as its public scripts compute it: P backward passes."""
    x = batch.x.clone().requires_grad_()
    forecast = forward(x)
    total = x.new_zeros(())
    for target in range(SERIES):
        (gradient,) = torch.autograd.grad(forecast[:, target].sum(), x, create_graph=True)
        total = total + gradient.abs().mean(0).sum()
    return STRENGTH / SERIES * total


WAYS = {
    "plain": lambda model, batch: batch.x.new_zeros(()),
    "sampled": GradientL1(STRENGTH, estimator="sampled").penalty,
    "exact": GradientL1(STRENGTH, estimator="exact").penalty,
    "own-loop": lambda model, batch: loop_penalty(model, batch, model),
    "loop": lambda model, batch: loop_penalty(model, batch, partial(recursive_forward, model)),
}
CASES = [(network, way) for network in NETWORKS for way in WAYS if (network, way) != ("mlp", "loop")]


@pytest.mark.parametrize(("network", "way"), CASES)
def test_step(benchmark, record_median, network, way):
    model, batch = setting(network)

    def step():
        model.zero_grad(set_to_none=True)
        loss = (model(batch.x) - batch.y).square().mean() + WAYS[way](model, batch)
        loss.backward()
        return loss.item()

    rounds = {"plain": 30, "sampled": 30, "exact": 5, "own-loop": 2, "loop": 2}[way]
    loss = benchmark.pedantic(step, rounds=rounds, warmup_rounds=1)
    record_median(network, way)
    assert loss > 0


@pytest.mark.parametrize("network", NETWORKS)
def test_exact_equals_the_loop(network):
    model, batch = setting(network)
    exact = WAYS["exact"](model, batch).item()
    loops = [way for case, way in CASES if case == network and "loop" in way]
    for way in loops:
        assert exact == pytest.approx(WAYS[way](model, batch).item(), rel=1e-5)
