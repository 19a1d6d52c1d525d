"""One training step at P = 100, 965 windows, H = 128, against the loop of P backward passes of the paper's code.

    python -m pytest benchmarks

Loss and gradient of one full-batch step, without the optimiser; the same parameters, windows and thread for all ways,
which benchmarks/steps.py describes.
"""

from __future__ import annotations

import pytest

from benchmarks.steps import Setting, penalty_and_forecast, step_of

WAYS = ("plain", "sampled", "exact", "own-loop", "loop")
NETWORKS = ("mlp", "kan")
CASES = [(network, way) for network in NETWORKS for way in WAYS if (network, way) != ("mlp", "loop")]


@pytest.mark.parametrize(("network", "way"), CASES)
def test_step(benchmark, record_median, network, way):
    rounds = {"plain": 30, "sampled": 30, "exact": 5, "own-loop": 2, "loop": 2}[way]
    loss = benchmark.pedantic(step_of(Setting(network), way), rounds=rounds, warmup_rounds=1)
    record_median(network, way)
    assert loss > 0


@pytest.mark.parametrize("network", NETWORKS)
def test_exact_equals_the_loop(network):
    model, batch = Setting(network).build()
    exact = penalty_and_forecast(model, batch, "exact")[0].item()
    loops = [way for case, way in CASES if case == network and "loop" in way]
    for way in loops:
        assert exact == pytest.approx(penalty_and_forecast(model, batch, way)[0].item(), rel=1e-5)
