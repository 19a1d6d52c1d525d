"""How much of the own past is subtracted before a network learns, chosen without a truth.

A series that hardly changes from step to step is best forecast from its own past, so an error tells little about the
others. What tells is how many edges from the others pass a test on held-out windows. Without noise, a single step of
the own past has to be subtracted: two steps contain how fast a series moves, which is what the others do to it. With
noise, two steps have to be, as a single one is a poor measurement of where the series stands. More steps were no better
(Lorenz-96 sampled at two to ten times its usual rate, with and without noise).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from causalkit.core.choice import Choice
from causalkit.model_selection.rules import beats, standard_error
from causalkit.neural.ensemble import TrainedEnsemble
from causalkit.neural.forecaster_choice import Competition, no_time_for
from causalkit.neural.prewhitening import Autoregression, Prewhitened, held_out_errors, own_past_errors
from causalkit.neural.training.data import TrainingData

PARAMETER = "prewhiten"
ORDERS = (1, 2)
PERSISTENT = 1 / 3
"""Share of the variance of next steps that the own past leaves at most where prewhitening is tried."""
NEARLY = 1.5
"""Times the error of the network that the own past has at most where prewhitening is tried."""
RULE = (
    "tried where the own past explains two thirds of the variance, nearly as much as the network; chosen where the "
    "error is lower: the order with which most edges pass a held-out test"
)


@dataclass(frozen=True)
class Whitened:
    """A network that was chosen, and what was subtracted before it learned.

    Attributes:
        competition: the network.
        own_past: the autoregression, or None: nothing was subtracted.
        choice: how this was chosen, or None: there was nothing to choose.
        untried: orders that the time limit kept from being compared.
    """

    competition: Competition
    own_past: Autoregression | None = None
    choice: Choice | None = None
    untried: tuple[int, ...] = ()

    @property
    def order(self) -> int:
        """Of the autoregression; 0: nothing was subtracted."""
        return 0 if self.own_past is None else self.own_past.order

    @property
    def notes(self) -> tuple[str, ...]:
        """Say what there was no time for, and what the scores are in where something was subtracted."""
        orders = " or ".join(map(str, self.untried))
        no_time = (no_time_for(f"{PARAMETER} {orders}"),) if orders else ()
        if self.own_past is None:
            return no_time
        steps = "its last step" if self.own_past.order == 1 else f"its last {self.own_past.order} steps"
        return (
            *no_time,
            f"the network forecasts what a linear forecast of each series from {steps} leaves; scores are in units of "
            "the standard deviation of that",
        )

    @property
    def choices(self) -> tuple[Choice, ...]:
        """Return those of the competition, and how this was chosen."""
        inner = self.competition.choices
        if self.own_past is not None:
            inner = tuple(one.beyond_own_past() for one in inner)
        return inner if self.choice is None else (*inner, self.choice)

    def whole(self, trained: TrainedEnsemble) -> TrainedEnsemble:
        """Return an ensemble that was trained as the competition was, as forecasters of the series."""
        if self.own_past is None:
            return trained
        units = self.own_past.scale.cpu().double().numpy()
        validated = None if trained.validated is None else self.forecasters(trained.validated)
        choice = None if trained.choice is None else trained.choice.beyond_own_past()
        members = self.forecasters(trained.members)
        return replace(trained, members=members, validated=validated, choice=choice, units=units)

    def forecasters(self, networks: list[nn.Module]) -> list[nn.Module]:
        """Return networks that were trained as the competition was, as forecasters of the series."""
        return networks if self.own_past is None else [Prewhitened(network, self.own_past) for network in networks]


def choose_prewhitening(
    data: TrainingData,
    order: int | None,
    compete: Callable[[TrainingData, int], Competition],
    out_of_time: Callable[[], bool] = lambda: False,
    allowed: Tensor | None = None,
) -> Whitened:
    """Return the network that learns from the series, or from innovations where more edges are found there.

    An order whose path the time limit cut short is not compared: with less training, fewer edges pass.

    Args:
        data: of E networks, each with a block held out.
        order: of the autoregression that is subtracted; 0: none; None: to be chosen.
        compete: trains networks on data of an order, and returns the best.
        out_of_time: is there no time for another order?
        allowed: background knowledge, shape (cause, effect), or None: everything is.

    Raises:
        TrainingError: training diverged.
    """
    if order is not None:
        return _whitened(data, order, compete, allowed)
    tried = {0: _whitened(data, 0, compete, allowed)}
    errors = {0: _errors(tried[0], data)}
    orders = [one for one in ORDERS if one <= data.x.shape[1]]
    pays = _persistent(own_past_errors(data, orders[-1], allowed), errors[0], data)
    for one in orders if pays else ():
        if out_of_time():
            break
        found = _whitened(data, one, compete, allowed)
        if found.competition.traced.cut_short:
            break
        tried[one], errors[one] = found, _errors(found, data)
    untried = tuple(one for one in orders if pays and one not in tried)
    if len(tried) == 1:
        return replace(tried[0], untried=untried)
    edges = {one: _edges(whitened) for one, whitened in tried.items()}
    chosen = _chosen(errors, edges)
    return replace(tried[chosen], choice=_choice(errors, edges, chosen, untried), untried=untried)


def _whitened(
    data: TrainingData, order: int, compete: Callable[[TrainingData, int], Competition], allowed: Tensor | None
) -> Whitened:
    if order == 0:
        return Whitened(compete(data, 0))
    own_past = Autoregression.of(data, order, allowed=allowed)
    return Whitened(compete(own_past.innovations(data), order), own_past)


def _persistent(own_past: NDArray[np.float64], network: NDArray[np.float64], data: TrainingData) -> bool:
    """Tell whether the own past explains most of the variance of next steps, and nearly as much as the network.

    The variance over all windows: that of a whole panel of short trials contains what trials start from.
    """
    seen = data.seen
    count = seen.sum(0).clamp(min=1)
    mean = (data.y * seen).sum(0) / count
    variance = (((data.y - mean) * seen).square().sum(0) / count).cpu().double().numpy()
    left = (own_past.mean(0) / np.maximum(variance, np.finfo(np.float64).tiny)).mean()
    return bool(left <= PERSISTENT and own_past.mean() <= NEARLY * network.mean())


def _errors(whitened: Whitened, data: TrainingData) -> NDArray[np.float64]:
    """Return the errors (E,) at the chosen strength, in units of the series."""
    path = whitened.competition.traced.path
    members = path.networks.with_weights(path.chosen().weights)
    errors: NDArray[np.float64] = held_out_errors(whitened.forecasters(members), data).mean(1)
    return errors


def _edges(whitened: Whitened) -> int:
    """Return how many edges pass the held-out test at the chosen strength.

    None, where the network forecasts innovations no better than their mean: the own past alone is as good.
    """
    search = whitened.competition.traced.path.search
    if whitened.order and search.errors[search.chosen].mean() >= 1:
        return 0
    return search.edges(search.chosen)


def _chosen(errors: dict[int, NDArray[np.float64]], edges: dict[int, int]) -> int:
    """Return the order with most edges; none, where no other lowers the error or where clearly fewer edges pass.

    "Clearly" is two standard deviations of a Poisson count.
    """
    better = [one for one in errors if one > 0 and edges[one] > 0 and beats(errors[one], errors[0])]
    if not better:
        return 0
    best = max(better, key=lambda one: (edges[one], one))
    return best if edges[best] + 2 * np.sqrt(edges[best] + 1) >= edges[0] else 0


def _choice(
    errors: dict[int, NDArray[np.float64]], edges: dict[int, int], chosen: int, untried: tuple[int, ...]
) -> Choice:
    orders = [*sorted(errors), *untried]
    counts = ", ".join(f"{edges[one]} pass at {one}" for one in sorted(edges))
    return Choice(
        parameter=PARAMETER,
        candidates=tuple(range(len(orders))),
        held_out_error=tuple(float(errors[one].mean()) if one in errors else np.nan for one in orders),
        standard_error=tuple(standard_error(errors[one]) if one in errors else np.nan for one in orders),
        chosen=orders.index(chosen),
        rule=f"{RULE} ({counts})",
        labels=tuple(map(str, orders)),
    )
