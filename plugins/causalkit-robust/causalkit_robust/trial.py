"""One forecaster under attack: trained on one part of a panel, judged on another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from causalkit import Discovery, Panel, Refit, Run
from causalkit.errors import DataError, ParameterError, WrongUsageError, ways_out
from causalkit.model_selection import AutoLag, hold_out
from causalkit.neural import Pretrained, input_jacobian, tensors
from causalkit_robust.attacks import frozen, noise
from causalkit_robust.graphs import (
    attack_graphs,
    is_smooth,
    jaccard,
    pair_vector,
    some_windows,
    strongest,
    window_graphs,
    window_stability,
)
from causalkit_robust.threats import Threat, attack_series, attack_windows

HELD_OUT = 0.2
_BOUND_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Errors:
    """Held-out forecast errors for one epsilon; squared, in units of the training variance, mean over series.

    Attributes:
        clean: without perturbation.
        perturbed: under the attack, or the noise.
        change: mean absolute change of a forecast.
    """

    clean: float
    perturbed: float
    change: float

    @property
    def increase(self) -> float:
        """Absolute increase of the error."""
        return self.perturbed - self.clean

    @property
    def relative(self) -> float:
        """Perturbed error in units of the clean one."""
        return self.perturbed / self.clean if self.clean > 0 else float("inf")


@dataclass(frozen=True)
class Bound:
    """To first order the most that a perturbation can do; errors as in `Errors`.

    Attributes:
        change: epsilon sum_l,j |J_ilj|, mean over windows and series i.
        error: mean of (|error| + epsilon sum_l,j |J_ilj|)^2. One perturbation cannot reach it for all series at once.
    """

    change: float
    error: float


class Trial:
    """A trained forecaster and the held-out part of the data, in units of the training standard deviation.

    Args:
        model: the network, for series in the order of ``held``.
        held: held-out panel, standardised by the training part.
        training: what it learned from, standardised; None where that is not at hand.
        discovery: of the training part; None where nothing was trained.
        run: seed, device and precision.
        k: how many of the strongest pairs make the graph; None: the strongest 10 %.
    """

    def __init__(
        self,
        model: nn.Module,
        lag: int,
        held: Panel,
        run: Run,
        *,
        training: Panel | None = None,
        discovery: Discovery | None = None,
        k: int | None = None,
    ) -> None:
        self.model, self.lag, self.held, self.run = model, lag, held, run
        self.training, self.discovery = training, discovery
        self.k = k or strongest(held.series)
        self.x, self.y = tensors(held.windows(lag), run)

    @classmethod
    def of_method(cls, method: Any, panel: Panel, run: Run, *, k: int | None = None) -> Trial:
        """Train a method on four fifths of a panel, and hold the rest out; see `split`.

        Raises:
            DataError: the panel is too short.
            WrongUsageError: the method has no forecaster.
        """
        method = with_known_lag(method, panel, run)
        lag = getattr(method, "lag", 1)
        training, held = split(panel, lag if isinstance(lag, int) else 1, run)
        discovery = method.fit(training, run)
        fitted = discovery.fitted
        if fitted is None:
            raise WrongUsageError("the method has no forecaster to attack", "choose a neural method")
        order = [held.names.index(name) for name in fitted.panel.names]
        values = tuple(part[:, order] for part in held.realisations)
        held = replace(held, realisations=values, names=fitted.panel.names)
        return cls(fitted.model, fitted.lag, held, run, training=fitted.panel, discovery=discovery, k=k)

    @classmethod
    def of_pretrained(cls, start: Pretrained, panel: Panel, run: Run, *, k: int | None = None) -> Trial:
        """Take a saved forecaster as it is, and all of a panel, standardised by itself.

        Raises:
            DataError: the panel has other series.
        """
        from causalkit.neural import forecaster_part

        if set(panel.names) == set(start.names):
            order = [panel.names.index(name) for name in start.names]
            panel = replace(panel, realisations=tuple(part[:, order] for part in panel.realisations), names=start.names)
        elif panel.series != len(start.names):
            raise DataError(
                f"the forecaster has {len(start.names)} series and {panel.source} has {panel.series}",
                "name data of the same series",
            )
        panel.check(start.lag)
        settings = dict(start.config["forecaster"])
        with run.isolated():
            model = forecaster_part(settings["name"], settings).build(panel.series, start.lag)
        model.load_state_dict(start.weights)
        model = model.to(device=run.torch_device(), dtype=run.torch_dtype()).eval()
        return cls(model, start.lag, panel.standardized()[0], run, k=k)

    @property
    def smooth(self) -> bool:
        """Can the graph of a window be attacked by its gradient?"""
        with frozen(self.model):
            return is_smooth(self.model, self.x)

    @property
    def clean_error(self) -> float:
        """Held-out mean squared error."""
        with frozen(self.model):
            return self._error(self.x)

    @property
    def mean_error(self) -> float:
        """Held-out mean squared error of always forecasting the training mean, which is 0 here."""
        return float(self.y.square().mean())

    def perturbed(self, epsilon: float, threat: Threat) -> Tensor:
        """Return the held-out windows under a threat; the network is frozen while they are attacked."""
        generator = self.run.torch_generator()
        with frozen(self.model):
            if threat.per == "window":
                return attack_windows(self.model, self.x, self.y, epsilon, threat, self.held.names, generator)
            moved = attack_series(self.model, self.held, self.lag, epsilon, threat, generator)
            return tensors(moved.windows(self.lag), self.run)[0]

    def errors(self, epsilon: float, threat: Threat) -> Errors:
        """Return the errors of forecasts of the unperturbed next steps."""
        moved = self.perturbed(epsilon, threat)
        with frozen(self.model), torch.no_grad():
            change = float((self.model(moved) - self.model(self.x)).abs().mean())
            return Errors(self._error(self.x), self._error(moved), change)

    def bound(self, epsilon: float, threat: Threat) -> Bound:
        """Return the first-order bound for the cells that a threat may change."""
        mask = threat.mask(self.held.names, self.lag, self.x)
        cells = self.x[0].numel() * self.x.shape[2] * self.x.element_size()
        size = max(1, _BOUND_BYTES // cells)
        change, error = 0.0, 0.0
        with frozen(self.model), torch.no_grad():
            for x, y in zip(self.x.split(size), self.y.split(size), strict=True):
                forecast, jacobian = input_jacobian(self.model, x)
                slopes = jacobian.abs() if mask is None else jacobian.abs() * mask
                most = epsilon * slopes.sum((2, 3))  # (B, effect)
                change += float(most.sum())
                error += float(((forecast - y).abs() + most).square().sum())
        return Bound(change / self.y.numel(), error / self.y.numel())

    def graph_stability(self, epsilon: float, threat: Threat) -> tuple[float, float]:
        """Return correlation and top-k Jaccard between graphs of single windows before and after, mean over windows.

        The attack is on the graph, per window, whatever the threat says of them; noise is noise.
        """
        x = some_windows(self.x)
        generator = self.run.torch_generator()
        mask = threat.mask(self.held.names, self.lag, self.x)
        with frozen(self.model):
            before = window_graphs(self.model, x)
            if threat.attack == "noise":
                moved = noise(x, epsilon, generator, mask=mask)
            else:
                moved = attack_graphs(self.model, x, epsilon, threat.steps, generator, mask)
            return window_stability(before, window_graphs(self.model, moved), self.k)

    def refitted(self, epsilon: float, threat: Threat) -> Discovery:
        """Return the discovery of the same method on perturbed training data, one perturbation for each time step.

        Raises:
            WrongUsageError: nothing was trained here.
        """
        if self.training is None or self.discovery is None or self.discovery.fitted is None:
            raise WrongUsageError("a saved forecaster cannot be fitted again", "name a method, or a result")
        series = replace(threat, per="step", last=None)
        with frozen(self.model):
            moved = attack_series(self.model, self.training, self.lag, epsilon, series, self.run.torch_generator())
        fitted = self.discovery.fitted
        return Refit.of(fitted.method, fitted.panel, fitted.run, standardize=True)(moved)

    def refit_stability(self, refitted: Discovery) -> float:
        """Return the top-k Jaccard index between the graph of the training part and that of perturbed data."""
        assert self.discovery is not None
        order = [refitted.names.index(name) for name in self.discovery.names]
        return jaccard(pair_vector(self.discovery.scores), pair_vector(refitted.scores[np.ix_(order, order)]), self.k)

    def _error(self, x: Tensor) -> float:
        with torch.no_grad():
            return float((self.model(x) - self.y).square().mean())


def with_known_lag(method: Any, panel: Panel, run: Run) -> Any:
    """Return the method with the lag that the training part of a panel chooses, where it leaves the lag open.

    How much is held out depends on the lag a little: the part that decides is the one that is left by a lag of 1, which
    holds out most.

    Raises:
        DataError: the panel is too short.
    """
    if not isinstance(method, AutoLag):
        return method
    training, _ = split(panel, 1, run)
    return method.build(method.chosen(training, run).lag)


def split(panel: Panel, lag: int, run: Run, fraction: float = HELD_OUT) -> tuple[Panel, Panel]:
    """Return what to train on and what to judge by, both standardised by mean and deviation of the former.

    Blocks as `causalkit.model_selection.hold_out` chooses them: whole realisations where there are five or more,
    and otherwise the last stretch of each, apart by so many steps that no time step is in both.

    Raises:
        DataError: the panel is too short, or a series is constant in the training part.
    """
    panel.check(lag)
    try:
        kept, aside = hold_out(panel.windows(lag), fraction, run.numpy_generator())
    except ParameterError as error:
        raise DataError(
            f"{panel.source} is too short to hold out {fraction:.0%} of it with a lag of {lag}",
            ways_out(lag, "give more rows"),
        ) from error
    parts: tuple[list[Any], list[Any]] = ([], [])
    for windows, found in zip((kept, aside), parts, strict=True):
        for number in np.unique(windows.realisation):
            steps = windows.step[windows.realisation == number]
            found.append(panel.realisations[number][steps.min() - lag : steps.max() + 1])
    training, held = (replace(panel, realisations=tuple(part)) for part in parts)
    training.check(lag)
    scaled, scaling = training.standardized()
    judged = tuple((values - scaling.mean) / scaling.deviation for values in held.realisations)
    return scaled, replace(held, realisations=judged)
