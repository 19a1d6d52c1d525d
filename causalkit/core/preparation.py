"""Detrending, deseasonalising and differencing, which causalkit applies on request only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from causalkit.core.names import a_few
from causalkit.errors import DataError, ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from causalkit.core.panel import Panel

    Array = NDArray[np.float64]

NOTHING_LEFT = 1e-9
"""Share of a series' standard deviation below which the rest is rounding error."""


@dataclass(frozen=True)
class Preparation:
    """What is removed from the series of every realisation, each by itself.

    Attributes:
        detrend: terms that are fitted together by least squares to the cells that are not missing, and removed; joined
            by +. "constant" (the mean), "linear" (a straight line), "seasonal:PERIOD" (the mean of every position in
            the period), "fourier:PERIOD:N" (N waves of the season), "shift:ROW" (another level from this row on;
            "shift:ROW@N": in realisation N only). None: nothing.
        difference: how often every value is replaced by its difference from the one before, after detrending.
        levels: "center" removes the mean of every series in every realisation, "keep" does not, names of series
            remove theirs; None: causalkit decides, see `causalkit.health`. A series that is detrended or differenced
            has no level left.
        missing: values of a series that stand for missing cells, by its name.
        series: what is removed from single series, in the place of ``detrend`` and ``difference``.
        clip: values further from the median than so many robust standard deviations are moved to that border, last.
        auto: causalkit examines the panel and adds what its findings propose.

    Raises:
        ParameterError: another value.
    """

    detrend: str | None = None
    difference: int = 0
    levels: Literal["center", "keep"] | tuple[str, ...] | None = None
    missing: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    series: Mapping[str, Preparation] = field(default_factory=dict)
    clip: float | None = None
    auto: bool = False

    def __post_init__(self) -> None:
        if self.clip is not None and not self.clip > 0:
            raise ParameterError(f"clip={self.clip} is not allowed", "give a number of standard deviations, such as 3")
        if self.difference < 0:
            raise ParameterError(f"difference={self.difference} is not allowed", "give a number of times, 1 for once")
        if not isinstance(self.levels, tuple) and self.levels not in (None, "center", "keep"):
            raise ParameterError(f"levels={self.levels} is not allowed", "choose center or keep, or name series")
        if self.detrend is not None:
            Terms.of(self.detrend)

    def __bool__(self) -> bool:
        return self != Preparation()

    @classmethod
    def of(cls, given: Any) -> Preparation | None:
        """Return a preparation, or None where there is none.

        Args:
            given: a `Preparation`, None, the text of ``detrend``, "auto", or a mapping of the attributes, as `describe`
                returns it.

        Raises:
            ParameterError: something else.
        """
        if given is None or isinstance(given, cls):
            return given or None
        if isinstance(given, str):
            given = {"auto": True} if given.strip() == "auto" else {"detrend": given}
        if not isinstance(given, Mapping) or set(given) - set(cls.__dataclass_fields__):
            raise ParameterError(f"{given!r} is not a preparation", "give detrend, difference, levels, clip or auto")
        often = given.get("difference") or 0
        if not re.fullmatch(r"\d{1,9}", str(int(often) if isinstance(often, bool) else often).strip()):
            raise ParameterError(f"difference={often} is not allowed", "give a number of times, 1 for once")
        for key in ("series", "missing"):
            if not isinstance(given.get(key) or {}, Mapping):
                raise ParameterError(f"{key}={given[key]!r} is not allowed", "give a table with the names of series")
        levels = given.get("levels") or None
        found = cls(
            detrend=given.get("detrend") or None,
            difference=int(often),
            levels=tuple(map(str, levels)) if isinstance(levels, list | tuple) else levels,
            missing={name: _numbers(name, codes) for name, codes in (given.get("missing") or {}).items()},
            series={name: cls.of(own) or cls() for name, own in (given.get("series") or {}).items()},
            clip=_number("clip", given.get("clip")),
            auto=bool(given.get("auto")),
        )
        return found or None

    def of_series(self, name: str) -> Preparation:
        """Return what is removed from one series."""
        return self.series.get(name, self)

    def apply(self, panel: Panel, why: str = "as asked") -> Panel:
        """Return the prepared panel, with a note on the preparation that begins with a reason.

        Interventions keep their steps. Missing cells stay missing; a difference with one of them is missing too. If one
        series is differenced, all lose as many steps at the start of a realisation, so that rows stay together.

        Raises:
            DataError: a realisation is too short, a series is constant afterwards, or there is no such series.
        """
        import numpy as np

        from causalkit.core.lower_frequency import every

        levels = self.levels if isinstance(self.levels, tuple) else ()
        unknown = [name for name in (*self.series, *self.missing, *levels) if name not in panel.names]
        if unknown:
            raise DataError(f"{panel.source} has no series {unknown[0]!r}", "series: " + ", ".join(panel.names))
        panel = without_values(panel, self.missing)
        realisations = panel.realisations
        own = [self.of_series(name) for name in panel.names]
        estimated = np.zeros(panel.series, dtype=int)
        if any(one.detrend is not None for one in own):
            for text in {one.detrend for one in own if one.detrend is not None}:
                Terms.of(text).check_rows(panel.lengths, panel.source)
            found = [
                self._detrended(values, number, f"{panel.source}, realisation {number}", own)
                for number, values in enumerate(realisations, start=1)
            ]
            realisations = tuple(values for values, _ in found)
            estimated = sum((ranks for _, ranks in found), start=estimated)
        left = np.array([self._centres(name) for name in panel.names])
        if left.any():
            estimated = estimated + left * len(realisations)
            realisations = tuple(np.where(left, values - _means(values), values) for values in realisations)
        intervened = panel.intervened
        most = max(one.difference for one in own)
        if most:
            if max(panel.lengths) <= most + 1:
                raise DataError(
                    f"{panel.source}: the longest realisation has {max(panel.lengths)} rows, too few for "
                    f"difference={most}",
                    "use fewer differences, or none",
                )
            steps = every(panel.lower_frequency, panel.names)
            often = [one.difference for one in own]
            realisations = tuple(_differenced(values, often, most, steps) for values in realisations)
            if intervened is not None:
                intervened = tuple(mask[most:] for mask in intervened)
        self._check(panel, realisations)
        if any(one.clip is not None for one in own):
            realisations = _clipped(realisations, [one.clip for one in own])
        notes = (*panel.notes, *self.sentences(panel, why))
        # One of them is the mean of all, which a regression estimates itself.
        removed = panel.removed + max(0, int(estimated.max()) - 1)
        return replace(panel, realisations=realisations, intervened=intervened, notes=notes, removed=removed)

    def describe(self) -> dict[str, Any]:
        """Return what a result records as ``data.preparation``; `of` accepts it."""
        found: dict[str, Any] = {"detrend": self.detrend} if self.detrend else {}
        found |= {"difference": self.difference} if self.difference else {}
        found |= {"levels": list(self.levels) if isinstance(self.levels, tuple) else self.levels} if self.levels else {}
        found |= {"clip": self.clip} if self.clip else {}
        found |= {"missing": {name: list(codes) for name, codes in self.missing.items()}} if self.missing else {}
        found |= {"series": {name: own.describe() for name, own in self.series.items()}} if self.series else {}
        return found | ({"auto": True} if self.auto else {})

    def sentences(self, panel: Panel, why: str = "as asked") -> list[str]:
        """Return what was done as sentences, one on values and one on levels."""
        done = []
        if self.missing:
            codes = sorted({code for some in self.missing.values() for code in some})
            written = ", ".join(f"{code:.10g}" for code in codes)
            done.append(f"{written} in {a_few(list(self.missing))} became missing cells")
        ways: dict[tuple[str | None, int, float | None], list[str]] = {}
        for name in panel.names:
            own = self.of_series(name)
            ways.setdefault((own.detrend, own.difference, own.clip), []).append(name)
        for (detrend, difference, clip), names in ways.items():
            where = "every series" if len(ways) == 1 else a_few(names)
            steps = Preparation(detrend, difference, clip=clip)._steps()
            if steps:
                done.append(f"{' and '.join(steps)}, in {where} and realisation by itself")
        found = [f"{why}, {'; '.join(done)}"] if done else []
        plain = [name for name in panel.names if self._centres(name)]
        if plain and len(panel.lengths) > 1:
            found.append(
                f"the mean of {'every series' if len(plain) == panel.series else a_few(plain)} in every realisation "
                f"was removed; keep the levels with {panel.hint('levels', 'keep')}"
            )
        return found

    def _centres(self, name: str) -> bool:
        """Return whether the mean of a series in every realisation is removed by itself."""
        own = self.of_series(name)
        wanted = name in self.levels if isinstance(self.levels, tuple) else self.levels == "center"
        return wanted and own.detrend is None and not own.difference

    def _steps(self) -> list[str]:
        steps = []
        if self.detrend is not None:
            steps.append(f"{Terms.of(self.detrend).sentence()} removed")
        if self.difference:
            times = {1: "", 2: " twice"}.get(self.difference, f" {self.difference} times")
            steps.append(f"values were replaced by their differences from the step before{times}")
        if self.clip:
            steps.append(f"values beyond {self.clip:g} robust standard deviations from the median were moved there")
        return steps

    def _detrended(
        self, values: Array, number: int, where: str, own: list[Preparation]
    ) -> tuple[Array, NDArray[np.int_]]:
        """Return the residuals (T, P) of least squares in columns that have terms, and the ranks of the fits (P,)."""
        import numpy as np

        left, ranks = values.copy(), np.zeros(len(own), dtype=int)
        designs: dict[str, Array] = {}
        for column, one in enumerate(own):
            if one.detrend is None:
                continue
            if one.detrend not in designs:
                designs[one.detrend] = Terms.of(one.detrend).design(len(values), number, where, one.detrend)
            terms, series = designs[one.detrend], values[:, column]
            there = ~np.isnan(series)
            if there.any():
                fitted, _, ranks[column], _ = np.linalg.lstsq(terms[there], series[there], rcond=None)
                left[there, column] = series[there] - terms[there] @ fitted
        return left, ranks

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


