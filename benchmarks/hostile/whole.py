"""Is a file whole, and does it say the same as another one, but for times?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

VOLATILE = {"seconds", "started", "peak_bytes", "process", "memory_limit"}
"""Facts of a record that differ between two equal runs."""
DIGEST = 32
"""Bytes at the end of a file that `sealed` made."""


def sealed(content: bytes) -> bytes:
    """Return bytes that tell whether they are whole."""
    return content + hashlib.sha256(content).digest()


def read(path: Path) -> Any:
    """Return the content of a file, or raise where it is not whole."""
    return _READERS.get(path.suffix, Path.read_bytes)(path)


def same(one: Any, other: Any) -> bool:
    """Are two contents equal to the last bit?"""
    import numpy as np

    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return bool(np.array_equal(one, other))
    return bool(one == other)


def _json(path: Path) -> Any:
    return _steady(json.loads(path.read_text(encoding="utf-8")))


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(inner) for key, inner in value.items() if key not in VOLATILE}
    return [_steady(inner) for inner in value] if isinstance(value, list) else value


def _page(path: Path) -> str:
    if not path.read_text(encoding="utf-8").rstrip().endswith("</html>"):
        raise ValueError("the page has no end")
    return "page"


def _lines(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if not text.endswith("\n"):
        raise ValueError("the last line has no end")
    return text


def _weights(path: Path) -> Any:
    from safetensors.numpy import load_file

    return dict(load_file(path))


def _sealed(path: Path) -> bytes:
    found = path.read_bytes()
    if sealed(found[:-DIGEST]) != found:
        raise ValueError("its end is missing")
    return found


_READERS: dict[str, Callable[[Path], Any]] = {
    ".json": _json,
    ".html": _page,
    ".csv": _lines,
    ".safetensors": _weights,
    ".mat": _sealed,
}
