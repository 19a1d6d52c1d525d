"""A table with more series than time steps may be transposed."""

from __future__ import annotations

from causalkit.display.words import count
from causalkit.errors import DataError
from causalkit.io.layout.hints import transpose_hint
from causalkit.io.options import ReadOptions
from causalkit.io.tables.table import Table
from causalkit.io.time.axis import TimeAxis
from causalkit.io.time.names import kind_of


def check_orientation(table: Table, axis: TimeAxis | None, series: int, steps: int, options: ReadOptions) -> None:
    """Refuse more series than steps where nothing shows that rows are time.

    Args:
        table: without columns that identify realisations.
        axis: of time; one that only numbers the rows does not show that they are time.
        series: number of columns of measurements.
        steps: number of rows of the longest realisation.
        options: which may settle the orientation.

    Raises:
        DataError: naming both ways out.
    """
    named = not table.recognise and not table.numbered  # an array, to which its user gave names of series
    timed = axis is not None and (axis.ticks.dates or any(kind_of(name) not in ("", "counter") for name in axis.names))
    if timed or options.orientation != "auto" or named or series <= steps:
        return
    raise DataError(
        f"{table.source} has {count(series, 'column')} and {count(steps, 'row')}: read as it is, there are more series "
        "than time steps",
        f"if every row is a series, add {transpose_hint(table)}; if every row is a time step, add "
        f"{table.hint('orientation', 'time-series')}",
    )