@dataclass(frozen=True)
class Terms:
    """The terms of a text such as ``"linear+seasonal:12"``.

    Attributes:
        line: a straight line.
        seasons: periods in steps, each with a number of waves; 0: the mean of every position.
        shifts: rows from which another level begins, from 1, each with the number of its realisation; 0: all.
    """

    line: bool = False
    seasons: tuple[tuple[int, int], ...] = ()
    shifts: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, detrend: str) -> Terms:
        """Read the text.

        Raises:
            ParameterError: it has another form.
        """
        line = False
        seasons: list[tuple[int, int]] = []
        shifts: list[tuple[int, int]] = []
        parts = [part.strip() for part in str(detrend).split("+")]
        for part in parts:
            season = re.fullmatch(r"seasonal:(\d{1,18})|fourier:(\d{1,18}):(\d{1,18})", part)
            shift = re.fullmatch(r"shift:(\d{1,18})(?:@(\d{1,18}))?", part)
            period = int(season[1] or season[2]) if season else 0
            if season and period >= 2 and period not in [known for known, _ in seasons]:
                waves = int(season[3] or 0)
                if season[3] and not 1 <= waves <= period // 2:
                    raise ParameterError(
                        f"detrend={detrend} is not allowed", f"a period of {period} steps has 1 to {period // 2} waves"
                    )
                seasons.append((period, waves))
            elif shift and int(shift[1]) >= 2:
                shifts.append((int(shift[1]), int(shift[2] or 0)))
            elif part == "linear" and not line:
                line = True
            elif part != "constant" or len(parts) > 1:
                raise ParameterError(
                    f"detrend={detrend} is not allowed",
                    "write constant, linear, seasonal:12, linear+seasonal:12, fourier:52:2 or shift:100",
                )
        return cls(line, tuple(seasons), tuple(shifts))

    def check_rows(self, lengths: Sequence[int], where: str) -> None:
        """Refuse a change of level at a row that no realisation has.

        Raises:
            DataError: the message names the row.
        """
        for row, of in self.shifts:
            if of > len(lengths):
                raise DataError(f"{where} has no realisation {of}, in which the level changes", "correct shift:ROW@N")
            longest = lengths[of - 1] if of else max(lengths)
            if row > longest:
                place = f"realisation {of}" if of else where
                raise DataError(f"{place} has {longest} rows, so no level changes at row {row}", "correct shift:ROW")

    def design(self, steps: int, realisation: int, where: str, text: str) -> Array:
        """Return the columns (T, n) of the terms in one realisation, the constant among them.

        Raises:
            DataError: it is too short.
        """
        import numpy as np

        full = [period for period, waves in self.seasons if not waves]
        needed = max([3 if self.line else 2, *(2 * period for period in full), *(2 * n + 3 for _, n in self.seasons)])
        if steps < needed:
            raise DataError(
                f"{where}: {steps} rows are too few for detrend={text}, which needs {needed}",
                "choose constant, or leave the realisation out",
            )
        step = np.arange(steps)
        columns = [np.ones((steps, 1))]
        if self.line:
            columns.append(((step - step.mean()) / steps)[:, None])
        for period, waves in self.seasons:
            if waves:
                angle = 2 * np.pi * np.outer(step, np.arange(1, waves + 1)) / period
                columns += [np.cos(angle), np.sin(angle)]
            else:
                columns.append((step[:, None] % period == np.arange(period)).astype(float))
        columns += [(step >= row - 1)[:, None].astype(float) for row, of in self.shifts if of in (0, realisation)]
        return np.hstack(columns)

    def sentence(self) -> str:
        """Return what is removed, with its verb."""
        parts = ["a straight line"] if self.line else []
        parts += [
            f"the season of {period} steps" + (f" ({waves} wave{'s' if waves > 1 else ''})" if waves else "")
            for period, waves in self.seasons
        ]
        if self.shifts:
            rows = ", ".join(f"{row}" + (f" of realisation {of}" if of else "") for row, of in self.shifts[:6])
            more = f" and {len(self.shifts) - 6} more" if len(self.shifts) > 6 else ""
            parts.append(f"the change{'s' if len(self.shifts) > 1 else ''} of level at row {rows}{more}")
        return f"{' and '.join(parts) or 'the mean'} was"


