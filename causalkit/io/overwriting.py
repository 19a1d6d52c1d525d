"""What a command writes must not be what it reads, nor be written twice."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from causalkit.errors import WrongUsageError

Paths = str | os.PathLike[str] | Iterable[str] | None
_ANOTHER = "name another file; nothing was changed"


def check_overwrites(written: Mapping[str, Paths], read: Mapping[str, Paths]) -> None:
    """Refuse outputs that would replace an input or one another, before any work is done.

    Args:
        written: option, or another word for it, -> the files that it names for writing.
        read: option, or another word for it, -> the files and folders that it names for reading. A folder stands for
            the data files in it. What does not exist, such as the name of a data set, is passed over.

    Raises:
        WrongUsageError: two options name one file.
    """
    inputs = {_place(path): said for said, paths in read.items() for given in _each(paths) for path in _files(given)}
    outputs: dict[str, str] = {}
    for said, paths in written.items():
        for path in _each(paths):
            place = _place(path)
            if place in outputs:
                raise WrongUsageError(f"{outputs[place]} and {said} name the same file, {path}", _ANOTHER)
            outputs[place] = said
            if place in inputs:
                raise WrongUsageError(f"{said} would replace {path}, which is read as {inputs[place]}", _ANOTHER)


def _each(paths: Paths) -> Iterator[str]:
    if paths is None:
        return
    if isinstance(paths, str | os.PathLike):
        yield os.fspath(paths)
        return
    yield from (os.fspath(path) for path in paths)


def _place(path: str) -> str:
    """Return where the file is, past all links: a link is written through."""
    try:
        return os.path.normcase(os.path.realpath(path))
    except (OSError, ValueError):  # a name with a NUL, or with halves of characters: refused elsewhere
        return path


def _files(path: str) -> Iterator[str]:
    """Yield a file, or the data files of a folder."""
    try:
        folder, there = os.path.isdir(path), os.path.exists(path)
    except ValueError:
        return
    if folder:
        from causalkit.io.panels.reading import data_files

        with suppress(OSError):
            yield from map(str, data_files(path))
    elif there:
        yield path
