"""A table that is written in any legal style comes back as it was, or is refused; it is never silently different."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings

from causalkit.errors import DataError
from causalkit.io import ReadOptions, read
from tests.strategies.panels import difference_of, tables_of_formats
from tests.styles import Written, tables


def difference(table: Written, folder) -> str | None:
    """Return how a table differs from what was written; None: not at all. "refused" where it is refused."""
    path = folder / f"table{table.suffix}"
    path.write_bytes(table.content)
    try:
        panel = read(path, ReadOptions(**table.options))
    except DataError as error:
        return f"refused: {error}" if "\n" not in str(error) else f"an error of several lines: {error}"
    finally:
        path.unlink()
    if panel.names != table.names:
        return f"names are {panel.names}, not {table.names}; notes: {panel.notes}"
    values = np.concatenate(panel.realisations)
    if any("at the end" in note for note in panel.notes):
        # A row of nothing but delimiters at the end may have been a row of missing cells: no window had used it.
        table, values = replace(table, values=_without_empty_end(table.values)), _without_empty_end(values)
    if values.shape != table.values.shape:
        return f"shape is {values.shape}, not {table.values.shape}; notes: {panel.notes}"
    for name, found, true in zip(panel.names, values.T, table.values.T, strict=True):
        if np.array_equal(found, true, equal_nan=True):
            continue
        # One thousand times too small throughout: the unit, which is said, and not the graph.
        unit = any("separates decimals" in note for note in panel.notes)
        if not (unit and np.allclose(found * 1000, true, equal_nan=True)):
            return f"{name!r} is {found.tolist()}, not {true.tolist()}; notes: {panel.notes}"
    return None


def _without_empty_end(values):
    filled = np.flatnonzero(~np.isnan(values).all(axis=1))
    return values[: filled[-1] + 1] if len(filled) else values[:0]


@settings(
    max_examples=int(os.environ.get("CAUSALKIT_ROUND_TRIPS", "150")),
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
@given(table=tables())
def test_a_table_comes_back_equal_or_is_refused(tmp_path_factory, table):
    found = difference(table, tmp_path_factory.getbasetemp())
    assert found is None or found.startswith("refused"), f"{found}\n{table.style}\n{table.content!r}"


def test_an_empty_row_of_a_sheet_is_a_time_step_unless_a_column_tells_the_time(tmp_path):
    values = np.round(np.random.default_rng(0).standard_normal((10, 2)), 3)
    values[4] = np.nan
    frame = pd.DataFrame(values, columns=["a", "b"])
    frame.to_excel(path := tmp_path / "a.xlsx", index=False)
    np.testing.assert_array_equal(read(path, ReadOptions()).realisations[0], values)
    frame.insert(0, "date", pd.date_range("2020-01-01", periods=10, freq="D"))
    rows = frame.drop(index=4)
    blank = pd.DataFrame([[None] * 3], columns=frame.columns, dtype=object)
    rows["date"] = pd.date_range("2020-01-01", periods=9, freq="D")
    parted = pd.concat([rows[:4].astype(object), blank, rows[4:].astype(object)])
    parted.to_excel(path, index=False)
    np.testing.assert_array_equal(read(path, ReadOptions()).realisations[0], np.delete(values, 4, axis=0))


@settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
@given(table=tables_of_formats())
def test_a_table_of_any_format_comes_back_equal_or_is_refused(tmp_path_factory, table):
    found = difference_of(table, tmp_path_factory.getbasetemp())
    assert found is None or found.startswith("refused"), found
