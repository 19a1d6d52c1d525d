"""What an examination proposes, as a preparation: ``--prepare auto``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from causalkit.core.panel import Panel
from causalkit.core.preparation import Preparation
from causalkit.errors import DataError
from causalkit.health.course import Course
from causalkit.health.evidence import Evidence
from causalkit.health.examination import examine
from causalkit.health.findings import season_term
from causalkit.health.season import Season

ROUNDS = 6
CLIP = 3.0
"""Robust standard deviations from the median to which outliers of series with heavy tails are moved."""


def remedy(panel: Panel, start: Preparation) -> tuple[Preparation, Evidence]:
    """Return a preparation after which no finding proposes another one, with the evidence of what is left.

    One thing is removed at a time, since each can hide or imitate the others: codes of missing cells, then seasons,
    from all series, then changes of level, lines and unit roots, each from the series that have them, then outliers of
    heavy tails. Then the prepared panel is examined again.

    Args:
        panel: the measurements.
        start: what was asked for beside it.
    """
    current = replace(start, auto=False)
    evidence = examine(_applied(panel, current))
    for _ in range(ROUNDS):
        proposed = _improved(panel, current, evidence)
        if proposed == current:
            break
        try:
            prepared = _applied(panel, proposed)
        except DataError:  # too short for it, or nothing is left of a series
            break
        current, evidence = proposed, examine(prepared)
    return current, evidence


def _applied(panel: Panel, preparation: Preparation) -> Panel:
    return preparation.apply(panel) if preparation else panel


def _improved(panel: Panel, current: Preparation, evidence: Evidence) -> Preparation:
    """Return the preparation with the next step that the evidence proposes."""
    names = panel.names
    codes = {names[at]: one.codes for at, one in enumerate(evidence.values) if one.codes}
    if codes:
        merged = {name: (*current.missing.get(name, ()), *codes.get(name, ())) for name in {**current.missing, **codes}}
        return replace(current, missing=merged)
    terms = {name: _parts(current.of_series(name)) for name in names}
    often = {name: current.of_series(name).difference for name in names}
    changed = False
    shortest = min(panel.lengths)
    for season in evidence.seasons:
        for name in names:
            more = _with_season(terms[name], season, shortest)
            changed |= more != terms[name]
            terms[name] = more
    if not changed:
        trimmed = max(often.values(), default=0)
        for at, course in evidence.courses.items():
            name = names[at]
            if not often[name]:
                changed |= _change(course, name, terms, often, trimmed, len(panel.lengths) == 1)
    clips = {name: current.of_series(name).clip for name in names}
    if not changed:
        for at, one in enumerate(evidence.values):
            tails = evidence.courses[at].tails if at in evidence.courses else 1.0
            heavy = one.kind == "continuous" and (one.events or tails < evidence.level)
            if heavy and clips[names[at]] is None:
                clips[names[at]], changed = CLIP, True
    series = {name: Preparation("+".join(terms[name]) or None, often[name], clip=clips[name]) for name in names}
    if not changed:
        return current
    ways = list(series.values())
    usual = max(ways, key=ways.count)
    others = {name: own for name, own in series.items() if own != usual}
    return replace(current, detrend=usual.detrend, difference=usual.difference, clip=usual.clip, series=others)


def _with_season(terms: list[str], season: Season, shortest: int) -> list[str]:
    """Add a season to the terms of a series; where waves of it were removed before and are not enough, its means."""
    for known in terms:
        kind, *numbers = known.split(":")
        period = int(numbers[0]) if kind in ("seasonal", "fourier") else 0
        if period and period % season.period == 0:
            if kind == "seasonal" or shortest < 2 * period:
                return terms
            return [f"seasonal:{period}" if part == known else part for part in terms]
    return [*terms, season_term(season, shortest)]


def _change(
    course: Course,
    name: str,
    terms: Mapping[str, list[str]],
    often: dict[str, int],
    trimmed: int,
    single: bool,
) -> bool:
    """Add what the course of a series proposes; return whether anything was added."""
    own = terms[name]
    before = (list(own), often[name])
    if course.verdict == "trend" and "linear" not in own:
        own.append("linear")
    elif course.verdict in ("unit-root", "near-unit-root"):
        often[name] = 1
        own[:] = [part for part in own if part != "linear" and not part.startswith("shift:")]
    for shift in course.shifts:
        row = shift.step + 1 + trimmed
        place = f"shift:{row}" if single else f"shift:{row}@{shift.realisation + 1}"
        if place not in own:
            own.append(place)
    return before != (own, often[name])


def _parts(own: Preparation) -> list[str]:
    return [part for part in (own.detrend or "").split("+") if part]
