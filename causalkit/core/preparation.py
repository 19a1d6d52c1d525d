"""Detrending, deseasonalising and differencing, which causalkit applies on request only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from causalkit.errors import DataError, ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from causalkit.core.panel import Panel

    Array = NDArray[np.float64]

STRONG = 0.5
"""Share of a series' variance within realisations, explained by straight lines, above which its trend is strong."""
FEWEST = 10
"""Time steps of a realisation below which its trend is not examined."""
NOTHING_LEFT = 1e-9
"""Share of a series' standard deviation below which the rest is rounding error."""


@dataclass(frozen=True)
class Preparation:
    """What is removed from every series of every realisation, each by itself.

    Attributes:
        detrend: "constant" (its mean), "linear" (a straight line), "seasonal:PERIOD" (the mean of every position in the
            period), or "linear+seasonal:PERIOD"; None: nothing. By least squares over the cells that are not missing.
        difference: how often every value is replaced by its difference from the one before, after detrending.

    Raises:
        ParameterError: another value.
    """

    detrend: str | None = None
    difference: int = 0

    def __post_init__(self) -> None:
        if self.difference < 0:
            raise ParameterError(f"difference={self.difference} is not allowed", "give a number of times, 1 for once")
        if self.detrend is not None:
            _terms(self.detrend)

    def __bool__(self) -> bool:
        return bool(self.detrend or self.difference)

    @classmethod
    def of(cls, given: Any) -> Preparation | None:
        """Return a preparation, or None where there is none.

        Args:
            given: a `Preparation`, None, the text of ``detrend``, or a mapping with ``detrend`` and ``difference``.

        Raises:
            ParameterError: something else.
        """
        if given is None or isinstance(given, cls):
            return given or None
        if isinstance(given, str):
            given = {"detrend": given}
        if not isinstance(given, Mapping) or set(given) - {"detrend", "difference"}:
            raise ParameterError(f"{given!r} is not a preparation", "give detrend, difference or both")
        often = given.get("difference") or 0
        if not re.fullmatch(r"\d+", str(int(often) if isinstance(often, bool) else often).strip()):
            raise ParameterError(f"difference={often} is not allowed", "give a number of times, 1 for once")
        found = cls(detrend=given.get("detrend") or None, difference=int(often))
        return found or None

    def apply(self, panel: Panel) -> Panel:
        """Return the prepared panel, with a note on the preparation.

        Interventions keep their steps. Missing cells stay missing; a difference with one of them is missing too.

        Raises:
            DataError: a realisation is too short, or a series is constant afterwards.
        """
        import numpy as np

        realisations = panel.realisations
        if self.detrend is not None:
            realisations = tuple(
                self._detrended(values, f"{panel.source}, realisation {number}")
                for number, values in enumerate(realisations, start=1)
            )
        intervened = panel.intervened
        if self.difference:
            if max(panel.lengths) <= self.difference + 1:
                raise DataError(
                    f"{panel.source}: the longest realisation has {max(panel.lengths)} rows, too few for "
                    f"difference={self.difference}",
                    "use fewer differences, or none",
                )
            realisations = tuple(np.diff(values, n=self.difference, axis=0) for values in realisations)
            if intervened is not None:
                intervened = tuple(mask[self.difference :] for mask in intervened)
        self._check(panel, realisations)
        return replace(panel, realisations=realisations, intervened=intervened, notes=(*panel.notes, self.sentence()))

    def describe(self) -> dict[str, Any]:
        """Return what a result records as ``data.preparation``; `of` accepts it."""
        found: dict[str, Any] = {"detrend": self.detrend} if self.detrend else {}
        return found | ({"difference": self.difference} if self.difference else {})

    def sentence(self) -> str:
        """Return what was done as a sentence."""
        steps = []
        if self.detrend is not None:
            line, period = _terms(self.detrend)
            parts = (["a straight line"] if line else []) + ([f"the season of {period} steps"] if period else [])
            steps.append(f"{' and '.join(parts) or 'the mean'} was removed")
        if self.difference:
            times = {1: "", 2: " twice"}.get(self.difference, f" {self.difference} times")
            steps.append(f"values were replaced by their differences from the step before{times}")
        return f"as asked, {' and '.join(steps)}, in every series and realisation by itself"

    def _detrended(self, values: Array, where: str) -> Array:
        """Return the residuals of least squares for every column (T, P)."""
        import numpy as np
        from statsmodels.tsa.deterministic import DeterministicProcess

        line, period = _terms(self.detrend or "")
        steps = len(values)
        needed = max(2 * period, 3 if line else 2)
        if steps < needed:
            raise DataError(
                f"{where}: {steps} rows are too few for detrend={self.detrend}, which needs {needed}",
                "choose constant, or leave the realisation out",
            )
        # Without a constant the seasonal means are free, one a position.
        process = DeterministicProcess(
            np.arange(steps), constant=not period, order=int(line), seasonal=bool(period), period=period or None
        )
        terms = process.in_sample().to_numpy(dtype=np.float64)
        left = np.full_like(values, np.nan)
        for column, series in enumerate(values.T):
            there = ~np.isnan(series)
            if there.any():
                fitted = np.linalg.lstsq(terms[there], series[there], rcond=None)[0]
                left[there, column] = series[there] - terms[there] @ fitted
        return left

    def _check(self, panel: Panel, prepared: tuple[Array, ...]) -> None:
        """Refuse a series of which only rounding error is left."""
        import numpy as np

        before = np.nanstd(np.concatenate(panel.realisations), axis=0)
        size = np.nanmax(np.abs(np.concatenate(panel.realisations)), axis=0)
        after = np.nanstd(np.concatenate(prepared), axis=0)
        nothing = (before > 0) & (after <= NOTHING_LEFT * np.maximum(before, 1e-3 * size))
        names = [name for name, gone in zip(panel.names, nothing, strict=True) if gone]
        if names:
            few = len(names) == 1
            raise DataError(
                f"{panel.source}: the series {', '.join(map(repr, names))} "
                f"{'is' if few else 'are'} constant after this preparation",
                f"leave {'it' if few else 'them'} out with {panel.hint('drop', *names)}",
            )


