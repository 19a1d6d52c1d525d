"""Objects of other libraries as DataFrames, arrays, lists and dictionaries.

No library is imported to look whether an object is one of its own: what is not imported has no objects.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from causalkit.errors import CausalkitError, DataError
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import shown
from causalkit.io.tables.labelled import labelled_frame

if TYPE_CHECKING:
    import pandas as pd

FORMS = "give an array of shape (time steps, series), a DataFrame, or a list or dictionary of them"


def native(data: Any, where: str, options: ReadOptions) -> Any:
    """Return data as a DataFrame, a Series, a mapping, a list or an array.

    Raises:
        DataError: the object is no table, and cannot be turned into one.
    """
    import pandas as pd

    plain = isinstance(data, pd.DataFrame | pd.Series | np.ndarray | list | tuple | Mapping)
    if plain and not _is_of("xarray", data):
        return data
    _refuse(data, where)
    try:
        return _converted(data, where, options)
    except CausalkitError:
        raise
    except Exception as error:  # a conversion by another library may fail in any way
        raise DataError(
            f"{where}: an object of type {type(data).__name__} cannot be read: {' '.join(str(error).split())[:200]}",
            FORMS,
        ) from error


def _refuse(data: Any, where: str) -> None:
    """Raise an error for objects that are mistaken for data."""
    if isinstance(data, str | bytes | PathLike):
        raise DataError(f"{where} is the text {shown(str(data))}, not a table", "causalkit.read(path) reads a file")
    if data is None:
        raise DataError(f"{where} is None, not a table", FORMS)
    if hasattr(data, "read") and hasattr(data, "seek"):
        raise DataError(f"{where} is an open file, not a table", "give its path: causalkit.read(path)")
    if isinstance(data, Iterator):
        raise DataError(f"{where} is an iterator, which can be read only once", "give a list: list(...)")
    if isinstance(data, Set) or np.isscalar(data):
        raise DataError(f"{where} is of type {type(data).__name__}, and not a table", FORMS)


def _converted(data: Any, where: str, options: ReadOptions) -> Any:
    import pandas as pd

    library = type(data).__module__.partition(".")[0]
    if _is_of("xarray", data):
        return labelled_frame(data, where, options)
    if library == "torch":
        data = data.detach().cpu()
        data = data.to_dense() if data.layout != _strided() else data
        return (data.float() if data.dtype.itemsize < 4 and data.is_floating_point() else data).numpy()
    if library == "polars":
        data = data.collect() if hasattr(data, "collect") else data
        if hasattr(data, "columns"):
            return pd.DataFrame({column.name: _polars_column(column) for column in data})
        return pd.Series(_polars_column(data), name=data.name or None)
    for conversion in ("read_all", "compute", "toarray", "get"):  # batches of pyarrow, dask, scipy.sparse, cupy
        if library in _LAZY.get(conversion, ()) and hasattr(data, conversion):
            data = getattr(data, conversion)()
    if isinstance(data, pd.DataFrame | pd.Series | np.ndarray):
        return data
    if isinstance(data, pd.Index):
        return data.to_series(index=range(len(data)))
    if library == "pandas" and hasattr(data, "groups"):
        return dict(iter(data))
    for conversion in ("to_pandas", "toPandas", "to_dataframe"):
        if hasattr(data, conversion):
            return getattr(data, conversion)()
    if hasattr(data, "__arrow_c_stream__") and hasattr(pd.DataFrame, "from_arrow"):
        return pd.DataFrame.from_arrow(data)
    if hasattr(data, "__dataframe__"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pandas 4 leaves it out; objects that have nothing newer still work before
            return pd.api.interchange.from_dataframe(data)
    if hasattr(data, "__array__"):
        return np.asarray(data)
    if isinstance(data, Collection):
        return list(data)
    raise DataError(f"{where} is of type {type(data).__name__}, and not a table", FORMS)


def _is_of(library: str, data: Any) -> bool:
    return type(data).__module__.partition(".")[0] == library


_LAZY = {"read_all": ("pyarrow",), "compute": ("dask",), "toarray": ("scipy",), "get": ("cupy", "cupyx")}


def _strided() -> Any:
    import torch

    return torch.strided


def _polars_column(column: Any) -> Any:
    """Return the values; whole numbers stay whole where none is missing, and dates are dates."""
    values = column.to_numpy()
    return column.to_list() if values.dtype == object else values


def dimensions(part: Any) -> int:
    """Return the number of dimensions of an array, a table, or nested lists; 0 for a single value."""
    if type(part).__name__ == "LazyFrame" or hasattr(part, "columns") or (isinstance(part, Mapping) and part):
        return 2
    if hasattr(part, "ndim"):
        return int(part.ndim)
    if isinstance(part, Sequence) and not isinstance(part, str | bytes):
        return 1 + (dimensions(part[0]) if len(part) else 0)
    return int(np.ndim(part)) if hasattr(part, "__array__") else 0


def column_of(values: Any, name: str, where: str) -> pd.Series:
    """Return values of shape (T,) as a column.

    Raises:
        DataError: they are not one-dimensional.
    """
    import pandas as pd

    if isinstance(values, pd.Series):
        return values
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    if isinstance(values, np.ndarray):
        values = values if values.dtype.isnative else values.astype(values.dtype.newbyteorder("="))
    try:
        return pd.Series(values)
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: {shown(name)} is not a column ({error})", FORMS) from error
