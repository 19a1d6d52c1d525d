"""Is a file on this machine the published one? Length and SHA-256 decide."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file; each process reads an unchanged file once."""
    status = path.stat()
    return _sha256(path, status.st_size, status.st_mtime_ns)


@functools.cache
def _sha256(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def difference(path: Path, size: int | None, sha256: str | None) -> str:
    """Return how a file differs from what is expected, in words, or "" where it does not; None is not compared."""
    try:
        found = path.stat().st_size
        if size is not None and found != size:
            return f"it has {found} bytes instead of {size}"
        if sha256 is not None and sha256_of(path) != sha256:
            return f"its sha256 is {sha256_of(path)} instead of {sha256}"
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    return ""
