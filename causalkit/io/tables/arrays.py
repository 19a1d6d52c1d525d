"""Tables in NumPy files, .npz and .npy; nothing is ever unpickled."""

from __future__ import annotations

import math
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
from causalkit.io.tables.unpacking import check_unpacked
from causalkit.io.tables.variables import DATA, realisations_table

_AGAIN = "write or download it again"
_FOREIGN_FLAGS = 0x1 | 0x20 | 0x40
"""Of a member of an archive: encrypted, patched, or strongly encrypted."""
_MOST_DIMENSIONS = 32


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
    names = names_of(arrays["names"], f"{source}: the array 'names'") if "names" in arrays else None
    if names is not None and len(names) not in realisations[0].shape:
        raise DataError(
            f"{source} has {len(names)} names for {realisations[0].shape[1]} columns", "give every column one name"
        )
    return realisations_table(realisations, source, options, names=names, notes=notes)


def load_arrays(file: str | Path, path: str | Path | None = None) -> dict[str, NDArray[Any]]:
    """Return the arrays of a NumPy file by name; the one of an .npy file is called ``data``.

    Every array is checked before it is loaded: its bytes are there, as many as its shape needs.

    Args:
        file: to read.
        path: of the file in errors, where that is another one.

    Raises:
        DataError: the file is missing, damaged, not a NumPy file, contains Python objects, or unpacks to too much.
    """
    file = existing_file(file)
    path = file if path is None else path
    with file.open("rb") as stream:
        magic = stream.read(6)
        stream.seek(0)
        if magic == b"\x93NUMPY":
            return {"data": _array(stream, file.stat().st_size, f"{path}", exact=False)}
        if magic[:4] not in (b"PK\x03\x04", b"PK\x05\x06"):
            raise DataError(
                f"{path} is neither an .npy array nor an .npz archive", "write it with numpy.save or numpy.savez"
            )
        with _undamaged(f"{path}"), zipfile.ZipFile(stream) as archive:
            members = _checked(archive.infolist(), path)
            return {key: _member(archive, member, f"{path}: the array {shown(key)}") for key, member in members.items()}


def names_of(array: NDArray[Any], where: str) -> list[str]:
    """Return the texts in an array of any shape, such as the names of series.

    Raises:
        DataError: it contains neither text nor whole numbers.
    """
    if array.dtype.kind not in "USiuf":
        raise DataError(f"{where} contains {_kind(array)}, not text", "save names as text")
    try:
        if array.dtype.kind == "U" and array.size and _code_points(array).max() > sys.maxunicode:
            raise ValueError("Python makes texts of these that are none")
        # Indexing would decode each text alone, and fail in other ways.
        return [text.decode() if isinstance(text, bytes) else str(text) for text in array.ravel().tolist()]
    except ValueError as error:  # bytes that are not UTF-8, or numbers that are no characters
        raise DataError(f"{where} contains bytes that are not text", "write it again") from error


def _code_points(array: NDArray[Any]) -> NDArray[np.uint32]:
    return np.frombuffer(np.ascontiguousarray(array).tobytes(), np.dtype(np.uint32).newbyteorder(array.dtype.byteorder))


def _kind(array: NDArray[Any]) -> str:
    return {"V": "records", "M": "dates", "m": "durations", "c": "complex numbers"}.get(
        array.dtype.kind, str(array.dtype)
    )


def _checked(members: Sequence[zipfile.ZipInfo], path: str | Path) -> dict[str, zipfile.ZipInfo]:
    """Return the members of an archive by the names of their arrays.

    Raises:
        DataError: one is encrypted, compressed in a way that NumPy does not use, not an array, or has the name of
            another; or they unpack to too much.
    """
    found: dict[str, zipfile.ZipInfo] = {}
    again = "write it with numpy.savez or numpy.savez_compressed"
    for member in members:
        key, what = member.filename.removesuffix(".npy"), f"{path}: the member {shown(member.filename)}"
        if member.flag_bits & _FOREIGN_FLAGS:
            raise DataError(f"{what} is encrypted or patched", again)
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DataError(f"{what} is compressed in a way that NumPy does not use", again)
        if key == member.filename:
            raise DataError(f"{what} is not an array", again)
        if key in found:
            raise DataError(f"{path} has two arrays {shown(key)}", again)
        found[key] = member
    unpacked = sum(member.file_size for member in members)
    check_unpacked(path, unpacked, "write it with numpy.savez, without compression, if that is right")
    return found


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str) -> NDArray[Any]:
    with _undamaged(where), archive.open(member) as stream:
        return _array(stream, member.file_size, where, exact=True)


def _array(stream: Any, size: int, where: str, *, exact: bool) -> NDArray[Any]:
    """Return the array in a stream of ``size`` bytes; ``exact`` where nothing follows it.

    Raises:
        DataError: the header is damaged, or its shape needs other bytes than there are.
    """
    with _undamaged(where):
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        if version not in ((1, 0), (2, 0)):  # 3.0 is for field names, which no array of ours has
            raise DataError(f"{where} is written in a version of the format that is not supported", _AGAIN)
        shape, fortran, dtype = read(stream)
        begins = stream.tell()
    if dtype.hasobject:
        raise DataError(
            f"{where} contains Python objects, which are never read because they can run code",
            "save plain arrays: numpy.savez(path, data=array.astype(float))",
        )
    if any(type(length) is not int or length < 0 for length in shape) or len(shape) > _MOST_DIMENSIONS:
        raise DataError(f"{where} is damaged: its shape is {shown(str(shape))}", _AGAIN)
    needed, there = math.prod(shape) * dtype.itemsize, size - begins
    if type(fortran) is not bool or needed > there or (exact and needed != there):
        raise DataError(f"{where} is damaged: its shape {shape} needs {needed:,} bytes, and it has {there:,}", _AGAIN)
    with _undamaged(where):
        stream.seek(0)
        found: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return found


@contextmanager
def _undamaged(where: str) -> Iterator[None]:
    """Turn what NumPy and zipfile raise on a damaged file, errors of many kinds, into one.

    Raises:
        DataError: instead.
    """
    try:
        yield
    except CausalkitError:
        raise
    except MemoryError as error:
        raise DataError(f"{where} needs more memory than there is", "save fewer steps or series") from error
    except Exception as error:
        raise DataError(f"{where} is damaged", _AGAIN) from error


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
