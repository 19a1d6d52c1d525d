"""What an examination of a panel found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from causalkit.core.plain import plain
from causalkit.core.sampling import Sampling
from causalkit.core.shell import in_python
from causalkit.display import health as display


@dataclass(frozen=True)
class Finding:
    """Something in the data that can make a graph wrong, or that a reader of the graph should know.

    Attributes:
        kind: one word for the kind, such as "season", "unit-root", "level-shift", "duplicate".
        message: what was found, in one or two sentences, with numbers.
        series: names of the series that it concerns; empty: all.
        severity: "warning": it can make a graph wrong; "fact": it is good to know.
        options: what to do about it, each an option that can be pasted, such as ``--detrend seasonal:12``.
        values: the numbers behind the message, such as ``{"period": 12}``.
    """

    kind: str
    message: str
    series: tuple[str, ...] = ()
    severity: Literal["fact", "warning"] = "warning"
    options: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)

    def sentence(self, *, python: bool = False) -> str:
        """Return the message with what to do about it.

        Args:
            python: name arguments of `causalkit.discover` instead of options of the command.
        """
        options = [in_python(option) for option in self.options] if python else self.options
        return f"{self.message}; {' or '.join(options)}" if options else self.message

    def describe(self) -> dict[str, Any]:
        """Return the attributes as plain values."""
        return {**asdict(self), "series": list(self.series), "options": list(self.options), "values": {**self.values}}


@dataclass(frozen=True)
class SeriesHealth:
    """One series of all realisations together.

    Attributes:
        name: of the series.
        missing: number of missing cells.
        mean, deviation, smallest, largest: in the units of the data, over the cells that are there.
        kind: "continuous", "integer", "binary" or "constant" (up to rounding).
        outliers: number of cells far outside of the rest.
        trend: share of the variance within realisations that straight lines explain, 0 to 1.
        adf: p-value of the augmented Dickey-Fuller test, whose null hypothesis is a unit root; None: not examined.
        kpss: p-value of the KPSS test, whose null hypothesis is stationarity; None: not examined.
        period: of its season, in time steps; None: no season was found.
        codes: values that look like codes of missing cells, such as -999.
        persistence: sum of the coefficients of its autoregression, 1: a unit root; None: not examined.
        shifts: realisation and row, both from 1, at which its level changes.
    """

    name: str
    missing: int
    mean: float
    deviation: float
    smallest: float
    largest: float
    kind: Literal["continuous", "integer", "binary", "constant"]
    outliers: int = 0
    trend: float = 0.0
    adf: float | None = None
    kpss: float | None = None
    period: int | None = None
    codes: tuple[float, ...] = ()
    persistence: float | None = None
    shifts: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, repr=False)
class Health:
    """The health of a panel; printed it is a page of text, in a notebook a table.

    Attributes:
        source: file or description.
        sampling: what was taken as time and as realisations; None: nothing is known.
        lengths: number of time steps of every realisation.
        series: one record for every series, in the order of the panel.
        windows: how many windows are left for each lag: the number of all, and of the effect with the fewest.
        findings: in the order of their weight.
        notes: what a reader recognised, dropped or assumed.
    """

    source: str
    sampling: Sampling | None
    lengths: tuple[int, ...]
    series: tuple[SeriesHealth, ...]
    windows: Mapping[int, tuple[int, int]]
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return display.html(self.describe())

    def summary(self, top: int = display.TOP) -> str:
        """Return a page of text that fits 80 columns, with ``top`` series in its table; those with findings first."""
        return display.summary(self.describe(), top=top)

    def describe(self) -> dict[str, Any]:
        """Return the attributes as plain values, as ``causalkit inspect --json`` prints them; NaN is None."""
        found = {
            "source": self.source,
            "sampling": None if self.sampling is None else self.sampling.describe(),
            "steps": list(self.lengths),
            "series": [asdict(series) for series in self.series],
            "windows": [{"lag": lag, "most": most, "fewest": fewest} for lag, (most, fewest) in self.windows.items()],
            "findings": [finding.describe() for finding in self.findings],
            "notes": list(self.notes),
        }
        return {key: plain(value) for key, value in found.items()}
