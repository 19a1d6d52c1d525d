"""Bring one file into the cache with pooch: one address after the other, checked before the file becomes visible."""

from __future__ import annotations

import glob
import logging
import os
import shutil
import tempfile
from pathlib import Path

from causalkit.errors import DataError, NotOfferedError
from causalkit_benchmarks import cache, mirrors
from causalkit_benchmarks.entries import Entry
from causalkit_benchmarks.transfer import Resuming, TransferError, size_of

UNVERIFIED = "CAUSALKIT_ALLOW_UNVERIFIED"


def refuse_unverified(entry: Entry, source: object) -> None:
    """Refuse a file that cannot be checked, unless the user allowed it.

    Raises:
        NotOfferedError: no SHA-256 is published for the file, and none was recorded when it was first used.
    """
    if cache.known_hash(entry) or os.environ.get(UNVERIFIED, "") not in ("", "0"):
        return
    raise NotOfferedError(
        f"{entry.file} cannot be verified: its SHA-256 is unknown, so {source} may give a wrong file",
        f"accept it with causalkit fetch --unverified or {UNVERIFIED}=1; its SHA-256 is recorded and checked from "
        "then on",
    )


def download(entry: Entry, earlier: list[str]) -> Path:
    """Download a file from mirrors on servers, then from its own addresses; the caller holds the entry's lock.

    Args:
        entry: the file.
        earlier: what was wrong with mirrors that are folders, for the error.

    Returns:
        The path of the checked file in the cache.

    Raises:
        NotOfferedError: it has no address, or cannot be verified.
        DataError: no address gave it, or the cache cannot be written.
    """
    missing = f"{entry.file} is not on this machine and cannot be downloaded"
    place = cache.place(entry)
    by_hand = (
        f"get it elsewhere ({entry.expected}) and put it at {place}, or set CAUSALKIT_MIRROR to a folder or an address "
        f"that has {entry.file}"
    )
    urls = [*mirrors.urls(entry), *entry.urls]
    if not urls:
        raise NotOfferedError(f"{missing} ({'; '.join(['no address offers it', *earlier])})", by_hand)
    refuse_unverified(entry, urls[0])
    part = cache.part(entry)
    cache.prepare(place.parent)
    cache.prepare(part.parent)
    problems = list(earlier)
    for url in urls:
        try:
            _download(url, entry, place, part)
        except TransferError as error:
            problems.append(f"{url}: {error}")
        except OSError as error:
            raise cache.unwritable(error, place) from error
        else:
            cache.record_hash(entry, place)
            return place
    raise DataError(f"{missing} ({'; '.join(problems)})", by_hand)


def _download(url: str, entry: Entry, place: Path, part: Path) -> None:
    """Let pooch download into a temporary file, compare its SHA-256 and rename it.

    Raises:
        TransferError: the address does not give the file.
        OSError: the cache cannot be written.
    """
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)  # it reports every download otherwise
    expected = cache.known_hash(entry)
    downloader = Resuming(part, entry.bytes, verified=bool(expected))
    known_hash = expected and f"sha256:{expected}"
    # pooch's temporary file would stay beside the file for ever where this process is killed.
    for leftover in part.parent.glob(f"{glob.escape(part.name)}.????????"):
        shutil.rmtree(leftover, ignore_errors=True)
    for attempt in (1, 2):
        try:
            with tempfile.TemporaryDirectory(dir=part.parent, prefix=f"{part.name}.") as aside:
                pooch.retrieve(url, known_hash=known_hash, fname=place.name, path=aside, downloader=downloader)
                os.replace(Path(aside, place.name), place)
            return
        except (ValueError, TransferError) as error:
            # The beginning may have belonged to another file; it is gone now.
            if attempt == 1 and downloader.resumed and not size_of(part):
                continue
            if isinstance(error, TransferError):
                raise
            raise TransferError(f"the server has another file: its sha256 is not {expected}") from error
