"""Files appear whole or not at all: write to a temporary name beside the target, then rename."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from causalkit.core.shell import argument
from causalkit.errors import WrongUsageError
from causalkit.io.refused_writes import explained
from causalkit.io.temporary_names import remove_leftovers, temporary_name


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
    with explained(path), temporary_name(path) as temporary:
        os.close(
            os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        )  # nobody else's business until it is whole
        yield temporary
        temporary.chmod(0o666 & ~_mask())
        temporary.replace(path)


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
    try:
        with explained(path), temporary_name(path) as temporary:
            temporary.mkdir(mode=0o700)
            yield temporary
            temporary.chmod(0o777 & ~_mask())
            temporary.rename(path)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise
        message = f"{path} exists already: another process has written it meanwhile"
        raise WrongUsageError(message, "nothing was written; choose another name") from error


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
