"""A downloader for pooch that continues where an interrupted download stopped.

Environment:
    CAUSALKIT_TIMEOUT: seconds to wait for a connection, or for the next byte; default 30.
"""

from __future__ import annotations

import io
import math
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalkit.errors import WrongUsageError

if TYPE_CHECKING:
    from requests import Response

TIMEOUT = 30.0
ATTEMPTS = 3
CHUNK = 1 << 13  # bytes; a broken connection loses at most one chunk


class TransferError(Exception):
    """An address did not give the file. The text says why."""


class BrokenOff(TransferError):  # noqa: N818 - it can be continued
    """The connection ended before the file did."""


def size_of(part: Path) -> int:
    """Return how many bytes of a file are here already."""
    return part.stat().st_size if part.exists() else 0


def timeout() -> float:
    """Return how many seconds to wait for a silent server.

    Raises:
        WrongUsageError: CAUSALKIT_TIMEOUT is not a positive number.
    """
    given = os.environ.get("CAUSALKIT_TIMEOUT") or str(TIMEOUT)
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise WrongUsageError(f"CAUSALKIT_TIMEOUT={given} is not a positive number of seconds", "set it to 30, say")
    return seconds


class Part(io.BufferedWriter):
    """The beginning of a file on disk; it refuses to grow beyond ``limit`` bytes."""

    limit: int | None = None

    def write(self, data: Any) -> int:
        """Append bytes."""
        if self.limit is not None and self.tell() + len(data) > self.limit:
            self.clear()
            raise TransferError(f"the server sends more than the expected {self.limit} bytes")
        return super().write(data)

    def clear(self) -> None:
        """Forget all bytes."""
        self.truncate(0)
        self.seek(0)


class Resuming:
    """Downloads one address into a part file, which survives an interruption, and hands it over when it is complete.

    Args:
        part: the beginning of the file, which may exist.
        size: bytes of the whole file, where known; a server's file of another length is refused.
        verified: pooch compares the SHA-256 afterwards, so that a beginning that belongs to another file does no harm.
            Otherwise every attempt starts again.

    Attributes:
        resumed: bytes of an earlier download are part of the file.
    """

    def __init__(self, part: Path, size: int | None, *, verified: bool) -> None:
        self._part = part
        self._size = size
        self._verified = verified
        self.resumed = False

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        """Download; pooch calls this.

        Raises:
            TransferError: the server refuses, stalls, has another file or breaks off without progress.
            OSError: the file cannot be written.
        """
        for attempt in range(1, ATTEMPTS + 1):
            have = size_of(self._part) if self._verified else 0
            self.resumed |= have > 0
            if have and have == self._size:
                break
            try:
                self._transfer(url, have)
                break
            except BrokenOff:
                # Only a connection with progress is worth another attempt.
                if attempt == ATTEMPTS or size_of(self._part) <= have:
                    raise
        os.replace(self._part, output_file)

    def _transfer(self, url: str, have: int) -> None:
        import requests
        from pooch import HTTPDownloader

        with Part(self._part.open("ab" if have else "wb", buffering=0)) as part:
            part.limit = self._size

            def begin(response: Response, **options: Any) -> None:
                if response.is_redirect or not (response.ok or response.status_code == 416):
                    return
                if response.status_code != 206:  # the whole file is coming, or what is here is longer than the file
                    part.clear()
                length = response.headers.get("Content-Length", "")
                known = response.ok and length.isdecimal() and "Content-Encoding" not in response.headers
                total = part.tell() + int(length) if known else self._size
                if self._size not in (None, total):
                    part.clear()
                    raise TransferError(f"the server's file has {total} bytes instead of {self._size}")
                part.limit = total

            # A compressed transfer could not be continued.
            headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
            download = HTTPDownloader(
                progressbar=_bar(url) if sys.stderr.isatty() else False,
                chunk_size=CHUNK,
                timeout=timeout(),
                headers=headers,
                hooks={"response": begin},
            )
            try:
                download(url, part, None)
            except requests.RequestException as error:
                raise _explained(error) from error
            if part.limit is not None and part.tell() < part.limit:
                raise BrokenOff(f"the connection ended after {part.tell()} of {part.limit} bytes")


def _bar(url: str) -> Any:
    from tqdm import tqdm

    # pooch sets the total as soon as the server has answered; until then it must not be zero.
    return tqdm(desc=url.rpartition("/")[2], total=1, unit="B", unit_scale=True, leave=False, file=sys.stderr)


def _explained(error: Exception) -> TransferError:
    """Return what went wrong in words."""
    from requests import exceptions as kinds

    text = " ".join(str(error).split())
    if isinstance(error, kinds.HTTPError):
        return TransferError(f"the server answers {error.response.status_code} {error.response.reason}".rstrip())
    if isinstance(error, kinds.SSLError):
        reason = re.search(r"\] ([^(]+) \(_ssl", text)
        return TransferError(f"no secure connection: {reason[1] if reason else 'the TLS handshake failed'}")
    if isinstance(error, kinds.ProxyError):
        return TransferError("the proxy does not answer; check HTTPS_PROXY and HTTP_PROXY")
    if isinstance(error, kinds.ConnectTimeout):
        return TransferError(f"no connection within {timeout():g} s")
    if isinstance(error, kinds.Timeout) or "Read timed out" in text:
        return BrokenOff(f"the server sent nothing for {timeout():g} s")
    if isinstance(error, kinds.ChunkedEncodingError) or re.search("Remote end closed|reset|aborted", text):
        return BrokenOff("the connection broke off")
    if isinstance(error, kinds.ConnectionError):
        return TransferError(
            "the server refuses the connection" if "refused" in text else "no connection; is there a network?"
        )
    return TransferError(text or type(error).__name__)
