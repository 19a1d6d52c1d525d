"""Unpack an archive of data files: regular files only, within the folder, within a size, and all or nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from causalkit.errors import DataError

LARGEST = 4 << 30  # bytes of all members together; the largest registered benchmark has some 40 MB
MOST = 100_000  # members
_CHUNK = 1 << 20


def unpack(archive: Path, folder: Path, *, largest: int = LARGEST) -> Path:
    """Unpack a zip or tar archive into a new folder, which appears with all its files or not at all.

    Args:
        archive: a .zip, .tar or compressed .tar file; its content decides, not its name.
        folder: must not exist yet, or is replaced by nobody: when another process made it meanwhile, that one stays.
        largest: refuse an archive whose members have more bytes together, whatever its headers claim.

    Returns:
        The folder.

    Raises:
        DataError: the archive is damaged, or has a member that is a link, a device, outside the folder, named twice,
            or too large.
        OSError: the folder cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        content = temporary / "content"
        content.mkdir()
        with _damage(archive):
            if zipfile.is_zipfile(archive):
                _unpack_members(_zip_members(archive), archive, content, largest)
            elif tarfile.is_tarfile(archive):
                _unpack_members(_tar_members(archive), archive, content, largest)
            else:
                raise DataError(f"{archive} is neither a zip nor a tar archive", "check where it comes from")
        try:
            content.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


@contextlib.contextmanager
def _damage(archive: Path) -> Iterator[None]:
    """Turn what the libraries raise on a damaged archive into an error for the user."""
    import lzma
    import zlib

    try:
        yield
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError) as error:
        raise DataError(f"{archive} is damaged: {error}", "delete it and fetch it again") from error
    except NotImplementedError as error:
        raise DataError(f"{archive} cannot be unpacked: {error}", "unpack it by hand") from error


def _zip_members(archive: Path) -> Iterator[tuple[str, str, IO[bytes] | None]]:
    """Yield name, what is wrong with it, and content; a folder has no content."""
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            kind = member.external_attr >> 28  # the file type of Unix modes; 0 where another system made the archive
            wrong = "" if kind in (0, 0o4, 0o10) else "it is a link or a device"
            if member.is_dir() or wrong:
                yield member.filename, wrong, None
            else:
                with opened.open(member) as stream:
                    yield member.filename, "", stream


def _tar_members(archive: Path) -> Iterator[tuple[str, str, IO[bytes] | None]]:
    # Python's own judgement of what a data archive may hold comes first, where it has one (from 3.11.4 on); ours is
    # stricter about links and complete without it.
    judge = getattr(tarfile, "data_filter", lambda member, folder: member)
    with tarfile.open(archive) as opened:
        for member in opened:
            try:
                judge(member, str(archive.parent))
            except tarfile.TarError as error:
                yield member.name, " ".join(str(error).split()), None
                continue
            if member.isdir():
                yield member.name, "", None
            elif not member.isreg():
                yield member.name, "it is a link or a device", None
            else:
                yield member.name, "", opened.extractfile(member)


def _unpack_members(
    members: Iterator[tuple[str, str, IO[bytes] | None]], archive: Path, folder: Path, largest: int
) -> None:
    left = largest
    for count, (name, wrong, stream) in enumerate(members):
        target = folder / _relative(name, archive)
        if wrong or count >= MOST:
            raise _refused(archive, name, wrong or f"there are more than {MOST} members")
        try:
            (target if stream is None else target.parent).mkdir(parents=True, exist_ok=True)
            if stream is not None:
                with target.open("xb") as output:
                    while chunk := stream.read(min(_CHUNK, left + 1)):
                        left -= len(chunk)
                        if left < 0:
                            raise _refused(archive, name, f"the members have more than {largest} bytes together")
                        output.write(chunk)
        except (FileExistsError, IsADirectoryError, NotADirectoryError):
            raise _refused(archive, name, "a member before it has the same name") from None


def _relative(name: str, archive: Path) -> PurePosixPath:
    """Return the path of a member below the folder; every way out of it is refused, on any operating system."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or (os.name == "nt" and ":" in name):
        raise _refused(archive, name, "it lies outside the folder")
    return path


def _refused(archive: Path, name: str, why: str) -> DataError:
    return DataError(
        f"{archive} is refused because of its member {name!r}: {why}",
        "nothing was unpacked; such an archive does not hold plain data",
    )
