"""What the system says where it refuses to write, in one sentence with the file and what to do."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from causalkit.errors import WriteError
from causalkit.io.temporary_names import prefix

_ELSEWHERE = "name a file in another folder"
_REFUSED = {
    errno.ENOSPC: f"free some space, or {_ELSEWHERE}",
    errno.EDQUOT: f"free some of your quota, or {_ELSEWHERE}",
    errno.EFBIG: f"raise the limit on the size of files, or {_ELSEWHERE}",
    errno.EROFS: _ELSEWHERE,
    errno.EACCES: _ELSEWHERE,
    errno.EPERM: _ELSEWHERE,
    errno.ENOENT: "the folder has vanished; create it again",
}
"""What to do where the system refuses to write."""


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the system says where a block cannot write a file or folder into one sentence.

    Raises:
        WriteError: it cannot be written. Errors about other files stay as they are.
    """
    try:
        yield
    except Exception as error:
        number = _system_error(error)
        about = getattr(error, "filename", None)
        if number not in _REFUSED or not (about is None or _within(str(about), path)):
            raise
        raise WriteError(f"cannot write {path}: {os.strerror(number)}", _REFUSED[number]) from error


def _within(about: str, path: Path) -> bool:
    """Is this the path, a temporary name of it, or something in one of the two?"""
    about, whole = os.path.abspath(about), os.path.abspath(path)
    temporary = os.path.join(os.path.dirname(whole), prefix(path, os.getpid()))
    return about == whole or about.startswith((whole + os.sep, temporary))


def _system_error(error: BaseException) -> int:
    """Return the number of the system's error behind an exception; 0 where there is none.

    Libraries that are written in Rust name it in the text only.
    """
    if isinstance(error, OSError):
        return error.errno or 0
    found = re.search(r"\(os error (\d+)\)", str(error))
    return int(found[1]) if found else 0
