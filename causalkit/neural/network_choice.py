"""The network that the data choose: forecasters compete, each with what prewhitening leaves, at a strength of its own.

A network is a forecaster, trained under a penalty, on the series or on their innovations. This module trains the
candidates; `forecaster_choice` and `prewhitening_choice` decide between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from causalkit.core.choice import Choice
from causalkit.core.panel import Panel
from causalkit.core.run import Run
from causalkit.neural import ensemble
from causalkit.neural.ensemble import TracedPath, TrainedEnsemble
from causalkit.neural.forecaster_choice import ALL_BLOCKS, Candidate, Competition, compete
from causalkit.neural.modules.input_mask import mask_inputs
from causalkit.neural.parts import ForecasterPart
from causalkit.neural.prewhitening_choice import choose_prewhitening
from causalkit.neural.regularizers import PenaltySum
from causalkit.neural.training.context import TrainingContext
from causalkit.neural.training.data import TrainingData
from causalkit.neural.training.settings import Training

MOST_WEIGHTS = 2_000_000
"""Of a forecaster that competes beside the first one; a component-wise perceptron has them at about 350 series."""


class Trainable(Protocol):
    """A forecaster under a penalty, with settings of its training: a `causalkit.neural.NeuralMethod`."""

    forecaster: ForecasterPart
    regularizer: PenaltySum
    training: Training
    lag: int

    def build(self, series: int, run: Run, candidates: Tensor | None = None) -> nn.Module:
        """Return a forecaster with first weights, whose targets see all series or only candidate causes (P, M)."""
        ...

    def fingerprint(self, panel: Panel, run: Run) -> str:
        """Digest all that a checkpoint must share with the run that goes on from it."""
        ...


@dataclass(frozen=True)
class ChosenNetwork:
    """The network that the data chose.

    Attributes:
        winner: position of its forecaster among the candidates.
        order: of the autoregression, where it was chosen among several; 0: nothing is subtracted; None: not chosen.
        trained: its members, at the strength that the data chose.
        choices: of the forecaster and of the order, where several were tried, with the curves of those that lost.
    """

    winner: int
    order: int | None
    trained: TrainedEnsemble
    choices: tuple[Choice, ...]


def choose_network(
    candidates: Sequence[Trainable],
    order: int | None,
    panel: Panel,
    data: TrainingData,
    run: Run,
    context: TrainingContext,
) -> ChosenNetwork:
    """Return the network that forecasts held-out blocks best.

    Args:
        candidates: the first one competes in any case, others unless they are too large.
        order: of the autoregression that is subtracted before networks learn; 0: none; None: to be chosen.
        data: of E networks, each with a block held out.

    Raises:
        TrainingError: training diverged.
        DataError: a checkpoint belongs to another run.
    """
    sizes = {number: weights_of(one, panel.series) for number, one in enumerate(candidates) if number}
    large = {number: size for number, size in sizes.items() if size > MOST_WEIGHTS}
    competing = [number for number in range(len(candidates)) if number not in large]

    def competition(own: TrainingData, prewhitened: int) -> Competition:
        mine = run.with_own_checkpoint(f"prewhiten-{prewhitened}" if prewhitened else "")
        if len(competing) == 1:
            return Competition(0, trace(candidates[0], ALL_BLOCKS, np.inf, panel, own, mine, context), ())
        entries = [_entry(candidates[number], panel, own, mine, context, first=not number) for number in competing]
        return compete(entries, lambda: run.expired)

    best = choose_prewhitening(data, order, competition, lambda: run.expired, context.allowed)
    trained = best.whole(ensemble.train_at_choice(best.competition.traced, run))
    sizes_said = (_about_size(candidates[number].forecaster.record.name, size) for number, size in large.items())
    notes = (*trained.notes, *best.competition.notes, *sizes_said, *best.notes)
    winner = competing[best.competition.winner]
    chosen_order = None if best.choice is None else best.order
    return ChosenNetwork(winner, chosen_order, replace(trained, notes=notes), best.choices)


def first_models(
    method: Trainable, panel: Panel, data: TrainingData, run: Run, context: TrainingContext
) -> list[nn.Module]:
    """Return networks with first weights, as many as the data are for."""
    candidates = [None] * len(data.rows) if data.candidates is None else list(data.candidates)
    return [mask_inputs(method.build(panel.series, run, own), context.allowed) for own in candidates]


def weights_of(method: Trainable, series: int) -> int:
    """Return how many weights a network for so many series has, without building it."""
    with torch.device("meta"):
        model = method.forecaster.build(series=series, lag=method.lag)
    return sum(weight.numel() for weight in model.parameters())


def trace(
    method: Trainable,
    blocks: slice,
    strongest: float,
    panel: Panel,
    data: TrainingData,
    run: Run,
    context: TrainingContext,
    name: str = "",
) -> TracedPath:
    """Train members along the regularization path, each without one of these blocks.

    Args:
        strongest: strength to start with.
        name: of the forecaster, where several compete, for observers.
    """
    mine = data.of_networks(blocks)
    if blocks != ALL_BLOCKS:
        run = replace(run, checkpoint=None, resume=False)
    return ensemble.trace_path(
        first_models(method, panel, mine, run, context),
        method.regularizer.with_candidates_up_to(strongest),
        mine,
        method.training,
        run,
        context=context,
        fingerprint=method.fingerprint(panel, run),
        stage=f"strength, {name}" if name else "strength",
    )


def _entry(
    method: Trainable, panel: Panel, data: TrainingData, run: Run, context: TrainingContext, *, first: bool
) -> Candidate:
    name = method.forecaster.record.name
    own = run if first else run.with_own_checkpoint(name)
    return Candidate(name, lambda blocks, strongest: trace(method, blocks, strongest, panel, data, own, context, name))


def _about_size(forecaster: str, weights: int) -> str:
    return (
        f"{forecaster} did not compete, as it would have {weights / 1e6:.1f} million weights; "
        f"to use it, name it: --forecaster {forecaster}"
    )