def trend_note(panel: Panel) -> str | None:
    """Return a sentence that names the series with a strong trend, or None.

    A trend is strong where straight lines, one in every realisation, explain at least half of a series' variance
    within realisations. A common trend makes unrelated series look related.
    """
    import numpy as np
    import pandas as pd

    total, left = np.zeros(panel.series), np.zeros(panel.series)
    for values in panel.realisations:
        if len(values) >= FEWEST:
            frame = pd.DataFrame(values)
            own = (frame.var(ddof=0) * frame.count()).fillna(0.0).to_numpy()
            with np.errstate(invalid="ignore", divide="ignore"):
                correlation = frame.corrwith(pd.Series(np.arange(float(len(frame))))).fillna(0.0).to_numpy()
            total += own
            left += own * (1 - correlation**2)
    shares = np.where(total > 0, 1 - left / np.where(total > 0, total, 1.0), 0.0)
    strong = [name for name, share in zip(panel.names, shares, strict=True) if share >= STRONG]
    if not strong:
        return None
    listed = ", ".join(strong[:5]) + (f" and {len(strong) - 5} more" if len(strong) > 5 else "")
    return (
        f"strong trend in {listed}: straight lines explain at least half of the variance within realisations. A common "
        "trend can look like an edge. causalkit does not detrend automatically: see --detrend and --difference"
    )


def _terms(detrend: str) -> tuple[bool, int]:
    """Return whether ``"linear+seasonal:12"`` removes a line, and the period of the season that it removes.

    Raises:
        ParameterError: the text has another form.
    """
    line, period = False, 0
    parts = [part.strip() for part in str(detrend).split("+")]
    for part in parts:
        season = re.fullmatch(r"seasonal:(\d+)", part)
        if season and int(season[1]) >= 2 and not period:
            period = int(season[1])
        elif part == "linear" and not line:
            line = True
        elif part != "constant" or len(parts) > 1:
            raise ParameterError(
                f"detrend={detrend} is not allowed", "write constant, linear, seasonal:12 or linear+seasonal:12"
            )
    return line, period
