"""Tables in .parquet, .feather and .arrow files; needs pyarrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from causalkit.io.tables.frames import plain_frames
from causalkit.io.tables.opening import needed, opened
from causalkit.io.tables.table import Table


def parquet_table(path: str | Path) -> Table:
    """Return the table in a Parquet file, one row a time step, one column a series.

    An index that was stored with the rows becomes columns, so that it can be time and realisation.

    Raises:
        DataError: pyarrow is missing, or the file is not a Parquet file.
    """
    with opened(path, "Parquet") as plain:
        needed("pyarrow", path)
        import pandas as pd

        return _table(pd.read_parquet(plain, engine="pyarrow"), path)


def feather_table(path: str | Path) -> Table:
    """Return the table in a Feather file, or in an Arrow file or stream, like `parquet_table`.

    Raises:
        DataError: pyarrow is missing, or the file is none of these.
    """
    with opened(path, "Feather or Arrow") as plain:
        pyarrow = needed("pyarrow", path)
        needed("pyarrow.feather", path)
        with plain.open("rb") as stream:
            magic = stream.read(6)
        if magic.startswith((b"ARROW1", b"FEA1")):
            return _table(pyarrow.feather.read_table(plain).to_pandas(), path)
        with pyarrow.ipc.open_stream(plain.read_bytes()) as reader:
            return _table(reader.read_pandas(), path)


def _table(frame: Any, path: str | Path) -> Table:
    (plain,), index = plain_frames([frame], [str(path)])
    return Table(plain, str(path), index=index)
