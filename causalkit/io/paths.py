"""Paths that users give: is the file there, and which reader or writer knows its suffix?"""

from __future__ import annotations

import os
import stat
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from causalkit.errors import ConflictError, DataError, WrongUsageError
from causalkit.plugins.records import Reader, Writer
from causalkit.plugins.registry import Provided, registry

S = TypeVar("S", Reader, Writer)


def existing_file(path: str | Path) -> Path:
    """Return the path of a file that exists and is not empty.

    Raises:
        DataError: it is missing (the hint names files with a similar name), a folder, a pipe, unreadable or empty.
    """
    path = Path(path)
    if os.path.isdir(path):
        raise DataError(f"{path} is a folder", "name a file")
    if not os.path.exists(path):
        if os.path.islink(path):
            raise DataError(f"{path} is a link to a file that does not exist", "check where it leads: ls -l")
        raise DataError(f"there is no file {path}", near_files(path))
    if stat.S_ISFIFO(os.stat(path).st_mode):  # what has been looked at is gone, and readers look more than once
        raise DataError(f"{path} is a pipe", "write its content to a file first, and name that file")
    try:
        with path.open("rb") as stream:
            filled = bool(stream.read(1))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}", "check its permissions") from error
    if not filled:
        raise DataError(f"{path} is empty", "check how it was written")
    return path


def near_files(path: Path) -> str:
    """Return a hint that names files with a similar name in the same folder."""
    folder = path.parent
    if not os.path.isdir(folder):
        return f"there is no folder {folder} either; check the path"
    try:
        names = [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError:
        return "check the path"
    near = get_close_matches(path.name[:255], names, n=3, cutoff=0.6)
    if not near:
        # The right name with another suffix is near to a person, but not to a string distance.
        near = sorted(name for name in names if path.stem and name.startswith(path.stem))[:3]
    return "did you mean " + " or ".join(str(folder / name) for name in near) + "?" if near else "check the path"


def known_suffixes(kind: type[S]) -> list[str]:
    """Return the suffixes that the installed readers or writers know, sorted."""
    return sorted({suffix for provided in registry().all(kind) for suffix in provided.record.suffixes})


def by_suffix(kind: type[S], path: str | Path) -> Provided[S]:
    """Return the reader or writer for a path: the one with the longest suffix that fits.

    Raises:
        DataError: no installed reader knows the suffix.
        WrongUsageError: no installed writer knows the suffix.
        ConflictError: two plugins claim the suffix.
    """
    path = Path(path)
    fitting = {
        (len(suffix), provided.qualified): provided
        for provided in registry().all(kind)
        for suffix in provided.record.suffixes
        if path.name.lower().endswith(suffix.lower())
    }
    if not fitting:
        error = DataError if kind is Reader else WrongUsageError
        raise error(
            f"no installed {kind.noun} supports {path.suffix!r} ({path})" if path.suffix else f"{path} has no suffix",
            "known suffixes: " + ", ".join(known_suffixes(kind)),
        )
    longest = max(length for length, _ in fitting)
    best = [provided for (length, _), provided in fitting.items() if length == longest]
    if len(best) > 1:
        raise ConflictError(
            f"more than one plugin has a {kind.noun} for {path.name}: "
            + ", ".join(provided.qualified for provided in best),
            f"disable one, for example with CAUSALKIT_DISABLE_PLUGINS={best[-1].plugin.distribution}",
        )
    return best[0]
