"""Small files in the formats that causalkit reads and does not write, for the contract checks of their readers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

NAMES = ("north", "east", "south")
STEPS = 24


def _frame() -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    return pd.DataFrame(np.random.default_rng(0).standard_normal((STEPS, len(NAMES))), columns=list(NAMES))


def json(path: Path) -> None:
    """Write records, one a time step."""
    _frame().to_json(path, orient="records")


def parquet(path: Path) -> None:
    """Write Apache Parquet; needs pyarrow."""
    _frame().to_parquet(path)


def feather(path: Path) -> None:
    """Write Feather; needs pyarrow."""
    _frame().to_feather(path)


def spreadsheet(path: Path) -> None:
    """Write a workbook of Excel; needs openpyxl."""
    _frame().to_excel(path, index=False)


def matlab(path: Path) -> None:
    """Write one vector for each series."""
    from scipy.io import savemat

    savemat(path, {name: values.to_numpy() for name, values in _frame().items()})


def netcdf(path: Path) -> None:
    """Write one variable for each series along time; needs xarray and h5netcdf."""
    import numpy as np
    import xarray

    data = {name: ("time", values.to_numpy()) for name, values in _frame().items()}
    xarray.Dataset(data, coords={"time": np.arange(STEPS)}).to_netcdf(path, engine="h5netcdf")


def edf(path: Path) -> None:
    """Write a recording; needs pyedflib."""
    from pyedflib import highlevel

    values = _frame().to_numpy().T.copy()
    highlevel.write_edf(str(path), values, highlevel.make_signal_headers(list(NAMES), sample_frequency=STEPS))
