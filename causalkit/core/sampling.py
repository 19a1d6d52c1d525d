"""Sampling: how the rows of a table became time steps and realisations."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


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

    def describe(self) -> dict[str, Any]:
        """Return the attributes as plain values."""
        return {**asdict(self), "time": list(self.time), "left_out": list(self.left_out)}
