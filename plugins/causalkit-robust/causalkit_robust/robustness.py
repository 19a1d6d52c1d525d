"""The robustness report: what a forecaster and its graph are worth on perturbed data, for several epsilons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from causalkit import Discovery, Truth
from causalkit.errors import WrongUsageError
from causalkit.io import plain
from causalkit_robust.graphs import MOST_WINDOWS
from causalkit_robust.threats import Threat
from causalkit_robust.trial import HELD_OUT, Trial

EPSILONS = (0.05, 0.1, 0.2, 0.5)
PIECEWISE = (
    "the Jacobian of this forecaster does not change smoothly (relu, or a linear network): graphs of windows were "
    "attacked by random search, which finds less than a gradient would; use a smooth activation to compare forecasters"
)


@dataclass(frozen=True, kw_only=True)
class Perturbed:
    """What a perturbation of one size does, whether aimed or not.

    Attributes:
        error: held-out mean squared forecast error, in units of the training variance.
        increase: that minus the clean error.
        relative: that divided by the clean error.
        change: mean absolute change of a forecast.
        graph_correlation, graph_jaccard: mean over windows between the graph of a window before and after.
        refit_jaccard: between the strongest pairs of the graphs fitted to clean and to perturbed data; or None.
        refit_auroc: of the latter, where a truth is known.
    """

    error: float
    increase: float
    relative: float
    change: float
    graph_correlation: float
    graph_jaccard: float
    refit_jaccard: float | None = None
    refit_auroc: float | None = None


@dataclass(frozen=True, kw_only=True)
class Level:
    """All measures for one epsilon.

    Attributes:
        epsilon: largest change of a cell, in training standard deviations.
        attack: under the attack.
        noise: under noise of the same size, the control.
        bound_change, bound_increase: to first order the largest mean change of a forecast and increase of the error.
    """

    epsilon: float
    attack: Perturbed
    noise: Perturbed
    bound_change: float
    bound_increase: float


@dataclass(frozen=True, kw_only=True)
class Robustness:
    """The report.

    Attributes:
        method, data: what was evaluated, in words.
        threat: what the attacker may do.
        windows: held-out windows; ``graph_windows`` of them were looked at for their graphs.
        held_out: share of the windows that was held out; None for a saved forecaster, which is evaluated on all data.
        clean_error: held-out mean squared forecast error, in units of the training variance.
        mean_error: of always forecasting the training mean; a forecaster must beat it to be worth attacking.
        auroc: of the graph of the training part, where a truth is known; without self-edges unless the truth asks.
        k: how many of the strongest pairs of different series the Jaccard indices compare.
        smooth: was the graph of windows attacked by its gradient?
        levels: one for each epsilon.
        notes: what a reader must know, in sentences.
        config, seed, versions: of the method that was evaluated.
    """

    method: str
    data: str
    threat: Threat
    windows: int
    graph_windows: int
    held_out: float | None
    clean_error: float
    mean_error: float
    auroc: float | None
    k: int
    smooth: bool
    levels: tuple[Level, ...]
    notes: tuple[str, ...] = ()
    config: Any = None
    seed: int = 0
    versions: Any = None

    def to_json(self) -> dict[str, Any]:
        """Return the report as strict JSON can hold it."""
        found: dict[str, Any] = {"schema": 1, "kind": "causalkit-robustness", **plain(self)}
        return found


def measure(
    trial: Trial,
    *,
    method: str,
    data: str,
    epsilons: Sequence[float] = EPSILONS,
    threat: Threat = Threat(),  # noqa: B008 - a frozen value
    refit: bool = True,
    truth: Truth | None = None,
    said: Callable[[str], None] = lambda step: None,
) -> Robustness:
    """Attack a forecaster and return the report.

    Args:
        method, data: in words, for the report.
        epsilons: in training standard deviations, each above 0.
        refit: fit the method again to perturbed data, twice for each epsilon.
        truth: a known graph, for the AUROC.
        said: is told what is done next.

    Raises:
        WrongUsageError: an epsilon of 0 or less, or none.
        CausalkitError: as the method's ``fit``.
    """
    if not epsilons or min(epsilons) <= 0:
        raise WrongUsageError("epsilon must be above 0", "for example --eps 0.1,0.2")
    refit = refit and trial.training is not None
    smooth = trial.smooth
    levels = []
    for epsilon in sorted(set(epsilons)):
        found = {}
        for one in dict.fromkeys((threat, replace(threat, attack="noise"))):
            said(f"{one.attack}, epsilon {epsilon:g}")
            found[one.attack] = _perturbed(trial, epsilon, one, refit, truth)
        bound = trial.bound(epsilon, threat)
        levels.append(
            Level(
                epsilon=epsilon,
                attack=found[threat.attack],
                noise=found["noise"],
                bound_change=bound.change,
                bound_increase=bound.error - trial.clean_error,
            )
        )
    aimed = threat.attack != "noise"
    return Robustness(
        method=method,
        data=data,
        threat=threat,
        windows=len(trial.x),
        graph_windows=min(len(trial.x), MOST_WINDOWS),
        held_out=None if trial.training is None else HELD_OUT,
        clean_error=trial.clean_error,
        mean_error=trial.mean_error,
        auroc=None if trial.discovery is None else _auroc(trial.discovery, truth),
        k=trial.k,
        smooth=smooth,
        levels=tuple(levels),
        notes=tuple(_notes(trial, smooth or not aimed)),
        config=None if trial.discovery is None else trial.discovery.config,
        seed=trial.run.seed,
    )


def _perturbed(trial: Trial, epsilon: float, threat: Threat, refit: bool, truth: Truth | None) -> Perturbed:
    errors = trial.errors(epsilon, threat)
    correlation, index = trial.graph_stability(epsilon, threat)
    graph = trial.refitted(epsilon, threat) if refit else None
    return Perturbed(
        error=errors.perturbed,
        increase=errors.increase,
        relative=errors.relative,
        change=errors.change,
        graph_correlation=correlation,
        graph_jaccard=index,
        refit_jaccard=None if graph is None else trial.refit_stability(graph),
        refit_auroc=None if graph is None else _auroc(graph, truth),
    )


def _auroc(discovery: Discovery, truth: Truth | None) -> float | None:
    """Return the AUROC, or None where there is no truth or nothing to rank."""
    from causalkit.evaluation import Evaluation

    if truth is None:
        return None
    diagonal = truth.diagonal or "exclude"
    if Evaluation.of(discovery, truth, diagonal).lacks("scores"):
        return None
    return discovery.evaluate(truth, diagonal=diagonal, metrics=["auroc"])["auroc"]


def _notes(trial: Trial, smooth: bool) -> list[str]:
    notes = [] if smooth else [PIECEWISE]
    clean, mean = trial.clean_error, trial.mean_error
    if clean >= mean:
        notes.append(
            f"the forecaster is no better than the mean ({clean:.3g} against {mean:.3g}): its stability means nothing"
        )
    return notes
