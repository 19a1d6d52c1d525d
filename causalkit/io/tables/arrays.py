"""Tables in NumPy files, .npz and .npy; nothing is ever unpickled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.display.words import listed
from causalkit.errors import CausalkitError, DataError
from causalkit.io.options import ReadOptions
from causalkit.io.paths import existing_file
from causalkit.io.tables.cells import shown
from causalkit.io.tables.opening import opened
from causalkit.io.tables.table import Table
from causalkit.io.tables.variables import DATA, realisations_table


def array_table(path: str | Path, options: ReadOptions) -> Table:
    """Return the measurements in an .npy array, or in an .npz archive, as one table.

    An archive holds the data under ``data``, ``X`` or ``x``; otherwise every 2-D array of numbers is a realisation.
    An array has shape (T, P), or (R, T, P) for R realisations. ``names`` in an archive names the series.

    Raises:
        DataError: the file is not a NumPy file, contains Python objects, or no array of a fitting shape.
    """
    with opened(path, "a NumPy file") as plain:
        arrays = load_arrays(plain, path)
    source = str(path)
    if "metadata" in arrays and "scores" in arrays:
        raise DataError(f"{source} contains a discovery, not data", "load it with causalkit.Discovery.load")
    realisations, notes = _realisations(arrays, source, options.table)
    names = None if arrays.get("names") is None else [str(name) for name in np.atleast_1d(arrays["names"]).ravel()]
    if names is not None and len(names) not in realisations[0].shape:
        raise DataError(
            f"{source} has {len(names)} names for {realisations[0].shape[1]} columns", "give every column one name"
        )
    return realisations_table(realisations, source, options, names=names, notes=notes)


def load_arrays(file: str | Path, path: str | Path | None = None) -> dict[str, NDArray[Any]]:
    """Return the arrays of a NumPy file by name; the one of an .npy file is called ``data``.

    Args:
        file: to read.
        path: of the file in errors, where that is another one.

    Raises:
        DataError: the file is missing, damaged, not a NumPy file, or contains Python objects.
    """
    file = existing_file(file)
    path = file if path is None else path
    try:
        with file.open("rb") as stream:
            magic = stream.read(6)
            stream.seek(0)
            if magic == b"\x93NUMPY":
                return {"data": np.load(stream, allow_pickle=False)}
            if magic[:4] not in (b"PK\x03\x04", b"PK\x05\x06"):
                raise DataError(
                    f"{path} is neither an .npy array nor an .npz archive", "write it with numpy.save or numpy.savez"
                )
            with np.load(stream, allow_pickle=False) as archive:
                arrays = {key: archive[key] for key in archive}
    except CausalkitError:
        raise
    except Exception as error:  # numpy and zipfile raise errors of many kinds where a file is damaged
        if isinstance(error, ValueError) and "pickle" in str(error).lower():
            raise DataError(
                f"{path} contains Python objects, which are never read because they can run code",
                "save plain arrays: numpy.savez(path, data=array.astype(float))",
            ) from error
        raise DataError(f"{path} is damaged: {' '.join(str(error).split())}", "write or download it again") from error
    for key, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise DataError(f"{path} is damaged: {shown(key)} is not an array", "write or download it again")
    return arrays


def _realisations(
    arrays: Mapping[str, NDArray[Any]], source: str, wanted: str | None
) -> tuple[list[NDArray[Any]], list[str]]:
    """Return the realisations in an archive, each of shape (T, P), and notes on what was read."""
    if wanted is not None and wanted not in arrays:
        raise DataError(f"{source} has no array {shown(wanted)}", f"arrays: {listed(list(arrays), most=20)}")
    chosen = wanted or next((key for key in DATA if key in arrays), None)
    if chosen is not None:
        array = arrays[chosen]
        if array.dtype.kind not in "fiub":
            raise DataError(
                f"{source}: the array {chosen!r} contains {array.dtype}, not numbers",
                "save numbers: array.astype(float)",
            )
        if array.ndim not in (2, 3) or not array.size:
            raise DataError(
                f"{source}: the array {chosen!r} has the shape {array.shape}",
                "the shape must be (time steps, series) or (realisations, time steps, series)",
            )
        return list(array) if array.ndim == 3 else [array], _unread(arrays, (chosen, "names"))
    tables = {key: array for key, array in arrays.items() if array.ndim == 2 and array.dtype.kind in "fiub"}
    if not tables:
        found = ", ".join(f"{key} {array.shape} of {array.dtype}" for key, array in arrays.items()) or "nothing"
        raise DataError(
            f"{source} has no array of measurements; it contains {found}",
            "save one of shape (time steps, series) under the key data",
        )
    widths = {key: array.shape[1] for key, array in tables.items()}
    if len(set(widths.values())) > 1:
        raise DataError(
            f"{source}: the arrays have different numbers of columns: "
            + ", ".join(f"{key} {width}" for key, width in widths.items()),
            "all realisations must have the same series; if some arrays are not data, save the data under the key data",
        )
    notes = _unread(arrays, (*tables, "names"))
    if not all(key.startswith("realisation") for key in tables):
        notes.append(f"read as realisations: {', '.join(tables)}")
    return list(tables.values()), notes


def _unread(arrays: Mapping[str, NDArray[Any]], read: Sequence[str]) -> list[str]:
    others = [key for key in arrays if key not in read]
    return [f"the file also contains {', '.join(others)}, which was not read"] if others else []
