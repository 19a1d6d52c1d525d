"""Processes that others have started, what they use, and how that is said."""

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


def in_bytes(count: float) -> str:
    """Return a size for a sentence."""
    return f"{count / 2**30:.2f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"


def in_time(seconds: float) -> str:
    """Return a duration for a sentence."""
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"
