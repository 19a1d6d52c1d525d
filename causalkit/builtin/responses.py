"""Response curves of a discovery: of the forecaster in memory, or as a file has them; lines of linear methods."""

from __future__ import annotations

import numpy as np

from causalkit.core.discovery import Discovery
from causalkit.core.names import position
from causalkit.core.response import Response
from causalkit.errors import WrongUsageError

STORED = 10
"""Strongest edges whose curves are part of a result."""
WIDTH = 2.0
"""Standard deviations on either side of the mean over which the line of a linear method is drawn."""


def response(discovery: Discovery, cause: str, effect: str) -> Response:
    """Return the response curve of an edge, see `causalkit.Discovery.response`."""
    place = position(discovery.names, cause), position(discovery.names, effect)
    if (found := _computed(discovery, *place)) is not None:
        return found
    for one in discovery.responses:
        if (one.cause, one.effect) == (cause, effect):
            return one
    if discovery.effects is None:
        raise WrongUsageError(
            f"{discovery.method or 'the method'} gives no effects, so there is no response curve",
            "choose a neural method or var",
        )
    raise WrongUsageError(
        f"the response curve of {cause} -> {effect} is not in this result, which has those of the strongest edges",
        "call causalkit.discover again: in memory, all edges have one",
    )


def strongest(discovery: Discovery) -> tuple[Response, ...]:
    """Return the curves of the strongest edges between different series, where they can be computed."""
    pairs = discovery.pairs
    scores = np.where(pairs.apart, pairs.of(discovery.pair_scores), 0.0)
    rows = np.argsort(-scores, kind="stable")[:STORED]
    curves = (_computed(discovery, int(pairs.cause[row]), int(pairs.effect[row])) for row in rows if scores[row] > 0)
    return tuple(curve for curve in curves if curve is not None)


def _computed(discovery: Discovery, cause: int, effect: int) -> Response | None:
    """Return the curve of a forecaster that is in memory, or of a linear method; None where there is neither."""
    effects, lag = discovery.effects, int(discovery.pair_lags[cause, effect])
    if effects is None:
        return None
    if discovery.fitted is not None:
        from causalkit.neural.responses import response_of

        return response_of(discovery.fitted, effects, discovery.names, (cause, effect), lag)
    return _line(discovery, cause, effect, lag) if effects.same_sign is None else None


def _line(discovery: Discovery, cause: int, effect: int, lag: int) -> Response:
    """Return the straight line of a linear method."""
    effects = discovery.effects
    assert effects is not None
    place = (cause, effect, lag - 1)
    away = effects.units[cause] * np.linspace(-WIDTH, WIDTH, 9)
    curve, errors = effects.in_units[place] * away, effects.standard_errors_in_units
    band = None if errors is None else 2 * errors[place] * np.abs(away)
    return Response(
        discovery.names[cause],
        discovery.names[effect],
        lag,
        effects.levels[cause] + away,
        curve,
        None if band is None else curve - band,
        None if band is None else curve + band,
        (float(effects.units[cause]), float(effects.units[effect])),
    )
