"""Read and write NumPy files, .npz and .npy, never unpickling anything."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.panel import Panel
from causalkit.errors import DataError, WrongUsageError
from causalkit.io.atomic import atomic_path
from causalkit.io.options import ReadOptions
from causalkit.io.panels import Table, panel_of
from causalkit.io.paths import existing_file

_DEFAULT = ReadOptions()
_DATA_KEYS = ("data", "X", "x")


def read_npz(path: str | Path, options: ReadOptions = _DEFAULT) -> Panel:
    """Read a .npy array, or an .npz archive.

    An archive holds the data under ``data``, ``X`` or ``x``; otherwise every 2-D array of numbers is a realisation.
    An array has shape (T, P), or (R, T, P) for R realisations. ``names`` in an archive names the series.

    A time or panel column is looked for only where the options name one.

    Raises:
        DataError: the file is no NumPy file, holds Python objects, or no array of a fitting shape.
    """
    arrays = load_arrays(path)
    source = str(path)
    if "metadata" in arrays and "scores" in arrays:
        raise DataError(f"{source} holds a discovery, not data", "load it with causalkit.Discovery.load")
    realisations, notes = _realisations(arrays, source)
    width = realisations[0].shape[1]
    names = _names(arrays.get("names"), width, source)
    if options.panel_column is None and options.time_column in ("auto", "none"):
        if options.resample is not None:
            raise WrongUsageError(f"{source} has no time column to resample by", "name it with --time-column")
        panel = Panel(tuple(np.array(part, dtype=np.float64) for part in realisations), names, source, tuple(notes))
        if panel.steps < 2:
            raise DataError(f"{source} holds {panel.steps} rows", "a time series needs at least two time steps")
        if panel.missing:
            panel = Panel(panel.realisations, names, source, (*notes, f"{panel.missing} cells are missing"))
        return panel.drop(options.drop) if options.drop else panel
    if len(realisations) > 1:
        raise WrongUsageError(
            f"{source} holds {len(realisations)} realisations, each an array of its own",
            "leave out --time-column and --panel-column",
        )
    import pandas as pd

    frame = pd.DataFrame(realisations[0], columns=list(names))
    return panel_of(Table(frame, source, lambda row: f"row {row + 1}", tuple(notes)), options)


def load_arrays(path: str | Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a NumPy file by name; the one of an .npy file is called ``data``.

    Raises:
        DataError: the file is missing, no NumPy file, damaged, or holds Python objects.
    """
    path = existing_file(path)
    try:
        with path.open("rb") as stream:
            magic = stream.read(6)
            stream.seek(0)
            if magic == b"\x93NUMPY":
                return {"data": np.load(stream, allow_pickle=False)}
            if magic[:4] not in (b"PK\x03\x04", b"PK\x05\x06"):
                raise DataError(
                    f"{path} is neither an .npy array nor an .npz archive", "write it with numpy.save or numpy.savez"
                )
            with np.load(stream, allow_pickle=False) as archive:
                return {key: archive[key] for key in archive}
    except (zipfile.BadZipFile, EOFError, OSError, KeyError) as error:
        raise DataError(f"{path} is damaged: {error}", "write or fetch it again") from error
    except ValueError as error:
        if "pickle" in str(error).lower():
            raise DataError(
                f"{path} holds Python objects, which are never read because that can run code",
                "save plain arrays: numpy.savez(path, data=array.astype(float))",
            ) from error
        raise DataError(f"{path} is damaged: {' '.join(str(error).split())}", "write or fetch it again") from error


def write_panel_npz(panel: Panel, path: str | Path) -> None:
    """Write a panel so that `read_npz` returns the same names and realisations."""
    if len(panel.realisations) == 1:
        arrays = {"data": panel.realisations[0]}
    else:
        digits = len(str(len(panel.realisations)))
        arrays = {
            f"realisation_{number:0{digits}}": values for number, values in enumerate(panel.realisations, start=1)
        }
    # A file object keeps numpy from adding a suffix to the name.
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, names=np.array(panel.names, dtype=str), **arrays)  # type: ignore[arg-type]


def _realisations(arrays: Mapping[str, NDArray[Any]], source: str) -> tuple[list[NDArray[Any]], list[str]]:
    chosen = next((key for key in _DATA_KEYS if key in arrays), None)
    if chosen is not None:
        array = arrays[chosen]
        where = f"{source}: the array {chosen!r}" if len(arrays) > 1 else f"{source}: the array"
        if array.dtype.kind not in "fiub":
            raise DataError(f"{where} holds {array.dtype}, not numbers", "save numbers: array.astype(float)")
        if array.ndim not in (2, 3) or not array.size:
            raise DataError(
                f"{where} has the shape {array.shape}",
                "give one of shape (time steps, series) or (realisations, time steps, series)",
            )
        others = [key for key in arrays if key not in (chosen, "names")]
        notes = [f"besides {chosen!r} the file holds {', '.join(others)}, which was not read"] if others else []
        return (list(array) if array.ndim == 3 else [array]), notes
    tables = {key: array for key, array in arrays.items() if array.ndim == 2 and array.dtype.kind in "fiub"}
    if not tables:
        held = ", ".join(f"{key} {array.shape} of {array.dtype}" for key, array in arrays.items()) or "nothing"
        raise DataError(
            f"{source} has no array of measurements; it holds {held}",
            "save one of shape (time steps, series) under the key data",
        )
    first, *rest = tables
    for key in rest:
        if tables[key].shape[1] != tables[first].shape[1]:
            raise DataError(
                f"{source}: the array {key!r} has {tables[key].shape[1]} columns and {first!r} "
                f"{tables[first].shape[1]}",
                "realisations share their series; save the data under the key data if the rest is something else",
            )
    others = [key for key in arrays if key not in tables and key != "names"]
    notes = [f"{', '.join(others)} in the file was not read"] if others else []
    if not all(key.startswith("realisation") for key in tables):
        notes.append(f"read as realisations: {', '.join(tables)}")
    return list(tables.values()), notes


def _names(found: NDArray[Any] | None, width: int, source: str) -> tuple[str, ...]:
    if found is None:
        return tuple(str(column) for column in range(width))
    names = tuple(str(name) for name in np.atleast_1d(found).ravel())
    if len(names) != width:
        raise DataError(f"{source} names {len(names)} series and holds {width} columns", "give every column one name")
    return names
