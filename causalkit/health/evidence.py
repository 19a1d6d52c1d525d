"""Evidence: what the tests of a panel found, before it is put into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from causalkit.core.panel import Panel
from causalkit.health.course import Course
from causalkit.health.partners import Group
from causalkit.health.season import Season
from causalkit.health.values import Kind


@dataclass(frozen=True, eq=False)
class SeriesValues:
    """The values of one series: what kind they are, codes of missing cells, outliers, few events."""

    kind: Kind
    codes: tuple[float, ...]
    outliers: int
    events: int


@dataclass(frozen=True, eq=False)
class Evidence:
    """What all tests of a panel found, for `findings_of` to put into words and for a preparation to act on.

    Attributes:
        panel: with codes of missing cells taken out.
        values: of every series.
        duplicates, collinear: groups of series.
        perfect: effects with a perfect forecast, and their causes.
        seasons: the strongest first.
        courses: of the series that were examined, by their number.
        level: of every test of one series.
    """

    panel: Panel
    values: tuple[SeriesValues, ...]
    duplicates: tuple[Group, ...]
    collinear: tuple[Group, ...]
    perfect: Mapping[int, tuple[int, ...]]
    seasons: tuple[Season, ...]
    courses: Mapping[int, Course]
    level: float
