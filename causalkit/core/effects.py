"""Effects: sign and size of what a cause does to the next step of an effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from causalkit.core.pairs import Pairs, as_type, pairs_of, rows_of
from causalkit.core.panel import Panel, Scaling
from causalkit.core.read_only import make_read_only
from causalkit.errors import PluginError

Array = NDArray[np.float64]
BY_LAG = ("mean", "standard_errors", "same_sign")
BY_SERIES = ("units", "levels")


@dataclass(frozen=True, eq=False)
class Effects:
    """The mean derivative of the next step of every effect with respect to every cause at every lag, with its sign.

    A linear method has its coefficients here. All arrays are read-only.

    Attributes:
        mean: shape (P, P, L), ``mean[cause, effect, lag - 1]``, in standard deviations of the effect for one standard
            deviation of the cause.
        units: standard deviation of each series in the units of the data, shape (P,).
        levels: mean of each series in the units of the data, shape (P,).
        standard_errors: of ``mean``, shape (P, P, L), where the method knows them; or None.
        same_sign: share of the windows in which the derivative has the sign of the mean, from 0 to 1, shape (P, P, L):
            1 for a monotone effect, near 0.5 for one that switches its sign. None: the method is linear, so it is 1.

    Raises:
        PluginError: arrays of different shapes, or with numbers that are not finite.
    """

    mean: Array
    units: Array
    levels: Array
    standard_errors: Array | None = None
    same_sign: Array | None = None

    def __post_init__(self) -> None:
        for name in (*BY_LAG, *BY_SERIES):
            if (values := getattr(self, name)) is not None:
                object.__setattr__(self, name, as_type(values, np.float64))
        if self.mean.ndim != 3 or self.mean.shape[0] != self.mean.shape[1]:
            raise PluginError(f"effects have the shape {self.mean.shape}", "a method returns (cause, effect, lag)")
        for name in (*BY_LAG, *BY_SERIES):
            values, shape = getattr(self, name), self.mean.shape if name in BY_LAG else self.mean.shape[:1]
            if values is None:
                continue
            if values.shape != shape:
                raise PluginError(f"{name} of effects have the shape {values.shape}", f"they need {shape}")
            if not np.isfinite(rows_of(values)).all():
                raise PluginError(f"{name} of effects are not finite", "the method is at fault")
        if not (self.units > 0).all():
            raise PluginError("a standard deviation of a series is not positive", "the method is at fault")
        make_read_only(self, *BY_LAG, *BY_SERIES)

    @classmethod
    def of(
        cls,
        panel: Panel,
        derivatives: Array,
        standard_errors: Array | None = None,
        same_sign: Array | None = None,
    ) -> Self:
        """Return the effects of derivatives (P, P, L), [cause, effect, lag - 1], in the units of a panel.

        Args:
            panel: what the method learned from.
            derivatives, standard_errors: in units of the effect for one unit of the cause.
            same_sign: see `Effects`.
        """
        scaling = panel.standardized()[1]
        pairs = pairs_of(derivatives)
        ratio = _ratio(scaling.deviation, pairs)

        def standardized(values: Array) -> Array:
            scaled: Array = pairs.array(pairs.of(values) / ratio)
            return scaled

        errors = None if standard_errors is None else standardized(standard_errors)
        return cls(standardized(derivatives), scaling.deviation, scaling.mean, errors, same_sign)

    @property
    def pairs(self) -> Pairs:
        """The pairs that have effects, as in `causalkit.Discovery.pairs`."""
        return pairs_of(self.mean)

    @property
    def in_units(self) -> Array:
        """Shape (P, P, L): the mean derivative in units of the effect for one unit of the cause."""
        return self._in_units(self.mean)

    @property
    def standard_errors_in_units(self) -> Array | None:
        """Shape (P, P, L): standard errors of `in_units`, or None."""
        return None if self.standard_errors is None else self._in_units(self.standard_errors)

    def _in_units(self, values: Array) -> Array:
        pairs = self.pairs
        found: Array = pairs.array(pairs.of(values) * _ratio(self.units, pairs))
        return found

    @property
    def agreement(self) -> Array:
        """Shape (P, P, L): ``same_sign``, and 1 for a linear method."""
        if self.same_sign is not None:
            return self.same_sign
        found: Array = self.pairs.array(np.ones((len(self.pairs), self.mean.shape[2])), fill=1.0)
        return found

    def at(self, pairs: Pairs) -> Self:
        """Return the effects of some pairs only, as `causalkit.core.pairs.SparseArray`."""
        known = {name: values for name in BY_LAG if (values := getattr(self, name)) is not None}
        return replace(
            self, **{name: pairs.array(pairs.of(values), float(name == "same_sign")) for name, values in known.items()}
        )

    def before_scaling(self, scaling: Scaling) -> Self:
        """Return the effects in units of a panel that was standardized before the method saw it."""
        units = self.units * scaling.deviation
        return replace(self, units=units, levels=scaling.mean + scaling.deviation * self.levels)

    def within(self, allowed: NDArray[np.bool_]) -> Self:
        """Return the effects with 0 for pairs that are forbidden.

        Args:
            allowed: shape (P, P), or (N,) for the N pairs that have effects.
        """
        pairs = self.pairs
        permitted = (allowed if allowed.ndim == 1 else pairs.of(allowed))[:, None]

        def kept(values: Array | None, other: float) -> Any:
            return None if values is None else pairs.array(np.where(permitted, pairs.of(values), other), other)

        return replace(
            self,
            mean=kept(self.mean, 0.0),
            standard_errors=kept(self.standard_errors, 0.0),
            same_sign=kept(self.same_sign, 1.0),
        )

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Return the effects of a mapping of lists or arrays, as in a result file."""
        known = {name: record.get(name) for name in (*BY_LAG, *BY_SERIES)}
        return cls(**{name: as_type(values, np.float64) for name, values in known.items() if values is not None})


def _ratio(units: Array, pairs: Pairs) -> Array:
    """Return the unit of each effect over that of each cause, (N, 1)."""
    with np.errstate(over="ignore"):
        ratio = units[pairs.effect] / units[pairs.cause]
    found: Array = np.minimum(ratio, np.finfo(np.float64).max)[:, None]  # of 1e300 and 1e-300: the largest number
    return found
