"""Unpack an archive of data files: only regular files, within the folder and a size limit, all or nothing."""

from __future__ import annotations

import contextlib
import glob
import gzip
import lzma
import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from causalkit.errors import DataError

LARGEST = 4 << 30  # bytes of all members together; the largest registered benchmark has some 40 MB
MOST = 100_000  # members

Member = tuple[str, int, bool, bool]  # name, bytes, is it a folder, is it a folder or a regular file


def unpack(archive: Path, folder: Path, *, largest: int = LARGEST) -> Path:
    """Unpack a zip or tar archive into a new folder, which appears with all its files or not at all.

    Args:
        archive: a .zip, .tar or compressed .tar file; its content decides, not its name.
        folder: the new folder; if another process creates it meanwhile, that one stays.
        largest: refuse an archive whose members have more bytes together.

    Returns:
        The folder.

    Raises:
        DataError: the archive is missing or damaged, or has a member that is a link, a device, outside the folder, a
            duplicate, or too large; or the folder cannot be written.
    """
    try:
        return _unpacked(archive, folder, largest)
    except OSError as error:
        if error.strerror is None:  # zipfile and tarfile raise it where an archive is damaged
            raise DataError(f"{archive} is damaged", "delete it and fetch it again") from error
        raise DataError(
            f"{archive} cannot be unpacked into {folder}: {error.strerror}",
            "free some space, or choose another folder with --data-home or CAUSALKIT_CACHE",
        ) from error


def remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left while they unpacked into a folder; no other process may unpack into it."""
    for leftover in folder.parent.glob(f".{glob.escape(folder.name)}.????????"):
        shutil.rmtree(leftover, ignore_errors=True)


def _unpacked(archive: Path, folder: Path, largest: int) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.", ignore_cleanup_errors=True) as made:
        content = Path(made) / "content"
        content.mkdir()
        with _damage(archive):
            if zipfile.is_zipfile(archive):
                with zipfile.ZipFile(archive) as packed:
                    _check(_zip_members(packed), archive, largest)
                    packed.extractall(content)
            elif tarfile.is_tarfile(archive):
                with tarfile.open(archive) as opened:
                    _check(_tar_members(opened), archive, largest)
                    # Python's own filter exists from 3.11.4 on.
                    opened.extractall(content, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
            else:
                raise DataError(f"{archive} is neither a zip nor a tar archive", "check where it comes from")
        try:
            content.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    return folder


@contextlib.contextmanager
def _damage(archive: Path) -> Iterator[None]:
    """Turn what the libraries raise on a damaged archive into an error for the user."""
    damage = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError)
    try:
        yield
    except NotImplementedError as error:  # a subclass of RuntimeError: a compression that Python does not know
        raise DataError(f"{archive} is compressed in a way that Python does not know", "unpack it by hand") from error
    except (*damage, RuntimeError, ValueError, OverflowError, RecursionError) as error:
        raise DataError(f"{archive} is damaged", "delete it and fetch it again") from error


def _zip_members(opened: zipfile.ZipFile) -> Iterator[Member]:
    for member in opened.infolist():
        kind = member.external_attr >> 28  # the file type of Unix modes; 0 if another system made the archive
        yield member.orig_filename, member.file_size, member.is_dir(), kind in (0, 0o4, 0o10)


def _tar_members(opened: tarfile.TarFile) -> Iterator[Member]:
    for member in opened:
        yield member.name, member.size, member.isdir(), member.isdir() or member.isreg()


def _check(members: Iterable[Member], archive: Path, largest: int) -> None:
    """Refuse an archive before anything is unpacked."""
    files: set[PurePosixPath] = set()
    folders: set[PurePosixPath] = set()
    total = 0
    for count, (name, size, is_folder, is_plain) in enumerate(members, start=1):
        path = PurePosixPath(name)
        parents = {*path.parents, path} if is_folder else set(path.parents)
        total += size
        wrong = ""
        if (
            path.is_absolute()
            or ".." in path.parts
            or "\\" in name
            or "\0" in name
            or (os.name == "nt" and ":" in name)
        ):
            wrong = "it lies outside the folder"  # on some operating system
        elif not is_plain:
            wrong = "it is a link or a device"
        elif files & parents or (not is_folder and path in files | folders):
            wrong = "an earlier member has the same name"
        elif total > largest:
            wrong = f"the members have more than {largest} bytes together"
        elif count > MOST:
            wrong = f"there are more than {MOST} members"
        if wrong:
            raise DataError(
                f"{archive} is refused because of its member {name!r}: {wrong}",
                "nothing was unpacked; such an archive is not plain data",
            )
        folders |= parents
        if not is_folder:
            files.add(path)