def without_values(panel: Panel, codes: Mapping[str, Sequence[float]]) -> Panel:
    """Return the panel with these values of these series as missing cells."""
    import numpy as np

    if not codes:
        return panel
    parts = []
    for values in panel.realisations:
        changed = values.copy()
        for name, some in codes.items():
            column = changed[:, panel.names.index(name)]
            column[np.isin(column, list(some))] = np.nan
        parts.append(changed)
    return replace(panel, realisations=tuple(parts))


def _means(values: Array) -> Array:
    """Return the mean of every column (P,); NaN where all cells are missing."""
    import numpy as np

    there = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        means: Array = np.where(there, values, 0.0).sum(axis=0) / there.sum(axis=0)
    return means


def _differenced(values: Array, often: Sequence[int], most: int, steps: NDArray[np.intp]) -> Array:
    """Return values (T - most, P), each series differenced as often as it says.

    Args:
        steps: of every series, as `causalkit.core.lower_frequency.every` returns them.
    """
    from causalkit.core.lower_frequency import differences

    found = values[most:].copy()
    for number in range(1, most + 1):
        values = differences(values, steps)
        chosen = [column for column, wanted in enumerate(often) if wanted == number]
        found[:, chosen] = values[most - number :, chosen]
    return found


def _clipped(realisations: tuple[Array, ...], limits: list[float | None]) -> tuple[Array, ...]:
    """Move the outliers of every series with a limit to the border; a series without a spread stays."""
    import numpy as np

    low, middle, high = np.nanpercentile(np.concatenate(realisations), [25, 50, 75], axis=0)
    reach = (high - low) / 1.349 * np.array([np.inf if limit is None else limit for limit in limits])
    reach = np.where((high > low) & np.isfinite(reach), reach, np.inf)
    return tuple(np.clip(values, middle - reach, middle + reach) for values in realisations)


def _number(key: str, given: Any) -> float | None:
    try:
        return None if given is None else float(given)
    except (TypeError, ValueError):
        raise ParameterError(f"{key}={given!r} is not allowed", "give a number") from None


def _numbers(name: str, codes: Any) -> tuple[float, ...]:
    try:
        return tuple(float(code) for code in ([codes] if isinstance(codes, int | float | str) else codes))
    except (TypeError, ValueError):
        raise ParameterError(f"missing={codes!r} of {name!r} is not allowed", "give numbers") from None
