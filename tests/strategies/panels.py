"""Tables in the formats of other programs, and of causalkit itself: what is read must be what was written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.styles import NAMES

MORE = (
    *("#", "# a", "Zeit", "x\ty", "0", "1", "7.5", "-", "NA", "nan", "a/b", "a.b", "\U0001f600", "é", "A", "B"),
    *("value", "lag", "data", "names", "x" * 300, "2020-01-01", "<b>", "mean(x)", "a->b", "*", "%", "_a", "index_"),
)


@dataclass(frozen=True)
class Table:
    """Values of shape (rows, series) with names, to be written as a file.

    Attributes:
        form: a key of `FORMS`.
    """

    form: str
    names: tuple[str, ...]
    values: np.ndarray


def _frame(table: Table) -> Any:
    import pandas as pd

    return pd.DataFrame(table.values, columns=list(table.names))


def _npz(table: Table, path: Path) -> None:
    np.savez(path, data=table.values, names=np.array(table.names))


def _matlab(table: Table, path: Path) -> None:
    from scipy.io import savemat

    savemat(path, {"data": table.values, "names": np.array(table.names, dtype=object)})


def _netcdf(table: Table, path: Path) -> None:
    import xarray

    array = xarray.DataArray(table.values, dims=("time", "series"), coords={"series": list(table.names)}, name="data")
    array.to_netcdf(path, engine="h5netcdf")


def _own(table: Table, path: Path) -> None:
    from causalkit import Panel
    from causalkit.io.panels.writing import write_panel

    write_panel(Panel((table.values,), table.names), path)


FORMS: dict[str, tuple[str, Callable[[Table, Path], None]]] = {
    "parquet": (".parquet", lambda table, path: _frame(table).to_parquet(path)),
    "feather": (".feather", lambda table, path: _frame(table).to_feather(path)),
    "excel": (".xlsx", lambda table, path: _frame(table).to_excel(path, index=False)),
    "open document": (".ods", lambda table, path: _frame(table).to_excel(path, index=False, engine="odf")),
    "json records": (".json", lambda table, path: _frame(table).to_json(path, orient="records", double_precision=15)),
    "json columns": (".json", lambda table, path: _frame(table).to_json(path, orient="split", double_precision=15)),
    "numpy": (".npz", _npz),
    "matlab": (".mat", _matlab),
    "netcdf": (".nc", _netcdf),
    "causalkit csv": (".csv", _own),
    "causalkit tsv": (".tsv", _own),
    "causalkit npz": (".npz", _own),
}


@st.composite
def tables_of_formats(draw: Any) -> Table:
    """Return a table of a binary format, or of causalkit's own writers, with unusual names, sizes and gaps."""
    letters = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=6)
    names = st.sampled_from((*NAMES, *MORE)) | letters.filter(lambda text: not text.startswith("="))
    chosen = draw(st.lists(names.map(str.strip).filter(bool), min_size=2, max_size=4, unique=True))
    rows = draw(st.integers(6, 20))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = random.standard_normal((rows, len(chosen))) * draw(st.sampled_from([1e-9, 1e-3, 1.0, 30.0, 1e6, 1e12]))
    if draw(st.booleans()):
        values = np.round(values, draw(st.integers(0, 3)))
    if draw(st.booleans()):
        values[random.random(values.shape) < 0.2] = np.nan
    return Table(draw(st.sampled_from(sorted(FORMS))), tuple(chosen), values)


def difference_of(table: Table, folder: Path) -> str | None:
    """Return how a table differs from what was written; None: not at all; "refused" where one refuses it."""
    import causalkit
    from causalkit.errors import CausalkitError

    suffix, write = FORMS[table.form]
    path = folder / f"table{suffix}"
    try:
        write(table, path)
    except CausalkitError as error:
        return f"refused: {error}"
    except (ValueError, TypeError, OverflowError) as error:  # of the other program
        return f"refused: by {table.form}: {error}"
    try:
        panel = causalkit.read(path)
    except CausalkitError as error:
        return f"refused: {error}"
    finally:
        path.unlink(missing_ok=True)
    on_one_line = tuple(name if name.isprintable() else " ".join(name.split()) for name in table.names)
    values, found = table.values, np.concatenate(panel.realisations)
    if panel.names not in (table.names, on_one_line):
        return f"{table.form}: names are {panel.names}, not {table.names}; notes: {panel.notes}"
    filled = np.flatnonzero(~np.isnan(values).all(axis=1))  # a row without any cell, at either end, is no measurement
    if found.shape != values.shape and len(filled):
        values = values[: filled[-1] + 1]
    if found.shape != values.shape and len(filled) and suffix in (".xlsx", ".ods"):
        values = values[filled[0] :]
    if found.shape != values.shape or not np.allclose(found, values, rtol=1e-14, atol=1e-15, equal_nan=True):
        return f"{table.form}: values are {found.tolist()}, not {values.tolist()}; notes: {panel.notes}"
    return None
