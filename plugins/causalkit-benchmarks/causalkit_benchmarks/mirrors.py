"""Other places to look for published files before their own addresses.

Environment:
    CAUSALKIT_MIRROR: folders or http(s) addresses, separated by commas, in the order of preference. A folder, also
        written as a ``file://`` address, contains the files under their names in the registry. Its files are used
        in place.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

from causalkit.errors import WrongUsageError
from causalkit_benchmarks.entries import Entry


def folders() -> list[Path]:
    """Return the mirrors that are folders.

    Raises:
        WrongUsageError: a folder does not exist, or an address is of an unknown kind.
    """
    return [mirror for mirror in _mirrors() if isinstance(mirror, Path)]


def urls(entry: Entry) -> list[str]:
    """Return the addresses of a file on the mirrors that are servers."""
    return [f"{mirror.rstrip('/')}/{quote(entry.file)}" for mirror in _mirrors() if isinstance(mirror, str)]


def _mirrors() -> list[Path | str]:
    given = os.environ.get("CAUSALKIT_MIRROR", "").split(",")
    return [_mirror(text.strip()) for text in given if text.strip()]


def _mirror(text: str) -> Path | str:
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    if scheme in ("http", "https"):
        return text
    folder = Path(url2pathname(urlsplit(text).path)) if scheme == "file" else Path(os.path.expanduser(text)).absolute()
    if scheme not in ("", "file") or not folder.is_dir():
        wrong = "uses an unsupported protocol" if scheme not in ("", "file") else "is not an existing folder"
        raise WrongUsageError(
            f"CAUSALKIT_MIRROR: {text} {wrong}", "name folders or http(s) addresses, separated by commas"
        )
    return folder
