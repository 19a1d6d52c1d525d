"""Available memory of the machine, and memory that a process uses."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

from causalkit.core.memory import RESERVE, available, release, reported

_modules = 0  # number of imported modules at the last `gc.freeze`


def fair_share(parts: int) -> int:
    """Return nine tenths of the available memory divided by ``parts``; at least 512 MiB."""
    return max(int(RESERVE * available() / max(parts, 1)), 2**29)


class PeakMemory:
    """Growth of the resident memory of this process between `start` and `stop`.

    The process computes one cell after another, so its whole memory depends mostly on the libraries that earlier cells
    imported.
    """

    def __init__(self) -> None:
        self._before: int | None = None
        self._growth: int | None = None

    def start(self) -> None:
        """Free the memory of earlier cells, and reset the peak that the kernel measures."""
        global _modules
        gc.collect()
        if len(sys.modules) > _modules:
            gc.freeze()  # imported objects stay; to collect them in every cell would take longer than var
            _modules = len(sys.modules)
        release()
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            return
        self._before = reported("VmRSS")

    def stop(self) -> int | None:
        """Return the growth in bytes until the first call; None where the kernel does not measure it."""
        peak = reported("VmHWM")
        if self._growth is None and self._before is not None and peak is not None:
            self._growth = max(0, peak - self._before)
        return self._growth
