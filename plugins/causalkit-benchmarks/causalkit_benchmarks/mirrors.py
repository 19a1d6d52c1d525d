"""Other places to look for published files before their own addresses are asked.

Environment:
    CAUSALKIT_MIRROR: folders or http(s) addresses, joined by commas and asked in that order. A folder, also as a
        ``file://`` address, holds the files under their names in the registry and is used in place.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

from causalkit.errors import WrongUsageError
from causalkit_benchmarks.entries import Entry

_WAY_OUT = "name folders or http(s) addresses, joined by commas"


@dataclass(frozen=True)
class Folder:
    """A mirror on this machine."""

    path: Path

    def file(self, entry: Entry) -> Path | None:
        """Return where the folder holds a file, or None."""
        path = self.path / entry.file
        return path if path.is_file() else None

    def check(self) -> None:
        """Refuse a folder that does not exist: most likely its name is mistyped.

        Raises:
            WrongUsageError: it is not there.
        """
        if not self.path.is_dir():
            raise WrongUsageError(f"CAUSALKIT_MIRROR names {self.path}, which is no folder", _WAY_OUT)


@dataclass(frozen=True)
class Server:
    """A mirror elsewhere."""

    address: str

    def url(self, entry: Entry) -> str:
        """Return the address of a file."""
        return f"{self.address.rstrip('/')}/{quote(entry.file)}"


def mirrors() -> list[Folder | Server]:
    """Return the mirrors in the order in which they are asked.

    Raises:
        WrongUsageError: one is neither a folder nor an address that can be asked.
    """
    given = os.environ.get("CAUSALKIT_MIRROR", "").split(",")
    return [_mirror(text.strip()) for text in given if text.strip()]


def folders() -> list[Folder]:
    """Return the mirrors that are folders."""
    return [mirror for mirror in mirrors() if isinstance(mirror, Folder)]


def _mirror(text: str) -> Folder | Server:
    scheme, separator, _ = text.partition("://")
    if not separator:
        return Folder(Path(text).expanduser().absolute())
    if scheme.lower() in ("http", "https"):
        return Server(text)
    if scheme.lower() == "file":
        return Folder(Path(url2pathname(urlsplit(text).path)))
    raise WrongUsageError(f"CAUSALKIT_MIRROR names {text}, which cannot be asked", _WAY_OUT)
