"""How much memory there is, and how much a process uses."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from pathlib import Path

_CGROUP_FILES = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
_RESERVE = 0.9
_modules = 0  # imported when the garbage collector last set their objects aside


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


class PeakMemory:
    """How much the resident memory of this process grows between `start` and `stop`.

    The process is kept from one cell to the next, so its whole memory says more about the libraries that earlier cells
    imported than about this one.
    """

    def __init__(self) -> None:
        self._before: int | None = None
        self._growth: int | None = None

    def start(self) -> None:
        """Free what earlier cells left behind, and let the kernel measure the peak anew."""
        global _modules
        gc.collect()
        if len(sys.modules) > _modules:
            gc.freeze()  # what imports have left stays; looking through it for every cell would take longer than var
            _modules = len(sys.modules)
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)  # glibc only: keeps freed memory otherwise
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            return
        self._before = _status("VmRSS")

    def stop(self) -> int | None:
        """Return the growth in bytes up to the first call; None where the kernel does not measure it."""
        peak = _status("VmHWM")
        if self._growth is None and self._before is not None and peak is not None:
            self._growth = max(0, peak - self._before)
        return self._growth


def _status(name: str) -> int | None:
    """Return a size in bytes that Linux reports about this process, or None where it does not."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    return None
