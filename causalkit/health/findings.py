"""Findings in words: what an examination found, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from causalkit.core.names import a_few
from causalkit.core.panel import Panel
from causalkit.core.shell import option_text
from causalkit.health.evidence import Evidence
from causalkit.health.records import Finding
from causalkit.health.season import Season

LEVELS = 0.001
"""p-value of equal levels of realisations below which they differ, in a panel."""
RELATED = 0.05
"""p-value below which levels of a series count as different where those of another series are."""


def findings_of(panel: Panel, found: Evidence) -> tuple[Finding, ...]:
    """Return what was found, at most one finding a kind, those that can spoil a graph first."""
    words = _Words(panel, found)
    every = [*words.values(), *words.partners(), *words.seasons(), *words.courses(), *words.levels(), *words.limits()]
    return tuple(sorted(every, key=lambda finding: finding.severity != "warning"))


def season_term(season: Season, shortest: int) -> str:
    """Return the option that removes a season: its means, or few waves where these would be too many to estimate."""
    if season.period * 10 <= shortest:
        return f"seasonal:{season.period}"
    return f"fourier:{season.period}:{min(season.harmonics, max(1, season.period // 2))}"


class _Words:
    """The findings of one examination, by their area."""

    def __init__(self, panel: Panel, found: Evidence) -> None:
        self.panel = panel
        self.names = panel.names
        self.found = found

    def values(self) -> Iterator[Finding]:
        """Yield what concerns values in any order."""
        of = self.found.values
        constant = self._named(at for at, one in enumerate(of) if one.kind == "constant")
        if constant:
            yield Finding(
                "constant",
                f"{a_few(constant)} {_is(constant)} constant up to rounding, so neither cause nor effect",
                tuple(constant),
                options=_drops(constant),
            )
        coded = {self.names[at]: one.codes for at, one in enumerate(of) if one.codes}
        if coded:
            codes = sorted({code for some in coded.values() for code in some})
            written = [f"{code:.10g}" for code in codes[:8]]
            yield Finding(
                "codes",
                f"{', '.join(written)} in {a_few(list(coded))} {'lies' if len(codes) == 1 else 'lie'} far "
                "outside of all other values and may stand for missing cells",
                tuple(coded),
                options=(option_text("missing", *written),),
                values={"codes": {name: list(some) for name, some in coded.items()}},
            )
        events = self._named(at for at, one in enumerate(of) if one.events)
        if events:
            yield Finding(
                "few-events",
                f"nearly all variation of {a_few(events)} is in one or two cells. An edge would rest on these alone",
                tuple(events),
                options=_drops(events),
            )
        outliers = {self.names[at]: one.outliers for at, one in enumerate(of) if one.outliers}
        if outliers:
            yield Finding(
                "outliers",
                f"outliers in {a_few([f'{name} ({count})' for name, count in outliers.items()])}: cells more than 8 "
                "robust standard deviations from the median",
                tuple(outliers),
                "fact",
                values=outliers,
            )

    def partners(self) -> Iterator[Finding]:
        """Yield what concerns several series."""
        equal = self.found.duplicates
        if equal:
            pairs = [f"{self.names[group.members[0]]} and {self.names[group.members[1]]}" for group in equal]
            last = self._named(group.members[-1] for group in equal)
            yield Finding(
                "duplicate",
                f"{a_few(pairs)} are the same series up to scale and shift, and their edges cannot be told apart",
                tuple(dict.fromkeys(self._named(at for group in equal for at in group.members))),
                options=_drops(last),
                values={"pairs": [self._named(group.members) for group in equal]},
            )
        combined = self.found.collinear
        if combined:
            groups = [
                f"{self.names[group.members[-1]]} of {a_few(self._named(group.members[:-1]), 4)}" for group in combined
            ]
            last = self._named(group.members[-1] for group in combined)
            yield Finding(
                "collinear",
                f"at every step some series are nearly a linear function of others: {a_few(groups, 3)}. Their "
                "edges cannot be told apart",
                tuple(dict.fromkeys(self._named(at for group in combined for at in group.members))),
                options=_drops(last),
                values={"groups": [self._named(group.members) for group in combined]},
            )
        perfect = self.found.perfect
        if perfect:
            effects = self._named(perfect)
            yield Finding(
                "perfect-fit",
                f"the step before explains {a_few(effects)} exactly. Without noise, no test can tell an edge from a "
                "coincidence",
                tuple(effects),
                options=_drops(effects),
                values={"causes": {self.names[at]: self._named(causes) for at, causes in perfect.items()}},
            )

    def seasons(self) -> Iterator[Finding]:
        """Yield the seasons, as one finding."""
        seasons = self.found.seasons
        if not seasons:
            return
        having = [self._named(season.series(self.found.level)) for season in seasons]
        parts = [f"period {season.period} in {a_few(names)}" for season, names in zip(seasons, having, strict=True)]
        shortest = min(self.panel.lengths)
        option = "+".join(season_term(season, shortest) for season in seasons)
        yield Finding(
            "season",
            f"season of {'; '.join(parts)} (time steps). Series with a common season predict each other "
            "without an edge",
            tuple(dict.fromkeys(name for names in having for name in names)),
            options=(f"--detrend {option}",),
            values={"periods": [season.period for season in seasons]},
        )

    def courses(self) -> Iterator[Finding]:
        """Yield what concerns the course of series."""
        courses = self.found.courses
        sayings = {
            "unit-root": "{names} {wander} without a level (ADF does not reject a unit root, p >= 0.05). Tests and "
            "scores of such series find false edges",
            "near-unit-root": "{names} {return_} to {its} level very slowly (near unit root). Tests and scores of such "
            "series find false edges",
            "trend": "strong trend in {names}: straight lines explain a significant part of the variance within "
            "realisations. A common trend can look like an edge",
        }
        for kind, saying in sayings.items():
            names = self._named(at for at, course in courses.items() if course.verdict == kind)
            if names:
                one = len(names) == 1
                message = saying.format(
                    names=a_few(names),
                    wander="wanders" if one else "wander",
                    return_="returns" if one else "return",
                    its="its" if one else "their",
                )
                values: dict[str, Any] = {
                    "persistence": {
                        self.names[at]: round(c.persistence, 4) for at, c in courses.items() if c.verdict == kind
                    }
                }
                option = "--detrend linear" if kind == "trend" else "--difference"
                yield Finding(kind, message, tuple(names), options=(option,), values=values)
        yield from self._shifts()
        heavy = self._named(
            at for at, course in courses.items() if course.tails < self.found.level and course.verdict != "level-shift"
        )
        if heavy:
            yield Finding(
                "heavy-tails",
                f"heavy tails in {a_few(heavy)}: some steps are far larger than a normal distribution allows, so that "
                "p-values of a linear method are approximate and single events count much",
                tuple(heavy),
                options=("--clip 3",),
                values={"excess_kurtosis": {self.names[at]: round(c.kurtosis, 2) for at, c in courses.items()}},
            )
        varied = self._named(at for at, course in courses.items() if course.variance < self.found.level)
        if varied:
            yield Finding(
                "variance",
                f"the variance of {a_few(varied)} changes in the course of time",
                tuple(varied),
                "fact",
            )

    def _shifts(self) -> Iterator[Finding]:
        courses = self.found.courses
        shifted = {at: course.shifts for at, course in courses.items() if course.shifts}
        if not shifted:
            return
        single = len(self.panel.lengths) == 1

        def where(at: int) -> str:
            rows = [
                f"{shift.step + 1}" if single else f"{shift.step + 1} of realisation {shift.realisation + 1}"
                for shift in shifted[at][:3]
            ]
            return f"{self.names[at]} (from row {', '.join(rows)})"

        places = sorted({(shift.realisation, shift.step) for shifts in shifted.values() for shift in shifts})
        options: tuple[str, ...] = ("--prepare auto",)
        if len(places) <= 4:
            parts = [f"shift:{step + 1}" if single else f"shift:{step + 1}@{number + 1}" for number, step in places]
            options = (f"--detrend {'+'.join(parts)}", *options)
        yield Finding(
            "level-shift",
            f"the level changes in {a_few([where(at) for at in shifted], 3)}. Series whose levels change predict each "
            "other without an edge",
            tuple(self._named(shifted)),
            options=options,
            values={
                "rows": {
                    self.names[at]: [[shift.realisation + 1, shift.step + 1] for shift in shifts]
                    for at, shifts in shifted.items()
                }
            },
        )

    def levels(self) -> Iterator[Finding]:
        """Yield differences of level between realisations."""
        different = self._named(different_levels(self.found))
        if different:
            yield Finding(
                "levels",
                f"realisations have different levels of {a_few(different)}. Levels that differ together look like "
                "edges",
                tuple(different),
                options=("--levels center",),
                values={"p": {self.names[at]: c.levels.p_value for at, c in self.found.courses.items()}},
            )

    def limits(self) -> Iterator[Finding]:
        """Yield what was not examined."""
        examined, able = len(self.found.courses), sum(one.kind != "constant" for one in self.found.values)
        if examined < able:
            yield Finding(
                "examined",
                f"seasons, trends, unit roots and changes of level were looked for in {examined} of {able} series: not "
                "in binary or very short ones, and in at most 200",
                severity="fact",
            )

    def _named(self, numbers: Iterable[int]) -> list[str]:
        return [self.names[at] for at in numbers]


def different_levels(found: Evidence) -> list[int]:
    """Return the series whose levels differ between realisations beyond what autocorrelation explains."""
    level = LEVELS / max(1, len(found.courses))
    return [at for at, course in found.courses.items() if course.levels.p_value < level]


def related_levels(found: Evidence) -> list[int]:
    """Return the series whose levels may differ, for panels in which levels of some do: a weaker test of each."""
    return [at for at, course in found.courses.items() if course.levels.p_value < RELATED]


def _drops(names: Sequence[str]) -> tuple[str, ...]:
    return (option_text("drop", *names[:20]),) if names else ()


def _is(names: Sequence[str]) -> Literal["is", "are"]:
    return "is" if len(names) == 1 else "are"
