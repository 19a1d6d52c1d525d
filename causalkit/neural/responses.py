"""Response curves of a trained forecaster: the partial dependence of a forecast on one cell of the window.

The mean forecast of the effect over windows in which the cause, at one lag, is replaced by one value after another
(Friedman, Annals of Statistics 29, 2001). A penalty flattens a forecaster. So the curve is tilted until its mean slope
is the effect in `causalkit.neural.effects`.

The band is two standard errors wide on either side, and 0 where the lines of all slopes meet. It adds up two parts: the
standard error of the effect, and the jackknife standard error of the shape, which is what is left of the curves of the
members without their mean slope.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from causalkit.core.effects import Effects
from causalkit.core.fitted import Fitted
from causalkit.core.response import Response
from causalkit.neural.ensemble import jackknife_errors
from causalkit.neural.modules.forecaster import as_forecaster
from causalkit.neural.training.data import evenly, inputs_complete, tensors

POINTS = 11
"""Values of the cause."""
WINDOWS = 50
"""Windows at most, evenly spaced, over which forecasts are averaged."""
OUTER = 0.025
"""Share of the values of the cause that the curve leaves out on either side."""

Array = NDArray[np.float64]


def response_of(fitted: Fitted, effects: Effects, names: Sequence[str], edge: tuple[int, int], lag: int) -> Response:
    """Return the response curve of an edge, in the units of the data.

    Args:
        fitted: the forecaster and what it learned from; its series may be in another order.
        effects: of the same fit, in the units of the data.
        names: of the series, in the order of the effects.
        edge: positions of cause and effect among these.
        lag: of the cause, at least 1.
    """
    learned = fitted.panel.standardized()[1]
    cause, effect = (fitted.panel.names.index(names[place]) for place in edge)  # of the network
    windows, values = _windows(fitted, cause, effect, lag)
    first, last = np.quantile(values, [OUTER, 1 - OUTER])
    grid = np.unique(np.linspace(first, last, POINTS))
    place = (*edge, lag - 1)
    unit = learned.deviation[effect] / learned.deviation[cause]
    away = grid - values.mean()
    with fitted.run.isolated():
        shape = _shape(_dependence(fitted.model, windows, cause, effect, lag, grid), grid, values)
        shapes = [_shape(_dependence(one, windows, cause, effect, lag, grid), grid, values) for one in fitted.held_away]
    curve = shape + effects.mean[place] * unit * away
    band = None
    if effects.standard_errors is not None and shapes:
        band = 2 * np.hypot(effects.standard_errors[place] * unit * away, jackknife_errors(np.stack(shapes)))
    units = (float(effects.units[edge[0]]), float(effects.units[edge[1]]))
    across = units[1] / learned.deviation[effect]
    return Response(
        names[edge[0]],
        names[edge[1]],
        lag,
        effects.levels[edge[0]] + units[0] / learned.deviation[cause] * (grid - learned.mean[cause]),
        across * curve,
        None if band is None else across * (curve - band),
        None if band is None else across * (curve + band),
        units,
    )


def _windows(fitted: Fitted, cause: int, effect: int, lag: int) -> tuple[Tensor, Array]:
    """Return the windows over which forecasts are averaged, and the values of the cause in all windows."""
    windows = fitted.panel.windows(fitted.lag, by_effect=True)
    x, _ = tensors(windows, fitted.run)
    complete = inputs_complete(windows, fitted.run)
    if complete is not None and bool(complete[:, effect].any()):
        x = x[complete[:, effect]]
    values = x[:, -lag, cause].cpu().double().numpy()
    return evenly(x, WINDOWS), values


@torch.no_grad()
def _dependence(model: nn.Module, windows: Tensor, cause: int, effect: int, lag: int, grid: Array) -> Array:
    """Return the mean forecast of the effect at each value of the cause, shape (G,)."""
    changed = windows.repeat(len(grid), 1, 1)
    changed[:, -lag, cause] = torch.as_tensor(grid).to(windows).repeat_interleave(len(windows))
    target = torch.tensor([effect], device=windows.device)
    forecast = as_forecaster(model).forecast_of(changed, target).view(len(grid), len(windows))
    found: Array = forecast.double().mean(1).cpu().numpy()
    return found


def _shape(curve: Array, grid: Array, values: Array) -> Array:
    """Return a curve without its mean and its mean slope over the values of the cause."""
    if len(grid) < 2:
        return np.zeros_like(curve)
    slope = float(np.interp(values, grid, np.gradient(curve, grid)).mean())
    left = curve - slope * (grid - values.mean())
    centred: Array = left - np.interp(values, grid, left).mean()
    return centred
