"""A downloader for pooch that continues where an interrupted download stopped.

Environment:
    CAUSALKIT_TIMEOUT: seconds without a connection, or without a byte, after which a server is given up; default 30.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalkit.errors import WrongUsageError
from causalkit_benchmarks.bar import Bar

if TYPE_CHECKING:
    from requests import Response

TIMEOUT = 30.0
_CHUNK = 1 << 13  # bytes; what of a chunk has come when a connection breaks is lost
_ATTEMPTS = 3


class TransferError(Exception):
    """An address did not give the file; the next one is asked. The text says why."""


class BrokenOff(TransferError):  # noqa: N818 - it can be continued
    """The connection ended before the file did."""


class _Stale(Exception):  # noqa: N818 - it never leaves this module
    """What is here already does not belong to what the server has."""


def timeout() -> float:
    """Return the seconds after which a silent server is given up.

    Raises:
        WrongUsageError: CAUSALKIT_TIMEOUT is no positive number.
    """
    given = os.environ.get("CAUSALKIT_TIMEOUT") or str(TIMEOUT)
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise WrongUsageError(f"CAUSALKIT_TIMEOUT={given} is no number of seconds", "set it to 30, for example")
    return seconds


class Resuming:
    """Downloads one address into a part file, which survives an interruption, and hands it over when it is complete.

    Args:
        part: where the beginning of the file is kept.
        name: of the file, for the progress bar.
        size: bytes of the whole file, where known; a server that has another number is refused.
        verified: the content is checked afterwards, so that a beginning may be continued even when the server has no
            way to say whether its file is still the same.

    Attributes:
        resumed: a beginning from an earlier attempt went into the file.
    """

    def __init__(self, part: Path, name: str, size: int | None, *, verified: bool) -> None:
        self._part = part
        self._note = part.with_name(part.name + ".json")
        self._name = name
        self._size = size
        self._verified = verified
        self.resumed = False

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        """Download, as pooch asks for it.

        Raises:
            TransferError: the server refuses, stalls, has another file or breaks off without getting ahead.
            OSError: the file cannot be written.
        """
        attempt = 1
        with Bar(self._name, self._size) as bar:
            while True:
                before = self._have()
                try:
                    self._transfer(url, bar)
                    break
                except _Stale:
                    self._forget()
                except BrokenOff:
                    # Only a connection that brought something is worth another attempt.
                    if attempt == _ATTEMPTS or self._have() <= before:
                        raise
                attempt += 1
        self._note.unlink(missing_ok=True)
        os.replace(self._part, output_file)

    def _transfer(self, url: str, bar: Bar) -> None:
        import requests

        have = self._have()
        if have and have == self._size:
            self.resumed = True
            return
        # Compressed transfers could be neither counted nor continued.
        headers = {"Accept-Encoding": "identity", **self._continuation(have)}
        try:
            with requests.get(url, stream=True, timeout=timeout(), headers=headers) as response:
                self._receive(response, have, bar)
        except requests.RequestException as error:
            raise _explained(error) from error

    def _receive(self, response: Response, have: int, bar: Bar) -> None:
        if have and response.status_code == 416:
            raise _Stale
        if response.status_code not in (200, 206):
            raise TransferError(f"the server answers {response.status_code} {response.reason}".rstrip())
        if response.status_code == 206 and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise _Stale
        if response.status_code == 200:
            have = 0
        total = self._announced(response, have)
        if have:
            self.resumed = True
        else:
            self._remember(response.headers)
        with self._part.open("ab" if have else "wb") as part:
            bar.start(have, total)
            for chunk in response.iter_content(_CHUNK):
                part.write(chunk)
                have += len(chunk)
                bar.show(have)
                if total is not None and have > total:
                    break
        if total is not None and have > total:
            self._forget()
            raise TransferError(f"the server sends more than the expected {total} bytes")
        if total is not None and have < total:
            raise BrokenOff(f"the connection ended after {have} of {total} bytes")

    def _announced(self, response: Response, have: int) -> int | None:
        """Return how long the whole file will be, having refused a server that has a file of another length."""
        length = response.headers.get("Content-Length", "")
        if not length.isdigit() or response.headers.get("Content-Encoding", "identity") != "identity":
            return self._size
        total = have + int(length)
        if self._size is not None and total != self._size:
            self._forget()
            raise TransferError(f"the server has a file of {total} bytes instead of {self._size}")
        return total

    def _continuation(self, have: int) -> dict[str, str]:
        """Return the headers that ask for the rest only, and for everything should the file have changed."""
        if not have:
            return {}
        try:
            validator = str(json.loads(self._note.read_text(encoding="utf-8"))["validator"])
        except (OSError, ValueError, KeyError, TypeError):
            validator = ""
        if validator:
            return {"Range": f"bytes={have}-", "If-Range": validator}
        return {"Range": f"bytes={have}-"} if self._verified else {}

    def _remember(self, headers: Mapping[str, str]) -> None:
        tag = headers.get("ETag", "")
        # A weak tag says "equivalent", not "the same bytes", and may not be used to continue.
        validator = headers.get("Last-Modified", "") if not tag or tag.startswith("W/") else tag
        self._note.write_text(json.dumps({"validator": validator}), encoding="utf-8")

    def _have(self) -> int:
        """Return how many bytes are here already; more than the file has are worth nothing."""
        try:
            have = self._part.stat().st_size
        except FileNotFoundError:
            return 0
        if self._size is not None and have > self._size:
            self._forget()
            return 0
        return have

    def _forget(self) -> None:
        self._part.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)


def _explained(error: Exception) -> TransferError:
    """Say in words what went wrong on the way."""
    import requests

    text = str(error)
    if isinstance(error, requests.exceptions.SSLError):
        return TransferError(f"no secure connection: {_reason(text)}")
    if isinstance(error, requests.exceptions.ProxyError):
        return TransferError("the proxy cannot be used; check HTTPS_PROXY and HTTP_PROXY")
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return TransferError(f"no connection within {timeout():g} s")
    if isinstance(error, requests.exceptions.Timeout) or "Read timed out" in text:
        return BrokenOff(f"the server sent nothing for {timeout():g} s")
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return BrokenOff("the connection broke off")
    if isinstance(error, requests.exceptions.ConnectionError):
        if "resolve" in text or "getaddrinfo" in text:
            return TransferError("the host is not known; is there a network?")
        if "refused" in text:
            return TransferError("the server refuses the connection")
        if "Remote end closed" in text or "reset" in text or "aborted" in text:
            return BrokenOff("the connection broke off")
        return TransferError("no connection; is there a network?")
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return TransferError("the server redirects in a circle")
    return TransferError(" ".join(text.split()) or type(error).__name__)


def _reason(text: str) -> str:
    """Return the middle of what the TLS library says, without the objects around it."""
    for known in ("certificate has expired", "self-signed certificate", "self signed certificate", "Hostname mismatch"):
        if known in text:
            return known
    return "the certificate of the server cannot be verified" if "CERTIFICATE" in text else "the TLS handshake failed"
