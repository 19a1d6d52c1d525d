"""The examination of a panel: which tests are applied to what, and at which level."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from causalkit.core.panel import Panel
from causalkit.core.preparation import without_values
from causalkit.health.course import course_of
from causalkit.health.evidence import Evidence, SeriesValues
from causalkit.health.findings import findings_of
from causalkit.health.partners import collinear, duplicates, perfect_forecasts
from causalkit.health.pieces import Piece, pieces_of
from causalkit.health.records import Health, SeriesHealth
from causalkit.health.season import Season, calendar_periods, find_season
from causalkit.health.tails import few_events
from causalkit.health.values import codes_of, is_code, kind_of, outliers_of, repeated_codes

Array = NDArray[np.float64]
LAGS = (1, 2, 3, 5, 10)
LEVEL = 0.005
"""Probability that a kind of finding turns up in a panel that has none; divided by the number of series."""
MOST_SERIES = 200
"""Number of series whose course is examined."""
MOST_CELLS = 2_000_000
"""Number of cells whose course is examined."""
MOST_SEASONS = 3


def examine(panel: Panel) -> Evidence:
    """Apply all tests to a panel."""
    from threadpoolctl import threadpool_limits

    # Thousands of tiny factorisations: threads of the numeric libraries would wait for each other.
    with threadpool_limits(1):
        return _examined(panel)


def _examined(panel: Panel) -> Evidence:
    stacked = np.concatenate(panel.realisations)
    columns_there = [column[~np.isnan(column)] for column in stacked.T]
    values = tuple(map(_values, columns_there))
    known = {code for one in values for code in one.codes if is_code(code)}
    if known:  # a code of one series is one in the others as well, where their range is wider
        values = tuple(_values(there, known) for there in columns_there)
    panel = without_values(panel, {panel.names[at]: one.codes for at, one in enumerate(values) if one.codes})
    stacked = np.concatenate(panel.realisations)
    varying = np.array([one.kind != "constant" for one in values])
    scaled = np.full_like(stacked, np.nan)
    if varying.any():
        columns = stacked[:, varying]
        scaled[:, varying] = (columns - np.nanmean(columns, axis=0)) / np.nanstd(columns, axis=0)
    equal = duplicates(np.where(varying, scaled, np.nan))
    without = {group.members[-1] for group in equal} | {int(at) for at in np.flatnonzero(~varying)}
    combined = collinear(scaled, without)
    chosen = [at for at in np.flatnonzero(varying) if values[at].kind != "binary" and not values[at].events]
    chosen = chosen[:: max(1, -(-len(chosen) // MOST_SERIES))]
    most_steps = max(2000, MOST_CELLS // max(1, len(chosen)))
    pieces = {
        int(at): found
        for at in chosen
        if (found := pieces_of([part[:, at] for part in panel.realisations], most_steps))
    }
    level = LEVEL / max(1, len(pieces))
    seasons, pieces = _seasons(panel, pieces, level)
    return Evidence(
        panel=panel,
        values=values,
        duplicates=tuple(equal),
        collinear=tuple(combined),
        perfect=perfect_forecasts(panel),
        seasons=tuple(seasons),
        courses={at: course_of(found, level) for at, found in pieces.items()},
        level=level,
    )


def health(panel: Panel) -> Health:
    """Examine a panel; ``panel.health()`` and ``causalkit inspect`` are this function."""
    return health_of(panel, examine(panel))


def health_of(panel: Panel, found: Evidence) -> Health:
    """Return the record of an examination."""
    stacked = np.concatenate(panel.realisations)
    series = tuple(
        _record(name, column, found, at) for at, (name, column) in enumerate(zip(panel.names, stacked.T, strict=True))
    )
    windows = {}
    for lag in LAGS:
        learned = panel.window_counts(lag).learned
        if not learned.any():
            break
        windows[lag] = (int(learned.max()), int(learned.min()))
    findings = findings_of(panel, found)
    return Health(panel.source, panel.sampling, panel.lengths, series, windows, findings, notes=panel.notes)


def without_season(piece: Piece, season: Season) -> Piece:
    """Return a piece without a season: its harmonics, fitted beside a straight line."""
    steps = np.arange(len(piece))
    angle = 2 * np.pi * np.outer(steps, np.arange(1, season.harmonics + 1)) / season.period
    waves = np.hstack([np.cos(angle), np.sin(angle)])
    line = np.column_stack([np.ones(len(piece)), steps / len(piece)])
    weights = np.linalg.lstsq(np.hstack([line, waves]), piece.values, rcond=None)[0]
    return replace(piece, values=piece.values - waves @ weights[2:])


def _values(there: Array, known: Collection[float] = ()) -> SeriesValues:
    kind = kind_of(there)
    if kind in ("constant", "binary"):
        return SeriesValues(kind, (), 0, few_events(there) if kind == "binary" else 0)
    codes = tuple(sorted({*codes_of(there), *repeated_codes(there, known)}))
    rest = there[~np.isin(there, codes)] if codes else there
    return SeriesValues(kind_of(rest), codes, outliers_of(rest), few_events(rest))


def _seasons(panel: Panel, pieces: dict[int, list[Piece]], level: float) -> tuple[list[Season], dict[int, list[Piece]]]:
    """Return the seasons of a panel that at least one series has at a level, and the pieces without them."""
    sampling = panel.sampling
    calendar = calendar_periods(sampling.seconds, sampling.step) if sampling is not None else ()
    # The steps between the values of a series of lower frequency were filled, which looks like a season.
    rare = {at for at, name in enumerate(panel.names) if name in panel.lower_frequency}
    seasons: list[Season] = []
    for _ in range(2 * MOST_SEASONS):
        if len(seasons) == MOST_SEASONS:
            break
        season = find_season({at: pieces[at] for at in pieces if at not in rare}, LEVEL, calendar)
        if season is None or not season.series(level):
            break
        known = next((at for at, before in enumerate(seasons) if before.period % season.period == 0), None)
        if known is None:
            seasons.append(season)
        elif seasons[known].harmonics < seasons[known].period // 2:
            season = seasons[known] = seasons[known].with_more(season)
        else:
            break
        pieces = {at: [without_season(piece, season) for piece in found] for at, found in pieces.items()}
    return seasons, pieces


def _record(name: str, column: Array, found: Evidence, at: int) -> SeriesHealth:
    there = column[~np.isnan(column)]
    filled = there if len(there) else np.full(1, np.nan)
    course = found.courses.get(at)
    values = found.values[at]
    periods = [season.period for season in found.seasons if at in season.series(found.level)]
    return SeriesHealth(
        name=name,
        missing=len(column) - len(there),
        mean=float(filled.mean()),
        deviation=float(filled.std()),
        smallest=float(filled.min()),
        largest=float(filled.max()),
        kind=values.kind,
        outliers=values.outliers,
        codes=values.codes,
        trend=course.trend if course else 0.0,
        adf=course.adf if course else None,
        kpss=course.kpss if course else None,
        persistence=course.persistence if course else None,
        period=periods[0] if periods else None,
        shifts=tuple((shift.realisation + 1, shift.step + 1) for shift in course.shifts) if course else (),
    )
