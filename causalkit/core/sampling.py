"""Sampling: how the rows of a table became time steps and realisations."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Sampling:
    """What a reader took as time and as realisations. Texts are as a person reads them, such as ``2020-01-31``.

    Attributes:
        time: names of the columns that are time; empty: rows are steps.
        first, last: earliest and latest time.
        step: length of the usual step, such as ``1 day``, ``1 month`` or ``0.004``.
        seconds: the same in seconds, where times are dates; None: unknown.
        calendar: "business-days" where Friday and Monday are one step apart, else "".
        gaps: number of places where rows are missing.
        realisations: names of the columns that identify realisations, "restarts" of time, or "" where there is one.
        left_out: columns that are neither time nor realisation nor series.
        times: the time of every row of every realisation, (T,) each, as numbers or as datetime64, NaN or NaT for a row
            that marks a gap; for pictures; empty: unknown.
    """

    time: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    step: str = ""
    seconds: float | None = None
    calendar: str = ""
    gaps: int = 0
    realisations: str = ""
    left_out: tuple[str, ...] = ()
    times: tuple[NDArray[np.float64] | NDArray[np.datetime64], ...] = field(default=(), compare=False, repr=False)

    def describe(self) -> dict[str, Any]:
        """Return the attributes as plain values, without the time of every row."""
        found = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "times"}
        return {**found, "time": list(self.time), "left_out": list(self.left_out)}
