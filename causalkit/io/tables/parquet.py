"""Tables in .parquet files; needs pyarrow."""

from __future__ import annotations

import importlib
from pathlib import Path

from causalkit.errors import DataError
from causalkit.io.paths import existing_file
from causalkit.io.tables.table import Table


def parquet_table(path: str | Path) -> Table:
    """Return the table in a Parquet file, one row a time step, one column a series.

    An index that was stored with the rows becomes a column, so that it can be time.

    Raises:
        DataError: pyarrow is missing, or the file is not a Parquet file.
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
            f"{path} cannot be read as Parquet: {' '.join(str(error).split())[:200]}", "write or download it again"
        ) from error
    unnamed = ""
    if not isinstance(frame.index, pd.RangeIndex):
        named = frame.index.names[0] is not None
        frame = frame.reset_index()
        unnamed = "" if named else str(frame.columns[0])
    frame.columns = [
        "/".join(str(part) for part in name) if isinstance(name, tuple) else str(name) for name in frame.columns
    ]
    return Table(frame, str(path), unnamed=unnamed)
