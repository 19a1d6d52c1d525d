"""A process must not outlive the one that started it, however that one ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
_SECONDS = 0.5


def die_with_parent(parent: int, *, by_kernel: bool = False) -> None:
    """End this process as soon as ``parent`` is no longer its parent.

    A thread looks twice a second. A plugin may keep threads from running for minutes, so on Linux the kernel can be
    asked as well; it goes by the *thread* that started this process, hence only where that is a main thread.

    Args:
        parent: number of the process that started this one.
        by_kernel: ask the kernel too.
    """
    if by_kernel and sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_SECONDS)
        kill_own_group()

    threading.Thread(target=watch, name="causalkit-parent-watch", daemon=True).start()


def kill_own_group() -> None:
    """End this process, and with it the processes of its group where it leads one."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)
