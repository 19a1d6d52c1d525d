"""Robust pre-training for causalkit: regularizers of two domains and adversarial ones."""

from collections.abc import Iterator

import click

from causalkit import Metric, Regularizer, hookimpl

_PAPER = "Pre-training also Transfers Non-Robustness, arXiv 2106.10989 (2021)"
_MADRY = "Madry et al., Towards Deep Learning Models Resistant to Adversarial Attacks, arXiv 1706.06083 (2018)"
_LI = "Li et al., Transferable Time-Series Forecasting under Causal Conditional Shift, arXiv 2111.03422 (2021)"


@hookimpl
def causalkit_regularizers() -> Iterator[Regularizer]:
    """Contribute the regularizers; none of them reveals causes, so each is added to one that does."""
    yield Regularizer(
        name="discrepancy",
        factory="causalkit_robust.discrepancy:Discrepancy",
        summary="Distance between the features of source and target",
        reference=_PAPER,
        stage="pretrain",
        needs=frozenset({"features"}),
        reveals_causes=False,
    )
    yield Regularizer(
        name="discrepancy-mitigating",
        factory="causalkit_robust.mitigating:DiscrepancyMitigating",
        summary="Change of the features under the attack that changes them most",
        aliases=("dm",),
        reference="Discrepancy Mitigating, released by the authors of: " + _PAPER,
        test_params={"steps": 3},
        needs=frozenset({"features"}),
        reveals_causes=False,
    )
    yield Regularizer(
        name="adversarial",
        factory="causalkit_robust.adversarial:Adversarial",
        summary="Forecast error under attack",
        reference=_MADRY,
        test_params={"steps": 3},
        reveals_causes=False,
    )
    yield Regularizer(
        name="graph-alignment",
        factory="causalkit_robust.alignment:GraphAlignment",
        summary="Distance of the target's graph from that of the source; switched off where it hurts",
        reference=_LI,
        stage="finetune",
        reveals_causes=False,
    )


@hookimpl
def causalkit_metrics() -> Iterator[Metric]:
    """Contribute robustness as metrics; they are computed only when asked by name."""
    for name, function, summary in (
        ("forecast-error", "forecast_error", "Held-out forecast error"),
        ("adversarial-error", "adversarial_error", "Held-out forecast error under PGD, epsilon 0.2"),
        (
            "relative-adversarial-error",
            "relative_adversarial_error",
            "Error under PGD, epsilon 0.2, relative to clean",
        ),
        ("noise-error", "noise_error", "Held-out forecast error under noise of size 0.2"),
    ):
        yield Metric(
            name=name,
            factory=f"causalkit_robust.metrics:{function}",
            summary=summary,
            reference=_MADRY,
            needs="forecaster",
            greater_is_better=False,
        )
    for name, function, summary in (
        ("graph-stability", "graph_stability", "Correlation of graphs of single windows under attack, epsilon 0.2"),
        ("refit-stability", "refit_stability", "Jaccard of the strongest pairs of a graph fitted to attacked data"),
    ):
        yield Metric(name=name, factory=f"causalkit_robust.metrics:{function}", summary=summary, needs="forecaster")


@hookimpl
def causalkit_commands(cli: click.Group) -> None:
    """Contribute ``causalkit robustness``."""
    from causalkit_robust.command import robustness

    cli.add_command(robustness)
