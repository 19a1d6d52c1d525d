"""Bring one file into the cache: every address in turn, with pooch, checked before it becomes visible."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from causalkit.errors import DataError, NotOfferedError
from causalkit_benchmarks import cache, checks
from causalkit_benchmarks.entries import Entry
from causalkit_benchmarks.mirrors import Server, mirrors
from causalkit_benchmarks.transfer import Resuming, TransferError

UNVERIFIED = "CAUSALKIT_ALLOW_UNVERIFIED"


def unverified_allowed() -> bool:
    """Has the user said that files without a published SHA-256 may be fetched?"""
    return os.environ.get(UNVERIFIED, "") not in ("", "0")


def refuse_unverified(entry: Entry, source: object) -> None:
    """Refuse a file that nobody vouches for, unless the user allowed it.

    Raises:
        NotOfferedError: the file has no published SHA-256, and none was recorded when it was first used.
    """
    if entry.sha256 or cache.recorded_hash(entry) or unverified_allowed():
        return
    raise NotOfferedError(
        f"{entry.file} cannot be verified: no SHA-256 is known for it, so that nobody can tell whether {source} "
        "gives the right file",
        f"accept what it gives with causalkit fetch --unverified, or with {UNVERIFIED}=1; its SHA-256 is then recorded "
        "and checked from the first use on",
    )


def download(entry: Entry, earlier: list[str]) -> Path:
    """Download a file from mirrors on servers, then from its own addresses; call it with the entry's lock held.

    Args:
        entry: the file.
        earlier: what was wrong with mirrors that are folders, for the error.

    Returns:
        The path of the checked file in the cache.

    Raises:
        NotOfferedError: it has no address, or nobody vouches for it.
        DataError: no address gave it, or the cache cannot be written.
    """
    urls = [mirror.url(entry) for mirror in mirrors() if isinstance(mirror, Server)] + list(entry.urls)
    if not urls:
        raise NotOfferedError(_missing(entry, ["it is offered nowhere for download", *earlier]), _by_hand(entry))
    refuse_unverified(entry, urls[0])
    place = cache.place(entry)
    cache.prepare(place.parent)
    problems = list(earlier)
    for url in urls:
        try:
            _download(url, entry, place)
        except TransferError as error:
            problems.append(f"{url}: {error}")
        except OSError as error:
            raise cache.unwritable(error, place) from error
        else:
            if not entry.sha256:
                cache.record_hash(entry, checks.sha256_of(place))
            cache.forget_parts(entry)
            return place
    raise DataError(_missing(entry, problems), _by_hand(entry))


def _download(url: str, entry: Entry, place: Path) -> None:
    """Let pooch download into a temporary file, check its SHA-256 and rename it.

    Raises:
        TransferError: the address does not give the file.
        OSError: the cache cannot be written.
    """
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)  # it tells every download otherwise
    part = cache.part(entry, url)
    cache.prepare(part.parent)
    expected = entry.sha256 or cache.recorded_hash(entry)
    for _ in range(2):
        downloader = Resuming(part, entry.file, entry.bytes, verified=expected is not None)
        try:
            pooch.retrieve(
                url,
                known_hash=expected and f"sha256:{expected}",
                fname=place.name,
                path=place.parent,
                downloader=downloader,
            )
            return
        except ValueError as error:
            # pooch has removed the file. Two halves of different files may explain it, once.
            if not downloader.resumed:
                raise TransferError(f"the server has another file, whose sha256 is not {expected}") from error
    raise TransferError(f"the server has another file, whose sha256 is not {expected}")


def _missing(entry: Entry, problems: list[str]) -> str:
    return f"{entry.file} is not on this machine and cannot be downloaded ({'; '.join(problems)})"


def _by_hand(entry: Entry) -> str:
    where = f"get it elsewhere ({entry.expected}) and put it at {cache.place(entry)}"
    return f"{where}, or set CAUSALKIT_MIRROR to a folder or an address that has {entry.file}"
