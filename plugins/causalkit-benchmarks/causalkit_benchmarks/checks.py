"""Is a file on this machine the published one: length and SHA-256."""

from __future__ import annotations

import hashlib
from pathlib import Path

_known: dict[tuple[str, int, int], str] = {}


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file; a file that has not changed is read once a process."""
    status = path.stat()
    key = (str(path), status.st_size, status.st_mtime_ns)
    if key not in _known:
        with path.open("rb") as stream:
            _known[key] = hashlib.file_digest(stream, "sha256").hexdigest()
    return _known[key]


def difference(path: Path, size: int | None, sha256: str | None) -> str:
    """Return in words how a file differs from what is expected; "" when it does not, as far as that is known."""
    found = path.stat().st_size
    if size is not None and found != size:
        return f"it has {found} bytes instead of {size}"
    if sha256 is not None and sha256_of(path) != sha256:
        return f"its sha256 is {sha256_of(path)} instead of {sha256}"
    return ""
