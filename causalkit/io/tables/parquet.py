"""Read .parquet files; needs pyarrow."""

from __future__ import annotations

import importlib
from pathlib import Path

from causalkit.core.panel import Panel
from causalkit.errors import DataError
from causalkit.io.options import ReadOptions
from causalkit.io.panels import Table, panel_of
from causalkit.io.paths import existing_file

_DEFAULT = ReadOptions()


def read_parquet(path: str | Path, options: ReadOptions = _DEFAULT) -> Panel:
    """Read a Parquet file, one row a time step, one column a series, under the rules of text tables.

    An index that was stored with the rows becomes a column, so that it can be time.

    Raises:
        DataError: pyarrow is missing, the file is no Parquet file, or its columns are no panel.
    """
    path = existing_file(path)
    try:
        pyarrow = importlib.import_module("pyarrow")
    except ImportError as error:
        raise DataError(f"{path} needs pyarrow, which is not installed", "run: pip install pyarrow") from error
    import pandas as pd

    try:
        frame = pd.read_parquet(path, engine="pyarrow")
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read as Parquet: {' '.join(str(error).split())[:200]}", "write or fetch it again"
        ) from error
    unnamed = ""
    if not isinstance(frame.index, pd.RangeIndex):
        named = frame.index.names[0] is not None
        frame = frame.reset_index()
        unnamed = "" if named else str(frame.columns[0])
    frame.columns = [
        "/".join(str(part) for part in name) if isinstance(name, tuple) else str(name) for name in frame.columns
    ]
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise DataError(f"{path}: the column name {twice[0]!r} stands twice", "rename one of them")
    return panel_of(Table(frame, str(path), lambda row: f"row {row + 1}", unnamed=unnamed), options)
