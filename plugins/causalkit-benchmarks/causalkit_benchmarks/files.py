"""Published files on this machine: fetched when they are needed, checked before they are used.

The cache comes first, then mirrors that are folders (used in place), then downloads.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from causalkit.errors import CausalkitError, DataError
from causalkit_benchmarks import cache, checks, mirrors
from causalkit_benchmarks.download import download, refuse_unverified
from causalkit_benchmarks.entries import Entry, entry
from causalkit_benchmarks.notices import say_once
from causalkit_benchmarks.unpack import remove_leftovers, unpack

__all__ = ["entry", "is_here", "local_file", "local_files"]


def local_file(name: str) -> Path:
    """Return the path of a published file, after downloading it where that is needed.

    Args:
        name: such as ``"dream4/insilico_size10_1_timeseries.tsv"``.

    Returns:
        The path of a file whose length and SHA-256 are right; in the cache, or in a mirror that is a folder.

    Raises:
        UnknownNameError: no published file has that name.
        NotOfferedError: it is not on this machine and has no address, or no SHA-256.
        DataError: it cannot be downloaded, it is damaged, or the cache cannot be written; the error says where to put
            the file by hand.
        WrongUsageError: CAUSALKIT_MIRROR or CAUSALKIT_TIMEOUT is invalid.
    """
    wanted = entry(name)
    path = _member(wanted) if wanted.archive else _whole(wanted)
    say_once(wanted.dataset)
    return path


def local_files(names: Iterable[str]) -> list[Path]:
    """Return the paths of several published files; see `local_file`."""
    return [local_file(name) for name in names]


def is_here(name: str) -> bool:
    """Would `local_file` need no download? Only existence and length are compared.

    Raises:
        UnknownNameError: no published file has that name.
    """
    wanted = entry(name)
    places = [cache.place(wanted)]
    if wanted.archive:
        places.append(cache.unpacked(entry(wanted.archive)) / wanted.member)
    with suppress(CausalkitError):  # a wrong mirror is reported when it is needed
        places += [folder / wanted.file for folder in mirrors.folders()]
    here = any(path.is_file() and not checks.difference(path, wanted.bytes, None) for path in places)
    return here or bool(wanted.archive and is_here(wanted.archive))


def _whole(wanted: Entry) -> Path:
    """Return the path of a file that is published by itself."""
    problems: list[str] = []
    path = _cached(wanted) or _in_folders(wanted, problems)
    if path:
        return path
    with cache.lock(wanted):
        return _cached(wanted) or download(wanted, problems)


def _member(wanted: Entry) -> Path:
    """Return the path of a file that is published within an archive."""
    path = _cached(wanted) or _in_folders(wanted, [])
    if path:
        return path
    archive = entry(wanted.archive)
    folder = cache.unpacked(archive)
    if not folder.is_dir():
        packed = _whole(archive)
        with cache.lock(archive):
            if not folder.is_dir():
                remove_leftovers(folder)
                unpack(packed, folder)
    path = folder / wanted.member
    if not path.is_file():
        raise DataError(f"{archive.file} has no {wanted.member}", "report this to the authors of causalkit-benchmarks")
    return _right(path, wanted, f"delete {folder}; it is then unpacked again")


def _cached(wanted: Entry) -> Path | None:
    """Return the path of a file in the cache, or None. A file that was put there by hand is checked like any other.

    Raises:
        DataError: another file is there; it is not touched.
    """
    path = cache.place(wanted)
    if not path.is_file():
        return None
    _right(path, wanted, "move it away; it is then fetched again")
    cache.record_hash(wanted, path)  # without a published SHA-256, the user who put it there is trusted
    return path


def _right(path: Path, wanted: Entry, hint: str) -> Path:
    """Return the path of a file that is the published one.

    Raises:
        DataError: it is not.
    """
    if wrong := checks.difference(path, wanted.bytes, cache.known_hash(wanted)):
        raise DataError(f"{path} is not the published file: {wrong}", hint)
    return path


def _in_folders(wanted: Entry, problems: list[str]) -> Path | None:
    """Return the path of a file in the first mirror folder that has the right one, or None.

    A wrong file is skipped with a warning and added to ``problems``.
    """
    for folder in mirrors.folders():
        path = folder / wanted.file
        if not path.is_file():
            continue
        refuse_unverified(wanted, path)
        try:
            _right(path, wanted, "")
        except DataError as error:
            problems.append(error.message)
            warnings.warn(f"{error.message}; skipping it", RuntimeWarning, stacklevel=2)
            continue
        cache.record_hash(wanted, path)
        return path
    return None
