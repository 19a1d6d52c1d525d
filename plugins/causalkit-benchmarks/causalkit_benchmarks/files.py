"""Published files on this machine: fetched when they are needed, checked before they are used.

A file is looked for in the cache, then in mirrors that are folders (used in place), then downloaded.
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

__all__ = ["entry", "is_here", "local_file", "local_files"]


def local_file(name: str) -> Path:
    """Return the path of a published file, after downloading it where that is needed.

    Args:
        name: such as ``"dream4/insilico_size10_1_timeseries.tsv"``.

    Returns:
        The path of a file whose length and SHA-256 are right; in the cache, or in a mirror that is a folder.

    Raises:
        UnknownNameError: no published file has that name.
        NotOfferedError: it is nowhere here and offers no address, or no SHA-256.
        DataError: it cannot be downloaded, it is damaged, or the cache cannot be written; the error says where to put
            the file by hand.
        WrongUsageError: CAUSALKIT_MIRROR or CAUSALKIT_TIMEOUT makes no sense.
    """
    wanted = entry(name)
    path = _member(wanted) if wanted.archive else _whole(wanted)
    say_once(wanted.dataset)
    return path


def local_files(names: Iterable[str]) -> list[Path]:
    """Return the paths of several published files; see `local_file`."""
    return [local_file(name) for name in names]


def is_here(name: str) -> bool:
    """Would `local_file` need no download? Looks at existence and length only.

    Raises:
        UnknownNameError: no published file has that name.
    """
    wanted = entry(name)
    places = [cache.place(wanted)]
    if wanted.archive:
        places.append(cache.unpacked(entry(wanted.archive)) / wanted.member)
    with suppress(CausalkitError):  # a mirror that makes no sense is an error of whoever needs it
        places += [folder.path / wanted.file for folder in mirrors.folders()]
    return any(_fits(path, wanted.bytes) for path in places) or bool(wanted.archive and is_here(wanted.archive))


def _fits(path: Path, size: int | None) -> bool:
    try:
        return path.is_file() and size in (None, path.stat().st_size)
    except OSError:
        return False


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
    from causalkit_benchmarks.unpack import unpack

    path = _cached(wanted) or _in_folders(wanted, [])
    if path:
        return path
    archive = entry(wanted.archive)
    folder = cache.unpacked(archive)
    if not folder.is_dir():
        packed = _whole(archive)
        with cache.lock(archive):
            if not folder.is_dir():
                try:
                    unpack(packed, folder)
                except OSError as error:
                    raise cache.unwritable(error, folder) from error
    path = folder / wanted.member
    if not path.is_file():
        raise DataError(
            f"{archive.file} holds no {wanted.member}", "report this to the authors of causalkit-benchmarks"
        )
    wrong = checks.difference(path, wanted.bytes, wanted.sha256)
    if wrong:
        raise DataError(f"{path} is not the published file: {wrong}", f"delete {folder}; it is then unpacked anew")
    return path


def _cached(wanted: Entry) -> Path | None:
    """Return the path of a file in the cache, or None. One that was put there by hand is checked like any other.

    Raises:
        DataError: what lies there is another file; it is left alone.
    """
    path = cache.place(wanted)
    if not path.is_file():
        return None
    expected = wanted.sha256 or cache.recorded_hash(wanted)
    try:
        wrong = checks.difference(path, wanted.bytes, expected)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}", "check its permissions") from error
    if wrong:
        raise DataError(f"{path} is not the published file: {wrong}", "move it away; it is then fetched anew")
    if expected is None:
        cache.record_hash(wanted, checks.sha256_of(path))  # the user put it there: trusted from now on
    return path


def _in_folders(wanted: Entry, problems: list[str]) -> Path | None:
    """Return the path of a file in the first mirror folder that has the right one, or None.

    A wrong file is warned about, added to ``problems``, and passed over.
    """
    for folder in mirrors.folders():
        folder.check()
        path = folder.file(wanted)
        if path is None:
            continue
        refuse_unverified(wanted, path)
        expected = wanted.sha256 or cache.recorded_hash(wanted)
        try:
            wrong = checks.difference(path, wanted.bytes, expected)
        except OSError as error:
            wrong = f"it cannot be read: {error.strerror or error}"
        if wrong:
            problems.append(f"{path} is not the published file: {wrong}")
            warnings.warn(f"{problems[-1]}; it is passed over", RuntimeWarning, stacklevel=2)
            continue
        if expected is None:
            cache.record_hash(wanted, checks.sha256_of(path))
        return path
    return None
