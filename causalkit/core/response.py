"""Response: how the forecast of an effect changes with its cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from causalkit.core.read_only import make_read_only
from causalkit.errors import PluginError

Array = NDArray[np.float64]
_BAND = ("low", "high")
_ARRAYS = ("grid", "curve", *_BAND)


@dataclass(frozen=True, eq=False)
class Response:
    """The response curve of an edge, in the units of the data: its partial dependence, whose mean over windows is 0.

    Attributes:
        cause, effect: names of the series.
        lag: at which the cause is changed.
        grid: values of the cause, ascending, shape (G,).
        curve: by how much the forecast of the effect differs from its mean at each of them, shape (G,).
        low, high: two standard errors below and above the curve, shape (G,); None where they are not known.
        units: standard deviation of the cause and of the effect.

    Raises:
        PluginError: arrays of different shapes, or with numbers that are not finite.
    """

    cause: str
    effect: str
    lag: int
    grid: Array
    curve: Array
    low: Array | None = None
    high: Array | None = None
    units: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            values = getattr(self, name)
            if values is None:
                continue
            values = np.ascontiguousarray(values, dtype=np.float64)
            object.__setattr__(self, name, values)
            if values.ndim != 1 or values.shape != self.grid.shape or not np.isfinite(values).all():
                raise PluginError(
                    f"{name} of the response {self.cause} -> {self.effect} is no list of {len(self.grid)} numbers",
                    "the method is at fault",
                )
        make_read_only(self, *_ARRAYS)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Return the response of a mapping, as in a result file."""
        first, second = record["units"]
        low, high = (None if record.get(name) is None else np.asarray(record[name], np.float64) for name in _BAND)
        return cls(
            str(record["cause"]),
            str(record["effect"]),
            int(record["lag"]),
            np.asarray(record["grid"], np.float64),
            np.asarray(record["curve"], np.float64),
            low,
            high,
            (float(first), float(second)),
        )
