"""`graph-alignment`: it helps where source and target share their graph, and is switched off where they do not."""

import numpy as np
import pytest
import torch
from causalkit_grngc.mlp import MLP
from causalkit_robust.alignment import CANDIDATES, GraphAlignment

import causalkit
from causalkit import Panel
from causalkit.errors import WrongUsageError
from causalkit.neural import Batch, mean_absolute_jacobian

SERIES, LAG = 8, 2
FAST = {"forecaster.hidden": 32, "forecaster.activation": "elu", "training.epochs": 100}


def graph(rng):
    """Return the lag, 1 or 2, at which each edge [cause, effect] acts; 0 where there is none."""
    on = (rng.random((SERIES, SERIES)) < 0.2) & ~np.eye(SERIES, dtype=bool)
    return on * rng.integers(1, 1 + LAG, size=on.shape)


def tanh_var(lags, rng, steps):
    """Return a system with such edges and coefficients of its own."""
    weights = np.zeros((LAG, SERIES, SERIES))
    for cause, effect in zip(*np.nonzero(lags), strict=True):
        weights[lags[cause, effect] - 1, cause, effect] = rng.uniform(0.5, 1) * rng.choice([-1, 1])
    weights[0] += np.diag(rng.uniform(0.3, 0.6, SERIES))
    x = np.zeros((steps + 100, SERIES))
    for t in range(LAG, len(x)):
        x[t] = np.tanh(1.5 * sum(x[t - 1 - k] @ weights[k] for k in range(LAG))) + 0.5 * rng.standard_normal(SERIES)
    return Panel.of(x[100:])


def auroc(found, lags):
    from sklearn.metrics import roc_auc_score

    others = ~np.eye(SERIES, dtype=bool)
    return roc_auc_score(lags[others] > 0, found.pair_scores[others])


def both(seed, *, rewired):
    """Return AUROC of plain fine-tuning and with alignment, and what was said about it."""
    rng = np.random.default_rng(seed)
    mine, other = graph(rng), graph(rng)
    target = tanh_var(mine, rng, 120)
    source = tanh_var(other if rewired else mine, rng, 800)
    plain = causalkit.discover(target, lag=LAG, pretrain=source, params=FAST)
    aligned = causalkit.discover(
        target, lag=LAG, pretrain=source, regularizer="gradient-l1+graph-alignment", params=FAST
    )
    said = [note for note in aligned.notes if note.startswith("graph-alignment")]
    assert len(said) == 1
    strength = next(one for one in aligned.config["regularizer"] if one["name"] == "graph-alignment")["strength"]
    return auroc(plain, mine), auroc(aligned, mine), said[0], strength


def test_the_same_graph_helps():
    plain, aligned, said, strength = both(0, rewired=False)
    assert strength > 0
    assert f"has strength {strength:g}" in said
    assert aligned > max(plain, 0.95)


@pytest.mark.parametrize("seed", [0, 1])
def test_another_graph_does_no_harm(seed):
    plain, aligned, said, strength = both(seed, rewired=True)
    assert aligned >= plain - 0.02
    assert (strength == 0) == ("was switched off" in said)


def test_a_forced_alignment_with_another_graph_is_what_the_choice_protects_from():
    rng = np.random.default_rng(0)
    mine, other = graph(rng), graph(rng)
    target, source = tanh_var(mine, rng, 120), tanh_var(other, rng, 800)
    plain = causalkit.discover(target, lag=LAG, pretrain=source, params=FAST)
    forced = causalkit.discover(
        target,
        lag=LAG,
        pretrain=source,
        regularizer="gradient-l1+graph-alignment",
        params={**FAST, "regularizer.graph-alignment.strength": 1.0},
    )
    assert auroc(forced, mine) < auroc(plain, mine) - 0.05


def batch(reference, windows=30):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(windows, LAG, 4, generator=generator)
    return Batch(x, x[:, -1], generator, stage="finetune", reference=reference)


def test_the_penalty_is_the_distance_of_the_scores():
    torch.manual_seed(0)
    model = MLP(4, LAG, (6,))
    reference = torch.rand(4, 4, LAG)
    seen = batch(reference)
    scores = mean_absolute_jacobian(model, seen.x)
    expected = 0.5 * (reference - scores).abs().sum() / 4
    assert GraphAlignment(0.5).penalty(model, seen).item() == pytest.approx(float(expected), rel=1e-5)
    own = scores.to(reference.dtype)
    assert GraphAlignment(0.5).penalty(model, batch(own)).item() == pytest.approx(0, abs=1e-5)
    control = GraphAlignment().control(0.5).penalty(model, seen).item()
    own = torch.eye(4)[:, :, None] * reference
    assert control == pytest.approx(float(0.5 * (own - scores).abs().sum() / 4), rel=1e-5)


def test_no_gradient_reaches_the_source():
    model, reference = MLP(4, LAG, (6,)), torch.rand(4, 4, LAG, requires_grad=True)
    GraphAlignment(0.5).penalty(model, batch(reference)).backward()
    assert reference.grad is None


def test_a_strength_that_the_user_gives_is_not_chosen_anew():
    assert GraphAlignment().strength is None
    assert GraphAlignment().finetune_candidates == CANDIDATES
    assert 0 in CANDIDATES
    assert GraphAlignment(0.2).strength == 0.2
    assert GraphAlignment(windows=7).with_strength(0.2).windows == 7


def test_refused_without_a_source():
    panel, _ = causalkit.simulate("lagged-pair", seed=1)
    with pytest.raises(WrongUsageError, match="graph-alignment acts in training on two domains"):
        causalkit.discover(panel, regularizer="gradient-l1+graph-alignment")
