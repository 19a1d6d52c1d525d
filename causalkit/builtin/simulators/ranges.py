"""Ranges of simulator parameters, for their annotations; an error names the parameter and says what it may be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from causalkit.errors import ParameterError


@dataclass(frozen=True)
class Whole:
    """A whole number of at least ``least``."""

    least: int

    def check(self, name: str, value: int) -> None:
        """Raise a ParameterError, which names the parameter, for any other value."""
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise ParameterError(f"{name}={value!r} is not a whole number", f"give {self.least} or more")
        if value < self.least:
            raise ParameterError(f"{name}={value} is too small", f"give {self.least} or more")


@dataclass(frozen=True)
class Number:
    """A finite number from ``least``, or above it, to ``most``."""

    least: float = -math.inf
    most: float = math.inf
    above: bool = False

    def check(self, name: str, value: float) -> None:
        """Raise a ParameterError, which names the parameter, for any other value."""
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise ParameterError(f"{name}={value!r} is not a finite number", self._hint)
        if value < self.least or value > self.most or (self.above and value == self.least):
            raise ParameterError(f"{name}={value:g} is out of range", self._hint)

    @property
    def _hint(self) -> str:
        low = "" if self.least == -math.inf else f"{'greater than' if self.above else 'at least'} {self.least:g}"
        high = "" if self.most == math.inf else f"at most {self.most:g}"
        bounds = " and ".join(part for part in (low, high) if part)
        return "give a number" + (f" that is {bounds}" if bounds else "")


Count = Annotated[int, Whole(1)]
FromZero = Annotated[int, Whole(0)]
Several = Annotated[int, Whole(2)]
Positive = Annotated[float, Number(0.0, above=True)]
Deviation = Annotated[float, Number(0.0)]
Share = Annotated[float, Number(0.0, 1.0)]
