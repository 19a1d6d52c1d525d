"""How much memory there is, and how much a process uses."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_CGROUP_FILES = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
_RESERVE = 0.9


def available() -> int:
    """Return the bytes that new work may take on this machine, or in this container."""
    import psutil

    free = int(psutil.virtual_memory().available)
    for limit, used in _CGROUP_FILES:
        with contextlib.suppress(OSError, ValueError):
            free = min(free, int(Path(limit).read_text()) - int(Path(used).read_text()))
    return max(free, 0)


def fair_share(parts: int) -> int:
    """Return one part in ``parts`` of nine tenths of what is available; at least 512 MiB."""
    return max(int(_RESERVE * available() / max(parts, 1)), 2**29)


def forget_peak() -> bool:
    """Let the kernel measure the peak of this process anew; False where it cannot."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def peak() -> int | None:
    """Return the largest resident memory of this process in bytes since `forget_peak`, or None where unknown."""
    try:
        for line in Path(f"/proc/{os.getpid()}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return None
