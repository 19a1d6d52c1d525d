"""Paths that users give: whether they are there, and whose suffix they carry."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from causalkit.errors import ConflictError, DataError
from causalkit.plugins.records import Reader, Writer
from causalkit.plugins.registry import Provided, registry

S = TypeVar("S", Reader, Writer)


def existing_file(path: str | Path) -> Path:
    """Return the path of a file that is there and holds something.

    Raises:
        DataError: it is missing (the hint names files with a similar name), a folder, unreadable or empty.
    """
    path = Path(path)
    if path.is_dir():
        raise DataError(f"{path} is a folder", "name a file")
    if not path.exists():
        raise DataError(f"there is no file {path}", near_files(path))
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
    if not folder.is_dir():
        return f"there is no folder {folder} either; check the path"
    try:
        names = [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError:
        return "check the path"
    near = get_close_matches(path.name, names, n=3, cutoff=0.6)
    if not near:
        # The right name with another suffix is near to anybody but a string distance.
        near = sorted(name for name in names if path.stem and name.startswith(path.stem))[:3]
    return "did you mean " + " or ".join(str(folder / name) for name in near) + "?" if near else "check the path"


def known_suffixes(kind: type[S]) -> list[str]:
    """Return the suffixes that the installed readers or writers know, sorted."""
    return sorted({suffix for provided in registry().all(kind) for suffix in provided.record.suffixes})


def by_suffix(kind: type[S], path: Path) -> Provided[S] | None:
    """Return the reader or writer for a path, the one with the longest fitting suffix; None when nobody knows it.

    Raises:
        ConflictError: two plugins claim the suffix.
    """
    name = path.name.lower()
    fitting: list[tuple[str, Provided[S]]] = [
        (suffix.lower(), provided)
        for provided in registry().all(kind)
        for suffix in provided.record.suffixes
        if name.endswith(suffix.lower())
    ]
    if not fitting:
        return None
    longest = max(len(suffix) for suffix, _ in fitting)
    best: Sequence[Provided[S]] = [provided for suffix, provided in fitting if len(suffix) == longest]
    if len({provided.qualified for provided in best}) > 1:
        raise ConflictError(
            f"{kind.noun}s for {path.name} come from more than one plugin: "
            + ", ".join(provided.qualified for provided in best),
            f"switch one off, for example CAUSALKIT_DISABLE_PLUGINS={best[-1].plugin.distribution}",
        )
    return best[0]
