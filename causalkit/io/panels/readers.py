"""The built-in readers: from a file to a table, and from the table to a panel.

Each format is imported when one of its files is read.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from causalkit.core.panel import Panel
from causalkit.core.shell import option_text
from causalkit.errors import WrongUsageError
from causalkit.io.options import ReadOptions
from causalkit.io.panels.from_table import panel_of
from causalkit.io.tables.delimited import delimited_table

_DEFAULT = ReadOptions()
_OF_TEXT = ("header_rows", "skip_rows", "encoding")


def read_text(path: str | Path, options: ReadOptions = _DEFAULT) -> Panel:
    """Read a .csv, .tsv or .txt table, plain or compressed with gzip."""
    _check(path, options, "table")
    return panel_of(delimited_table(path, options), options)


def read_numpy(path: str | Path, options: ReadOptions = _DEFAULT) -> Panel:
    """Read an .npy or .npz file. Columns of times and realisations are used only where the options name them."""
    from causalkit.io.tables.arrays import array_table

    _check(path, options, *_OF_TEXT)
    return panel_of(array_table(path, options), options)


def read_parquet(path: str | Path, options: ReadOptions = _DEFAULT) -> Panel:
    """Read a .parquet file; needs pyarrow."""
    from causalkit.io.tables.parquet import parquet_table

    _check(path, options, *_OF_TEXT, "table")
    return panel_of(parquet_table(path), options)


def read_feather(path: str | Path, options: ReadOptions = _DEFAULT) -> Panel:
    """Read a .feather or .arrow file; needs pyarrow."""
    from causalkit.io.tables.parquet import feather_table

    _check(path, options, *_OF_TEXT, "table")
    return panel_of(feather_table(path), options)


def read_spreadsheet(path: str | Path, options: ReadOptions = _DEFAULT) -> Panel:
    """Read a sheet of an .xlsx, .xlsm, .ods or .xls file; needs openpyxl, odfpy or xlrd."""
    from causalkit.io.tables.spreadsheet import spreadsheet_table

    _check(path, options, "encoding")
    return panel_of(spreadsheet_table(path, options), options)


def read_matlab(path: str | Path, options: ReadOptions = _DEFAULT) -> Panel:
    """Read a .mat file; version 7.3 needs h5py."""
    from causalkit.io.tables.matlab import matlab_table

    _check(path, options, *_OF_TEXT)
    return panel_of(matlab_table(path, options), options)


def read_netcdf(path: str | Path, options: ReadOptions = _DEFAULT) -> Panel:
    """Read a .nc file; needs xarray, and h5netcdf or netCDF4 for version 4."""
    from causalkit.io.tables.netcdf import netcdf_table

    _check(path, options, *_OF_TEXT)
    return panel_of(netcdf_table(path, options), options)


def read_edf(path: str | Path, options: ReadOptions = _DEFAULT) -> Panel:
    """Read an .edf or .bdf file; needs pyedflib."""
    from causalkit.io.tables.edf import edf_table

    _check(path, options, *_OF_TEXT, "table")
    return panel_of(edf_table(path, options), options)


def read_json(path: str | Path, options: ReadOptions = _DEFAULT) -> Panel:
    """Read a .json file of records or columns."""
    from causalkit.io.tables.documents import json_table

    _check(path, options, *_OF_TEXT, "table")
    return panel_of(json_table(path, options), options)


def _check(path: str | Path, options: ReadOptions, *without: str) -> None:
    """Refuse options that mean nothing for a format.

    Raises:
        WrongUsageError: one of them is given.
    """
    for field in fields(options):
        if field.name in without and getattr(options, field.name) != field.default:
            raise WrongUsageError(
                f"{option_text(field.name)} means nothing for {path}, a file of another kind", "leave the option out"
            )
