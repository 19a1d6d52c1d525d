"""Files appear whole or not at all: write to a temporary name beside the target, then rename."""

from __future__ import annotations

import errno
import os
import platform
import re
import shutil
import stat
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from causalkit.core.shell import argument
from causalkit.errors import WriteError, WrongUsageError

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


def check_writable(path: str | Path) -> Path:
    """Return the path when a file can be created there; to be called before any work.

    Raises:
        WrongUsageError: the folder does not exist or is read-only, the path is a folder, a pipe or a device, or the
            system allows no file of that name.
    """
    path = Path(path)
    folder = path.parent
    if os.path.isdir(path):
        raise WrongUsageError(f"cannot write {path}: it is a folder", "name a file")
    if not os.path.isdir(folder):
        raise WrongUsageError(
            f"cannot write {path}: there is no folder {folder}", f"create it: mkdir -p {argument(folder)}"
        )
    if not os.access(folder, os.W_OK):
        raise WrongUsageError(f"cannot write {path}: the folder {folder} is read-only", "choose another folder")
    try:
        ordinary = stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return path
    except (OSError, ValueError) as error:  # a name that is too long, or has a NUL
        why = getattr(error, "strerror", None) or error
        raise WrongUsageError(f"cannot write {path}: {why}", "choose another name") from error
    if not ordinary:  # it would be replaced
        raise WrongUsageError(f"cannot write {path}: it is a pipe or a device", "name a file")
    return path


@contextmanager
def atomic_path(path: str | Path, *, tidy: bool = True) -> Iterator[Path]:
    """Yield a temporary path with the same suffix that becomes ``path`` when the block ends without an error.

    Where ``path`` is a symbolic link, the link stays and the file that it names is written.

    Args:
        path: of the file.
        tidy: remove what a killed process left beside the same file. This reads the whole folder: leave it out where
            thousands of files are written into one folder that is tidied as a whole.
    """
    path = Path(path)
    path = check_writable(path.resolve() if path.is_symlink() else path)
    if tidy:
        remove_leftovers(path)
    temporary = None
    try:
        with explained(path):
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=_prefix(path, os.getpid()), suffix=path.suffix)
            os.close(handle)
            temporary = Path(name)
            yield temporary
            temporary.chmod(0o666 & ~_mask())  # mkstemp makes files private; a result is an ordinary file
            temporary.replace(path)
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a new temporary folder that becomes ``path`` when the block ends without an error.

    What a killed process left beside the same folder is removed.

    Raises:
        WrongUsageError: the folder exists already.
    """
    if path.exists():
        raise WrongUsageError(f"{path} exists already", "nothing was written; choose another name")
    check_writable(path)
    remove_leftovers(path)
    temporary = None
    try:
        with explained(path):
            temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=_prefix(path, os.getpid()), suffix=path.suffix))
            yield temporary
            temporary.chmod(0o777 & ~_mask())
            temporary.rename(path)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise
        message = f"{path} exists already: another process has written it meanwhile"
        raise WrongUsageError(message, "nothing was written; choose another name") from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


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
    temporary = os.path.join(os.path.dirname(whole), _prefix(path, os.getpid()))
    return about == whole or about.startswith((whole + os.sep, temporary))


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _system_error(error: BaseException) -> int:
    """Return the number of the system's error behind an exception; 0 where there is none.

    Libraries that are written in Rust name it in the text only.
    """
    if isinstance(error, OSError):
        return error.errno or 0
    found = re.search(r"\(os error (\d+)\)", str(error))
    return int(found[1]) if found else 0


def remove_leftovers(path: Path) -> None:
    """Remove temporary files and folders of the same path whose process has ended on this machine."""
    start, random = _prefix(path, 0).removesuffix("0-"), 8
    for leftover in _listed(path.parent):
        middle = leftover[len(start) :].removesuffix(path.suffix)
        process, dash, rest = middle.partition("-")
        temporary = leftover.startswith(start) and dash and process.isdecimal() and len(rest) == random
        if temporary and not _runs(int(process)):
            with suppress(OSError):
                left = path.parent / leftover
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def _prefix(path: Path, process: int) -> str:
    """Return how temporary names begin: with the file, the machine, and the process that writes."""
    machine = zlib.crc32(platform.node().encode("utf-8", "replace"))
    stem = path.stem.encode("utf-8", "surrogateescape")[:80].decode("utf-8", "ignore")  # names have 255 bytes at most
    return f".{stem}.{machine:08x}-{process}-"


def _listed(folder: Path) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if name.startswith(".")]
    except OSError:
        return []


def _runs(process: int) -> bool:
    """Return whether a process of this number runs on this machine."""
    import psutil

    return bool(psutil.pid_exists(process))
