"""Names of files and folders that are being written, and what processes that were killed left under such names."""

from __future__ import annotations

import os
import platform
import secrets
import shutil
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_RANDOM = 8
_IN_USE: set[str] = set()
"""Names that this process writes under. Others that bear its number were left when a block was interrupted twice."""


@contextmanager
def temporary_name(path: Path) -> Iterator[Path]:
    """Yield a new hidden name beside a path, with the same suffix; what is there when the block ends is removed.

    The name is known before anything is made there, so that an interrupt at any moment leaves nothing.
    """
    name = f"{prefix(path, os.getpid())}{secrets.token_hex(_RANDOM // 2)}{path.suffix}"
    temporary = path.parent / name
    _IN_USE.add(name)
    try:
        yield temporary
    finally:
        _IN_USE.discard(name)
        _remove(temporary)


def remove_leftovers(path: Path) -> None:
    """Remove temporary files and folders of the same path that no process of this machine writes any more."""
    start = prefix(path, 0).removesuffix("0-")
    for leftover in _hidden(path.parent):
        middle = leftover[len(start) :].removesuffix(path.suffix)
        process, dash, rest = middle.partition("-")
        temporary = leftover.startswith(start) and dash and process.isdecimal() and len(rest) == _RANDOM
        if temporary and not _written(leftover, int(process)):
            _remove(path.parent / leftover)


def prefix(path: Path, process: int) -> str:
    """Return how temporary names begin: with the file, the machine, and the process that writes."""
    machine = zlib.crc32(platform.node().encode("utf-8", "replace"))
    encoding = sys.getfilesystemencoding()
    stem = path.stem.encode(encoding, "surrogateescape")[:80].decode(encoding, "ignore")  # names have 255 bytes at most
    return f".{stem}.{machine:08x}-{process}-"


def _remove(path: Path) -> None:
    with suppress(OSError):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _hidden(folder: Path) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if name.startswith(".")]
    except OSError:
        return []


def _written(name: str, process: int) -> bool:
    """Return whether a process of this machine writes under a name."""
    import psutil

    return name in _IN_USE if process == os.getpid() else bool(psutil.pid_exists(process))
