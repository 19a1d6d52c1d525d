"""The built-in readers: from a file to a table, and from the table to a panel."""

from __future__ import annotations

from pathlib import Path

from causalkit.core.panel import Panel
from causalkit.io.options import ReadOptions
from causalkit.io.panels.from_table import panel_of
from causalkit.io.tables.arrays import array_table
from causalkit.io.tables.delimited import delimited_table
from causalkit.io.tables.parquet import parquet_table

_DEFAULT = ReadOptions()


def read_text(path: str | Path, options: ReadOptions = _DEFAULT) -> Panel:
    """Read a .csv, .tsv or .txt table, plain or compressed with gzip."""
    return panel_of(delimited_table(path), options)


def read_numpy(path: str | Path, options: ReadOptions = _DEFAULT) -> Panel:
    """Read an .npy or .npz file. Columns of times and realisations are used only where the options name them."""
    return panel_of(array_table(path), options)


def read_parquet(path: str | Path, options: ReadOptions = _DEFAULT) -> Panel:
    """Read a .parquet file; needs pyarrow."""
    return panel_of(parquet_table(path), options)
