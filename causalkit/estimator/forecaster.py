"""One-step forecasts of a discovery, on recordings that it has not seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.core.panel import Panel, Scaling
from causalkit.core.preparation import Preparation, without_values
from causalkit.errors import DataError

if TYPE_CHECKING:
    from causalkit.core.fitted import Fitted
    from causalkit.core.run import Run

Array = NDArray[np.float64]
AT_ONCE = 4096
"""Windows that a network forecasts at a time."""


class NextStep(Protocol):
    """What forecasts the next step, in the units that a method learned in."""

    def __call__(self, windows: Array) -> Array:
        """Return the forecasts (N, P) of windows (N, K, P) without missing cells."""
        ...


@dataclass(frozen=True, eq=False)
class Network:
    """The network that a neural method trained; it can be pickled, as joblib does.

    Attributes:
        model: (B, K, P) -> (B, P).
        run: of the training.
        places: where each series of the network is in the windows, shape (P,). The network has an order of its own.
    """

    model: Any
    run: Run
    places: NDArray[np.intp]

    def __call__(self, windows: Array) -> Array:
        """Return the forecasts."""
        import torch

        windows = windows[:, :, self.places]
        device, dtype = self.run.torch_device(), self.run.torch_dtype()
        with self.run.isolated(), torch.no_grad():
            parts = [
                self.model(torch.as_tensor(np.array(part), dtype=dtype, device=device)).double().cpu().numpy()
                for part in np.array_split(windows, max(1, -(-len(windows) // AT_ONCE)))
            ]
        forecasts: Array = np.concatenate(parts)[:, np.argsort(self.places)]
        return forecasts


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """A linear forecast of every series from its own past and from the causes that a discovery found.

    Attributes:
        constant: shape (P,).
        coefficients: ``[cause, effect, lag - 1]``, 0 where there is no edge.
    """

    constant: Array
    coefficients: Array

    def __call__(self, windows: Array) -> Array:
        """Return the forecasts."""
        forecasts: Array = self.constant + np.einsum("nkc,cek->ne", windows[:, ::-1], self.coefficients)
        return forecasts

    @classmethod
    def of(cls, discovery: Discovery, learned: Panel) -> LeastSquares:
        """Fit it to the panel that a discovery was learned from.

        Causes of an effect are the selected ones where a rule has selected, else those with a score above 0.
        """
        lag, series = discovery.lags, len(discovery.names)
        windows = learned.windows(lag, by_effect=True, knowledge=discovery.knowledge)
        pairs = discovery.pairs
        rows = pairs.of(discovery.scores) > 0 if discovery.selected is None else pairs.of(discovery.selected)
        past = windows.x[:, ::-1]  # lag 1 first
        constant, coefficients = np.zeros(series), np.zeros((series, series, lag))
        known, every = discovery.knowledge, np.arange(series)
        own_past = np.ones(series, dtype=bool) if known is None else known.allowed_pairs(discovery.names, every, every)
        for effect in range(series):
            into = pairs.effect == effect
            used = np.zeros((lag, series), dtype=bool)
            used[:, pairs.cause[into]] = rows[into].T
            used[:, effect] = own_past[effect]
            seen = slice(None) if windows.observed is None else windows.observed[:, effect]
            y = windows.y[seen, effect]
            design = np.column_stack([np.ones(len(y)), past[seen][:, used]])
            found = np.linalg.lstsq(design, y, rcond=None)[0]
            constant[effect] = found[0]
            coefficients[:, effect].T[used] = found[1:]
        return cls(constant, coefficients)


@dataclass(frozen=True, eq=False)
class OneStepForecaster:
    """Forecasts every step of a panel from the K steps before it.

    Attributes:
        names: of the P series.
        lag: K.
        next_step: forecasts windows in the units that the method learned in.
        scaling: from the units of the prepared data to these; None: they are the same.
        deviation: of every series (P,) in the data that the method learned from, the unit of errors.
        preparation: of every panel; None: nothing is removed.
    """

    names: tuple[str, ...]
    lag: int
    next_step: NextStep
    scaling: Scaling | None
    deviation: Array
    preparation: Preparation | None

    @classmethod
    def of(cls, discovery: Discovery, panel: Panel) -> OneStepForecaster:
        """Return the forecaster of a discovery that is in memory: the network of a neural method, else `LeastSquares`.

        Args:
            discovery: the result.
            panel: what it was found in, before any preparation.
        """
        again, fitted = discovery.refit, discovery.fitted
        assert again is not None
        standardized, scaling = again.panel.standardized()
        preparation = Preparation.of(discovery.data.get("preparation"))
        learned = standardized if again.standardize else again.panel
        acting = LeastSquares.of(discovery, learned) if fitted is None else _network(fitted, discovery.names)
        return cls(
            discovery.names,
            discovery.lags if fitted is None else fitted.lag,
            acting,
            scaling if again.standardize else None,
            panel.standardized()[1].deviation,
            preparation,
        )

    def forecasts(self, panel: Panel) -> tuple[Array, ...]:
        """Return the forecasts (T, P) of every realisation, in the units of the data.

        NaN where the K steps before are not complete, as at the first K steps.

        Raises:
            DataError: the panel cannot be prepared as the first one was.
        """
        if self.preparation is None:
            return tuple(self._of_prepared(panel))
        found = self._of_prepared(self._prepared(panel))
        original = without_values(panel, self.preparation.missing)
        kept = self._prepared(panel, clipped=False)
        # What a preparation removes from a step, a trend or the value before, is known without the value of that step.
        return tuple(
            _at_the_end(forecast + values[len(values) - len(rest) :] - rest, len(values))
            for forecast, values, rest in zip(found, original.realisations, kept.realisations, strict=True)
        )

    def errors(self, panel: Panel) -> Array:
        """Return the squared errors (N, P) of all steps, in units of the variance of each series in training.

        They are errors in the units of the data, so that those of different preparations can be compared. NaN where a
        forecast or a measurement is missing, or a cell was set from outside.

        Raises:
            DataError: as `forecasts`.
        """
        parts = [(values - found) / self.deviation for values, found in zip(panel, self.forecasts(panel), strict=True)]
        if panel.intervened is not None:
            parts = [np.where(mask, np.nan, part) for part, mask in zip(parts, panel.intervened, strict=True)]
        errors: Array = np.concatenate(parts) ** 2
        return errors

    def _prepared(self, panel: Panel, *, clipped: bool = True) -> Panel:
        """Return the panel as the method learns from it; without clipping, forecasts of it can be turned back."""
        if self.preparation is None:
            return panel
        preparation = self.preparation if clipped else _without_clipping(self.preparation)
        return preparation.apply(panel) if preparation else panel

    def _of_prepared(self, panel: Panel) -> Iterator[Array]:
        """Yield the forecasts of a prepared panel, in its units."""
        for values in panel.recordings.inputs():
            found = np.full(values.shape, np.nan)
            count = len(values) - self.lag
            if count > 0:
                scaled = values if self.scaling is None else (values - self.scaling.mean) / self.scaling.deviation
                windows = np.lib.stride_tricks.sliding_window_view(scaled[:-1], self.lag, axis=0).transpose(0, 2, 1)
                complete = ~np.isnan(windows).any(axis=(1, 2))
                if complete.any():
                    forecast = self.next_step(windows[complete])
                    if self.scaling is not None:
                        forecast = self.scaling.mean + self.scaling.deviation * forecast
                    found[self.lag :][complete] = forecast
            yield found

    def check(self, panel: Panel) -> None:
        """Refuse a panel of other series.

        Raises:
            DataError: naming the difference.
        """
        if panel.names == self.names:
            return
        if panel.series != len(self.names):
            raise DataError(
                f"{panel.source} has {panel.series} series, and the graph was found in {len(self.names)}",
                f"give {', '.join(self.names[:6])}{' ...' if len(self.names) > 6 else ''}",
            )
        place = next(at for at, name in enumerate(self.names) if panel.names[at] != name)
        raise DataError(
            f"{panel.source}: series {place + 1} is {panel.names[place]!r}, and the graph was found with "
            f"{self.names[place]!r} there",
            "give the same series in the same order",
        )


def _network(fitted: Fitted, names: tuple[str, ...]) -> Network:
    return Network(fitted.model, fitted.run, np.array([names.index(name) for name in fitted.panel.names]))


def _at_the_end(values: Array, steps: int) -> Array:
    """Return values with NaN before them, so that there are so many steps."""
    whole: Array = np.concatenate([np.full((steps - len(values), values.shape[1]), np.nan), values])
    return whole


def _without_clipping(preparation: Preparation) -> Preparation:
    series = {name: replace(own, clip=None) for name, own in preparation.series.items()}
    return replace(preparation, clip=None, series=series)
