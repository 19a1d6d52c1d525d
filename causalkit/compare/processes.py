"""Processes that others have started, and what they use."""

from __future__ import annotations

from typing import Any


def descendants(pid: int, *, itself: bool = False) -> list[Any]:
    """Return the processes that a process has started, and perhaps itself."""
    import psutil

    try:
        process = psutil.Process(pid)
        return [*([process] if itself else []), *process.children(recursive=True)]
    except psutil.Error:
        return []


def resident(process: Any) -> int:
    """Return the resident memory of a process in bytes; 0 when it is gone."""
    try:
        return int(process.memory_info().rss)
    except Exception:  # psutil has an error for every way to be gone
        return 0
