"""Files appear whole or not at all: write to a temporary name beside the target, then rename."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from causalkit.core.shell import argument
from causalkit.errors import WrongUsageError


def check_writable(path: str | Path) -> Path:
    """Return the path when a file can be created there; to be called before any work.

    Raises:
        WrongUsageError: the folder does not exist or is read-only, or the path is a folder.
    """
    path = Path(path)
    folder = path.parent
    if path.is_dir():
        raise WrongUsageError(f"cannot write {path}: it is a folder", "name a file")
    if not folder.is_dir():
        raise WrongUsageError(
            f"cannot write {path}: there is no folder {folder}", f"create it: mkdir -p {argument(folder)}"
        )
    if not os.access(folder, os.W_OK):
        raise WrongUsageError(f"cannot write {path}: the folder {folder} is read-only", "choose another folder")
    return path


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path with the same suffix that becomes ``path`` when the block ends without an error."""
    path = check_writable(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)  # mkstemp makes files private; a result is an ordinary file
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
