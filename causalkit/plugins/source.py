"""Digests of the source code of plugins: a plugin that changed without a new version is noticed."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from causalkit.plugins.registry import Plugin, registry

LARGEST = 4 * 2**20
"""Bytes of the largest file that counts; larger ones are data."""
_DIGITS = 16


def source_digests(plugins: Iterable[Plugin]) -> dict[str, str]:
    """Return a digest of the files of each distribution, by its name; those without files of their own are left out."""
    found: dict[str, list[str]] = {}
    for plugin in plugins:
        if digest := _of_package(registry().module_of(plugin).partition(":")[0].partition(".")[0]):
            found.setdefault(plugin.distribution, []).append(digest)
    return {name: one[0] if len(set(one)) == 1 else _joined(sorted(set(one))) for name, one in sorted(found.items())}


@cache
def _of_package(name: str) -> str:
    """Return the digest of a top-level package or module; "" where it has no files."""
    try:
        specification = importlib.util.find_spec(name) if name else None
    except (ImportError, ValueError):
        return ""
    if specification is None:
        return ""
    folders = [Path(folder) for folder in specification.submodule_search_locations or ()]
    if not folders:
        origin = Path(specification.origin or "")
        return _joined([origin.name, _content(origin)]) if origin.is_file() else ""
    return _joined(_files(folders))


def _files(folders: Iterable[Path]) -> Iterator[str]:
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            hidden = any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
            if not hidden and path.suffix != ".pyc" and path.is_file() and path.stat().st_size <= LARGEST:
                yield inside.as_posix()
                yield _content(path)


def _content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def _joined(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:_DIGITS]
