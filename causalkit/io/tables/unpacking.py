"""Compressed files: their bytes, and how many of these there may be."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from causalkit.errors import DataError

LARGEST = 1 << 30
MOST_TIMES = 100
"""A file that unpacks to more bytes than `LARGEST` must not unpack to so many times its own size."""

_COMPRESSIONS: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
_ZIP = b"PK\x03\x04"
_TEXT = (".csv", ".tsv", ".txt", ".dat")


def check_unpacked(path: str | Path, unpacked: int, hint: str = "unpack it yourself, if that is right") -> None:
    """Refuse a file that unpacks to far more bytes than a table compresses by.

    Args:
        path: of the file.
        unpacked: bytes that it unpacks to, or has unpacked to so far.
        hint: what to do where the file is right.

    Raises:
        DataError: it unpacks to too much.
    """
    if unpacked <= LARGEST:
        return
    size = max(Path(path).stat().st_size, 1)
    if unpacked > MOST_TIMES * size:
        raise DataError(f"{path} unpacks to {unpacked / 2**30:,.1f} GiB, {unpacked // size:,} times its size", hint)


def unpacked_bytes(path: Path) -> BinaryIO:
    """Return the bytes of a file, unpacked where it is a gzip, bzip2 or xz file, or a zip archive of one text file.

    Raises:
        DataError: while it is read: it unpacks to too much.
    """
    with path.open("rb") as raw:
        magic = raw.read(6)
    if magic.startswith(_ZIP):
        archive = zipfile.ZipFile(path)
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) == 1 and members[0].filename.lower().endswith(_TEXT):
            return _bounded(path, archive.open(members[0]))
    for beginning, opened in _COMPRESSIONS.items():
        if magic.startswith(beginning):
            return _bounded(path, opened(path))
    return path.open("rb")


def _bounded(path: Path, stream: Any) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_Bounded(path, stream), 1 << 16))


class _Bounded(io.RawIOBase):
    """A stream that counts what a compressed file has unpacked to so far."""

    def __init__(self, path: Path, stream: Any) -> None:
        self._path, self._stream, self._unpacked = path, stream, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = self._stream.read(len(buffer))
        buffer[: len(found)] = found
        self._unpacked += len(found)
        check_unpacked(self._path, self._unpacked)
        return len(found)

    def close(self) -> None:
        self._stream.close()
        super().close()
