"""Memory: how much of it is free, how much of it a run may take, and sizes as text."""

from __future__ import annotations

import contextlib
import ctypes
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from causalkit.core import processes
from causalkit.errors import WrongUsageError

RESERVE = 0.9
"""Of what is free: the share that a run may take."""
SMALLEST = 2**27
CHUNKS = 16
"""A chunk of work takes at most one part in so many of what is left, as several tensors of its size exist at a time."""
SMALLEST_CHUNK = 2**20
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_CGROUPS = Path("/sys/fs/cgroup")
_limit: ContextVar[int | None] = ContextVar("_limit", default=None)


def parse_bytes(text: str | int) -> int:
    """Return bytes for ``4GiB``, ``4G``, ``500MB`` or a plain number; units are powers of 1024.

    Raises:
        WrongUsageError: the text is not a size.
    """
    match = re.fullmatch(r"([0-9]{1,20}(?:\.[0-9]+)?)\s*([kmgt]?)(i?b)?", str(text).strip().lower())
    if not match:
        raise WrongUsageError(f"{text!r} is not an amount of memory", "write for example 600M or 4G")
    return int(float(match[1]) * _UNITS[match[2]])


def checked_limit(size: int) -> int:
    """Return a limit on the memory of a process.

    Raises:
        WrongUsageError: it is too small for any work.
    """
    if size < SMALLEST:
        raise WrongUsageError(
            f"the memory limit is {size / 2**20:.0f} MiB",
            "Python and its libraries alone need some 400 MiB; give for example 2G",
        )
    return size


def available() -> int:
    """Return the available bytes on this machine, or in this container."""
    import psutil

    free = int(psutil.virtual_memory().available)
    for limit, used in _cgroup_files():
        with contextlib.suppress(OSError, ValueError):
            free = min(free, int(limit.read_text()) - int(used.read_text()))
    return max(free, 0)


def _cgroup_files() -> Iterator[tuple[Path, Path]]:
    """Yield the files with limit and use of the control groups that this process is in, from its own to the root."""
    kinds = {
        "": (_CGROUPS, "memory.max", "memory.current"),
        "memory": (_CGROUPS / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    }
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        lines = ["0::/", "0:memory:/"]
    for line in lines:
        _, names, place = line.split(":", 2)
        kind = "memory" if "memory" in names.split(",") else names
        if kind not in kinds:
            continue
        root, limit, used = kinds[kind]
        own = root / place.lstrip("/")
        # In a container, the root shows its own group and the path is that on the host.
        for folder in (own, *(parent for parent in own.parents if parent.is_relative_to(root))):
            yield folder / limit, folder / used


def resident() -> int:
    """Return the resident bytes of this process."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def reported(name: str) -> int | None:
    """Return a size in bytes that Linux reports about this process, or None where it does not."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    return None


def release() -> None:
    """Give memory that was freed back to the system.

    The allocator of glibc keeps it, in pieces that what comes next may not fit into.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def limited_to(size: int | None) -> Iterator[None]:
    """Let chunks of work follow from a limit on the memory of this process in the block; None: from what is free."""
    token = _limit.set(size)
    try:
        yield
    finally:
        _limit.reset(token)


def left() -> int:
    """Return the bytes that this process may still take: up to the limit, else nine tenths of what is free.

    Processes that share a run share what is free on their machine.
    """
    limit = _limit.get()
    if limit is not None:
        return max(limit - resident(), 0)
    return int(RESERVE * available()) // processes.local_count()


def chunk(most: int) -> int:
    """Return the bytes of one chunk of work: ``most``, or less where memory is short."""
    return min(most, max(left() // CHUNKS, SMALLEST_CHUNK))
