"""The folder of downloaded files: where it is, what it contains, and who may write to it.

Environment:
    CAUSALKIT_CACHE: the folder; default: the user's cache folder of the operating system.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from causalkit.errors import DataError
from causalkit.io import atomic_path
from causalkit_benchmarks.checks import sha256_of
from causalkit_benchmarks.entries import Entry


def data_home() -> Path:
    """Return the folder; it may not exist yet."""
    given = os.environ.get("CAUSALKIT_CACHE")
    if given:
        return Path(os.path.expanduser(given)).absolute()
    import pooch

    return Path(pooch.os_cache("causalkit"))


def place(entry: Entry) -> Path:
    """Return the path of a file in the cache."""
    return data_home() / entry.file


def unpacked(archive: Entry) -> Path:
    """Return the folder of an archive's members; an archive with another content has another folder."""
    return data_home() / f"{archive.file}.{(archive.sha256 or 'unpacked')[:8]}"


def part(entry: Entry) -> Path:
    """Return where the beginning of an interrupted download is kept."""
    return data_home() / ".parts" / f"{_flat(entry)}.{(known_hash(entry) or 'unverified')[:8]}.part"


def known_hash(entry: Entry) -> str | None:
    """Return the published SHA-256 of a file, or the one that was recorded when the file was first used."""
    if entry.sha256:
        return entry.sha256
    with suppress(OSError):
        return _hash_file(entry).read_text(encoding="ascii").strip() or None
    return None


def record_hash(entry: Entry, path: Path) -> None:
    """Record the SHA-256 of a file that has no published one; from now on it is the right one."""
    if not known_hash(entry):
        prepare(_hash_file(entry).parent)
        with atomic_path(_hash_file(entry)) as temporary:
            temporary.write_text(sha256_of(path) + "\n", encoding="ascii")


def prepare(folder: Path) -> None:
    """Create a folder of the cache.

    Raises:
        DataError: it cannot be created or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError as error:
        raise unwritable(error, folder) from error
    if not writable:
        raise unwritable(PermissionError(errno.EACCES, os.strerror(errno.EACCES)), folder)


def unwritable(error: OSError, path: Path) -> DataError:
    """Return the error for a cache that cannot be written to."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DataError(f"no space is left for {path}", "free some space, or choose another folder with --data-home")
    return DataError(
        f"the data folder cannot be written: {path}: {error.strerror or error}",
        "choose another one with --data-home or CAUSALKIT_CACHE",
    )


@contextmanager
def lock(entry: Entry) -> Iterator[None]:
    """Let one process at a time fetch a file; the others wait until it ends.

    Raises:
        DataError: the lock cannot be created.
    """
    import filelock

    path = data_home() / ".locks" / f"{_flat(entry)}.lock"
    prepare(path.parent)
    guard = filelock.FileLock(path)
    try:
        guard.acquire(blocking=False)
    except filelock.Timeout:
        print(f"causalkit: waiting for another process that fetches {entry.file}", file=sys.stderr)
        guard.acquire()
    except NotImplementedError:
        # A file system without locks: two processes may download the same file, and the checks still hold.
        yield
        return
    except OSError as error:
        raise unwritable(error, path) from error
    try:
        yield
    finally:
        guard.release()


def _flat(entry: Entry) -> str:
    return entry.file.replace("/", "__")


def _hash_file(entry: Entry) -> Path:
    return data_home() / ".hashes" / f"{_flat(entry)}.sha256"
